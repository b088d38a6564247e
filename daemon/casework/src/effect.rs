//! The identity of an effect: the same cause can never make two messages, and nobody can guess the id of a receipt.

use alloc::format;
use alloc::string::String;
use aws_lc_rs::hmac;

/// Secret with which Message-IDs are minted (reference `reliability` §0.7, §4.2). Never shown.
#[derive(Clone)]
pub struct EffectKey(hmac::Key);

impl core::fmt::Debug for EffectKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("EffectKey(…)")
    }
}

/// Version of the minting, first word of every Message-ID, so that a new key can stand beside the old one.
pub const KEY_VERSION: &str = "v1";

impl EffectKey {
    /// Length of the secret in bytes.
    pub const BYTES: usize = 32;

    /// Takes the secret.
    #[must_use]
    pub fn new(secret: &[u8; Self::BYTES]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The id of one effect: the first 160 bits of HMAC-SHA256 over length-prefixed fields, in base32.
    ///
    /// `cause` is the digest of the message that is answered (or of the receipt); `effect` names the template;
    /// `ordinal` tells apart two effects of one kind to one recipient. The template's version is not in it: a
    /// reload of the rules must not make a second effect (§4.2).
    #[must_use]
    pub fn effect_id(&self, cause: &str, effect: &str, recipient: &str, ordinal: u32) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        for field in
            [cause.as_bytes(), effect.as_bytes(), crate::address::key(recipient).as_bytes(), &ordinal.to_be_bytes()]
        {
            context.update(&(field.len() as u64).to_be_bytes());
            context.update(field);
        }
        base32(context.sign().as_ref().get(..20).unwrap_or_default())
    }

    /// The Message-ID of an effect, with angle brackets.
    #[must_use]
    pub fn message_id(effect_id: &str, domain: &str) -> String {
        format!("<{KEY_VERSION}.{effect_id}@{domain}>")
    }
}

/// RFC 4648 base32, lower case, no padding: safe in a Message-ID and in a file name.
fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut out = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for &byte in bytes {
        buffer = (buffer << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(char::from(ALPHABET[(buffer >> bits) as usize & 31]));
        }
    }
    if bits > 0 {
        out.push(char::from(ALPHABET[(buffer << (5 - bits)) as usize & 31]));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_has_one_id_and_every_field_counts() {
        let key = EffectKey::new(&[7; 32]);
        let id = key.effect_id("aa", "presa-in-carico", "Mario@Pec.example", 0);
        assert_eq!(id, key.effect_id("aa", "presa-in-carico", "mario@pec.example", 0));
        assert_eq!(id.len(), 32);
        for other in [
            key.effect_id("ab", "presa-in-carico", "mario@pec.example", 0),
            key.effect_id("aa", "stato-pratica", "mario@pec.example", 0),
            key.effect_id("aa", "presa-in-carico", "maria@pec.example", 0),
            key.effect_id("aa", "presa-in-carico", "mario@pec.example", 1),
            EffectKey::new(&[8; 32]).effect_id("aa", "presa-in-carico", "mario@pec.example", 0),
        ] {
            assert_ne!(id, other);
        }
        // Fields are length-prefixed: moving a letter across a border changes the id.
        assert_ne!(key.effect_id("a", "bc", "x@y.example", 0), key.effect_id("ab", "c", "x@y.example", 0));
    }

    #[test]
    fn base32_is_rfc_4648() {
        assert_eq!(base32(b"foobar"), "mzxw6ytboi"); // RFC 4648 §10, lower case, unpadded
    }
}
