//! What a certificate says, as plain values. The only file that names x509-cert.

use crate::ber;
use crate::crypto::{Key, Scheme, sha256};
use crate::why::{self, Reason};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use der::asn1::{Ia5StringRef, ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Any, Decode, Encode, Tag, Tagged};
use x509_cert::ext::pkix::constraints::name::GeneralSubtrees;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, NameConstraints, SubjectAltName,
};

/// A distinguished name made comparable (RFC 5280 §7.1, the part that occurs): a set of (type, value) for each RDN,
/// string values without regard to case, spaces and string type.
pub(crate) type Name = Vec<Vec<(String, Vec<u8>)>>;

/// A name in subjectAltName or nameConstraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alt {
    /// rfc822Name.
    Email(String),
    /// directoryName.
    Directory(Name),
    /// Any other form, by its context tag: this crate compares none of them.
    Other(u8),
}

/// nameConstraints (RFC 5280 §4.2.1.10).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Constraints {
    pub(crate) permitted: Vec<Alt>,
    pub(crate) excluded: Vec<Alt>,
}

/// A certificate, read.
#[derive(Debug, Clone)]
pub(crate) struct Cert<'a> {
    /// As it came.
    pub(crate) der: &'a [u8],
    /// The bytes that the issuer signed.
    tbs: &'a [u8],
    scheme: Option<Scheme>,
    signature: Vec<u8>,
    pub(crate) serial: Vec<u8>,
    /// As encoded, for issuerAndSerialNumber.
    pub(crate) issuer_der: Vec<u8>,
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    /// For people: O, else CN.
    pub(crate) organisation: String,
    /// For people: CN, else O.
    pub(crate) common_name: String,
    /// Seconds since 1970.
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    pub(crate) key: Key,
    pub(crate) spki_sha256: [u8; 32],
    pub(crate) key_id: Option<Vec<u8>>,
    /// basicConstraints: cA, and the path length.
    pub(crate) ca: bool,
    pub(crate) path_length: Option<u8>,
    /// keyUsage, if present: (digitalSignature, keyCertSign).
    pub(crate) key_usage: Option<(bool, bool)>,
    pub(crate) extended_key_usage: Option<Vec<String>>,
    pub(crate) policies: Vec<String>,
    pub(crate) alt_names: Vec<Alt>,
    /// emailAddress attributes of the subject (RFC 5280 §4.2.1.10 constrains them where there is no rfc822Name).
    pub(crate) subject_emails: Vec<String>,
    pub(crate) constraints: Option<Constraints>,
    /// OID of a critical extension that nobody here understands.
    pub(crate) unknown_critical: Option<String>,
}

const COMMON_NAME: &str = "2.5.4.3";
const ORGANISATION: &str = "2.5.4.10";
const EMAIL_ADDRESS: &str = "1.2.840.113549.1.9.1";

impl<'a> Cert<'a> {
    /// Reads DER. A known extension that does not read, or occurs twice, makes the certificate unreadable.
    pub(crate) fn read(der: &'a [u8]) -> Result<Self, Reason> {
        Self::try_read(der).ok_or(why::CERTIFICATE_UNREADABLE)
    }

    fn try_read(der: &'a [u8]) -> Option<Self> {
        let typed = x509_cert::Certificate::from_der(der).ok()?;
        // The signed bytes are taken from the original, never encoded again.
        let (outer, _) = ber::expect(der, ber::SEQUENCE)?;
        let (tbs_element, _) = ber::expect(outer.content, ber::SEQUENCE)?;
        let tbs = &typed.tbs_certificate;
        if typed.signature_algorithm != tbs.signature {
            return None;
        }
        let spki = &tbs.subject_public_key_info;
        let curve = spki.algorithm.parameters.as_ref().and_then(|p| p.decode_as::<ObjectIdentifier>().ok());
        let key = Key::new(
            &spki.algorithm.oid.to_string(),
            curve.map(|c| c.to_string()).as_deref(),
            spki.subject_public_key.as_bytes()?,
        );
        let parameters = typed.signature_algorithm.parameters.as_ref().and_then(|p| p.to_der().ok());
        let (subject, texts) = name(&tbs.subject)?;
        let text = |oid: &str| texts.iter().find(|(o, _)| o == oid).map(|(_, t)| t.clone());
        let (common, organisation) = (text(COMMON_NAME), text(ORGANISATION));
        let mut cert = Self {
            der,
            tbs: tbs_element.whole,
            scheme: Scheme::from_oid(&typed.signature_algorithm.oid.to_string(), parameters.as_deref(), None),
            signature: typed.signature.as_bytes()?.to_vec(),
            serial: tbs.serial_number.as_bytes().to_vec(),
            issuer_der: tbs.issuer.to_der().ok()?,
            issuer: name(&tbs.issuer)?.0,
            subject,
            organisation: organisation.clone().or_else(|| common.clone()).unwrap_or_default(),
            common_name: common.or(organisation).unwrap_or_default(),
            not_before: tbs.validity.not_before.to_unix_duration().as_secs(),
            not_after: tbs.validity.not_after.to_unix_duration().as_secs(),
            key,
            spki_sha256: sha256(&spki.to_der().ok()?),
            key_id: None,
            ca: false,
            path_length: None,
            key_usage: None,
            extended_key_usage: None,
            policies: Vec::new(),
            alt_names: Vec::new(),
            subject_emails: texts.into_iter().filter(|(oid, _)| oid == EMAIL_ADDRESS).map(|(_, t)| t).collect(),
            constraints: None,
            unknown_critical: None,
        };
        let mut seen: Vec<ObjectIdentifier> = Vec::new();
        for extension in tbs.extensions.iter().flatten() {
            if seen.contains(&extension.extn_id) {
                return None;
            }
            seen.push(extension.extn_id);
            cert.extension(&extension.extn_id.to_string(), extension.critical, extension.extn_value.as_bytes())?;
        }
        Some(cert)
    }

    fn extension(&mut self, oid: &str, critical: bool, value: &[u8]) -> Option<()> {
        match oid {
            "2.5.29.14" => self.key_id = ber::expect(value, ber::OCTET_STRING).map(|(id, _)| id.content.to_vec()),
            "2.5.29.15" => {
                let usage = KeyUsage::from_der(value).ok()?;
                self.key_usage = Some((usage.digital_signature(), usage.key_cert_sign()));
            }
            "2.5.29.17" => {
                let names = SubjectAltName::from_der(value).ok()?;
                self.alt_names = names.0.iter().map(alt).collect::<Option<_>>()?;
            }
            "2.5.29.19" => {
                let basic = BasicConstraints::from_der(value).ok()?;
                (self.ca, self.path_length) = (basic.ca, basic.path_len_constraint);
            }
            "2.5.29.30" => {
                let constraints = NameConstraints::from_der(value).ok()?;
                self.constraints = Some(Constraints {
                    permitted: subtrees(constraints.permitted_subtrees)?,
                    excluded: subtrees(constraints.excluded_subtrees)?,
                });
            }
            "2.5.29.32" => {
                let policies = CertificatePolicies::from_der(value).ok()?;
                self.policies = policies.0.iter().map(|p| p.policy_identifier.to_string()).collect();
            }
            "2.5.29.37" => {
                let usages = ExtendedKeyUsage::from_der(value).ok()?;
                self.extended_key_usage = Some(usages.0.iter().map(ToString::to_string).collect());
            }
            _ if critical => self.unknown_critical = Some(oid.into()),
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
        self.scheme.is_some_and(|scheme| issuer.key.verifies(scheme, self.tbs, &self.signature))
    }

    /// Addresses of the certificate: rfc822Name only (RFC 6109 §5.5: never in the subject).
    pub(crate) fn emails(&self) -> impl Iterator<Item = &str> {
        self.alt_names.iter().filter_map(|n| match n {
            Alt::Email(address) => Some(address.as_str()),
            Alt::Directory(_) | Alt::Other(_) => None,
        })
    }
}

/// Subject and issuer as RFC 4514 writes them, for people.
pub(crate) fn titles(der: &[u8]) -> Option<(String, String)> {
    let tbs = x509_cert::Certificate::from_der(der).ok()?.tbs_certificate;
    Some((tbs.subject.to_string(), tbs.issuer.to_string()))
}

fn subtrees(trees: Option<GeneralSubtrees>) -> Option<Vec<Alt>> {
    // RFC 5280 §4.2.1.10: minimum must be zero and maximum absent.
    trees
        .into_iter()
        .flatten()
        .map(|t| if t.minimum == 0 && t.maximum.is_none() { alt(&t.base) } else { None })
        .collect()
}

fn alt(general: &GeneralName) -> Option<Alt> {
    Some(match general {
        GeneralName::Rfc822Name(address) => Alt::Email(address.as_str().into()),
        GeneralName::DirectoryName(directory) => Alt::Directory(name(directory)?.0),
        GeneralName::OtherName(_) => Alt::Other(0),
        GeneralName::DnsName(_) => Alt::Other(2),
        GeneralName::EdiPartyName(_) => Alt::Other(5),
        GeneralName::UniformResourceIdentifier(_) => Alt::Other(6),
        GeneralName::IpAddress(_) => Alt::Other(7),
        GeneralName::RegisteredId(_) => Alt::Other(8),
    })
}

/// A name made comparable, and its attributes that are text.
#[allow(clippy::type_complexity)]
fn name(rdns: &x509_cert::name::Name) -> Option<(Name, Vec<(String, String)>)> {
    let mut texts = Vec::new();
    let mut out = Name::new();
    for rdn in &rdns.0 {
        let mut set = Vec::new();
        for attribute in rdn.0.iter() {
            let oid = attribute.oid.to_string();
            let value = match text(&attribute.value) {
                Some(text) => {
                    let folded: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
                    texts.push((oid.clone(), text));
                    folded.join(" ").into_bytes()
                }
                None => attribute.value.to_der().ok()?,
            };
            set.push((oid, value));
        }
        set.sort();
        out.push(set);
    }
    Some((out, texts))
}

fn text(value: &Any) -> Option<String> {
    Some(match value.tag() {
        Tag::Utf8String => value.decode_as::<Utf8StringRef<'_>>().ok()?.as_str().into(),
        Tag::PrintableString => value.decode_as::<PrintableStringRef<'_>>().ok()?.as_str().into(),
        Tag::Ia5String => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().into(),
        Tag::TeletexString => value.decode_as::<TeletexStringRef<'_>>().ok()?.as_str().into(),
        Tag::BmpString => {
            let units = value.value().chunks_exact(2).map(|c| match c {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => return None,
    })
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
    }
}
