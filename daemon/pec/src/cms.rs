//! CMS SignedData, walked (RFC 5652 §5): its pieces, and what each of its signers says. Nothing is proven here.
//!
//! Walked element by element over normalised bytes, so that one odd certificate or revocation list does not spoil the
//! rest, and so that signed attributes are hashed as they were transmitted.

use crate::attributes::Attributes;
use crate::ber::{self, Tlv};
use crate::cert::Cert;
use crate::crypto::{Hash, Key, Scheme, oid};
use crate::why::{self, Reason};
use alloc::string::String;
use alloc::vec::Vec;

/// Most certificates in one signature. Providers send two.
pub(crate) const CERTIFICATES_MAX: usize = 20;
/// Most revocation lists and answers in one signature. Providers send none.
pub(crate) const REVOCATION_MAX: usize = 20;
/// Most signers that are read. Providers sign once; deeds have a handful.
pub(crate) const SIGNERS_MAX: usize = 20;

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
/// id-data: bytes without a type.
pub(crate) const DATA: &str = "1.2.840.113549.1.7.1";
/// id-ri-ocsp-response (RFC 5940 §2.1).
const OCSP_RESPONSE: &str = "1.3.6.1.5.5.7.16.2";

/// The pieces of a SignedData.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    /// eContentType, dotted.
    pub(crate) content_type: String,
    /// The content it carries: what was signed, in one piece. `None` = detached.
    pub(crate) content: Option<&'a [u8]>,
    /// Certificates as they came (DER).
    pub(crate) certificates: Vec<&'a [u8]>,
    /// Revocation lists and OCSP responses as they came (DER).
    pub(crate) revocation: Vec<&'a [u8]>,
    /// Each SignerInfo, unread.
    pub(crate) signers: Vec<Tlv<'a>>,
    /// digestAlgorithms, dotted.
    digests: Vec<String>,
}

/// The content of a ContentInfo that says to be SignedData.
fn explicit(der: &[u8]) -> Option<&[u8]> {
    let (info, _) = ber::expect(der, ber::SEQUENCE)?;
    let (kind, rest) = ber::expect(info.content, ber::OID)?;
    let (explicit, rest) = ber::expect(rest, ber::CONTEXT_0)?;
    (rest.is_empty() && oid(kind.whole)? == SIGNED_DATA).then_some(explicit.content)
}

/// Whether bytes, BER or DER, begin as a SignedData does.
pub(crate) fn looks_signed(bytes: &[u8]) -> bool {
    const KIND: [u8; 11] = [ber::OID, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let header = match bytes.get(1) {
        Some(long @ 0x81..) => 2 + usize::from(long & 0x7f),
        _ => 2,
    };
    bytes.first() == Some(&ber::SEQUENCE) && bytes.get(header..).is_some_and(|rest| rest.starts_with(&KIND))
}

impl<'a> SignedData<'a> {
    /// Reads a normalised ContentInfo.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Reason> {
        let signed = Self::walk(der).ok_or(why::CMS_UNREADABLE)?;
        if signed.certificates.len() > CERTIFICATES_MAX || signed.revocation.len() > REVOCATION_MAX {
            return Err(why::CMS_CERTIFICATES);
        }
        Ok(signed)
    }

    fn walk(der: &'a [u8]) -> Option<Self> {
        let (signed, rest) = ber::expect(explicit(der)?, ber::SEQUENCE)?;
        rest.is_empty().then_some(())?;
        let rest = after_version(signed.content)?;
        let (digests, rest) = ber::expect(rest, ber::SET)?;
        let (encapsulated, rest) = ber::expect(rest, ber::SEQUENCE)?;
        let (certificates, rest) = optional(rest, ber::CONTEXT_0)?;
        let (revocation, rest) = optional(rest, ber::CONTEXT_1)?;
        let (signers, rest) = ber::expect(rest, ber::SET)?;
        rest.is_empty().then_some(())?;
        let (content_type, content) = ber::expect(encapsulated.content, ber::OID)?;
        Some(Self {
            content_type: oid(content_type.whole)?,
            content: if content.is_empty() { None } else { Some(octets(content)?) },
            // Other kinds of certificate in the set are left out: they sign no mail.
            certificates: elements(certificates, |c| (c.tag == ber::SEQUENCE).then_some(c.whole))?,
            revocation: elements(revocation, revocation_info)?,
            signers: ber::each(signers.content).collect::<Option<_>>()?,
            digests: ber::each(digests.content).map(|d| Some(algorithm(d?.content)?.0)).collect::<Option<_>>()?,
        })
    }

    /// Reads one of the signers.
    pub(crate) fn signer(&self, info: Tlv<'a>) -> Result<SignerInfo<'a>, Reason> {
        let signer = SignerInfo::read(info, &self.content_type)?;
        // RFC 5652 §5.1 lets a verifier refuse it; OpenSSL does.
        if !self.digests.contains(&signer.digest_oid) {
            return Err(why::CMS_DIGEST_SET);
        }
        Ok(signer)
    }
}

/// An element that may be missing, and what follows.
fn optional(input: &[u8], tag: u8) -> Option<(Option<Tlv<'_>>, &[u8])> {
    if input.first() != Some(&tag) {
        return Some((None, input));
    }
    ber::read(input).map(|(element, rest)| (Some(element), rest))
}

/// The elements of a set that may be missing, those that `keep` keeps; `None` if one is no element.
fn elements<'a>(set: Option<Tlv<'a>>, keep: impl Fn(Tlv<'a>) -> Option<&'a [u8]>) -> Option<Vec<&'a [u8]>> {
    let all: Vec<Tlv<'a>> = ber::each(set.map_or(&[], |s| s.content)).collect::<Option<_>>()?;
    Some(all.into_iter().filter_map(keep).collect())
}

/// eContent: `[0]` with one OCTET STRING. (PKCS#7 let it be anything; what its signature covers is then in dispute.)
fn octets(content: &[u8]) -> Option<&[u8]> {
    let (explicit, rest) = ber::expect(content, ber::CONTEXT_0)?;
    let (string, after) = ber::expect(explicit.content, ber::OCTET_STRING)?;
    (rest.is_empty() && after.is_empty()).then_some(string.content)
}

/// A CRL, or the OCSP response of an OtherRevocationInfoFormat; other forms are left out.
fn revocation_info(element: Tlv<'_>) -> Option<&[u8]> {
    if element.tag == ber::SEQUENCE {
        return Some(element.whole);
    }
    let (format, rest) = ber::expect(element.content, ber::OID)?;
    (element.tag == ber::CONTEXT_1 && oid(format.whole)? == OCSP_RESPONSE).then_some(())?;
    ber::expect(rest, ber::SEQUENCE).map(|(response, _)| response.whole)
}

/// OID and parameters (the whole element, if any), from the contents of an AlgorithmIdentifier.
fn algorithm(content: &[u8]) -> Option<(String, Option<&[u8]>)> {
    let (kind, rest) = ber::expect(content, ber::OID)?;
    let kind = oid(kind.whole)?;
    if rest.is_empty() {
        return Some((kind, None));
    }
    // Digests and signatures have NULL, empty (X.690 §8.8), or a SEQUENCE (RFC 4055 §3.1): OpenSSL cannot read others.
    let (parameters, after) = ber::read(rest)?;
    let known = rest == ber::NULL || parameters.tag == ber::SEQUENCE;
    (after.is_empty() && known).then_some((kind, Some(rest)))
}

/// What follows CMSVersion, which is one octet: 0 to 5 (RFC 5652 §10.2.5). It is not looked at further: signers write any.
fn after_version(input: &[u8]) -> Option<&[u8]> {
    let (version, rest) = ber::expect(input, ber::INTEGER)?;
    (version.content.len() == 1).then_some(rest)
}

/// How the signer names its certificate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SignerId<'a> {
    /// Issuer (DER) and serial number.
    Issuer(&'a [u8], &'a [u8]),
    /// subjectKeyIdentifier.
    Key(&'a [u8]),
}

impl<'a> SignerId<'a> {
    fn read(element: Tlv<'a>) -> Option<Self> {
        match element.tag {
            ber::SEQUENCE => {
                let (issuer, rest) = ber::expect(element.content, ber::SEQUENCE)?;
                let (serial, rest) = ber::expect(rest, ber::INTEGER)?;
                rest.is_empty().then_some(Self::Issuer(issuer.whole, serial.content))
            }
            0x80 => Some(Self::Key(element.content)),
            _ => None,
        }
    }

    /// The certificate that is named, among those at hand.
    pub(crate) fn find<'c, 'd>(&self, certificates: &'c [Cert<'d>]) -> Option<&'c Cert<'d>> {
        certificates.iter().find(|cert| match self {
            Self::Issuer(issuer, serial) => cert.issuer.der == *issuer && cert.serial == *serial,
            Self::Key(id) => cert.key_id.is_some_and(|key_id| key_id == *id),
        })
    }
}

/// What one signer says.
#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    /// Who says to have signed.
    pub(crate) id: SignerId<'a>,
    /// OIDs of digest and signature algorithm, dotted.
    pub(crate) digest_oid: String,
    pub(crate) scheme_oid: String,
    /// Digest algorithm, if admitted.
    pub(crate) hash: Option<Hash>,
    /// Signature algorithm, if admitted and in accord with the digest.
    pub(crate) scheme: Option<Scheme>,
    /// Signed attributes; `None` = the content itself was signed.
    pub(crate) attributes: Option<Attributes<'a>>,
    value: &'a [u8],
}

/// What the signature was found to cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The attributes as transmitted.
    AsSent,
    /// The attributes in DER order: the signer hashed them sorted and sent them unsorted.
    Sorted,
}

impl<'a> SignerInfo<'a> {
    fn read(info: Tlv<'a>, content_type: &str) -> Result<Self, Reason> {
        let (signer, digest, scheme, attributes) = Self::walk(info).ok_or(why::CMS_UNREADABLE)?;
        let Some(attributes) = attributes else {
            return Ok(signer);
        };
        let attributes = Attributes::read(attributes, content_type).ok_or(why::CMS_ATTRIBUTES)?;
        if attributes.protection.is_some_and(|protection| !protects(protection, digest, scheme)) {
            return Err(why::CMS_PROTECTION);
        }
        Ok(Self { attributes: Some(attributes), ..signer })
    }

    /// The fields (RFC 5652 §5.3); beside them the two algorithms and the contents of the attributes, as they stand.
    #[allow(clippy::type_complexity)]
    fn walk(info: Tlv<'a>) -> Option<(Self, Tlv<'a>, Tlv<'a>, Option<&'a [u8]>)> {
        let (info, _) = ber::expect(info.whole, ber::SEQUENCE)?;
        let rest = after_version(info.content)?;
        let (id, rest) = ber::read(rest)?;
        let (digest, rest) = ber::expect(rest, ber::SEQUENCE)?;
        let (attributes, rest) = optional(rest, ber::CONTEXT_0)?;
        let (scheme, rest) = ber::expect(rest, ber::SEQUENCE)?;
        let (value, rest) = ber::expect(rest, ber::OCTET_STRING)?;
        let (_unsigned, rest) = optional(rest, ber::CONTEXT_1)?;
        rest.is_empty().then_some(())?;
        let (digest_oid, _) = algorithm(digest.content)?;
        let (scheme_oid, parameters) = algorithm(scheme.content)?;
        let hash = Hash::from_oid(&digest_oid);
        let signer = Self {
            id: SignerId::read(id)?,
            hash,
            scheme: hash.and_then(|hash| Scheme::from_oid(&scheme_oid, parameters, Some(hash))),
            digest_oid,
            scheme_oid,
            attributes: None,
            value: value.content,
        };
        Some((signer, digest, scheme, attributes.map(|a| a.content)))
    }

    /// The signature, as transmitted.
    pub(crate) fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Whether `key` signed these attributes, and in which order they were hashed (RFC 5652 §5.4).
    pub(crate) fn is_by(&self, key: &Key, scheme: Scheme, attributes: &Attributes<'_>) -> Option<Order> {
        if key.verifies(scheme, &attributes.as_sent(), self.value) {
            return Some(Order::AsSent);
        }
        key.verifies(scheme, &attributes.sorted()?, self.value).then_some(Order::Sorted)
    }

    /// Whether `key` signed this content itself, as it does where there are no attributes.
    pub(crate) fn is_plainly_by(&self, key: &Key, scheme: Scheme, content: &[u8]) -> bool {
        key.verifies(scheme, content, self.value)
    }
}

/// CMSAlgorithmProtection names the two algorithms that the signer used (RFC 6211 §2). Absent parameters and NULL are one
/// (RFC 5754 §2).
fn protects(protection: Tlv<'_>, digest: Tlv<'_>, scheme: Tlv<'_>) -> bool {
    fn named(identifier: &[u8]) -> Option<(String, Option<&[u8]>)> {
        algorithm(identifier).map(|(oid, parameters)| (oid, parameters.filter(|p| *p != ber::NULL)))
    }
    let read = || {
        let (fields, after) = ber::expect(protection.whole, ber::SEQUENCE)?;
        let (digest, rest) = ber::expect(fields.content, ber::SEQUENCE)?;
        // [1] IMPLICIT; a [2] would be a MAC, which signs nothing here.
        let (scheme, rest) = ber::expect(rest, ber::CONTEXT_1)?;
        (after.is_empty() && rest.is_empty()).then_some((named(digest.content)?, named(scheme.content)?))
    };
    read().is_some_and(|protected| named(digest.content).zip(named(scheme.content)) == Some(protected))
}
