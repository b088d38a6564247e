//! The runs of an index, from the oldest to the newest, and how they become fewer. It changes when another time is thought right
//! to merge them.
//!
//! Rows are poured into a run when there are enough of them. Where [`FAN`] runs of a level lie side by side they are merged into one
//! of the next; so a row is written once a level, and there are few runs. A merge has a thread of its own, and is waited for only when as
//! many runs again lie behind those that it merges. One that a stop broke off begins anew.

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
/// Bytes of a run that is poured into the first level, at most; into each level [`FAN`] times as many.
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
    /// Runs of one level, side by side, from the oldest to the newest.
    inputs: Vec<u64>,
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

    /// Whether a merge waits to be taken over: until then the disk holds its rows twice.
    pub(super) fn has_merged(&self) -> bool {
        self.merges.iter().any(|merge| merge.work.is_finished())
    }

    /// Takes over what was merged meanwhile, and begins what can be merged now. Whether the list of runs is another.
    pub(super) fn advance(&mut self) -> io::Result<bool> {
        let mut is_other = false;
        while let Some(at) = self.merges.iter().position(|merge| merge.work.is_finished() || self.is_late(merge)) {
            let Merge { inputs, work } = self.merges.swap_remove(at);
            let merged =
                work.join().map_err(|_| io::Error::other("l'unione di parti dell'indice si è interrotta"))??;
            if let Some(at) = self.runs.iter().position(|run| Some(&run.id) == inputs.first()) {
                let gone = self.runs.splice(at..at + inputs.len(), [Arc::new(merged)]);
                self.gone.extend(gone.map(|run| run.path.clone()));
                is_other = true;
            }
        }
        self.begin();
        Ok(is_other)
    }

    /// Whether as many runs of the level again lie behind those that it merges: there must not be ever more of them.
    fn is_late(&self, merge: &Merge) -> bool {
        let Some(newest) = self.runs.iter().position(|run| Some(&run.id) == merge.inputs.last()) else { return false };
        let mut behind = self.runs.iter().skip(newest);
        let level = behind.next().map(|run| run.level);
        behind.filter(|run| Some(run.level) == level).count() >= FAN
    }

    /// Removes the files of runs that were merged: the list without them is durable now.
    pub(super) fn forget_merged(&mut self) {
        for path in self.gone.drain(..) {
            let _ = std::fs::remove_file(path); // the next start does it
        }
    }

    /// Begins a merge wherever enough runs of a level lie side by side; where no thread is to be had, the next write tries again.
    fn begin(&mut self) {
        let is_busy = |run: &Arc<Run>| self.merges.iter().any(|merge| merge.inputs.contains(&run.id));
        let sides = self.runs.chunk_by(|a, b| a.level == b.level && !is_busy(a) && !is_busy(b));
        let found: Vec<Vec<Arc<Run>>> = sides.filter(|side| side.len() >= FAN).map(<[_]>::to_vec).collect();
        for runs in found {
            let inputs: Vec<u64> = runs.iter().map(|run| run.id).collect();
            // Nothing is older: what is removed need not be remembered.
            let is_oldest = inputs.first() == self.runs.first().map(|run| &run.id);
            let (id, path) = self.new_file();
            let is_over = self.is_over.clone();
            let work = move || {
                let merged = merge(&runs, id, &path, is_oldest, &is_over);
                merged.inspect_err(|_| {
                    let _ = std::fs::remove_file(&path); // the next start does it
                })
            };
            if let Ok(work) = thread::Builder::new().name("index".to_owned()).spawn(work) {
                self.merges.push(Merge { inputs, work });
            }
        }
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

/// Runs of one level as a durable one of the next.
fn merge(runs: &[Arc<Run>], id: u64, path: &Path, is_oldest: bool, is_over: &AtomicBool) -> io::Result<Run> {
    let mut to = Writer::create(path, runs.iter().map(|run| run.rows).sum())?;
    let walks = runs.iter().rev().map(|run| Source::Run(run.walk_all()));
    for row in Merged::of(walks, false)? {
        if is_over.load(Relaxed) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let (key, value) = row?;
        if value.is_some() || !is_oldest {
            to.add(&key, value.as_deref())?;
        }
    }
    let merged = to.end(id, runs.first().map_or(0, |run| run.level) + 1)?;
    path.parent().map_or(Ok(()), sync_dir)?;
    Ok(merged)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// However slow the disk is, there are never more runs than those of a merge and as many again: then the merge is waited for.
    #[test]
    fn a_merge_is_waited_for_before_there_are_too_many_runs() {
        let dir = tempfile::tempdir().unwrap();
        let mut levels = Levels::open(dir.path(), &[]).unwrap();
        let pour = |levels: &mut Levels, n: usize| {
            let row = (format!("item/{n}"), Some(vec![b'x']));
            levels.pour(std::iter::once(Ok(row)), 1).unwrap();
        };
        (0..FAN).for_each(|n| pour(&mut levels, n));
        levels.advance().unwrap();
        let Merge { inputs, work } = levels.merges.pop().expect("a merge that began");
        let (go, waits) = mpsc::channel::<()>();
        let slow = move || {
            let _ = waits.recv();
            work.join().unwrap()
        };
        levels.merges.push(Merge { inputs, work: thread::spawn(slow) });
        for n in FAN..2 * FAN - 1 {
            pour(&mut levels, n);
            assert!(!levels.advance().unwrap(), "nobody waits yet");
        }
        pour(&mut levels, 2 * FAN - 1);
        drop(go);
        assert!(levels.advance().unwrap());
        assert_eq!(levels.runs.len(), 1 + FAN);
        assert!((0..2 * FAN).all(|n| levels.get(&format!("item/{n}")).unwrap().is_some()));
    }
}
