//! The runs of an index, from the oldest to the newest, and how they become fewer. It changes when another time is thought right
//! to merge them.
//!
//! Rows are poured into a run when there are enough of them. Where [`FAN`] runs of a level lie side by side they are merged into one
//! of the next; so a row is written once a level, and there are few runs. A merge has a thread of its own, and is waited for only when as
//! many runs again lie beside those that it merges. One that a stop broke off begins anew.

use super::run::{Row, Run, Walk, Writer, group, sum};
use crate::archive::sync_dir;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{self, JoinHandle};

/// Runs of a level that become one of the next.
pub(super) const FAN: usize = 8;
/// Bytes of a run of the first level, at most; each level has [`FAN`] times as many.
const LEVEL_BYTES: u64 = 16 * 1024 * 1024;
/// The mark that a block was found damaged.
pub(super) const DAMAGED: &str = "damaged";

/// A run, as the list in sled names it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Listed {
    id: u64,
    level: u32,
}

#[derive(Debug)]
pub(super) struct Levels {
    dir: PathBuf,
    /// From the oldest to the newest.
    runs: Vec<Arc<Run>>,
    merges: Vec<Merge>,
    next: u64,
    /// Files that the list names no more, to be removed when it is durable.
    gone: Vec<PathBuf>,
    /// No merge need go on.
    is_over: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Merge {
    inputs: Vec<u64>,
    /// Of the inputs.
    level: u32,
    work: JoinHandle<io::Result<Run>>,
}

impl Levels {
    /// The runs of a list. Files that it does not name are of a write or a merge that did not end.
    pub(super) fn open(dir: &Path, listed: &[Listed]) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        if dir.join(DAMAGED).exists() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "un blocco dell'indice era danneggiato"));
        }
        let mut runs = Vec::new();
        for Listed { id, level } in listed {
            runs.push(Arc::new(Run::open(&path_of(dir, *id), *id, *level)?));
        }
        for entry in std::fs::read_dir(dir)? {
            let path = entry?.path();
            if runs.iter().all(|run| run.path != path) {
                std::fs::remove_file(path)?;
            }
        }
        let next = listed.iter().map(|run| run.id + 1).max().unwrap_or(1);
        Ok(Self { dir: dir.to_owned(), runs, merges: Vec::new(), next, gone: Vec::new(), is_over: Arc::default() })
    }

    pub(super) fn list(&self) -> Vec<Listed> {
        self.runs.iter().map(|run| Listed { id: run.id, level: run.level }).collect()
    }

    /// The value of a key, where a run has one.
    pub(super) fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        let hash = sum(key.as_bytes());
        for run in self.runs.iter().rev() {
            if let Some(value) = run.get(key, hash)? {
                return Ok(value);
            }
        }
        Ok(None)
    }

    /// Whether a run may speak of a key; `false` is certain.
    pub(super) fn may_have(&self, key: &str) -> bool {
        let hash = sum(key.as_bytes());
        self.runs.iter().any(|run| run.may_have(hash))
    }

    /// The rows of a range from each run that may have any, the newest run first.
    pub(super) fn walk(&self, from: &str, end: &str, is_back: bool) -> impl Iterator<Item = Source> {
        let group = group(from).filter(|group| end.starts_with(*group)).map(|group| sum(group.as_bytes()));
        let runs = self.runs.iter().rev().filter(move |run| group.is_none_or(|hash| run.may_have_group(hash)));
        runs.map(move |run| Source::Run(run.walk(from, end, is_back)))
    }

    /// Pours rows, in order of key and at most so many, into a new run, durable.
    pub(super) fn pour(&mut self, rows: impl Iterator<Item = io::Result<Row>>, at_most: u64) -> io::Result<()> {
        let (id, path) = self.new_file();
        let mut to = Writer::create(&path, at_most)?;
        for row in rows {
            let (key, value) = row?;
            if value.is_some() || !self.runs.is_empty() {
                to.add(&key, value.as_deref())?;
            }
        }
        let mut level = 0;
        while to.length() >> (level * FAN.ilog2()) > LEVEL_BYTES {
            level += 1;
        }
        self.runs.push(Arc::new(to.end(id, level)?));
        sync_dir(&self.dir)
    }

    /// Takes over what was merged meanwhile, and begins what can be merged now. Whether the list of runs is another.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        let mut is_other = false;
        while let Some(at) = self.merges.iter().position(|merge| merge.work.is_finished() || self.is_late(merge)) {
            let Merge { inputs, work, .. } = self.merges.swap_remove(at);
            let merged =
                work.join().map_err(|_| io::Error::other("l'unione di parti dell'indice si è interrotta"))??;
            let at = self.runs.iter().position(|run| inputs.contains(&run.id)).unwrap_or(self.runs.len());
            let gone = self.runs.extract_if(.., |run| inputs.contains(&run.id));
            self.gone.extend(gone.map(|run| run.path.clone()));
            self.runs.insert(at.min(self.runs.len()), Arc::new(merged));
            is_other = true;
        }
        self.begin()?;
        Ok(is_other)
    }

    /// Whether as many runs again lie beside those that it merges: there must not be ever more of them.
    fn is_late(&self, merge: &Merge) -> bool {
        let others = self.runs.iter().filter(|run| run.level == merge.level && !merge.inputs.contains(&run.id));
        others.count() >= FAN
    }

    /// Removes the files of runs that were merged: the list without them is durable now.
    pub(super) fn forget_merged(&mut self) {
        for path in self.gone.drain(..) {
            let _ = std::fs::remove_file(path); // the next start does it
        }
    }

    /// Begins a merge wherever enough runs of a level lie side by side.
    fn begin(&mut self) -> io::Result<()> {
        let is_busy = |run: &Arc<Run>| self.merges.iter().any(|merge| merge.inputs.contains(&run.id));
        let mut found: Vec<Vec<Arc<Run>>> = Vec::new();
        for side in self.runs.chunk_by(|a, b| a.level == b.level && !is_busy(a) && !is_busy(b)) {
            if side.len() >= FAN && !side.iter().any(is_busy) {
                found.push(side.to_vec());
            }
        }
        for inputs in found {
            let (id, path) = self.new_file();
            let level = inputs.iter().map(|run| run.level).max().unwrap_or_default();
            // Nothing is older: what is removed need not be remembered.
            let is_oldest = inputs.first().map(|run| run.id) == self.runs.first().map(|run| run.id);
            let (dir, is_over) = (self.dir.clone(), self.is_over.clone());
            let numbers = inputs.iter().map(|run| run.id).collect();
            let merge = move || {
                let mut to = Writer::create(&path, inputs.iter().map(|run| run.rows).sum())?;
                let walks = inputs.iter().rev().map(|run| Source::Run(run.walk_all()));
                for row in Merged::of(walks, false)? {
                    if is_over.load(Relaxed) {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                    let (key, value) = row?;
                    if value.is_some() || !is_oldest {
                        to.add(&key, value.as_deref())?;
                    }
                }
                let run = to.end(id, level + 1)?;
                sync_dir(&dir)?;
                Ok(run)
            };
            let work = thread::Builder::new().name("index".to_owned()).spawn(merge)?;
            self.merges.push(Merge { inputs: numbers, level, work });
        }
        Ok(())
    }

    fn new_file(&mut self) -> (u64, PathBuf) {
        let id = self.next;
        self.next += 1;
        (id, path_of(&self.dir, id))
    }
}

impl Drop for Levels {
    /// Whoever closes an index may move its folder.
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        for merge in self.merges.drain(..) {
            let _ = merge.work.join();
        }
    }
}

fn path_of(dir: &Path, id: u64) -> PathBuf {
    dir.join(format!("{id:08}.run"))
}

/// Where merged rows come from, each in order.
pub(super) enum Source {
    Run(Walk),
    /// What is not in a run yet.
    Other(Box<dyn Iterator<Item = io::Result<Row>> + Send>),
}

impl Iterator for Source {
    type Item = io::Result<Row>;
    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Run(walk) => walk.next(),
            Self::Other(rows) => rows.next(),
        }
    }
}

/// Rows of several sources in one order; of a key the first source's, removed ones too.
pub(super) struct Merged {
    sources: Vec<Source>,
    heads: BinaryHeap<Head>,
    failed: Option<io::Error>,
    is_back: bool,
}

impl fmt::Debug for Merged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merged").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

struct Head {
    row: Row,
    source: usize,
    is_back: bool,
}

impl Ord for Head {
    /// The greatest is the next one.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.row.0.cmp(&other.row.0);
        if self.is_back { by_key } else { by_key.reverse() }.then_with(|| other.source.cmp(&self.source))
    }
}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Head {}

impl Merged {
    pub(super) fn of(sources: impl Iterator<Item = Source>, is_back: bool) -> io::Result<Self> {
        let sources: Vec<_> = sources.collect();
        let count = sources.len();
        let mut merged = Self { sources, heads: BinaryHeap::with_capacity(count), failed: None, is_back };
        (0..count).for_each(|source| merged.pull(source));
        match merged.failed.take() {
            Some(e) => Err(e),
            None => Ok(merged),
        }
    }

    fn pull(&mut self, source: usize) {
        match self.sources.get_mut(source).and_then(Iterator::next) {
            Some(Ok(row)) => self.heads.push(Head { row, source, is_back: self.is_back }),
            Some(Err(e)) => self.failed = Some(e),
            None => {}
        }
    }
}

impl Iterator for Merged {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(e) = self.failed.take() {
            self.heads.clear();
            return Some(Err(e));
        }
        let Head { row, source, .. } = self.heads.pop()?;
        self.pull(source);
        while let Some(older) = self.heads.peek().filter(|head| head.row.0 == row.0).map(|head| head.source) {
            self.heads.pop();
            self.pull(older);
        }
        Some(Ok(row))
    }
}
