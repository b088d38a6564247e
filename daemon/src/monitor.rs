//! How the running service is, in one value: for `sportello status`, for the metrics, for the health check. It changes when
//! one of them must know something else.
//!
//! It only looks. What it says of citizens stays on the control socket, which is the service's own user's: metrics and health
//! carry counts, codes and the names that the administrator gave.

pub mod attention;
mod metrics;
pub mod report;
pub mod server;
pub mod timings;

use crate::alarm::Alarms;
use crate::anchor;
use crate::canary::Fared;
use crate::disk::DiskRef;
use crate::health::Health;
use crate::office::Office;
use crate::store::{Store, Trouble};
use crate::world::World;
use jiff::Timestamp;
use report::{InForce, JournalEnd, Report};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;
use timings::Timings;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long a look may wait for the store. Whoever holds it longer is stuck, and that is what there is to say.
const STORE_WAIT_MAX: Duration = Duration::from_secs(5);
/// Pause between two tries at the store.
const STORE_LOOK: Duration = Duration::from_millis(20);
/// Lines about things that a person must look at; the others are counted.
pub const LINES_MAX: usize = 20;

/// What there is to look at.
#[derive(Debug)]
pub struct Monitor {
    store: Arc<Mutex<Store>>,
    office: watch::Receiver<Arc<Office>>,
    health: Arc<Health>,
    alarms: Arc<Alarms>,
    timings: Arc<Timings>,
    world: World,
    data: PathBuf,
    notes: Option<PathBuf>,
    observe: bool,
    canaries: Vec<String>,
    started_at: Timestamp,
    since: Instant,
    loaded: Mutex<Loaded>,
}

/// Since when rules, templates and trust are in force, and what was last refused.
#[derive(Debug)]
struct Loaded {
    since: Timestamp,
    refused: Option<(Timestamp, usize)>,
}

/// What does not change while the service runs.
#[derive(Debug)]
pub struct Place {
    /// The data folder.
    pub data: PathBuf,
    /// The file of notes outside of it.
    pub notes: Option<PathBuf>,
    /// Nothing is sent.
    pub observe: bool,
    /// Addresses of the mailboxes to which canaries are sent.
    pub canaries: Vec<String>,
}

impl Monitor {
    /// A monitor of a service that starts now.
    #[must_use]
    pub fn new(
        store: Arc<Mutex<Store>>,
        office: watch::Receiver<Arc<Office>>,
        (health, alarms): (Arc<Health>, Arc<Alarms>),
        world: World,
        place: Place,
    ) -> Arc<Self> {
        let now = world.clock.now();
        Arc::new(Self {
            store,
            office,
            health,
            alarms,
            timings: Arc::default(),
            data: place.data,
            notes: place.notes,
            observe: place.observe,
            canaries: place.canaries,
            started_at: now,
            since: Instant::now(),
            loaded: Mutex::new(Loaded { since: now, refused: None }),
            world,
        })
    }

    /// Where durations are counted.
    #[must_use]
    pub fn timings(&self) -> Arc<Timings> {
        self.timings.clone()
    }

    /// Other rules, templates and trust are in force from now on.
    pub fn reloaded(&self) {
        *self.loaded() = Loaded { since: self.world.clock.now(), refused: None };
    }

    /// A reload was refused; what was in force stays.
    pub fn reload_refused(&self, problems: usize) {
        self.loaded().refused = Some((self.world.clock.now(), problems));
    }

    /// How everything is. `None`: the store could not be had in time, because somebody is stuck with it in hand.
    ///
    /// # Errors
    /// The index cannot be read.
    pub async fn report(&self) -> Result<Option<Report>, Trouble> {
        let until = Instant::now() + STORE_WAIT_MAX;
        loop {
            if let Some(store) = self.try_store() {
                return self.look(&store).map(Some);
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            tokio::time::sleep(STORE_LOOK).await;
        }
    }

    fn look(&self, store: &Store) -> Result<Report, Trouble> {
        let now = self.world.clock.now();
        let summary = store.summary(LINES_MAX)?;
        let overdue = store.waiting()?.iter().filter(|item| item.silent().next().is_some()).count() as u64;
        let attention = attention::lines(&summary);
        let office = self.office.borrow().clone();
        let loaded = self.loaded();
        let health = self.health.snapshot();
        Ok(Report {
            version: env!("CARGO_PKG_VERSION").into(),
            now,
            started_at: self.started_at,
            uptime_seconds: self.since.elapsed().as_secs(),
            observe: self.observe,
            journal: JournalEnd {
                lines: store.head().seq,
                head: store.head().hash,
                is_noted: self.notes.is_some(),
                noted: self
                    .notes
                    .as_deref()
                    .and_then(|file| anchor::last_of(file).ok().flatten())
                    .map(|n| (n.at, n.seq)),
            },
            overdue,
            attention_count: summary.tally.attention + summary.tally.all_incidents(),
            attention,
            tally: summary.tally,
            in_force: InForce {
                rules: crate::digest::flow(office.desk.rules.digest()).into(),
                templates: crate::digest::flow(office.desk.templates.digest()).into(),
                anchors: crate::digest::flow(&office.trust.digest()).into(),
                since: loaded.since,
                refused: loaded.refused,
            },
            disk_free_bytes: free(&self.world.disk, &self.data),
            alarms: self.alarms.open().into_values().collect(),
            canaries: self.canaries(store)?,
            protocol: Some(store.protocol_overview()?).filter(|seen| seen.standing.is_on),
            sigillo: office.sigillo.line(now),
            folders: health.folders,
            marks: health.marks.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            examination: self.timings.examination.now(),
            commit: self.timings.commit.now(),
        })
    }

    fn canaries(&self, store: &Store) -> Result<Vec<Fared>, Trouble> {
        let mut all = Vec::new();
        for address in &self.canaries {
            if let Some(row) = store.canary_of(address)? {
                all.push(Fared::of(&row, store.item(&row.last.item)?.as_ref()));
            }
        }
        Ok(all)
    }

    fn try_store(&self) -> Option<MutexGuard<'_, Store>> {
        match self.store.try_lock() {
            Ok(store) => Some(store),
            Err(TryLockError::Poisoned(store)) => Some(store.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn loaded(&self) -> MutexGuard<'_, Loaded> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn free(disk: &DiskRef, data: &std::path::Path) -> Option<u64> {
    disk.free(data).ok()
}
