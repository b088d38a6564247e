//! How the running service is: each watched folder's last look, and marks that other parts set. Kept in memory, read by
//! `status`, the metrics and the alarms. It changes when they must know something else.
//!
//! Ages are measured on the monotonic clock: a wall clock that jumps makes no mailbox dead and none alive (reliability.md §3.7).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Name of the mark of the outbox: letters and tasks of which more is to come.
pub const OPEN_MARK: &str = "outbox_open";

/// The shared object: one for each service, behind an `Arc`.
#[derive(Debug, Default)]
pub struct Health {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    folders: Vec<Watched>,
    marks: BTreeMap<&'static str, i64>,
}

#[derive(Debug)]
struct Watched {
    shown: Folder,
    /// The last full look, or the start: what "quiet for so long" counts from.
    alive: Instant,
}

/// One watched folder, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Name of the mailbox, as configured.
    pub mailbox: String,
    /// Its folder; for a Maildir, `new`.
    pub folder: String,
    /// Connected, and the folder open.
    pub connected: bool,
    /// When it was last listed to its end, successfully; `None`: not since the start.
    pub looked_at: Option<Timestamp>,
    /// How many times that happened since the start.
    pub looks: u64,
    /// Seconds since the last sign of life: a full look, or a message kept while a long one lasts; before any, since the start.
    pub quiet_seconds: u64,
    /// The last trouble, until a full look follows: when, and what, in Italian and without anybody's words.
    pub trouble: Option<(Timestamp, String)>,
    /// Troubles since the start.
    pub troubles: u64,
    /// Messages kept since the start.
    pub kept: u64,
    /// Messages that were listed and are not kept yet.
    pub backlog: u64,
}

/// Everything, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// In the order of the configuration.
    pub folders: Vec<Folder>,
    /// Marks of other parts, by name: see [`Health::mark`].
    pub marks: BTreeMap<&'static str, i64>,
}

impl Health {
    /// Nothing watched yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Begins to follow a folder. The handle is its watcher's.
    #[must_use]
    pub fn folder(self: &Arc<Self>, mailbox: &str, folder: &str) -> Pulse {
        let mut state = self.state();
        state.folders.push(Watched {
            shown: Folder {
                mailbox: mailbox.to_owned(),
                folder: folder.to_owned(),
                connected: false,
                looked_at: None,
                looks: 0,
                quiet_seconds: 0,
                trouble: None,
                troubles: 0,
                kept: 0,
                backlog: 0,
            },
            alive: Instant::now(),
        });
        Pulse { health: self.clone(), index: state.folders.len() - 1 }
    }

    /// Sets a mark: a gauge of another part (`"brake_on"` 0 or 1, `"road_pec_closed"`, `"outbox_overdue"`…). The name becomes
    /// part of the metric's name: lower case, digits and underscores. It is shown as it was last set.
    pub fn mark(&self, name: &'static str, value: i64) {
        self.state().marks.insert(name, value);
    }

    /// Adds to a mark that counts.
    pub fn count(&self, name: &'static str, more: i64) {
        *self.state().marks.entry(name).or_default() += more;
    }

    /// Everything, now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let state = self.state();
        let now = Instant::now();
        let shown = |watched: &Watched| Folder {
            quiet_seconds: now.saturating_duration_since(watched.alive).as_secs(),
            ..watched.shown.clone()
        };
        Snapshot { folders: state.folders.iter().map(shown).collect(), marks: state.marks.clone() }
    }

    /// The folders without a sign of life for longer than this.
    #[must_use]
    pub fn quiet(&self, longer_than: Duration) -> Vec<Folder> {
        let snapshot = self.snapshot();
        snapshot.folders.into_iter().filter(|f| f.quiet_seconds >= longer_than.as_secs()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whatever a panic left half written here is a figure, not a fact.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A watcher's handle on its line of [`Health`].
#[derive(Debug, Clone)]
pub struct Pulse {
    health: Arc<Health>,
    index: usize,
}

impl Pulse {
    /// The folder is open.
    pub fn connected(&self) {
        self.with(|w| w.shown.connected = true);
    }

    /// So many listed messages are still to be kept.
    pub fn backlog(&self, messages: u64) {
        self.with(|w| w.shown.backlog = messages);
    }

    /// A message is kept: the look goes on.
    pub fn kept(&self) {
        self.with(|w| {
            w.shown.kept += 1;
            w.shown.backlog = w.shown.backlog.saturating_sub(1);
            w.alive = Instant::now();
        });
    }

    /// The folder was listed to its end; `waiting` messages of it could not be had yet.
    pub fn looked(&self, at: Timestamp, waiting: u64) {
        self.with(|w| {
            w.shown.connected = true;
            w.shown.looked_at = Some(at);
            w.shown.looks += 1;
            w.shown.trouble = None;
            w.shown.backlog = waiting;
            w.alive = Instant::now();
        });
    }

    /// It cannot be read now. `what`: Italian, without anybody's words.
    pub fn troubled(&self, at: Timestamp, what: String) {
        self.with(|w| {
            w.shown.connected = false;
            w.shown.trouble = Some((at, what));
            w.shown.troubles += 1;
        });
    }

    fn with(&self, change: impl FnOnce(&mut Watched)) {
        if let Some(watched) = self.health.state().folders.get_mut(self.index) {
            change(watched);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_folder_is_quiet_from_its_last_look_and_alive_while_messages_come() {
        let health = Health::new();
        let (inbox, receipts) = (health.folder("protocollo", "INBOX"), health.folder("protocollo", "Ricevute"));
        let at = Timestamp::UNIX_EPOCH;
        inbox.looked(at, 3);
        tokio::time::advance(Duration::from_secs(500)).await;
        receipts.troubled(at, "non si apre".into());
        inbox.kept();
        tokio::time::advance(Duration::from_secs(100)).await;
        let quiet = health.quiet(Duration::from_secs(600));
        assert_eq!(quiet.iter().map(|f| f.folder.as_str()).collect::<Vec<_>>(), ["Ricevute"]);
        assert_eq!((quiet[0].quiet_seconds, quiet[0].troubles, quiet[0].connected), (600, 1, false));
        let seen = &health.snapshot().folders[0];
        assert_eq!((seen.kept, seen.backlog, seen.quiet_seconds, seen.looks), (1, 2, 100, 1));
        receipts.looked(at, 0);
        assert!(health.quiet(Duration::from_secs(600)).is_empty());
        assert_eq!(health.snapshot().folders[1].trouble, None, "a full look ends the trouble");
    }

    #[test]
    fn marks_are_shown_as_last_set() {
        let health = Health::new();
        health.mark("brake_on", 1);
        health.mark("brake_on", 0);
        health.count("incidents", 2);
        health.count("incidents", 1);
        assert_eq!(health.snapshot().marks, BTreeMap::from([("brake_on", 0), ("incidents", 3)]));
    }
}
