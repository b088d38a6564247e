//! A run: rows in order of key, in a file that is written once and never changed. It changes when its format does.
//!
//! ```text
//! block*  places  filter  end        block = row* sum         end = places at, filter at, rows, sum of both, MAGIC
//! row = shared u16, rest u16, length u32, rest of the key, value         (length REMOVED: older runs' value holds no more)
//! ```
//!
//! A key is written without what it shares with the one before it in its block. `places` says for each block where it begins and
//! a text that no key of it is less than; `filter` (a Bloom filter) says of most keys that are not here that they are not, and of
//! most groups: the rows of one address, or of one person (`of-address/ADDRESS/…`). Both are kept in memory, some dozen bits a row;
//! of the blocks only the one that was read last.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A block is closed when it is longer than this, bytes: what one look reads, and some fifty rows share a place in memory.
const BLOCK_BYTES: usize = 16 * 1024;
/// Bits of the filter for each row: of a hundred keys that are not here it lets less than one through; where each row has a group of its
/// own, seven. A long run has fewer (two, and twenty-six): there are few of them, and they hold most of the rows.
const FILTER_BITS: u64 = 12;
const FILTER_BITS_LONG: u64 = 8;
/// Rows of a long run, or more.
const LONG_ROWS: u64 = 1024 * 1024;
/// Bits that a key, or a group, sets in it.
const FILTER_MARKS: u64 = 7;
/// Bytes handed to the disk at a time, and made durable at a time: the end of a long run must not wait for all of it.
const WRITTEN_BYTES: usize = 1024 * 1024;
const DURABLE_BYTES: usize = 16 * 1024 * 1024;
/// Length of a value that is not there.
const REMOVED: u32 = u32::MAX;
/// Last bytes of a run, with the version of its format: the first one's filter knows no groups.
const MAGIC: [u8; 8] = *b"sportr\x00\x02";
const MAGIC_WITHOUT_GROUPS: [u8; 8] = *b"sportr\x00\x01";
const END_BYTES: usize = 40;
const ROW_HEAD: usize = 8;

/// A key and its value, or that it has none any more.
pub(super) type Row = (String, Option<Vec<u8>>);

/// Where the blocks begin, and which keys are in them.
#[derive(Debug, Default)]
struct Places {
    /// One text after the other.
    texts: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
    /// Where each block begins; and one more, where the last one ends.
    starts: Vec<u64>,
}

impl Places {
    fn text(&self, n: usize) -> &[u8] {
        let end = |n: usize| self.ends.get(n).map_or(0, |end| *end as usize);
        self.texts.get(if n == 0 { 0 } else { end(n - 1) }..end(n)).unwrap_or_default()
    }
    /// The one block in which a key can be.
    fn block_of(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.text(middle) <= key { low = middle + 1 } else { high = middle }
        }
        low.saturating_sub(1)
    }
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = (self.ends.len() as u64).to_le_bytes().to_vec();
        self.ends.iter().for_each(|end| bytes.extend(end.to_le_bytes()));
        self.starts.iter().for_each(|start| bytes.extend(start.to_le_bytes()));
        bytes.extend(&self.texts);
        bytes
    }
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (count, rest) = bytes.split_at_checked(8)?;
        let count = usize::try_from(u64::from_le_bytes(count.try_into().ok()?)).ok()?;
        let (ends, rest) = rest.split_at_checked(count.checked_mul(4)?)?;
        let (starts, texts) = rest.split_at_checked(count.checked_add(1)?.checked_mul(8)?)?;
        let ends: Vec<u32> = ends.as_chunks::<4>().0.iter().map(|end| u32::from_le_bytes(*end)).collect();
        let starts = starts.as_chunks::<8>().0.iter().map(|start| u64::from_le_bytes(*start)).collect();
        let is_sound = ends.is_sorted() && ends.last().map_or(0, |end| *end as usize) == texts.len();
        is_sound.then(|| Self { texts: texts.to_vec(), ends, starts })
    }
}

/// Which keys are certainly not here.
#[derive(Debug)]
struct Filter(Vec<u64>);

impl Filter {
    fn of(rows: u64) -> Self {
        let bits = if rows < LONG_ROWS { FILTER_BITS } else { FILTER_BITS_LONG };
        Self(vec![0; usize::try_from(rows * bits / 64 + 1).unwrap_or(1)])
    }
    /// Words and bits of a key.
    fn marks(&self, key: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = self.0.len() as u64 * 64;
        let step = key.rotate_left(32) | 1;
        (0..FILTER_MARKS).map(move |n| {
            let bit = key.wrapping_add(step.wrapping_mul(n)) % bits;
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }
    fn add(&mut self, key: u64) {
        for (word, bit) in self.marks(key) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }
    fn may_have(&self, key: u64) -> bool {
        self.marks(key).all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }
}

/// A number that tells texts and damaged blocks from others; no proof against anybody who wants two to be the same.
pub(super) fn sum(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = bytes.as_chunks::<8>();
    let mut sum = ODD ^ bytes.len() as u64;
    let mut mix = |word: u64| sum = (sum ^ word).wrapping_mul(ODD).rotate_left(29);
    words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    mix(u64::from_le_bytes(last));
    sum = (sum ^ (sum >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    sum ^ (sum >> 29)
}

/// The group that a key, or a range of keys, lies in: what it is and whose.
pub(super) fn group(key: &str) -> Option<&str> {
    let (at, _) = key.match_indices('/').nth(1)?;
    key.get(..=at)
}

/// A run that is being written, in order of key.
#[derive(Debug)]
pub(super) struct Writer {
    file: File,
    path: PathBuf,
    /// Whole blocks that the file does not have yet.
    waiting: Vec<u8>,
    /// Bytes that the file has, and those of them that may not be durable.
    written: u64,
    volatile: usize,
    block: Vec<u8>,
    last: Vec<u8>,
    places: Places,
    filter: Filter,
    rows: u64,
}

impl Writer {
    /// A run of at most so many rows.
    pub(super) fn create(path: &Path, rows: u64) -> io::Result<Self> {
        Ok(Self {
            file: File::options().read(true).write(true).create(true).truncate(true).open(path)?,
            path: path.to_owned(),
            waiting: Vec::new(),
            written: 0,
            volatile: 0,
            block: Vec::with_capacity(BLOCK_BYTES * 2),
            last: Vec::new(),
            places: Places::default(),
            filter: Filter::of(rows),
            rows: 0,
        })
    }

    /// Bytes of the blocks so far.
    pub(super) fn length(&self) -> u64 {
        self.written + (self.waiting.len() + self.block.len()) as u64
    }

    pub(super) fn add(&mut self, key: &str, value: Option<&[u8]>) -> io::Result<()> {
        if let Some(group) = group(key).map(str::as_bytes)
            && !self.last.starts_with(group)
        {
            self.filter.add(sum(group));
        }
        let key = key.as_bytes();
        let too_long = |_| io::Error::new(io::ErrorKind::InvalidData, "una riga dell'indice è troppo lunga");
        let mut shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count().min(usize::from(u16::MAX));
        if self.block.is_empty() {
            // The shortest text that is greater than all before it.
            let text = key.get(..if self.places.ends.is_empty() { 0 } else { shared + 1 }).unwrap_or(key);
            self.places.texts.extend_from_slice(text);
            self.places.ends.push(u32::try_from(self.places.texts.len()).map_err(too_long)?);
            self.places.starts.push(self.written + self.waiting.len() as u64);
            shared = 0;
        }
        let rest = key.get(shared..).unwrap_or_default();
        let length = value.map_or(Ok(REMOVED), |value| u32::try_from(value.len()).map_err(too_long))?;
        self.block.extend((shared as u16).to_le_bytes());
        self.block.extend(u16::try_from(rest.len()).map_err(too_long)?.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.block.extend_from_slice(rest);
        self.block.extend_from_slice(value.unwrap_or_default());
        self.filter.add(sum(key));
        self.last.clear();
        self.last.extend_from_slice(key);
        self.rows += 1;
        if self.block.len() >= BLOCK_BYTES { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> io::Result<()> {
        let sum = sum(&self.block);
        self.waiting.append(&mut self.block);
        self.waiting.extend(sum.to_le_bytes());
        if self.waiting.len() >= WRITTEN_BYTES { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.volatile += self.waiting.len();
        self.waiting.clear();
        if self.volatile >= DURABLE_BYTES {
            self.file.sync_data()?;
            self.volatile = 0;
        }
        Ok(())
    }

    /// The run, durable; its name in the directory is for the caller to make so.
    pub(super) fn end(mut self, id: u64, level: u32) -> io::Result<Run> {
        if !self.block.is_empty() {
            self.close()?;
        }
        let places_at = self.written + self.waiting.len() as u64;
        self.places.starts.push(places_at);
        let mut tables = self.places.bytes();
        let filter_at = places_at + tables.len() as u64;
        self.filter.0.iter().for_each(|word| tables.extend(word.to_le_bytes()));
        let sum = sum(&tables);
        self.waiting.append(&mut tables);
        for number in [places_at, filter_at, self.rows, sum] {
            self.waiting.extend(number.to_le_bytes());
        }
        self.waiting.extend(MAGIC);
        self.write()?;
        self.file.sync_all()?;
        self.places.texts.shrink_to_fit();
        let Self { file, path, places, filter, rows, .. } = self;
        Ok(Run { id, level, rows, path, file, places, filter, has_groups: true, last: Mutex::default() })
    }
}

/// A run that is whole.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) level: u32,
    pub(super) rows: u64,
    pub(super) path: PathBuf,
    file: File,
    places: Places,
    filter: Filter,
    /// The filter knows them.
    has_groups: bool,
    /// The block that was read last: who asks in order of key reads each once.
    last: Mutex<Option<(usize, Arc<Vec<u8>>)>>,
}

impl Run {
    pub(super) fn open(path: &Path, id: u64, level: u32) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, format!("{} è danneggiato", path.display()));
        let mut end = [0; END_BYTES];
        let end_at = bytes.checked_sub(END_BYTES as u64).ok_or_else(damaged)?;
        file.read_exact_at(&mut end, end_at)?;
        let ([numbers @ .., magic], []) = end.as_chunks::<8>() else { return Err(damaged()) };
        let [places_at, filter_at, rows, expected] = numbers else { return Err(damaged()) };
        let [places_at, filter_at, rows, expected] =
            [places_at, filter_at, rows, expected].map(|n| u64::from_le_bytes(*n));
        let has_groups = *magic == MAGIC;
        if !(has_groups || *magic == MAGIC_WITHOUT_GROUPS) || places_at > filter_at || filter_at > end_at {
            return Err(damaged());
        }
        let mut tables = vec![0; usize::try_from(end_at - places_at).map_err(|_| damaged())?];
        file.read_exact_at(&mut tables, places_at)?;
        if sum(&tables) != expected {
            return Err(damaged());
        }
        let (places, filter) = tables.split_at_checked((filter_at - places_at) as usize).ok_or_else(damaged)?;
        let places = Places::parse(places).ok_or_else(damaged)?;
        let filter = Filter(filter.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word)).collect());
        Ok(Self { id, level, rows, path: path.to_owned(), file, places, filter, has_groups, last: Mutex::default() })
    }

    /// A key's value; `None` where this run does not speak of it. `hash` is the key's [`sum`].
    pub(super) fn get(&self, key: &str, hash: u64) -> io::Result<Option<Option<Vec<u8>>>> {
        if !self.filter.may_have(hash) {
            return Ok(None);
        }
        let n = self.places.block_of(key.as_bytes());
        let block = self.block(n)?;
        let mut here = Vec::new();
        let mut rest = block.as_slice();
        while !rest.is_empty() {
            let value = row(&mut rest, &mut here).ok_or_else(|| self.damaged(n))?;
            match here.as_slice().cmp(key.as_bytes()) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Ok(Some(value.map(<[u8]>::to_vec))),
                std::cmp::Ordering::Greater => break,
            }
        }
        Ok(None)
    }

    pub(super) fn may_have(&self, hash: u64) -> bool {
        self.filter.may_have(hash)
    }

    /// The same of a [`group`].
    pub(super) fn may_have_group(&self, hash: u64) -> bool {
        !self.has_groups || self.filter.may_have(hash)
    }

    /// The rows of a range, in either direction.
    pub(super) fn walk(self: &Arc<Self>, from: &str, end: &str, is_back: bool) -> Walk {
        let next = self.places.block_of(if is_back { end } else { from }.as_bytes());
        let (from, end) = (from.to_owned(), end.to_owned());
        Walk { run: self.clone(), rows: VecDeque::new(), next: Some(next), from, end, is_back, is_whole: false }
    }

    /// All rows, past those who ask meanwhile: the block that they read last remains theirs.
    pub(super) fn walk_all(self: &Arc<Self>) -> Walk {
        Walk { is_whole: true, ..self.walk("", super::AFTER_ALL, false) }
    }

    fn damaged(&self, block: usize) -> io::Error {
        // The next start finds the mark, and makes the whole index again.
        let _ = std::fs::write(self.path.with_file_name(super::levels::DAMAGED), format!("{} {block}\n", self.id));
        let why = format!("{}: il blocco {block} è danneggiato", self.path.display());
        io::Error::new(io::ErrorKind::InvalidData, why)
    }

    fn block(&self, n: usize) -> io::Result<Arc<Vec<u8>>> {
        if let Some((number, block)) = &*self.last.lock().unwrap_or_else(PoisonError::into_inner)
            && *number == n
        {
            return Ok(block.clone());
        }
        let block = self.read(n)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((n, block.clone()));
        Ok(block)
    }

    fn read(&self, n: usize) -> io::Result<Arc<Vec<u8>>> {
        let (Some(start), Some(end)) = (self.places.starts.get(n), self.places.starts.get(n + 1)) else {
            return Ok(Arc::default());
        };
        let length = end.checked_sub(*start).and_then(|length| length.checked_sub(8)).ok_or_else(|| self.damaged(n))?;
        let mut block = vec![0; usize::try_from(length + 8).map_err(|_| self.damaged(n))?];
        self.file.read_exact_at(&mut block, *start).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged(n),
            // A sector that the disk no longer reads: every start would meet it again.
            _ if e.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => self.damaged(n),
            _ => e,
        })?;
        let expected = block.split_off(length as usize);
        if sum(&block).to_le_bytes().as_slice() != expected {
            return Err(self.damaged(n));
        }
        Ok(Arc::new(block))
    }
}

/// The next row of a block: its key is left in `key`, which holds the one before it.
fn row<'a>(rest: &mut &'a [u8], key: &mut Vec<u8>) -> Option<Option<&'a [u8]>> {
    let (head, after) = rest.split_first_chunk::<ROW_HEAD>()?;
    let [s0, s1, k0, k1, l0, l1, l2, l3] = *head;
    let shared = usize::from(u16::from_le_bytes([s0, s1]));
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let (text, after) = after.split_at_checked(usize::from(u16::from_le_bytes([k0, k1])))?;
    let (value, after) = after.split_at_checked(if length == REMOVED { 0 } else { length as usize })?;
    if shared > key.len() {
        return None;
    }
    key.truncate(shared);
    key.extend_from_slice(text);
    *rest = after;
    Some((length != REMOVED).then_some(value))
}

/// Rows of a run, block by block.
#[derive(Debug)]
pub(super) struct Walk {
    run: Arc<Run>,
    rows: VecDeque<Row>,
    next: Option<usize>,
    from: String,
    end: String,
    is_back: bool,
    is_whole: bool,
}

impl Walk {
    /// Reads the next block; the range may end in it.
    fn fill(&mut self, n: usize) -> io::Result<()> {
        let block = if self.is_whole { self.run.read(n) } else { self.run.block(n) }?;
        let mut key = Vec::new();
        let mut rest = block.as_slice();
        let (mut is_before, mut is_after) = (false, block.is_empty());
        while !rest.is_empty() {
            let value = row(&mut rest, &mut key).ok_or_else(|| self.run.damaged(n))?;
            let name = std::str::from_utf8(&key).map_err(|_| self.run.damaged(n))?;
            if name < self.from.as_str() {
                is_before = true;
            } else if name >= self.end.as_str() {
                is_after = true;
                break;
            } else {
                self.rows.push_back((name.to_owned(), value.map(<[u8]>::to_vec)));
            }
        }
        let is_last = if self.is_back { is_before } else { is_after };
        self.next = match (is_last, self.is_back) {
            (true, _) => None,
            (false, true) => n.checked_sub(1),
            (false, false) => Some(n + 1).filter(|n| *n < self.run.places.ends.len()),
        };
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = io::Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = if self.is_back { self.rows.pop_back() } else { self.rows.pop_front() };
            if let Some(row) = row {
                return Some(Ok(row));
            }
            let n = self.next.take()?;
            if let Err(e) = self.fill(n) {
                return Some(Err(e));
            }
        }
    }
}
