//! The decision on one message: one disposition, what changes, what goes out, and why.

use crate::correction::Correction;
use crate::dossier::Dossier;
use crate::language::Language;
use crate::life::Entry;
use crate::person;
use crate::rating::Opinion;
use crate::receipts::Fact;
use crate::rules::{Classification, Kind};
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What is decided. It becomes one journal record, together with the facts it rests on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decision {
    /// Where the message ends: exactly one place.
    pub disposition: Disposition,
    /// Changes of the register.
    pub changes: Vec<Change>,
    /// Messages to send, rendered.
    pub outgoing: Vec<Outgoing>,
    /// Why, in order.
    pub trail: Vec<Reason>,
    /// What the rules said, when they were asked.
    pub classification: Option<Classification>,
}

/// Where a message ends. Nothing falls through: each of these reaches a person or a dossier, and nothing is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "disposition", rename_all = "kebab-case")]
pub enum Disposition {
    /// A request that an office works on.
    Request {
        /// What is asked.
        kind: Kind,
        /// The office (id).
        office: String,
        /// Its dossier, when it has one.
        dossier: Option<String>,
    },
    /// A receipt of an item of ours.
    Receipt {
        /// The item.
        item: String,
    },
    /// A genuine receipt of nothing we sent: kept, changes nothing.
    Orphan {
        /// Why.
        why: String,
    },
    /// The same certified message again: kept, changes nothing.
    Duplicate {
        /// Digest of the first.
        of: String,
    },
    /// The machine has answered what was asked, from the register: nobody has to work on it.
    Answered {
        /// What was asked.
        what: String,
        /// The dossier that it is about.
        dossier: Option<String>,
    },
    /// Mail of a machine, or of ours to ourselves: kept, never answered.
    Noted {
        /// Why.
        why: String,
    },
    /// An order of an office, carried out or refused: who gave it was answered.
    Order {
        /// The office (id).
        office: String,
        /// The dossier that it is about.
        dossier: Option<String>,
    },
    /// A person decides: no rule, a tie, mail that is not certified.
    ToPerson {
        /// The office (id) whose person it is.
        office: String,
        /// Why.
        why: String,
    },
    /// It claims to be what it is not proven to be, or cannot be read. A person looks at the original.
    Quarantine {
        /// Why.
        why: String,
    },
}

impl Disposition {
    /// Stable English word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::Receipt { .. } => "receipt",
            Self::Orphan { .. } => "orphan",
            Self::Duplicate { .. } => "duplicate",
            Self::Answered { .. } => "answered",
            Self::Noted { .. } => "noted",
            Self::Order { .. } => "order",
            Self::ToPerson { .. } => "to-person",
            Self::Quarantine { .. } => "quarantine",
        }
    }
    /// In Italian, for administrators.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            Self::Request { .. } => "richiesta",
            Self::Receipt { .. } => "ricevuta",
            Self::Orphan { .. } => "ricevuta senza invio",
            Self::Duplicate { .. } => "doppione",
            Self::Answered { .. } => "risposta data dal servizio",
            Self::Noted { .. } => "annotato",
            Self::Order { .. } => "ordine di un ufficio",
            Self::ToPerson { .. } => "a una persona",
            Self::Quarantine { .. } => "quarantena",
        }
    }
}

/// One change of the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
// A message has a handful of them, and at most one opens a dossier: a box would save nothing.
#[allow(clippy::large_enum_variant)]
pub enum Change {
    /// A dossier is opened.
    Opened {
        /// As it stands.
        dossier: Dossier,
    },
    /// The message is filed in a dossier.
    Filed {
        /// Its number.
        dossier: String,
    },
    /// Something is written into a dossier.
    Entered {
        /// Its number.
        dossier: String,
        /// What.
        entry: Entry,
    },
    /// A person says what a decided message really was. The decision stays what it was.
    Corrected {
        /// The message, SHA-256 in lower-case hex.
        message: String,
        /// What was right.
        correction: Correction,
    },
    /// An office has ordered, by mail, what the other changes of the line do.
    Ordered {
        /// The dossier; empty: the order is about a message that is in none.
        dossier: String,
        /// The office (id).
        office: String,
        /// Who: the name that the rules give to the mailbox.
        by: String,
        /// The code of the task that was answered: it is spent. Empty where the office's own PEC vouches for the order.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        code: String,
        /// What was done, in Italian.
        said: String,
    },
    /// Something is written into a person's record.
    Person {
        /// Id of the person.
        id: String,
        /// What.
        entry: person::Entry,
    },
    /// What somebody thinks of how a dossier of this procedure went.
    Rated {
        /// Its id.
        procedure: String,
        /// What is added up.
        opinion: Opinion,
    },
    /// A verified fact about an item.
    Learned {
        /// The item.
        item: String,
        /// The fact.
        fact: Fact,
    },
    /// The envelope of a canary came home, genuine.
    CanaryBack {
        /// The canary's item.
        item: String,
    },
    /// Something a person must be shown, never hidden (two acceptances of one item, two contents under one id).
    Incident {
        /// Stable English code.
        code: String,
        /// In Italian.
        text: String,
    },
}

/// By which road an item goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lane {
    /// To a citizen, by PEC: receipts are awaited.
    Pec,
    /// To an office, by the body's own mail: a 250 ends it.
    Internal,
    /// To a citizen who wants it, by ordinary mail: a courtesy notice, which nobody waits for.
    Courtesy,
}

/// One message to send, to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    /// Effect id: unique, derived from the cause.
    pub id: String,
    /// Message-ID, with angle brackets.
    pub message_id: String,
    /// Road.
    pub lane: Lane,
    /// The mailbox it is sent from.
    pub from: String,
    /// The one recipient.
    pub to: String,
    /// Template that made it.
    pub template: String,
    /// The dossier it is about.
    pub dossier: Option<String>,
    /// Ids it answers, the newest last.
    pub references: Vec<String>,
    /// The original message goes along as an attachment (tasks).
    pub with_original: bool,
    /// Files that go along with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// The language of its words.
    #[serde(default, skip_serializing_if = "Language::is_italian")]
    pub language: Language,
    /// Rendered subject.
    pub subject: String,
    /// Rendered text, kept in the journal too: it goes on paper when it cannot be delivered.
    pub text: String,
}

impl Outgoing {
    /// Whether it brings that letter, to be sent on paper.
    #[must_use]
    pub fn encloses(&self, letter: &str) -> bool {
        self.enclosures.iter().any(|one| matches!(one, Enclosure::Letter { message_id, .. } if message_id == letter))
    }
}

/// Most that the documents of one letter measure together, bytes: every PEC provider takes 30 MB (DM 2 Nov 2005 annex, 8), and
/// base64 grows them by 37 %. Beyond, the letter is not made, and a person is told.
pub const ENCLOSED_BYTES_MAX: usize = 20 * 1024 * 1024;

/// A file that goes along with a letter. It is made when the letter is frozen, from what the register and the archive hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "enclosure", rename_all = "kebab-case")]
pub enum Enclosure {
    /// The letter's own words, to print and to keep: an accessible PDF/A.
    Printable {
        /// File name.
        name: String,
    },
    /// The words of another letter, as an accessible PDF/A: it goes on paper.
    Letter {
        /// File name.
        name: String,
        /// To whom it was written.
        to: String,
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
        /// Its language.
        language: Language,
        /// Its Message-ID.
        message_id: String,
    },
    /// A document of a dossier: a file within a message of the archive.
    Document {
        /// The message, SHA-256 in lower-case hex.
        message: String,
        /// Which of its attachments, from 0.
        nth: u32,
        /// File name, as its author gave it.
        name: String,
    },
    /// A whole message of the archive, as it came: with it goes the proof of who sent it and when.
    Message {
        /// SHA-256 in lower-case hex.
        message: String,
        /// File name.
        name: String,
    },
}

/// One step of the reasoning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable English code.
    pub code: String,
    /// In Italian.
    pub text: String,
}

impl Reason {
    /// A step.
    #[must_use]
    pub fn new(code: &'static str, text: String) -> Self {
        Self { code: String::from(code), text }
    }
}
