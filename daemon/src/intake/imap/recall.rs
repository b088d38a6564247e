//! UIDs that a watcher is told to fetch again, from outside: the reconciliation found that nobody knows them. It changes when
//! somebody else may give a watcher orders.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The order book of one folder's watcher. Its clones are the same book.
#[derive(Debug, Clone, Default)]
pub struct Recall(Arc<Book>);

#[derive(Debug, Default)]
struct Book {
    again: Mutex<Vec<Again>>,
    wake: Notify,
}

/// What a cursor is wrong about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Again {
    pub(super) uidvalidity: u32,
    /// Nothing at or above this UID can be finished.
    pub(super) uidnext: u32,
    /// Ascending.
    pub(super) uids: Vec<u32>,
}

impl Recall {
    /// Has these UIDs (ascending) fetched again, the normal way, at once. Those of another UIDVALIDITY than the folder's are
    /// forgotten: there everything is fetched again anyway.
    pub fn again(&self, uidvalidity: u32, uidnext: u32, uids: Vec<u32>) {
        let mut book = self.0.again.lock().unwrap_or_else(PoisonError::into_inner);
        book.push(Again { uidvalidity, uidnext, uids });
        drop(book);
        self.look();
    }

    /// Has the folder looked at now.
    pub fn look(&self) {
        self.0.wake.notify_one();
    }

    pub(super) fn take(&self) -> Vec<Again> {
        std::mem::take(&mut self.0.again.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn wake(&self) -> &Notify {
        &self.0.wake
    }
}
