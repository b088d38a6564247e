//! Changes when the cryptographic back end changes: the only file that names `aws-lc-rs` and `num-bigint`.

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use num_bigint::BigUint;

use crate::der::Reader;
use crate::style::Digest;
use crate::{Error, Result};

/// The digest of `bytes`.
pub(crate) fn digest(which: Digest, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match which {
        Digest::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &digest::SHA256,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// `N` bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Signature("no randomness".into()))?;
    Ok(bytes)
}

/// RSASSA-PKCS1-v1_5 over `message` with a PKCS#8 key (RFC 8017 §8.2.1).
pub(crate) fn sign_rsa(which: Digest, pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    match which {
        Digest::Sha256 => {
            let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|why| Error::Signature(why.to_string()))?;
            let mut signature = vec![0; key.public_modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                .map_err(|_| Error::Signature("RSA with SHA-256 failed".into()))?;
            Ok(signature)
        }
        // Real providers signed with SHA-1 for years (pec.md §8); aws-lc-rs will not, so the arithmetic is done here.
        // It is not constant-time: these keys protect nothing.
        Digest::Sha1 => {
            let (modulus, exponent) =
                private_key(pkcs8).ok_or_else(|| Error::Signature("not an RSA key in PKCS#8".into()))?;
            let length = modulus.len();
            let mut block = vec![0x00, 0x01];
            block.resize(length.saturating_sub(SHA1_PREFIX.len() + 21), 0xff);
            block.push(0x00);
            block.extend_from_slice(&SHA1_PREFIX);
            block.extend_from_slice(&digest(Digest::Sha1, message));
            let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
            let power = number(&block).modpow(&number(exponent), &number(modulus)).to_bytes_be();
            let mut signature = vec![0; length.saturating_sub(power.len())];
            signature.extend_from_slice(&power);
            Ok(signature)
        }
    }
}

/// DigestInfo of SHA-1 up to the hash itself (RFC 8017 §9.2, note 1).
const SHA1_PREFIX: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];

/// The modulus and the private exponent of a PKCS#8 RSA key (RFC 5958 §2, RFC 8017 A.1.2), without leading zeros.
fn private_key(pkcs8: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = Reader::new(pkcs8).enter(0x30)?;
    info.take(0x02)?; // version
    info.take(0x30)?; // algorithm
    let mut key = Reader::new(info.take(0x04)?).enter(0x30)?;
    key.take(0x02)?; // version
    let modulus = key.take(0x02)?;
    key.take(0x02)?; // public exponent
    let exponent = key.take(0x02)?;
    Some((modulus.strip_prefix(&[0]).unwrap_or(modulus), exponent))
}
