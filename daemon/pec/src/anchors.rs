//! The authorities that may vouch for a provider: pinned keys, never «the public roots» (any holder of a personal
//! S/MIME certificate chains to those).

use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// One authority, known by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Name shown to people: `AgID CA1`.
    pub name: String,
    /// SHA-256 of the DER SubjectPublicKeyInfo.
    pub spki_sha256: [u8; 32],
    /// The key is trusted for events from this instant, if given.
    pub from: Option<Timestamp>,
    /// The key is trusted for events up to this instant, if given.
    pub until: Option<Timestamp>,
    /// Certificate policies of which the signer must carry one, dotted; empty = none is asked.
    pub policies: Vec<String>,
    /// Certificates (DER) of this key, for messages that do not carry their issuer.
    pub certificates: Vec<Vec<u8>>,
    /// A simulated authority: every report says so, loudly.
    pub simulation: bool,
}

/// The set of trusted authorities.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anchors {
    /// In the order of the configuration.
    pub list: Vec<Anchor>,
}
