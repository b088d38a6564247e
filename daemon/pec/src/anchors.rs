//! The authorities that may vouch for a provider: pinned keys, never «the public roots» (any holder of a personal
//! S/MIME certificate chains to those).

use crate::cert::Cert;
use crate::report::Why;
use crate::why;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;

/// Policy of the certificates with which PEC providers sign («certificati-firma-pec»; `reference` pec.md §8).
pub const POLICY_FIRMA_PEC: &str = "1.3.76.16.3.1.1";

/// SHA-256 of the SubjectPublicKeyInfo of AgID CA1: one key, at least six cross-certificates (`reference` pec.md §8).
const AGID_CA1_SPKI_SHA256: [u8; 32] = [
    0x39, 0xe3, 0xc6, 0xc6, 0xf1, 0x3c, 0x96, 0x20, 0x77, 0x51, 0x72, 0x69, 0x4d, 0x20, 0xf8, 0x1e, //
    0xda, 0xd5, 0x5a, 0x86, 0x13, 0x93, 0x4c, 0xda, 0xa7, 0xc3, 0x79, 0x3a, 0x6d, 0x26, 0xb8, 0x6b,
];

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

impl Anchor {
    /// The authority that vouches for every accredited provider since 2017. Messages carry its certificate, so the key
    /// alone is enough.
    pub fn agid_ca1() -> Self {
        Self {
            name: "AgID CA1".into(),
            spki_sha256: AGID_CA1_SPKI_SHA256,
            from: None,
            until: None,
            policies: Vec::from([POLICY_FIRMA_PEC.into()]),
            certificates: Vec::new(),
            simulation: false,
        }
    }

    /// An authority given as its certificate (DER): the key is pinned, whatever cross-certificate a message carries.
    ///
    /// # Errors
    /// The certificate does not read, or is not an authority's (basicConstraints, keyCertSign).
    pub fn from_certificate(der: &[u8], name: &str, policies: &[&str], simulation: bool) -> Result<Self, Why> {
        let cert = Cert::read(der)?;
        if !cert.ca || !cert.key_usage.is_some_and(|(_, cert_sign)| cert_sign) {
            return Err(why::NOT_A_CA.about(why::quoted(&cert.common_name)));
        }
        Ok(Self {
            name: name.into(),
            spki_sha256: cert.spki_sha256,
            from: None,
            until: None,
            policies: policies.iter().map(|p| String::from(*p)).collect(),
            certificates: Vec::from([der.to_vec()]),
            simulation,
        })
    }
}

impl Anchors {
    /// What a public body trusts unless it says otherwise: AgID CA1.
    pub fn agid() -> Self {
        Self { list: Vec::from([Anchor::agid_ca1()]) }
    }
}
