//! How a store is opened: one process at a time, the index brought up to the journal, or built again. It changes when what
//! a start may find changes.

use super::index::{Batch, Home, Index};
use super::project::{Fault, project};
use super::rows::key;
use super::{Store, Trouble};
use crate::disk::DiskRef;
use crate::journal::record::Record;
use crate::journal::{Head, Journal, Place, Trouble as JournalTrouble};
use crate::world::World;
use jiff::Timestamp;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Version of the index's rows: an index of another one is built again from the journal.
const ROWS_FORMAT: u32 = 7;
/// Nothing to build again: its rows are the same, but an older program looks for some of them where they no longer stay.
const READ_TOO: u32 = 6;
/// What a replay stages before it is written, bytes: it goes into a run of its own, and sled has nothing to do with it.
const REPLAY_BYTES: u64 = 32 * 1024 * 1024;

/// Lines that are handed over at a time, and groups of them that are read before they are asked for.
const GROUP_LINES: usize = 128;
const GROUPS_AHEAD: usize = 8;

/// Opens the journal and replays onto the index what it has not seen; an index that is ahead of it, or of
/// another journal, means that somebody changed the journal.
pub(super) fn catch_up(world: &World, data: &Path, index: Index) -> Result<(Journal, Index), Fault> {
    let watermark = index.get::<(u64, String)>(key::WATERMARK)?;
    match (index.get::<u32>(key::FORMAT)?, &watermark) {
        (Some(ROWS_FORMAT), _) => {}
        (None, None) | (Some(READ_TOO), _) => {
            let mut batch = Batch::default();
            batch.put(key::FORMAT, &ROWS_FORMAT);
            index.stage(batch)?;
        }
        (other, _) => {
            let why = format!("l'indice è di un'altra versione ({other:?})");
            return Err(Fault::Io(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
    }
    let (seq, hash) = watermark.unwrap_or_default();
    let place = index.get::<Place>(key::PLACE)?.filter(|place| place.seq <= seq);
    // From where the index was last durable; and if the journal is not as it was there, from its first line, to say what is wrong.
    if let Some(place) = &place {
        if let Some(journal) = replay(world, data, &index, Some(place), (seq, &hash))? {
            return Ok((journal, index));
        }
        // That reading broke off half-way: what it staged is dropped, what it wrote counts.
        index.discard();
    }
    let (seq, hash) = index.get::<(u64, String)>(key::WATERMARK)?.unwrap_or((seq, hash));
    match replay(world, data, &index, None, (seq, &hash))? {
        Some(journal) => Ok((journal, index)),
        // The journal is fsynced before the index is written: an honest index is never ahead of it.
        None => Err(Fault::Rollback { seq }),
    }
}

/// Replays what follows the watermark, reading the journal from `place`. `None`: it is not the journal of the watermark.
fn replay(
    world: &World,
    data: &Path,
    index: &Index,
    place: Option<&Place>,
    (seq, hash): (u64, &str),
) -> Result<Option<Journal>, Fault> {
    let mut is_known = seq == 0 || place.is_some_and(|place| place.seq == seq && place.hash == hash);
    let mut take = |record: &Record, head: &Head| {
        if record.seq == seq {
            is_known = head.hash == hash;
        }
        if record.seq > seq && is_known {
            project(index, record, head)?;
            // Durable: who is stopped half-way through a register of years goes on from here.
            if index.staged_bytes() >= REPLAY_BYTES {
                index.sync()?;
            }
        }
        Ok(())
    };
    let opened = match world.index {
        Home::Disk => beside(world.disk.clone(), data, place, &mut take),
        Home::Memory(_) => Journal::open(world.disk.clone(), data, place, take),
    };
    match opened {
        Ok(journal) if is_known => {
            keep_place(index, &journal)?;
            Ok(Some(journal))
        }
        Ok(_) => Ok(None),
        Err(Fault::Journal(JournalTrouble::Broken { .. } | JournalTrouble::Io(..))) if place.is_some() => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Opens a journal while its lines are taken: reading, hashing and parsing them is one half of the work, and has a thread of its own.
fn beside(
    disk: DiskRef,
    data: &Path,
    place: Option<&Place>,
    take: &mut impl FnMut(&Record, &Head) -> Result<(), Fault>,
) -> Result<Journal, Fault> {
    /// What ends the reading: a fault of the journal, or that nobody takes its lines any more.
    enum End {
        Of(JournalTrouble),
        Unheard,
    }
    impl From<JournalTrouble> for End {
        fn from(trouble: JournalTrouble) -> Self {
            Self::Of(trouble)
        }
    }
    let (to, from) = mpsc::sync_channel::<Vec<(Record, Head)>>(GROUPS_AHEAD);
    // Back to who made them: to take a record apart costs as much as to put it together.
    let (back, spent) = mpsc::channel();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut group = Vec::new();
            let opened = Journal::open::<End>(disk, data, place, |record, head| {
                group.push((record.clone(), head.clone()));
                if group.len() < GROUP_LINES {
                    return Ok(());
                }
                spent.try_iter().for_each(drop::<Vec<(Record, Head)>>);
                to.send(std::mem::take(&mut group)).map_err(|_| End::Unheard)
            });
            let heard = to.send(group).map_err(|_| End::Unheard);
            opened.and_then(|journal| heard.map(|()| journal))
        });
        let took: Result<(), Fault> = from.into_iter().try_for_each(|group| {
            group.iter().try_for_each(|(record, head)| take(record, head))?;
            let _ = back.send(group); // it is at the end of the journal
            Ok(())
        });
        let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        took?;
        read.map_err(|end| match end {
            End::Of(trouble) => Fault::Journal(trouble),
            End::Unheard => Fault::Io(io::ErrorKind::BrokenPipe.into()),
        })
    })
}

/// Makes the index durable, and notes where the journal stands.
pub(super) fn keep_place(index: &Index, journal: &Journal) -> io::Result<()> {
    if let Some(place) = journal.place() {
        let mut batch = Batch::default();
        batch.put(key::PLACE, place);
        index.stage(batch)?;
    }
    index.sync()
}

/// How long a start waits for a predecessor that is still ending, or for a child of it that still holds its files.
pub(super) const LOCK_WAIT_MAX: Duration = Duration::from_secs(3);

pub(super) fn lock(data: &Path) -> Result<File, Trouble> {
    let path = data.join("lock");
    let file = File::create(&path).map_err(|e| Trouble::Io(path.clone(), e))?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if since.elapsed() < LOCK_WAIT_MAX => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => return Err(Trouble::Locked(data.to_owned())),
            Err(TryLockError::Error(e)) => return Err(Trouble::Io(path, e)),
        }
    }
}

/// What a rebuild of the index came to.
#[derive(Debug)]
pub struct Rebuilt {
    /// Digest of the state before.
    pub before: String,
    /// Digest of the state after.
    pub after: String,
    /// Lines of the journal.
    pub lines: u64,
    /// Where the old index is now.
    pub aside: Option<PathBuf>,
}

impl Store {
    /// Builds the index again from the journal, verifying the whole chain; the old one is set aside.
    ///
    /// # Errors
    /// See [`Trouble`]; another process has the data folder.
    pub fn rebuild(data: &Path, now: Timestamp) -> Result<Rebuilt, Trouble> {
        let dir = data.join("index");
        // An opening settles what the last run left in hand: only then are before and after the same state.
        // Nor is an index moved under a running service, or one that is ahead of its journal: a person must know of that.
        let before = match Self::open(data, now)?.state_digest() {
            // What cannot be read any more is just what this mends.
            Err(Trouble::Io(_, e)) if super::index::is_damage(&e) => format!("illeggibile ({e})"),
            before => before?,
        };
        let aside = dir.exists().then(|| super::index::set_aside(&dir, now)).transpose()?;
        let store = Self::open(data, now)?;
        Ok(Rebuilt { before, after: store.state_digest()?, lines: store.seq(), aside })
    }
}
