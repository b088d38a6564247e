//! The IMAP mailbox watcher: one task, one connection, and what it does on any exit. It changes when the policy of
//! watching a mailbox changes (how often to look, how long to wait, when to give up on a message).
//!
//! Learnt from what happened to others (rules.md §4): the UID listing is the truth and IDLE only a hint; every exit is a
//! reconnection; nothing is ever flagged, deleted or expunged; the cursor moves only after the pipeline said `Kept`.

use std::{path::PathBuf, time::Duration};

use tokio::sync::{mpsc, watch};

use super::{
    arrival::Delivery,
    cursor::{Cursor, Why},
};
use crate::{
    disk::DiskRef,
    failpoint,
    net::{DialTrouble, Encrypted, NetRef, Stream},
    secret::Secret,
};

mod commands;
mod door;
mod driver;
mod fetch;
mod guard;
mod pause;
mod recall;
mod survey;
mod trouble;
mod utf7;
mod watcher;

pub use door::Door;
use driver::Driver;
pub use recall::Recall;
pub use survey::{Holdings, survey};
pub use trouble::Trouble;
use watcher::{Dial, Watcher};

/// One IMAP mailbox.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The configured name of the mailbox, for people and for [`super::arrival::Arrival::account`].
    pub account: String,
    /// Host name or address to connect to.
    pub host: String,
    /// TCP port; TLS from the first byte (993).
    pub port: u16,
    /// The name the certificate must carry, when it is not `host`.
    pub server_name: Option<String>,
    /// A PEM file of further authorities to trust, besides the system's.
    pub ca_file: Option<PathBuf>,
    /// User name.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// The folder to watch (`INBOX`), as people write it: what is not ASCII travels as modified UTF-7.
    pub folder: String,
    /// Shared by the folders of one mailbox: a refused password closes it for all of them.
    pub door: Door,
    /// How its watcher is told to fetch messages again.
    pub recall: Recall,
    /// Look at least this often, whatever IDLE says (default 5 minutes).
    pub poll: Duration,
    /// Longest IDLE; never more than [`IDLE_MAX`].
    pub idle_max: Duration,
    /// Move a kept message to this folder, creating it. `None`: leave it where it is, and open the folder read-only.
    pub move_to: Option<String>,
    /// Largest message fetched whole, in bytes. Beyond: its headers only, and a person is told.
    pub message_bytes_max: u64,
    /// The network.
    pub net: NetRef,
    /// The disk of the spool.
    pub disk: DiskRef,
}

/// Longest IDLE: providers and firewalls forget a quiet connection without telling (rules.md §4).
pub const IDLE_MAX: Duration = Duration::from_secs(9 * 60);

/// Where the cursor of one mailbox is kept between runs. Losing it costs a re-fetch, never a message.
pub trait CursorStore {
    /// The last cursor saved, if it can be read.
    fn load(&mut self) -> Option<Cursor>;
    /// Keeps this one. A failure is reported and the watch goes on.
    fn save(&mut self, cursor: &Cursor) -> std::io::Result<()>;
}

/// What the operator should be able to see. No subject, body or address in any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Logged in, the folder is open.
    Connected {
        /// Messages in the folder.
        exists: u32,
        /// The server can IDLE; otherwise only the poll finds new mail.
        idle: bool,
    },
    /// A stretch of the folder was listed: so many of its messages are to be fetched, those passed over before included.
    Backlog {
        /// Listed, and not kept.
        messages: u64,
    },
    /// One message was handed over and kept.
    Kept,
    /// The folder was listed to its end: the sign of life a watchdog should look at.
    Looked {
        /// Messages handed over and kept in this round.
        kept: u64,
        /// Messages that are still to be had: refused, or not to be read for now.
        waiting: u64,
    },
    /// Everything will be fetched again, and recognised by content.
    Rescan(Why),
    /// A listed message was gone when asked for: somebody removed it before we had it.
    Vanished {
        /// Its UID.
        uid: u32,
    },
    /// The server announced one size and sent another, twice; kept as sent.
    SizeMismatch {
        /// Its UID.
        uid: u32,
    },
    /// Above the configured maximum; headers handed over.
    Oversized {
        /// Its UID.
        uid: u32,
        /// The size announced, in bytes.
        size: u64,
    },
    /// Could not be fetched after several attempts; the others go on, this one is tried again later.
    Unreadable {
        /// Its UID.
        uid: u32,
        /// The last failure.
        trouble: Trouble,
    },
    /// Kept, but still in its folder on the server.
    NotMoved {
        /// Its UID.
        uid: u32,
        /// What went wrong.
        trouble: Trouble,
    },
    /// The cursor could not be saved; after a restart some messages will be fetched again.
    CursorNotSaved,
    /// The connection ended; the next attempt comes after `pause`.
    Lost {
        /// What went wrong.
        trouble: Trouble,
        /// Time until the next attempt.
        pause: Duration,
    },
    /// User name or password refused; the next attempt comes after `pause`, long, so as not to lock the account.
    LoginRefused {
        /// Time until the next attempt.
        pause: Duration,
    },
}

/// What `check --connect` learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// The TLS version agreed.
    pub tls: String,
    /// Capabilities after login, as the server spells them.
    pub capabilities: Vec<String>,
    /// Messages in the folder.
    pub exists: u32,
    /// UIDVALIDITY of the folder.
    pub uidvalidity: Option<u32>,
    /// The server can wake us (IDLE) and can move (MOVE, only needed with `move_to`).
    pub idle: bool,
    /// See above.
    pub can_move: bool,
}

/// Watches one mailbox until `stop` turns true or the receiver of `deliveries` is gone.
///
/// `spool_dir` belongs to this mailbox alone: what an earlier run left there (`imap-*.tmp`) is removed at the start.
pub async fn watch<C, R>(
    settings: Settings,
    cursors: C,
    deliveries: mpsc::Sender<Delivery>,
    spool_dir: PathBuf,
    stop: watch::Receiver<bool>,
    report: R,
) where
    C: CursorStore + Send,
    R: Fn(Event) + Send + Sync,
{
    let dial = TlsDial { settings: &settings };
    watch_over(&settings, &dial, cursors, deliveries, spool_dir, stop, report).await;
}

async fn watch_over<D: Dial, C: CursorStore, R: Fn(Event)>(
    settings: &Settings,
    dial: &D,
    cursors: C,
    deliveries: mpsc::Sender<Delivery>,
    spool_dir: PathBuf,
    mut stop: watch::Receiver<bool>,
    report: R,
) {
    let mut watcher = Watcher::new(settings, dial, cursors, deliveries, spool_dir, report);
    tokio::select! {
        biased;
        // A sender that is gone is a service that is gone.
        _ = stop.wait_for(|&stop| stop) => {}
        () = watcher.run() => {}
    }
}

/// Connects, logs in, opens the folder read-only, leaves. Touches nothing.
///
/// # Errors
/// What is wrong and what to do.
pub async fn probe(settings: &Settings) -> Result<ProbeReport, Trouble> {
    let Encrypted { stream, version: tls } = encrypted(settings).await?;
    let mut driver = Driver::login(stream, &settings.user, &settings.password).await?;
    let capabilities = driver.capabilities().await?;
    let selected = driver.open(&settings.folder, true).await?;
    driver.logout().await;
    let can = |name: &str| capabilities.iter().any(|c| c == name);
    let (idle, can_move) = (can("IDLE"), can("MOVE"));
    Ok(ProbeReport { tls, capabilities, exists: selected.exists, uidvalidity: selected.uidvalidity, idle, can_move })
}

/// The only way there is outside the tests: TLS from the first byte.
struct TlsDial<'a> {
    settings: &'a Settings,
}

impl Dial for TlsDial<'_> {
    type Stream = Stream;

    async fn dial(&self) -> Result<Stream, Trouble> {
        encrypted(self.settings).await.map(|encrypted| encrypted.stream)
    }
}

async fn encrypted(s: &Settings) -> Result<Encrypted, Trouble> {
    let name = s.server_name.as_deref().unwrap_or(&s.host);
    let dialled = async {
        failpoint::at("imap.connect").map_err(DialTrouble::Unreachable)?;
        let open = s.net.connect(&s.host, s.port).await?;
        failpoint::at("imap.tls").map_err(|why| DialTrouble::Tls(why.to_string()))?;
        s.net.encrypt(open, name, s.ca_file.as_deref()).await
    };
    dialled.await.map_err(|why| match why {
        DialTrouble::Unreachable(why) => Trouble::Unreachable(why.to_string()),
        DialTrouble::Tls(why) => Trouble::Tls(why),
    })
}

#[cfg(test)]
mod tests;
