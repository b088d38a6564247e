//! The failpoints of archive and journal: a disk over the real one. They change when the disk's operations do.

use super::armed::{Action, at, error, fired};
use crate::disk::{Disk, DiskFile, DiskRef, Entry, Meta};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// A disk with failpoints.
#[must_use]
pub fn over(disk: DiskRef) -> DiskRef {
    Arc::new(Faulty(disk))
}

#[derive(Debug)]
struct Faulty(DiskRef);

fn is_of(path: &Path, folder: &str) -> bool {
    path.components().any(|part| part.as_os_str() == folder)
}

impl Disk for Faulty {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        if is_of(path, "archive") {
            at("archive.readback")?;
        }
        self.0.open(path)
    }

    fn open_at(&self, path: &Path, from: u64) -> io::Result<Box<dyn Read + Send>> {
        self.0.open_at(path, from)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        at("archive.create")?;
        Ok(Box::new(FaultyFile { file: self.0.create(path)?, write: "archive.write", fsync: "archive.fsync" }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FaultyFile { file: self.0.append(path)?, write: "journal.write", fsync: "journal.fsync" }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        at("archive.fsync")?;
        self.0.sync_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        if is_of(path, "archive") {
            at("archive.dirsync")?;
        }
        self.0.sync_dir(path)
    }

    fn sync_files(&self, paths: &[&Path]) -> io::Result<()> {
        paths.iter().try_for_each(|_| at("archive.fsync"))?;
        self.0.sync_files(paths)
    }

    fn sync_dirs(&self, paths: &[&Path]) -> io::Result<()> {
        paths.iter().filter(|path| is_of(path, "archive")).try_for_each(|_| at("archive.dirsync"))?;
        self.0.sync_dirs(paths)
    }

    fn write_again(&self, path: &Path, from: u64) -> io::Result<()> {
        self.0.write_again(path, from)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.0.truncate(path, length)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        at("archive.rename")?;
        self.0.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        self.0.make_dirs(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.0.list(path)
    }

    fn meta(&self, path: &Path) -> io::Result<Option<Meta>> {
        self.0.meta(path)
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        self.0.free(path)
    }
}

/// A file with a failpoint at each write and at each fsync.
#[derive(Debug)]
struct FaultyFile {
    file: Box<dyn DiskFile>,
    write: &'static str,
    fsync: &'static str,
}

impl Write for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match fired(self.write) {
            Some(Action::Error) => Err(error(self.write)),
            Some(Action::Short) => {
                self.file.write_all(&bytes[..bytes.len() / 2])?;
                Err(error(self.write))
            }
            Some(Action::Kill | Action::Delay(_)) | None => self.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl DiskFile for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        at(self.fsync)?;
        self.file.sync()
    }
}
