//! What we sent, as the examination of a receipt asks for it: the outbox's rows and the frozen bytes.

use crate::archive::{self, Archive, Shelf};
use crate::events;
use crate::store::rows::ItemRow;
use crate::store::{Store, Trouble};
use pec::{Sending, Sent};
use std::sync::{Mutex, PoisonError};

/// The register of what we sent. A receipt must not become an orphan because the disk did not answer: whoever asks looks at
/// [`trouble`](Self::trouble) before believing the answers.
#[derive(Debug)]
pub struct Register<'a> {
    store: &'a Mutex<Store>,
    archive: &'a Archive,
    trouble: Mutex<Option<Trouble>>,
}

impl<'a> Register<'a> {
    /// Of one installation.
    #[must_use]
    pub fn new(store: &'a Mutex<Store>, archive: &'a Archive) -> Self {
        Self { store, archive, trouble: Mutex::new(None) }
    }

    /// The first trouble met while answering.
    #[must_use]
    pub fn trouble(self) -> Option<Trouble> {
        self.trouble.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn row(&self, msgid: &str) -> Option<ItemRow> {
        let found = self.store.lock().unwrap_or_else(PoisonError::into_inner).ours(msgid);
        found.unwrap_or_else(|trouble| self.met(trouble))
    }

    fn met<T>(&self, trouble: Trouble) -> Option<T> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(trouble);
        None
    }
}

impl Sent for Register<'_> {
    fn sending(&self, msgid: &str) -> Option<Sending> {
        self.row(msgid).map(|row| Store::awaited(row).sending())
    }

    fn bytes(&self, msgid: &str) -> Option<Vec<u8>> {
        let row = self.row(msgid)?;
        if row.is_written_anew() {
            return None; // what had left went with the lost lines; the receipt itself has it
        }
        let frozen = row.frozen;
        match self.archive.read(Shelf::Out, &frozen) {
            Ok(bytes) => Some(bytes),
            // Our own copy is gone or rotten: nothing to compare with, and the receipt is not to blame.
            Err(e) if archive::is_of_one_copy(&e) => {
                events::frozen_damaged(&frozen, &e);
                None
            }
            Err(e) => self.met(Trouble::Io("archive".into(), e)),
        }
    }
}
