//! The answer to an office that gave an order by mail. It changes when such an answer shows another fact.

use super::{about_us, put, reference, write};
use crate::command::answers::{self, Answer, Offer};
use crate::command::{Author, Object};
use crate::decision::{Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::check;
use crate::known::Known;
use crate::language::Language;
use crate::letters::ID_BYTES_MAX;
use crate::person::Person;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;
use pec::Content;
use serde_json::{Value, json};

/// What came of the order, in Italian.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    /// It was carried out.
    Done(String),
    /// It was not.
    Refused(String),
}

/// Says to who gave it what came of an order; how the dossier stands and what may be ordered next only where the order stood on
/// something (`about`: as it is now, and who gave it).
///
/// # Errors
/// The reason why it cannot be written.
pub(crate) fn answer(
    told: &Told,
    office: &str,
    to: &str,
    about: Option<(Object<'_>, Author<'_>)>,
    answered: (Option<&str>, &Content),
    known: &Known,
    desk: &Desk,
) -> Result<Outgoing, Reason> {
    let mut values = about_us(desk, office);
    let referred = about.map_or_else(|| reference(known), |(object, _)| answers::reference(object, office, desk));
    put(&mut values, "riferimento", json!(referred));
    if let Some((object, author)) = about {
        offered(&mut values, object, object.message(), author, &known.people, desk, known.now);
    }
    let dossier = about.and_then(|(object, _)| match object {
        Object::Dossier(dossier) => Some(dossier),
        Object::Message(_) => None,
    });
    if let Some(dossier) = dossier {
        put(&mut values, "fascicolo", json!(check::shown(&dossier.number)));
        put(&mut values, "oggetto", json!(dossier.title));
        put(&mut values, "stato", json!(dossier.state.words()));
        if let Some(due) = dossier.due.filter(|_| !dossier.state.is_final()) {
            put(&mut values, "data_fine", json!(due));
        }
    }
    let (template, said) = match told {
        Told::Done(said) => ("ordine-eseguito", said),
        Told::Refused(why) => ("ordine-non-eseguito", why),
    };
    let decider =
        about.and_then(|(object, author)| answers::who_decides(object, author, &known.people, desk, known.now));
    let said = [Some(said.clone()), decider].into_iter().flatten().collect::<Vec<_>>().join(". ");
    put(&mut values, "esito", json!(said));
    let ids = answered.0.map(ToString::to_string).or_else(|| answered.1.message_id.clone());
    let references = ids.into_iter().filter(|id| id.len() <= ID_BYTES_MAX).collect();
    let number = dossier.map(|dossier| dossier.number.clone());
    write(template, Language::It, values, Lane::Internal, to.trim().to_string(), number, None, references, known, desk)
}

/// What who reads it may answer by mail, and what not yet; `message`: the one that may be corrected.
pub(super) fn offered(
    values: &mut Value,
    object: Object<'_>,
    message: &str,
    reader: Author<'_>,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) {
    let Offer { answers, not_now } = answers::of(object, message, reader, people, desk, now);
    if !answers.is_empty() {
        put(values, "risposte", json!(answers.into_iter().map(shown).collect::<Vec<_>>()));
    }
    if !not_now.is_empty() {
        put(values, "non_ora", json!(not_now));
    }
}

/// An answer, as a task shows it.
pub(super) fn shown(answer: Answer) -> Value {
    let how = if answer.with.is_empty() { String::new() } else { format!(", {}", answer.with) };
    json!({ "scrivi": format!("{}{how}", answer.words), "collegamento": answer.link })
}
