//! The journal: append-only, one JSON record a line, each carrying the hash of the line before it, fsynced.
//!
//! It is the legal register and the ground state: a commit *is* one line, durable when its fsync returns. It can be read
//! in thirty years with a text editor and verified with ten lines of any language: `prev` of each line is the SHA-256 of
//! the line before it, without its line end.

mod reading;
pub mod record;

use crate::digest::sha256;
use crate::disk::{self, Disk, DiskFile, DiskRef};
use jiff::Timestamp;
use record::{Event, Record};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// A segment is closed when it is longer than this, in bytes: small enough for an editor and for a copy.
const SEGMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Longest line, in bytes: a decision holds a few texts, each bounded elsewhere. Beyond: the journal is damaged.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Read at once, bytes.
const READ_BYTES: usize = 64 * 1024;
/// `prev` of the first line.
const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The journal, open for appending.
#[derive(Debug)]
pub struct Journal {
    disk: DiskRef,
    dir: PathBuf,
    file: Box<dyn DiskFile>,
    /// Bytes of this segment, those that wait included.
    length: u64,
    /// Bytes of this segment that are durable.
    durable: u64,
    segment: u64,
    head: Head,
    /// Where the last line begins in its segment.
    offset: u64,
    /// The last line that is durable; `None` while there is none.
    sealed: Option<Place>,
    /// Lines that are not written yet: one write and one fsync for all that are decided together.
    waiting: Vec<u8>,
    /// The first failed write or fsync ends all writing: what the disk then holds is unknown (reliability.md P12).
    failed: bool,
}

/// The last line of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 = no line yet.
    pub seq: u64,
    /// Its SHA-256.
    pub hash: String,
}

impl Head {
    fn none() -> Self {
        Self { seq: 0, hash: NO_LINE.into() }
    }
}

/// Where a line stands: from here a start goes on, without reading all that is before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Number of the line.
    pub seq: u64,
    /// Its SHA-256.
    pub hash: String,
    /// Number of its segment.
    pub segment: u64,
    /// Where it begins in it, in bytes.
    pub offset: u64,
}

/// One line, as it stands in its file.
#[derive(Debug)]
pub struct Line<'a> {
    /// What it says.
    pub record: &'a Record,
    /// Its number and its SHA-256.
    pub head: &'a Head,
    /// Its bytes, without the line end.
    pub raw: &'a [u8],
    /// Its file.
    pub segment: &'a Path,
    /// Its place in that file, from 1.
    pub number: u64,
    /// Where it begins in that file, in bytes.
    pub offset: u64,
}

/// What is wrong with a journal.
#[derive(Debug)]
pub enum Trouble {
    /// The disk.
    Io(PathBuf, io::Error),
    /// A line is not what the chain says it must be: changed, removed, or added by somebody.
    Broken {
        /// File.
        file: PathBuf,
        /// Line in the file, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// An earlier write failed, of this or of the index; the process must be restarted.
    Stopped,
}

/// Whether a daemon may be writing the last line just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// It may: an unfinished last line is not there yet.
    Open,
    /// Nobody writes: every line must be whole.
    Closed,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, e) if e.kind() == io::ErrorKind::StorageFull => {
                write!(f, "{}: il disco è pieno: fare posto, poi il servizio riprende da dov'era ({e})", path.display())
            }
            Self::Io(path, e) => write!(f, "{}: {e}", path.display()),
            Self::Broken { file, line, why } => write!(f, "{}:{line}: {why}", file.display()),
            Self::Stopped => {
                f.write_str("una scrittura del registro è fallita: riavviare dopo aver controllato il disco")
            }
        }
    }
}

impl std::error::Error for Trouble {}

impl Journal {
    /// Opens `<data>/journal` and hands every record after `from` to `replay`; without a place, verifies the whole chain from its
    /// first line. What is before the place was verified when it was written; `scrub` and `verify-journal` read it again.
    ///
    /// A last line without its end, or a tail with pages that were never written, was never acknowledged: it is set aside in
    /// `torn-*` and cut off.
    ///
    /// # Errors
    /// Those of the disk; [`Trouble::Broken`] when the chain does not hold, or the line of the place is another; those of `replay`.
    pub fn open<E: From<Trouble>>(
        disk: DiskRef,
        data: &Path,
        from: Option<&Place>,
        mut replay: impl FnMut(&Record, &Head) -> Result<(), E>,
    ) -> Result<Self, E> {
        let dir = data.join("journal");
        disk.make_dirs(&dir).and_then(|()| disk.sync_dir(data)).map_err(|e| Trouble::Io(dir.clone(), e))?;
        let mut head = Head::none();
        let segments = segments(&*disk, &dir).map_err(|e| Trouble::Io(dir.clone(), e))?;
        let last = segments.last().copied().unwrap_or(1);
        // A process that was killed, or whose disk failed and then would not even cut, may have left lines that are read and are not
        // durable: the index must not know a line that a power cut can still take away (tests/suite/sim, seeds 187 and 20785008820).
        // What is before the place was durable when the place was noted.
        if segments.contains(&last) {
            let path = segment_path(&dir, last);
            let from = from.filter(|place| place.segment == last).map_or(0, |place| place.offset);
            disk.write_again(&path, from).and_then(|()| disk.sync_dir(&dir)).map_err(|e| Trouble::Io(path, e))?;
        }
        let (mut segment, mut offset) = (last, 0);
        for number in segments.iter().filter(|number| from.is_none_or(|place| **number >= place.segment)) {
            let path = segment_path(&dir, *number);
            let start = from.filter(|place| place.segment == *number);
            let sound = walk(&*disk, &path, start, &mut head, *number == last, |line| {
                (segment, offset) = (*number, line.offset);
                if from.is_some_and(|place| place.seq == line.head.seq) {
                    Ok(())
                } else {
                    replay(line.record, line.head)
                }
            })?;
            if let Some(sound) = sound {
                set_torn_aside(&*disk, &dir, &path, sound).map_err(|e| Trouble::Io(path.clone(), e))?;
            }
        }
        let path = segment_path(&dir, last);
        if let Some(place) = from.filter(|place| head.seq < place.seq) {
            let why = format!("manca la riga {}", place.seq);
            return Err(Trouble::Broken { file: path, line: 0, why }.into());
        }
        let io = |e| Trouble::Io(path.clone(), e);
        let file = disk.append(&path).map_err(io)?;
        disk.sync_dir(&dir).map_err(io)?;
        let length = disk.meta(&path).map_err(io)?.map_or(0, |meta| meta.length);
        // The last line may stand in the segment before: a stop left the new one empty.
        let Head { seq, hash } = head.clone();
        let sealed = (seq > 0).then_some(Place { seq, hash, segment, offset });
        let (waiting, durable, segment) = (Vec::new(), length, last);
        Ok(Self { disk, dir, file, length, durable, segment, head, offset, sealed, waiting, failed: false })
    }

    /// Verifies a journal without changing it, and hands every record to `each`. Returns its head.
    ///
    /// # Errors
    /// As [`open`](Self::open). With [`Tail::Closed`] a last line without its end is an error too.
    pub fn verify(data: &Path, tail: Tail, mut each: impl FnMut(&Record, &Head)) -> Result<Head, Trouble> {
        Self::lines(data, tail, |line| each(line.record, line.head))
    }

    /// As [`verify`](Self::verify), with each line as it stands.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn lines(data: &Path, tail: Tail, each: impl FnMut(&Line<'_>)) -> Result<Head, Trouble> {
        Self::lines_on(&disk::Real, data, tail, each)
    }

    /// As [`lines`](Self::lines), on any disk.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn lines_on(
        disk: &dyn Disk,
        data: &Path,
        tail: Tail,
        mut each: impl FnMut(&Line<'_>),
    ) -> Result<Head, Trouble> {
        let dir = data.join("journal");
        let mut head = Head::none();
        let segments = segments(disk, &dir).map_err(|e| Trouble::Io(dir.clone(), e))?;
        walk_all(disk, &dir, &segments, None, &mut head, tail, &mut each)?;
        Ok(head)
    }

    /// Appends one event. When this returns, it is durable.
    ///
    /// # Errors
    /// Those of the disk. After the first one nothing is written any more.
    pub fn append(&mut self, at: Timestamp, event: Event) -> Result<Record, Trouble> {
        let record = self.stage(at, event)?;
        self.sync()?;
        Ok(record)
    }

    /// Adds one event to those that the next [`sync`](Self::sync) makes durable, together.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn stage(&mut self, at: Timestamp, event: Event) -> Result<Record, Trouble> {
        let record = Record { seq: self.head.seq + 1, at, prev: self.head.hash.clone(), event };
        self.guarded(|journal| journal.add(&record))?;
        Ok(record)
    }

    /// Makes durable what was staged. When this returns, it is.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn sync(&mut self) -> Result<(), Trouble> {
        self.guarded(Self::write)
    }

    /// The last line, staged or durable.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Where the last durable line stands; `None` while there is none.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.sealed.as_ref()
    }

    /// The last durable line.
    #[must_use]
    pub fn durable(&self) -> Head {
        let sealed = self.sealed.as_ref();
        sealed.map_or_else(Head::none, |place| Head { seq: place.seq, hash: place.hash.clone() })
    }

    fn end(&self) -> Option<Place> {
        let Head { seq, hash } = self.head.clone();
        (seq > 0).then_some(Place { seq, hash, segment: self.segment, offset: self.offset })
    }

    /// Takes no more lines, and writes none of those staged: what follows from them elsewhere is lost.
    pub fn stop(&mut self) {
        self.failed = true;
    }

    /// Every line is on the disk: none is staged, and none was lost on the way.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        !self.failed && self.waiting.is_empty()
    }

    fn guarded(&mut self, work: impl FnOnce(&mut Self) -> io::Result<()>) -> Result<(), Trouble> {
        if self.failed {
            return Err(Trouble::Stopped);
        }
        work(self).map_err(|e| {
            self.failed = true;
            let path = segment_path(&self.dir, self.segment);
            // What a failed fsync leaves is read as if it were there, and no later fsync writes it (reliability.md P12): it is
            // taken back, so that the next start does not build on it. If that fails too, the next start writes it again before it
            // reads it.
            let _ = self.disk.truncate(&path, self.durable);
            Trouble::Io(path, e)
        })
    }

    fn add(&mut self, record: &Record) -> io::Result<()> {
        // Not among lines that belong together: nothing becomes durable before its time.
        if self.length > SEGMENT_BYTES_MAX && self.waiting.is_empty() {
            self.segment += 1;
            (self.length, self.durable) = (0, 0); // before what may fail: the new file is not to be cut to the old one's length
            self.file = self.disk.append(&segment_path(&self.dir, self.segment))?;
            self.disk.sync_dir(&self.dir)?;
        }
        let line = serde_json::to_vec(record)?;
        if line.len() as u64 >= LINE_BYTES_MAX {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "una riga del registro è troppo lunga"));
        }
        self.head = Head { seq: record.seq, hash: sha256(&line) };
        self.offset = self.length;
        self.length += line.len() as u64 + 1;
        self.waiting.extend_from_slice(&line);
        self.waiting.push(b'\n');
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.file.write_all(&self.waiting)?;
        self.file.sync()?;
        self.waiting.clear();
        self.durable = self.length;
        self.sealed = self.end();
        Ok(())
    }
}

fn segment_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:06}.jsonl"))
}

/// Numbers of the segments, in order.
fn segments(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<u64>> {
    let names = disk.list(dir)?.into_iter().map(|entry| entry.name);
    let mut numbers: Vec<u64> = names.filter_map(|name| name.strip_suffix(".jsonl")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Reads these segments, which follow each other, changing nothing: from `start` in its own segment, of which [`walk`] says more.
fn walk_all(
    disk: &dyn Disk,
    dir: &Path,
    segments: &[u64],
    start: Option<&Place>,
    head: &mut Head,
    tail: Tail,
    each: &mut dyn FnMut(&Line<'_>),
) -> Result<(), Trouble> {
    for number in segments {
        let start = start.filter(|place| place.segment == *number);
        let may_be_torn = tail == Tail::Open && Some(number) == segments.last();
        walk::<Trouble>(disk, &segment_path(dir, *number), start, head, may_be_torn, |line| {
            each(line);
            Ok(())
        })?;
    }
    Ok(())
}

/// Reads one segment, checking each line against `head`: from `start`, whose line must be the one that it names, or from the
/// beginning. With `may_be_torn`, returns the length of the sound part when the last line has no end, or when a line has zeros in
/// it: pages of the last write that a power cut kept from the disk. All that was written with it was never acknowledged.
fn walk<E: From<Trouble>>(
    disk: &dyn Disk,
    path: &Path,
    start: Option<&Place>,
    head: &mut Head,
    may_be_torn: bool,
    mut each: impl FnMut(&Line<'_>) -> Result<(), E>,
) -> Result<Option<u64>, E> {
    let io = |e| Trouble::Io(path.to_owned(), e);
    let mut sound = start.map_or(0, |place| place.offset);
    let mut reader = BufReader::with_capacity(READ_BYTES, disk.open_at(path, sound).map_err(io)?);
    let mut number = 0u64;
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = io::Read::take(&mut reader, LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(io)?;
        if read == 0 {
            return Ok(None);
        }
        number += 1;
        let broken = |why: String| Trouble::Broken { file: path.to_owned(), line: number, why };
        // The line of a place was durable when the place was noted.
        let may_be_torn = may_be_torn && (start.is_none() || number > 1);
        if may_be_torn && line.contains(&0) {
            return Ok(Some(sound));
        }
        if line.pop() != Some(b'\n') {
            if may_be_torn {
                return Ok(Some(sound));
            }
            return Err(broken("l'ultima riga è incompleta".into()).into());
        }
        let record = match Record::parse(&line) {
            Ok(record) => record,
            // No line holds a NUL. Pages of a write that a power cut stopped read as such, and later pages of it may have
            // reached the disk before them (reliability.md T11): it was never acknowledged.
            Err(_) if may_be_torn && line.contains(&0) => return Ok(Some(sound)),
            Err(e) => return Err(broken(format!("non è una riga del registro: {e}")).into()),
        };
        let hash = sha256(&line);
        let follows = match start.filter(|_| number == 1) {
            Some(place) => record.seq == place.seq && hash == place.hash,
            None => record.prev == head.hash && record.seq == head.seq + 1,
        };
        if !follows {
            return Err(broken(format!(
                "la riga {} non segue la {}: il registro è stato alterato",
                record.seq, head.seq
            ))
            .into());
        }
        *head = Head { seq: record.seq, hash };
        each(&Line { record: &record, head, raw: &line, segment: path, number, offset: sound })?;
        sound += read as u64;
    }
}

/// Keeps the torn tail beside the journal and cuts it off. It was never acknowledged to anybody.
fn set_torn_aside(disk: &dyn Disk, dir: &Path, path: &Path, sound: u64) -> io::Result<()> {
    let bytes = disk.read(path)?;
    let torn = bytes.get(usize::try_from(sound).unwrap_or(usize::MAX)..).unwrap_or_default();
    let aside = dir.join(format!("torn-{}", sha256(torn)));
    let mut copy = disk.create(&aside)?;
    copy.write_all(torn)?;
    copy.sync()?;
    disk.truncate(path, sound)?;
    disk.sync_dir(dir)?;
    crate::events::journal_torn(&aside);
    Ok(())
}

#[cfg(test)]
mod tests;
