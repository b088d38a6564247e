//! What a mailbox hands to the pipeline, and what the pipeline answers. It changes when that contract changes.

use std::path::PathBuf;

use tokio::sync::oneshot;

/// Where a message was found: enough to name the place again, never enough to name the message (that is its SHA-256).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A message on an IMAP server. The key is (folder name, UIDVALIDITY, UID): rules.md §4.
    Imap {
        /// Folder name as configured.
        folder: String,
        /// UIDVALIDITY of the folder when the message was fetched (RFC 3501 §2.3.1.1).
        uidvalidity: u32,
        /// UID within that UIDVALIDITY.
        uid: u32,
    },
    /// A file of a Maildir.
    Maildir {
        /// The file as it was found.
        path: PathBuf,
    },
}

/// One message, its bytes in a spool file, not yet sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The configured name of the mailbox.
    pub account: String,
    /// Where it was found.
    pub place: Place,
    /// When the server says it received the message (INTERNALDATE); a claim, absent when unreadable.
    pub received: Option<jiff::Timestamp>,
    /// The file that holds the bytes exactly as the server gave them. Not fsynced: the archive does that.
    /// The receiver may rename it away; if it is still there after the answer, the sender removes it.
    pub spool: PathBuf,
    /// Length of the spool file, in bytes.
    pub bytes: u64,
    /// `Some(size)`: the message is larger than the configured maximum, `size` is what the server announces and the
    /// spool file holds its headers only. A person must be told; the message stays on the server.
    pub oversized: Option<u64>,
    /// The server announced another length (RFC822.SIZE) than it sent, twice. The bytes are kept all the same.
    pub size_mismatch: bool,
}

/// The pipeline's answer: may the mailbox forget this message?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// Committed: the cursor may move, the message may be moved to its folder on the server.
    Kept,
    /// Storage trouble: nothing is durable. Do not advance; try again after a pause.
    NotKept,
}

/// An arrival and the way back. Dropping `done` counts as [`Filed::NotKept`].
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub arrival: Arrival,
    /// Where to answer, once.
    pub done: oneshot::Sender<Filed>,
}
