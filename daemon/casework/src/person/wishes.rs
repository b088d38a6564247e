//! What a person has asked to be told of, and how. It changes when something else may be asked.

use alloc::string::String;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Something that a person has asked for by mail, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Certified instant of the message.
    pub at: Timestamp,
    /// Digest of the message.
    pub message: String,
}

impl Asked {
    /// The day of the message, in Rome.
    #[must_use]
    pub fn day(&self) -> Date {
        crate::calendar::rome(self.at).date()
    }
}

/// Which notices about a dossier somebody wants: what the law says is sent goes in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notices {
    /// Also of the steps that a procedure's file wants told.
    #[default]
    All,
    /// Only those that nobody may switch off.
    Essential,
}

impl Notices {
    /// Nothing was chosen, or all of them.
    #[must_use]
    pub fn are_all(&self) -> bool {
        *self == Self::All
    }
    /// In Italian.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::All => "tutti gli avvisi",
            Self::Essential => "solo gli avvisi essenziali",
        }
    }
}
