//! An ordered map with atomic batches. What changes all the time, and what a stop left, is in sled, with *our own* fsync: this is
//! the one file that names the crate. It changes when another thing is asked of the map; how old rows lie is `index/`'s.
//!
//! Measured (reference `stack` §5, `reliability` §0.1): sled 0.34's `flush` ends in `sync_file_range` on Linux and lost
//! acknowledged writes in 47 of 48 simulated power cuts; with `sync_all` on our own descriptor after it, and `conf` and
//! the directory fsynced at the first open, 0 in 840. It stays an index all the same: a projection of the journal.
//!
//! sled alone does not bear a register of years. It writes a snapshot only when it is opened, and reads its whole log at a start
//! without one; it keeps some 300 bytes in memory for each page of at most 16 rows; and it drops no page from its cache before it
//! has seen 64 times 256 others, whatever the cache's size. So rows are poured, by it or past it, into runs (`index/run`), sorted files that are
//! written once: sled stays as small as it was at first, holds the list of the runs, and its batch is what makes a pouring so.

mod levels;
mod run;
mod staged;

use super::open::LOCK_WAIT_MAX;
use super::rows::key;
use crate::archive::sync_dir;
use crate::digest::Hasher;
use crate::failpoint;
use levels::{Levels, Listed, Merged, Source};
use run::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use staged::{Over, Staged};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Memory for sled's page cache, bytes. It is not a limit, but a wish (sled issue 1410).
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// Rows that sled holds before they are poured into a run, bytes. What a running service writes at once is more and goes into a run of
/// its own; sled holds what was left when it last stopped.
const POUR_BYTES: u64 = 1024 * 1024;
/// Rows that leave sled with one pouring at most: an index of an earlier version has hundreds of thousands there, and a batch of sled
/// takes some kilobytes for each.
const LEAVING_ROWS_MAX: usize = 4_096;
/// How sled says that somebody has its file open: its error has no kind.
const LOCKED: &str = "could not acquire lock";
/// Where sled holds the list of the runs: before every row.
const LIST: &str = "\0runs";
/// Indexes set aside in one second.
const ASIDE_MAX: usize = 8;
/// The first key that a row may have, and what is after all of them: no key has a character like these.
const FIRST: &str = "\u{1}";
const AFTER_ALL: &str = "\u{10ffff}";
/// First byte of a value in sled, and all that is there of a row which an older run has and which is no more.
const VALUE: u8 = 1;
const REMOVED: u8 = 0;
/// Largest row, bytes of JSON. Rows are made to stay below it; beyond it the store stops rather than write a blob.
pub const ROW_BYTES_MAX: usize = 56 * 1024;

/// The map, and over it the changes that were not written to it yet: those of some hundred journal lines at a time, so that a
/// row which changes with each line is written once, and a commit waits for the journal alone. A crash costs their replay.
#[derive(Debug)]
pub struct Index {
    backend: Backend,
    staged: Arc<Mutex<Changes>>,
    /// Keys and values of these, bytes.
    staged_bytes: Cell<u64>,
    /// A write failed, and what was staged is lost: rows that came after it would stand over a hole. As the journal, it takes
    /// nothing more (reliability.md P12); the next start completes it from there.
    failed: Cell<bool>,
}

type Changes = BTreeMap<String, Option<Vec<u8>>>;

/// Rows in order of key.
type Rows = Box<dyn Iterator<Item = io::Result<(String, Vec<u8>)>>>;

#[derive(Debug)]
enum Backend {
    /// On disk.
    Disk(Kept),
    /// In memory: a projection to read beside a running daemon, whose index nobody else can open.
    Memory(Memory),
}

impl Backend {
    /// Whether it may have a row; `false` is certain.
    fn may_have(&self, key: &str) -> io::Result<bool> {
        match self {
            Self::Disk(kept) => {
                let is_own = kept.db.contains_key(key).map_err(io_error)?;
                Ok(is_own || (!key::stays(key) && kept.levels.borrow().may_have(key)))
            }
            Self::Memory(map) => Ok(map.shared().rows.contains_key(key)),
        }
    }
}

#[derive(Debug)]
struct Kept {
    /// Before sled, whose file locks the folder: closed first, with its merges.
    levels: RefCell<Levels>,
    db: sled::Db,
    /// Our own descriptor of sled's one data file.
    data: File,
    /// Rows in sled that can be poured, bytes, or more.
    young: Cell<u64>,
    pour_bytes: u64,
    leaving_rows: usize,
}

/// Where the index of a store lives.
#[derive(Debug, Clone, Default)]
pub enum Home {
    /// In the data folder.
    #[default]
    Disk,
    /// In a map that somebody else holds too: a simulation, which says what of it survives a crash.
    Memory(Memory),
}

/// A map in memory, shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Shared>>);

type Map = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Default)]
struct Shared {
    rows: Map,
    /// As they were when last made durable.
    durable: Map,
}

impl Memory {
    /// A copy of all rows.
    #[must_use]
    pub fn rows(&self) -> Map {
        self.shared().rows.clone()
    }
    /// A copy of the rows as they were when last made durable.
    #[must_use]
    pub fn durable(&self) -> Map {
        self.shared().durable.clone()
    }
    /// Replaces all rows.
    pub fn replace(&self, rows: Map) {
        *self.shared() = Shared { durable: rows.clone(), rows };
    }
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Changes that become visible and durable together, in order.
#[derive(Debug, Default)]
pub struct Batch {
    changes: Vec<(String, Option<Vec<u8>>)>,
    too_large: Option<String>,
}

impl Batch {
    /// Sets a key.
    pub fn put(&mut self, key: &str, value: &impl Serialize) {
        match serde_json::to_vec(value) {
            Ok(json) if json.len() <= ROW_BYTES_MAX + 2 => self.changes.push((key.to_owned(), Some(json))),
            Ok(_) | Err(_) => self.too_large = Some(key.to_owned()),
        }
    }
    /// The last value of each key that it sets and does not remove again.
    pub fn last_values(&self) -> BTreeMap<&str, &[u8]> {
        let mut last = BTreeMap::new();
        for (key, value) in &self.changes {
            match value {
                Some(json) => last.insert(key.as_str(), json.as_slice()),
                None => last.remove(key.as_str()),
            };
        }
        last
    }
    /// Removes a key.
    pub fn remove(&mut self, key: &str) {
        self.changes.push((key.to_owned(), None));
    }
}

impl Index {
    fn of(backend: Backend) -> Self {
        Self { backend, staged: Arc::default(), staged_bytes: Cell::default(), failed: Cell::default() }
    }

    /// Opens or makes the index in `dir`.
    ///
    /// # Errors
    /// Those of the disk; a damaged index. The caller removes it and rebuilds it from the journal.
    pub fn open(dir: &Path) -> io::Result<Self> {
        Ok(Self::of(Backend::Disk(Kept::open(dir, POUR_BYTES, LEAVING_ROWS_MAX)?)))
    }

    /// The index of a home.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn at(home: &Home, dir: &Path) -> io::Result<Self> {
        match home {
            Home::Disk => Self::open(dir),
            Home::Memory(memory) => Ok(Self::of(Backend::Memory(memory.clone()))),
        }
    }

    /// An empty index in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self::of(Backend::Memory(Memory::default()))
    }

    /// One row.
    ///
    /// # Errors
    /// Those of the disk; a row that is not of the expected form.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> io::Result<Option<T>> {
        let staged = self.changes().get(key).cloned();
        let row = match (&self.backend, staged) {
            (_, Some(staged)) => staged,
            (Backend::Disk(kept), None) => kept.get(key)?,
            (Backend::Memory(map), None) => map.shared().rows.get(key).cloned(),
        };
        Ok(row.map(|json| serde_json::from_slice(&json)).transpose()?)
    }

    /// Whether there is such a row; it is not parsed.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn has(&self, key: &str) -> io::Result<bool> {
        if let Some(staged) = self.changes().get(key) {
            return Ok(staged.is_some());
        }
        match &self.backend {
            Backend::Disk(kept) => Ok(kept.get(key)?.is_some()),
            Backend::Memory(map) => Ok(map.shared().rows.contains_key(key)),
        }
    }

    /// Rows whose key begins with `prefix`, in order of key, starting from `from` (a whole key, or the prefix).
    pub fn scan<T: DeserializeOwned + 'static>(
        &self,
        prefix: &str,
        from: &str,
    ) -> impl Iterator<Item = io::Result<(String, T)>> + use<T> {
        self.rows(from, &format!("{prefix}{AFTER_ALL}"), false).map(|row| {
            let (key, json) = row?;
            Ok((key, serde_json::from_slice(&json)?))
        })
    }

    /// The rows of a prefix from the last to the first, down to `from` (a whole key).
    pub fn scan_back<T: DeserializeOwned + 'static>(
        &self,
        prefix: &str,
        from: &str,
    ) -> impl Iterator<Item = io::Result<(String, T)>> + use<T> {
        self.rows(from, &format!("{prefix}{AFTER_ALL}"), true).map(|row| {
            let (key, json) = row?;
            Ok((key, serde_json::from_slice(&json)?))
        })
    }

    fn rows(&self, from: &str, end: &str, is_back: bool) -> Rows {
        let range = (Bound::Included(from), Bound::Excluded(end));
        let rows: Rows = match &self.backend {
            Backend::Disk(kept) => match kept.rows(from, end, is_back) {
                Ok(rows) => rows,
                Err(e) => return Box::new(std::iter::once(Err(e))),
            },
            Backend::Memory(map) => {
                let shared = map.shared();
                let rows = shared.rows.range::<str, _>(range).map(|(k, v)| Ok((k.clone(), v.clone())));
                let rows: Vec<_> = if is_back { rows.rev().collect() } else { rows.collect() };
                Box::new(rows.into_iter())
            }
        };
        Box::new(Over::of(rows, Staged::of(self.staged.clone(), from, end, is_back)))
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a batch visible here, and nowhere else: until [`write`](Self::write) it is in memory alone.
    ///
    /// # Errors
    /// A row beyond [`ROW_BYTES_MAX`]; those of the disk; that an earlier write failed.
    pub fn stage(&self, batch: Batch) -> io::Result<()> {
        if let Some(key) = batch.too_large {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("la riga {key} dell'indice è troppo grande"),
            ));
        }
        self.guarded(|| self.stage_all(batch.changes))
    }

    fn stage_all(&self, changes: Vec<(String, Option<Vec<u8>>)>) -> io::Result<()> {
        let length = |value: Option<&Vec<u8>>| value.map_or(0, Vec::len) as u64;
        let (mut staged, mut bytes) = (self.changes(), self.staged_bytes.get());
        for (key, value) in changes {
            let key_length = key.len() as u64;
            // Of what came and went while it was staged nothing is left: queues would be as long as all that was ever in them.
            if value.is_none() && staged.contains_key(&key) && !self.backend.may_have(&key)? {
                let before = staged.remove(&key).flatten();
                bytes = bytes.saturating_sub(key_length + length(before.as_ref()));
                continue;
            }
            bytes += length(value.as_ref());
            match staged.insert(key, value) {
                Some(before) => bytes = bytes.saturating_sub(length(before.as_ref())),
                None => bytes += key_length,
            }
        }
        self.staged_bytes.set(bytes);
        Ok(())
    }

    /// Drops what is staged.
    pub fn discard(&self) {
        self.changes().clear();
        self.staged_bytes.set(0);
    }

    #[cfg(test)]
    fn runs(&self) -> usize {
        match &self.backend {
            Backend::Disk(kept) => kept.levels.borrow().list().len(),
            Backend::Memory(_) => 0,
        }
    }

    /// How much is staged, bytes of keys and values.
    #[must_use]
    pub fn staged_bytes(&self) -> u64 {
        self.staged_bytes.get()
    }

    /// Whether runs were merged since the last write: the disk holds them twice until the next.
    #[must_use]
    pub fn has_merged(&self) -> bool {
        match &self.backend {
            Backend::Disk(kept) => kept.levels.borrow().has_merged(),
            Backend::Memory(_) => false,
        }
    }

    /// Writes what is staged, whole or not at all. Its journal lines are durable: an index must never be ahead of them. Not yet
    /// durable itself: that is [`sync`](Self::sync)'s.
    ///
    /// # Errors
    /// Those of the disk; that an earlier write failed.
    pub fn write(&self) -> io::Result<()> {
        self.guarded(|| self.write_all())
    }

    fn guarded(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.failed.get() {
            return Err(io::Error::other("una scrittura dell'indice non è riuscita: il servizio va riavviato"));
        }
        work().inspect_err(|_| self.failed.set(true))
    }

    fn write_all(&self) -> io::Result<()> {
        let changes = std::mem::take(&mut *self.changes());
        self.staged_bytes.set(0);
        if changes.is_empty() {
            return Ok(());
        }
        match &self.backend {
            Backend::Disk(kept) => kept.write(changes),
            Backend::Memory(map) => {
                let mut shared = map.shared();
                let map = &mut shared.rows;
                for (key, value) in changes {
                    match value {
                        Some(json) => map.insert(key, json),
                        None => map.remove(&key),
                    };
                }
                Ok(())
            }
        }
    }

    /// Writes what is staged, and makes all of it durable.
    ///
    /// # Errors
    /// Those of the disk; that an earlier write failed.
    pub fn sync(&self) -> io::Result<()> {
        self.write()?;
        self.guarded(|| match &self.backend {
            Backend::Disk(kept) => kept.sync(),
            Backend::Memory(map) => {
                let mut shared = map.shared();
                shared.durable = shared.rows.clone();
                Ok(())
            }
        })
    }

    /// SHA-256 over all rows but those under `except`, in order: equal states have equal digests.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn state_digest(&self, except: &str) -> io::Result<String> {
        let mut all = Hasher::default();
        for row in self.rows("", AFTER_ALL, false) {
            let (key, value) = row?;
            if key.starts_with(except) {
                continue;
            }
            for part in [key.as_bytes(), &value] {
                all.add(&(part.len() as u64).to_be_bytes());
                all.add(part);
            }
        }
        Ok(all.end())
    }
}

impl Kept {
    fn open(dir: &Path, pour_bytes: u64, leaving_rows: usize) -> io::Result<Self> {
        // We fsync ourselves: no flusher thread, whose failed fsync would only be logged.
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let since = Instant::now();
        let db = loop {
            match config.open() {
                // A thread of a sled that was closed just now, or a child that is still ending, holds the file a moment longer.
                Err(sled::Error::Io(e)) if e.to_string().starts_with(LOCKED) && since.elapsed() < LOCK_WAIT_MAX => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                opened => break opened.map_err(io_error)?,
            }
        };
        db.flush().map_err(io_error)?;
        for name in ["conf", "db"] {
            File::open(dir.join(name))?.sync_all()?;
        }
        let list = db.get(LIST).map_err(io_error)?;
        let listed: Vec<Listed> = list.map(|json| serde_json::from_slice(&json)).transpose()?.unwrap_or_default();
        let levels = Levels::open(&dir.join("runs"), &listed)?;
        sync_dir(dir)?;
        let data = File::open(dir.join("db"))?;
        let kept = Self { levels: RefCell::new(levels), db, data, young: Cell::new(0), pour_bytes, leaving_rows };
        kept.young.set(kept.young_rows().map(|row| row.map_or(0, |row| bytes_of(&row))).sum());
        Ok(kept)
    }

    fn get(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        match self.db.get(key).map_err(io_error)? {
            Some(value) => unmarked(&value),
            None if key::stays(key) => Ok(None),
            None => self.levels.borrow().get(key),
        }
    }

    /// What sled has of a range.
    fn own(&self, from: &str, end: &str) -> sled::Iter {
        self.db.range(from.max(FIRST).as_bytes()..end.as_bytes())
    }

    fn young_rows(&self) -> impl Iterator<Item = io::Result<Row>> {
        self.own("", AFTER_ALL).map(sled_row).filter(|row| row.as_ref().map_or(true, |(key, _)| !key::stays(key)))
    }

    fn rows(&self, from: &str, end: &str, is_back: bool) -> io::Result<Rows> {
        let own = self.own(from, end);
        let own: Box<dyn Iterator<Item = io::Result<Row>> + Send> =
            if is_back { Box::new(own.rev().map(sled_row)) } else { Box::new(own.map(sled_row)) };
        let levels = self.levels.borrow();
        let runs = (!key::stays(from)).then(|| levels.walk(from, end, is_back)).into_iter().flatten();
        let merged = Merged::of(std::iter::once(Source::Other(own)).chain(runs), is_back)?;
        Ok(Box::new(merged.filter_map(|row| match row {
            Ok((key, value)) => value.map(|value| Ok((key, value))),
            Err(e) => Some(Err(e)),
        })))
    }

    fn write(&self, changes: Changes) -> io::Result<()> {
        let mut levels = self.levels.borrow_mut();
        let (staying, young): (Changes, Changes) = changes.into_iter().partition(|(key, _)| key::stays(key));
        let bytes =
            young.iter().map(|(key, value)| (key.len() + value.as_ref().map_or(0, Vec::len)) as u64).sum::<u64>();
        let mut batch = sled::Batch::default();
        for (key, value) in staying {
            match value {
                Some(json) => batch.insert(key.into_bytes(), marked(&json)),
                None => batch.remove(key.into_bytes()),
            }
        }
        let mut is_other = false;
        if self.young.get() + bytes > self.pour_bytes {
            let before = self.young_rows().take(self.leaving_rows).collect::<io::Result<Vec<_>>>()?;
            before.iter().for_each(|(key, _)| batch.remove(key.as_bytes()));
            if before.len() == self.leaving_rows {
                // What stays in sled for the next time is read before every run: not instead of what is written now.
                young.keys().for_each(|key| batch.remove(key.as_bytes()));
            }
            let left = self.young.get().saturating_sub(before.iter().map(bytes_of).sum());
            let at_most = (before.len() + young.len()) as u64;
            let sources = [
                Source::Other(Box::new(young.into_iter().map(Ok))),
                Source::Other(Box::new(before.into_iter().map(Ok))),
            ];
            levels.pour(Merged::of(sources.into_iter(), false)?, at_most)?;
            self.young.set(left);
            is_other = true;
        } else {
            for (key, value) in young {
                match value {
                    Some(json) => batch.insert(key.into_bytes(), marked(&json)),
                    None if levels.may_have(&key) => batch.insert(key.into_bytes(), vec![REMOVED]),
                    None => batch.remove(key.into_bytes()),
                }
            }
            self.young.set(self.young.get() + bytes);
        }
        is_other |= levels.advance()?;
        if is_other {
            batch.insert(LIST, serde_json::to_vec(&levels.list())?);
        }
        failpoint::at("index.insert")?;
        self.db.apply_batch(batch).map_err(io_error)
    }

    fn sync(&self) -> io::Result<()> {
        failpoint::at("index.flush")?;
        self.db.flush().map_err(io_error)?;
        failpoint::at("index.fsync")?;
        self.data.sync_all()?;
        self.levels.borrow_mut().forget_merged();
        Ok(())
    }
}

fn bytes_of((key, value): &Row) -> u64 {
    (key.len() + value.as_ref().map_or(0, Vec::len)) as u64
}

fn marked(json: &[u8]) -> Vec<u8> {
    [&[VALUE], json].concat()
}

fn unmarked(value: &[u8]) -> io::Result<Option<Vec<u8>>> {
    match value {
        [VALUE, json @ ..] => Ok(Some(json.to_vec())),
        [REMOVED] => Ok(None),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "una riga dell'indice non è di questa versione")),
    }
}

fn sled_row(row: sled::Result<(sled::IVec, sled::IVec)>) -> io::Result<Row> {
    let (key, value) = row.map_err(io_error)?;
    Ok((String::from_utf8_lossy(&key).into_owned(), unmarked(&value)?))
}

fn io_error(e: sled::Error) -> io::Error {
    match e {
        sled::Error::Io(e) => e,
        other => io::Error::other(other.to_string()),
    }
}

/// Whether a failure speaks of the index. A disk without room, or that may not be written, says nothing of it: set aside at
/// every start, copies of a sound index would take what room there comes to be.
pub fn is_damage(why: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    !matches!(why.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | PermissionDenied)
}

/// Moves a damaged index aside, so that a new one can be built. Nothing is deleted.
///
/// # Errors
/// Those of the disk.
pub fn set_aside(dir: &Path, at: jiff::Timestamp) -> io::Result<PathBuf> {
    let name = |n: usize| dir.with_file_name(format!("index-damaged-{}{}", at.as_second(), "+".repeat(n)));
    // Two in one second: one that an opening finds, and the one made again, which somebody orders.
    let aside = (0..ASIDE_MAX).map(name).find(|aside| !aside.exists()).unwrap_or_else(|| name(ASIDE_MAX));
    std::fs::rename(dir, &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests;
