//! Who reads what is held of a person is written down before it is answered. It changes when something else is a reading
//! (function S4.06).

use super::ask::{Ask, LISTED_MAX, NAMED_MAX, Told, Which, answer};
use crate::journal::record::{Channel, Looked};
use crate::store::{Store, Trouble};
use casework::access::What;
use casework::desk::Desk;
use casework::dossier::Dossier;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest name of who reads, bytes.
const BY_BYTES_MAX: usize = 200;

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// The name that was given, else the user of the system.
    pub by: String,
    /// For which office (id); empty: it was not said.
    #[serde(default)]
    pub office: String,
}

impl Reader {
    /// The line of a reading. `what`: what; the persons whose data are shown, the dossiers, what was asked.
    #[must_use]
    pub fn looks(&self, what: What, people: Vec<String>, dossiers: Vec<String>, asked: String) -> Looked {
        let by = self.by.trim();
        let by = by.get(..by.floor_char_boundary(BY_BYTES_MAX)).unwrap_or_default().to_owned();
        Looked { by, office: self.office.clone(), channel: Channel::Command, what, people, dossiers, asked }
    }
}

/// Answers a question. If somebody's data are in the answer, that they were read is durable when it is given.
///
/// # Errors
/// The store cannot be read, or the reading cannot be written down: then nothing is answered.
pub fn tell(store: &mut Store, desk: &Desk, ask: &Ask, reader: &Reader, now: Timestamp) -> Result<Told, Trouble> {
    if !reader.office.is_empty() && desk.rules.office(&reader.office).is_none() {
        return Ok(Told::No { why: format!("l'ufficio «{}» non è nelle regole", reader.office) });
    }
    let told = answer(store, desk, ask, now)?;
    if let Some(looked) = looked(store, ask, &told, reader)? {
        store.look(looked, now)?;
    }
    Ok(told)
}

/// The line of an answer; none where it is about nobody. A list is one line: of a general one with what was asked for, and whom it
/// names stands in no line.
fn looked(store: &Store, ask: &Ask, told: &Told, reader: &Reader) -> Result<Option<Looked>, Trouble> {
    let line = |what, people: Vec<String>, dossiers: Vec<String>, asked: String| {
        Some(reader.looks(what, people, dossiers, asked))
    };
    Ok(match (ask, told) {
        (Ask::Dossiers { which, .. }, Told::Dossiers { rows, .. }) => {
            let numbers = || rows.iter().map(|row| row.number.clone()).collect();
            let (people, dossiers, asked) = match which {
                Which::All => (vec![], vec![], format!("gli ultimi {}", rows.len())),
                Which::Due { by } => (vec![], vec![], format!("da guardare entro il {by}")),
                Which::Person { code } => match store.person(&code.trim().to_ascii_uppercase())? {
                    Some(person) => (vec![person.id], numbers(), String::new()),
                    // Of somebody who has no record what was asked for is what can be told.
                    None => (vec![], numbers(), code.trim().to_ascii_uppercase()),
                },
                Which::Named { name } => {
                    let found = store.people_named(name, NAMED_MAX)?;
                    (found.into_iter().map(|person| person.id).collect(), numbers(), format!("di nome {name}"))
                }
                Which::Address { address } => {
                    let found = store.people_at(address, LISTED_MAX)?;
                    (found.into_iter().map(|person| person.id).collect(), numbers(), address.clone())
                }
            };
            if rows.is_empty() && people.is_empty() {
                return Ok(None);
            }
            line(What::Dossiers, people, dossiers, asked)
        }
        (_, Told::Dossier { sheet: Some(sheet) }) => {
            let dossier = &sheet.dossier;
            line(What::Dossier, named_in(dossier), vec![dossier.number.clone()], String::new())
        }
        (_, Told::Person { sheet: Some(sheet) }) => {
            line(What::Person, vec![sheet.person.id.clone()], vec![], String::new())
        }
        (Ask::People { address }, Told::People { people }) if !people.is_empty() => {
            line(What::People, people.iter().map(|person| person.id.clone()).collect(), vec![], address.clone())
        }
        (Ask::Named { name }, Told::People { people }) if !people.is_empty() => {
            let ids = people.iter().map(|person| person.id.clone()).collect();
            line(What::People, ids, vec![], format!("di nome {name}"))
        }
        (_, Told::Accesses { seen: Some(seen) }) => {
            line(What::Accesses, vec![seen.person.clone()], vec![], String::new())
        }
        _ => None,
    })
}

/// Writes down a reading that a command is about to make of register and archive. `looked.asked` of a letter is the address it goes
/// to: whose that is stands in the register.
///
/// # Errors
/// See [`Trouble`].
pub fn write(store: &mut Store, mut looked: Looked, now: Timestamp) -> Result<(), Trouble> {
    if looked.what == What::Letter {
        let to = if looked.asked.is_empty() { vec![] } else { store.people_at(&looked.asked, LISTED_MAX)? };
        // A task goes to an office, and what it says is about the persons of its dossier.
        let mut people: BTreeSet<String> = to.into_iter().map(|person| person.id).collect();
        for number in &looked.dossiers {
            people.extend(store.dossier(number)?.iter().flat_map(named_in));
        }
        looked.people = people.into_iter().collect();
    }
    store.look(looked, now)
}

/// The persons of the register whose data a dossier shows.
#[must_use]
pub fn named_in(dossier: &Dossier) -> Vec<String> {
    let parties = dossier.cover.people.iter().map(|party| &party.person);
    let all: BTreeSet<&String> = parties.chain(dossier.life.changes.iter().map(|change| &change.person)).collect();
    all.into_iter().filter(|id| !id.is_empty()).cloned().collect()
}
