//! The token with which a citizen confirms a change. It changes when what a token is bound to does.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{Context, SHA256};

use alloc::format;
use alloc::string::String;

/// Shortest secret, characters: 26 of base32 are 128 bits, which nobody guesses (reliability.md §4.2 asks the same of ids).
pub const SECRET_CHARS_MIN: usize = 26;
/// Longest secret that is looked at, bytes.
pub const SECRET_BYTES_MAX: usize = 200;

/// SHA-256 of the secret and of what it is for, length-prefixed: the register never holds a secret, and the secret of one change
/// confirms no other.
#[must_use]
pub fn hash(dossier: &str, id: u32, person: &str, secret: &str) -> String {
    let mut context = Context::new(&SHA256);
    for field in [dossier.as_bytes(), &id.to_be_bytes(), person.as_bytes(), secret.trim().as_bytes()] {
        context.update(&(field.len() as u64).to_be_bytes());
        context.update(field);
    }
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two hashes are equal, in a time that does not tell how far they agree.
#[must_use]
pub(crate) fn same(a: &str, b: &str) -> bool {
    verify_slices_are_equal(a.as_bytes(), b.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_one_secret_for_one_change() {
        let one = hash("2026/000001", 1, "A", "s");
        assert!(same(&one, &hash("2026/000001", 1, "A", " s\r\n")), "as mail clients break it");
        for other in [
            hash("2026/000002", 1, "A", "s"),
            hash("2026/000001", 2, "A", "s"),
            hash("2026/000001", 1, "B", "s"),
            hash("2026/000001", 1, "A", "S"),
            hash("2026/000001", 1, "As", ""),
        ] {
            assert!(!same(&one, &other));
        }
    }
}
