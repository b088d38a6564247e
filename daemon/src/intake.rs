//! Where messages come from: one watcher a mailbox, each handing over one message at a time and waiting for the answer.

pub mod arrival;
pub mod cursor;
pub mod imap;
pub mod maildir;

pub use arrival::{Arrival, Delivery, Filed, Place};

/// Bytes kept of a message that is too large to be fetched: its headers, so that a person knows whose it is.
pub const HEAD_BYTES_MAX: u64 = 64 * 1024;

/// Where the headers of a message end, behind the empty line; `None` where no line is empty.
fn headers_end(raw: &[u8]) -> Option<usize> {
    let end = |line: &[u8]| raw.windows(line.len()).position(|w| w == line).map(|at| at + line.len());
    end(b"\r\n\r\n").or_else(|| end(b"\n\n"))
}

/// Whether nothing follows the headers: the message is empty, or was too large to be kept whole.
#[must_use]
pub fn is_headers_only(raw: &[u8]) -> bool {
    headers_end(raw).is_none_or(|end| end == raw.len())
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Imap { folder, uidvalidity, uid } => write!(f, "imap:{folder};uidvalidity={uidvalidity};uid={uid}"),
            // The name alone: it stays the same when the message moves from `new` to `cur`.
            Self::Maildir { path } => write!(f, "maildir:{}", path.file_name().unwrap_or_default().to_string_lossy()),
        }
    }
}
