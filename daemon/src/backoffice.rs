//! The body's own back office, whatever program it is (functions S2.14, S2.20): what it is told, what it says. It changes when there
//! is another way to talk with one.
//!
//! The register is the queue: what happens to dossiers is read from its lines, told in their order, each under an id that is the
//! line's for ever. A durable place says how far that came, so it is told at least once, and never under another id. What the back
//! office says are rows, as in the drop folder, carried out as any order is. The mail waits for none of it.

pub(crate) mod asked;
mod folder;
pub mod liaison;
mod state;
pub mod told;
mod web;

use crate::caseload::drop::Outcome;
pub use folder::Folder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
pub use told::Event;
pub use web::{PATIENCE, Web};

/// What a back office does, sooner or later.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// A back office.
pub trait BackOffice: Send + Sync {
    /// Tells it what happened. Done: it has it, and may forget nothing of it.
    fn tell<'a>(&'a self, event: &'a Event) -> Work<'a, ()>;
    /// What it says next, after what it said before (`after`: what the last page gave as its end). None: nothing.
    fn hear<'a>(&'a self, after: &'a str) -> Work<'a, Option<Page>>;
    /// Tells it what came of the rows of a page.
    fn answer<'a>(&'a self, answer: &'a Answer) -> Work<'a, ()>;
}

/// Rows of a back office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// As a file's name: its end says whether it is CSV or JSON.
    pub name: String,
    /// The table.
    pub bytes: Vec<u8>,
    /// From where on the next one is asked.
    pub next: String,
}

/// What came of the rows of a page. Kept until the back office has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The same for the same page: a repetition is known by it.
    pub id: String,
    /// Name of the page.
    pub page: String,
    /// SHA-256 of its bytes.
    pub digest: String,
    /// When they were worked.
    pub at: Timestamp,
    /// Row by row; else why none was read.
    pub outcome: Result<Outcome, String>,
}

/// Why something did not come to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It cannot be reached.
    Unreachable(String),
    /// It does not answer in time.
    Silent(u64),
    /// It will not have this one. The next may go.
    Refused(String),
    /// It takes nothing now: it is full, or does not know us.
    Closed(String),
    /// What it says cannot be understood.
    Nonsense(String),
}

impl Fault {
    /// The stable word, for the log.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Silent(_) => "silent",
            Self::Refused(_) => "refused",
            Self::Closed(_) => "closed",
            Self::Nonsense(_) => "nonsense",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "non si raggiunge: {why}"),
            Self::Silent(seconds) => write!(f, "non risponde in {seconds} s"),
            Self::Refused(why) => write!(f, "rifiuta: {why}"),
            Self::Closed(why) => write!(f, "ora non prende niente: {why}"),
            Self::Nonsense(why) => write!(f, "dice qualcosa che non si capisce: {why}"),
        }
    }
}
