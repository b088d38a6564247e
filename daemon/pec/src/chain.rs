//! From the signer's certificate to a pinned key, judged at the time of the event (RFC 5280 §6; `reference` pec.md §8).

use crate::anchors::{Anchor, Anchors, Purpose};
use crate::asn1;
use crate::cert::{Cert, Usage};
use crate::crypto::{Hash, RSA_BITS_MIN};
use crate::dn::Dn;
use crate::moment::Moment;
use crate::path::{self, valid_at};
use crate::policy::Rules;
use crate::report::Why;
use crate::why::{self, quoted};
use alloc::string::String;
use alloc::vec::Vec;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;

/// Most certificates above the signer's. The real chain has one.
pub(crate) const STEPS_MAX: usize = 8;
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

    /// Asks `moment` what [`strength`](Self::strength) depends on.
    pub(crate) fn bounds(self, moment: &Moment) {
        moment.reached(RSA_ARCHIVE_END);
        self.sha1_until.map(|until| moment.passed(until.as_second()));
    }
}

/// A path that holds.
#[derive(Debug)]
pub(crate) struct Trusted<'a> {
    /// Where it ends.
    pub(crate) anchor: &'a Anchor,
    /// A certificate of the path has a signature, or a key, that is weak today.
    pub(crate) weak: bool,
    /// The target first, the certificate that carries the anchor's key last.
    pub(crate) path: Vec<&'a Cert<'a>>,
}

/// Who may have issued what, and who is trusted.
///
/// A pinned issuer's own certificate is not verified: messages do not carry what is above it, and its key is what is
/// trusted. So whoever holds a provider's certificate can send a copy of the issuer's with the name constraints, path
/// length or dates changed. What does he gain? Every link below is verified with the *pinned* key, so he can only send
/// certificates that the pinned authority did sign; the lie is about what the authority above (a public root, which is
/// not trusted here) let it sign. Names, policy and dates of the signer's own certificate are signed by the pinned key,
/// and the anchor's window, policies and hosts, which are the administrator's, bind whatever the copy says. Nor can a
/// copy silence a revocation list: [`status`](crate::status) asks the key, not the certificate. A copy with *more*
/// constraints only makes the sender's own message fail.
#[derive(Debug, Clone)]
pub(crate) struct World<'a> {
    pool: Vec<&'a Cert<'a>>,
    anchors: &'a Anchors,
    purpose: Purpose,
    sha1_until: Option<Timestamp>,
}

/// What is asked of a path.
#[derive(Debug, Clone)]
pub(crate) enum Demand {
    /// What the anchor that it reaches asks of the certificates that it vouches for.
    Anchors,
    /// These rules, of somebody's else.
    #[cfg(test)]
    Rules(Rules),
    /// The path must end at this key: that of the list's signer, at the anchor of what it lists (RFC 5280 §6.3.3 f).
    Anchor([u8; 32]),
}

/// Looks for a path from `leaf` to one of the anchors that are trusted to vouch for PEC providers.
pub(crate) fn trace<'a>(leaf: &'a Cert<'a>, world: &World<'a>, moment: &Moment) -> Result<Trusted<'a>, Why> {
    signer_profile(leaf)?;
    valid_at(leaf, moment)?;
    world.path(leaf, moment, Demand::Anchors)
}

/// The anchors' own certificates, for what does not carry its issuer.
pub(crate) fn known(anchors: &Anchors, purpose: Purpose) -> Vec<Cert<'_>> {
    anchors.of(purpose).flat_map(|a| &a.certificates).filter_map(|der| Cert::read(der).ok()).collect()
}

impl<'a> World<'a> {
    /// `embedded` before `known`: cross-certificates of one key differ in their name constraints, and the sender knows
    /// which of them is his.
    pub(crate) fn new(
        purpose: Purpose,
        embedded: &'a [Cert<'a>],
        known: &'a [Cert<'a>],
        anchors: &'a Anchors,
        sha1_until: Option<Timestamp>,
    ) -> Self {
        Self { pool: embedded.iter().chain(known).collect(), anchors, purpose, sha1_until }
    }

    /// Certificates with this subject.
    pub(crate) fn named(&self, subject: Dn<'_>) -> impl Iterator<Item = &'a Cert<'a>> {
        self.pool.iter().copied().filter(move |cert| cert.subject.same(&subject))
    }

    /// How strong what was signed at `at` must be.
    pub(crate) fn day(&self, at: i64) -> Day {
        Day { at: Timestamp::from_second(at).unwrap_or(Timestamp::MAX), sha1_until: self.sha1_until }
    }

    /// The first path that holds from `target` to an anchor.
    pub(crate) fn path(&self, target: &'a Cert<'a>, moment: &Moment, demand: Demand) -> Result<Trusted<'a>, Why> {
        if !self.pool.iter().any(|c| c.der != target.der && c.subject.same(&target.issuer)) {
            return Err(why::ISSUER_MISSING.about(issuer_name(target)));
        }
        let mut search = Search { world: self, moment, demand, tries: 0, best: None };
        match search.climb(&mut Vec::from([target])) {
            Some(trusted) => Ok(trusted),
            None => Err(search.best.unwrap_or_else(|| why::NO_ANCHOR.about(issuer_name(target)))),
        }
    }
}

struct Search<'w, 'a> {
    world: &'w World<'a>,
    moment: &'w Moment,
    demand: Demand,
    tries: usize,
    /// The failure of the first path that reached a pinned key: more telling than «no anchor».
    best: Option<Why>,
}

impl<'a> Search<'_, 'a> {
    /// Extends `path` by each possible issuer of its last certificate. Depth is at most [`STEPS_MAX`].
    fn climb(&mut self, path: &mut Vec<&'a Cert<'a>>) -> Option<Trusted<'a>> {
        let current = *path.last()?;
        for issuer in self.world.named(current.issuer) {
            if path.iter().any(|c| c.der == issuer.der) {
                continue;
            }
            if self.tries >= TRIES_MAX {
                return None;
            }
            self.tries += 1;
            let anchor = self.world.anchors.of(self.world.purpose).find(|a| a.spki_sha256 == issuer.spki_sha256);
            if !current.is_signed_by(issuer) {
                if anchor.is_some() {
                    let unknown = current.scheme().is_none();
                    let name = issuer_name(current);
                    let reason =
                        if unknown { why::ALGORITHM_UNKNOWN.why() } else { why::CERTIFICATE_SIGNATURE.about(name) };
                    self.best.get_or_insert(reason);
                }
                continue;
            }
            path.push(issuer);
            let found = match anchor {
                Some(anchor) => match self.judge(path, anchor) {
                    Ok(weak) => Some(Trusted { anchor, weak, path: path.clone() }),
                    Err(why) => {
                        self.best.get_or_insert(why);
                        None
                    }
                },
                None if path.len() <= STEPS_MAX => self.climb(path),
                None => None,
            };
            path.pop();
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// A path whose signatures are right, and which ends at a pinned key. True = weak.
    fn judge(&self, path: &[&'a Cert<'a>], anchor: &Anchor) -> Result<bool, Why> {
        let target = path.first().ok_or_else(|| why::NO_ANCHOR.why())?;
        for bound in [anchor.from.map(|from| from.as_second()), anchor.until.map(|until| until.as_second() + 1)] {
            bound.map(|bound| self.moment.reached(bound));
        }
        let of_anchor = |policies: &[String]| Rules {
            wanted: policies.iter().filter_map(|policy| ObjectIdentifier::new(policy).ok()).collect(),
            explicit: !policies.is_empty(),
            ..Rules::default()
        };
        match &self.demand {
            Demand::Anchors => {
                path::validate(path, self.moment, &of_anchor(&anchor.policies))?;
                // The signer must name the policy itself: any-policy is an authority's word, not a provider's.
                anchor.admits(target, self.world.day(self.moment.at()).at)?;
            }
            #[cfg(test)]
            Demand::Rules(rules) => path::validate(path, self.moment, rules)?,
            Demand::Anchor(spki) if *spki == anchor.spki_sha256 => {
                path::validate(path, self.moment, &Rules::default())?;
            }
            Demand::Anchor(_) => return Err(why::NO_ANCHOR.about(quoted(&anchor.name))),
        }
        let mut weak = false;
        for pair in path.windows(2) {
            let [cert, issuer] = pair else { continue };
            let scheme = cert.scheme().ok_or_else(|| why::ALGORITHM_UNKNOWN.why())?;
            let day = self.world.day(self.moment.at());
            day.bounds(self.moment);
            weak |= day.strength(scheme.hash(), issuer)?;
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

/// Issuer of a certificate, for people: its CN, else its O.
fn issuer_name(cert: &Cert<'_>) -> String {
    quoted(&cert.issuer.for_people())
}

#[cfg(test)]
#[path = "chain_tests.rs"]
mod tests;
