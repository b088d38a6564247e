//! Changes when the shape of the embedded signer's CMS changes.
//!
//! The fallback for a machine without OpenSSL and for dates other than now: the least CMS that providers send
//! (pec.md §8): detached, one SignerInfo by issuerAndSerialNumber, contentType, signingTime and messageDigest signed,
//! rsaEncryption as signature algorithm, the signer's and the issuing certificate embedded (RFC 5652 §5).

use jiff::Timestamp;

use crate::der::{certificate_fields, element, sequence, sorted};
use crate::style::Digest;
use crate::{Error, Result, clock, crypto};

const ID_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ID_SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const SHA1: &[u8] = &[0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA256: &[u8] = &[0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const NULL: &[u8] = &[0x05, 0x00];
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];

/// The identity that signs.
pub(crate) struct Identity<'a> {
    /// The signer's certificate.
    pub(crate) leaf: &'a [u8],
    /// The certificate of who issued it, embedded too.
    pub(crate) issuing: &'a [u8],
    /// The signer's key.
    pub(crate) pkcs8: &'a [u8],
}

/// A detached SignedData over `content`, in DER, with `at` as signing time.
pub(crate) fn sign(identity: &Identity<'_>, content: &[u8], digest: Digest, at: Timestamp) -> Result<Vec<u8>> {
    let fields = certificate_fields(identity.leaf)
        .ok_or_else(|| Error::Signature("the signer's certificate is not one".into()))?;
    let digest_algorithm = match digest {
        Digest::Sha1 => sequence(&[SHA1, NULL]),
        Digest::Sha256 => sequence(&[SHA256, NULL]),
    };

    let attribute = |kind: &[u8], value: &[u8]| sequence(&[kind, &element(0x31, value)]);
    let attributes = sorted(vec![
        attribute(CONTENT_TYPE, ID_DATA),
        attribute(SIGNING_TIME, &element(0x17, clock::utc_time(at).as_bytes())),
        attribute(MESSAGE_DIGEST, &element(0x04, &crypto::digest(digest, content))),
    ]);
    // Signed as SET OF (0x31), transmitted as IMPLICIT [0] (RFC 5652 §5.4).
    let signature = crypto::sign_rsa(digest, identity.pkcs8, &element(0x31, &attributes))?;

    let signer_info = sequence(&[
        VERSION_1,
        &sequence(&[fields.issuer, fields.serial]),
        &digest_algorithm,
        &element(0xa0, &attributes),
        &sequence(&[RSA_ENCRYPTION, NULL]),
        &element(0x04, &signature),
    ]);
    let signed_data = sequence(&[
        VERSION_1,
        &element(0x31, &digest_algorithm),
        &sequence(&[ID_DATA]),
        &element(0xa0, &sorted(vec![identity.leaf.to_vec(), identity.issuing.to_vec()])),
        &element(0x31, &signer_info),
    ]);
    Ok(sequence(&[ID_SIGNED_DATA, &element(0xa0, &signed_data)]))
}
