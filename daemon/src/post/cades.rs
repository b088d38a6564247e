//! The signature in a sealed sheet: CMS as PAdES wants it at its level B-B (ETSI EN 319 142-1 §6). It changes when that norm does;
//! the only file of the service that names the crates of certificates.
//!
//! Signed are the content type, the digest and the certificate (ESS signing-certificate-v2, RFC 5035); the time stands in the PDF's
//! dictionary and nowhere here, as the norm says. One signer, his certificate enclosed: what PDF/A-2 asks too (ISO 19005-2 §6.4.3).

use crate::digest::sha256_bytes;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use jiff::Timestamp;
use x509_cert::Certificate;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::KeyUsage;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// QCStatements (RFC 3739 §3.2.6).
const QC_STATEMENTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
/// «A qualified certificate for electronic seals» (ETSI EN 319 412-5 §4.2.3).
const OF_SEALS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.2");
/// SigningCertificateV2 with one ESSCertIDv2, up to the 32 bytes of its digest, which is SHA-256 by default.
const ESS_HEAD: [u8; 8] = [0x30, 0x26, 0x30, 0x24, 0x30, 0x22, 0x04, 0x20];

/// Whose the seal is.
#[derive(Debug)]
pub(super) struct Identity {
    certificate: Certificate,
    others: Vec<Certificate>,
    /// SHA-256 of the certificate.
    fingerprint: [u8; 32],
}

impl Identity {
    /// The certificate of `public_key` (an RSAPublicKey), among these, with the others beside it.
    pub(super) fn of(public_key: &[u8], certificates: &[Vec<u8>]) -> Result<Self, String> {
        let mut others = Vec::new();
        let mut own = None;
        for (nth, der) in certificates.iter().enumerate() {
            if certificates.iter().take(nth).any(|other| other == der) {
                continue;
            }
            let read = Certificate::from_der(der).map_err(|e| format!("un certificato non si può leggere ({e})"))?;
            // What is not written again as it came would be another certificate in the sheet.
            if read.to_der().ok().as_ref() != Some(der) {
                return Err("un certificato non è codificato secondo le regole (DER)".into());
            }
            let key = &read.tbs_certificate.subject_public_key_info.subject_public_key;
            if own.is_none() && key.raw_bytes() == public_key {
                own = Some((read, sha256_bytes(&[der])));
            } else {
                others.push(read);
            }
        }
        let (certificate, fingerprint) = own.ok_or("il certificato non è quello di questa chiave")?;
        if let Ok(Some((_, usage))) = certificate.tbs_certificate.get::<KeyUsage>()
            && !usage.digital_signature()
            && !usage.non_repudiation()
        {
            return Err("il certificato non è fatto per firmare (keyUsage)".into());
        }
        Ok(Self { certificate, others, fingerprint })
    }

    /// The name in the certificate.
    pub(super) fn name(&self) -> String {
        let subject = &self.certificate.tbs_certificate.subject;
        let mut all = subject.0.iter().flat_map(|part| part.0.iter());
        let common = all.find(|one| one.oid == COMMON_NAME);
        let text = common.and_then(|one| std::str::from_utf8(one.value.value()).ok());
        text.map_or_else(|| subject.to_string(), str::to_owned)
    }

    /// The first and the last instant of its validity.
    pub(super) fn validity(&self) -> (Timestamp, Timestamp) {
        let at = |time: &Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok();
            seconds.and_then(|seconds| Timestamp::from_second(seconds).ok())
        };
        let validity = &self.certificate.tbs_certificate.validity;
        (at(&validity.not_before).unwrap_or(Timestamp::MAX), at(&validity.not_after).unwrap_or(Timestamp::MIN))
    }

    /// It says of itself that it is a qualified certificate for electronic seals.
    pub(super) fn is_of_seals(&self) -> bool {
        let extensions = self.certificate.tbs_certificate.extensions.iter().flatten();
        let mut statements = extensions.filter(|one| one.extn_id == QC_STATEMENTS);
        let says = |text: &[u8]| text.windows(OF_SEALS.as_bytes().len()).any(|window| window == OF_SEALS.as_bytes());
        statements.any(|one| says(one.extn_value.as_bytes()))
    }

    /// A SignedData, detached, over what has this digest. `sign` signs bytes with RSA PKCS#1 v1.5 and SHA-256.
    pub(super) fn signed(&self, digest: [u8; 32], sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.try_signed(digest, sign).ok()?
    }

    fn try_signed(
        &self,
        digest: [u8; 32],
        sign: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> der::Result<Option<Vec<u8>>> {
        let attribute = |oid, value: Any| -> der::Result<Attribute> {
            Ok(Attribute { oid, values: SetOfVec::try_from(vec![value])? })
        };
        let certificate = Any::from_der(&[&ESS_HEAD[..], &self.fingerprint].concat())?;
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
            attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest)?)?)?,
            attribute(SIGNING_CERTIFICATE, certificate)?,
        ])?;
        // Signed as SET OF, sent under a tag of its own (RFC 5652 §5.4).
        let Some(signature) = sign(&attributes.to_der()?) else { return Ok(None) };
        let sha256 = AlgorithmIdentifierOwned { oid: SHA256, parameters: None };
        let tbs = &self.certificate.tbs_certificate;
        let id = IssuerAndSerialNumber { issuer: tbs.issuer.clone(), serial_number: tbs.serial_number.clone() };
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(id),
            digest_alg: sha256.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: AlgorithmIdentifierOwned { oid: RSA, parameters: Some(Any::null()) },
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let all = std::iter::once(&self.certificate).chain(&self.others);
        let all: Vec<CertificateChoices> = all.cloned().map(CertificateChoices::Certificate).collect();
        let data = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![sha256])?,
            encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
            certificates: Some(CertificateSet(SetOfVec::try_from(all)?)),
            crls: None,
            signer_infos: SignerInfos(SetOfVec::try_from(vec![signer])?),
        };
        ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data)? }.to_der().map(Some)
    }
}
