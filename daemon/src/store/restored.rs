//! After an old copy of the register was put back: what the lost lines may have sent is in doubt, and stays so until a receipt
//! or a person decides (reliability.md §3.2, T16). It changes with what is put in doubt.
//!
//! One line of the journal does all of it, so that a crash leaves all of it or nothing.

use super::index::{self, Batch, Index};
use super::project::{Fault, unwait};
use super::rows::{ItemRow, key};
use super::{Store, Trouble, open};
use crate::anchor::Note;
use crate::journal::record::{Event, Record, Restored};
use crate::outbox::schedule::State;
use jiff::Timestamp;
use std::path::Path;

/// What is said of an item that is put in doubt.
pub(super) const IN_DOUBT: &str = "il registro è stato ripristinato da una copia più vecchia: forse era già partita";

/// That the register was restored: when, and which line says so.
pub type Mark = (Timestamp, u64);

impl Store {
    /// Moves the index of `data` aside: it may remember lines that are lost. Nothing is deleted.
    ///
    /// # Errors
    /// Those of the disk; another process has the data folder.
    pub fn forget_index(data: &Path, now: Timestamp) -> Result<(), Trouble> {
        let _lock = open::lock(data)?;
        let dir = data.join("index");
        if dir.exists() {
            index::set_aside(&dir, now)?;
        }
        Ok(())
    }

    /// Writes down that the register was restored from an older copy. From then on every item that the copy does not know as
    /// ended is in doubt, and so is whatever comes of messages that arrived before. Returns how many items are.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn restored(&mut self, noted: Option<&Note>, by: &str, why: &str, now: Timestamp) -> Result<u64, Trouble> {
        let unknown = |store: &Self| -> Result<u64, Trouble> {
            Ok(store.tally()?.items.get(&crate::outbox::schedule::Shown::Unknown).copied().unwrap_or(0))
        };
        let before = unknown(self)?;
        let noted = noted.map(|note| (note.at, note.seq, note.hash.clone()));
        self.write(now, Event::Restored(Restored { noted, by: by.to_owned(), why: why.to_owned() }))?;
        Ok(unknown(self)?.saturating_sub(before))
    }

    /// The last time that the register was restored.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn restored_at(&self) -> Result<Option<Mark>, Trouble> {
        Ok(self.index.get(key::RESTORED)?)
    }
}

/// A message that had arrived by then may have been answered in the lost lines; so may one of which nobody knows the arrival.
pub(super) fn is_in_doubt(restored: Option<Mark>, arrived: Option<Timestamp>) -> bool {
    restored.is_some_and(|(at, _)| arrived.is_none_or(|arrived| arrived <= at))
}

/// Whether a note of the register's end speaks of lines whose loss is written down.
#[must_use]
pub fn is_acknowledged(restored: Option<Mark>, note: &Note) -> bool {
    restored.is_some_and(|(at, line)| note.at <= at && note.seq >= line)
}

/// What the line changes.
pub(super) fn project(index: &Index, batch: &mut Batch, record: &Record, restored: &Restored) -> Result<(), Fault> {
    batch.put(key::RESTORED, &(record.at, record.seq));
    let text = format!(
        "il registro è stato ripristinato da una copia più vecchia, scritto da {}: {}. Quello che può essere già partito è incerto",
        restored.by, restored.why
    );
    batch.put(&key::incident(record.seq, 0), &(record.at, "restored", text, ""));
    for row in index.scan::<ItemRow>(key::ITEMS, key::ITEMS) {
        let mut row = row?.1;
        if !matches!(row.state, State::Held { .. } | State::Queued { .. } | State::Submitting | State::InDot) {
            continue;
        }
        if let Some(due) = row.due() {
            batch.remove(&key::due(row.outgoing.lane, due, &row.outgoing.id));
        }
        unwait(batch, &row);
        let since = row.created_at;
        doubt(&mut row, since, record.at);
        super::project::put(batch, &row);
    }
    Ok(())
}

/// Puts an item in doubt: it may have been sent since an instant.
pub(super) fn doubt(row: &mut ItemRow, since: Timestamp, at: Timestamp) {
    row.state = State::Unknown;
    row.first_attempt.get_or_insert(since);
    row.moved_at = at;
    row.restored = true;
    IN_DOUBT.clone_into(&mut row.last);
}
