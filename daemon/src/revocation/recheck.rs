//! Looking back: a new list may say that a certificate was revoked when a message, decided since, was signed.
//!
//! The same examination judges again, with the lists of today. A certificate is revoked from an instant on, so from each signer
//! the newest message is examined first and the look ends at the first one that still holds.

use super::cache::Lists;
use super::signers::Signers;
use crate::archive::{self, Archive, Shelf};
use crate::clock::Clock;
use crate::events;
use crate::office::Office;
use crate::store::{Store, Trouble};
use crate::trial::Trial;
use jiff::{SignedDuration, Timestamp};
use pec::{Check, Outcome, Policy};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// Most messages examined again at a time; the rest follows in the next round.
pub const RECHECK_MAX: usize = 100;
/// How far back messages are looked at.
const RECHECK_SPAN: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What looking back needs.
#[derive(Clone)]
pub struct Recheck {
    /// The messages.
    pub archive: Arc<Archive>,
    /// Who signed what.
    pub store: Arc<Mutex<Store>>,
    /// Trust in force.
    pub office: watch::Receiver<Arc<Office>>,
    /// SHA-1 is refused after this instant.
    pub sha1_until: Option<Timestamp>,
    /// How a message is tried before it is examined here.
    pub trial: Trial,
    /// The time.
    pub clock: Clock,
}

/// What a second examination gave.
enum Judged {
    /// Nothing speaks against it: nor against what the same key signed before.
    StillGood,
    /// Written down.
    Revoked,
    /// Nothing to judge by: the one before it may be.
    Unreadable,
}

impl Recheck {
    /// Examines again what these lists may change. True when there is more to look at.
    ///
    /// # Errors
    /// Those of the store.
    pub fn look_back(&self, lists: &Lists, signers: &Signers) -> Result<bool, Trouble> {
        let known = signers.all().map_err(|e| Trouble::Io("revoca".into(), e))?;
        let since = self.clock.now().checked_sub(RECHECK_SPAN).unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut room, mut found) = (RECHECK_MAX, 0);
        for (certificate, _) in known {
            // Not in the loop's head: the lock would be held through it, and judging takes it again.
            let messages = self.store().signed_by(&certificate, since, room + 1)?;
            for message in messages {
                if room == 0 {
                    // Those that were written down are not met again; a round that wrote nothing would be the same again.
                    return Ok(found > 0);
                }
                room -= 1;
                match self.judge(&message, lists)? {
                    Judged::StillGood => break,
                    Judged::Revoked => found += 1,
                    Judged::Unreadable => {}
                }
            }
        }
        Ok(false)
    }

    /// Examines one message, and writes down that its certificate was revoked, if it was.
    fn judge(&self, message: &str, lists: &Lists) -> Result<Judged, Trouble> {
        let disk = |e| Trouble::Io("archive".into(), e);
        let bytes = match self.archive.read(Shelf::In, message) {
            Ok(bytes) => bytes,
            Err(e) if archive::is_of_one_copy(&e) => {
                events::archive_damaged(message, &e);
                return Ok(Judged::Unreadable);
            }
            Err(e) => return Err(disk(e)),
        };
        let office = self.office.borrow().clone();
        // As it was asked when it was decided: who stole a key dates his message back.
        let received = self.store().message(message)?.and_then(|row| row.received);
        let arrival = received.or_else(|| self.archive.kept_at(Shelf::In, message));
        let (sha1_until, status) = (self.sha1_until, Some(&lists.status));
        let policy = Policy { arrival, sha1_until, status, ..Policy::new(&office.trust.anchors) };
        let seen = match self.trial.examine(&self.archive.path(Shelf::In, message), &bytes, &policy) {
            Ok(seen) => seen,
            Err(why) => {
                events::recheck_failed(message, &why);
                return Ok(Judged::Unreadable);
            }
        };
        let Some(Outcome::Fail(why)) = seen.report.outcome(Check::Revocation) else {
            return Ok(Judged::StillGood);
        };
        let mut evidence = Vec::new();
        for der in seen.seal.iter().flat_map(|seal| &seal.status) {
            evidence.push(self.archive.keep_status(der).map_err(disk)?);
        }
        let text = format!(
            "dopo la decisione si è saputo che il certificato non era più buono: {} Rivedi che cosa ne è seguito.",
            why.text
        );
        self.store().revoked_later(message, &text, evidence, self.clock.now())?;
        events::incident(message, "revoked-later");
        Ok(Judged::Revoked)
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        // A panic while the store was locked left the index behind the journal at most; a restart catches up.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
