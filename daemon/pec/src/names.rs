//! Which names an authority may certify: name constraints (RFC 5280 §4.2.1.10).
//!
//! In AgID's certificates these are in practice the list of PEC providers (`reference` pec.md §8). Only rfc822Name and
//! directoryName are compared; a name of another form that is constrained at all is refused.

use crate::cert::{Alt, Cert, Constraints, Name};
use alloc::vec::Vec;

/// `subject` may carry its names under `constraints`.
pub(crate) fn allow(constraints: &Constraints, subject: &Cert<'_>) -> bool {
    let mut names: Vec<Alt> = subject.alt_names.clone();
    if !subject.subject.is_empty() {
        names.push(Alt::Directory(subject.subject.clone()));
    }
    // "when the certificate includes no rfc822Name" the attribute of the subject is constrained instead.
    if subject.emails().next().is_none() {
        names.extend(subject.subject_emails.iter().cloned().map(Alt::Email));
    }
    names.iter().all(|name| {
        let mut permitted = constraints.permitted.iter().filter(|c| same_form(c, name)).peekable();
        let inside = permitted.peek().is_none() || permitted.any(|c| within(name, c, false));
        inside && !constraints.excluded.iter().any(|c| within(name, c, true))
    })
}

fn same_form(a: &Alt, b: &Alt) -> bool {
    match (a, b) {
        (Alt::Email(_), Alt::Email(_)) | (Alt::Directory(_), Alt::Directory(_)) => true,
        (Alt::Other(a), Alt::Other(b)) => a == b,
        _ => false,
    }
}

/// `name` lies in the subtree; `unknown` is the answer for forms that are not compared.
fn within(name: &Alt, subtree: &Alt, unknown: bool) -> bool {
    match (name, subtree) {
        (Alt::Email(address), Alt::Email(constraint)) => email_within(address, constraint),
        (Alt::Directory(directory), Alt::Directory(base)) => directory_within(directory, base),
        (Alt::Other(a), Alt::Other(b)) => a == b && unknown,
        _ => false,
    }
}

/// A mailbox, a host, or `.domain` for all the hosts below it. Empty = every mailbox.
fn email_within(address: &str, constraint: &str) -> bool {
    let Some((local, host)) = address.rsplit_once('@') else {
        return false;
    };
    if let Some((wanted_local, wanted_host)) = constraint.rsplit_once('@') {
        return local == wanted_local && host.eq_ignore_ascii_case(wanted_host);
    }
    let (host, constraint) = (host.to_ascii_lowercase(), constraint.to_ascii_lowercase());
    constraint.is_empty() || if constraint.starts_with('.') { host.ends_with(&constraint) } else { host == constraint }
}

fn directory_within(directory: &Name, base: &Name) -> bool {
    directory.get(..base.len()).is_some_and(|head| head == base.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_domains_and_mailboxes() {
        let cases = [
            ("a@pec.gestore.test", "pec.gestore.test", true),
            ("a@PEC.gestore.test", "pec.Gestore.test", true),
            ("a@x.pec.gestore.test", "pec.gestore.test", false),
            ("a@x.pec.gestore.test", ".pec.gestore.test", true),
            ("a@pec.gestore.test", ".pec.gestore.test", false),
            ("a@evilpec.gestore.test", "pec.gestore.test", false),
            ("a@pec.gestore.test", "a@pec.gestore.test", true),
            ("b@pec.gestore.test", "a@pec.gestore.test", false),
            ("a@b@pec.gestore.test", "pec.gestore.test", true),
            ("no-at-sign", "", false),
            ("a@any.test", "", true),
        ];
        for (address, constraint, inside) in cases {
            assert_eq!(email_within(address, constraint), inside, "{address} in {constraint:?}");
        }
    }
}
