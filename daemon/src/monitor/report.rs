//! The state of a running service as it travels: over the control socket to `status`, and into metrics and health.

use super::timings::Durations;
use crate::alarm::{Alarm, Code};
use crate::canary::Fared;
use crate::health::Folder;
use crate::store::protocol::Overview as Registered;
use crate::store::tally::Tally;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything, at one moment. The names of its fields are those of `status --json`: they are added to, never changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// Of the program.
    pub version: String,
    /// When it was asked.
    pub now: Timestamp,
    /// When the service started.
    pub started_at: Timestamp,
    /// Seconds since, on the monotonic clock.
    pub uptime_seconds: u64,
    /// Nothing is sent.
    pub observe: bool,
    /// Where the register ends.
    pub journal: JournalEnd,
    /// Letters whose acceptance is overdue.
    pub overdue: u64,
    /// How many things a person must look at.
    pub attention_count: u64,
    /// The first of them, in Italian.
    pub attention: Vec<String>,
    /// The counts.
    pub tally: Tally,
    /// Rules, templates and trust in force.
    pub in_force: InForce,
    /// Bytes that may still be written where the data folder is; `None`: the disk does not say.
    pub disk_free_bytes: Option<u64>,
    /// The alarms that are open.
    pub alarms: Vec<Alarm>,
    /// How the last canaries fared, where they are sent: a mailbox each.
    #[serde(default)]
    pub canaries: Vec<Fared>,
    /// How the registering in the protocol stands, where there is one.
    #[serde(default)]
    pub protocol: Option<Registered>,
    /// The seal of the sheets in one line, in Italian, where one is configured.
    #[serde(default)]
    pub sigillo: Option<String>,
    /// The watched folders.
    pub folders: Vec<Folder>,
    /// What other parts mark.
    pub marks: BTreeMap<String, i64>,
    /// How long examinations took.
    pub examination: Durations,
    /// How long commits took.
    pub commit: Durations,
}

/// Where the register ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalEnd {
    /// Number of its last line.
    pub lines: u64,
    /// SHA-256 of it.
    pub head: String,
    /// A file outside of the data folder is configured for notes of it.
    pub is_noted: bool,
    /// The last note: when, and which line.
    pub noted: Option<(Timestamp, u64)>,
}

/// What is in force. Digests are shortened to their first 12 digits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InForce {
    /// Digest of the rules.
    pub rules: String,
    /// Digest of the templates.
    pub templates: String,
    /// Digest of the trust anchors.
    pub anchors: String,
    /// Since when this process has them.
    pub since: Timestamp,
    /// The last reload was refused: when, and how many mistakes there were.
    pub refused: Option<(Timestamp, usize)>,
}

impl Report {
    /// Why the service is not doing its work: stable words, with what each is about. Empty: it is.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        self.words(stops_the_work)
    }

    /// What somebody must look at while the work goes on.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.words(|code| !stops_the_work(code))
    }

    fn words(&self, of: impl Fn(Code) -> bool) -> Vec<String> {
        let alarms = self.alarms.iter().filter(|alarm| of(alarm.code));
        alarms.map(|alarm| format!("{} {}", alarm.code.word(), alarm.about).trim_end().to_owned()).collect()
    }

    /// Listed messages that are not kept yet, in all folders.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        self.folders.iter().map(|folder| folder.backlog).sum()
    }
}

/// Mail is not read, not kept, or not sent.
fn stops_the_work(code: Code) -> bool {
    match code {
        Code::IntakeDead | Code::FolderMissing | Code::StorageStopped | Code::DiskLow | Code::RoadClosed => true,
        Code::ArchiveDamaged | Code::JournalDamaged => true,
        Code::LetterOverdue | Code::CanaryLost | Code::ClockJumped | Code::NotReconciled => false,
        Code::ProtocolSilent | Code::ReloadRefused | Code::BackOfficeLate | Code::SealUnfit => false,
        Code::SourceLate => false,
    }
}
