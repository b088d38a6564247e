//! The revocation lists and OCSP answers at hand, where to ask for more, and what to ask (RFC 5280 §6.3, RFC 6960).
//!
//! Nothing here proves anything: a list is believed when its signature is checked, each time it is used.

use crate::asn1::Fields;
use crate::ber;
use crate::cert::Cert;
use crate::crl::{Crl, Point, PointName};
use crate::crypto::sha256;
use crate::decode;
use crate::mime::Encoding;
use crate::names::General;
use crate::ocsp::{self, Answer, Responder};
pub use crate::origin::comes_from_issuer;
use crate::report::Why;
use crate::why;
use alloc::string::String;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;

/// Largest list, in bytes.
pub const LIST_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Most lists held. A provider's certificate needs two.
pub const LISTS_MAX: usize = 256;
/// Most addresses read from one certificate, of each kind. Real ones have one.
const SOURCES_MAX: usize = 8;

const OCSP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1");
const CA_ISSUERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.2");

/// CRLs and OCSP answers that were fetched or filed.
#[derive(Debug, Clone, Default)]
pub struct StatusLists {
    held: Vec<Held>,
    version: [u8; 32],
}

#[derive(Debug, Clone)]
struct Held {
    der: Vec<u8>,
    sha256: [u8; 32],
    is_crl: bool,
}

/// What a list turned out to be. Its claims: nothing was verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// A CRL; else an OCSP answer.
    pub is_crl: bool,
    /// Who issued it, for people.
    pub issuer: String,
    /// When it was true.
    pub this_update: Timestamp,
    /// When the next one is due, if it says.
    pub next_update: Option<Timestamp>,
    /// SHA-256 of its DER.
    pub sha256: [u8; 32],
    /// Its DER.
    pub der: Vec<u8>,
}

impl StatusLists {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a CRL or an OCSP answer, as DER or PEM. One that is held already is not taken twice.
    ///
    /// # Errors
    /// It is neither; it is larger than [`LIST_BYTES_MAX`]; [`LISTS_MAX`] are held.
    pub fn add(&mut self, bytes: &[u8]) -> Result<Filed, Why> {
        if bytes.len() > 2 * LIST_BYTES_MAX {
            return Err(why::LIST_TOO_LARGE.about(bytes.len()));
        }
        let der = unarmoured(bytes).ok_or(why::LIST_UNREADABLE)?;
        if der.len() > LIST_BYTES_MAX {
            return Err(why::LIST_TOO_LARGE.about(der.len()));
        }
        let filed = filed(der).ok_or(why::LIST_UNREADABLE)?;
        if self.held.iter().all(|held| held.sha256 != filed.sha256) {
            if self.held.len() >= LISTS_MAX {
                return Err(why::LISTS_TOO_MANY.about(LISTS_MAX));
            }
            self.held.push(Held { der: filed.der.clone(), sha256: filed.sha256, is_crl: filed.is_crl });
            let mut digests: Vec<_> = self.held.iter().map(|held| held.sha256).collect();
            digests.sort_unstable();
            self.version = sha256(&digests.concat());
        }
        Ok(filed)
    }

    /// The DER of each.
    pub fn each(&self) -> impl Iterator<Item = &[u8]> {
        self.held.iter().map(|held| &*held.der)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Stands for all that is held, in whatever order it came: another set, another version.
    pub fn version(&self) -> [u8; 32] {
        self.version
    }

    /// The CRLs.
    pub(crate) fn crls(&self) -> impl Iterator<Item = Crl<'_>> {
        self.held.iter().filter(|held| held.is_crl).filter_map(|held| Crl::read(&held.der))
    }

    /// The OCSP answers, each with its DER.
    pub(crate) fn answers(&self) -> impl Iterator<Item = (&[u8], Answer<'_>)> {
        let answers = self.held.iter().filter(|held| !held.is_crl);
        answers.filter_map(|held| Some((&*held.der, Answer::read(&held.der)?)))
    }
}

/// Addresses in a certificate where its status, and its issuer, can be asked. Claims of whoever made the certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// CRLs (cRLDistributionPoints).
    pub crl: Vec<String>,
    /// OCSP responders (authorityInfoAccess).
    pub ocsp: Vec<String>,
    /// Certificates of its issuer (authorityInfoAccess).
    pub issuers: Vec<String>,
}

/// Reads the [`Sources`] of a certificate (DER); none from one that does not read.
pub fn sources(certificate_der: &[u8]) -> Sources {
    let Ok(cert) = Cert::read(certificate_der) else {
        return Sources::default();
    };
    let uri = |name: &General<'_>| match name {
        General::Uri(uri) => Some(String::from(*uri)),
        _ => None,
    };
    let points = cert.crl_points.and_then(Point::all).unwrap_or_default();
    let full = points.iter().filter_map(|point| match &point.name {
        Some(PointName::Full(names)) => Some(names),
        _ => None,
    });
    let mut sources = Sources { crl: full.flatten().filter_map(uri).take(SOURCES_MAX).collect(), ..Sources::default() };
    let descriptions = cert.authority_info.and_then(Fields::sequence).map_or(&[][..], Fields::rest);
    for description in ber::each(descriptions).flatten() {
        let mut fields = Fields::of(description.content);
        let (Some(method), Some(location)) = (fields.take(ber::OID), fields.any().and_then(General::read)) else {
            continue;
        };
        let list = match method.content {
            oid if oid == OCSP.as_bytes() => &mut sources.ocsp,
            oid if oid == CA_ISSUERS.as_bytes() => &mut sources.issuers,
            _ => continue,
        };
        list.extend(uri(&location).filter(|_| list.len() < SOURCES_MAX));
    }
    sources
}

/// The OCSP question (DER) about a certificate; `None` if one of the two does not read, or the second did not issue
/// the first by name.
pub fn ocsp_request(certificate_der: &[u8], issuer_der: &[u8]) -> Option<Vec<u8>> {
    let (cert, issuer) = (Cert::read(certificate_der).ok()?, Cert::read(issuer_der).ok()?);
    cert.issuer.same(&issuer.subject).then(|| ocsp::request(&cert, &issuer))
}

fn filed(der: Vec<u8>) -> Option<Filed> {
    let instant = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let (is_crl, issuer, this_update, next_update) = if let Some(crl) = Crl::read(&der) {
        (true, crl.issuer.for_people(), crl.this_update, crl.next_update)
    } else {
        let answer = Answer::read(&der)?;
        let issuer = match answer.responder {
            Responder::Name(name) => name.for_people(),
            Responder::Key(hash) => crate::crypto::hex(hash),
        };
        let (this_update, next_update) = answer.span()?;
        (false, issuer, this_update, next_update)
    };
    Some(Filed {
        is_crl,
        issuer,
        this_update: instant(this_update),
        next_update: next_update.map(instant),
        sha256: sha256(&der),
        der,
    })
}

/// DER as it is; of PEM the first block.
fn unarmoured(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.trim_ascii_start();
    if !bytes.starts_with(b"-----BEGIN ") {
        return Some(bytes.to_vec());
    }
    let body = bytes.get(memchr::memchr(b'\n', bytes)?..)?;
    let body = body.get(..memchr::memmem::find(body, b"-----END ")?)?;
    let (der, sound) = decode::whole(body, Encoding::Base64);
    sound.then_some(der)
}

#[cfg(test)]
#[path = "revocation_tests.rs"]
mod tests;
