//! What a rule may look at: the places of a message, and the questions it may ask the register.

use crate::reference::Reference;
use alloc::string::String;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How much of one place is read, in bytes. A person's letter is a few kilobytes; what lies beyond is not
/// looked at and [`Reading::cut`](super::Reading::cut) says so.
pub const PLACE_BYTES_MAX: usize = 256 * 1024;
/// How many values of a place with many (`to`, `attachment.name`) are read; the rest is not looked at.
pub const VALUES_MAX: usize = 200;

/// A place of the message. Everything is of the *inner* message, except `pec.*`, which is of its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// The subject the citizen wrote.
    #[serde(rename = "subject")]
    Subject,
    /// The text written now, without what it quotes.
    #[serde(rename = "body")]
    Body,
    /// The quoted text of earlier messages.
    #[serde(rename = "body.quoted")]
    BodyQuoted,
    /// The block under the greeting of the new text, or under `-- `: who writes, not what. The new text holds it too.
    #[serde(rename = "signature")]
    Signature,
    /// The names of the attachments, one by one.
    #[serde(rename = "attachment.name")]
    AttachmentName,
    /// The text of the attachments that are text.
    #[serde(rename = "attachment.text")]
    AttachmentText,
    /// The sender's whole address.
    #[serde(rename = "from.address")]
    FromAddress,
    /// What follows `@` in the sender's address.
    #[serde(rename = "from.domain")]
    FromDomain,
    /// The sender's display name: a claim, anyone can write anything there.
    #[serde(rename = "from.name")]
    FromName,
    /// What the sender is known to be (`citizen`, `professional`, `business`, `association`, `public_body`), where somebody
    /// knows; else what the domain of the address says (`public_body`, `professional`, `business`), or nothing.
    #[serde(rename = "from.kind")]
    FromKind,
    /// The addresses the message was sent to, one by one.
    #[serde(rename = "to")]
    To,
    /// What the envelope is (`posta-certificata`, `anomalia`, ordinary mail …).
    #[serde(rename = "pec.kind")]
    PecKind,
    /// How far the envelope was proven.
    #[serde(rename = "pec.grade")]
    PecGrade,
}

impl Place {
    /// Every place, with the word that names it in a rules file.
    pub const ALL: [(&'static str, Place); 13] = [
        ("subject", Place::Subject),
        ("body", Place::Body),
        ("body.quoted", Place::BodyQuoted),
        ("signature", Place::Signature),
        ("attachment.name", Place::AttachmentName),
        ("attachment.text", Place::AttachmentText),
        ("from.address", Place::FromAddress),
        ("from.domain", Place::FromDomain),
        ("from.name", Place::FromName),
        ("from.kind", Place::FromKind),
        ("to", Place::To),
        ("pec.kind", Place::PecKind),
        ("pec.grade", Place::PecGrade),
    ];

    /// The word that names this place in a rules file.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(_, place)| *place == self).map_or("", |(code, _)| code)
    }

    /// Addresses are compared whole, or by domain; everything else as running text.
    pub(super) fn holds_addresses(self) -> bool {
        matches!(self, Place::FromAddress | Place::FromDomain | Place::To)
    }
}

/// What the engine sees of one message. All of it came from outside: nothing here is trusted.
#[derive(Debug, Clone)]
pub struct Material<'a> {
    /// Subject of the inner message.
    pub subject: &'a str,
    /// The whole text of the inner message; the engine itself separates new from quoted text.
    pub text: &'a str,
    /// Names of the attachments.
    pub attachments: &'a [&'a str],
    /// The text of those that are text, one under the other.
    pub attached_text: &'a str,
    /// Address of the sender.
    pub from: &'a str,
    /// Display name of the sender; empty if none.
    pub from_name: &'a str,
    /// What the sender is known to be; empty when nobody knows: then the domain of the address is asked.
    pub from_kind: &'a str,
    /// Addresses it was sent to.
    pub to: &'a [&'a str],
    /// Code of the kind of envelope.
    pub pec_kind: &'a str,
    /// Code of the grade of proof.
    pub grade: &'a str,
    /// The day the message arrived (Europe/Rome), for rules with `valid_from` and `valid_to`.
    pub today: Date,
}

/// What the register says of one dossier, as far as rules need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierBrief {
    /// `AAAA/NNNNNN`.
    pub number: String,
    /// The office that owns it.
    pub office: String,
}

/// The questions a rule may ask. The caller answers from a snapshot, so that a decision can be repeated.
pub trait World {
    /// The dossier with this number (`AAAA/NNNNNN`), if there is one the sender may refer to.
    fn dossier(&self, number: &str) -> Option<DossierBrief>;
    /// The number of the dossier of which a document has this protocol number; without a year, of this year or the last one.
    fn protocol(&self, _number: u32, _year: Option<i16>) -> Option<String> {
        None
    }
    /// The dossier which a reference names, if the sender may refer to it: a number alone ties nobody's message to a
    /// dossier (rules.md §7 C6). Otherwise why not, in Italian.
    ///
    /// # Errors
    /// Why not.
    fn resolve(&self, reference: &Reference) -> Result<DossierBrief, &'static str> {
        if reference.slip {
            return Err(crate::dossier::check::SLIP);
        }
        let protocol = || reference.protocol().and_then(|(number, year)| self.protocol(number, year));
        let number = reference.dossier_number().or_else(protocol);
        let dossier = number.and_then(|number| self.dossier(&number));
        dossier.ok_or("nessun fascicolo di chi scrive ha questo numero")
    }
    /// Whether the sender's identity is established (CAD art. 65 c.1).
    fn identity(&self) -> bool;
    /// The dossier in whose thread this message is a reply.
    fn thread(&self) -> Option<DossierBrief>;
}
