//! Whether the body's own mail server vouches for who wrote (RFC 8601). It changes when another method of a server counts.
//!
//! The words of a server are believed only in the mailbox to which it alone delivers, and only under the name that the
//! configuration gives it: it takes away what others wrote under that name (RFC 8601 §5). The topmost field under the name counts:
//! servers write theirs above what was there.

use crate::address;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Why the address is vouched for, or why not, in Italian.
pub(crate) fn by(fields: &[String], server: &str, from: &str) -> Result<String, String> {
    let stripped: Vec<String> = fields.iter().map(|field| without_comments(field)).collect();
    let ours = stripped.iter().find(|field| named(field).is_some_and(|name| name.eq_ignore_ascii_case(server)));
    let Some(ours) = ours else {
        return Err(alloc::format!("il server {server} non dice chi ha scritto (Authentication-Results)"));
    };
    let from_domain = address::domain(from);
    for result in ours.split(';').skip(1) {
        let mut words = result.split_whitespace();
        let Some((method, "pass")) = words.next().and_then(|word| word.split_once('=')) else { continue };
        let given = |name: &str| {
            let mut properties = result.split_whitespace().filter_map(|word| word.split_once('='));
            properties.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim_matches('"'))
        };
        let is_same = |value: Option<&str>| value.is_some_and(|value| domain_of(value) == from_domain);
        // A person who entered with a password; a domain that signed it; a domain that allows the server it came from.
        let is_good = match method.to_ascii_lowercase().as_str() {
            "auth" => given("smtp.auth").is_some_and(|user| address::same(user, from)),
            "dmarc" => is_same(given("header.from")),
            "dkim" => is_same(given("header.d")) || given("header.i").is_some_and(|i| domain_of(i) == from_domain),
            "spf" => is_same(given("smtp.mailfrom")),
            _ => false,
        };
        if is_good {
            return Ok(alloc::format!("il server {server} garantisce {from} ({method})"));
        }
    }
    Err(alloc::format!("il server {server} non garantisce che sia stato {from} a scrivere"))
}

/// The name of the server at the head of a field: a word, perhaps with a version after it (RFC 8601 §2.2).
fn named(field: &str) -> Option<&str> {
    field.split(';').next()?.split_whitespace().next()
}

fn domain_of(value: &str) -> String {
    let key = address::key(value);
    key.rsplit_once('@').map_or(key.clone(), |(_, domain)| domain.to_string())
}

/// Without the comments that may stand anywhere (RFC 5322 §3.2.2), and nothing in quotes taken for a comment or a border.
fn without_comments(field: &str) -> String {
    let (mut out, mut depth, mut is_quoted, mut is_escaped) = (String::new(), 0u32, false, false);
    for c in field.chars() {
        if is_escaped {
            is_escaped = false;
            continue; // of no value here: neither a domain nor a name holds one
        }
        match c {
            '\\' => is_escaped = true,
            '"' if depth == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            // What is quoted is a value, not a border between results.
            ';' | ' ' | '\t' | '=' if is_quoted => out.push('?'),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::by;
    use alloc::string::String;

    const SERVER: &str = "mx.comune.example";
    const FROM: &str = "anagrafe@comune.example";

    fn says(results: &str) -> Result<String, String> {
        by(&[alloc::format!("{SERVER}; {results}")], SERVER, FROM)
    }

    #[test]
    fn each_method_counts_for_the_very_domain_or_person() {
        for good in [
            "auth=pass (plain) smtp.auth=anagrafe@comune.example",
            "dmarc=pass header.from=comune.example",
            "spf=fail smtp.mailfrom=x.example; dkim=pass (2048-bit key) header.d=comune.example header.s=k",
            "spf=pass smtp.mailfrom=anagrafe@comune.example",
            "dkim=pass header.i=@comune.example",
        ] {
            assert!(says(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "none",
            "auth=pass smtp.auth=altro@comune.example",
            "dmarc=fail header.from=comune.example",
            "dmarc=pass header.from=comune.example.ladro.example",
            "dkim=pass header.d=ladro.example",
            "dkim=pass header.d=example",
            "spf=pass smtp.mailfrom=ladro.example",
            "iprev=pass policy.iprev=192.0.2.1",
            "dkim=fail (dkim=pass header.d=comune.example)",
            "spf=none reason=\"x; dmarc=pass header.from=comune.example\"",
            "dmarc=pass header.from=ladro.example reason=\"header.from=comune.example\"",
        ] {
            assert!(says(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_topmost_field_of_our_server_speaks() {
        let good = alloc::format!("{SERVER}; dmarc=pass header.from=comune.example");
        let none = alloc::format!("{SERVER} 1; none");
        assert!(by(&[none.clone(), good.clone()], SERVER, FROM).is_err(), "what lies below was there before");
        assert!(by(&[good.clone(), none], SERVER, FROM).is_ok());
        assert!(by(&[String::from("mx.altro.example; dmarc=pass header.from=comune.example")], SERVER, FROM).is_err());
        assert!(by(&[String::from("mx.altro.example; x=y"), good], SERVER, FROM).is_ok());
        assert!(by(&[], SERVER, FROM).is_err());
    }
}
