//! The store: journal first, then its projection. The only writer of state.
//!
//! A commit is one journal line, durable when its fsync returns; the index follows. Behind the journal → the tail is
//! replayed; damaged or ahead of it → set aside and rebuilt. Nothing else writes either of them.

mod access;
mod beside;
pub mod canary;
mod corrected;
mod courtesy;
pub mod finding;
pub mod index;
pub mod open;
mod outbound;
pub mod overview;
mod project;
pub mod protocol;
pub mod register;
pub mod restored;
pub mod rows;
mod snapshot;
pub mod tally;

use crate::archive::Sealed;
use crate::failpoint;
use crate::journal::record::{Decided, Event, FORMAT, Record};
use crate::journal::{Head, Journal, Place, Trouble as JournalTrouble};
use crate::outbox::schedule::Move;
use crate::world::World;
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::receipts::Awaited;
use casework::{Known, Outgoing};
use index::{Home, Index};
use jiff::Timestamp;
pub use overview::Overview;
use project::{Fault, project};
use rows::{ItemRow, MessageRow, key};
use std::cmp::Reverse;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Changes that the index may lag behind on the disk, journal lines for the most part: after a crash these are replayed.
pub(crate) const UNSYNCED_MAX: u64 = 2_048;
/// Bytes of rows that wait for it in memory, whatever lines made them.
const STAGED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The store of one installation.
#[derive(Debug)]
pub struct Store {
    journal: Journal,
    index: Index,
    /// Decisions are staged whose letters may not be durable yet: only who staged them may seal them. Should it panic, nothing
    /// is written any more.
    in_batch: bool,
    /// Changes that the index has not written yet.
    unsynced: u64,
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

/// A decision that is written down and becomes durable with the next [`Store::seal_all`].
#[derive(Debug)]
pub struct Staged(Committed);

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
            Self::Io(path, e) if e.kind() == io::ErrorKind::StorageFull => {
                write!(f, "{}: il disco è pieno: fare posto, poi il servizio riprende da dov'era ({e})", path.display())
            }
            Self::Io(path, e) => write!(f, "{}: {e}", path.display()),
            Self::Journal(trouble) => write!(f, "registro: {trouble}"),
            Self::Locked(path) => write!(f, "{}: un altro processo sta già usando questa cartella", path.display()),
            Self::Rollback(seq) => write!(
                f,
                "il registro non arriva più alla riga {seq} che l'indice ricorda, o è un altro: è stato ripristinato o cambiato. \
                 Senza quelle righe si potrebbe decidere e rispondere due volte. Rimetti il registro giusto; se non c'è: \
                 `sportello restored` (daemon/OPERATIONS.md, «Ripristinare»)"
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
        let lock = open::lock(data)?;
        let dir = data.join("index");
        let opened =
            Index::at(&world.index, &dir).map_err(Fault::Io).and_then(|index| open::catch_up(world, data, index));
        let (journal, index) = match opened {
            Ok(both) => both,
            // A damaged index, or one of another version, costs a rebuild, never a message.
            Err(Fault::Io(e)) if matches!(world.index, Home::Disk) && dir.exists() && index::is_damage(&e) => {
                let aside = index::set_aside(&dir, now)?;
                crate::events::index_rebuilt(&aside);
                open::catch_up(world, data, Index::open(&dir)?)?
            }
            Err(fault) => return Err(fault.into()),
        };
        let mut store = Self { journal, index, in_batch: false, unsynced: 0, _lock: lock };
        if store.journal.head().seq == 0 {
            store.write(now, Event::Begun { format: FORMAT, version: env!("CARGO_PKG_VERSION").into() })?;
        }
        store.recover(now)?;
        store.sync_index()?;
        Ok(store)
    }

    /// The disposition mark of a message: decided before, nothing to decide again. That it was seen here too is durable with the
    /// next [`seal_all`](Self::seal_all).
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn already(&mut self, sealed: &Sealed, place: &str, now: Timestamp) -> Result<Option<Staged>, Trouble> {
        let Some(row) = self.index.get::<MessageRow>(&key::message(sealed.digest()))? else { return Ok(None) };
        if !row.places.iter().any(|p| p == place) {
            self.in_batch = true;
            self.stage_line(now, Event::SeenAgain { digest: row.digest.clone(), place: place.to_owned() })?;
        }
        Ok(Some(Staged(Committed { digest: row.digest, is_new: false })))
    }

    /// How many attempts at a message have begun.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn attempts(&self, digest: &str) -> Result<u32, Trouble> {
        Ok(self.index.get::<u32>(&key::attempts(digest))?.unwrap_or(0))
    }

    /// The messages of which an attempt has begun and none came to a decision, by digest: the ones with the most attempts first.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn in_hand(&self) -> Result<Vec<String>, Trouble> {
        let rows = self.index.scan::<u32>(key::ATTEMPTS, key::ATTEMPTS);
        let mut rows = rows.collect::<io::Result<Vec<(String, u32)>>>()?;
        rows.sort_by_key(|(_, n)| Reverse(*n));
        Ok(rows.into_iter().filter_map(|(key, _)| key.strip_prefix(key::ATTEMPTS).map(str::to_owned)).collect())
    }

    /// Counts an attempt at each of these messages, durably, and says which it is.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn attempt(&mut self, digests: &[&str], now: Timestamp) -> Result<Vec<u32>, Trouble> {
        let mut counts = Vec::with_capacity(digests.len());
        for digest in digests {
            let n = self.attempts(digest)?.saturating_add(1);
            self.stage_line(now, Event::Attempted { digest: (*digest).to_owned(), n })?;
            counts.push(n);
        }
        self.seal()?;
        Ok(counts)
    }

    /// Writes a decision: facts, decision, changes and outbox in one journal line.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when the store moved since `known` was taken.
    pub fn commit(&mut self, sealed: &Sealed, known: &Known, decided: Decided) -> Result<Committed, Trouble> {
        let digest = decided.digest.clone();
        let staged = self.stage(sealed, known, decided)?;
        self.seal_all(vec![staged])?;
        Ok(Committed { digest, is_new: true })
    }

    /// As [`commit`](Self::commit), but durable only with the next [`seal_all`](Self::seal_all): one fsync for several decisions.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn stage(&mut self, sealed: &Sealed, known: &Known, mut decided: Decided) -> Result<Staged, Trouble> {
        if known.revision != self.journal.head().seq
            || known.digest != sealed.digest()
            || decided.digest != sealed.digest()
        {
            return Err(Trouble::Program("decisione presa su un'altra revisione o su un altro messaggio".into()));
        }
        let arrived = decided.received.max(decided.findings.signed_at);
        decided.after_restore = restored::is_in_doubt(self.restored_at()?, arrived);
        let digest = decided.digest.clone();
        failpoint::at("commit.begin")?;
        self.in_batch = true;
        self.stage_line(decided.decided_at, Event::Decided(Box::new(decided)))?;
        Ok(Staged(Committed { digest, is_new: true }))
    }

    /// Makes durable what was staged: the journal's lines, then the index after them.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn seal_all(&mut self, staged: Vec<Staged>) -> Result<Vec<Committed>, Trouble> {
        self.in_batch = false;
        self.seal()?;
        Ok(staged.into_iter().map(|staged| staged.0).collect())
    }

    fn seal(&mut self) -> Result<(), Trouble> {
        if self.in_batch {
            return Err(JournalTrouble::Stopped.into());
        }
        self.journal.sync()?;
        failpoint::at("commit.apply")?;
        self.write_index_if_due()?;
        failpoint::at("commit.unknown")?;
        Ok(())
    }

    fn write_index_if_due(&mut self) -> io::Result<()> {
        let is_full = self.unsynced >= UNSYNCED_MAX || self.index.staged_bytes() >= STAGED_BYTES_MAX;
        if is_full || self.index.has_merged() { self.sync_index() } else { Ok(()) }
    }

    /// Moves an item, durably.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when the move is not lawful.
    pub fn move_item(&mut self, item: &str, step: Move, now: Timestamp) -> Result<(), Trouble> {
        self.move_items(vec![(item.to_owned(), step)], now)
    }

    /// Moves several items, each once and in this order, with one fsync for all.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when one of the moves is not lawful, and then none is made.
    pub fn move_items(&mut self, moves: Vec<(String, Move)>, now: Timestamp) -> Result<(), Trouble> {
        self.stage_moves(moves, now)?;
        self.seal_moves()
    }

    /// As [`move_items`](Self::move_items), but durable only with the next line that is, or with [`seal_moves`](Self::seal_moves).
    ///
    /// # Errors
    /// As [`move_items`](Self::move_items).
    pub fn stage_moves(&mut self, moves: Vec<(String, Move)>, now: Timestamp) -> Result<(), Trouble> {
        for (item, step) in &moves {
            let row = self.item(item)?.ok_or_else(|| Trouble::Program(format!("l'elemento {item} non esiste")))?;
            // Before the journal, not after: an unlawful move must never become a line of the register.
            row.state.after(step).map_err(|illegal| Trouble::Program(illegal.to_string()))?;
            if row.resent_by_rule && matches!(step, Move::ResentByRule { .. }) {
                return Err(Trouble::Program(format!("l'elemento {item} è già stato rispedito una volta")));
            }
        }
        for (item, step) in moves {
            self.stage_line(now, Event::Moved { item, step })?;
        }
        Ok(())
    }

    /// Makes durable what was staged of moves, if anything was.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn seal_moves(&mut self) -> Result<(), Trouble> {
        if self.journal.is_durable() { Ok(()) } else { self.seal() }
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
            // Of what an older copy of the register does not know as ended: once more.
            times: 1 + row.again + u32::from(row.restored),
            message_id: row.outgoing.message_id,
            subject: row.outgoing.subject,
            template: row.outgoing.template,
            text: row.outgoing.text,
            language: row.outgoing.language,
            is_task: row.outgoing.lane != Lane::Pec,
            is_canary: row.canary.is_some(),
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
        let from = key::item(prefix);
        let items = self.index.scan::<ItemRow>(&from, &from).map(|row| row.map(|(_, item)| item));
        let named = self.ours(&format!("<{prefix}>"))?.into_iter().map(Ok);
        let found =
            named.chain(items).filter(|item| item.as_ref().is_ok_and(|item| item.is_called(prefix)) || item.is_err());
        Ok(found.take(max).collect::<io::Result<_>>()?)
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

    /// Whether a message is decided.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn is_decided(&self, digest: &str) -> Result<bool, Trouble> {
        Ok(self.index.has(&key::message(digest))?)
    }

    /// Letters to citizens that our provider's server refused for good.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn refused_letters(&self) -> Result<Vec<ItemRow>, Trouble> {
        let mut found = Vec::new();
        for row in self.index.scan::<String>(key::REFUSED, key::REFUSED) {
            found.extend(self.item(&row?.1)?);
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

    /// The durable end of the journal: what others are told of it never turns out to be lost.
    #[must_use]
    pub fn head(&self) -> Head {
        self.journal.durable()
    }

    /// Where the last durable line of the journal stands.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.journal.place()
    }

    /// Number of the last durable line of the journal.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.place().map_or(0, |place| place.seq)
    }

    /// SHA-256 of the projected state: a rebuild gives the same.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn state_digest(&self) -> Result<String, Trouble> {
        Ok(self.index.state_digest(key::CURSORS)?)
    }

    /// What the last run left open: attempts at sending that did not end.
    fn recover(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let open = self.index.scan::<String>(key::OPEN, key::OPEN).map(|row| row.map(|(_, id)| id));
        for id in open.collect::<io::Result<Vec<_>>>()? {
            if let Some(step) = self.item(&id)?.and_then(|item| item.state.recovery(now)) {
                self.stage_line(now, Event::Moved { item: id, step })?;
            }
        }
        self.seal()
    }

    fn write(&mut self, at: Timestamp, event: Event) -> Result<(), Trouble> {
        self.stage_line(at, event)?;
        self.seal()
    }

    fn stage_line(&mut self, at: Timestamp, event: Event) -> Result<(), Trouble> {
        let record: Record = self.journal.stage(at, event)?;
        // A line that is not in the index must not become durable with the next: what follows would be judged by older rows.
        project(&self.index, &record, self.journal.head()).inspect_err(|_| self.journal.stop())?;
        self.unsynced += 1;
        Ok(())
    }

    /// Writes the index and makes it durable, if some of it is not. It is never ahead of the journal: while a line of this is not
    /// durable, or can no longer be, nothing is written.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn sync_index(&mut self) -> io::Result<()> {
        if self.unsynced > 0 && self.journal.is_durable() {
            open::keep_place(&self.index, &self.journal).inspect_err(|_| self.journal.stop())?;
            self.unsynced = 0;
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // In order, the next start has nothing to replay; if it fails, the next start replays.
        let _ = self.sync_index();
    }
}
