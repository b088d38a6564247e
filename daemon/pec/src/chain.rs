//! From the signer's certificate to a pinned key, judged at the time of the event (RFC 5280 §6; `reference` pec.md §8).

use crate::anchors::{Anchor, Anchors, Purpose};
use crate::asn1;
use crate::cert::{Cert, Usage};
use crate::crypto::{Hash, RSA_BITS_MIN};
use crate::report::Why;
use crate::why::{self, quoted};
use alloc::string::String;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;

/// Most certificates above the signer's. The real chain has one.
pub(crate) const STEPS_MAX: usize = 4;
/// Most certificates tried as issuers in one search: each costs a signature check.
pub(crate) const TRIES_MAX: usize = 32;
/// Before 2018-01-01T00:00Z providers signed with RSA-1024, under DigitPA CA1 (`reference` pec.md §8).
pub(crate) const RSA_ARCHIVE_END: i64 = 1_514_764_800;

const EMAIL_PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4");
/// anyExtendedKeyUsage; RFC 8550 §4.4.4 lets it stand for e-mail.
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// When a signature was made, and what was strong enough then.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Day {
    /// The event.
    pub(crate) at: Timestamp,
    /// SHA-1 is refused after this.
    pub(crate) sha1_until: Option<Timestamp>,
}

impl Day {
    /// Judges a digest and a key: `Ok(true)` is weak today, and was lawful.
    pub(crate) fn strength(self, hash: Hash, cert: &Cert<'_>) -> Result<bool, Why> {
        let mut weak = false;
        if !cert.key.admitted() {
            let reason = if cert.key.rsa_bits().is_some() { why::KEY_WEAK } else { why::ALGORITHM_UNKNOWN };
            return Err(reason.about(cert.key.name()));
        }
        if cert.key.rsa_bits().is_some_and(|bits| bits < RSA_BITS_MIN) {
            if self.at.as_second() >= RSA_ARCHIVE_END {
                return Err(why::KEY_WEAK.about(cert.key.name()));
            }
            weak = true;
        }
        if hash == Hash::Sha1 {
            if self.sha1_until.is_some_and(|until| self.at > until) {
                return Err(why::SHA1_LATE.why());
            }
            weak = true;
        }
        Ok(weak)
    }
}

/// A chain that holds.
#[derive(Debug)]
pub(crate) struct Trusted<'a> {
    /// Where it ends.
    pub(crate) anchor: &'a Anchor,
    /// A certificate of the chain has a signature, or a key, that is weak today.
    pub(crate) weak: bool,
}

/// Looks for a chain from `leaf` to one of `anchors` that are trusted to vouch for PEC providers, by way of `embedded`
/// and of the anchors' own certificates.
pub(crate) fn trace<'a>(
    leaf: &Cert<'_>,
    embedded: &[Cert<'_>],
    anchors: &'a Anchors,
    day: Day,
) -> Result<Trusted<'a>, Why> {
    signer_profile(leaf)?;
    trace_for(Purpose::FirmaPec, leaf, embedded, anchors, day)
}

/// The same for any purpose, and so without the profile of a provider's certificate.
pub(crate) fn trace_for<'a>(
    purpose: Purpose,
    leaf: &Cert<'_>,
    embedded: &[Cert<'_>],
    anchors: &'a Anchors,
    day: Day,
) -> Result<Trusted<'a>, Why> {
    valid_at(leaf, day.at)?;
    let known: Vec<Cert<'_>> =
        anchors.of(purpose).flat_map(|a| &a.certificates).filter_map(|der| Cert::read(der).ok()).collect();
    // The embedded issuer first: cross-certificates of one key differ in their name constraints.
    let issuers: Vec<&Cert<'_>> = embedded.iter().chain(&known).filter(|c| c.der != leaf.der).collect();
    if !issuers.iter().any(|c| c.subject.same(&leaf.issuer)) {
        return Err(why::ISSUER_MISSING.about(issuer_name(leaf)));
    }
    let mut search = Search { issuers, anchors, purpose, day, tries: 0, best: None };
    let mut path = Vec::from([leaf]);
    match search.climb(&mut path, false) {
        Some(trusted) => Ok(trusted),
        None => Err(search.best.unwrap_or_else(|| why::NO_ANCHOR.about(issuer_name(leaf)))),
    }
}

struct Search<'a, 's> {
    issuers: Vec<&'s Cert<'s>>,
    anchors: &'a Anchors,
    purpose: Purpose,
    day: Day,
    tries: usize,
    /// The failure of the first chain that reached a pinned key: more telling than «no anchor».
    best: Option<Why>,
}

impl<'a, 's> Search<'a, 's> {
    /// Extends `path` by each possible issuer of its last certificate. Depth is at most [`STEPS_MAX`].
    fn climb<'c>(&mut self, path: &mut Vec<&'c Cert<'c>>, weak: bool) -> Option<Trusted<'a>>
    where
        's: 'c,
    {
        let (leaf, current) = (*path.first()?, *path.last()?);
        for issuer in self.issuers.clone() {
            if !issuer.subject.same(&current.issuer) || self.tries >= TRIES_MAX {
                continue;
            }
            self.tries += 1;
            let anchor = self.anchors.of(self.purpose).find(|a| a.spki_sha256 == issuer.spki_sha256);
            let judged = self.link(issuer, path).and_then(|link_weak| {
                let Some(anchor) = anchor else {
                    return Ok((weak | link_weak, None));
                };
                anchor.admits(leaf, self.day.at).map(|()| (weak | link_weak, Some(anchor)))
            });
            match judged {
                Ok((weak, Some(anchor))) => return Some(Trusted { anchor, weak }),
                Ok((weak, None)) if path.len() < STEPS_MAX => {
                    path.push(issuer);
                    let found = self.climb(path, weak);
                    path.pop();
                    if found.is_some() {
                        return found;
                    }
                }
                Ok(_) => {}
                Err(why) if anchor.is_some() => {
                    self.best.get_or_insert(why);
                }
                Err(_) => {}
            }
        }
        None
    }

    /// `issuer` may have signed, and did sign, the last certificate of `path`. True = weak.
    fn link(&self, issuer: &Cert<'_>, path: &[&Cert<'_>]) -> Result<bool, Why> {
        let current = path.last().ok_or_else(|| why::NO_ANCHOR.why())?;
        // RFC 5280 §6.1.4 (k) … (n).
        if !issuer.is_authority() {
            return Err(why::NOT_A_CA.about(quoted(&issuer.common_name)));
        }
        if let Some(oid) = issuer.unknown_critical {
            return Err(why::CRITICAL_EXTENSION.about(asn1::dotted(oid)));
        }
        let between = path.iter().skip(1).filter(|c| !c.is_self_issued()).count();
        if issuer.path_length.is_some_and(|most| between > most as usize) {
            return Err(why::PATH_LENGTH.why());
        }
        valid_at(issuer, self.day.at)?;
        if let Some(constraints) = &issuer.constraints
            && let Some(outside) = path.iter().find(|c| !constraints.allow(c))
        {
            return Err(why::NAME_CONSTRAINT.about(quoted(outside.emails().next().unwrap_or(&outside.organisation))));
        }
        let scheme = current.scheme().ok_or_else(|| why::ALGORITHM_UNKNOWN.why())?;
        let weak = self.day.strength(scheme.hash(), issuer)?;
        if !current.is_signed_by(issuer) {
            return Err(why::CERTIFICATE_SIGNATURE.about(issuer_name(current)));
        }
        Ok(weak)
    }
}

/// The profile of a provider's certificate (RFC 6109 §5.5; RFC 8550 §4.4).
fn signer_profile(leaf: &Cert<'_>) -> Result<(), Why> {
    if leaf.ca {
        return Err(why::LEAF_IS_CA.why());
    }
    if let Some(oid) = leaf.unknown_critical {
        return Err(why::CRITICAL_EXTENSION.about(asn1::dotted(oid)));
    }
    if !leaf.key_usage.is_some_and(Usage::signs) {
        return Err(why::KEY_USAGE.why());
    }
    let for_mail =
        |usages: &Vec<&[u8]>| usages.iter().any(|u| *u == EMAIL_PROTECTION.as_bytes() || *u == ANY_USAGE.as_bytes());
    if !leaf.extended_key_usage.as_ref().is_none_or(for_mail) {
        return Err(why::EXTENDED_KEY_USAGE.why());
    }
    Ok(())
}

fn valid_at(cert: &Cert<'_>, at: Timestamp) -> Result<(), Why> {
    let second = at.as_second();
    if second < cert.not_before {
        return Err(why::NOT_YET_VALID.about(quoted(&cert.common_name)));
    }
    if second > cert.not_after {
        return Err(why::EXPIRED.about(quoted(&cert.common_name)));
    }
    Ok(())
}

/// Issuer of a certificate, for people: its CN, else its O.
fn issuer_name(cert: &Cert<'_>) -> String {
    quoted(&cert.issuer.for_people())
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
