//! The authorities that may vouch for a provider: pinned keys, never «the public roots» (any holder of a personal
//! S/MIME certificate chains to those).

use crate::cert::Cert;
use crate::crypto::{Hash, hex};
use crate::report::Why;
use crate::why::{self, quoted};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::Timestamp;

/// Policy of the certificates with which PEC providers sign («certificati-firma-pec»; `reference` pec.md §8).
pub const POLICY_FIRMA_PEC: &str = "1.3.76.16.3.1.1";

/// SHA-256 of the SubjectPublicKeyInfo of AgID CA1: one key, at least six cross-certificates (`reference` pec.md §8).
const AGID_CA1_SPKI_SHA256: [u8; 32] = [
    0x39, 0xe3, 0xc6, 0xc6, 0xf1, 0x3c, 0x96, 0x20, 0x77, 0x51, 0x72, 0x69, 0x4d, 0x20, 0xf8, 0x1e, //
    0xda, 0xd5, 0x5a, 0x86, 0x13, 0x93, 0x4c, 0xda, 0xa7, 0xc3, 0x79, 0x3a, 0x6d, 0x26, 0xb8, 0x6b,
];

/// SHA-256 of the SubjectPublicKeyInfo of DigitPA CA1 (certificate 072748A0 under Baltimore CyberTrust Root).
const DIGITPA_CA1_SPKI_SHA256: [u8; 32] = [
    0xc0, 0xb4, 0x43, 0xb7, 0x29, 0xbc, 0xf3, 0xe9, 0x80, 0xd3, 0x6e, 0xf9, 0x80, 0xb0, 0x35, 0xbe, //
    0x75, 0x34, 0xa7, 0xc4, 0x64, 0x67, 0x1c, 0x7f, 0x51, 0xe3, 0x0a, 0xd6, 0xf7, 0x51, 0x9d, 0x25,
];
/// Validity of that certificate, seconds since 1970: 2011-01-14T16:29:56Z to 2018-01-14T16:28:50Z.
const DIGITPA_CA1_WINDOW: (i64, i64) = (1_295_022_596, 1_515_947_330);

/// What an authority is trusted for. One that may sign the list of providers may not, for that, sign mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Purpose {
    /// The signatures of PEC providers on envelopes and receipts. The only purpose that makes a PEC message genuine.
    #[default]
    FirmaPec,
    /// The evidence of qualified registered delivery (REM, EN 319 522): services of the EU trusted lists. Kept apart:
    /// nothing here reads REM yet (`reference` pec.md §13).
    RicevuteRem,
    /// Signatures of persons and offices on documents, such as attachments `.p7m`.
    FirmaDocumenti,
    /// The signature on the providers' directory (IGPEC; RFC 6109 §5.6).
    Elenco,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 4] = [Self::FirmaPec, Self::RicevuteRem, Self::FirmaDocumenti, Self::Elenco];

    /// Stable Italian word, as configuration writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::FirmaPec => "firma-pec",
            Self::RicevuteRem => "ricevute-rem",
            Self::FirmaDocumenti => "firma-documenti",
            Self::Elenco => "elenco",
        }
    }

    /// From that word.
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

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
    /// Hosts of e-mail for which it may certify signers: `pec.example.it`, or `.example.it` for all below; empty = any.
    pub hosts: Vec<String>,
    /// What it is trusted for.
    pub purpose: Purpose,
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
    /// A pinned key, for any time, policy and host; messages must carry its certificate.
    pub fn pin(name: &str, spki_sha256: [u8; 32], purpose: Purpose) -> Self {
        Self {
            name: name.into(),
            spki_sha256,
            from: None,
            until: None,
            policies: Vec::new(),
            hosts: Vec::new(),
            purpose,
            certificates: Vec::new(),
            simulation: false,
        }
    }

    /// The authority that vouches for every accredited provider since 2017. Messages carry its certificate, so the key
    /// alone is enough.
    pub fn agid_ca1() -> Self {
        let pin = Self::pin("AgID CA1", AGID_CA1_SPKI_SHA256, Purpose::FirmaPec);
        Self { policies: Vec::from([POLICY_FIRMA_PEC.into()]), ..pin }
    }

    /// The authority before it, for archives: events of 2011-2018 only.
    pub fn digitpa_ca1() -> Self {
        let (from, until) = DIGITPA_CA1_WINDOW;
        Self {
            from: Timestamp::from_second(from).ok(),
            until: Timestamp::from_second(until).ok(),
            policies: Vec::from([POLICY_FIRMA_PEC.into()]),
            ..Self::pin("DigitPA CA1", DIGITPA_CA1_SPKI_SHA256, Purpose::FirmaPec)
        }
    }

    /// An authority given as its certificate (DER): the key is pinned, whatever cross-certificate a message carries.
    ///
    /// # Errors
    /// The certificate does not read, or is not an authority's (basicConstraints, keyCertSign).
    pub fn from_certificate(der: &[u8], name: &str, policies: &[&str], simulation: bool) -> Result<Self, Why> {
        let cert = Cert::read(der)?;
        if !cert.is_authority() {
            return Err(why::NOT_A_CA.about(why::quoted(&cert.common_name)));
        }
        Ok(Self {
            policies: policies.iter().map(|p| String::from(*p)).collect(),
            certificates: Vec::from([der.to_vec()]),
            simulation,
            ..Self::pin(name, cert.spki_sha256, Purpose::FirmaPec)
        })
    }

    /// What the administrator asks of this anchor holds for `leaf`, the signer, at `at`: window, policies, hosts.
    pub(crate) fn admits(&self, leaf: &Cert<'_>, at: Timestamp) -> Result<(), Why> {
        if self.from.is_some_and(|from| at < from) || self.until.is_some_and(|until| at > until) {
            return Err(why::ANCHOR_WINDOW.about(quoted(&self.name)));
        }
        if !self.policies.is_empty() && !self.policies.iter().any(|policy| leaf.policies.asserts(policy)) {
            return Err(why::POLICY_MISSING.about(self.policies.join(", ")));
        }
        let outside = |address: &&str| !self.hosts.iter().any(|permitted| host_within(address, permitted));
        if !self.hosts.is_empty()
            && let Some(address) = leaf.emails().find(outside).or_else(|| leaf.emails().next().is_none().then_some(""))
        {
            return Err(why::ANCHOR_HOST.about(quoted(address)));
        }
        Ok(())
    }

    /// Everything that decides what this anchor admits, each field named and of known length.
    fn digest(&self) -> String {
        let mut sha = Hash::Sha256.running();
        let mut put = |name: &str, value: &[u8]| {
            sha.add(alloc::format!("{name} {}\n", value.len()).as_bytes());
            sha.add(value);
        };
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        put("name", self.name.as_bytes());
        put("spki", &self.spki_sha256);
        put("purpose", self.purpose.word().as_bytes());
        for (name, time) in [("from", self.from), ("until", self.until)] {
            if let Some(time) = time {
                put(name, time.to_string().as_bytes());
            }
        }
        for policy in sorted(&self.policies) {
            put("policy", policy.as_bytes());
        }
        for host in sorted(&self.hosts) {
            put("host", host.as_bytes());
        }
        let mut certificates: Vec<&Vec<u8>> = self.certificates.iter().collect();
        certificates.sort();
        for certificate in certificates {
            put("certificate", certificate);
        }
        if self.simulation {
            put("simulation", b"");
        }
        hex(&sha.finish())
    }
}

/// `permitted` is the host of `address`, or `.domain` above it.
fn host_within(address: &str, permitted: &str) -> bool {
    let Some((_, host)) = address.rsplit_once('@') else {
        return false;
    };
    let (host, permitted) = (host.to_ascii_lowercase(), permitted.to_ascii_lowercase());
    if permitted.starts_with('.') { host.ends_with(&permitted) } else { host == permitted }
}

impl Anchors {
    /// What a public body trusts unless it says otherwise: AgID CA1, and DigitPA CA1 for its years.
    pub fn agid() -> Self {
        Self { list: Vec::from([Anchor::agid_ca1(), Anchor::digitpa_ca1()]) }
    }

    /// The anchors that are trusted for `purpose`.
    pub fn of(&self, purpose: Purpose) -> impl Iterator<Item = &Anchor> {
        self.list.iter().filter(move |anchor| anchor.purpose == purpose)
    }

    /// Names what is trusted: SHA-256, lower-case hex. Changes when anything that decides a verdict changes; does not
    /// when anchors, policies, hosts or certificates are listed in another order.
    pub fn version(&self) -> String {
        let mut each: Vec<String> = self.list.iter().map(Anchor::digest).collect();
        each.sort();
        let mut sha = Hash::Sha256.running();
        for digest in each {
            sha.add(digest.as_bytes());
        }
        hex(&sha.finish())
    }
}

#[cfg(test)]
#[path = "anchors_tests.rs"]
mod tests;
