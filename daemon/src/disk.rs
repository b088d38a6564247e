//! The disk under archive, journal and spool: what the service asks of it, and the real one. It changes when what we need
//! of a file system changes.
//!
//! A trait, so that a simulation can lose what was not fsynced and fail at any operation (reliability.md §3.2, T11).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// Files or directories that are made durable at the same time.
const SYNCS_AT_ONCE_MAX: usize = 8;
/// Read and written again at once, bytes.
const AGAIN_BYTES: usize = 64 * 1024;

/// A disk, shared by all parts of the service.
pub type DiskRef = Arc<dyn Disk>;

/// What the service asks of a disk. Errors are those of the operating system.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens a file to read it from its start.
    ///
    /// # Errors
    /// Those of the disk, as of every operation here.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>>;
    /// Opens a file to read it from a place, in bytes.
    fn open_at(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = self.open(path)?;
        io::copy(&mut file.by_ref().take(from), &mut io::sink())?;
        Ok(file)
    }
    /// Makes a file, or empties it; readable by the service alone: it is somebody's letter.
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file to write at its end, making it if need be.
    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;
    /// Makes the content of a file durable (fsync).
    fn sync_file(&self, path: &Path) -> io::Result<()>;
    /// Makes the entries of a directory durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// As [`sync_file`](Self::sync_file), several.
    fn sync_files(&self, paths: &[&Path]) -> io::Result<()> {
        paths.iter().try_for_each(|path| self.sync_file(path))
    }
    /// As [`sync_dir`](Self::sync_dir), several.
    fn sync_dirs(&self, paths: &[&Path]) -> io::Result<()> {
        paths.iter().try_for_each(|path| self.sync_dir(path))
    }
    /// Writes again, in place and durably, what is read of a file from a place to its end. An fsync that failed leaves pages which
    /// are read and called clean: no later fsync writes them, only another write does (reliability.md P12).
    fn write_again(&self, path: &Path, from: u64) -> io::Result<()>;
    /// Cuts a file to a length, durably.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;
    /// Gives a file another name, replacing what has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory and those above it.
    fn make_dirs(&self, path: &Path) -> io::Result<()>;
    /// The entries of a directory, in no order.
    fn list(&self, path: &Path) -> io::Result<Vec<Entry>>;
    /// What is known of a path; `None`: nothing is there.
    fn meta(&self, path: &Path) -> io::Result<Option<Meta>>;
    /// Bytes that may still be written where `path` is.
    fn free(&self, path: &Path) -> io::Result<u64>;

    /// The whole content of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // One allocation of the right size: a message may have 160 MB.
        let length = self.meta(path)?.map_or(0, |meta| meta.length);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
        self.open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// A file open for writing.
pub trait DiskFile: Write + Send + fmt::Debug {
    /// Makes what was written durable (fdatasync).
    ///
    /// # Errors
    /// Those of the disk. After one, what the disk holds is unknown: it must not be tried again (reliability.md P12).
    fn sync(&mut self) -> io::Result<()>;
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name. One that is not UTF-8 is none of ours, and is not listed.
    pub name: String,
    /// It is a directory.
    pub is_dir: bool,
}

/// What is known of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// Length in bytes.
    pub length: u64,
    /// When it was last written, as the file system knows it.
    pub modified: Option<jiff::Timestamp>,
    /// It is a directory.
    pub is_dir: bool,
}

/// The machine's own disk.
#[must_use]
pub fn real() -> DiskRef {
    Arc::new(Real)
}

/// The machine's own disk.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Disk for Real {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(path)?))
    }

    fn open_at(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(path)?;
        file.seek(io::SeekFrom::Start(from))?;
        Ok(Box::new(file))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(OpenOptions::new().append(true).create(true).mode(0o600).open(path)?))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        // For writing: some file systems sync only a descriptor that may write.
        OpenOptions::new().read(true).write(true).open(path)?.sync_all()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_files(&self, paths: &[&Path]) -> io::Result<()> {
        at_once(paths, |path| self.sync_file(path))
    }

    fn sync_dirs(&self, paths: &[&Path]) -> io::Result<()> {
        at_once(paths, |path| self.sync_dir(path))
    }

    fn write_again(&self, path: &Path, from: u64) -> io::Result<()> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let (mut at, mut chunk) = (from, vec![0; AGAIN_BYTES]);
        loop {
            let read = file.read_at(&mut chunk, at)?;
            let part = chunk.get(..read).unwrap_or_default();
            if part.is_empty() {
                return file.sync_all();
            }
            file.write_all_at(part, at)?;
            at += part.len() as u64;
        }
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, is_dir: entry.file_type()?.is_dir() });
            }
        }
        Ok(entries)
    }

    fn meta(&self, path: &Path) -> io::Result<Option<Meta>> {
        match fs::metadata(path) {
            Ok(meta) => Ok(Some(Meta {
                length: meta.len(),
                modified: meta.modified().ok().and_then(|at| jiff::Timestamp::try_from(at).ok()),
                is_dir: meta.is_dir(),
            })),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        let fs = rustix::fs::statvfs(path)?;
        Ok(fs.f_bavail.saturating_mul(fs.f_frsize))
    }
}

/// Waits for the disk several times at once, which costs little more than waiting once.
fn at_once(paths: &[&Path], sync: impl Fn(&Path) -> io::Result<()> + Sync) -> io::Result<()> {
    let each = |part: &[&Path]| part.iter().try_for_each(|path| sync(path));
    let mut parts = paths.chunks(paths.len().div_ceil(SYNCS_AT_ONCE_MAX).max(1));
    let Some(ours) = parts.next() else { return Ok(()) };
    thread::scope(|scope| {
        // Where no thread can be had, in turn.
        let start = |part| thread::Builder::new().spawn_scoped(scope, move || each(part)).map_err(|_| part);
        let others: Vec<_> = parts.map(start).collect();
        let done = each(ours);
        others.into_iter().fold(done, |done, other| {
            let stopped = |_| Err(io::Error::other("la scrittura sul disco si è fermata"));
            done.and(other.map_or_else(each, |thread| thread.join().unwrap_or_else(stopped)))
        })
    })
}

impl DiskFile for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
