//! Links of letters, for tests: read strictly (RFC 6068), by other code than that which writes them. It changes with the RFC.

extern crate std;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// To whom, and the fields in order.
pub(crate) type Link = (String, Vec<(String, String)>);

/// Every link of a text, wherever in a line it stands.
pub(crate) fn all(text: &str) -> Vec<Link> {
    let words = text.split_whitespace().filter(|word| word.contains("mailto:"));
    words.map(read).collect()
}

/// One link. Panics where a mail program might read it otherwise than it is meant.
#[track_caller]
pub(crate) fn read(link: &str) -> Link {
    let rest = link.strip_prefix("mailto:").unwrap_or_else(|| panic!("something stands before {link}"));
    let (to, fields) = rest.split_once('?').unwrap_or_else(|| panic!("no field in {link}"));
    let to = decoded(to, b"@", link);
    let (name, domain) = to.split_once('@').unwrap_or_else(|| panic!("no address in {link}"));
    let is_plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._+".contains(&b));
    assert!(is_plain(name) && is_plain(domain), "one address: {link}");
    let fields: Vec<(String, String)> = fields
        .split('&')
        .map(|field| field.split_once('=').unwrap_or_else(|| panic!("«{field}» in {link}")))
        .map(|(name, value)| (name.to_string(), decoded(value, b"", link)))
        .collect();
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert!(matches!(names.as_slice(), ["subject"] | ["subject", "body"]), "{names:?} in {link}");
    for (name, value) in &fields {
        // §5: a body breaks its lines with CRLF; a subject has one line.
        let rest = if name == "body" { value.replace("\r\n", "") } else { value.clone() };
        assert!(!value.trim().is_empty() && !rest.chars().any(char::is_control), "{name} {value:?} of {link}");
    }
    (to, fields)
}

/// §2: qchar is unreserved, percent-encoded, or one of some delimiters; but for `also` we leave none of these bare.
fn decoded(text: &str, also: &[u8], link: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        match b {
            b'%' => {
                let pair = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
                assert!(pair.iter().all(|d| d.is_ascii_digit() || (b'A'..=b'F').contains(d)), "{link}");
                let digits = core::str::from_utf8(&pair).expect("ascii");
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
            }
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) || also.contains(&b) => bytes.push(b),
            b => panic!("bare {:?} in {link}", char::from(b)),
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| panic!("no UTF-8 in {link}"))
}
