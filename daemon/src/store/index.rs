//! sled, and only sled: an ordered map with atomic batches and *our own* fsync. The one file that names the crate.
//!
//! Measured (reference `stack` §5, `reliability` §0.1): sled 0.34's `flush` ends in `sync_file_range` on Linux and lost
//! acknowledged writes in 47 of 48 simulated power cuts; with `sync_all` on our own descriptor after it, and `conf` and
//! the directory fsynced at the first open, 0 in 840. It stays an index all the same: a projection of the journal.

use crate::archive::sync_dir;
use crate::digest::Hasher;
use crate::failpoint;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::iter::Peekable;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::vec;

/// Memory for sled's page cache, bytes. It is not a limit, but a wish (sled issue 1410).
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Largest row, bytes of JSON. Rows are made to stay below it; beyond it the store stops rather than write a blob.
pub const ROW_BYTES_MAX: usize = 56 * 1024;

/// The map, and over it the changes that were not written to it yet: those of some hundred journal lines at a time, so that a
/// row which changes with each line is written once, and a commit waits for the journal alone. A crash costs their replay.
#[derive(Debug)]
pub struct Index {
    backend: Backend,
    staged: RefCell<BTreeMap<String, Option<Vec<u8>>>>,
}

/// Rows in order of key.
type Rows = Box<dyn Iterator<Item = io::Result<(String, Vec<u8>)>>>;

#[derive(Debug)]
enum Backend {
    /// On disk. The file is our own descriptor of sled's one data file.
    Sled(sled::Db, File),
    /// In memory: a projection to read beside a running daemon, whose index nobody else can open.
    Memory(Memory),
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
        Self { backend, staged: RefCell::default() }
    }

    /// Opens or makes the index in `dir`.
    ///
    /// # Errors
    /// Those of the disk; a damaged index. The caller removes it and rebuilds it from the journal.
    pub fn open(dir: &Path) -> io::Result<Self> {
        // We fsync ourselves: no flusher thread, whose failed fsync would only be logged.
        let config = sled::Config::new().path(dir).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = config.open().map_err(io_error)?;
        db.flush().map_err(io_error)?;
        for name in ["conf", "db"] {
            File::open(dir.join(name))?.sync_all()?;
        }
        sync_dir(dir)?;
        let data = File::open(dir.join("db"))?;
        Ok(Self::of(Backend::Sled(db, data)))
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
        let staged = self.staged.borrow().get(key).cloned();
        let row = match (&self.backend, staged) {
            (_, Some(staged)) => staged,
            (Backend::Sled(db, _), None) => db.get(key.as_bytes()).map_err(io_error)?.map(|row| row.to_vec()),
            (Backend::Memory(map), None) => map.shared().rows.get(key).cloned(),
        };
        Ok(row.map(|json| serde_json::from_slice(&json)).transpose()?)
    }

    /// Whether there is such a row; it is not read.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn has(&self, key: &str) -> io::Result<bool> {
        if let Some(staged) = self.staged.borrow().get(key) {
            return Ok(staged.is_some());
        }
        match &self.backend {
            Backend::Sled(db, _) => db.contains_key(key.as_bytes()).map_err(io_error),
            Backend::Memory(map) => Ok(map.shared().rows.contains_key(key)),
        }
    }

    /// Rows whose key begins with `prefix`, in order of key, starting from `from` (a whole key, or the prefix).
    pub fn scan<T: DeserializeOwned + 'static>(
        &self,
        prefix: &str,
        from: &str,
    ) -> impl Iterator<Item = io::Result<(String, T)>> + use<T> {
        // No key has a character beyond this one.
        self.rows(from, &format!("{prefix}\u{10ffff}")).map(|row| {
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
        // No key has a character beyond this one.
        let end = format!("{prefix}\u{10ffff}");
        let rows: Rows = match &self.backend {
            Backend::Sled(db, _) => Box::new(db.range(from.as_bytes()..end.as_bytes()).rev().map(sled_row)),
            Backend::Memory(map) => {
                let range = (Bound::Included(from), Bound::Excluded(end.as_str()));
                let rows: Vec<_> =
                    map.shared().rows.range::<str, _>(range).rev().map(|(k, v)| Ok((k.clone(), v.clone()))).collect();
                Box::new(rows.into_iter())
            }
        };
        let range = (Bound::Included(from), Bound::Excluded(end.as_str()));
        let staged =
            self.staged.borrow().range::<str, _>(range).rev().map(|(k, v)| (k.clone(), v.clone())).collect::<Vec<_>>();
        over(rows, staged, Ordering::Greater).map(|row| {
            let (key, json) = row?;
            Ok((key, serde_json::from_slice(&json)?))
        })
    }

    fn rows(&self, from: &str, end: &str) -> Rows {
        let range = (Bound::Included(from), Bound::Excluded(end));
        let rows: Rows = match &self.backend {
            Backend::Sled(db, _) => Box::new(db.range(from.as_bytes()..end.as_bytes()).map(sled_row)),
            Backend::Memory(map) => {
                let rows: Vec<_> =
                    map.shared().rows.range::<str, _>(range).map(|(k, v)| Ok((k.clone(), v.clone()))).collect();
                Box::new(rows.into_iter())
            }
        };
        let staged = self.staged.borrow().range::<str, _>(range).map(|(k, v)| (k.clone(), v.clone())).collect();
        over(rows, staged, Ordering::Less)
    }

    /// Makes a batch visible here, and nowhere else: until [`write`](Self::write) it is in memory alone.
    ///
    /// # Errors
    /// A row beyond [`ROW_BYTES_MAX`].
    pub fn stage(&self, batch: Batch) -> io::Result<()> {
        if let Some(key) = batch.too_large {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("la riga {key} dell'indice è troppo grande"),
            ));
        }
        self.staged.borrow_mut().extend(batch.changes);
        Ok(())
    }

    /// Drops what is staged.
    pub fn discard(&self) {
        self.staged.borrow_mut().clear();
    }

    /// Writes what is staged, whole or not at all. Its journal lines are durable: an index must never be ahead of them. Not yet
    /// durable itself: that is [`sync`](Self::sync)'s.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn write(&self) -> io::Result<()> {
        let changes = std::mem::take(&mut *self.staged.borrow_mut());
        if changes.is_empty() {
            return Ok(());
        }
        match &self.backend {
            Backend::Sled(db, _) => {
                let mut together = sled::Batch::default();
                for (key, value) in changes {
                    match value {
                        Some(json) => together.insert(key.into_bytes(), json),
                        None => together.remove(key.into_bytes()),
                    }
                }
                failpoint::at("index.insert")?;
                db.apply_batch(together).map_err(io_error)
            }
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
    /// Those of the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.write()?;
        match &self.backend {
            Backend::Sled(db, data) => {
                failpoint::at("index.flush")?;
                db.flush().map_err(io_error)?;
                failpoint::at("index.fsync")?;
                data.sync_all()
            }
            Backend::Memory(map) => {
                let mut shared = map.shared();
                shared.durable = shared.rows.clone();
                Ok(())
            }
        }
    }

    /// SHA-256 over all rows but those under `except`, in order: equal states have equal digests.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn state_digest(&self, except: &str) -> io::Result<String> {
        let mut all = Hasher::default();
        for row in self.rows("", "\u{10ffff}") {
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

fn sled_row(row: sled::Result<(sled::IVec, sled::IVec)>) -> io::Result<(String, Vec<u8>)> {
    let (key, json) = row.map_err(io_error)?;
    Ok((String::from_utf8_lossy(&key).into_owned(), json.to_vec()))
}

/// Rows with staged changes over them; both are in one order, whose next key compares as `before`.
fn over(rows: Rows, staged: Vec<(String, Option<Vec<u8>>)>, before: Ordering) -> Rows {
    if staged.is_empty() {
        return rows;
    }
    Box::new(Over { rows: rows.peekable(), staged: staged.into_iter().peekable(), before })
}

struct Over {
    rows: Peekable<Rows>,
    staged: Peekable<vec::IntoIter<(String, Option<Vec<u8>>)>>,
    before: Ordering,
}

impl Iterator for Over {
    type Item = io::Result<(String, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.rows.peek(), self.staged.peek()) {
                (_, None) | (Some(Err(_)), _) => return self.rows.next(),
                (None, Some(_)) => self.before.reverse(),
                (Some(Ok((row, _))), Some((staged, _))) => row.cmp(staged),
            };
            if order == self.before {
                return self.rows.next();
            }
            if order == Ordering::Equal {
                self.rows.next(); // it has another value now, or none
            }
            if let Some((key, Some(json))) = self.staged.next() {
                return Some(Ok((key, json)));
            }
        }
    }
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
    let aside = dir.with_file_name(format!("index-damaged-{}", at.as_second()));
    std::fs::rename(dir, &aside)?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_one_and_a_scan_keeps_to_its_prefix() {
        let dir = tempfile::tempdir().unwrap();
        let both = [Index::open(&dir.path().join("i")).unwrap(), Index::memory()];
        for index in &both {
            let mut batch = Batch::default();
            for key in ["a/1", "a/2", "ab/1", "b/1"] {
                batch.put(key, &key);
            }
            batch.remove("a/1");
            index.stage(batch).unwrap();
            index.write().unwrap();
            let rows: Vec<String> = index.scan::<String>("a/", "a/").map(|r| r.unwrap().1).collect();
            assert_eq!(rows, ["a/2"]);
            let back: Vec<String> = index.scan_back::<String>("a", "a/2").map(|r| r.unwrap().1).collect();
            assert_eq!(back, ["ab/1", "a/2"]);
            assert_eq!(index.get::<String>("a/1").unwrap(), None);
        }
        for index in &both {
            // Staged changes are read as if they were written: added, replaced, removed, in both directions.
            let mut batch = Batch::default();
            batch.put("a/3", &"three");
            batch.put("a/2", &"two");
            batch.put("a/0", &"zero");
            batch.remove("ab/1");
            index.stage(batch).unwrap();
            let read = |index: &Index| {
                let there: Vec<String> = index.scan::<String>("a/", "a/").map(|r| r.unwrap().1).collect();
                let back: Vec<String> = index.scan_back::<String>("a", "a/2").map(|r| r.unwrap().1).collect();
                (there, back, index.get::<String>("ab/1").unwrap(), index.state_digest("x").unwrap())
            };
            let before = read(index);
            assert_eq!(before.0, ["zero", "two", "three"]);
            assert_eq!(before.1, ["three", "two"]);
            assert_eq!(before.2, None);
            index.write().unwrap();
            assert_eq!(read(index), before);
        }
        assert_eq!(both[0].state_digest("x").unwrap(), both[1].state_digest("x").unwrap());
    }

    /// A value of 64 KiB or more would go to a blob file, which our fsync does not cover (reliability.md §7).
    #[test]
    fn a_row_of_the_largest_size_stays_in_the_file_we_fsync() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("i");
        let index = Index::open(&path).unwrap();
        let mut batch = Batch::default();
        batch.put("largest", &"x".repeat(ROW_BYTES_MAX));
        index.stage(batch).unwrap();
        index.sync().unwrap();
        assert_eq!(std::fs::read_dir(path.join("blobs")).map(Iterator::count).unwrap_or(0), 0);
    }
}
