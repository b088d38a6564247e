//! VALUTAZIONE: what somebody thinks of how a dossier of theirs went. It changes when an opinion counts otherwise.

use super::Told;
use crate::decision::{Change, Reason};
use crate::dossier::Dossier;
use crate::letters::{About, case::Case, enquiry as letter};
use crate::life::Entry;
use crate::rating::{Opinion, Step};
use crate::rules::normal::Normal;
use crate::rules::quote;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Words beside it that are more than a name: a comment, which its office reads.
const COMMENT_WORDS: usize = 5;
/// Longest comment in the task, bytes: the whole is in the message.
const COMMENT_BYTES_MAX: usize = 1_000;

/// The opinion counts once for each dossier that has ended. `beside`: words that stand beside it.
pub(super) fn request(
    about: &About<'_>,
    dossier: &Dossier,
    stars: u8,
    why: Option<u8>,
    beside: usize,
) -> Result<Told, Reason> {
    let number = &dossier.number;
    let filed = Change::Filed { dossier: number.clone() };
    let told = |changes, letters, tasks| Told::Machine { letters, changes, tasks, dossier: Some(number.clone()) };
    if !dossier.state.is_final() {
        let note = "La tua pratica non è ancora conclusa. Dopo la decisione puoi dirci com'è andata.";
        return Ok(told(vec![filed], letter::rated(about, dossier, note, None)?, vec![]));
    }
    let (first, step) = match (dossier.life.rating, why) {
        (None, None) => (true, Step::Rated),
        (None, Some(_)) => (true, Step::Told),
        (Some(Step::Rated), Some(_)) => (false, Step::Told),
        _ => {
            let note = "Ci hai già detto com'è andata: di ogni pratica contiamo una valutazione sola.";
            return Ok(told(vec![filed], letter::rated(about, dossier, note, None)?, vec![]));
        }
    };
    let asked = (step == Step::Rated).then_some(stars);
    let letters =
        letter::rated(about, dossier, "Grazie: abbiamo contato la tua valutazione, senza il tuo nome.", asked)?;
    let case = Case::of(about.known, dossier, about.desk);
    let tasks = comment(about, beside).and_then(|comment| {
        let fact = [format!("Con la valutazione ha scritto: «{comment}»"), String::from("Non serve rispondere.")];
        case.task(&dossier.office, "un commento sul servizio", &fact, &[])
    });
    let opinion = Opinion { stars, why, first };
    let changes = vec![
        filed,
        Change::Entered { dossier: number.clone(), entry: Entry::Rated { step } },
        Change::Rated { procedure: dossier.cover.procedure.clone(), opinion },
    ];
    Ok(told(changes, letters, tasks.into_iter().collect()))
}

fn comment(about: &About<'_>, beside: usize) -> Option<String> {
    let own = quote::split(&about.message.text).new;
    // The vote is not for whoever reads the comment.
    let lines = own.lines().filter(|line| !Normal::of(line).text().starts_with("valutazione"));
    let words = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ");
    let cut = words.get(..words.floor_char_boundary(COMMENT_BYTES_MAX)).unwrap_or_default();
    (beside >= COMMENT_WORDS && !cut.is_empty()).then(|| String::from(cut))
}
