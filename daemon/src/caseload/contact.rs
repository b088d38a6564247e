//! What went to and fro: the letters of a dossier, and all contacts with a person in one line of time. It changes when another kind
//! of contact is told (function S4.13).

use crate::outbox::schedule::Shown;
use crate::store::rows::ItemRow;
use crate::store::{Store, Trouble};
use casework::dossier::Dossier;
use casework::life::Entry;
use casework::person::Person;
use casework::{Lane, address};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Letters shown of one dossier, the newest.
pub const LETTERS_MAX: usize = 200;
/// Items read to find them: a dossier has about as many tasks.
const READ_MAX: usize = 1_000;
/// Contacts shown of one person, the newest.
pub const CONTACTS_MAX: usize = 300;
/// Of one dossier, of each kind.
const OF_DOSSIER_MAX: usize = 200;

/// A letter of a dossier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LetterRow {
    /// When it was written.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// Template.
    pub template: String,
    /// Subject.
    pub subject: String,
    /// Where it stands.
    pub state: Shown,
    /// Since when.
    pub since: Timestamp,
    /// Id of the item, for `outbox show`.
    pub item: String,
}

impl LetterRow {
    fn of(item: ItemRow) -> Self {
        Self {
            at: item.created_at,
            state: item.shown(),
            since: item.moved_at,
            to: item.outgoing.to,
            template: item.outgoing.template,
            subject: item.outgoing.subject,
            item: item.outgoing.id,
        }
    }
}

/// The letters to citizens about a dossier, the newest [`LETTERS_MAX`] in order.
///
/// # Errors
/// See [`Trouble`].
pub(super) fn letters(store: &Store, number: &str) -> Result<Vec<LetterRow>, Trouble> {
    let items = store.letters_of(number, READ_MAX)?.into_iter();
    let mut letters: Vec<LetterRow> =
        items.filter(|item| item.outgoing.lane == Lane::Pec).map(LetterRow::of).take(LETTERS_MAX).collect();
    letters.reverse();
    Ok(letters)
}

/// One contact with a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Contact {
    /// When.
    pub at: Timestamp,
    /// Number of the dossier.
    pub dossier: String,
    /// What, in words: subject, note, task.
    pub text: String,
    /// What kind.
    #[serde(flatten)]
    pub what: What,
}

/// What kind of contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "contact", rename_all = "kebab-case")]
pub enum What {
    /// The person wrote.
    Message {
        /// SHA-256.
        digest: String,
    },
    /// The office wrote to the person.
    Letter {
        /// Where the letter stands.
        state: Shown,
    },
    /// An office was given something to do.
    Task {
        /// Where to.
        to: String,
    },
    /// Somebody of the office noted something: a call, a visit.
    Note {
        /// Who.
        by: String,
    },
}

/// All contacts with a person in these dossiers, the newest [`CONTACTS_MAX`] in order. What others of a dossier wrote, and were
/// written, is not theirs.
///
/// # Errors
/// See [`Trouble`].
pub(super) fn timeline(store: &Store, person: &Person, dossiers: &[String]) -> Result<Vec<Contact>, Trouble> {
    let mut all = Vec::new();
    for number in dossiers {
        let Some(dossier) = store.dossier(number)? else { continue };
        of_dossier(store, person, &dossier, &mut all)?;
        all.sort_by_key(|contact| std::cmp::Reverse(contact.at));
        all.truncate(CONTACTS_MAX);
    }
    all.reverse();
    Ok(all)
}

fn of_dossier(store: &Store, person: &Person, dossier: &Dossier, all: &mut Vec<Contact>) -> Result<(), Trouble> {
    let own = dossier.cover.people.iter().filter(|party| party.person == person.id).map(|party| &party.address);
    let addresses: Vec<&String> = own.chain(person.domiciles.iter().map(|domicile| &domicile.address)).collect();
    let is_theirs = |who: &str| addresses.iter().any(|own| address::same(own, who));
    let mut add = |at, text: &str, what| {
        all.push(Contact { at, dossier: dossier.number.clone(), text: text.to_owned(), what });
    };
    for message in store.messages_of(&dossier.number, OF_DOSSIER_MAX)? {
        if is_theirs(&message.sender) {
            add(
                message.received.unwrap_or(message.decided_at),
                &message.subject,
                What::Message { digest: message.digest },
            );
        }
    }
    for item in store.letters_of(&dossier.number, OF_DOSSIER_MAX)? {
        let state = item.shown();
        let out = item.outgoing;
        match out.lane {
            Lane::Internal => add(item.created_at, &out.subject, What::Task { to: out.to }),
            Lane::Pec if is_theirs(&out.to) => add(item.created_at, &out.subject, What::Letter { state }),
            Lane::Pec | Lane::Courtesy => {}
        }
    }
    for row in store.entries(&dossier.number, super::ask::ENTRIES_MAX)? {
        if let Entry::Noted { text } = row.entry {
            add(row.at, &text, What::Note { by: row.by });
        }
    }
    Ok(())
}
