//! Who of the body looked at what is held of a person, as the register keeps it and a decision reads it. It changes when another
//! thing can be looked at.
//!
//! The person is told when, from which office, what and why; names of employees are not told: Court of Justice of the EU,
//! 22 June 2023, C-579/21, holds that GDPR art. 15 par. 1 gives dates and purposes of such look-ups, and the identity of employees
//! who acted under the controller's authority only where it is essential. The administrator of the body sees them.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Readings of one person, or of one dossier, that are read for one message, the newest; more are counted.
pub const READ_MAX: usize = 200;
/// Of those that are counted, at most so many.
pub const COUNTED_MAX: usize = 5_000;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// All that is held of a person.
    Person,
    /// Whose an address is.
    People,
    /// A list of dossiers.
    Dossiers,
    /// All of a dossier.
    Dossier,
    /// All of a dossier, to take it away.
    Export,
    /// A letter, or a task of an office.
    Letter,
    /// Who looked at what is held of a person.
    Accesses,
}

impl What {
    /// The command by which it is looked at, as people write it.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Person => "person show",
            Self::People => "person list",
            Self::Dossiers => "dossier list",
            Self::Dossier => "dossier show",
            Self::Export => "export",
            Self::Letter => "outbox show",
            Self::Accesses => "person accesses",
        }
    }
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Journal line.
    pub seq: u64,
    /// Who: the name that was given, or the user of the system. Never for a letter to a citizen.
    pub by: String,
    /// For which office (id); empty: it was not said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub office: String,
    /// What.
    pub what: What,
    /// The one dossier that was looked at; empty where it was another thing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dossier: String,
    /// That dossier is reserved.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub reserved: bool,
}

/// Readings of one person, or of one dossier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accesses {
    /// The newest first, at most [`READ_MAX`].
    pub rows: Vec<Access>,
    /// The journal lines of others, as far as they are counted.
    pub left_out: Vec<u64>,
}

/// Mails about a dossier to one mailbox of an office on one day: whoever opens them reads of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailed {
    /// The day.
    pub day: Date,
    /// When the last of them was written.
    pub last: Timestamp,
    /// To which mailbox.
    pub to: String,
    /// How many.
    pub mails: usize,
}

/// All that a message may ask of readings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// Of each known person, by id.
    pub of_person: BTreeMap<String, Accesses>,
    /// Of each known dossier of the persons, by number.
    pub of_dossier: BTreeMap<String, Accesses>,
    /// Mails to offices about each of these dossiers, by number.
    pub mailed: BTreeMap<String, Vec<Mailed>>,
}
