//! Changes when the shape of the embedded signer's CMS changes.
//!
//! The fallback for a machine without OpenSSL and for dates other than now: the least CMS that providers send
//! (pec.md §8): detached, one SignerInfo by issuerAndSerialNumber, contentType, signingTime and messageDigest signed,
//! rsaEncryption as signature algorithm, the signer's and the issuing certificate embedded (RFC 5652 §5). A [`Shape`] makes it
//! something else.

use jiff::Timestamp;

use crate::crypto::Scheme;
use crate::der::{certificate_fields, element, oid, sequence, sorted};
use crate::shape::Shape;
use crate::style::Digest;
use crate::{Error, Result, Signer, clock, crypto};

const ID_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
const ID_SIGNED_DATA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05];
const NULL: &[u8] = &[0x05, 0x00];
const VERSION_1: &[u8] = &[0x02, 0x01, 0x01];

/// A SignedData over `content`, in DER, with `at` as signing time.
pub(crate) fn sign(signer: &Signer, content: &[u8], digest: Digest, at: Timestamp) -> Result<Vec<u8>> {
    let shape = signer.shape();
    let mut infos = vec![signer_info(signer, &shape, content, digest, at)?];
    let mut certificates = vec![signer.leaf.clone(), signer.issuing.clone()];
    if shape.twice {
        infos.extend(infos.clone());
    }
    if let Some(other) = &shape.cosigner {
        infos.push(signer_info(other, &other.shape(), content, digest, at)?);
        certificates.push(other.leaf.clone());
    }
    if shape.unsigned {
        infos.clear();
    }
    let certificates = if shape.without_certificates { Vec::new() } else { element(0xa0, &sorted(certificates)) };
    let inside = if shape.attached { element(0xa0, &element(0x04, content)) } else { Vec::new() };
    let signed_data = sequence(&[
        VERSION_1,
        &element(0x31, &digest_algorithm(digest)),
        &sequence(&[ID_DATA, &inside]),
        &certificates,
        &element(0x31, &sorted(infos)),
    ]);
    Ok(sequence(&[ID_SIGNED_DATA, &element(0xa0, &signed_data)]))
}

fn signer_info(signer: &Signer, shape: &Shape, content: &[u8], digest: Digest, at: Timestamp) -> Result<Vec<u8>> {
    let fields = certificate_fields(&signer.leaf)
        .ok_or_else(|| Error::Signature("the signer's certificate is not one".into()))?;
    let attribute = |kind: &[u8], value: &[u8]| sequence(&[kind, &element(0x31, value)]);
    let mut attributes = vec![
        attribute(CONTENT_TYPE, ID_DATA),
        attribute(MESSAGE_DIGEST, &element(0x04, &crypto::digest(digest, content))),
    ];
    if !shape.without_time {
        let time = clock::utc_time(shape.signing_time.unwrap_or(at));
        attributes.push(attribute(SIGNING_TIME, &element(0x17, time.as_bytes())));
    }
    attributes.extend(shape.attributes.iter().cloned());
    let attributes = sorted(attributes);
    let scheme = Scheme::of(&signer.pkcs8, digest, shape.pss);
    // Signed as SET OF (0x31), transmitted as IMPLICIT [0] (RFC 5652 §5.4).
    let (signed, sent) = match shape.without_attributes {
        true => (content.to_vec(), Vec::new()),
        false => (element(0x31, &attributes), element(0xa0, &attributes)),
    };
    Ok(sequence(&[
        VERSION_1,
        &sequence(&[fields.issuer, fields.serial]),
        &digest_algorithm(digest),
        &sent,
        &signature_algorithm(scheme),
        &element(0x04, &crypto::sign(scheme, &signer.pkcs8, &signed)?),
    ]))
}

/// AlgorithmIdentifier of a digest.
pub(crate) fn digest_algorithm(digest: Digest) -> Vec<u8> {
    let dotted = match digest {
        Digest::Md5 => "1.2.840.113549.2.5",
        Digest::Sha1 => "1.3.14.3.2.26",
        Digest::Sha256 => "2.16.840.1.101.3.4.2.1",
        Digest::Sha384 => "2.16.840.1.101.3.4.2.2",
        Digest::Sha512 => "2.16.840.1.101.3.4.2.3",
    };
    sequence(&[&oid(dotted), NULL])
}

/// AlgorithmIdentifier of a signature in CMS: RSA does not say its digest, as providers write it.
fn signature_algorithm(scheme: Scheme) -> Vec<u8> {
    match scheme {
        Scheme::Pkcs1(_) => sequence(&[&oid("1.2.840.113549.1.1.1"), NULL]),
        Scheme::Pss(digest) => {
            let hash = digest_algorithm(digest);
            let mask = sequence(&[&oid("1.2.840.113549.1.1.8"), &hash]);
            let salt = [0x02, 0x01, crypto::digest(digest, &[]).len() as u8];
            let parameters = sequence(&[&element(0xa0, &hash), &element(0xa1, &mask), &element(0xa2, &salt)]);
            sequence(&[&oid("1.2.840.113549.1.1.10"), &parameters])
        }
        Scheme::EcdsaP256 => sequence(&[&oid("1.2.840.10045.4.3.2")]),
        Scheme::EcdsaP384 => sequence(&[&oid("1.2.840.10045.4.3.3")]),
    }
}
