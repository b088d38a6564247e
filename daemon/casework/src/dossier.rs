//! A dossier (*fascicolo*): its number, its parties, its state.

use crate::address;
use crate::rules::Kind;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// States of law.md §10 that this release reaches; the slug is the wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Verified, not yet answered.
    Ricevuta,
    /// Receipt and start notice are in the outbox.
    Protocollata,
    /// Something that a valid request must have is missing.
    DaRegolarizzare,
}

impl State {
    /// Slug.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ricevuta => "ricevuta",
            Self::Protocollata => "protocollata",
            Self::DaRegolarizzare => "da_regolarizzare",
        }
    }
    /// In words, for citizens.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Ricevuta => "ricevuta, in attesa di assegnazione",
            Self::Protocollata => "ricevuta e assegnata all'ufficio",
            Self::DaRegolarizzare => "da completare: se hai già mandato i dati, l'ufficio li controlla",
        }
    }
}

/// One dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// `AAAA/NNNNNN`.
    pub number: String,
    /// What it is about.
    pub kind: Kind,
    /// Title of the rule that opened it.
    pub title: String,
    /// Owning office (id).
    pub office: String,
    /// State.
    pub state: State,
    /// Since when the state holds.
    pub state_since: Timestamp,
    /// Certified arrival of the request that opened it: the clock starts here (L. 241/1990 art. 2 c.6).
    pub opened_at: Timestamp,
    /// Last day of the term, `AAAA-MM-GG`, when the rule sets one.
    pub due: Option<jiff::civil::Date>,
    /// Addresses that are parties. The first is the special digital domicile elected for this dossier (CAD art. 65).
    pub parties: Vec<String>,
}

impl Dossier {
    /// Whether the address is a party.
    #[must_use]
    pub fn has_party(&self, who: &str) -> bool {
        self.parties.iter().any(|p| address::same(p, who))
    }
}

/// The number of the `ordinal`-th dossier of a year.
#[must_use]
pub fn number(year: i16, ordinal: u32) -> String {
    format!("{year:04}/{ordinal:06}")
}

/// The tag by which a reply is recognised in a subject: `[Fascicolo 2026/000123]`.
#[must_use]
pub fn tag(number: &str) -> String {
    format!("[Fascicolo {number}]")
}
