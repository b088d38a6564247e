//! The mathematics: digests and signatures, and which of them are admitted. The only file that names aws-lc-rs.

use crate::ber;
use crate::report::Why;
use crate::why;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use aws_lc_rs::digest;
use aws_lc_rs::signature as sig;
use aws_lc_rs::signature::VerificationAlgorithm;

/// Longest RSA modulus, in bits.
pub(crate) const RSA_BITS_MAX: usize = 8192;
/// Longest public exponent, in bits: a check costs a multiplication for each (`reference` reliability.md §3.3).
pub(crate) const RSA_EXPONENT_BITS_MAX: usize = 33;
/// Shortest RSA modulus today; shorter ones only in the archive (`reference` pec.md §8).
pub(crate) const RSA_BITS_MIN: usize = 2048;
/// Shortest RSA modulus ever read (providers before 2018).
pub(crate) const RSA_BITS_ARCHIVE: usize = 1024;

/// A digest algorithm that is admitted. MD5 is not among them, nor what no provider uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// From the OID of a digest.
    pub(crate) fn from_oid(oid: &str) -> Option<Self> {
        Some(match oid {
            "1.3.14.3.2.26" => Self::Sha1,
            "2.16.840.1.101.3.4.2.1" => Self::Sha256,
            "2.16.840.1.101.3.4.2.2" => Self::Sha384,
            "2.16.840.1.101.3.4.2.3" => Self::Sha512,
            _ => return None,
        })
    }

    /// As people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The digest of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> Vec<u8> {
        digest::digest(self.algorithm(), bytes).as_ref().to_vec()
    }

    /// A digest of bytes that come in pieces.
    pub(crate) fn running(self) -> Running {
        Running(digest::Context::new(self.algorithm()))
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The digest, in lower-case hex, of what `each` hands on piece by piece.
    pub(crate) fn of_pieces(self, each: impl FnOnce(&mut dyn FnMut(&[u8]))) -> String {
        let mut context = digest::Context::new(self.algorithm());
        each(&mut |piece| context.update(piece));
        hex(context.finish().as_ref())
    }
}

/// A digest of bytes that come in pieces.
pub(crate) struct Running(digest::Context);

impl Running {
    pub(crate) fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }
    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.finish().as_ref().to_vec()
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        out.extend([byte >> 4, byte & 15].into_iter().filter_map(|d| char::from_digit(u32::from(d), 16)));
        out
    })
}

/// SHA-256 as an array.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, bytes).as_ref()) {
        *to = *from;
    }
    out
}

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RSA PKCS#1 v1.5.
    Pkcs1(Hash),
    /// RSA-PSS with MGF1 over the same digest, and this length of salt.
    Pss(Hash, u16),
    /// ECDSA.
    Ecdsa(Hash),
}

impl Scheme {
    /// Its digest.
    pub(crate) fn hash(self) -> Hash {
        match self {
            Self::Pkcs1(hash) | Self::Pss(hash, _) | Self::Ecdsa(hash) => hash,
        }
    }

    /// From the OID of a signature algorithm; `parameters` is the whole element after it, if any. `digest` is what the
    /// CMS names beside it: `rsaEncryption` does not say it, and where both say it they must agree (RFC 5652 §5.3).
    pub(crate) fn from_oid(oid: &str, parameters: Option<&[u8]>, digest: Option<Hash>) -> Option<Self> {
        let scheme = match oid {
            "1.2.840.113549.1.1.1" => Self::Pkcs1(digest?),
            "1.2.840.113549.1.1.5" => Self::Pkcs1(Hash::Sha1),
            "1.2.840.113549.1.1.11" => Self::Pkcs1(Hash::Sha256),
            "1.2.840.113549.1.1.12" => Self::Pkcs1(Hash::Sha384),
            "1.2.840.113549.1.1.13" => Self::Pkcs1(Hash::Sha512),
            "1.2.840.113549.1.1.10" => pss(parameters?)?,
            "1.2.840.10045.4.1" => Self::Ecdsa(Hash::Sha1),
            "1.2.840.10045.4.3.2" => Self::Ecdsa(Hash::Sha256),
            "1.2.840.10045.4.3.3" => Self::Ecdsa(Hash::Sha384),
            "1.2.840.10045.4.3.4" => Self::Ecdsa(Hash::Sha512),
            _ => return None,
        };
        digest.is_none_or(|d| d == scheme.hash()).then_some(scheme)
    }
}

/// Longest PSS salt, in octets: what fits the longest key.
const SALT_MAX: u16 = 1024;

/// RSASSA-PSS-params (RFC 4055 §3.1), each field at most once and in order. The default digest is SHA-1, which no PSS
/// signer uses: it must be named, and MGF1 must use the same.
fn pss(parameters: &[u8]) -> Option<Scheme> {
    const MGF1: &str = "1.2.840.113549.1.1.8";
    let (sequence, _) = ber::expect(parameters, ber::SEQUENCE)?;
    let (mut hash, mut mask, mut salt, mut last) = (None, None, 20, None);
    for field in ber::each(sequence.content) {
        let field = field?;
        last.replace(field.tag).is_none_or(|before| before < field.tag).then_some(())?;
        let (inner, _) = ber::read(field.content)?;
        match field.tag {
            0xa0 => hash = Some(oid_of(inner.whole)?),
            0xa1 => {
                let (generator, parameters) = ber::expect(inner.content, ber::OID)?;
                (oid(generator.whole)? == MGF1).then_some(())?;
                mask = Some(oid_of(parameters)?);
            }
            0xa2 => {
                salt = inner.content.iter().try_fold(0u16, |n, b| n.checked_mul(256)?.checked_add(u16::from(*b)))?
            }
            // trailerField: only trailerFieldBC exists.
            0xa3 => (inner.content == [1]).then_some(())?,
            _ => return None,
        }
    }
    let hash = hash?;
    (mask == Some(hash) && hash != Hash::Sha1 && salt <= SALT_MAX).then_some(Scheme::Pss(hash, salt))
}

/// The digest that an AlgorithmIdentifier names.
pub(crate) fn oid_of(algorithm: &[u8]) -> Option<Hash> {
    let (sequence, _) = ber::expect(algorithm, ber::SEQUENCE)?;
    let (kind, _) = ber::expect(sequence.content, ber::OID)?;
    Hash::from_oid(&oid(kind.whole)?)
}

/// An OBJECT IDENTIFIER, dotted.
pub(crate) fn oid(element: &[u8]) -> Option<String> {
    let (element, _) = ber::expect(element, ber::OID)?;
    Some(der::asn1::ObjectIdentifier::from_bytes(element.content).ok()?.to_string())
}

/// Why a digest or a signature algorithm (OIDs) is not admitted: people should read «MD5», not a number.
pub(crate) fn refusal(digest: &str, scheme: &str) -> Why {
    match (digest, scheme) {
        ("1.2.840.113549.2.2" | "1.2.840.113549.2.4" | "1.2.840.113549.2.5", _)
        | (_, "1.2.840.113549.1.1.2" | "1.2.840.113549.1.1.3" | "1.2.840.113549.1.1.4") => why::MD5.why(),
        _ => why::ALGORITHM_UNKNOWN.about(format!("{digest}, {scheme}")),
    }
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    kind: Kind,
    /// RSAPublicKey, or the point.
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bits of the modulus.
    Rsa(usize),
    /// The same, of a key for PSS only (RFC 4055 §1.2).
    RsaPss(usize),
    /// The same, with a public exponent with which anybody can sign, or that costs too much.
    RsaBroken(usize),
    P256,
    P384,
    P521,
    Other,
}

impl Key {
    /// From the parts of a SubjectPublicKeyInfo.
    pub(crate) fn new(algorithm: &str, curve: Option<&str>, bytes: &[u8]) -> Self {
        let kind = match (algorithm, curve) {
            ("1.2.840.113549.1.1.1", _) => rsa(bytes, Kind::Rsa),
            ("1.2.840.113549.1.1.10", _) => rsa(bytes, Kind::RsaPss),
            ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => Kind::P256,
            ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => Kind::P384,
            ("1.2.840.10045.2.1", Some("1.3.132.0.35")) => Kind::P521,
            _ => Kind::Other,
        };
        Self { kind, bytes: bytes.to_vec() }
    }

    /// As people write it.
    pub(crate) fn name(&self) -> String {
        match self.kind {
            Kind::Rsa(bits) | Kind::RsaPss(bits) => format!("RSA-{bits}"),
            Kind::RsaBroken(bits) => format!("RSA-{bits} con un esponente che non protegge"),
            Kind::P256 => "ECDSA P-256".into(),
            Kind::P384 => "ECDSA P-384".into(),
            Kind::P521 => "ECDSA P-521".into(),
            Kind::Other => "chiave di tipo sconosciuto".into(),
        }
    }

    /// Bits, if it is an RSA key.
    pub(crate) fn rsa_bits(&self) -> Option<usize> {
        match self.kind {
            Kind::Rsa(bits) | Kind::RsaPss(bits) | Kind::RsaBroken(bits) => Some(bits),
            Kind::P256 | Kind::P384 | Kind::P521 | Kind::Other => None,
        }
    }

    /// The key is of a kind, and of a length, that can be judged at all.
    pub(crate) fn admitted(&self) -> bool {
        match self.kind {
            Kind::Rsa(bits) | Kind::RsaPss(bits) => (RSA_BITS_ARCHIVE..=RSA_BITS_MAX).contains(&bits),
            Kind::P256 | Kind::P384 | Kind::P521 => true,
            Kind::RsaBroken(_) | Kind::Other => false,
        }
    }

    /// Why the key cannot be judged, if it cannot.
    pub(crate) fn refusal(&self) -> Option<Why> {
        let reason = if self.rsa_bits().is_some() { why::KEY_WEAK } else { why::ALGORITHM_UNKNOWN };
        (!self.admitted()).then(|| reason.about(self.name()))
    }

    /// The signature is this key's over `message`.
    pub(crate) fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        let done =
            |algorithm: &dyn VerificationAlgorithm| algorithm.verify_sig(&self.bytes, message, signature).is_ok();
        match (self.kind, scheme) {
            _ if !self.admitted() => false,
            (Kind::Rsa(bits), Scheme::Pkcs1(hash)) => match (hash, bits < RSA_BITS_MIN) {
                (Hash::Sha1, _) => done(&sig::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
                (Hash::Sha256, true) => done(&sig::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
                (Hash::Sha512, true) => done(&sig::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
                (Hash::Sha384, true) => false,
                (Hash::Sha256, false) => done(&sig::RSA_PKCS1_2048_8192_SHA256),
                (Hash::Sha384, false) => done(&sig::RSA_PKCS1_2048_8192_SHA384),
                (Hash::Sha512, false) => done(&sig::RSA_PKCS1_2048_8192_SHA512),
            },
            (Kind::Rsa(_) | Kind::RsaPss(_), Scheme::Pss(hash, salt)) => {
                let salt = sig::RsaPssSaltLength::Custom(salt);
                match hash {
                    Hash::Sha1 => false,
                    Hash::Sha256 => done(&sig::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(salt)),
                    Hash::Sha384 => done(&sig::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(salt)),
                    Hash::Sha512 => done(&sig::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(salt)),
                }
            }
            (Kind::P256, Scheme::Ecdsa(hash)) => match hash {
                Hash::Sha1 => done(&sig::ECDSA_P256_SHA1_ASN1),
                Hash::Sha256 => done(&sig::ECDSA_P256_SHA256_ASN1),
                Hash::Sha384 => done(&sig::ECDSA_P256_SHA384_ASN1),
                Hash::Sha512 => done(&sig::ECDSA_P256_SHA512_ASN1),
            },
            (Kind::P384, Scheme::Ecdsa(hash)) => match hash {
                Hash::Sha1 => false,
                Hash::Sha256 => done(&sig::ECDSA_P384_SHA256_ASN1),
                Hash::Sha384 => done(&sig::ECDSA_P384_SHA384_ASN1),
                Hash::Sha512 => done(&sig::ECDSA_P384_SHA512_ASN1),
            },
            (Kind::P521, Scheme::Ecdsa(hash)) => match hash {
                Hash::Sha1 => false,
                Hash::Sha256 => done(&sig::ECDSA_P521_SHA256_ASN1),
                Hash::Sha384 => done(&sig::ECDSA_P521_SHA384_ASN1),
                Hash::Sha512 => done(&sig::ECDSA_P521_SHA512_ASN1),
            },
            _ => false,
        }
    }
}

/// The kind of an RSAPublicKey (RFC 8017 §A.1.1): the exponent must be odd and at least 3 (§3.1).
fn rsa<'a>(key: &'a [u8], kind: impl Fn(usize) -> Kind) -> Kind {
    let read = || {
        let (sequence, _) = ber::expect(key, ber::SEQUENCE)?;
        let (modulus, rest) = ber::expect(sequence.content, ber::INTEGER)?;
        let (exponent, _) = ber::expect(rest, ber::INTEGER)?;
        let digits = |n: ber::Tlv<'a>| n.content.iter().position(|b| *b != 0).and_then(|at| n.content.get(at..));
        let (modulus, exponent) = (digits(modulus)?, digits(exponent).unwrap_or_default());
        let bits = |n: &[u8]| n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
        let sound = exponent != [1]
            && exponent.last().is_some_and(|octet| octet & 1 == 1)
            && bits(exponent) <= RSA_EXPONENT_BITS_MAX;
        let bits = bits(modulus);
        Some(if sound { kind(bits) } else { Kind::RsaBroken(bits) })
    };
    read().unwrap_or(Kind::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsa_encryption_takes_the_digest_of_the_cms_and_others_must_agree_with_it() {
        let rsa = |oid, hash| Scheme::from_oid(oid, None, hash);
        assert_eq!(rsa("1.2.840.113549.1.1.1", Some(Hash::Sha256)), Some(Scheme::Pkcs1(Hash::Sha256)));
        assert_eq!(rsa("1.2.840.113549.1.1.11", Some(Hash::Sha1)), None);
        assert_eq!(rsa("1.2.840.113549.1.1.4", None), None, "MD5");
    }

    #[test]
    fn bits_are_counted_without_the_sign_octet() {
        let modulus = [&[0u8, 0x80][..], &[1; 127]].concat();
        let key = |exponent: &[u8]| {
            let numbers = [ber::element(ber::INTEGER, &modulus), ber::element(ber::INTEGER, exponent)];
            rsa(&ber::element(ber::SEQUENCE, &numbers.concat()), Kind::Rsa)
        };
        assert_eq!(key(&[1, 0, 1]), Kind::Rsa(1024));
        assert_eq!(key(&[3]), Kind::Rsa(1024));
        for broken in [&[1][..], &[0, 1], &[2], &[1, 0, 0], &[0]] {
            assert_eq!(key(broken), Kind::RsaBroken(1024), "{broken:?}");
        }
        assert_eq!(rsa(b"junk", Kind::Rsa), Kind::Other);
    }
}
