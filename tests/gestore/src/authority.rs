//! Changes when the profile of the certificates of the circuit changes; the only file that names `rcgen`.
//!
//! The profile is that of the real circuit (pec.md §8, RFC 6109 §5.5): a root, under it one issuing authority with name
//! constraints, under it one certificate for each provider. Only the words differ: all of them say that it is a simulation.

use std::path::Path;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, CrlDistributionPoint, CustomExtension, DistinguishedName, DnType,
    DnValue, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, PublicKeyData, RsaKeySize, SanType, SerialNumber,
    SignatureAlgorithm, date_time_ymd,
};

use crate::codec::{from_pem, pem};
use crate::der::certificate_fields;
use crate::style::{Digest, Style};
use crate::{Error, Provider, Result, Signer, clock, crypto};

/// The organisation in every authority certificate.
pub const ORGANIZATION: &str = "SIMULAZIONE NON VALIDA";
/// The common name of the issuing authority.
pub const ISSUING_NAME: &str = "SIMULAZIONE Sportello - Autorita' PEC finta";
const ROOT_NAME: &str = "SIMULAZIONE Sportello - Radice finta";
/// Where all simulated providers live: the directory name that the issuing authority is constrained to.
const LOCALITY: &str = "SIMULAZIONE";

/// The policy of certificates that sign PEC (pec.md §8).
pub const POLICY_PEC: &str = "1.3.76.16.3.1.1";
/// The policy of the issuing authority.
const POLICY_AUTHORITY: &str = "1.3.76.16.3.1";

const LEAF_YEARS: i16 = 3;
const ISSUING_YEARS: i16 = 10;
const ROOT_YEARS: i16 = 20;

/// The simulated authority: a root and the issuing authority that signs providers' certificates.
///
/// Two authorities made by two calls have the same subjects and different keys: the second is the impostor of the first.
#[derive(Clone, Debug)]
pub struct Authority {
    name: String,
    root: Vec<u8>,
    certificate: Vec<u8>,
    pub(crate) pkcs8: Vec<u8>,
}

/// What stands in a leaf certificate. [`LeafProfile::of_provider`] is right by the rules; change a field to make it wrong.
#[derive(Clone, Debug)]
pub struct LeafProfile {
    /// O; providers say it again in *gestore-emittente*.
    pub organization: String,
    /// CN.
    pub common_name: String,
    /// The rfc822Name of subjectAltName; `None` for no such extension.
    pub address: Option<String>,
    /// certificatePolicies, dotted; `None` for no such extension.
    pub policy: Option<&'static str>,
    /// Whether extendedKeyUsage emailProtection is there.
    pub email_protection: bool,
    /// Whether keyUsage is digitalSignature (right) or keyEncipherment (wrong).
    pub digital_signature: bool,
    /// Whether extendedKeyUsage OCSPSigning is there: a delegate who answers for the authority (RFC 6960 §4.2.2.2).
    pub ocsp_signing: bool,
    /// cRLDistributionPoints: where the list is published.
    pub crl_url: Option<String>,
    /// authorityInfoAccess: where the OCSP responder is.
    pub ocsp_url: Option<String>,
    /// Whether basicConstraints CA:TRUE is there, which is forbidden.
    pub is_ca: bool,
    /// The first day of validity.
    pub from: Timestamp,
    /// Years of validity.
    pub years: i16,
    /// The signer's key.
    pub key: KeyKind,
    /// The digest with which the authority signs the certificate.
    pub signed_with: Digest,
}

/// The key of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// As providers have.
    Rsa2048,
    /// As they had before 2018.
    Rsa1024,
    /// ECDSA.
    P256,
    /// ECDSA.
    P384,
}

impl LeafProfile {
    /// The profile of a provider's signing certificate, valid for three years from the day before `now`.
    #[must_use]
    pub fn of_provider(name: &str, host: &str, now: Timestamp) -> LeafProfile {
        LeafProfile {
            organization: simulated(name),
            common_name: format!("Posta Certificata {}", simulated(name)),
            address: Some(format!("posta-certificata@{host}")),
            policy: Some(POLICY_PEC),
            email_protection: true,
            digital_signature: true,
            ocsp_signing: false,
            crl_url: None,
            ocsp_url: None,
            is_ca: false,
            from: now,
            years: LEAF_YEARS,
            key: KeyKind::Rsa2048,
            signed_with: Digest::Sha256,
        }
    }
}

/// A provider's name with the loud word in it.
pub(crate) fn simulated(name: &str) -> String {
    format!("SIMULAZIONE {name}")
}

impl Authority {
    /// Makes keys and certificates of a new authority, valid from the day before `now`.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn create(now: Timestamp) -> Result<Authority> {
        Authority::create_named(ISSUING_NAME, now)
    }

    /// The same with another common name: an authority that certifies, and that nobody who trusts the first one has heard of.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn create_named(name: &str, now: Timestamp) -> Result<Authority> {
        Authority::certified(name, now, &new_key()?, ".test")
    }

    /// An authority that nobody certifies but itself.
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn self_signed(name: &str, now: Timestamp) -> Result<Authority> {
        let key = new_key()?;
        let certificate = issuing_params(name, now, ".test")?.self_signed(&key).map_err(certificate_error)?;
        let der = certificate.der().to_vec();
        Ok(Authority { name: name.into(), root: der.clone(), certificate: der, pkcs8: key.serialize_der() })
    }

    /// The same authority with another certificate of its key, by another root, that permits e-mail addresses of that host only:
    /// real ones have several at once (pec.md §8).
    ///
    /// # Errors
    /// When keys or certificates cannot be made.
    pub fn cross_certified(&self, host: &str, now: Timestamp) -> Result<Authority> {
        Authority::certified(&self.name, now, &read_key(&self.pkcs8)?, host)
    }

    fn certified(name: &str, now: Timestamp, key: &KeyPair, host: &str) -> Result<Authority> {
        let root_key = new_key()?;
        let root = authority_params(ROOT_NAME, now, ROOT_YEARS, BasicConstraints::Unconstrained)?;
        let root_certificate = root.self_signed(&root_key).map_err(certificate_error)?;
        let issuing = issuing_params(name, now, host)?;
        let certificate = issuing.signed_by(key, &Issuer::from_params(&root, &root_key)).map_err(certificate_error)?;
        Ok(Authority {
            name: name.to_string(),
            root: root_certificate.der().to_vec(),
            certificate: certificate.der().to_vec(),
            pkcs8: key.serialize_der(),
        })
    }

    /// Writes `authority.pem` (the issuing certificate, what a verifier pins), `root.pem` and `authority.key` into `directory`.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn save(&self, directory: &Path) -> Result<()> {
        crate::state::write_files(
            directory,
            &[
                ("root.pem", pem("CERTIFICATE", &self.root)),
                ("authority.key", pem("PRIVATE KEY", &self.pkcs8)),
                ("authority.pem", pem("CERTIFICATE", &self.certificate)),
            ],
        )
    }

    /// Reads what [`Authority::save`] wrote.
    ///
    /// # Errors
    /// When a file is missing or is not what its name says.
    pub fn load(directory: &Path) -> Result<Authority> {
        Ok(Authority {
            name: ISSUING_NAME.to_string(),
            root: read_pem(&directory.join("root.pem"), "CERTIFICATE")?,
            certificate: read_pem(&directory.join("authority.pem"), "CERTIFICATE")?,
            pkcs8: read_pem(&directory.join("authority.key"), "PRIVATE KEY")?,
        })
    }

    /// The issuing authority's certificate.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The same in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    /// The root's certificate; it travels in no message, as in the real circuit.
    #[must_use]
    pub fn root_der(&self) -> &[u8] {
        &self.root
    }

    /// SHA-256 of the issuing authority's SubjectPublicKeyInfo: the pin.
    #[must_use]
    pub fn spki_sha256(&self) -> [u8; 32] {
        let spki = certificate_fields(&self.certificate).map(|fields| fields.spki).unwrap_or_default();
        crypto::digest(Digest::Sha256, spki).try_into().unwrap_or_default()
    }

    /// Its subject as encoded: the issuer of what it signs.
    pub(crate) fn subject(&self) -> Result<&[u8]> {
        let fields = certificate_fields(&self.certificate);
        Ok(fields.ok_or_else(|| Error::Certificate("the authority's certificate is not one".into()))?.subject)
    }

    /// Its subjectKeyIdentifier.
    pub(crate) fn key_identifier(&self) -> Result<Vec<u8>> {
        Ok(CertificateParams::default().key_identifier(&read_key(&self.pkcs8)?))
    }

    /// A provider with a right certificate for `posta-certificata@<host>`; `host` must end in `.test`, where the authority's
    /// name constraints hold.
    ///
    /// # Errors
    /// When the key or the certificate cannot be made.
    pub fn provider(&self, name: &str, host: &str, style: Style, now: Timestamp) -> Result<Provider> {
        Ok(Provider::new(name, host, style, self.leaf(&LeafProfile::of_provider(name, host, now))?))
    }

    /// A signer with any certificate one cares to describe, for messages that must be refused.
    ///
    /// # Errors
    /// When the key or the certificate cannot be made.
    pub fn leaf(&self, profile: &LeafProfile) -> Result<Signer> {
        let key = LeafKey::new(profile.key)?;
        let mut params = params(profile.from, profile.years)?;
        params.distinguished_name = place();
        params.distinguished_name.push(DnType::OrganizationName, profile.organization.as_str());
        params.distinguished_name.push(DnType::CommonName, profile.common_name.as_str());
        if let Some(address) = &profile.address {
            params.subject_alt_names.push(SanType::Rfc822Name(address.as_str().try_into().map_err(certificate_error)?));
        }
        params.key_usages = vec![if profile.digital_signature {
            KeyUsagePurpose::DigitalSignature
        } else {
            KeyUsagePurpose::KeyEncipherment
        }];
        if profile.email_protection {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::EmailProtection);
        }
        if profile.ocsp_signing {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::OcspSigning);
        }
        let points = profile.crl_url.iter().map(|url| CrlDistributionPoint { uris: vec![url.clone()] });
        params.crl_distribution_points = points.collect();
        params.custom_extensions.extend(profile.ocsp_url.as_deref().map(ocsp_at));
        params.custom_extensions.extend(profile.policy.map(policies));
        // ExplicitNoCa would write basicConstraints; a provider's certificate must not have it at all (RFC 6109 §5.5.2).
        params.is_ca = if profile.is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        if !profile.is_ca {
            // rcgen writes the subject key identifier of authorities only.
            params.custom_extensions.push(subject_key_identifier(&params, &key));
        }
        let own_key = read_key(&self.pkcs8)?;
        let own_params = issuing_params(&self.name, profile.from, ".test")?;
        let certificate =
            params.signed_by(&key, &Issuer::from_params(&own_params, &own_key)).map_err(certificate_error)?;
        let mut der = certificate.der().to_vec();
        if profile.signed_with != Digest::Sha256 {
            der = signed_again(&der, profile.signed_with, &self.pkcs8)?;
        }
        Ok(Signer::new(der, self.certificate.clone(), key.pkcs8))
    }
}

fn issuing_params(name: &str, now: Timestamp, host: &str) -> Result<CertificateParams> {
    let mut params = authority_params(name, now, ISSUING_YEARS, BasicConstraints::Constrained(0))?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::EmailProtection];
    params.custom_extensions.push(policies(POLICY_AUTHORITY));
    // The real one lists the hosts of all providers; here a provider is any host under `.test` (RFC 5280 §4.2.1.10).
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::Rfc822Name(host.into()), GeneralSubtree::DirectoryName(place())],
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    Ok(params)
}

fn authority_params(name: &str, now: Timestamp, years: i16, depth: BasicConstraints) -> Result<CertificateParams> {
    let mut params = params(now, years)?;
    params.distinguished_name = place();
    params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(depth);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(now: Timestamp, years: i16) -> Result<CertificateParams> {
    let day = |date: jiff::civil::Date| {
        date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    let impossible = |why: jiff::Error| Error::Certificate(why.to_string());
    let first = clock::utc_date(now).yesterday().map_err(impossible)?;
    let last = first.checked_add(jiff::Span::new().years(years)).map_err(impossible)?;
    let mut params = CertificateParams::default();
    params.not_before = day(first);
    params.not_after = day(last);
    params.use_authority_key_identifier_extension = true;
    let mut serial = crypto::random::<16>()?;
    serial[0] = serial[0] & 0x7f | 0x40; // positive and of one length
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(params)
}

/// C and L, common to all: what the directory-name constraint permits.
fn place() -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Ok(country) = "IT".try_into() {
        name.push(DnType::CountryName, DnValue::PrintableString(country));
    }
    name.push(DnType::LocalityName, LOCALITY);
    name
}

fn policies(dotted: &str) -> CustomExtension {
    const CERTIFICATE_POLICIES: &[u64] = &[2, 5, 29, 32];
    CustomExtension::from_oid_content(
        CERTIFICATE_POLICIES,
        crate::der::sequence(&[&crate::der::sequence(&[&crate::der::oid(dotted)])]),
    )
}

/// authorityInfoAccess with the one access method that matters here (RFC 5280 §4.2.2.1).
fn ocsp_at(url: &str) -> CustomExtension {
    const AUTHORITY_INFO_ACCESS: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
    let location = crate::der::element(0x86, url.as_bytes());
    let access = crate::der::sequence(&[&crate::der::oid("1.3.6.1.5.5.7.48.1"), &location]);
    CustomExtension::from_oid_content(AUTHORITY_INFO_ACCESS, crate::der::sequence(&[&access]))
}

fn subject_key_identifier(params: &CertificateParams, key: &LeafKey) -> CustomExtension {
    const SUBJECT_KEY_IDENTIFIER: &[u64] = &[2, 5, 29, 14];
    CustomExtension::from_oid_content(SUBJECT_KEY_IDENTIFIER, crate::der::element(0x04, &params.key_identifier(key)))
}

/// A certificate of the authority with another digest in its signature, which `rcgen` rightly does not make.
fn signed_again(certificate: &[u8], digest: Digest, pkcs8: &[u8]) -> Result<Vec<u8>> {
    use crate::der::{Reader, element, oid, sequence};
    let algorithm = |dotted: &str| sequence(&[&oid(dotted), &[0x05, 0x00]]);
    let (usual, wanted) = match digest {
        Digest::Md5 => (SHA256_WITH_RSA, "1.2.840.113549.1.1.4"),
        Digest::Sha1 => (SHA256_WITH_RSA, "1.2.840.113549.1.1.5"),
        _ => (SHA256_WITH_RSA, SHA256_WITH_RSA),
    };
    let not_one = || Error::Certificate("not a certificate".into());
    let (_, _, tbs) = Reader::new(certificate).enter(0x30).and_then(|mut inside| inside.next()).ok_or_else(not_one)?;
    let tbs = element(0x30, &crate::forge::with_bytes(tbs, &algorithm(usual), &algorithm(wanted)));
    let signature = element(0x03, &[&[0][..], &crypto::sign_rsa(digest, pkcs8, &tbs)?].concat());
    Ok(sequence(&[&tbs, &algorithm(wanted), &signature]))
}

const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";

/// A key of any kind, as `rcgen` wants to certify it.
struct LeafKey {
    /// The content of the BIT STRING.
    public: Vec<u8>,
    algorithm: &'static SignatureAlgorithm,
    pkcs8: Vec<u8>,
}

impl LeafKey {
    fn new(kind: KeyKind) -> Result<LeafKey> {
        let pair = match kind {
            KeyKind::Rsa1024 => {
                let (pkcs8, public) = crypto::rsa_1024()?;
                return Ok(LeafKey { public, algorithm: &PKCS_RSA_SHA256, pkcs8 });
            }
            KeyKind::Rsa2048 => new_key(),
            KeyKind::P256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(certificate_error),
            KeyKind::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).map_err(certificate_error),
        }?;
        Ok(LeafKey { public: pair.der_bytes().to_vec(), algorithm: pair.algorithm(), pkcs8: pair.serialize_der() })
    }
}

impl PublicKeyData for LeafKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

fn new_key() -> Result<KeyPair> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(certificate_error)
}

fn read_key(pkcs8: &[u8]) -> Result<KeyPair> {
    KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8.into(), &PKCS_RSA_SHA256).map_err(certificate_error)
}

pub(crate) fn read_pem(path: &Path, label: &str) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    from_pem(label, &text).ok_or_else(|| Error::State(format!("{}: no {label} in it", path.display())))
}

fn certificate_error(why: rcgen::Error) -> Error {
    Error::Certificate(why.to_string())
}
