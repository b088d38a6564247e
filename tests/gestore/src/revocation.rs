//! Changes when another proof of revocation is to be made, right or wrong: CRLs (RFC 5280 §5) and OCSP answers (RFC 6960).
//!
//! Written by hand with [`crate::der`], because what is interesting is what no tool makes: lists that are stale, partial, of
//! another scope, or signed by the wrong key. A wrong signer is an impostor authority that makes the same list.

use jiff::Timestamp;

use crate::authority::Authority;
use crate::der::{certificate_fields, element, oid, sequence};
use crate::style::Digest;
use crate::{Error, Result, Signer, clock, crypto};

/// A certificate revocation list to be made. Start from [`Crl::issued`] and change fields.
#[derive(Clone, Debug)]
pub struct Crl {
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate; `None` for none.
    pub next_update: Option<Timestamp>,
    /// cRLNumber.
    pub number: u32,
    /// The number of the base of a delta CRL (critical deltaCRLIndicator, §5.2.4).
    pub delta_of: Option<u32>,
    /// A critical issuingDistributionPoint that limits what the list is about (§5.2.5).
    pub scope: Option<Scope>,
    /// A critical extension that nobody knows.
    pub unknown_critical: bool,
    /// The entries.
    pub revoked: Vec<Revoked>,
}

/// What a list says to be about, when not about everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// onlyContainsUserCerts.
    Users,
    /// onlyContainsCACerts.
    Authorities,
    /// The list of that distribution point.
    Point(String),
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The serial number, as the content of its INTEGER.
    pub serial: Vec<u8>,
    /// revocationDate.
    pub at: Timestamp,
    /// reasonCode (§5.3.1): 1 keyCompromise, 4 superseded, 6 certificateHold, 8 removeFromCRL…
    pub reason: Option<u8>,
    /// invalidityDate: since when the key is feared lost.
    pub invalid_since: Option<Timestamp>,
}

impl Revoked {
    /// The entry that revokes a certificate (DER), for no stated reason.
    #[must_use]
    pub fn certificate(der: &[u8], at: Timestamp) -> Revoked {
        let serial = certificate_fields(der).and_then(|fields| fields.serial.get(2..)).unwrap_or_default().to_vec();
        Revoked { serial, at, reason: None, invalid_since: None }
    }
}

impl Crl {
    /// A complete list without entries, good for a day.
    #[must_use]
    pub fn issued(at: Timestamp) -> Crl {
        let next_update = at.checked_add(jiff::SignedDuration::from_hours(24)).ok();
        Crl {
            this_update: at,
            next_update,
            number: 1,
            delta_of: None,
            scope: None,
            unknown_critical: false,
            revoked: Vec::new(),
        }
    }

    /// The same with one more entry.
    #[must_use]
    pub fn with(mut self, entry: Revoked) -> Crl {
        self.revoked.push(entry);
        self
    }
}

/// What an OCSP answer says of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good,
    /// Revoked at that instant, for that reason (see [`Revoked::reason`]).
    Revoked(Timestamp, Option<u8>),
    /// The responder does not know it.
    Unknown,
}

/// An OCSP answer to be made, about one certificate of the authority.
#[derive(Clone, Debug)]
pub struct Ocsp {
    /// The certificate asked about, in DER.
    pub certificate: Vec<u8>,
    /// What is said of it.
    pub status: Status,
    /// thisUpdate and producedAt.
    pub this_update: Timestamp,
    /// nextUpdate; `None` for none.
    pub next_update: Option<Timestamp>,
}

impl Ocsp {
    /// An answer about that certificate, good for a day.
    #[must_use]
    pub fn about(certificate: &[u8], status: Status, at: Timestamp) -> Ocsp {
        let next_update = at.checked_add(jiff::SignedDuration::from_hours(24)).ok();
        Ocsp { certificate: certificate.to_vec(), status, this_update: at, next_update }
    }
}

impl Authority {
    /// The list, signed by the issuing authority (RSA with SHA-256), in DER.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn crl(&self, list: &Crl) -> Result<Vec<u8>> {
        let issuer = self.subject()?;
        let (this, next) = (time(list.this_update), list.next_update.map(time).unwrap_or_default());
        let entries: Vec<u8> = list.revoked.iter().flat_map(entry).collect();
        let entries = if entries.is_empty() { entries } else { element(0x30, &entries) };
        let mut extensions = vec![
            extension("2.5.29.35", false, &sequence(&[&element(0x80, &self.key_identifier()?)])),
            extension("2.5.29.20", false, &integer(list.number)),
        ];
        extensions.extend(list.delta_of.map(|base| extension("2.5.29.27", true, &integer(base))));
        extensions.extend(list.scope.as_ref().map(|scope| extension("2.5.29.28", true, &distribution_point(scope))));
        extensions.extend(list.unknown_critical.then(|| extension("2.5.29.9999", true, &[0x05, 0x00])));
        let extensions = element(0xa0, &element(0x30, &extensions.concat()));
        let version_2 = [0x02, 0x01, 0x01];
        let tbs = sequence(&[&version_2, &sha256_with_rsa(), issuer, &this, &next, &entries, &extensions]);
        signed(&tbs, &self.pkcs8, &[])
    }

    /// The answer, signed by the issuing authority itself (RFC 6960 §4.2.2.2), in DER.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn ocsp(&self, answer: &Ocsp) -> Result<Vec<u8>> {
        self.answer(answer, self.certificate_der(), &self.pkcs8, &[])
    }

    /// The answer, signed by somebody else whose certificate it carries: a delegate if the authority issued that certificate
    /// with [`crate::LeafProfile::ocsp_signing`], an impostor otherwise.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn ocsp_by(&self, answer: &Ocsp, responder: &Signer) -> Result<Vec<u8>> {
        let certificates = element(0xa0, &element(0x30, &responder.leaf));
        self.answer(answer, &responder.leaf, &responder.pkcs8, &certificates)
    }

    fn answer(&self, answer: &Ocsp, signer: &[u8], pkcs8: &[u8], certificates: &[u8]) -> Result<Vec<u8>> {
        let not_one = || Error::Certificate("an OCSP answer is about a certificate".into());
        let asked = certificate_fields(&answer.certificate).ok_or_else(not_one)?;
        let by = certificate_fields(signer).ok_or_else(not_one)?;
        let own = certificate_fields(self.certificate_der()).ok_or_else(not_one)?;
        let octets = |bytes: &[u8]| element(0x04, &crypto::digest(Digest::Sha1, bytes));
        let sha1 = sequence(&[&oid("1.3.14.3.2.26"), &[0x05, 0x00]]);
        let id = sequence(&[&sha1, &octets(own.subject), &octets(key_bits(own.spki)), asked.serial]);
        let status = match answer.status {
            Status::Good => element(0x80, &[]),
            Status::Revoked(at, reason) => {
                let reason = reason.map(|code| element(0xa0, &[0x0a, 0x01, code])).unwrap_or_default();
                element(0xa1, &[generalized(at), reason].concat())
            }
            Status::Unknown => element(0x82, &[]),
        };
        let next = answer.next_update.map(|at| element(0xa0, &generalized(at))).unwrap_or_default();
        let single = sequence(&[&id, &status, &generalized(answer.this_update), &next]);
        let by_key = element(0xa2, &octets(key_bits(by.spki)));
        let tbs = sequence(&[&by_key, &generalized(answer.this_update), &sequence(&[&single])]);
        let basic = signed(&tbs, pkcs8, certificates)?;
        let bytes = sequence(&[&oid("1.3.6.1.5.5.7.48.1.1"), &element(0x04, &basic)]);
        Ok(sequence(&[&[0x0a, 0x01, 0x00], &element(0xa0, &bytes)]))
    }
}

/// SIGNED{…}: what is signed, how, the signature, what follows it.
fn signed(tbs: &[u8], pkcs8: &[u8], after: &[u8]) -> Result<Vec<u8>> {
    let signature = crypto::sign_rsa(Digest::Sha256, pkcs8, tbs)?;
    let bits = element(0x03, &[&[0][..], &signature].concat());
    Ok(sequence(&[tbs, &sha256_with_rsa(), &bits, after]))
}

fn sha256_with_rsa() -> Vec<u8> {
    sequence(&[&oid("1.2.840.113549.1.1.11"), &[0x05, 0x00]])
}

fn entry(revoked: &Revoked) -> Vec<u8> {
    let reason = revoked.reason.map(|code| extension("2.5.29.21", false, &[0x0a, 0x01, code]));
    let invalid = revoked.invalid_since.map(|at| extension("2.5.29.24", false, &generalized(at)));
    let extensions: Vec<u8> = reason.into_iter().chain(invalid).flatten().collect();
    let extensions = if extensions.is_empty() { extensions } else { element(0x30, &extensions) };
    sequence(&[&element(0x02, &revoked.serial), &time(revoked.at), &extensions])
}

fn distribution_point(scope: &Scope) -> Vec<u8> {
    match scope {
        Scope::Users => sequence(&[&[0x81, 0x01, 0xff]]),
        Scope::Authorities => sequence(&[&[0x82, 0x01, 0xff]]),
        Scope::Point(url) => sequence(&[&element(0xa0, &element(0xa0, &element(0x86, url.as_bytes())))]),
    }
}

fn extension(dotted: &str, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical: &[u8] = if critical { &[0x01, 0x01, 0xff] } else { &[] };
    sequence(&[&oid(dotted), critical, &element(0x04, value)])
}

fn integer(number: u32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(0x02, &digits)
}

/// UTCTime up to 2049 (RFC 5280 §5.1.2.4).
fn time(at: Timestamp) -> Vec<u8> {
    element(0x17, clock::utc_time(at).as_bytes())
}

fn generalized(at: Timestamp) -> Vec<u8> {
    element(0x18, clock::generalized_time(at).as_bytes())
}

/// The bits of a SubjectPublicKeyInfo without tag, length and count of unused bits: what an OCSP CertID hashes.
fn key_bits(spki: &[u8]) -> &[u8] {
    let bits = crate::der::Reader::new(spki).enter(0x30).and_then(|mut inside| {
        inside.next()?;
        inside.take(0x03)?.get(1..)
    });
    bits.unwrap_or_default()
}
