//! OCSP: the question, and answers read in place (RFC 6960 §4). Nothing is proven here.

use crate::asn1::{self, Fields};
use crate::ber::{self, Tlv};
use crate::cert::{Cert, Signed, each_extension};
use crate::crl::same_number;
use crate::crypto::{Hash, Key, Scheme};
use crate::dn::Dn;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;

const BASIC_RESPONSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const ARCHIVE_CUTOFF: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.6");
const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
/// Most certificates read from one answer. Responders send one.
const RESPONDERS_MAX: usize = 8;

/// Who says to have answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Responder<'a> {
    Name(Dn<'a>),
    /// SHA-1 of the key.
    Key(&'a [u8]),
}

/// A BasicOCSPResponse, read.
#[derive(Debug, Clone)]
pub(crate) struct Answer<'a> {
    tbs: &'a [u8],
    scheme: Option<Scheme>,
    signature: &'a [u8],
    pub(crate) responder: Responder<'a>,
    /// Seconds since 1970.
    pub(crate) produced_at: i64,
    /// Certificates that came with it (DER).
    pub(crate) certificates: Vec<&'a [u8]>,
    singles: Vec<Single<'a>>,
}

/// What an answer says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Good,
    /// Since when (seconds since 1970), and the CRLReason; 0 = not said.
    Revoked(i64, u32),
    Unknown,
}

/// The answer about one certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Single<'a> {
    hash: Hash,
    issuer_name: &'a [u8],
    issuer_key: &'a [u8],
    serial: &'a [u8],
    pub(crate) word: Word,
    pub(crate) this_update: i64,
    pub(crate) next_update: Option<i64>,
    /// Certificates that expired since then are still known (RFC 6960 §4.4.4).
    pub(crate) archive_cutoff: Option<i64>,
}

impl<'a> Answer<'a> {
    /// Reads an OCSPResponse; `None` = it does not read, is no success, or has a critical extension unknown here.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut response = Fields::sequence(der)?;
        (asn1::number(response.take(asn1::ENUMERATED)?.content)? == 0).then_some(())?;
        let mut bytes = Fields::sequence(response.take(ber::CONTEXT_0)?.content)?;
        (bytes.take(ber::OID)?.content == BASIC_RESPONSE.as_bytes()).then_some(())?;
        let mut signed = Signed::read_open(Fields::sequence(bytes.take(ber::OCTET_STRING)?.content)?)?;
        let certificates = match signed.rest.optional(ber::CONTEXT_0)? {
            Some(explicit) => {
                let all = ber::each(Fields::sequence(explicit.content)?.rest());
                all.take(RESPONDERS_MAX).map(|c| c.map(|c| c.whole)).collect::<Option<_>>()?
            }
            None => Vec::new(),
        };
        let mut data = Fields::of(signed.content);
        data.optional(ber::CONTEXT_0)?;
        let responder = data.any()?;
        let responder = match responder.tag {
            0xa1 => Responder::Name(Dn::read(Fields::of(responder.content).any()?)?),
            0xa2 => Responder::Key(Fields::of(responder.content).take(ber::OCTET_STRING)?.content),
            _ => return None,
        };
        let produced_at = asn1::time(data.any()?)?;
        let mut singles = Vec::new();
        for single in ber::each(data.take(ber::SEQUENCE)?.content) {
            singles.extend(Single::read(single?)?);
        }
        if let Some(extensions) = data.optional(ber::CONTEXT_1)? {
            each_extension(extensions.content, |_, critical, _| (!critical).then_some(()))?;
        }
        data.end()?;
        Some(Self {
            tbs: signed.tbs,
            scheme: signed.scheme(),
            signature: signed.signature,
            responder,
            produced_at,
            certificates,
            singles,
        })
    }

    /// What it says of `cert`, issued by `issuer`.
    pub(crate) fn about(&self, cert: &Cert<'_>, issuer: &Cert<'_>) -> Option<&Single<'a>> {
        self.singles.iter().find(|single| {
            same_number(single.serial, cert.serial)
                && single.hash.of(cert.issuer.der) == single.issuer_name
                && single.hash.of(issuer.key_octets) == single.issuer_key
        })
    }

    /// It is `cert` that says to have answered.
    pub(crate) fn is_by(&self, cert: &Cert<'_>) -> bool {
        match self.responder {
            Responder::Name(name) => cert.subject.same(&name),
            Responder::Key(hash) => Hash::Sha1.of(cert.key_octets) == hash,
        }
    }

    /// `key` signed this answer.
    pub(crate) fn is_signed_by(&self, key: &Key) -> bool {
        self.scheme.is_some_and(|scheme| key.verifies(scheme, self.tbs, self.signature))
    }

    /// The algorithm of the signature, if admitted.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// The earliest and the latest of the instants of which it speaks: thisUpdate, nextUpdate.
    pub(crate) fn span(&self) -> Option<(i64, Option<i64>)> {
        let first = self.singles.iter().map(|s| s.this_update).min()?;
        Some((first, self.singles.iter().filter_map(|s| s.next_update).max()))
    }
}

impl<'a> Single<'a> {
    /// Outer `None`: it does not read. Inner `None`: it does, by a digest or with an extension unknown here.
    fn read(element: Tlv<'a>) -> Option<Option<Self>> {
        let mut fields = Fields::of(element.content);
        let mut id = Fields::of(fields.take(ber::SEQUENCE)?.content);
        let hash = asn1::dotted(Fields::of(id.take(ber::SEQUENCE)?.content).take(ber::OID)?.content);
        let issuer_name = id.take(ber::OCTET_STRING)?.content;
        let issuer_key = id.take(ber::OCTET_STRING)?.content;
        let serial = id.take(ber::INTEGER)?.content;
        let status = fields.any()?;
        let word = match status.tag {
            0x80 => Word::Good,
            0xa1 => {
                let mut revoked = Fields::of(status.content);
                let at = asn1::time(revoked.any()?)?;
                let reason = match revoked.optional(ber::CONTEXT_0)? {
                    Some(explicit) => asn1::number(Fields::of(explicit.content).take(asn1::ENUMERATED)?.content)?,
                    None => 0,
                };
                Word::Revoked(at, reason)
            }
            0x82 => Word::Unknown,
            _ => return None,
        };
        let this_update = asn1::time(fields.any()?)?;
        let next_update = match fields.optional(ber::CONTEXT_0)? {
            Some(explicit) => Some(asn1::time(Fields::of(explicit.content).any()?)?),
            None => None,
        };
        let (mut archive_cutoff, mut understood) = (None, true);
        if let Some(extensions) = fields.optional(ber::CONTEXT_1)? {
            each_extension(extensions.content, |oid, critical, value| {
                if oid == ARCHIVE_CUTOFF.as_bytes() {
                    archive_cutoff = Some(asn1::time(Fields::of(value).any()?)?);
                } else {
                    understood &= !critical;
                }
                Some(())
            })?;
        }
        fields.end()?;
        let hash = Hash::from_oid(&hash).filter(|_| understood);
        Some(hash.map(|hash| Self {
            hash,
            issuer_name,
            issuer_key,
            serial,
            word,
            this_update,
            next_update,
            archive_cutoff,
        }))
    }
}

/// The question about one certificate (RFC 6960 §4.1.1), with SHA-1 in its CertID, which every responder knows
/// (RFC 5019 §2.1.1): there it names, and proves nothing. Without a nonce: answers are kept and shared.
pub(crate) fn request(cert: &Cert<'_>, issuer: &Cert<'_>) -> Vec<u8> {
    let sequence = |parts: &[Vec<u8>]| ber::element(ber::SEQUENCE, &parts.concat());
    let algorithm = sequence(&[ber::element(ber::OID, SHA1.as_bytes()), Vec::from([0x05, 0x00])]);
    let id = sequence(&[
        algorithm,
        ber::element(ber::OCTET_STRING, &Hash::Sha1.of(cert.issuer.der)),
        ber::element(ber::OCTET_STRING, &Hash::Sha1.of(issuer.key_octets)),
        ber::element(ber::INTEGER, cert.serial),
    ]);
    // OCSPRequest { TBSRequest { requestList { Request { reqCert } } } }
    sequence(&[sequence(&[sequence(&[sequence(&[id])])])])
}
