//! Changes when signatures are to depart from what providers send in another way (RFC 5652 §5).

use crate::Signer;
use crate::der::{element, oid, sequence};
use crate::style::Digest;
use crate::{cms, crypto};
use jiff::Timestamp;

/// How a signature differs from the least that providers send. The default differs in nothing.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// The content stands in the signature too.
    pub attached: bool,
    /// No signed attributes: the signature is over the content itself.
    pub without_attributes: bool,
    /// No certificate travels with it.
    pub without_certificates: bool,
    /// No signingTime.
    pub without_time: bool,
    /// Another signingTime than the time of sealing.
    pub signing_time: Option<Timestamp>,
    /// RSASSA-PSS with the salt as long as the digest, where the key is RSA.
    pub pss: bool,
    /// Somebody else signs the same content too.
    pub cosigner: Option<Box<Signer>>,
    /// The signer's own SignerInfo twice.
    pub twice: bool,
    /// No SignerInfo at all: only certificates (RFC 5652 §5.1 allows it).
    pub unsigned: bool,
    /// Further signed attributes, each whole in DER.
    pub attributes: Vec<Vec<u8>>,
}

/// The signed attribute signingCertificateV2 (RFC 5035 §3) that names that certificate.
#[must_use]
pub fn signing_certificate_v2(certificate: &[u8]) -> Vec<u8> {
    let hash = element(0x04, &crypto::digest(Digest::Sha256, certificate));
    let value = sequence(&[&sequence(&[&sequence(&[&hash])])]);
    sequence(&[&oid("1.2.840.113549.1.9.16.2.47"), &element(0x31, &value)])
}

/// The signed attribute CMSAlgorithmProtection (RFC 6211) of a signature by RSA with that digest.
#[must_use]
pub fn algorithm_protection(digest: Digest) -> Vec<u8> {
    let signature = [oid("1.2.840.113549.1.1.1"), vec![0x05, 0x00]].concat();
    let value = sequence(&[&cms::digest_algorithm(digest), &element(0xa1, &signature)]);
    sequence(&[&oid("1.2.840.113549.1.9.52"), &element(0x31, &value)])
}
