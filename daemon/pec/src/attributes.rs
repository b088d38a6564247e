//! Signed attributes (RFC 5652 §11; RFC 5035; RFC 6211): what a signer signed besides the digest of the content.

use crate::ber::{self, Tlv};
use crate::cert::Cert;
use crate::crypto::{Hash, oid, oid_of};
use alloc::vec::Vec;
use der::Decode;
use der::asn1::{GeneralizedTime, UtcTime};
use jiff::Timestamp;

const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
/// id-aa-CMSAlgorithmProtect (RFC 6211).
const PROTECTION: &str = "1.2.840.113549.1.9.52";
/// id-aa-signingCertificate (RFC 2634 §5.4): digest is SHA-1.
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.12";
/// id-aa-signingCertificateV2 (RFC 5035 §3).
const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";

/// The attributes that matter. All others (capabilities, policies…) are signed and not read.
#[derive(Debug)]
pub(crate) struct Attributes<'a> {
    /// Contents of the set, as transmitted.
    raw: &'a [u8],
    /// Digest of the content, as signed.
    pub(crate) message_digest: &'a [u8],
    /// When, as signed.
    pub(crate) signing_time: Option<Timestamp>,
    /// CMSAlgorithmProtection, unread.
    pub(crate) protection: Option<Tlv<'a>>,
    /// Values of signingCertificate and of its second version.
    certificates: [Option<Tlv<'a>>; 2],
}

impl<'a> Attributes<'a> {
    /// Reads the contents of the set. contentType and messageDigest once each, the others at most once, one value each
    /// (RFC 5652 §11); contentType must be that of the content.
    pub(crate) fn read(raw: &'a [u8], content_type: &str) -> Option<Self> {
        let (mut kind, mut digest, mut time, mut protection) = (None, None, None, None);
        let mut certificates = [None, None];
        let [v1, v2] = &mut certificates;
        for attribute in ber::each(raw) {
            let (name, values) = attribute_of(attribute?)?;
            let slot = match oid(name.whole)?.as_str() {
                CONTENT_TYPE => &mut kind,
                MESSAGE_DIGEST => &mut digest,
                SIGNING_TIME => &mut time,
                PROTECTION => &mut protection,
                SIGNING_CERTIFICATE => &mut *v1,
                SIGNING_CERTIFICATE_V2 => &mut *v2,
                _ => continue,
            };
            let (value, others) = ber::read(values.content)?;
            if !others.is_empty() || slot.replace(value).is_some() {
                return None;
            }
        }
        (oid(kind?.whole)? == content_type).then_some(())?;
        Some(Self {
            raw,
            message_digest: digest.filter(|d| d.tag == ber::OCTET_STRING)?.content,
            signing_time: match time {
                Some(time) => Some(instant(time)?),
                None => None,
            },
            protection,
            certificates,
        })
    }

    /// What was signed: a SET OF, although transmitted under `[0]` (RFC 5652 §5.4).
    pub(crate) fn as_sent(&self) -> Vec<u8> {
        ber::element(ber::SET, self.raw)
    }

    /// The same in DER order; `None` if that is how they were sent.
    pub(crate) fn sorted(&self) -> Option<Vec<u8>> {
        let mut each: Vec<&[u8]> = ber::each(self.raw).map(|a| a.map(|a| a.whole)).collect::<Option<_>>()?;
        each.sort_unstable();
        let sorted = each.concat();
        (sorted != self.raw).then(|| ber::element(ber::SET, &sorted))
    }

    /// Each signing-certificate attribute that is there names `signer` (RFC 5035 §5.4: the first is the signer's).
    pub(crate) fn name(&self, signer: &Cert<'_>) -> bool {
        let [v1, v2] = self.certificates;
        v1.is_none_or(|v| names(v, Version::One, signer) == Some(true))
            && v2.is_none_or(|v| names(v, Version::Two, signer) == Some(true))
    }
}

/// Type and values of an Attribute.
fn attribute_of(attribute: Tlv<'_>) -> Option<(Tlv<'_>, Tlv<'_>)> {
    let (fields, _) = ber::expect(attribute.whole, ber::SEQUENCE)?;
    let (name, rest) = ber::expect(fields.content, ber::OID)?;
    let (values, rest) = ber::expect(rest, ber::SET)?;
    rest.is_empty().then_some((name, values))
}

/// `content` is the DER of a set of attributes: whoever signed it as attributes never signed it as content
/// (draft-ietf-lamps-cms-euf-cma-signeddata; `reference` signatures.md §6).
pub(crate) fn looks_like_attributes(content: &[u8]) -> bool {
    ber::expect(content, ber::SET).is_some_and(|(set, rest)| {
        rest.is_empty() && ber::each(set.content).all(|attribute| attribute.and_then(attribute_of).is_some())
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// The first ESSCertID of a SigningCertificate is `signer`. (Its issuerSerial only repeats what the digest fixes, and is
/// not read.)
fn names(value: Tlv<'_>, version: Version, signer: &Cert<'_>) -> Option<bool> {
    let (fields, _) = ber::expect(value.whole, ber::SEQUENCE)?;
    let (certificates, _) = ber::expect(fields.content, ber::SEQUENCE)?;
    let (first, _) = ber::expect(certificates.content, ber::SEQUENCE)?;
    let (hash, rest) = match (version, ber::expect(first.content, ber::SEQUENCE)) {
        (Version::One, _) => (Hash::Sha1, first.content),
        (Version::Two, Some((algorithm, rest))) => (oid_of(algorithm.whole)?, rest),
        (Version::Two, None) => (Hash::Sha256, first.content),
    };
    let (digest, _) = ber::expect(rest, ber::OCTET_STRING)?;
    Some(hash.of(signer.der) == digest.content)
}

fn instant(time: Tlv<'_>) -> Option<Timestamp> {
    let since = UtcTime::from_der(time.whole)
        .map(|t| t.to_unix_duration())
        .or_else(|_| GeneralizedTime::from_der(time.whole).map(|t| t.to_unix_duration()))
        .ok()?;
    Timestamp::from_second(i64::try_from(since.as_secs()).ok()?).ok()
}
