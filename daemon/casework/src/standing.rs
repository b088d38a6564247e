//! Who writes, and how sure that is: a grade, facets and reasons, never yes or no. It changes when another sign of a writer counts.
//!
//! The address that a provider certified is the only proof; everything else (a codice fiscale in the text, the name of an
//! attachment) is a claim that a person may look at. What each grade may obtain is the table of [`entitlements`].

pub mod entitlements;
mod judge;
mod permit;

use crate::decision::Reason;
use crate::dossier::Dossier;
use crate::person::{Over, Person, Scope};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use entitlements::{Allowed, Entitlements, Right};
pub use judge::judge;
pub use permit::{Denied, Permit};

/// How sure it is who writes, weakest first (CAD art. 65 c. 1; function S0.03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Not certified. A written form at most (CAD art. 45), or letter c) with a copy of the identity document.
    OrdinaryMail,
    /// Has a listed domicile and writes from another PEC: in neither half of c. 1 c-bis. A person looks (law.md §13).
    ListedElsewhere,
    /// A PEC that nobody knows, of somebody without a listed domicile: by writing it elects a special domicile for this
    /// dossier, and for no other (CAD art. 3-bis c. 4-quinquies).
    UnknownPecElectingSpecial,
    /// An address that this office has enabled.
    EnabledPec,
    /// The domicile in a public index.
    ListedDomicile,
}

impl Grade {
    /// All of them, weakest first.
    pub const ALL: [Self; 5] = [
        Self::OrdinaryMail,
        Self::ListedElsewhere,
        Self::UnknownPecElectingSpecial,
        Self::EnabledPec,
        Self::ListedDomicile,
    ];

    /// The key in the administrator's table.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::OrdinaryMail => "posta_ordinaria",
            Self::ListedElsewhere => "iscritto_altrove",
            Self::UnknownPecElectingSpecial => "pec_elezione_speciale",
            Self::EnabledPec => "pec_abilitata",
            Self::ListedDomicile => "domicilio_iscritto",
        }
    }

    /// In Italian, for the office.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OrdinaryMail => "posta ordinaria, non certificata",
            Self::ListedElsewhere => "Pec diversa dal domicilio iscritto",
            Self::UnknownPecElectingSpecial => {
                "Pec che non conosciamo: vale come domicilio speciale per questo fascicolo"
            }
            Self::EnabledPec => "Pec abilitata dall'ufficio",
            Self::ListedDomicile => "domicilio digitale iscritto",
        }
    }

    /// Personal data may go there (law.md §6).
    #[must_use]
    pub fn is_safe(self) -> bool {
        self >= Self::EnabledPec
    }
}

/// By which road it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A proven PEC: the sender is the one of `daticert.xml`.
    Pec,
    /// Anything else: the sender is what the headers claim.
    Ordinary,
}

/// The dossier that the message names.
#[derive(Debug, Clone, Copy)]
pub enum Named<'a> {
    /// None.
    Nothing,
    /// One that the register does not have.
    Unknown,
    /// This one.
    Known(&'a Dossier),
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// By which road.
    pub channel: Channel,
    /// The sender.
    pub sender: &'a str,
    /// The persons of whom the sender's address is a domicile.
    pub holders: &'a [Person],
    /// The person whose codice fiscale is written, or for whom the writer says to write, when the register has one.
    pub subject: Option<&'a Person>,
    /// The codice fiscale that is written.
    pub written: Option<&'a str>,
    /// The writer says to write for somebody else.
    pub on_behalf: bool,
    /// The dossier.
    pub named: Named<'a>,
    /// Names of the attachments.
    pub attachments: &'a [&'a str],
    /// When.
    pub at: Timestamp,
}

/// Who writes, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// How sure.
    pub grade: Grade,
    /// The person who writes (id), when an address proves it.
    pub writer: Option<String>,
    /// The person whom it is about (id): the writer, or the one for whom a mandate is held. Of a weak grade a claim only.
    pub about: Option<String>,
    /// The dossier that is named, when the register has it.
    pub dossier: Option<String>,
    /// The rest.
    pub facets: Facets,
    /// Why, for the office. Never for the writer: they say what the register knows.
    pub reasons: Vec<Reason>,
}

/// The signs beside the grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// A signed document (CAD art. 65 c. 1 a).
    pub signature: Enclosed,
    /// A copy of an identity document (c. 1 c).
    pub id_copy: Enclosed,
    /// For whom.
    pub acting: Acting,
    /// In the dossier.
    pub party: Party,
    /// The codice fiscale in the text.
    pub written: Written,
    /// What was granted to the writer and holds.
    pub grants: Vec<Scope>,
}

/// Something that seems to be enclosed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "enclosed", rename_all = "kebab-case")]
pub enum Enclosed {
    /// No name says so.
    Absent,
    /// A file has such a name. Present, not proven: nobody has looked into it.
    Present {
        /// The name.
        name: String,
    },
}

/// For whom the writer acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "acting", rename_all = "kebab-case")]
pub enum Acting {
    /// For the writer.
    ForSelf,
    /// For another, with a mandate that holds here. The PEC of a lawyer or a CAF is not the applicant's own (law.md §2).
    Delegate {
        /// How far it goes.
        over: Over,
        /// Its last day.
        until: Date,
    },
    /// For another; the mandate has ended.
    MandateEnded {
        /// Its last day.
        until: Date,
    },
    /// For another; the mandate is for another dossier.
    MandateElsewhere,
    /// For another, without a mandate that we know.
    NoMandate,
}

impl Acting {
    /// Nothing shows that the writer may act for the other.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        matches!(self, Self::MandateEnded { .. } | Self::MandateElsewhere | Self::NoMandate)
    }
}

/// The writer in the dossier that is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// None is named.
    NotNamed,
    /// A party.
    Party,
    /// Not a party, or there is no such dossier: one facet, so that nothing that is decided by it can tell the two apart.
    NotParty,
}

/// The codice fiscale in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Written {
    /// None.
    Absent,
    /// The one of whom the address proves.
    Matches,
    /// Another's, or of somebody whom no address proves.
    Another,
    /// Its check character is wrong.
    NotValid,
}

#[cfg(test)]
mod tests;
