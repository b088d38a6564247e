//! The task that tells alarms outside. It changes when how patiently we tell changes.
//!
//! Each road has its own ledger and its own pauses: one that is closed keeps nothing from the others, and is told all when it
//! opens.

use super::deadman;
use super::marks::Marks;
use super::notice::{Ledger, Notice};
use super::road::Road;
use super::{Alarms, Code};
use crate::clock::Clock;
use crate::disk::DiskRef;
use crate::events;
use crate::health::{Health, OPEN_MARK, Snapshot};
use casework::calendar;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How often the silence of the folders is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// Least time between two tellings by one road: alarms that come together travel together.
const GAP: Duration = Duration::from_secs(60);
/// First pause of a road that failed; it doubles.
const RETRY_FIRST: Duration = Duration::from_secs(60);
/// Longest pause of a road that failed.
const RETRY_MAX: Duration = Duration::from_secs(1_800);
/// How long the service, about to end, waits for its last alarm to be told.
const LAST_WORDS_MAX: Duration = Duration::from_secs(30);
/// How much longer than silence an alarm must be over before we say so: after a restart, as long as it takes to notice again.
const CALM: Duration = Duration::from_secs(300);

/// What is told where.
pub struct Bell {
    alarms: Arc<Alarms>,
    health: Arc<Health>,
    roads: Vec<Listener>,
    silence: Duration,
    /// What each road was told, so that a restart repeats nothing.
    memory: PathBuf,
    disk: DiskRef,
    clock: Clock,
    /// Where the state is shown in one line (systemd).
    status: fn(&str),
}

/// A road, and what it knows.
struct Listener {
    road: Box<dyn Road>,
    ledger: Ledger,
    failures: u32,
    not_before: Option<Instant>,
}

impl Bell {
    /// `silence`: how long a folder may be quiet. `memory`: a file of the bell's own; without it, or unreadable, all is told
    /// again.
    #[must_use]
    pub fn new(
        alarms: Arc<Alarms>,
        health: Arc<Health>,
        roads: Vec<Box<dyn Road>>,
        silence: Duration,
        (disk, memory): (DiskRef, PathBuf),
        clock: Clock,
        status: fn(&str),
    ) -> Self {
        let known = disk.read(&memory).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut known: BTreeMap<String, Ledger> = known.unwrap_or_default();
        let listener = |road: Box<dyn Road>| {
            let ledger = known.remove(&road.name()).unwrap_or_default();
            Listener { road, ledger, failures: 0, not_before: None }
        };
        let roads = roads.into_iter().map(listener).collect();
        Self { alarms, health, roads, silence, memory, disk, clock, status }
    }

    /// Until `stop`.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let (mut shown, mut marks) = (String::new(), Marks::default());
        while !*stop.borrow() {
            deadman::look(&self.health, &self.alarms, self.silence, self.clock.now());
            marks.look(&self.health, &self.alarms, self.clock.now());
            self.show(&mut shown);
            self.ring().await;
            let alarms = self.alarms.clone();
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = alarms.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// The service ends because it cannot go on: the last thing it does is to say so.
    pub async fn last_words(mut self, code: Code, about: &str, text: &str) {
        self.alarms.raise(code, about, text, self.clock.now());
        let _ = tokio::time::timeout(LAST_WORDS_MAX, self.ring()).await;
    }

    /// One round of all roads, together.
    async fn ring(&mut self) {
        let (open, now) = (self.alarms.open(), self.clock.now());
        let calm = SignedDuration::try_from(self.silence + CALM).unwrap_or(SignedDuration::MAX);
        let rung: Vec<bool> = futures_util::future::join_all(self.roads.iter_mut().map(|listener| {
            let notice = listener.ledger.pending(&open, calm, now);
            listener.tell(notice, now)
        }))
        .await;
        if rung.contains(&true) {
            self.remember();
        }
    }

    fn remember(&self) {
        let known: BTreeMap<String, &Ledger> = self.roads.iter().map(|l| (l.road.name(), &l.ledger)).collect();
        let keep = || -> std::io::Result<()> {
            let fresh = self.memory.with_extension("tmp");
            let mut file = self.disk.create(&fresh)?;
            file.write_all(&serde_json::to_vec(&known)?)?;
            file.sync()?;
            self.disk.rename(&fresh, &self.memory)
        };
        // The disk may be what the alarm is about: then a restart repeats itself.
        let _ = keep();
    }

    fn show(&self, shown: &mut String) {
        let open = self.alarms.open();
        let line = match open.values().next() {
            None => ready(&self.health.snapshot()),
            Some(first) => format!("{} allarmi in corso: {} ({})", open.len(), first.code.word(), first.about),
        };
        if *shown != line {
            (self.status)(&line);
            *shown = line;
        }
    }
}

/// How it is when nothing is wrong. Of the looks, the oldest: one folder that is not read is what there is to know.
fn ready(health: &Snapshot) -> String {
    let folders = match health.folders.len() {
        1 => "1 cartella".to_owned(),
        n => format!("{n} cartelle"),
    };
    let looked = match health.folders.iter().map(|folder| folder.looked_at).min().flatten() {
        Some(at) => format!("ultimo sguardo {}", calendar::rome(at).strftime("%H:%M")),
        None => "non ancora lette fino in fondo".to_owned(),
    };
    let backlog: u64 = health.folders.iter().map(|folder| folder.backlog).sum();
    let backlog = if backlog > 0 { format!(", {backlog} da prendere") } else { String::new() };
    let open = health.marks.get(OPEN_MARK).copied().unwrap_or(0);
    format!("pronto: {folders}, {looked}{backlog}, {open} in uscita")
}

impl Listener {
    /// Tells, if it is time. Whether something was told.
    async fn tell(&mut self, notice: Notice, now: Timestamp) -> bool {
        if notice.is_empty() || self.not_before.is_some_and(|at| Instant::now() < at) {
            return false;
        }
        match self.road.tell(&notice, now).await {
            Ok(()) => {
                events::alarm_told(&self.road.name(), notice.raised.len(), notice.repeated.len(), notice.cleared.len());
                self.ledger.told(&notice, now);
                self.failures = 0;
                self.not_before = Some(Instant::now() + GAP);
                true
            }
            Err(why) => {
                events::alarm_not_told(&self.road.name(), &why);
                let pause = RETRY_FIRST.saturating_mul(1 << self.failures.min(10)).min(RETRY_MAX);
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(Instant::now() + pause);
                false
            }
        }
    }
}
