//! The store: journal first, then its projection. The only writer of state.
//!
//! A commit is one journal line, durable when its fsync returns; the index follows. Behind the journal → the tail is
//! replayed; damaged or ahead of it → set aside and rebuilt. Nothing else writes either of them.

pub mod index;
mod outbound;
pub mod overview;
mod project;
pub mod rows;
pub mod tally;

use crate::archive::Sealed;
use crate::failpoint;
use crate::intake::cursor::Cursor;
use crate::journal::record::{Decided, Event, FORMAT, Record};
use crate::journal::{Head, Journal, Trouble as JournalTrouble};
use crate::outbox::schedule::{Move, State};
use crate::world::World;
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::known::{Earlier, Traffic};
use casework::receipts::Awaited;
use casework::{Interest, Known, Outgoing, calendar};
use index::{Batch, Home, Index};
use jiff::Timestamp;
pub use overview::Overview;
use project::{Fault, day_before, project};
use rows::{ItemRow, MessageRow, key};
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tally::Tally;

/// How many ids a message may answer and still be looked up: a References header is at most this deep.
const ANSWERS_MAX: usize = 50;
/// How many dossiers one message may name and still be looked up.
const DOSSIERS_MAX: usize = 20;

/// The store of one installation.
#[derive(Debug)]
pub struct Store {
    journal: Journal,
    index: Index,
    /// Held for the life of the process: two daemons on one data folder would tear the journal.
    _lock: File,
}

/// Proof that a decision is durable. Made only by [`Store`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    digest: String,
    is_new: bool,
}

impl Committed {
    /// The message.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
    /// Decided now, not before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

/// The store cannot go on. The process stops; a restart is the recovery.
#[derive(Debug)]
pub enum Trouble {
    /// The disk.
    Io(PathBuf, io::Error),
    /// The journal.
    Journal(JournalTrouble),
    /// Another process has this data folder.
    Locked(PathBuf),
    /// The journal is not the one that the index remembers.
    Rollback(u64),
    /// The journal was begun by a newer program.
    Newer(u32),
    /// A fault of the program.
    Program(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, e) => write!(f, "{}: {e}", path.display()),
            Self::Journal(trouble) => write!(f, "registro: {trouble}"),
            Self::Locked(path) => write!(f, "{}: un altro processo sta già usando questa cartella", path.display()),
            Self::Rollback(seq) => write!(
                f,
                "il registro non arriva più alla riga {seq} che l'indice ricorda, o è un altro: è stato ripristinato o cambiato. \
                 Senza quelle righe si potrebbe decidere e rispondere due volte. Rimetti il registro giusto; se è questo, e sai \
                 perché, sposta via la cartella index e riavvia"
            ),
            Self::Newer(format) => {
                write!(f, "il registro è stato cominciato da un programma più nuovo (formato {format})")
            }
            Self::Program(what) => write!(f, "errore del programma: {what}"),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<JournalTrouble> for Trouble {
    fn from(trouble: JournalTrouble) -> Self {
        Self::Journal(trouble)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Io(e) => Self::Io("index".into(), e),
            Fault::Journal(trouble) => Self::Journal(trouble),
            Fault::Rollback { seq } => Self::Rollback(seq),
            Fault::Newer(format) => Self::Newer(format),
            Fault::Illegal(seq, illegal) => Self::Program(format!("riga {seq} del registro: {illegal}")),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(e: io::Error) -> Self {
        Self::Io("index".into(), e)
    }
}

impl Store {
    /// Opens the store in `data`, verifying the whole journal and bringing the index up to it.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn open(data: &Path, now: Timestamp) -> Result<Self, Trouble> {
        Self::open_in(&World::real(), data, now)
    }

    /// As [`open`](Self::open), in any world.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn open_in(world: &World, data: &Path, now: Timestamp) -> Result<Self, Trouble> {
        std::fs::create_dir_all(data).map_err(|e| Trouble::Io(data.to_owned(), e))?;
        let lock = lock(data)?;
        let dir = data.join("index");
        let opened = Index::at(&world.index, &dir).map_err(Fault::Io).and_then(|index| catch_up(world, data, index));
        let (journal, index) = match opened {
            Ok(both) => both,
            // A damaged index costs a rebuild, never a message.
            Err(Fault::Io(_)) if matches!(world.index, Home::Disk) && dir.exists() => {
                let aside = index::set_aside(&dir, now)?;
                crate::events::index_rebuilt(&aside);
                catch_up(world, data, Index::open(&dir)?)?
            }
            Err(fault) => return Err(fault.into()),
        };
        let mut store = Self { journal, index, _lock: lock };
        if store.journal.head().seq == 0 {
            store.write(now, Event::Begun { format: FORMAT, version: env!("CARGO_PKG_VERSION").into() })?;
        }
        store.recover(now)?;
        Ok(store)
    }

    /// The disposition mark of a message: decided before, nothing to decide again.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn already(&mut self, sealed: &Sealed, place: &str, now: Timestamp) -> Result<Option<Committed>, Trouble> {
        let Some(row) = self.index.get::<MessageRow>(&key::message(sealed.digest()))? else { return Ok(None) };
        if !row.places.iter().any(|p| p == place) {
            self.write(now, Event::SeenAgain { digest: row.digest.clone(), place: place.to_owned() })?;
        }
        Ok(Some(Committed { digest: row.digest, is_new: false }))
    }

    /// Counts an attempt at a message, durably, and says which it is.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn attempt(&mut self, digest: &str, now: Timestamp) -> Result<u32, Trouble> {
        let n = self.index.get::<u32>(&key::attempts(digest))?.unwrap_or(0).saturating_add(1);
        self.write(now, Event::Attempted { digest: digest.to_owned(), n })?;
        Ok(n)
    }

    /// The snapshot that a decision on this message may use.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn known(&self, digest: &str, interest: &Interest, now: Timestamp) -> Result<Known, Trouble> {
        let mut known = Known { revision: self.journal.head().seq, digest: digest.to_owned(), ..Known::nothing(now) };
        known.began = self.index.get(key::BEGAN)?.unwrap_or(known.began);
        if let Some(identity) = &interest.identity
            && let Some((first, signed)) = self.index.get::<(String, String)>(&key::identity(&identity.key))?
        {
            known.earlier = if signed == identity.signed_sha256 {
                Earlier::Same { digest: first }
            } else {
                Earlier::Other { digest: first }
            };
        }
        for id in interest.answers.iter().take(ANSWERS_MAX) {
            known.answers_ours |= self.index.get::<String>(&key::ours(id))?.is_some();
            if known.thread.is_none() {
                known.thread = self.index.get(&key::thread(id))?;
            }
        }
        if let Some(id) = &interest.msgid
            && let Some(row) = self.ours(id)?
        {
            known.awaited_dossier.clone_from(&row.outgoing.dossier);
            known.awaited = Some(Self::awaited(row));
        }
        let numbers = interest.dossiers.iter().take(DOSSIERS_MAX).chain(&known.thread).chain(&known.awaited_dossier);
        for number in numbers.cloned().collect::<std::collections::BTreeSet<_>>() {
            known.dossiers.extend(self.dossier(&number)?);
        }
        known.next_ordinal = self.index.get(&key::ordinal(calendar::rome(now).year()))?.unwrap_or(1);
        known.traffic = self.traffic(interest, &known, now)?;
        Ok(known)
    }

    fn traffic(&self, interest: &Interest, known: &Known, now: Timestamp) -> Result<Traffic, Trouble> {
        let mut traffic = Traffic::default();
        let since = day_before(now);
        let from = key::sent_to(&interest.sender, since, "");
        for row in self.index.scan::<(String, Option<String>)>(&key::sent_to_prefix(&interest.sender), &from) {
            traffic.to_sender.push(row?.1);
        }
        for dossier in &known.dossiers {
            let from = key::touched(&dossier.number, since, "");
            let touched = self.index.scan::<String>(&key::touched_prefix(&dossier.number), &from).count();
            traffic.touched.insert(dossier.number.clone(), touched as u32);
        }
        Ok(traffic)
    }

    /// Writes a decision: facts, decision, changes and outbox in one journal line.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when the store moved since `known` was taken.
    pub fn commit(&mut self, sealed: &Sealed, known: &Known, decided: Decided) -> Result<Committed, Trouble> {
        if known.revision != self.journal.head().seq
            || known.digest != sealed.digest()
            || decided.digest != sealed.digest()
        {
            return Err(Trouble::Program("decisione presa su un'altra revisione o su un altro messaggio".into()));
        }
        let digest = decided.digest.clone();
        failpoint::at("commit.begin")?;
        self.write(decided.decided_at, Event::Decided(Box::new(decided)))?;
        Ok(Committed { digest, is_new: true })
    }

    /// Moves an item, durably.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when the move is not lawful.
    pub fn move_item(&mut self, item: &str, step: Move, now: Timestamp) -> Result<(), Trouble> {
        let row = self.item(item)?.ok_or_else(|| Trouble::Program(format!("l'elemento {item} non esiste")))?;
        // Before the journal, not after: an unlawful move must never become a line of the register.
        row.state.after(&step).map_err(|illegal| Trouble::Program(illegal.to_string()))?;
        if row.resent_by_rule && matches!(step, Move::ResentByRule { .. }) {
            return Err(Trouble::Program(format!("l'elemento {item} è già stato rispedito una volta")));
        }
        self.write(now, Event::Moved { item: item.to_owned(), step })
    }

    /// Adds a task that no message caused.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn add_task(&mut self, cause: &str, outgoing: Outgoing, frozen: &str, now: Timestamp) -> Result<(), Trouble> {
        if self.item(&outgoing.id)?.is_some() {
            return Ok(()); // the same effect of the same cause: there already
        }
        self.write(now, Event::Tasked { cause: cause.to_owned(), outgoing, frozen: frozen.to_owned() })
    }

    /// Items of one road that are due, the earliest first, at most `max`; and when the next one will be.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn due(&self, lane: Lane, now: Timestamp, max: usize) -> Result<(Vec<ItemRow>, Option<Timestamp>), Trouble> {
        let mut due = Vec::new();
        let prefix = key::due_prefix(lane);
        for row in self.index.scan::<String>(&prefix, &prefix) {
            let Some(item) = self.item(&row?.1)? else { continue };
            let Some(at) = item.due() else { continue };
            if at > now || due.len() == max {
                return Ok((due, Some(at)));
            }
            due.push(item);
        }
        Ok((due, None))
    }

    /// What a receipt, or a refusal, must know of an item.
    #[must_use]
    pub fn awaited(row: ItemRow) -> Awaited {
        Awaited {
            item: row.outgoing.id,
            recipient: row.outgoing.to,
            sender: row.outgoing.from,
            first_attempt: row.first_attempt,
            message_id: row.outgoing.message_id,
            subject: row.outgoing.subject,
            text: row.outgoing.text,
            is_task: row.outgoing.lane == Lane::Internal,
            facts: row.facts,
        }
    }

    /// One item.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn item(&self, id: &str) -> Result<Option<ItemRow>, Trouble> {
        Ok(self.index.get(&key::item(id))?)
    }

    /// The items whose id, or Message-ID, begins like this; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn items_like(&self, prefix: &str, max: usize) -> Result<Vec<ItemRow>, Trouble> {
        let mut found = Vec::new();
        for row in self.index.scan::<ItemRow>(key::ITEMS, key::ITEMS) {
            let item = row?.1;
            if item.is_called(prefix) {
                found.push(item);
                if found.len() == max {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The item that bears this Message-ID, the one which we chose: what a receipt names.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ours(&self, message_id: &str) -> Result<Option<ItemRow>, Trouble> {
        let Some(item) = self.index.get::<String>(&key::ours(message_id))? else { return Ok(None) };
        // The index also holds the PEC ids that we learnt.
        Ok(self.item(&item)?.filter(|row| row.outgoing.message_id == message_id))
    }

    /// One dossier.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossier(&self, number: &str) -> Result<Option<Dossier>, Trouble> {
        Ok(self.index.get(&key::dossier(number))?)
    }

    /// One message.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn message(&self, digest: &str) -> Result<Option<MessageRow>, Trouble> {
        Ok(self.index.get(&key::message(digest))?)
    }

    /// Letters to citizens that our provider's server refused for good.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn refused_letters(&self) -> Result<Vec<ItemRow>, Trouble> {
        let mut found = Vec::new();
        for row in self.index.scan::<ItemRow>(key::ITEMS, key::ITEMS) {
            let item = row?.1;
            if item.outgoing.lane == Lane::Pec && item.state == State::Refused && item.facts.is_empty() {
                found.push(item);
            }
        }
        Ok(found)
    }

    /// Messages that this certificate (SHA-256) signed, that came since an instant and that no later list has spoken against:
    /// the last to come first, at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn signed_by(&self, certificate: &str, since: Timestamp, max: usize) -> Result<Vec<String>, Trouble> {
        let mut found = Vec::new();
        for row in
            self.index.scan_back::<String>(&key::signed_prefix(certificate), &key::signed(certificate, since, ""))
        {
            let digest = row?.1;
            if self.index.get::<Timestamp>(&key::revoked_later(&digest))?.is_none() {
                found.push(digest);
            }
            if found.len() >= max {
                break;
            }
        }
        Ok(found)
    }

    /// Writes down that a list which came later speaks against the certificate of a decided message.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn revoked_later(
        &mut self,
        digest: &str,
        text: &str,
        status: Vec<String>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        if self.index.get::<Timestamp>(&key::revoked_later(digest))?.is_some() {
            return Ok(()); // told before
        }
        self.write(now, Event::RevokedLater { digest: digest.to_owned(), text: text.to_owned(), status })
    }

    /// The end of the journal.
    #[must_use]
    pub fn head(&self) -> &Head {
        self.journal.head()
    }

    /// Number of the last journal line.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.journal.head().seq
    }

    /// SHA-256 of the projected state: a rebuild gives the same.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn state_digest(&self) -> Result<String, Trouble> {
        Ok(self.index.state_digest(key::CURSORS)?)
    }

    /// The cursor of a mailbox. Not in the journal: losing it costs a re-fetch, never a message.
    #[must_use]
    pub fn cursor(&self, account: &str) -> Option<Cursor> {
        self.index.get::<String>(&key::cursor(account)).ok().flatten().and_then(|text| text.parse().ok())
    }

    /// Keeps the cursor of a mailbox.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep_cursor(&mut self, account: &str, cursor: &Cursor) -> io::Result<()> {
        let mut batch = Batch::default();
        batch.put(&key::cursor(account), &cursor.to_string());
        self.index.apply(batch)
    }

    /// What the last run left open: attempts at sending that did not end.
    fn recover(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let items: Vec<ItemRow> =
            self.index.scan(key::ITEMS, key::ITEMS).map(|row| row.map(|(_, item)| item)).collect::<io::Result<_>>()?;
        for item in items {
            if let Some(step) = item.state.recovery(now) {
                self.write(now, Event::Moved { item: item.outgoing.id, step })?;
            }
        }
        Ok(())
    }

    fn write(&mut self, at: Timestamp, event: Event) -> Result<(), Trouble> {
        let record: Record = self.journal.append(at, event)?;
        failpoint::at("commit.apply")?;
        project(&self.index, &record, self.journal.head())?;
        Ok(failpoint::at("commit.unknown")?)
    }
}

/// Opens the journal and replays onto the index what it has not seen; an index that is ahead of it, or of
/// another journal, means that somebody changed the journal.
fn catch_up(world: &World, data: &Path, index: Index) -> Result<(Journal, Index), Fault> {
    let (seq, hash) = index.get::<(u64, String)>(key::WATERMARK)?.unwrap_or_default();
    if seq > 0 && index.get::<Tally>(key::TALLY)?.is_none() {
        // The index of an earlier program, which kept no counts: it is made again, like a damaged one.
        return Err(Fault::Io(io::Error::new(io::ErrorKind::InvalidData, "l'indice è di un programma più vecchio")));
    }
    let mut is_known = seq == 0;
    let journal = Journal::open::<Fault>(world.disk.clone(), data, 0, |record, head: &Head| {
        if record.seq == seq {
            is_known = head.hash == hash;
        }
        if record.seq > seq && is_known { project(&index, record, head) } else { Ok(()) }
    })?;
    // The journal is fsynced before the index is written: an honest index is never ahead of it.
    if is_known { Ok((journal, index)) } else { Err(Fault::Rollback { seq }) }
}

/// How long a start waits for a predecessor that is still ending, or for a child of it that still holds its files.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(3);

fn lock(data: &Path) -> Result<File, Trouble> {
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
