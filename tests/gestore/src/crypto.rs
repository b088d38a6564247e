//! Changes when the cryptographic back end changes: the only file that names `aws-lc-rs` and `num-bigint`.

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaKeyPair,
};
use num_bigint::BigUint;

use crate::cms::digest_algorithm;
use crate::der::{Reader, element, oid, sequence};
use crate::style::Digest;
use crate::{Error, Result, md5};

/// The digest of `bytes`.
pub(crate) fn digest(which: Digest, bytes: &[u8]) -> Vec<u8> {
    let algorithm = match which {
        Digest::Md5 => return md5::digest(bytes),
        Digest::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &digest::SHA256,
        Digest::Sha384 => &digest::SHA384,
        Digest::Sha512 => &digest::SHA512,
    };
    digest::digest(algorithm, bytes).as_ref().to_vec()
}

/// `N` bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Signature("no randomness".into()))?;
    Ok(bytes)
}

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1(Digest),
    /// RSASSA-PSS.
    Pss(Digest),
    /// With SHA-256.
    EcdsaP256,
    /// With SHA-384.
    EcdsaP384,
}

impl Scheme {
    /// What that key can do with that digest; a curve decides for itself.
    pub(crate) fn of(pkcs8: &[u8], digest: Digest, pss: bool) -> Scheme {
        let has = |dotted: &str| {
            let wanted = oid(dotted);
            pkcs8.windows(wanted.len()).any(|window| window == wanted)
        };
        match () {
            () if has("1.2.840.10045.3.1.7") => Scheme::EcdsaP256,
            () if has("1.3.132.0.34") => Scheme::EcdsaP384,
            () if pss => Scheme::Pss(digest),
            () => Scheme::Pkcs1(digest),
        }
    }
}

/// A signature over `message` with a PKCS#8 key.
pub(crate) fn sign(scheme: Scheme, pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    let random = SystemRandom::new();
    let algorithm = match scheme {
        Scheme::Pkcs1(digest) => return sign_rsa(digest, pkcs8, message),
        Scheme::Pss(Digest::Sha256) => &RSA_PSS_SHA256,
        Scheme::Pss(Digest::Sha384) => &RSA_PSS_SHA384,
        Scheme::Pss(Digest::Sha512) => &RSA_PSS_SHA512,
        Scheme::Pss(Digest::Md5 | Digest::Sha1) => return Err(Error::Signature("no PSS with that digest".into())),
        Scheme::EcdsaP256 | Scheme::EcdsaP384 => {
            let curve = match scheme {
                Scheme::EcdsaP384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
                _ => &ECDSA_P256_SHA256_ASN1_SIGNING,
            };
            let key = EcdsaKeyPair::from_pkcs8(curve, pkcs8).map_err(|why| Error::Signature(why.to_string()))?;
            let signature = key.sign(&random, message).map_err(|_| Error::Signature("ECDSA failed".into()))?;
            return Ok(signature.as_ref().to_vec());
        }
    };
    let key = RsaKeyPair::from_pkcs8(pkcs8).map_err(|why| Error::Signature(why.to_string()))?;
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(algorithm, &random, message, &mut signature).map_err(|_| Error::Signature("PSS failed".into()))?;
    Ok(signature)
}

/// RSASSA-PKCS1-v1_5 over `message` with a PKCS#8 key (RFC 8017 §8.2.1).
pub(crate) fn sign_rsa(which: Digest, pkcs8: &[u8], message: &[u8]) -> Result<Vec<u8>> {
    if which == Digest::Sha256
        && let Ok(key) = RsaKeyPair::from_pkcs8(pkcs8)
    {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::Signature("RSA with SHA-256 failed".into()))?;
        return Ok(signature);
    }
    // Real providers signed with SHA-1 for years and with 1024 bits before (pec.md §8), forgers may with MD5; aws-lc-rs will not,
    // so the arithmetic is done here. It is not constant-time: these keys protect nothing.
    let (modulus, exponent) = private_key(pkcs8).ok_or_else(|| Error::Signature("not an RSA key in PKCS#8".into()))?;
    let length = modulus.len();
    // RFC 8017 §9.2.
    let info = sequence(&[&digest_algorithm(which), &element(0x04, &digest(which, message))]);
    let mut block = vec![0x00, 0x01];
    block.resize(length.saturating_sub(info.len() + 1), 0xff);
    block.push(0x00);
    block.extend_from_slice(&info);
    let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
    let power = number(&block).modpow(&number(exponent), &number(modulus)).to_bytes_be();
    let mut signature = vec![0; length.saturating_sub(power.len())];
    signature.extend_from_slice(&power);
    Ok(signature)
}

/// A key of 1024 bits, which no library makes any more: PKCS#8, and RSAPublicKey (RFC 8017 §A.1).
pub(crate) fn rsa_1024() -> Result<(Vec<u8>, Vec<u8>)> {
    let one = BigUint::from(1u8);
    let exponent = BigUint::from(65537u32);
    loop {
        let (p, q) = (prime()?, prime()?);
        let (p1, q1) = (&p - &one, &q - &one);
        let (Some(d), Some(inverse)) = (exponent.modinv(&(&p1 * &q1)), q.modinv(&p)) else {
            continue; // 65537 divides p - 1, or p = q
        };
        let number = |value: &BigUint| {
            let mut digits = value.to_bytes_be();
            if digits.first().is_none_or(|first| *first >= 0x80) {
                digits.insert(0, 0);
            }
            element(0x02, &digits)
        };
        let modulus = number(&(&p * &q));
        let fields = [&d, &p, &q, &(&d % &p1), &(&d % &q1), &inverse].map(number).concat();
        let private = sequence(&[&[0x02, 0x01, 0x00], &modulus, &number(&exponent), &fields]);
        let algorithm = sequence(&[&oid("1.2.840.113549.1.1.1"), &[0x05, 0x00]]);
        let pkcs8 = sequence(&[&[0x02, 0x01, 0x00], &algorithm, &element(0x04, &private)]);
        return Ok((pkcs8, sequence(&[&modulus, &number(&exponent)])));
    }
}

/// A probable prime of 512 bits, the two highest set: the product of two has 1024.
fn prime() -> Result<BigUint> {
    /// Miller-Rabin with the first primes; candidates are random, not chosen against it.
    const BASES: [u32; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    let one = BigUint::from(1u8);
    loop {
        let mut bytes = random::<64>()?;
        bytes[0] |= 0xc0;
        bytes[63] |= 1;
        let candidate = BigUint::from_bytes_be(&bytes);
        if (3..2000u32).step_by(2).any(|small| &candidate % small == BigUint::default()) {
            continue;
        }
        let less = &candidate - &one;
        let twos = less.trailing_zeros().unwrap_or(0);
        let odd = &less >> twos;
        let witness = |base: u32| {
            let mut power = BigUint::from(base).modpow(&odd, &candidate);
            if power == one || power == less {
                return false;
            }
            for _ in 1..twos {
                power = &power * &power % &candidate;
                if power == less {
                    return false;
                }
            }
            true
        };
        if !BASES.into_iter().any(witness) {
            return Ok(candidate);
        }
    }
}

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
