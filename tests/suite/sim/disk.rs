//! A disk that keeps only what was fsynced. Changes when the model of what a file system may lose changes.
//!
//! The model (reliability.md §2, §3.2): a file's pages are durable when its fsync returns, a directory's entries when the
//! directory's does. A power cut keeps that, and of the rest nothing, all, or page by page what chance says; a rename is
//! done or not done, never half. A failed fsync leaves the pages readable and calls them clean: a later fsync does not
//! write them. The death of the process alone loses nothing.

use super::plan::{Careless, Dice, DiskFault};
use super::power::Power;
use sportello::clock::Clock;
use sportello::disk::{Disk, DiskFile, Entry, Meta};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The unit that is written whole or not at all, bytes.
const PAGE: usize = 512;
/// What a disk with room says is free.
const ROOM: u64 = 100 << 30;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Dir,
    File(u64),
}

/// A change of names that no fsync of a directory has made durable.
#[derive(Clone)]
enum Pending {
    Link(PathBuf, Node),
    Rename(PathBuf, PathBuf, Node),
    Unlink(PathBuf),
}

impl Pending {
    fn touches(&self, dir: &Path) -> bool {
        match self {
            Self::Link(path, _) | Self::Unlink(path) => path.parent() == Some(dir),
            Self::Rename(from, to, _) => from.parent() == Some(dir) || to.parent() == Some(dir),
        }
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Link(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
            Self::Unlink(path) => drop(names.remove(path)),
        }
    }
}

#[derive(Default)]
struct Inode {
    /// What a power cut leaves.
    kept: Vec<u8>,
    /// What is read.
    live: Vec<u8>,
    /// Pages written since they were last durable.
    dirty: BTreeSet<usize>,
    modified: jiff::Timestamp,
}

impl Inode {
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.live.len() == at {
            self.live.extend_from_slice(bytes);
        } else {
            self.live.resize(end.max(self.live.len()), 0);
            self.live[at..end].copy_from_slice(bytes);
        }
        if end > at {
            self.dirty.extend(at / PAGE..=(end - 1) / PAGE);
        }
    }

    fn keep(&mut self, page: usize) {
        let (from, to) = (page * PAGE, ((page + 1) * PAGE).min(self.live.len()));
        if from < to && self.kept.len() >= to {
            self.kept[from..to].copy_from_slice(&self.live[from..to]);
        }
    }

    fn sync(&mut self) {
        let (kept, live) = (self.kept.len(), self.live.len());
        if (kept / PAGE..live.div_ceil(PAGE)).all(|page| self.dirty.contains(&page)) && kept <= live {
            self.kept.extend_from_slice(&self.live[kept..]);
        }
        self.kept.resize(live, 0);
        for page in std::mem::take(&mut self.dirty) {
            self.keep(page);
        }
    }

    /// The power goes.
    fn cut(&mut self, dice: &mut Dice) {
        if !self.dirty.is_empty() || self.kept.len() != self.live.len() {
            match dice.below(4) {
                0 => {}
                1 => self.sync(),
                _ => {
                    let (short, long) = (self.kept.len().min(self.live.len()), self.kept.len().max(self.live.len()));
                    let length = *dice.pick(&[self.kept.len(), self.live.len(), short + (long - short) / 2]);
                    self.kept.resize(length, 0);
                    for page in std::mem::take(&mut self.dirty) {
                        if dice.permille(500) {
                            let to = ((page + 1) * PAGE).min(self.live.len()).min(self.kept.len());
                            if page * PAGE < to {
                                self.kept[page * PAGE..to].copy_from_slice(&self.live[page * PAGE..to]);
                            }
                        }
                    }
                }
            }
        }
        self.dirty.clear();
        self.live.clone_from(&self.kept);
    }
}

#[derive(Default)]
struct Platter {
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<PathBuf, Node>,
    kept: BTreeMap<PathBuf, Node>,
    pending: Vec<Pending>,
    full_until: Option<tokio::time::Instant>,
    careless: Option<Careless>,
}

impl Platter {
    fn file(&mut self, path: &Path) -> io::Result<&mut Inode> {
        match self.names.get(path) {
            Some(Node::File(n)) => Ok(self.inodes.get_mut(n).unwrap()),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn change(&mut self, change: Pending) {
        change.apply(&mut self.names);
        self.pending.push(change);
    }

    /// The file of a name, made if it is not there.
    fn made(&mut self, path: &Path, now: jiff::Timestamp) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Node::File(n)) => return Ok(*n),
            Some(Node::Dir) => return Err(io::ErrorKind::IsADirectory.into()),
            None => {}
        }
        if path.parent().and_then(|dir| self.names.get(dir)) != Some(&Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let n = self.inodes.last_key_value().map_or(1, |(n, _)| n + 1);
        self.inodes.insert(n, Inode { modified: now, ..Inode::default() });
        self.change(Pending::Link(path.to_owned(), Node::File(n)));
        Ok(n)
    }

    fn keep_names(&mut self, dir: &Path) {
        let (now, mut later): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|change| change.touches(dir));
        for change in now {
            if let Pending::Rename(from, ..) = &change {
                // The file had that name before: it cannot come back after.
                later.retain(|other| !matches!(other, Pending::Link(path, _) if path == from));
            }
            change.apply(&mut self.kept);
        }
        self.pending = later;
    }
}

/// The disk.
#[derive(Clone)]
pub struct SimDisk {
    root: PathBuf,
    platter: Arc<Mutex<Platter>>,
    power: Power,
    clock: Clock,
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimDisk")
    }
}

impl SimDisk {
    /// An empty disk with one directory. `clock` dates its files.
    pub fn new(root: &Path, power: Power, clock: Clock, careless: Option<Careless>) -> Self {
        let mut platter = Platter { careless, ..Platter::default() };
        platter.names.insert(root.to_owned(), Node::Dir);
        platter.kept = platter.names.clone();
        Self { root: root.to_owned(), platter: Arc::new(Mutex::new(platter)), power, clock }
    }

    /// The power goes: what was not durable is as chance says.
    pub fn cut(&self, dice: &mut Dice) {
        let mut platter = self.platter.lock().unwrap();
        let pending = std::mem::take(&mut platter.pending);
        match dice.below(3) {
            0 => {}
            1 => {
                // A journalling file system: in order, up to somewhere.
                let n = usize::try_from(dice.below(pending.len() as u64 + 1)).unwrap();
                pending[..n].iter().for_each(|change| change.apply(&mut platter.kept));
            }
            _ => {
                for change in pending {
                    if dice.permille(500) {
                        change.apply(&mut platter.kept);
                    }
                }
            }
        }
        // What lies in a directory that is not there is not there.
        let mut kept: BTreeMap<PathBuf, Node> = BTreeMap::new();
        for (path, node) in &platter.kept {
            let is_root = *path == self.root;
            if is_root || path.parent().is_some_and(|dir| kept.get(dir) == Some(&Node::Dir)) {
                kept.insert(path.clone(), *node);
            }
        }
        let alive: BTreeSet<u64> =
            kept.values().filter_map(|node| if let Node::File(n) = node { Some(*n) } else { None }).collect();
        platter.inodes.retain(|n, _| alive.contains(n));
        for inode in platter.inodes.values_mut() {
            inode.cut(dice);
        }
        platter.names.clone_from(&kept);
        platter.kept = kept;
    }

    /// No room until then.
    pub fn fill(&self, until: tokio::time::Instant) {
        self.platter.lock().unwrap().full_until = Some(until);
    }

    /// Room again.
    pub fn mend(&self) {
        self.platter.lock().unwrap().full_until = None;
    }

    fn is_full(&self) -> bool {
        self.platter.lock().unwrap().full_until.is_some_and(|until| until > tokio::time::Instant::now())
    }

    /// One operation: it may be the last, and it may fail.
    fn op(&self, name: &str, path: &Path, writes: bool) -> io::Result<()> {
        let fault = self.power.disk_op(name, path.strip_prefix(&self.root).unwrap_or(path))?;
        match fault {
            None if writes && self.is_full() => Err(self.full()),
            None => Ok(()),
            Some(DiskFault::Enospc | DiskFault::Short) if writes => Err(io::ErrorKind::StorageFull.into()),
            Some(_) => Err(io::Error::other("EIO")),
        }
    }

    fn full(&self) -> io::Error {
        self.power.count("disk full");
        io::ErrorKind::StorageFull.into()
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.op("open", path, false)?;
        Ok(Box::new(Cursor::new(self.platter.lock().unwrap().file(path)?.live.clone())))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.op("create", path, true)?;
        let now = self.clock.now();
        let mut platter = self.platter.lock().unwrap();
        let n = platter.made(path, now)?;
        let inode = platter.inodes.get_mut(&n).unwrap();
        inode.live.clear();
        inode.dirty.clear();
        inode.modified = now;
        Ok(Box::new(SimFile { disk: self.clone(), n, path: path.to_owned(), at: Some(0), is_lost: false }))
    }

    fn append(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.op("append", path, true)?;
        let n = self.platter.lock().unwrap().made(path, self.clock.now())?;
        Ok(Box::new(SimFile { disk: self.clone(), n, path: path.to_owned(), at: None, is_lost: false }))
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        let failed = self.op("sync", path, false);
        let mut platter = self.platter.lock().unwrap();
        let inode = platter.file(path)?;
        if failed.is_err() && self.power.is_on() {
            inode.dirty.clear(); // and they are not written: Linux says so once
        }
        failed?;
        inode.sync();
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.op("sync-dir", path, false)?;
        let mut platter = self.platter.lock().unwrap();
        if platter.names.get(path) != Some(&Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if platter.careless != Some(Careless::Names) {
            platter.keep_names(path);
        }
        Ok(())
    }

    fn write_again(&self, path: &Path, from: u64) -> io::Result<()> {
        let failed = self.op("write-again", path, true);
        let mut platter = self.platter.lock().unwrap();
        let inode = platter.file(path)?;
        let from = usize::try_from(from).unwrap().min(inode.live.len());
        if self.power.is_on() {
            let again = inode.live[from..].to_vec();
            inode.write(from, &again);
        }
        if failed.is_err() && self.power.is_on() {
            inode.dirty.clear();
        }
        failed?;
        inode.sync();
        Ok(())
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.op("truncate", path, false)?;
        let length = usize::try_from(length).unwrap();
        let mut platter = self.platter.lock().unwrap();
        let inode = platter.file(path)?;
        inode.live.resize(length, 0);
        inode.dirty.retain(|page| page * PAGE < length);
        inode.sync();
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.op("rename", to, true)?;
        let mut platter = self.platter.lock().unwrap();
        platter.file(from)?;
        let node = platter.names[from];
        platter.change(Pending::Rename(from.to_owned(), to.to_owned(), node));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.op("remove", path, false)?;
        let mut platter = self.platter.lock().unwrap();
        platter.file(path)?;
        platter.change(Pending::Unlink(path.to_owned()));
        Ok(())
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        self.op("make-dirs", path, true)?;
        let mut platter = self.platter.lock().unwrap();
        let mut missing: Vec<PathBuf> = path
            .ancestors()
            .take_while(|dir| dir.starts_with(&self.root))
            .filter(|dir| !platter.names.contains_key(*dir))
            .map(Path::to_owned)
            .collect();
        while let Some(dir) = missing.pop() {
            platter.change(Pending::Link(dir, Node::Dir));
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<Entry>> {
        self.op("list", path, false)?;
        let platter = self.platter.lock().unwrap();
        if platter.names.get(path) != Some(&Node::Dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = platter.names.iter().filter(|(name, _)| name.parent() == Some(path));
        Ok(inside
            .map(|(name, node)| Entry {
                name: name.file_name().unwrap().to_str().unwrap().to_owned(),
                is_dir: *node == Node::Dir,
            })
            .collect())
    }

    fn meta(&self, path: &Path) -> io::Result<Option<Meta>> {
        self.op("meta", path, false)?;
        let platter = self.platter.lock().unwrap();
        Ok(platter.names.get(path).map(|node| match node {
            Node::Dir => Meta { length: 0, modified: None, is_dir: true },
            Node::File(n) => {
                let inode = &platter.inodes[n];
                Meta { length: inode.live.len() as u64, modified: Some(inode.modified), is_dir: false }
            }
        }))
    }

    fn free(&self, path: &Path) -> io::Result<u64> {
        self.op("free", path, false)?;
        Ok(if self.is_full() { 0 } else { ROOM })
    }
}

struct SimFile {
    disk: SimDisk,
    n: u64,
    path: PathBuf,
    /// Where the next write goes; `None` = at the end.
    at: Option<usize>,
    /// An fsync of it failed: what it holds is unknown, and whoever goes on builds on that (P12).
    is_lost: bool,
}

impl fmt::Debug for SimFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimFile")
    }
}

impl SimFile {
    fn put(&mut self, bytes: &[u8]) {
        let now = self.disk.clock.now();
        let mut platter = self.disk.platter.lock().unwrap();
        // Removed and cut away meanwhile: the bytes go nowhere, as into any open file that has no name.
        let Some(inode) = platter.inodes.get_mut(&self.n) else { return };
        let at = self.at.unwrap_or(inode.live.len());
        inode.write(at, bytes);
        inode.modified = now;
        self.at = self.at.map(|at| at + bytes.len());
    }
}

impl Write for SimFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let path = self.path.strip_prefix(&self.disk.root).unwrap_or(&self.path).to_owned();
        assert!(
            !(self.is_lost && path.starts_with("journal")),
            "the register is written on after an fsync that failed"
        );
        match self.disk.power.disk_op("write", &path) {
            Err(gone) => {
                // The last write of a life may be half done.
                let half = self.disk.power.half(bytes.len());
                self.put(&bytes[..half]);
                Err(gone)
            }
            Ok(None) if self.disk.is_full() => Err(self.disk.full()),
            Ok(None) => {
                self.put(bytes);
                Ok(bytes.len())
            }
            Ok(Some(DiskFault::Short)) => {
                let half = self.disk.power.half(bytes.len());
                self.put(&bytes[..half]);
                Err(io::ErrorKind::StorageFull.into())
            }
            Ok(Some(DiskFault::Enospc)) => Err(io::ErrorKind::StorageFull.into()),
            Ok(Some(DiskFault::Eio)) => Err(io::Error::other("EIO")),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn sync(&mut self) -> io::Result<()> {
        let path = self.path.clone();
        let failed = self.disk.op("sync", &path, false);
        let mut platter = self.disk.platter.lock().unwrap();
        let forgets = platter.careless == Some(Careless::Journal);
        let Some(inode) = platter.inodes.get_mut(&self.n) else { return failed };
        if failed.is_err() && self.disk.power.is_on() {
            inode.dirty.clear();
            self.is_lost = true;
        }
        failed?;
        if !forgets {
            inode.sync();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> (SimDisk, Power) {
        let power = Power::new(0);
        let clock = Clock::At(jiff::Timestamp::UNIX_EPOCH);
        (SimDisk::new(Path::new("/d"), power.clone(), clock, None), power)
    }

    fn content(disk: &SimDisk, path: &str) -> Option<Vec<u8>> {
        disk.read(Path::new(path)).ok()
    }

    /// The simulation proves nothing if its disk is kinder than a real one.
    #[tokio::test(start_paused = true)]
    async fn only_what_was_fsynced_is_sure_to_survive() {
        let (mut lost_name, mut lost_bytes, mut torn, mut kept) = (0, 0, 0, 0);
        for seed in 0..200 {
            let (disk, _) = disk();
            let mut file = disk.append(Path::new("/d/a")).unwrap();
            file.write_all(&[b'x'; 2000]).unwrap();
            file.sync().unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            file.write_all(&[b'y'; 2000]).unwrap();
            disk.create(Path::new("/d/b")).unwrap();
            disk.cut(&mut Dice::of(seed, 0));
            let a = content(&disk, "/d/a").unwrap();
            assert_eq!(&a[..2000], &[b'x'; 2000], "what was fsynced is there");
            lost_name += usize::from(content(&disk, "/d/b").is_none());
            match a.len() {
                2000 => lost_bytes += 1,
                4000 if a[2000..].iter().all(|b| *b == b'y') => kept += 1,
                _ => torn += 1,
            }
        }
        assert!([lost_name, lost_bytes, torn, kept].iter().all(|n| *n > 10), "{lost_name} {lost_bytes} {torn} {kept}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_rename_is_whole_and_a_failed_fsync_is_not_made_good_by_the_next() {
        for seed in 0..50 {
            let (disk, power) = disk();
            disk.create(Path::new("/d/a")).unwrap().write_all(b"letter").unwrap();
            disk.sync_file(Path::new("/d/a")).unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            disk.make_dirs(Path::new("/d/in")).unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            disk.rename(Path::new("/d/a"), Path::new("/d/in/b")).unwrap();
            let mut file = disk.append(Path::new("/d/log")).unwrap();
            disk.sync_dir(Path::new("/d")).unwrap();
            file.write_all(&[b'z'; 3000]).unwrap();
            power.fail_next(DiskFault::Eio);
            assert!(file.sync().is_err());
            assert_eq!(content(&disk, "/d/log").unwrap(), [b'z'; 3000], "it is read, as if it were there");
            file.sync().unwrap();
            disk.cut(&mut Dice::of(seed, 0));
            let (a, b) = (content(&disk, "/d/a"), content(&disk, "/d/in/b"));
            assert!(a.is_some() != b.is_some(), "one name, the old or the new");
            assert_ne!(content(&disk, "/d/log").unwrap(), [b'z'; 3000], "and it is not");
        }
    }

    /// An fsync of the register that failed, and a disk that would not take the lines back: the next start reads them. What it then
    /// writes after them is no less durable (seed 20785008820).
    #[tokio::test(start_paused = true)]
    async fn a_register_that_goes_on_from_what_a_failed_fsync_left_loses_nothing() {
        use sportello::journal::{Journal, Tail, Trouble, record::Event};
        let (data, now) = (Path::new("/d"), jiff::Timestamp::UNIX_EPOCH);
        let event = |n| Event::Attempted { digest: format!("{n:064}").repeat(20), n };
        for seed in 0..50 {
            let (disk, power) = disk();
            let open = |disk: &SimDisk| Journal::open::<Trouble>(Arc::new(disk.clone()), data, None, |_, _| Ok(()));
            let mut journal = open(&disk).unwrap();
            journal.append(now, event(0)).unwrap();
            // Of the write, the fsync and the cut that follow, the last two.
            power.on(None, vec![(2, DiskFault::Eio), (3, DiskFault::Eio)]);
            assert!(journal.append(now, event(1)).is_err());
            power.on(None, vec![]);
            let mut journal = open(&disk).unwrap();
            assert_eq!(journal.head().seq, 2, "it is read");
            journal.append(now, event(2)).unwrap();
            disk.cut(&mut Dice::of(seed, 0));
            assert_eq!(&Journal::lines_on(&disk, data, Tail::Closed, |_| {}).unwrap(), journal.head());
        }
    }
}
