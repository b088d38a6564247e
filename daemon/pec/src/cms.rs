//! The signature object: a detached CMS SignedData with one signer (RFC 5652 §5; RFC 6109 §2.1).
//!
//! Walked element by element over normalised bytes, then read by the typed layer of the `cms` crate, so that one odd
//! certificate does not spoil the rest. Signed attributes are hashed as they were transmitted.

use crate::ber::{self, Tlv};
use crate::crypto::{Hash, Key, Scheme};
use crate::why::{self, Reason};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use cms::signed_data::{SignerIdentifier, SignerInfo};
use der::asn1::{GeneralizedTime, ObjectIdentifier, UtcTime};
use der::{Decode, Encode};
use jiff::Timestamp;

/// Largest signature object, in bytes. Those of providers are below 10 KB.
pub(crate) const P7S_BYTES_MAX: usize = 1024 * 1024;
/// Most certificates in one signature. Providers send two.
pub(crate) const CERTIFICATES_MAX: usize = 20;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const DATA: &str = "1.2.840.113549.1.7.1";
const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";

/// A signature that reads. Nothing is proven yet.
#[derive(Debug)]
pub(crate) struct Signature<'a> {
    /// Certificates as they came (DER).
    pub(crate) certificates: Vec<&'a [u8]>,
    /// Who says to have signed.
    pub(crate) signer: SignerId,
    /// Digest algorithm, if admitted.
    pub(crate) hash: Option<Hash>,
    /// Signature algorithm, if admitted and in accord with the digest.
    pub(crate) scheme: Option<Scheme>,
    /// OIDs of the two, for the report.
    pub(crate) algorithms: String,
    /// Digest of the content, as signed.
    pub(crate) message_digest: &'a [u8],
    /// When, as signed.
    pub(crate) signing_time: Option<Timestamp>,
    /// Contents of the signed attributes, as transmitted.
    attributes: &'a [u8],
    value: Vec<u8>,
}

/// How the signer names its certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SignerId {
    /// Issuer (DER) and serial number.
    Issuer(Vec<u8>, Vec<u8>),
    /// subjectKeyIdentifier.
    Key(Vec<u8>),
}

/// What the signature was found to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The attributes as transmitted.
    AsSent,
    /// The attributes in DER order: the signer hashed them sorted and sent them unsorted.
    Sorted,
}

impl<'a> Signature<'a> {
    /// Reads a normalised ContentInfo.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Reason> {
        let signed = signed_data(der).ok_or(why::CMS_UNREADABLE)?;
        if signed.attached {
            return Err(why::CMS_ATTACHED);
        }
        if signed.certificates.len() > CERTIFICATES_MAX {
            return Err(why::CMS_CERTIFICATES);
        }
        let [signer] = signed.signers.as_slice() else {
            return Err(why::CMS_SIGNERS);
        };
        // Raw attributes first: without them a forger may pass off attributes as content (`reference` signatures.md §6).
        let attributes = raw_attributes(signer.content).ok_or(why::CMS_UNREADABLE)?.ok_or(why::CMS_NO_ATTRIBUTES)?;
        let typed = SignerInfo::from_der(signer.whole).map_err(|_| why::CMS_UNREADABLE)?;
        let read = Attributes::read(attributes).ok_or(why::CMS_ATTRIBUTES)?;
        let hash = Hash::from_oid(&typed.digest_alg.oid.to_string());
        let scheme_oid = typed.signature_algorithm.oid.to_string();
        let parameters = typed.signature_algorithm.parameters.as_ref().and_then(|p| p.to_der().ok());
        Ok(Self {
            certificates: signed.certificates,
            signer: match &typed.sid {
                SignerIdentifier::IssuerAndSerialNumber(id) => SignerId::Issuer(
                    id.issuer.to_der().map_err(|_| why::CMS_UNREADABLE)?,
                    id.serial_number.as_bytes().to_vec(),
                ),
                SignerIdentifier::SubjectKeyIdentifier(id) => SignerId::Key(id.0.as_bytes().to_vec()),
            },
            hash,
            scheme: hash.and_then(|hash| Scheme::from_oid(&scheme_oid, parameters.as_deref(), Some(hash))),
            algorithms: alloc::format!("{}, {scheme_oid}", typed.digest_alg.oid),
            message_digest: read.message_digest,
            signing_time: read.signing_time,
            attributes,
            value: typed.signature.as_bytes().to_vec(),
        })
    }

    /// Whether `key` signed the attributes, and in which order they were hashed (RFC 5652 §5.4).
    pub(crate) fn is_by(&self, key: &Key, scheme: Scheme) -> Option<Order> {
        if key.verifies(scheme, &ber::element(ber::SET, self.attributes), &self.value) {
            return Some(Order::AsSent);
        }
        let mut each: Vec<&[u8]> = ber::each(self.attributes).map(|a| a.map(|a| a.whole)).collect::<Option<_>>()?;
        each.sort();
        let sorted = each.concat();
        (sorted != self.attributes && key.verifies(scheme, &ber::element(ber::SET, &sorted), &self.value))
            .then_some(Order::Sorted)
    }
}

/// The pieces of a SignedData.
struct SignedData<'a> {
    attached: bool,
    certificates: Vec<&'a [u8]>,
    signers: Vec<Tlv<'a>>,
}

fn signed_data(der: &[u8]) -> Option<SignedData<'_>> {
    let (info, _) = ber::expect(der, ber::SEQUENCE)?;
    let (kind, rest) = ber::expect(info.content, ber::OID)?;
    let (explicit, _) = ber::expect(rest, ber::CONTEXT_0)?;
    let (signed, _) = ber::expect(explicit.content, ber::SEQUENCE)?;
    let (_version, rest) = ber::expect(signed.content, ber::INTEGER)?;
    let (_digests, rest) = ber::expect(rest, ber::SET)?;
    let (content, mut rest) = ber::expect(rest, ber::SEQUENCE)?;
    let (content_type, econtent) = ber::expect(content.content, ber::OID)?;
    if oid(kind)? != SIGNED_DATA || oid(content_type)? != DATA {
        return None;
    }
    let mut certificates = Vec::new();
    loop {
        let (element, after) = ber::read(rest)?;
        rest = after;
        match element.tag {
            // Other kinds of certificate in the set are left out: they sign no mail.
            ber::CONTEXT_0 => {
                for certificate in ber::each(element.content) {
                    let certificate = certificate?;
                    if certificate.tag == ber::SEQUENCE {
                        certificates.push(certificate.whole);
                    }
                }
            }
            ber::CONTEXT_1 => {}
            ber::SET => {
                let signers = ber::each(element.content).collect::<Option<Vec<_>>>()?;
                return Some(SignedData { attached: !econtent.is_empty(), certificates, signers });
            }
            _ => return None,
        }
    }
}

/// The contents of the signed attributes of a SignerInfo; inner `None` if there are none.
fn raw_attributes(signer: &[u8]) -> Option<Option<&[u8]>> {
    let (_version, rest) = ber::expect(signer, ber::INTEGER)?;
    let (_sid, rest) = ber::read(rest)?;
    let (_digest, rest) = ber::expect(rest, ber::SEQUENCE)?;
    let (next, _) = ber::read(rest)?;
    Some((next.tag == ber::CONTEXT_0).then_some(next.content))
}

/// The signed attributes that matter.
struct Attributes<'a> {
    message_digest: &'a [u8],
    signing_time: Option<Timestamp>,
}

impl<'a> Attributes<'a> {
    /// contentType = id-data and messageDigest once each, signingTime at most once, one value each (RFC 5652 §11).
    fn read(attributes: &'a [u8]) -> Option<Self> {
        let (mut content_type, mut message_digest, mut signing_time) = (None, None, None);
        for attribute in ber::each(attributes) {
            let attribute = attribute.filter(|a| a.tag == ber::SEQUENCE)?;
            let (kind, rest) = ber::expect(attribute.content, ber::OID)?;
            let (values, _) = ber::expect(rest, ber::SET)?;
            let slot = match oid(kind)?.as_str() {
                CONTENT_TYPE => &mut content_type,
                MESSAGE_DIGEST => &mut message_digest,
                SIGNING_TIME => &mut signing_time,
                _ => continue,
            };
            let (value, others) = ber::read(values.content)?;
            if !others.is_empty() || slot.replace(value).is_some() {
                return None;
            }
        }
        (oid(content_type?)? == DATA).then_some(())?;
        Some(Self {
            message_digest: message_digest.filter(|d| d.tag == ber::OCTET_STRING)?.content,
            signing_time: match signing_time {
                Some(time) => Some(instant(time)?),
                None => None,
            },
        })
    }
}

fn instant(time: Tlv<'_>) -> Option<Timestamp> {
    let since = UtcTime::from_der(time.whole)
        .map(|t| t.to_unix_duration())
        .or_else(|_| GeneralizedTime::from_der(time.whole).map(|t| t.to_unix_duration()))
        .ok()?;
    Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()
}

fn oid(element: Tlv<'_>) -> Option<String> {
    (element.tag == ber::OID).then(|| ObjectIdentifier::from_bytes(element.content).ok())?.map(|oid| oid.to_string())
}
