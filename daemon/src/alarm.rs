//! Alarms: what an administrator must know at once, and by another road than the mailbox that may be dead. It changes when
//! there is another thing to be alarmed about.
//!
//! Whoever notices raises, and clears when it is over; `bell.rs` tells it outside. Kept in memory: an alarm must not depend
//! on the store, nor on the PEC account (reliability.md §3.1 T08, P22).

pub mod bell;
pub mod deadman;
pub mod marks;
pub mod notice;
pub mod road;

use crate::events;
use crate::health::Health;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Most alarms open at a time. Beyond: only logged.
const OPEN_MAX: usize = 200;
/// Name of the mark in [`Health`]: alarms that are open.
pub const MARK: &str = "alarms_open";

/// What is wrong. The words are stable: they stand in webhooks and metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A watched folder has not been read for too long.
    IntakeDead,
    /// A watched folder is not there.
    FolderMissing,
    /// Archive or journal cannot be written: the service stops.
    StorageStopped,
    /// Little room on the disk: no more messages are fetched.
    DiskLow,
    /// A submission server refuses us: nothing leaves by that road.
    RoadClosed,
    /// Letters did not get their receipts in time.
    LetterOverdue,
    /// A letter to ourselves did not come home.
    CanaryLost,
    /// Archived bytes are not what they were.
    ArchiveDamaged,
    /// The register's chain is broken.
    JournalDamaged,
    /// The wall clock jumped.
    ClockJumped,
    /// Server, archive and register do not agree.
    NotReconciled,
    /// Documents have waited for a protocol number for too long.
    ProtocolSilent,
    /// Rules, templates or trust were to be read again, and have mistakes: the old ones stay in force.
    ReloadRefused,
    /// The back office has not been told for too long, or cannot be heard.
    BackOfficeLate,
    /// A source of data cannot be read.
    SourceLate,
    /// Sheets leave without the seal that is configured, or soon will.
    SealUnfit,
}

impl Code {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::IntakeDead => "intake-dead",
            Self::FolderMissing => "folder-missing",
            Self::StorageStopped => "storage-stopped",
            Self::DiskLow => "disk-low",
            Self::RoadClosed => "road-closed",
            Self::LetterOverdue => "letter-overdue",
            Self::CanaryLost => "canary-lost",
            Self::ArchiveDamaged => "archive-damaged",
            Self::JournalDamaged => "journal-damaged",
            Self::ClockJumped => "clock-jumped",
            Self::NotReconciled => "not-reconciled",
            Self::ProtocolSilent => "protocol-silent",
            Self::ReloadRefused => "reload-refused",
            Self::BackOfficeLate => "back-office-late",
            Self::SourceLate => "source-late",
            Self::SealUnfit => "seal-unfit",
        }
    }
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// What is wrong.
    pub code: Code,
    /// With what: `protocollo/INBOX`, `pec`, a path. Never a person.
    pub about: String,
    /// What an administrator reads, in Italian: what, and what to do. No subject, address or name of a citizen.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// What makes two alarms the same episode.
pub type Key = (Code, String);

/// The alarms that are open now. One for each service, behind an `Arc`.
#[derive(Debug)]
pub struct Alarms {
    open: Mutex<BTreeMap<Key, Alarm>>,
    changed: Notify,
    health: Arc<Health>,
}

impl Alarms {
    /// None open.
    #[must_use]
    pub fn new(health: Arc<Health>) -> Arc<Self> {
        health.mark(MARK, 0);
        Arc::new(Self { open: Mutex::default(), changed: Notify::new(), health })
    }

    /// Raises an alarm, or brings the text of one that is open up to date: to say it twice is to say it once.
    pub fn raise(&self, code: Code, about: &str, text: &str, now: Timestamp) {
        let mut open = self.lock();
        let key = (code, about.to_owned());
        if let Some(alarm) = open.get_mut(&key) {
            text.clone_into(&mut alarm.text);
            return;
        }
        events::alarm_raised(code.word(), about);
        if open.len() < OPEN_MAX {
            open.insert(key, Alarm { code, about: about.to_owned(), text: text.to_owned(), since: now });
        }
        self.health.mark(MARK, i64::try_from(open.len()).unwrap_or(i64::MAX));
        self.changed.notify_one();
    }

    /// It is over. Nothing happens if it was not open.
    pub fn clear(&self, code: Code, about: &str) {
        let mut open = self.lock();
        if open.remove(&(code, about.to_owned())).is_some() {
            events::alarm_cleared(code.word(), about);
            self.health.mark(MARK, i64::try_from(open.len()).unwrap_or(i64::MAX));
            self.changed.notify_one();
        }
    }

    /// Raises or clears, by a condition.
    pub fn set(&self, wrong: bool, code: Code, about: &str, text: &str, now: Timestamp) {
        if wrong { self.raise(code, about, text, now) } else { self.clear(code, about) }
    }

    /// Those that are open.
    #[must_use]
    pub fn open(&self) -> BTreeMap<Key, Alarm> {
        self.lock().clone()
    }

    /// Until something is raised or cleared. For one listener.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Alarm>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
