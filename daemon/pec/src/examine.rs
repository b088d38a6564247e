//! The one door: bytes in, findings out.

use crate::{Anchors, Content, Daticert, Grade, Report};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// One of the entity's own mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMailbox {
    /// Its PEC address.
    pub address: String,
    /// Host of our provider's service address (`pec.aruba.it`), if the administrator named it.
    pub provider_host: Option<String>,
}

/// What an examination may know besides the bytes.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// Trusted authorities.
    pub anchors: &'a Anchors,
    /// The entity's mailboxes; empty = the checks on them are moot (`explain` without configuration).
    pub mailboxes: &'a [OwnMailbox],
    /// When the message reached the mailbox; `None` when not known (a file). Then §9.15 compares the others only.
    pub arrival: Option<Timestamp>,
    /// SHA-1 is refused for events after this instant; `None` = accepted, and graded weak.
    pub sha1_until: Option<Timestamp>,
}

/// The findings on one message.
#[derive(Debug, Clone)]
pub struct Examined {
    /// The grade.
    pub grade: Grade,
    /// Every check.
    pub report: Report,
    /// Message-ID of the outer header, with angle brackets. A claim.
    pub message_id: Option<String>,
    /// From address of the outer header. A claim.
    pub from: Option<String>,
    /// Subject of the outer header, decoded. A claim.
    pub subject: String,
    /// The word of X-Trasporto / X-Ricevuta at the top. A claim.
    pub claimed: Option<String>,
    /// What is proven.
    pub verdict: Verdict,
}

/// What is proven.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum Verdict {
    /// A provider vouches for it.
    Certified(Certified),
    /// Nobody does.
    Unproven(Unproven),
}

/// Content that nobody vouches for, read for people and for routing to a person only.
#[derive(Debug, Clone, Default)]
pub struct Unproven {
    /// The message as far as it could be read. For a `Mismatch` envelope this is the signed inner message.
    pub content: Option<Content>,
    /// For `Mismatch`: the data that the provider signed.
    pub daticert: Option<Daticert>,
}

/// Proof that an accredited provider signed this evidence. Private fields: only [`examine`] makes one.
///
/// ```compile_fail
/// let forged = pec::Certified { evidence: todo!(), signer: todo!(), weak: false };
/// ```
#[derive(Debug, Clone)]
pub struct Certified {
    evidence: Evidence,
    signer: Signer,
    weak: bool,
}

/// What the provider states.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)]
pub enum Evidence {
    /// *Busta di trasporto*: `message` came from `daticert.mittente`.
    Envelope {
        /// The signed statement.
        daticert: Daticert,
        /// The inner message.
        message: Content,
    },
    /// *Ricevuta* or *avviso*: an event of a message that we sent.
    Receipt {
        /// The signed statement.
        daticert: Daticert,
        /// Bytes of the returned `postacert.eml`, when the receipt carries one.
        returned: Option<Vec<u8>>,
    },
    /// *Busta di anomalia*: our provider states that **this came from outside the PEC circuit**.
    /// `message` is ordinary mail: its author is not proven.
    Anomaly {
        /// The wrapped ordinary mail.
        message: Content,
    },
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// Service address in the certificate.
    pub address: String,
    /// Organisation (O, else CN) of the certificate.
    pub organisation: String,
    /// Name of the anchor.
    pub anchor: String,
    /// The anchor is a simulation.
    pub simulation: bool,
    /// SHA-256 of the certificate, lower-case hex.
    pub certificate_sha256: String,
    /// signingTime, else the time of the certification data.
    pub at: Timestamp,
    /// SHA-256 of the signed bytes, lower-case hex: equal in re-deliveries whose outer headers differ.
    pub signed_sha256: String,
}

impl Certified {
    /// What is stated.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }
    /// By whom.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
    /// With SHA-1, lawful then, weak today.
    pub fn weak(&self) -> bool {
        self.weak
    }
}
