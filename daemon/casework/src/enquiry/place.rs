//! ACCETTO, RINUNCIO: what a citizen says of the place that a ranking gave. It changes when it is said otherwise.

use super::Told;
use super::withdraw::is_applicant;
use crate::clockwork::with_term;
use crate::decision::{Change, Reason};
use crate::dossier::Dossier;
use crate::letters::case::Case;
use crate::letters::{About, enquiry as letter};
use crate::life::Entry;
use crate::ranking::{self, Answer};
use alloc::boxed::Box;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

/// The dossier of which a message without a number speaks, if a place waits there for this word: the one that it answers.
pub(super) fn answered<'a>(about: &About<'a>) -> Option<&'a Dossier> {
    let number = about.class.dossier.as_deref().or(about.known.thread.as_deref())?;
    about.known.dossier(number).filter(|dossier| ranking::place(dossier).is_some())
}

/// What is said is written down, confirmed to every party and told to the office. What is not plain is a person's.
pub(super) fn request(about: &About<'_>, dossier: &Dossier, answer: Answer) -> Result<Told, Reason> {
    let sender = about.daticert.mittente.trim();
    if !is_applicant(dossier, sender) {
        let text = "chi risponde sul posto non è chi ha fatto la domanda da questo indirizzo: decide una persona";
        return Ok(Told::person(dossier, "not-the-applicant", text));
    }
    let step = match ranking::answered(dossier, answer, sender, about.daticert.data) {
        Ok(step) => step,
        Err(why) => {
            let letter = Some(Box::new(letter::a_person_answers(about, dossier)?));
            let why = Reason::new(why.code, why.text);
            return Ok(Told::Person { letter, dossier: Some(dossier.number.clone()), why });
        }
    };
    let is_new = step.is_some();
    let mut entries: Vec<Entry> = step.into_iter().map(|step| Entry::Ranking { step }).collect();
    let after = with_term(dossier, &mut entries, about.desk, about.known.now);
    let known = about.known;
    let case = Case::of(known, &after, about.desk);
    let letters = case.placed(answer)?;
    let how =
        format!("{sender} ha scritto {}, con la Pec {}.", answer.word(), crate::calendar::spoken(about.daticert.data));
    let tasks = if is_new { ranking::task(&case, answer, &how).into_iter().collect() } else { vec![] };
    let number = dossier.number.clone();
    let entered =
        entries.into_iter().filter(|_| is_new).map(|entry| Change::Entered { dossier: number.clone(), entry });
    let changes = core::iter::once(Change::Filed { dossier: number.clone() }).chain(entered).collect();
    Ok(Told::Machine { letters, changes, tasks, dossier: Some(number) })
}
