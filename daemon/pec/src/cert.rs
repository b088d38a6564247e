//! What a certificate says, read in place (RFC 5280 §4). Nothing is proven here.
//!
//! Walked by hand rather than by a typed crate: those refuse what the norm, or the field, has (dates before 1970, long
//! serial numbers), and copy every name.

use crate::asn1::{self, Fields};
use crate::ber::{self, Tlv};
use crate::crypto::{Key, Scheme, sha256};
use crate::dn::{COMMON_NAME, Dn, EMAIL_ADDRESS, ORGANISATION};
use crate::names::{Constraints, General};
use crate::why::{self, Reason};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;

/// authorityInfoAccess.
const AUTHORITY_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.1");
/// id-pkix-ocsp-nocheck (RFC 6960 §4.2.2.2.1).
const OCSP_NO_CHECK: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5");

/// keyUsage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage(u16);

impl Usage {
    pub(crate) fn signs(self) -> bool {
        self.0 & 1 != 0
    }
    pub(crate) fn signs_certificates(self) -> bool {
        self.0 & 1 << 5 != 0
    }
    pub(crate) fn signs_lists(self) -> bool {
        self.0 & 1 << 6 != 0
    }
}

/// The extensions about policies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policies<'a> {
    /// certificatePolicies: OIDs. `None` = the extension is absent.
    pub(crate) asserted: Option<Vec<&'a [u8]>>,
    /// policyMappings: issuerDomainPolicy, subjectDomainPolicy.
    pub(crate) mappings: Vec<(&'a [u8], &'a [u8])>,
    /// policyConstraints.
    pub(crate) require_explicit: Option<u32>,
    pub(crate) inhibit_mapping: Option<u32>,
    /// inhibitAnyPolicy.
    pub(crate) inhibit_any: Option<u32>,
}

impl Policies<'_> {
    /// certificatePolicies names this one, given with dots.
    pub(crate) fn asserts(&self, dotted: &str) -> bool {
        ObjectIdentifier::new(dotted)
            .is_ok_and(|wanted| self.asserted.iter().flatten().any(|oid| *oid == wanted.as_bytes()))
    }
}

/// A certificate, read.
#[derive(Debug, Clone)]
pub(crate) struct Cert<'a> {
    /// As it came.
    pub(crate) der: &'a [u8],
    /// The bytes that the issuer signed.
    tbs: &'a [u8],
    scheme: Option<Scheme>,
    signature: &'a [u8],
    pub(crate) serial: &'a [u8],
    pub(crate) issuer: Dn<'a>,
    pub(crate) subject: Dn<'a>,
    /// For people: O, else CN.
    pub(crate) organisation: String,
    /// For people: CN, else O.
    pub(crate) common_name: String,
    /// Seconds since 1970.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) key: Key,
    /// Contents of subjectPublicKey, which OCSP hashes.
    pub(crate) key_octets: &'a [u8],
    pub(crate) spki_sha256: [u8; 32],
    pub(crate) key_id: Option<&'a [u8]>,
    pub(crate) authority_key_id: Option<&'a [u8]>,
    /// basicConstraints is there at all (RFC 6109 §5.5 wants none in a provider's).
    pub(crate) basic_constraints: bool,
    pub(crate) ca: bool,
    pub(crate) path_length: Option<u32>,
    pub(crate) key_usage: Option<Usage>,
    /// extendedKeyUsage: OIDs.
    pub(crate) extended_key_usage: Option<Vec<&'a [u8]>>,
    pub(crate) policies: Policies<'a>,
    pub(crate) alt_names: Vec<General<'a>>,
    pub(crate) constraints: Option<Constraints<'a>>,
    /// Values of cRLDistributionPoints and authorityInfoAccess: who needs them reads them.
    pub(crate) crl_points: Option<&'a [u8]>,
    pub(crate) authority_info: Option<&'a [u8]>,
    /// An OCSP responder about which no status is asked.
    pub(crate) ocsp_no_check: bool,
    /// OID of a critical extension that nobody here understands.
    pub(crate) unknown_critical: Option<&'a [u8]>,
}

impl<'a> Cert<'a> {
    /// Reads DER. A known extension that does not read, or occurs twice, makes the certificate unreadable.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Reason> {
        Self::try_read(der).ok_or(why::CERTIFICATE_UNREADABLE)
    }

    fn try_read(der: &'a [u8]) -> Option<Self> {
        let signed = Signed::read(der)?;
        let mut fields = Fields::of(signed.content);
        let version = match fields.optional(ber::CONTEXT_0)? {
            Some(explicit) => asn1::number(Fields::of(explicit.content).take(ber::INTEGER)?.content)?,
            None => 0,
        };
        let serial = fields.take(ber::INTEGER).filter(|s| !s.content.is_empty())?.content;
        (fields.take(ber::SEQUENCE)?.whole == signed.algorithm.whole).then_some(())?;
        let issuer = Dn::read(fields.any()?)?;
        let mut validity = Fields::of(fields.take(ber::SEQUENCE)?.content);
        let (not_before, not_after) = (asn1::time(validity.any()?)?, asn1::time(validity.any()?)?);
        validity.end()?;
        let subject = Dn::read(fields.any()?)?;
        let spki = fields.take(ber::SEQUENCE)?;
        let (key, key_octets) = public_key(spki)?;
        // issuerUniqueID, subjectUniqueID: read by nobody (RFC 5280 §4.1.2.8).
        fields.optional(0x81)?;
        fields.optional(0x82)?;
        let extensions = fields.optional(0xa3)?;
        fields.end()?;
        let (common, organisation) = (subject.texts(COMMON_NAME).next(), subject.texts(ORGANISATION).next());
        let mut cert = Self {
            der,
            tbs: signed.tbs,
            scheme: signed.scheme(),
            signature: signed.signature,
            serial,
            issuer,
            subject,
            organisation: organisation.clone().or_else(|| common.clone()).unwrap_or_default(),
            common_name: common.or(organisation).unwrap_or_default(),
            not_before,
            not_after,
            key,
            key_octets,
            spki_sha256: sha256(spki.whole),
            key_id: None,
            authority_key_id: None,
            basic_constraints: false,
            ca: false,
            path_length: None,
            key_usage: None,
            extended_key_usage: None,
            policies: Policies::default(),
            alt_names: Vec::new(),
            constraints: None,
            crl_points: None,
            authority_info: None,
            ocsp_no_check: false,
            unknown_critical: None,
        };
        if let Some(explicit) = extensions {
            /// v3, the only version with extensions (RFC 5280 §4.1.2.1).
            const V3: u32 = 2;
            (version == V3).then_some(())?;
            each_extension(explicit.content, |oid, critical, value| cert.extension(oid, critical, value))?;
        }
        Some(cert)
    }

    fn extension(&mut self, oid: &'a [u8], critical: bool, value: &'a [u8]) -> Option<()> {
        match oid {
            // 2.5.29.n
            [0x55, 0x1d, 14] => self.key_id = Some(Fields::of(value).take(ber::OCTET_STRING)?.content),
            [0x55, 0x1d, 15] => {
                let bits = Fields::of(value).take(asn1::BIT_STRING)?;
                self.key_usage = Some(Usage(asn1::named_bits(bits.content)?));
            }
            [0x55, 0x1d, 17] => self.alt_names = General::all(Fields::sequence(value)?.rest())?,
            [0x55, 0x1d, 19] => {
                let mut basic = Fields::sequence(value)?;
                self.basic_constraints = true;
                self.ca = basic.optional(asn1::BOOLEAN)?.map_or(Some(false), asn1::boolean)?;
                self.path_length = numbered(basic.optional(ber::INTEGER)?)?;
                basic.end()?;
            }
            [0x55, 0x1d, 30] => self.constraints = Some(Constraints::read(value)?),
            [0x55, 0x1d, 31] => self.crl_points = Some(value),
            [0x55, 0x1d, 32] => {
                let policy = |info: Tlv<'a>| Fields::of(info.content).take(ber::OID).map(|oid| oid.content);
                let all = ber::each(Fields::sequence(value)?.rest()).map(|info| policy(info?));
                self.policies.asserted = Some(all.collect::<Option<_>>()?);
            }
            [0x55, 0x1d, 33] => {
                let pair = |mapping: Tlv<'a>| {
                    let mut pair = Fields::of(mapping.content);
                    Some((pair.take(ber::OID)?.content, pair.take(ber::OID)?.content))
                };
                let all = ber::each(Fields::sequence(value)?.rest()).map(|mapping| pair(mapping?));
                self.policies.mappings = all.collect::<Option<_>>()?;
            }
            [0x55, 0x1d, 35] => {
                self.authority_key_id = Fields::sequence(value)?.optional(0x80)?.map(|id| id.content);
            }
            [0x55, 0x1d, 36] => {
                let mut constraints = Fields::sequence(value)?;
                self.policies.require_explicit = numbered(constraints.optional(0x80)?)?;
                self.policies.inhibit_mapping = numbered(constraints.optional(0x81)?)?;
                constraints.end()?;
            }
            [0x55, 0x1d, 37] => {
                let usage = |usage: Tlv<'a>| (usage.tag == ber::OID).then_some(usage.content);
                let all = ber::each(Fields::sequence(value)?.rest()).map(|u| usage(u?));
                self.extended_key_usage = Some(all.collect::<Option<_>>()?);
            }
            [0x55, 0x1d, 54] => self.policies.inhibit_any = Some(numbered(Fields::of(value).optional(ber::INTEGER)?)??),
            _ if oid == AUTHORITY_INFO.as_bytes() => self.authority_info = Some(value),
            _ if oid == OCSP_NO_CHECK.as_bytes() => self.ocsp_no_check = true,
            _ if critical => self.unknown_critical = Some(oid),
            _ => {}
        }
        Some(())
    }

    /// How it was signed, if the algorithm is admitted.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        self.scheme
    }

    /// `issuer`'s key signed this certificate.
    pub(crate) fn is_signed_by(&self, issuer: &Cert<'_>) -> bool {
        self.scheme.is_some_and(|scheme| issuer.key.verifies(scheme, self.tbs, self.signature))
    }

    /// Subject and issuer are one name (RFC 5280 §3.2): a new key, or another certificate, of one authority.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.subject.same(&self.issuer)
    }

    /// It may sign certificates: RFC 5280 §6.1.4 (k), (n).
    pub(crate) fn is_authority(&self) -> bool {
        self.ca && self.key_usage.is_some_and(Usage::signs_certificates)
    }

    /// Addresses of the certificate: rfc822Name only (RFC 6109 §5.5: never in the subject).
    pub(crate) fn emails(&self) -> impl Iterator<Item = &'a str> {
        self.alt_names.iter().filter_map(|name| match name {
            General::Email(address) => Some(*address),
            _ => None,
        })
    }

    /// emailAddress attributes of the subject.
    pub(crate) fn subject_emails(&self) -> Vec<String> {
        self.subject.texts(EMAIL_ADDRESS).collect()
    }
}

/// The three fields of everything that an authority signs: certificate, CRL, OCSP answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    /// The signed bytes.
    pub(crate) tbs: &'a [u8],
    /// Their contents.
    pub(crate) content: &'a [u8],
    /// AlgorithmIdentifier.
    pub(crate) algorithm: Tlv<'a>,
    pub(crate) signature: &'a [u8],
    /// What follows the signature (OCSP: certificates).
    pub(crate) rest: Fields<'a>,
}

impl<'a> Signed<'a> {
    /// Reads a certificate or a CRL, where nothing follows.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let signed = Self::read_open(Fields::sequence(der)?)?;
        signed.rest.end()?;
        Some(signed)
    }

    pub(crate) fn read_open(mut fields: Fields<'a>) -> Option<Self> {
        let (tbs, algorithm) = (fields.take(ber::SEQUENCE)?, fields.take(ber::SEQUENCE)?);
        let signature = asn1::octets(fields.any()?)?;
        Some(Self { tbs: tbs.whole, content: tbs.content, algorithm, signature, rest: fields })
    }

    /// The algorithm, if admitted.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        let mut fields = Fields::of(self.algorithm.content);
        let oid = ObjectIdentifier::from_bytes(fields.take(ber::OID)?.content).ok()?;
        let parameters = fields.any().map(|p| p.whole);
        Scheme::from_oid(&oid.to_string(), parameters, None)
    }
}

/// Calls `each` with OID, criticality and value of every extension, from the contents of an explicit tag. `None` = one
/// does not read, or `each` said so, or one occurs twice (RFC 5280 §4.2).
pub(crate) fn each_extension<'a>(
    content: &'a [u8],
    mut each: impl FnMut(&'a [u8], bool, &'a [u8]) -> Option<()>,
) -> Option<()> {
    let mut seen: Vec<&[u8]> = Vec::new();
    for extension in ber::each(Fields::sequence(content)?.rest()) {
        let extension = extension.filter(|e| e.tag == ber::SEQUENCE)?;
        let mut fields = Fields::of(extension.content);
        let oid = fields.take(ber::OID)?.content;
        let critical = fields.optional(asn1::BOOLEAN)?.map_or(Some(false), asn1::boolean)?;
        let value = fields.take(ber::OCTET_STRING)?.content;
        fields.end()?;
        if seen.contains(&oid) {
            return None;
        }
        seen.push(oid);
        each(oid, critical, value)?;
    }
    Some(())
}

/// SubjectPublicKeyInfo: the key, and the octets of its bit string.
fn public_key(spki: Tlv<'_>) -> Option<(Key, &[u8])> {
    let mut fields = Fields::of(spki.content);
    let mut algorithm = Fields::of(fields.take(ber::SEQUENCE)?.content);
    let octets = asn1::octets(fields.any()?)?;
    fields.end()?;
    let kind = asn1::dotted(algorithm.take(ber::OID)?.content);
    let curve = algorithm.take(ber::OID).map(|curve| asn1::dotted(curve.content));
    Some((Key::new(&kind, curve.as_deref(), octets), octets))
}

/// An optional number that must read if it is there.
fn numbered(element: Option<Tlv<'_>>) -> Option<Option<u32>> {
    element.map_or(Some(None), |e| asn1::number(e.content).map(Some))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(Cert::read(&bytes).is_err());
        }

        #[test]
        fn a_changed_certificate_is_answered(at in 0usize..900, to: u8) {
            let mut der = include_bytes!("../testdata/ca/v_emailnc.der").to_vec();
            if let Some(byte) = der.get_mut(at) {
                *byte = to;
            }
            let _ = Cert::read(&der);
        }
    }
}
