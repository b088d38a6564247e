//! The archive: raw bytes, named by their SHA-256, durable before anything judges them. Nothing here is ever deleted.
//!
//! Order of writes (reliability.md §3.2): write to `spool/` → fsync → move to the final name → fsync the directory →
//! read back and compare. The first storage error stops the process: a failed fsync must not be tried again.

use crate::digest::{sha256, sha256_of};
use crate::disk::{self, Disk, DiskRef};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes read back and compared at a time.
const COMPARED_BYTES: usize = 64 * 1024;

/// Which shelf: what came in, what we send (frozen before the first attempt), or what a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Messages received.
    In,
    /// Messages of ours, as submitted.
    Out,
    /// Revocation lists and responses that answered for a decided message (DER).
    Status,
}

impl Shelf {
    fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
            Self::Status => "status",
        }
    }

    /// Ending of its files, with the dot.
    fn ending(self) -> &'static str {
        match self {
            Self::In | Self::Out => ".eml",
            Self::Status => ".der",
        }
    }
}

/// Proof that a message is on disk: file and directory entry. Made only by [`Archive`].
#[derive(Debug)]
pub struct Sealed {
    digest: String,
    bytes: Vec<u8>,
    was_there: bool,
}

impl Sealed {
    /// SHA-256, lower-case hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
    /// The bytes, as read back from the archive.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
    /// The archive held these bytes already.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.was_there
    }
}

/// Bytes, and the name that they give themselves.
#[derive(Debug, Clone)]
pub struct Named {
    digest: String,
    bytes: Vec<u8>,
}

impl Named {
    /// Names bytes.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Self {
        Self { digest: sha256(&bytes), bytes }
    }
    /// SHA-256, lower-case hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

/// The archive of one installation.
#[derive(Debug)]
pub struct Archive {
    disk: DiskRef,
    root: PathBuf,
    spool: PathBuf,
}

impl Archive {
    /// The archive of a data folder, to be read: nothing is made.
    #[must_use]
    pub fn at(data: &Path) -> Self {
        Self::on(disk::real(), data)
    }

    fn on(disk: DiskRef, data: &Path) -> Self {
        Self { disk, root: data.join("archive"), spool: data.join("spool") }
    }

    /// Opens `<data>/archive` and `<data>/spool`, making them if need be.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open(data: &Path) -> io::Result<Self> {
        Self::open_on(disk::real(), data)
    }

    /// As [`open`](Self::open), on any disk.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn open_on(disk: DiskRef, data: &Path) -> io::Result<Self> {
        let archive = Self::on(disk, data);
        let disk = &archive.disk;
        let shelves = [Shelf::In, Shelf::Out, Shelf::Status].map(|shelf| archive.root.join(shelf.name()));
        for dir in shelves.into_iter().chain([archive.spool.clone()]) {
            disk.make_dirs(&dir)?;
            disk.sync_dir(&dir)?;
        }
        disk.sync_dir(&archive.root)?;
        disk.sync_dir(data)?;
        Ok(archive)
    }

    /// The folder for bytes that are arriving. On the same file system as the archive, so that a link can be made.
    #[must_use]
    pub fn spool(&self) -> &Path {
        &self.spool
    }

    /// Seals spooled files together: each is fsynced, each directory once.
    ///
    /// # Errors
    /// Those of the disk; and `InvalidData` when what is read back is not what was written. Then some may be sealed, and none is
    /// to be acknowledged.
    pub fn keep_files(&self, shelf: Shelf, spooled: &[&Path]) -> io::Result<Vec<Sealed>> {
        self.disk.sync_files(spooled)?;
        let named = spooled.iter().map(|file| Ok((*file, Named::of(self.disk.read(file)?))));
        self.seal(shelf, named.collect::<io::Result<_>>()?)
    }

    /// Gives synced files their names, and makes these durable.
    fn seal(&self, shelf: Shelf, spooled: Vec<(&Path, Named)>) -> io::Result<Vec<Sealed>> {
        let mut placed = Vec::with_capacity(spooled.len());
        let mut groups = BTreeSet::new();
        for (file, named) in spooled {
            let target = self.path(shelf, &named.digest);
            let was_there = self.place(file, &target)?;
            groups.extend(target.parent().map(Path::to_owned));
            placed.push((file, named, target, was_there));
        }
        self.disk.sync_dirs(&groups.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
        let sealed = placed.into_iter().map(|(file, named, target, was_there)| {
            let was_there = self.read_back(file, &named, &target, was_there)?;
            Ok(Sealed { digest: named.digest, bytes: named.bytes, was_there })
        });
        sealed.collect()
    }

    /// Reads back under the final name: what is judged is what the archive holds. Whether it held it before.
    fn read_back(&self, spooled: &Path, named: &Named, target: &Path, mut was_there: bool) -> io::Result<bool> {
        let mut is_same = self.holds(target, &named.bytes)?;
        if was_there && !is_same && self.disk.meta(spooled)?.is_some() {
            // The copy of an earlier day has rotted, or somebody changed it: it stays as evidence, the sound one takes its name.
            self.disk.rename(target, &target.with_extension("damaged"))?;
            crate::events::archive_healed(&named.digest);
            was_there = self.place(spooled, target)?;
            if let Some(group) = target.parent() {
                self.disk.sync_dir(group)?;
            }
            is_same = self.holds(target, &named.bytes)?;
        }
        if is_same {
            return Ok(was_there);
        }
        let why = format!("{}: i byte riletti non sono quelli scritti", target.display());
        Err(io::Error::new(io::ErrorKind::InvalidData, why))
    }

    /// Whether a file holds just these bytes, without a second copy of them in memory.
    fn holds(&self, file: &Path, bytes: &[u8]) -> io::Result<bool> {
        let mut from = self.disk.open(file)?;
        let (mut buffer, mut rest) = (vec![0u8; COMPARED_BYTES], bytes);
        loop {
            let n = from.read(&mut buffer)?;
            match rest.strip_prefix(buffer.get(..n).unwrap_or_default()) {
                Some(left) if n > 0 => rest = left,
                same => return Ok(n == 0 && same.is_some_and(<[u8]>::is_empty)),
            }
        }
    }

    /// Seals bytes.
    ///
    /// # Errors
    /// As [`keep_files`](Self::keep_files).
    pub fn keep(&self, shelf: Shelf, bytes: &[u8]) -> io::Result<Sealed> {
        let mut sealed = self.keep_all(shelf, vec![Named::of(bytes.to_vec())])?;
        sealed.pop().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Seals several together, in the order of their names. The same bytes twice are one file.
    ///
    /// # Errors
    /// As [`keep_files`](Self::keep_files).
    pub fn keep_all(&self, shelf: Shelf, mut all: Vec<Named>) -> io::Result<Vec<Sealed>> {
        all.sort_by(|a, b| a.digest.cmp(&b.digest));
        all.dedup_by(|a, b| a.digest == b.digest);
        let spooled: Vec<PathBuf> = all.iter().map(|one| self.spool.join(format!("{}.tmp", one.digest))).collect();
        for (file, named) in spooled.iter().zip(&all) {
            self.disk.create(file)?.write_all(&named.bytes)?;
        }
        let files: Vec<&Path> = spooled.iter().map(PathBuf::as_path).collect();
        self.disk.sync_files(&files)?;
        let sealed = self.seal(shelf, files.iter().copied().zip(all).collect());
        for file in files {
            let _ = self.disk.remove(file); // still there when the archive had the bytes; the next start sweeps what is left
        }
        sealed
    }

    /// Keeps a revocation list that a verdict rests on, once, and says its digest.
    ///
    /// # Errors
    /// As [`keep_files`](Self::keep_files).
    pub fn keep_status(&self, der: &[u8]) -> io::Result<String> {
        let digest = sha256(der);
        // The same list answers for every message of a day.
        if self.disk.meta(&self.path(Shelf::Status, &digest))?.is_none() {
            self.keep(Shelf::Status, der)?;
        }
        Ok(digest)
    }

    /// Reads archived bytes.
    ///
    /// # Errors
    /// Those of the disk; and `InvalidData` when the bytes no longer have their digest (bit rot, tampering).
    pub fn read(&self, shelf: Shelf, digest: &str) -> io::Result<Vec<u8>> {
        let path = self.path(shelf, digest);
        let bytes = self.disk.read(&path)?;
        if sha256(&bytes) == digest {
            return Ok(bytes);
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, format!("{}: il contenuto è cambiato", path.display())))
    }

    /// Reads archived bytes in pieces, and says whether they still have their digest.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn verify(&self, shelf: Shelf, digest: &str) -> io::Result<()> {
        let path = self.path(shelf, digest);
        match sha256_of(self.disk.open(&path)?)? {
            (found, _) if found == digest => Ok(()),
            _ => {
                Err(io::Error::new(io::ErrorKind::InvalidData, format!("{}: il contenuto è cambiato", path.display())))
            }
        }
    }

    /// Archived bytes, to be read in pieces. Whoever copies them holds the copy against the digest.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn stream(&self, shelf: Shelf, digest: &str) -> io::Result<Box<dyn Read + Send>> {
        self.disk.open(&self.path(shelf, digest))
    }

    /// Seals again bytes that are in the archive already: the way back to a [`Sealed`] after a crash.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn reopen(&self, digest: &str) -> io::Result<Sealed> {
        let bytes = self.read(Shelf::In, digest)?;
        // A process that was killed may have given it its name and not made the name durable.
        if let Some(group) = self.path(Shelf::In, digest).parent() {
            self.disk.sync_dir(group)?;
        }
        Ok(Sealed { digest: digest.to_owned(), bytes, was_there: true })
    }

    /// When this copy was made, as the file system knows it.
    #[must_use]
    pub fn kept_at(&self, shelf: Shelf, digest: &str) -> Option<Timestamp> {
        self.disk.meta(&self.path(shelf, digest)).ok().flatten()?.modified
    }

    /// Where a digest lives.
    #[must_use]
    pub fn path(&self, shelf: Shelf, digest: &str) -> PathBuf {
        self.root.join(shelf.name()).join(digest.get(..2).unwrap_or("00")).join(format!("{digest}{}", shelf.ending()))
    }

    /// Every digest on a shelf, sorted.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn digests(&self, shelf: Shelf) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        for group in self.groups(shelf)? {
            found.extend(self.digests_in(shelf, &group)?);
        }
        Ok(found)
    }

    /// The groups of a shelf, at most 256: each holds the digests that begin with its name.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn groups(&self, shelf: Shelf) -> io::Result<Vec<String>> {
        let entries = self.disk.list(&self.root.join(shelf.name()))?.into_iter();
        let mut groups: Vec<String> = entries.filter(|entry| entry.is_dir).map(|entry| entry.name).collect();
        groups.sort();
        Ok(groups)
    }

    /// The digests of a group, sorted.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn digests_in(&self, shelf: Shelf, group: &str) -> io::Result<Vec<String>> {
        let files = self.disk.list(&self.root.join(shelf.name()).join(group))?;
        let names = files.iter().filter_map(|file| file.name.strip_suffix(shelf.ending()).map(str::to_owned));
        let mut found: Vec<String> = names.collect();
        found.sort();
        Ok(found)
    }

    /// Removes what an interrupted run left in the spool: copies that were never sealed, to be fetched again.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sweep(&self) -> io::Result<usize> {
        let mut swept = 0;
        // The spool itself, and one folder for each mailbox.
        let mut dirs = vec![self.spool.clone()];
        while let Some(dir) = dirs.pop() {
            for entry in self.disk.list(&dir)? {
                let path = dir.join(&entry.name);
                if entry.is_dir && dir == self.spool {
                    dirs.push(path);
                } else if path.extension().is_some_and(|e| e == "tmp") {
                    self.disk.remove(&path)?;
                    swept += 1;
                }
            }
        }
        Ok(swept)
    }

    /// Moves `from` to its final name, whose directory is then to be synced; `true` when the name was taken, and `from` stays. Moved and not linked: bytes with a
    /// second name in the spool could be written over from there.
    fn place(&self, from: &Path, target: &Path) -> io::Result<bool> {
        let Some(group) = target.parent() else { return Err(io::ErrorKind::InvalidInput.into()) };
        if self.disk.meta(group)?.is_none() {
            self.disk.make_dirs(group)?;
            if let Some(shelf) = group.parent() {
                self.disk.sync_dir(shelf)?;
            }
        }
        // Only this process writes here (the lock of the store), so nothing can take the name in between.
        let was_there = self.disk.meta(target)?.is_some();
        if !was_there {
            self.disk.rename(from, target)?;
        }
        Ok(was_there)
    }
}

/// Makes a directory's entries durable.
///
/// # Errors
/// Those of the disk.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    disk::Real.sync_dir(dir)
}

/// Whether a failure to read is of one copy, damaged or gone, and not of the disk: the others can be read.
#[must_use]
pub fn is_of_one_copy(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::InvalidData | io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_kept_is_read_back_and_tampering_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let sealed = archive.keep(Shelf::In, b"ciao\r\n").unwrap();
        assert!(!sealed.was_there());
        assert!(archive.keep(Shelf::In, b"ciao\r\n").unwrap().was_there());
        assert_eq!(archive.read(Shelf::In, sealed.digest()).unwrap(), b"ciao\r\n");
        assert_eq!(archive.digests(Shelf::In).unwrap(), [sealed.digest()]);
        assert!(archive.digests(Shelf::Out).unwrap().is_empty(), "the shelves are apart");
        let list = archive.keep(Shelf::Status, b"0\0").unwrap();
        assert_eq!(archive.digests(Shelf::Status).unwrap(), [list.digest()]);
        assert!(archive.path(Shelf::Status, list.digest()).extension().is_some_and(|e| e == "der"));
        fs::write(archive.path(Shelf::In, sealed.digest()), b"cibo\r\n").unwrap();
        assert_eq!(archive.read(Shelf::In, sealed.digest()).unwrap_err().kind(), io::ErrorKind::InvalidData);
        // The message comes again: the sound copy takes the name, the damaged one stays as evidence.
        archive.keep(Shelf::In, b"ciao\r\n").unwrap();
        assert_eq!(archive.read(Shelf::In, sealed.digest()).unwrap(), b"ciao\r\n");
        assert_eq!(fs::read(archive.path(Shelf::In, sealed.digest()).with_extension("damaged")).unwrap(), b"cibo\r\n");
    }

    #[test]
    fn what_is_written_to_the_spool_later_cannot_reach_the_archive() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let spooled = archive.spool().join("a.tmp");
        fs::write(&spooled, b"evidence").unwrap();
        let sealed = &archive.keep_files(Shelf::In, &[&spooled]).unwrap()[0];
        fs::write(&spooled, b"another message").unwrap();
        assert_eq!(archive.read(Shelf::In, sealed.digest()).unwrap(), b"evidence");
    }

    #[test]
    fn only_unsealed_leftovers_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let sealed = archive.keep(Shelf::In, b"x").unwrap();
        fs::create_dir(archive.spool().join("mailbox")).unwrap();
        for name in ["imap-1.tmp", "mailbox/maildir-1.tmp"] {
            fs::write(archive.spool().join(name), b"half").unwrap();
        }
        assert_eq!(archive.sweep().unwrap(), 2);
        assert!(archive.path(Shelf::In, sealed.digest()).exists());
    }
}
