//! Whether the certificates of a path were revoked at an instant (RFC 5280 §6.3, RFC 6960), answered for the archive.
//!
//! The question is never «is it revoked now» but «was it good then» (`reference` signatures.md §3), so a list issued
//! long after is the best witness: it names the date. For one certificate and the instant T:
//! - an entry whose date, or whose invalidityDate, is not after T: revoked. No later silence takes that back, save for a
//!   certificateHold, about which the newest list decides;
//! - an entry with a later date: good at T, for it was revoked only then;
//! - no entry in a list issued at T or after: good at T, unless the certificate had expired before the list, which may
//!   then have dropped it (§3.3) and must say that it has not;
//! - no entry in a list issued before T: good if T is not after its nextUpdate. That is all that one can know when a
//!   message arrives, and what RFC 6109 §2.2.2 asks for then; past nextUpdate it says nothing of T.
//!
//! Anything else is not known, which blocks nothing.

use crate::cert::{Cert, Usage};
use crate::chain::{Demand, Trusted, World};
use crate::crl::{ALL_REASONS, CERTIFICATE_HOLD, Crl, Entry, Point, PointName, REMOVE_FROM_CRL, Scope, not_less};
use crate::crypto::{Key, Scheme};
use crate::moment::Moment;
use crate::names::General;
use crate::ocsp::{Answer, Word};
use crate::path::valid_at;
use crate::report::Why;
use crate::revocation::StatusLists;
use crate::why::{self, quoted};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;
use der::asn1::ObjectIdentifier;
use jiff::Timestamp;

/// id-kp-OCSPSigning.
const OCSP_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9");
/// Deepest question about who signed the list about who signed the list.
const SIGNERS_MAX: usize = 2;
/// Most signatures of lists and answers checked for one message: each costs, and a list may be large.
const CHECKS_MAX: usize = 64;

/// What is known of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No certificate of it was revoked; by which lists, in words.
    Good(String),
    /// One was.
    Revoked(Why),
    /// Of one nothing is known, and why.
    Unknown(String),
}

/// What one list or answer says, before it is weighed.
#[derive(Debug, Clone)]
struct Said<'a> {
    /// The list, and the delta that changes it, or the answer (DER).
    evidence: Vec<&'a [u8]>,
    /// Who says it, for people.
    by: String,
    entry: Option<Entry>,
    /// For which reasons it speaks.
    reasons: u16,
    this_update: i64,
    next_update: Option<i64>,
    keeps_expired_since: Option<i64>,
}

/// Everything at hand to answer with.
pub(crate) struct Witness<'a> {
    world: &'a World<'a>,
    crls: Vec<Crl<'a>>,
    answers: Vec<(&'a [u8], Answer<'a>)>,
    checks: Cell<usize>,
}

impl<'a> Witness<'a> {
    pub(crate) fn new(world: &'a World<'a>, lists: &'a StatusLists) -> Self {
        Self { world, crls: lists.crls().collect(), answers: lists.answers().collect(), checks: Cell::new(0) }
    }

    /// Judges every certificate of a path but the last, whose key is pinned. With the lists that decided (DER).
    pub(crate) fn standing(&self, trusted: &Trusted<'a>, moment: &Moment) -> (Standing, Vec<&'a [u8]>) {
        let mut evidence: Vec<&[u8]> = Vec::new();
        let mut good: Vec<String> = Vec::new();
        let mut unknown = None;
        for place in 0..trusted.path.len().saturating_sub(1) {
            let (standing, lists) = self.certificate(&trusted.path, place, moment, 0);
            evidence.extend(lists.into_iter().filter(|list| !evidence.contains(list)).collect::<Vec<_>>());
            match standing {
                Standing::Revoked(_) => return (standing, evidence),
                Standing::Unknown(why) => unknown = unknown.or(Some(why)),
                Standing::Good(by) => good.extend((!good.contains(&by)).then_some(by)),
            }
        }
        (unknown.map_or_else(|| Standing::Good(good.join("; ")), Standing::Unknown), evidence)
    }

    /// Judges the certificate at `place` of a path.
    fn certificate(
        &self,
        path: &[&'a Cert<'a>],
        place: usize,
        moment: &Moment,
        depth: usize,
    ) -> (Standing, Vec<&'a [u8]>) {
        let (Some(cert), Some(issuer), Some(anchor)) = (path.get(place), path.get(place + 1), path.last()) else {
            return (Standing::Unknown(String::new()), Vec::new());
        };
        let above = path.get(place + 1..).unwrap_or_default();
        let mut said = self.lists(cert, above, anchor, depth);
        said.extend(self.responders(cert, issuer));
        // The newest first: it decides about a hold.
        said.sort_by_key(|said| core::cmp::Reverse(said.this_update));
        weigh(cert, &said, moment)
    }

    /// What the CRLs say of `cert` (RFC 5280 §6.3.3).
    fn lists(&self, cert: &Cert<'a>, above: &[&'a Cert<'a>], anchor: &Cert<'a>, depth: usize) -> Vec<Said<'a>> {
        let named = cert.crl_points.and_then(Point::all).unwrap_or_default();
        // «Repeat the process with any available CRLs not specified in a distribution point but issued by the
        // certificate issuer»: a point that says nothing.
        let points: Vec<Point<'_>> = named.into_iter().chain([Point::default()]).collect();
        let mut said = Vec::new();
        for crl in self.crls.iter().filter(|crl| crl.base.is_none() && !crl.unknown_critical) {
            let reasons = points.iter().map(|point| covers(crl, point, cert)).fold(0, |all, one| all | one);
            if reasons == 0 || !self.is_right(crl, above, anchor, depth) {
                continue;
            }
            let Some(complete) = crl.find(&cert.issuer, cert.serial) else {
                continue;
            };
            let delta = self.crls.iter().filter(|delta| changes(delta, crl)).max_by_key(|delta| delta.this_update);
            let delta = delta.filter(|delta| self.is_right(delta, above, anchor, depth));
            let delta = delta.and_then(|delta| Some((delta, delta.find(&cert.issuer, cert.serial)?)));
            let newest = delta.map_or(crl, |(delta, _)| delta);
            let entry = match delta {
                Some((_, Some(entry))) => Some(entry),
                _ => complete,
            };
            said.push(Said {
                evidence: [Some(crl.der), delta.map(|(delta, _)| delta.der)].into_iter().flatten().collect(),
                by: format!("lista di {} del {}", quoted(&crl.issuer.for_people()), instant(newest.this_update)),
                entry: entry.filter(|entry| entry.reason != REMOVE_FROM_CRL),
                reasons,
                this_update: newest.this_update,
                next_update: newest.next_update,
                keeps_expired_since: crl.keeps_expired_since,
            });
        }
        said
    }

    /// The list was signed by its issuer, with a key that could be believed when it was made (§6.3.3 f, g).
    fn is_right(&self, crl: &Crl<'a>, above: &[&'a Cert<'a>], anchor: &Cert<'a>, depth: usize) -> bool {
        let then = Moment::new(crl.this_update);
        // The pinned key is trusted, not its certificate, which came with the message and may be a changed copy: what it
        // says must not be able to silence a list.
        let is_pinned = |signer: &Cert<'a>| signer.spki_sha256 == anchor.spki_sha256;
        let may_sign =
            |signer: &Cert<'a>| signer.key_usage.is_some_and(Usage::signs_lists) && signer.unknown_critical.is_none();
        let signs = |signer: &Cert<'a>| {
            (is_pinned(signer) || may_sign(signer))
                && self.signed(crl.scheme(), signer, crl.this_update, |key| crl.is_signed_by(key))
        };
        let mut above = above.iter().filter(|signer| signer.subject.same(&crl.issuer));
        if above.any(|signer| (is_pinned(signer) || valid_at(signer, &then).is_ok()) && signs(signer)) {
            return true;
        }
        // Another key of the issuer, or another issuer: it needs a path of its own, to the same anchor.
        depth < SIGNERS_MAX
            && self.world.named(crl.issuer).any(|signer| {
                signs(signer) && (is_pinned(signer) || self.is_trusted(signer, &then, anchor.spki_sha256, depth + 1))
            })
    }

    /// `signer` has a path to the anchor, and is not revoked as far as is known.
    fn is_trusted(&self, signer: &'a Cert<'a>, then: &Moment, anchor: [u8; 32], depth: usize) -> bool {
        let Ok(trusted) = self.world.path(signer, then, Demand::Anchor(anchor)) else {
            return false;
        };
        (0..trusted.path.len().saturating_sub(1))
            .all(|place| !matches!(self.certificate(&trusted.path, place, then, depth).0, Standing::Revoked(_)))
    }

    /// What the OCSP answers say of `cert`.
    fn responders(&self, cert: &Cert<'a>, issuer: &Cert<'a>) -> Vec<Said<'a>> {
        let told = self.answers.iter().filter_map(|(der, answer)| {
            let single = answer.about(cert, issuer)?;
            let entry = match single.word {
                Word::Good => None,
                Word::Revoked(at, reason) => Some(Entry { at, invalid_since: None, reason }),
                Word::Unknown => return None,
            };
            self.is_authorised(answer, issuer).then(|| Said {
                evidence: Vec::from([*der]),
                by: format!("OCSP di {} del {}", quoted(&issuer.common_name), instant(single.this_update)),
                entry,
                reasons: ALL_REASONS,
                this_update: single.this_update,
                next_update: single.next_update,
                keeps_expired_since: single.archive_cutoff,
            })
        });
        told.collect()
    }

    /// RFC 6960 §4.2.2.2: signed by the issuer itself, or by a delegate that the issuer certified for this.
    fn is_authorised(&self, answer: &Answer<'_>, issuer: &Cert<'_>) -> bool {
        let then = Moment::new(answer.produced_at);
        let signed = |signer: &Cert<'_>| {
            answer.is_by(signer)
                && self.signed(answer.scheme(), signer, answer.produced_at, |key| answer.is_signed_by(key))
        };
        signed(issuer)
            || answer.certificates.iter().filter_map(|der| Cert::read(der).ok()).any(|delegate| {
                let usages = delegate.extended_key_usage.as_deref().unwrap_or_default();
                delegate.issuer.same(&issuer.subject)
                    && usages.contains(&OCSP_SIGNING.as_bytes())
                    && delegate.key_usage.is_none_or(Usage::signs)
                    && delegate.unknown_critical.is_none()
                    && valid_at(&delegate, &then).is_ok()
                    && delegate.is_signed_by(issuer)
                    && signed(&delegate)
                    && (delegate.ocsp_no_check || !self.lists_revoke(&delegate, issuer, &then))
            })
    }

    /// A list of the issuer's own key revokes this responder.
    fn lists_revoke(&self, delegate: &Cert<'_>, issuer: &Cert<'_>, then: &Moment) -> bool {
        let own = self.crls.iter().filter(|crl| crl.issuer.same(&issuer.subject) && crl.is_signed_by(&issuer.key));
        own.filter_map(|crl| crl.find(&delegate.issuer, delegate.serial)?)
            .any(|entry| entry.reason != REMOVE_FROM_CRL && then.reached(entry.effective()))
    }

    /// The signature is right, strong enough for its day, and within the bound of the message.
    fn signed(&self, scheme: Option<Scheme>, signer: &Cert<'_>, at: i64, check: impl Fn(&Key) -> bool) -> bool {
        let strong = scheme.is_some_and(|scheme| self.world.day(at).strength(scheme.hash(), signer).is_ok());
        if !strong || self.checks.get() >= CHECKS_MAX {
            return false;
        }
        self.checks.set(self.checks.get() + 1);
        check(&signer.key)
    }
}

/// What all that was said, newest first, comes to.
fn weigh<'a>(cert: &Cert<'_>, all: &[Said<'a>], moment: &Moment) -> (Standing, Vec<&'a [u8]>) {
    let mut covered = 0;
    let mut good: Vec<&Said<'a>> = Vec::new();
    for said in all {
        match said.entry {
            Some(entry) if moment.reached(entry.effective()) => {
                // A hold that a newer list no longer has was lifted (§5.3.1).
                if entry.reason == CERTIFICATE_HOLD && covered & 1 << CERTIFICATE_HOLD != 0 {
                    continue;
                }
                let name = quoted(&cert.common_name);
                let why = why::REVOKED.about(format!("{name}, {}, {}", instant(entry.effective()), said.by));
                return (Standing::Revoked(why), said.evidence.clone());
            }
            None if !speaks_of(said, cert, moment) => continue,
            _ => {}
        }
        if said.reasons & !covered != 0 {
            good.push(said);
        }
        covered |= said.reasons;
    }
    if covered == ALL_REASONS {
        let by: Vec<&str> = good.iter().map(|said| said.by.as_str()).collect();
        return (Standing::Good(by.join("; ")), good.iter().flat_map(|said| said.evidence.clone()).collect());
    }
    let name = quoted(&cert.common_name);
    (Standing::Unknown(format!("nessuna lista di revoca (CRL) o risposta OCSP risponde per {name}")), Vec::new())
}

/// The silence of a list means something for the instant.
fn speaks_of(said: &Said<'_>, cert: &Cert<'_>, moment: &Moment) -> bool {
    let dropped =
        said.this_update > cert.not_after && said.keeps_expired_since.is_none_or(|kept| kept > cert.not_after);
    if !moment.passed(said.this_update) {
        return !dropped;
    }
    said.next_update.is_some_and(|next| !moment.passed(next))
}

/// For which reasons `crl` speaks of `cert`, found by `point` (§6.3.3 b, d).
fn covers(crl: &Crl<'_>, point: &Point<'_>, cert: &Cert<'_>) -> u16 {
    let plain = Scope::default();
    let scope = crl.scope.as_ref().unwrap_or(&plain);
    let issuer = General::Directory(crl.issuer);
    let by_issuer = if point.crl_issuer.is_empty() {
        crl.issuer.same(&cert.issuer)
    } else {
        scope.indirect && point.crl_issuer.iter().any(|name| name.same(&issuer))
    };
    let kind = !(scope.only_attributes || scope.only_users && cert.ca || scope.only_authorities && !cert.ca);
    let here = scope.name.as_ref().is_none_or(|name| names_point(name, crl, point, cert));
    if !(by_issuer && kind && here) {
        return 0;
    }
    ALL_REASONS & scope.reasons.unwrap_or(ALL_REASONS) & point.reasons.unwrap_or(ALL_REASONS)
}

/// §6.3.3 b 2 i: one of the names of the list's distribution point is one of the certificate's.
fn names_point(of_list: &PointName<'_>, crl: &Crl<'_>, point: &Point<'_>, cert: &Cert<'_>) -> bool {
    let issuer = [General::Directory(cert.issuer)];
    // A point without a name is named by its cRLIssuer; one that says nothing by the certificate's issuer.
    let unnamed = if point.crl_issuer.is_empty() { &issuer[..] } else { &point.crl_issuer[..] };
    let base = point.crl_issuer.iter().find_map(|name| match name {
        General::Directory(name) => Some(*name),
        _ => None,
    });
    let base = base.unwrap_or(cert.issuer);
    let below = |full: &[General<'_>], base: &crate::dn::Dn<'_>, last: &[u8]| {
        full.iter().any(|name| matches!(name, General::Directory(name) if name.is_below(base, last)))
    };
    match (of_list, &point.name) {
        (PointName::Full(a), Some(PointName::Full(b))) => a.iter().any(|a| b.iter().any(|b| a.same(b))),
        (PointName::Full(a), None) => a.iter().any(|a| unnamed.iter().any(|b| a.same(b))),
        (PointName::Full(a), Some(PointName::Relative(b))) => below(a, &base, b),
        (PointName::Relative(a), Some(PointName::Full(b))) => below(b, &crl.issuer, a),
        (PointName::Relative(a), Some(PointName::Relative(b))) => crl.issuer.same(&base) && crate::dn::same_rdn(a, b),
        (PointName::Relative(a), None) => below(unnamed, &crl.issuer, a),
    }
}

/// `delta` tells what changed since `complete` or before it (§5.2.4, §6.3.3 c).
fn changes(delta: &Crl<'_>, complete: &Crl<'_>) -> bool {
    let numbers = delta.base.zip(complete.number).zip(delta.number);
    !delta.unknown_critical
        && numbers.is_some_and(|((base, complete), own)| not_less(complete, base) && not_less(own, complete))
        && delta.issuer.same(&complete.issuer)
        && delta.scope == complete.scope
        && delta.authority_key_id == complete.authority_key_id
}

fn instant(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|at| format!("{at}")).unwrap_or_default()
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
