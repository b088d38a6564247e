//! Mail addresses as keys: how two spellings of one address are recognised, and what is never answered.

use alloc::string::String;

/// An address in the form in which it is compared and indexed: trimmed, ASCII lower case.
///
/// PEC providers compare addresses case-insensitively, and real receipts come back in upper case. Non-ASCII is
/// left as it is: a homograph must stay another address (reference `reliability` §3.9).
#[must_use]
pub fn key(address: &str) -> String {
    address.trim().trim_start_matches('<').trim_end_matches('>').to_ascii_lowercase()
}

/// The same address, however written.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    key(a) == key(b)
}

/// The domain, in the form in which it is compared; empty when there is none.
#[must_use]
pub fn domain(address: &str) -> String {
    key(address).rsplit_once('@').map(|(_, domain)| String::from(domain)).unwrap_or_default()
}

/// Whether the address is at a domain that is never anybody's (RFC 2606 §2): what the shipped files write for an example.
#[must_use]
pub fn is_example(address: &str) -> bool {
    let domain = domain(address);
    ["example", "test", "invalid", "localhost"].iter().any(|end| domain.rsplit('.').next() == Some(end))
}

/// Whether the address is one that a program, not a person, reads (RFC 3834 §2; rules.md §3).
#[must_use]
pub fn is_machine(address: &str) -> bool {
    let key = key(address);
    let Some((local, domain)) = key.rsplit_once('@') else { return true };
    let local: String = local.chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect();
    matches!(local.as_str(), "mailerdaemon" | "postmaster" | "noreply" | "donotreply" | "nonrispondere" | "postacertificata")
        // Sistema di Interscambio: its notifications are a protocol, not mail (pec.md §12).
        || domain == "pec.fatturapa.it"
}

/// A plain check that the text can be an address we may write to: one `@`, no spaces, no controls, bounded.
#[must_use]
pub fn is_plausible(address: &str) -> bool {
    let key = key(address);
    key.len() <= ADDRESS_BYTES_MAX
        && key.is_ascii()
        && !key.bytes().any(|b| {
            b.is_ascii_control()
                || matches!(b, b' ' | b'<' | b'>' | b',' | b';' | b':' | b'"' | b'(' | b')' | b'[' | b']' | b'\\')
        })
        && matches!(key.split_once('@'), Some((l, d)) if !l.is_empty() && d.contains('.') && !d.contains('@') && !d.starts_with('.'))
}

/// Longest address we write to, bytes (RFC 5321 §4.5.3.1.3).
pub const ADDRESS_BYTES_MAX: usize = 254;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_brackets_do_not_matter_but_homographs_do() {
        assert!(same(" <Mario.ROSSI@Pec.Example>", "mario.rossi@pec.example"));
        assert!(!same("mario@pec.example", "mari\u{043e}@pec.example"));
    }

    #[test]
    fn programs_are_recognised() {
        for a in ["MAILER-DAEMON@x.example", "no-reply@x.example", "sdi04@pec.fatturapa.it", "", "<>"] {
            assert!(is_machine(a), "{a}");
        }
        assert!(!is_machine("mario.rossi@pec.example"));
    }

    #[test]
    fn only_plain_addresses_are_written_to() {
        assert!(is_plausible("mario.rossi@pec.example"));
        for a in ["", "a", "a@b", "a b@c.example", "a@b.example\r\nBcc: x@y.example", "a@b@c.example", "@b.example"] {
            assert!(!is_plausible(a), "{a:?}");
        }
    }
}
