//! What parts of the service keep beside the register for their next run. Not in the journal: losing it costs work, never a
//! message. It changes when a part keeps something else.

use super::Store;
use super::index::Batch;
use super::rows::key;
use crate::intake::cursor::Cursor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;

impl Store {
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
        self.keep_beside(&key::cursor(account), &cursor.to_string())
    }

    /// What a part of the service keeps for its next run. Not in the journal: losing it costs work, never a message.
    #[must_use]
    pub fn note<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.index.get(&key::note(name)).ok().flatten()
    }

    /// Keeps it.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn keep_note(&mut self, name: &str, note: &impl Serialize) -> io::Result<()> {
        self.keep_beside(&key::note(name), note)
    }

    fn keep_beside(&mut self, key: &str, value: &impl Serialize) -> io::Result<()> {
        let mut batch = Batch::default();
        batch.put(key, value);
        self.index.stage(batch)?;
        self.unsynced += 1;
        self.write_index_if_due()
    }
}
