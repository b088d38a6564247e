//! General names, and which of them an authority may certify (RFC 5280 §4.2.1.6, §4.2.1.10).
//!
//! In AgID's certificates the constraints are in practice the list of PEC providers (`reference` pec.md §8). A name
//! that cannot be judged counts as not permitted, and as excluded.

use crate::asn1::{Fields, number};
use crate::ber::{self, Tlv};
use crate::cert::Cert;
use crate::dn::Dn;
use alloc::vec::Vec;

/// A GeneralName.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum General<'a> {
    /// rfc822Name.
    Email(&'a str),
    /// dNSName.
    Dns(&'a str),
    /// directoryName.
    Directory(Dn<'a>),
    /// uniformResourceIdentifier.
    Uri(&'a str),
    /// iPAddress; with its mask in a constraint.
    Ip(&'a [u8]),
    /// Any other form, by its tag, and its contents.
    Other(u8, &'a [u8]),
}

/// nameConstraints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Constraints<'a> {
    pub(crate) permitted: Vec<General<'a>>,
    pub(crate) excluded: Vec<General<'a>>,
}

impl<'a> General<'a> {
    pub(crate) fn read(element: Tlv<'a>) -> Option<Self> {
        let ascii = || core::str::from_utf8(element.content).ok().filter(|text| text.is_ascii());
        Some(match element.tag {
            0x81 => Self::Email(ascii()?),
            0x82 => Self::Dns(ascii()?),
            0x86 => Self::Uri(ascii()?),
            0x87 => Self::Ip(element.content),
            0xa4 => {
                let mut inner = Fields::of(element.content);
                let name = Dn::read(inner.any()?)?;
                inner.end()?;
                Self::Directory(name)
            }
            0xa0 | 0xa3 | 0xa5 | 0x88 => Self::Other(element.tag, element.content),
            _ => return None,
        })
    }

    /// GeneralNames, from the contents of their SEQUENCE.
    pub(crate) fn all(content: &'a [u8]) -> Option<Vec<Self>> {
        ber::each(content).map(|name| Self::read(name?)).collect()
    }

    /// The two are one name.
    pub(crate) fn same(&self, other: &General<'_>) -> bool {
        match (self, other) {
            (Self::Directory(a), General::Directory(b)) => a.same(b),
            (Self::Dns(a), General::Dns(b)) => a.eq_ignore_ascii_case(b),
            _ => self == other,
        }
    }

    /// The name lies in the subtree; `None` = the form is another, or this pair cannot be judged.
    fn within(&self, subtree: &General<'_>) -> Option<bool> {
        match (self, subtree) {
            (Self::Email(address), General::Email(base)) => email_within(address, base),
            (Self::Dns(host), General::Dns(base)) => Some(host_below(host, base)),
            (Self::Directory(name), General::Directory(base)) => Some(name.within(base)),
            (Self::Uri(uri), General::Uri(base)) => uri_within(uri, base),
            (Self::Ip(address), General::Ip(base)) => ip_within(address, base),
            _ => None,
        }
    }

    fn same_form(&self, other: &General<'_>) -> bool {
        match (self, other) {
            (Self::Other(a, _), General::Other(b, _)) => a == b,
            _ => core::mem::discriminant(self) == core::mem::discriminant(other),
        }
    }
}

impl<'a> Constraints<'a> {
    /// Reads the extension.
    pub(crate) fn read(value: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::sequence(value)?;
        let (permitted, excluded) = (fields.optional(ber::CONTEXT_0)?, fields.optional(ber::CONTEXT_1)?);
        fields.end()?;
        Some(Self { permitted: subtrees(permitted)?, excluded: subtrees(excluded)? })
    }

    /// `subject` may carry its names under these constraints (RFC 5280 §6.1.3 b, c).
    pub(crate) fn allow(&self, subject: &Cert<'_>) -> bool {
        let own = (!subject.subject.is_empty()).then_some(General::Directory(subject.subject));
        // «when the certificate does not include an rfc822Name» the attribute of the subject is constrained instead.
        let addresses = if subject.emails().next().is_none() { subject.subject_emails() } else { Vec::new() };
        let addresses = addresses.iter().map(|address| General::Email(address));
        subject.alt_names.iter().copied().chain(own).chain(addresses).all(|name| self.allows(&name))
    }

    fn allows(&self, name: &General<'_>) -> bool {
        let mut permitted = self.permitted.iter().filter(|base| base.same_form(name)).peekable();
        let inside = permitted.peek().is_none() || permitted.any(|base| name.within(base) == Some(true));
        let mut excluded = self.excluded.iter().filter(|base| base.same_form(name));
        inside && excluded.all(|base| name.within(base) == Some(false))
    }
}

/// RFC 5280 §4.2.1.10: minimum must be zero and maximum absent.
fn subtrees<'a>(trees: Option<Tlv<'a>>) -> Option<Vec<General<'a>>> {
    let read = |tree: Tlv<'a>| {
        let mut fields = Fields::of(tree.content);
        let base = General::read(fields.any()?)?;
        let minimum = fields.optional(0x80)?.map_or(Some(0), |m| number(m.content))?;
        fields.end()?;
        (tree.tag == ber::SEQUENCE && minimum == 0).then_some(base)
    };
    ber::each(trees.map_or(&[], |t| t.content)).map(|tree| read(tree?)).collect()
}

/// A mailbox, a host, or `.domain` for all the hosts below it. Empty = every mailbox.
fn email_within(address: &str, base: &str) -> Option<bool> {
    let (local, host) = address.rsplit_once('@')?;
    if let Some((wanted_local, wanted_host)) = base.rsplit_once('@') {
        return Some(local == wanted_local && host.eq_ignore_ascii_case(wanted_host));
    }
    Some(base.is_empty() || host_or_below(host, base))
}

/// A host, or `.domain` for all the hosts below it.
fn host_or_below(host: &str, base: &str) -> bool {
    if base.starts_with('.') { host_below(host, base) } else { host.eq_ignore_ascii_case(base) }
}

/// The host itself or any below it; with a leading dot only those below.
fn host_below(host: &str, base: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(at) = host.len().checked_sub(base.len()) else { return false };
    let (Some(head), Some(tail)) = (host.get(..at), host.get(at..)) else { return false };
    let whole_label = base.is_empty() || base.starts_with('.') || head.is_empty() || head.ends_with('.');
    tail.eq_ignore_ascii_case(base) && whole_label
}

/// The host of a URI; one that has none, or an address for a host, cannot be judged (RFC 5280 §4.2.1.10).
fn uri_within(uri: &str, base: &str) -> Option<bool> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |h| h.0);
    let named = host.bytes().any(|b| b.is_ascii_alphabetic()) && !host.starts_with('[');
    named.then(|| host_or_below(host, base))
}

/// The subtree is an address and its mask, of the same length.
fn ip_within(address: &[u8], base: &[u8]) -> Option<bool> {
    (base.len() == 2 * address.len()).then_some(())?;
    let (net, mask) = base.split_at_checked(address.len())?;
    Some(address.iter().zip(net).zip(mask).all(|((a, n), m)| a & m == n & m))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_hosts_and_domains() {
        let cases = [
            ("a@pec.gestore.test", "pec.gestore.test", Some(true)),
            ("a@PEC.gestore.test", "pec.Gestore.test", Some(true)),
            ("a@x.pec.gestore.test", "pec.gestore.test", Some(false)),
            ("a@x.pec.gestore.test", ".pec.gestore.test", Some(true)),
            ("a@pec.gestore.test", ".pec.gestore.test", Some(false)),
            ("a@evilpec.gestore.test", "pec.gestore.test", Some(false)),
            ("a@pec.gestore.test", "a@pec.gestore.test", Some(true)),
            ("b@pec.gestore.test", "a@pec.gestore.test", Some(false)),
            ("a@b@pec.gestore.test", "pec.gestore.test", Some(true)),
            ("no-at-sign", "", None),
            ("a@any.test", "", Some(true)),
        ];
        for (address, base, inside) in cases {
            assert_eq!(email_within(address, base), inside, "{address} in {base:?}");
        }
    }

    #[test]
    fn hosts_and_uris() {
        for (host, base, inside) in [
            ("a.gestore.test", "gestore.test", true),
            ("gestore.test", "gestore.test", true),
            ("gestore.test.", "gestore.test", true),
            ("evilgestore.test", "gestore.test", false),
            ("gestore.test", ".gestore.test", false),
            ("A.GESTORE.test", ".gestore.test", true),
            ("any.test", "", true),
        ] {
            assert_eq!(General::Dns(host).within(&General::Dns(base)), Some(inside), "{host} in {base}");
        }
        for (uri, base, inside) in [
            ("https://gestore.test/x", "gestore.test", Some(true)),
            ("https://u@gestore.test:8443/x", "gestore.test", Some(true)),
            ("https://evil.test/@gestore.test", "gestore.test", Some(false)),
            ("https://a.gestore.test", "gestore.test", Some(false)),
            ("https://a.gestore.test", ".gestore.test", Some(true)),
            ("mailto:a@gestore.test", "gestore.test", None),
            ("https://192.0.2.1/", ".test", None),
            ("https://[2001:db8::1]/", ".test", None),
        ] {
            assert_eq!(General::Uri(uri).within(&General::Uri(base)), inside, "{uri} in {base}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_neither_permitted_nor_free() {
        let ip = General::Ip(&[192, 0, 2, 7]);
        let only = |base| Constraints { permitted: Vec::from([base]), excluded: Vec::new() };
        let not = |base| Constraints { permitted: Vec::new(), excluded: Vec::from([base]) };
        let net = General::Ip(&[192, 0, 2, 0, 255, 255, 255, 0]);
        assert!(only(net).allows(&ip) && !not(net).allows(&ip));
        let six = General::Ip(&[0; 32]);
        assert!(!only(six).allows(&ip) && !not(six).allows(&ip), "the other family's mask");
        let other = General::Other(0xa0, b"x");
        assert!(!only(other).allows(&other) && !not(other).allows(&other));
        assert!(only(net).allows(&General::Dns("a.test")), "a form that is not constrained");
    }
}
