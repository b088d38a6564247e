//! The verdict on a signer's certificate, whole and separable: a pure function of the certificates, of what is trusted, of
//! the lists at hand and of two instants. So it can be kept, and this is all that is kept.

use crate::anchors::Purpose;
use crate::cert::Cert;
use crate::chain::{self, RSA_ARCHIVE_END, Trusted, World};
use crate::crypto::{Hash, RSA_BITS_MIN};
use crate::examine::Policy;
use crate::moment::Moment;
use crate::report::Why;
use crate::second;
use crate::status::{Standing, Witness};
use crate::why::{self, quoted};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Debug;
use jiff::Timestamp;

/// Remembers verdicts on paths, bounded as it likes: forgetting is always right, and so is keeping for ever. The key
/// stands for the certificates, what is trusted, the lists at hand and the rules of the day; the verdict knows for which
/// instants it stands. So a verdict outlives neither a change of trust nor a new list.
pub trait Paths: Debug + Sync {
    /// What was kept under this key.
    fn recall(&self, key: &[u8; 32]) -> Option<PathVerdict>;
    /// Keeps a verdict, in place of an earlier one under the same key.
    fn keep(&self, key: [u8; 32], verdict: PathVerdict);
}

/// A verdict on a path, for [`Paths`] to keep. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PathVerdict(Arc<Judged>);

#[derive(Debug)]
struct Judged {
    /// First and last instant of the event for which it stands.
    at: (i64, i64),
    /// First and last instant of the question about revocation.
    seen: (i64, i64),
    outcome: Result<Path, Why>,
}

/// A path that holds, and what is known of its revocation.
#[derive(Debug)]
pub(crate) struct Path {
    /// Name of the anchor.
    pub(crate) anchor: String,
    pub(crate) simulation: bool,
    pub(crate) weak: bool,
    /// Last instant (seconds since 1970) at which these keys were to be believed; after it, only as what was signed before.
    pub(crate) until: i64,
    /// Signer first, the certificate that carries the anchor's key last (DER).
    pub(crate) path: Vec<Vec<u8>>,
    pub(crate) standing: Standing,
    /// The CRLs and OCSP answers that decided (DER).
    pub(crate) status: Vec<Vec<u8>>,
}

impl PathVerdict {
    pub(crate) fn outcome(&self) -> &Result<Path, Why> {
        &self.0.outcome
    }

    fn stands(&self, at: i64, seen: i64) -> bool {
        let within = |(from, until): (i64, i64), instant| from <= instant && instant <= until;
        within(self.0.at, at) && within(self.0.seen, seen)
    }
}

/// Judges the certificate of a signer at the time `at` of the event, by way of `embedded`.
pub(crate) fn judge(leaf: &Cert<'_>, embedded: &[Cert<'_>], policy: &Policy<'_>, at: Timestamp) -> PathVerdict {
    let seen = seen_at(at, policy.arrival);
    let Some(paths) = policy.paths else {
        return judge_anew(leaf, embedded, policy, at, seen);
    };
    let key = key(leaf, embedded, policy);
    let kept = paths.recall(&key).filter(|verdict| verdict.stands(at.as_second(), seen.as_second()));
    kept.unwrap_or_else(|| {
        let verdict = judge_anew(leaf, embedded, policy, at, seen);
        paths.keep(key, verdict.clone());
        verdict
    })
}

/// When revocation is asked about: at arrival, as RFC 6109 §2.2.2 wants, so that nobody who holds a stolen key gains by
/// dating his signature back, however far. A message of a mailbox that was moved is judged so too, if it arrives anew.
fn seen_at(at: Timestamp, arrival: Option<Timestamp>) -> Timestamp {
    arrival.filter(|arrival| *arrival >= at).unwrap_or(at)
}

fn judge_anew(
    leaf: &Cert<'_>,
    embedded: &[Cert<'_>],
    policy: &Policy<'_>,
    at: Timestamp,
    seen: Timestamp,
) -> PathVerdict {
    let (at, seen) = (Moment::new(at.as_second()), Moment::new(seen.as_second()));
    let known = chain::known(policy.anchors, Purpose::FirmaPec);
    let world = World::new(Purpose::FirmaPec, embedded, &known, policy.anchors, policy.sha1_until);
    let outcome = chain::trace(leaf, &world, &at).and_then(|trusted| {
        if let Some(misread) = trusted.path.iter().find(|cert| !second::agrees_on_certificate(cert)) {
            return Err(why::READERS_DIFFER.about(quoted(&misread.common_name)));
        }
        let (standing, status) = match policy.status.filter(|lists| !lists.is_empty()) {
            Some(lists) => Witness::new(&world, lists).standing(&trusted, &seen),
            None => (Standing::Unknown("nessuna lista di revoca (CRL) è stata fornita".into()), Vec::new()),
        };
        Ok(Path {
            anchor: trusted.anchor.name.clone(),
            simulation: trusted.anchor.simulation,
            weak: trusted.weak,
            until: until(&trusted),
            path: trusted.path.iter().map(|cert| cert.der.to_vec()).collect(),
            standing,
            status: status.into_iter().map(<[u8]>::to_vec).collect(),
        })
    });
    PathVerdict(Arc::new(Judged { at: at.span(), seen: seen.span(), outcome }))
}

/// The first end of a certificate of the path (the last one's does not count: its key is pinned, for the anchor's time), or
/// of the years in which a short key was enough.
fn until(trusted: &Trusted<'_>) -> i64 {
    let below = trusted.path.len().saturating_sub(1);
    let ends = trusted.path.iter().take(below).map(|cert| cert.not_after);
    let short = |cert: &&Cert<'_>| cert.key.rsa_bits().is_some_and(|bits| bits < RSA_BITS_MIN);
    let strong = trusted.path.iter().copied().any(|cert| short(&cert)).then_some(RSA_ARCHIVE_END - 1);
    ends.chain(strong).chain(trusted.anchor.until.map(|until| until.as_second())).min().unwrap_or(i64::MAX)
}

/// Everything that a verdict depends on, but the instants.
fn key(leaf: &Cert<'_>, embedded: &[Cert<'_>], policy: &Policy<'_>) -> [u8; 32] {
    let mut sha = Hash::Sha256.running();
    for cert in core::iter::once(leaf).chain(embedded) {
        sha.add(&cert.der.len().to_be_bytes());
        sha.add(cert.der);
    }
    sha.add(policy.anchors.version().as_bytes());
    sha.add(&policy.status.map(|lists| lists.version()).unwrap_or_default());
    let sha1_until = policy.sha1_until.map_or(i64::MAX, |until| until.as_second());
    sha.add(&sha1_until.to_be_bytes());
    let mut key = [0; 32];
    key.iter_mut().zip(sha.finish()).for_each(|(to, from)| *to = from);
    key
}
