//! What can stop a life at any operation, and what is remembered of it. Changes when there is another way to stop, or to
//! count.

use super::plan::{Crash, Dice, DiskFault};
use sportello::store::index::Memory;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Lines of the trace that a failure shows.
const SHOWN: usize = 60;

/// Longest trace, bytes: a week of misfortunes is a fifth of it.
const TRACE: usize = 16 << 20;

/// An index, as a map.
pub type Rows = BTreeMap<String, Vec<u8>>;
/// What an index held when a life ended, and what of it was durable.
pub type Copies = (Rows, Rows);

/// The switch. Every operation on disk or wire passes it.
#[derive(Clone)]
pub struct Power(Arc<Mutex<Grid>>, Arc<Notify>);

struct Grid {
    is_on: bool,
    /// Operations of this life.
    ops: u64,
    disk_ops: u64,
    crash: Option<(u64, Crash)>,
    faults: VecDeque<(u64, DiskFault)>,
    /// A fault was injected in this life: it may stop by itself.
    is_hurt: bool,
    /// The index, and what it held when this life ended.
    index: Memory,
    index_then: Copies,
    how: Option<Crash>,
    dice: Dice,
    began: Option<Instant>,
    now: u128,
    trace: String,
    recent: VecDeque<String>,
    counts: BTreeMap<&'static str, u64>,
    deeds: BTreeMap<&'static str, u64>,
}

impl Power {
    /// On.
    pub fn new(seed: u64) -> Self {
        let grid = Grid {
            is_on: true,
            ops: 0,
            disk_ops: 0,
            crash: None,
            faults: VecDeque::new(),
            is_hurt: false,
            index: Memory::default(),
            index_then: Copies::default(),
            how: None,
            dice: Dice::of(seed, 2),
            began: None,
            now: 0,
            trace: String::new(),
            recent: VecDeque::new(),
            counts: BTreeMap::new(),
            deeds: BTreeMap::new(),
        };
        Self(Arc::new(Mutex::new(grid)), Arc::new(Notify::new()))
    }

    fn grid(&self) -> std::sync::MutexGuard<'_, Grid> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Where the index lives.
    pub fn index(&self) -> Memory {
        self.grid().index.clone()
    }

    /// A new life, which will crash at this operation, and whose disk will fail at those.
    pub fn on(&self, crash: Option<(u64, Crash)>, mut faults: Vec<(u64, DiskFault)>) {
        faults.sort_by_key(|(at, _)| *at);
        let mut grid = self.grid();
        (grid.is_on, grid.ops, grid.disk_ops, grid.is_hurt, grid.how) = (true, 0, 0, false, None);
        (grid.crash, grid.faults) = (crash, faults.into());
    }

    /// Ends this life now.
    pub fn off(&self, how: Crash) {
        self.grid().off(how);
        self.1.notify_one();
    }

    /// No more misfortune is planned.
    pub fn heal(&self) {
        let mut grid = self.grid();
        grid.crash = None;
        grid.faults.clear();
    }

    /// The next operation on the disk fails.
    pub fn fail_next(&self, fault: DiskFault) {
        let mut grid = self.grid();
        let next = grid.disk_ops + 1;
        grid.faults.push_front((next, fault));
    }

    /// Whether there is life.
    pub fn is_on(&self) -> bool {
        self.grid().is_on
    }

    /// A fault was injected in this life.
    pub fn is_hurt(&self) -> bool {
        self.grid().is_hurt
    }

    /// Waits for the end of this life.
    pub async fn gone(&self) {
        self.1.notified().await;
    }

    /// How this life ended, if it has, and what the index held then.
    pub fn end(&self) -> Option<(Crash, Copies)> {
        let mut grid = self.grid();
        let how = grid.how?;
        Some((how, std::mem::take(&mut grid.index_then)))
    }

    /// One operation on the disk. `Ok(Some)`: it fails like this.
    pub fn disk_op(&self, name: &str, path: &Path) -> io::Result<Option<DiskFault>> {
        self.tick(|| format!("disk {name} {}", path.display()))?;
        let mut grid = self.grid();
        grid.disk_ops += 1;
        let due = grid.faults.front().is_some_and(|(at, _)| *at <= grid.disk_ops);
        let fault = if due { grid.faults.pop_front().map(|(_, fault)| fault) } else { None };
        if let Some(fault) = fault {
            grid.is_hurt = true;
            let name = match fault {
                DiskFault::Eio => "disk EIO",
                DiskFault::Enospc => "disk ENOSPC",
                DiskFault::Short => "disk short write",
            };
            *grid.counts.entry(name).or_default() += 1;
            grid.note(format!("{name} injected"));
        }
        Ok(fault)
    }

    /// One operation on a wire.
    pub fn wire_op(&self, what: impl FnOnce() -> String) -> io::Result<()> {
        self.tick(what)
    }

    fn tick(&self, what: impl FnOnce() -> String) -> io::Result<()> {
        let mut grid = self.grid();
        if !grid.is_on {
            return Err(io::Error::other("the process is gone"));
        }
        grid.ops += 1;
        grid.note(what());
        if let Some((at, how)) = grid.crash
            && grid.ops >= at
        {
            grid.off(how);
            self.1.notify_one();
            return Err(io::Error::other("the process is gone"));
        }
        Ok(())
    }

    /// How much of a write is done when it is the last.
    pub fn half(&self, length: usize) -> usize {
        usize::try_from(self.grid().dice.below(length as u64 + 1)).unwrap()
    }

    /// Notes what happened.
    pub fn note(&self, what: impl Into<String>) {
        self.grid().note(what.into());
    }

    /// Counts a fault, and notes it.
    pub fn count(&self, what: &'static str) {
        let mut grid = self.grid();
        *grid.counts.entry(what).or_default() += 1;
        if what == "disk full" {
            grid.is_hurt = true;
        }
        grid.note(format!("fault: {what}"));
    }

    /// Counts something that somebody did, and is no fault.
    pub fn did(&self, what: &'static str) {
        *self.grid().deeds.entry(what).or_default() += 1;
    }

    /// What was done, by kind.
    pub fn deeds(&self) -> BTreeMap<&'static str, u64> {
        self.grid().deeds.clone()
    }

    /// Faults by kind.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.grid().counts.clone()
    }

    /// SHA-256 of everything that happened, in order.
    pub fn digest(&self) -> String {
        sportello::digest::sha256(self.grid().trace.as_bytes())
    }

    /// Everything that happened.
    pub fn trace(&self) -> String {
        self.grid().trace.clone()
    }

    /// The last of it.
    pub fn recent(&self) -> String {
        Vec::from(self.grid().recent.clone()).join("\n")
    }
}

impl Grid {
    fn off(&mut self, how: Crash) {
        if !self.is_on {
            return;
        }
        self.is_on = false;
        self.how = Some(how);
        self.index_then = (self.index.rows(), self.index.durable());
        self.note(format!("--- {how:?} at operation {}", self.ops));
        *self.counts.entry(if how == Crash::Kill { "kills" } else { "power cuts" }).or_default() += 1;
    }

    fn note(&mut self, what: String) {
        // An examination has a thread of its own, where time does not stand still; the runtime's waits for it.
        if tokio::runtime::Handle::try_current().is_ok() {
            let began = *self.began.get_or_insert_with(Instant::now);
            self.now = began.elapsed().as_millis();
        }
        assert!(self.trace.len() < TRACE, "a life without rest: what never waits never ends");
        let line = format!("{:>12} {what}", self.now);
        self.trace.push_str(&line);
        self.trace.push('\n');
        if self.recent.len() == SHOWN {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
    }
}
