//! sled, and only sled: an ordered map with atomic batches and *our own* fsync. The one file that names the crate.
//!
//! Measured (reference `stack` §5, `reliability` §0.1): sled 0.34's `flush` ends in `sync_file_range` on Linux and lost
//! acknowledged writes in 47 of 48 simulated power cuts; with `sync_all` on our own descriptor after it, and `conf` and
//! the directory fsynced at the first open, 0 in 840. It stays an index all the same: a projection of the journal.

use crate::archive::sync_dir;
use crate::failpoint;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory for sled's page cache, bytes. It is not a limit, but a wish (sled issue 1410).
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Largest row, bytes of JSON. Rows are made to stay below it; beyond it the store stops rather than write a blob.
pub const ROW_BYTES_MAX: usize = 56 * 1024;

/// The map.
#[derive(Debug)]
pub struct Index(Backend);

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
pub struct Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>);

impl Memory {
    /// A copy of all rows.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<String, Vec<u8>> {
        self.map().clone()
    }
    /// Replaces all rows.
    pub fn replace(&self, rows: BTreeMap<String, Vec<u8>>) {
        *self.map() = rows;
    }
    fn map(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
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
        Ok(Self(Backend::Sled(db, data)))
    }

    /// The index of a home.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn at(home: &Home, dir: &Path) -> io::Result<Self> {
        match home {
            Home::Disk => Self::open(dir),
            Home::Memory(memory) => Ok(Self(Backend::Memory(memory.clone()))),
        }
    }

    /// An empty index in memory.
    #[must_use]
    pub fn memory() -> Self {
        Self(Backend::Memory(Memory::default()))
    }

    /// One row.
    ///
    /// # Errors
    /// Those of the disk; a row that is not of the expected form.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> io::Result<Option<T>> {
        let row = match &self.0 {
            Backend::Sled(db, _) => db.get(key.as_bytes()).map_err(io_error)?.map(|row| row.to_vec()),
            Backend::Memory(map) => map.map().get(key).cloned(),
        };
        Ok(row.map(|json| serde_json::from_slice(&json)).transpose()?)
    }

    /// Rows whose key begins with `prefix`, in order of key, starting from `from` (a whole key, or the prefix).
    pub fn scan<T: DeserializeOwned + 'static>(
        &self,
        prefix: &str,
        from: &str,
    ) -> impl Iterator<Item = io::Result<(String, T)>> + use<T> {
        let prefix = prefix.to_owned();
        let in_prefix =
            move |row: &io::Result<(String, Vec<u8>)>| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix));
        self.rows(from).take_while(in_prefix).map(|row| {
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
        let (from, end) = (from.to_owned(), format!("{prefix}\u{10ffff}"));
        let rows: Box<dyn Iterator<Item = io::Result<(String, Vec<u8>)>>> = match &self.0 {
            Backend::Sled(db, _) => Box::new(db.range(from.into_bytes()..end.into_bytes()).rev().map(|row| {
                let (key, json) = row.map_err(io_error)?;
                Ok((String::from_utf8_lossy(&key).into_owned(), json.to_vec()))
            })),
            Backend::Memory(map) => {
                let rows: Vec<_> = map.map().range(from..end).rev().map(|(k, v)| Ok((k.clone(), v.clone()))).collect();
                Box::new(rows.into_iter())
            }
        };
        rows.map(|row| {
            let (key, json) = row?;
            Ok((key, serde_json::from_slice(&json)?))
        })
    }

    fn rows(&self, from: &str) -> Box<dyn Iterator<Item = io::Result<(String, Vec<u8>)>>> {
        match &self.0 {
            Backend::Sled(db, _) => Box::new(db.range(from.as_bytes()..).map(|row| {
                let (key, json) = row.map_err(io_error)?;
                Ok((String::from_utf8_lossy(&key).into_owned(), json.to_vec()))
            })),
            Backend::Memory(map) => {
                let rows: Vec<_> =
                    map.map().range(from.to_owned()..).map(|(k, v)| Ok((k.clone(), v.clone()))).collect();
                Box::new(rows.into_iter())
            }
        }
    }

    /// Applies a batch; durable when this returns.
    ///
    /// # Errors
    /// Those of the disk; a row beyond [`ROW_BYTES_MAX`].
    pub fn apply(&self, batch: Batch) -> io::Result<()> {
        if let Some(key) = batch.too_large {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("la riga {key} dell'indice è troppo grande"),
            ));
        }
        match &self.0 {
            Backend::Sled(db, data) => {
                let mut together = sled::Batch::default();
                for (key, value) in batch.changes {
                    match value {
                        Some(json) => together.insert(key.into_bytes(), json),
                        None => together.remove(key.into_bytes()),
                    }
                }
                failpoint::at("index.insert")?;
                db.apply_batch(together).map_err(io_error)?;
                failpoint::at("index.flush")?;
                db.flush().map_err(io_error)?;
                failpoint::at("index.fsync")?;
                data.sync_all()
            }
            Backend::Memory(map) => {
                let mut map = map.map();
                for (key, value) in batch.changes {
                    match value {
                        Some(json) => map.insert(key, json),
                        None => map.remove(&key),
                    };
                }
                Ok(())
            }
        }
    }

    /// SHA-256 over all rows but those under `except`, in order: equal states have equal digests.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn state_digest(&self, except: &str) -> io::Result<String> {
        let mut all = Vec::new();
        for row in self.rows("") {
            let (key, value) = row?;
            if key.starts_with(except) {
                continue;
            }
            for part in [key.as_bytes(), &value] {
                all.extend_from_slice(&(part.len() as u64).to_be_bytes());
                all.extend_from_slice(part);
            }
        }
        Ok(crate::digest::sha256(&all))
    }
}

fn io_error(e: sled::Error) -> io::Error {
    match e {
        sled::Error::Io(e) => e,
        other => io::Error::other(other.to_string()),
    }
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
            index.apply(batch).unwrap();
            let rows: Vec<String> = index.scan::<String>("a/", "a/").map(|r| r.unwrap().1).collect();
            assert_eq!(rows, ["a/2"]);
            let back: Vec<String> = index.scan_back::<String>("a", "a/2").map(|r| r.unwrap().1).collect();
            assert_eq!(back, ["ab/1", "a/2"]);
            assert_eq!(index.get::<String>("a/1").unwrap(), None);
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
        index.apply(batch).unwrap();
        assert_eq!(std::fs::read_dir(path.join("blobs")).map(Iterator::count).unwrap_or(0), 0);
    }
}
