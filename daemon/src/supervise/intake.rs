//! The watchers of a service and their reconciliation, made from its configuration. It changes when what a mailbox is given
//! changes.

use super::{Service, password};
use crate::alarm::{Alarms, Code};
use crate::clock::Clock;
use crate::config::{Mailbox, Source};
use crate::events;
use crate::failpoint;
use crate::health::Pulse;
use crate::intake::{Delivery, cursor::Cursor, imap, maildir};
use crate::reconcile::report::Report;
use crate::reconcile::task::Reconciler;
use crate::store::{Store, Trouble};
use crate::trouble_to_problem;
use crate::world::World;
use casework::rules::Problem;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

impl Service {
    /// What proves that server, archive and register agree.
    pub(super) fn reconciler(&self, folders: Vec<imap::Settings>) -> Reconciler {
        Reconciler {
            folders,
            data: self.config.data.clone(),
            disk: self.world.disk.clone(),
            archive: self.archive.clone(),
            store: self.store.clone(),
            health: self.health.clone(),
            alarms: self.alarms.clone(),
            bench: self.bench.clone(),
            clock: self.world.clock.clone(),
            every: self.config.alarms.reconcile,
        }
    }

    /// Reconciles once, without watchers: what is wrong is set right for the next start.
    ///
    /// # Errors
    /// A password that cannot be read.
    pub async fn reconcile_once(&self, all: bool) -> Result<Report, Vec<Problem>> {
        let mut folders = Vec::new();
        for mailbox in &self.config.mailboxes {
            folders.extend(imap_settings(mailbox, &self.world)?);
        }
        Ok(self.reconciler(folders).reconcile(all, false).await)
    }

    /// Watches every folder of a mailbox. Returns the settings of those that are on IMAP.
    pub(super) fn watch(
        &self,
        mailbox: &Mailbox,
        deliveries: mpsc::Sender<Delivery>,
        stopped: watch::Receiver<bool>,
        parts: &mut JoinSet<Result<(), Trouble>>,
    ) -> Result<Vec<imap::Settings>, Vec<Problem>> {
        let account = mailbox.name.clone();
        match &mailbox.source {
            Source::Maildir { dir, poll } => {
                let spool = self.spool(&account)?;
                let settings = maildir::Settings {
                    account: account.clone(),
                    dir: dir.clone(),
                    poll: *poll,
                    message_bytes_max: mailbox.message_bytes_max,
                };
                let (pulse, clock) = (self.health.folder(&account, "new"), self.world.clock.clone());
                let report = move |round: io::Result<u64>| match round {
                    Ok(_) => pulse.looked(clock.now(), 0),
                    Err(e) => {
                        pulse.troubled(clock.now(), format!("la cartella Maildir non si legge: {e}"));
                        events::maildir_failed(&account, &e);
                    }
                };
                parts.spawn(async move {
                    maildir::watch(settings, deliveries, spool, stopped, report).await;
                    Ok(())
                });
            }
            // One connection for each folder: IDLE speaks of one only (RFC 2177), and a folder that is missing, or a message
            // that will not come, holds up its own folder alone.
            Source::Imap(..) => {
                let folders = imap_settings(mailbox, &self.world)?;
                for settings in folders.clone() {
                    // UIDs mean nothing in another folder or account: each has a cursor of its own.
                    let place = cursor_place(&settings);
                    let spool = self.spool(&place)?;
                    let cursors = Cursors { place, store: self.store.clone() };
                    let report = self.imap_report(&settings);
                    let (deliveries, stopped) = (deliveries.clone(), stopped.clone());
                    parts.spawn(async move {
                        imap::watch(settings, cursors, deliveries, spool, stopped, report).await;
                        Ok(())
                    });
                }
                return Ok(folders);
            }
        }
        Ok(Vec::new())
    }

    /// A folder for the messages on their way in, of one watcher alone: it sweeps what an earlier run left there.
    fn spool(&self, whose: &str) -> Result<PathBuf, Vec<Problem>> {
        let spool = self.archive.spool().join(crate::digest::flow(&crate::digest::sha256(whose.as_bytes())));
        self.world.disk.make_dirs(&spool).map_err(|e| vec![trouble_to_problem(&spool, &e)])?;
        Ok(spool)
    }

    /// What a folder's watcher says, to the log and to [`Health`].
    fn imap_report(&self, settings: &imap::Settings) -> impl Fn(imap::Event) + Send + Sync + use<> {
        let (account, folder) = (settings.account.clone(), settings.folder.clone());
        let (pulse, clock, alarms) =
            (self.health.folder(&account, &folder), self.world.clock.clone(), self.alarms.clone());
        let about = format!("{account}/{folder}");
        move |event| {
            note_imap(&event, &pulse, &alarms, &about, &clock);
            events::imap(&account, &folder, &event);
        }
    }
}

/// What a watcher's event says of its folder's health. `about`: `protocollo/INBOX`.
pub(crate) fn note_imap(event: &imap::Event, pulse: &Pulse, alarms: &Alarms, about: &str, clock: &Clock) {
    match event {
        imap::Event::Connected { .. } => pulse.connected(),
        imap::Event::Backlog { messages } => pulse.backlog(*messages),
        imap::Event::Kept => pulse.kept(),
        imap::Event::Looked { waiting, .. } => {
            pulse.looked(clock.now(), *waiting);
            alarms.clear(Code::FolderMissing, about);
        }
        imap::Event::Lost { trouble, .. } => {
            pulse.troubled(clock.now(), trouble.to_string());
            if matches!(trouble, imap::Trouble::Folder(_)) {
                let text = format!("casella e cartella «{about}»: {trouble}. Le altre cartelle si leggono lo stesso");
                alarms.raise(Code::FolderMissing, about, &text, clock.now());
            }
        }
        imap::Event::LoginRefused { .. } => pulse.troubled(clock.now(), imap::Trouble::LoginRefused.to_string()),
        _ => {}
    }
}

/// Keeps a mailbox's cursor in the store.
struct Cursors {
    place: String,
    store: Arc<Mutex<Store>>,
}

impl imap::CursorStore for Cursors {
    fn load(&mut self) -> Option<Cursor> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).cursor(&self.place)
    }
    fn save(&mut self, cursor: &Cursor) -> io::Result<()> {
        failpoint::at("mark.watermark")?;
        self.store.lock().unwrap_or_else(PoisonError::into_inner).keep_cursor(&self.place, cursor)
    }
}

/// The IMAP settings of a mailbox, one for each folder, with one door between them.
///
/// # Errors
/// A password that cannot be read.
pub fn imap_settings(mailbox: &Mailbox, world: &World) -> Result<Vec<imap::Settings>, Vec<Problem>> {
    let Source::Imap(server, watched) = &mailbox.source else { return Ok(Vec::new()) };
    let password = password(server)?;
    let door = imap::Door::default();
    let of = |folder: &String| imap::Settings {
        account: mailbox.name.clone(),
        host: server.host.clone(),
        port: server.port,
        server_name: server.tls_name.clone(),
        ca_file: server.ca_file.clone(),
        user: server.user.clone(),
        password: password.clone(),
        folder: folder.clone(),
        door: door.clone(),
        recall: imap::Recall::default(),
        poll: watched.poll,
        idle_max: watched.idle,
        move_to: watched.move_to.clone(),
        message_bytes_max: mailbox.message_bytes_max,
        net: world.net.clone(),
        disk: world.disk.clone(),
    };
    Ok(watched.folders.iter().map(of).collect())
}

/// The name under which the store keeps the cursor of a folder.
#[must_use]
pub fn cursor_place(settings: &imap::Settings) -> String {
    format!("{}|{}@{}|{}", settings.account, settings.user, settings.host, settings.folder)
}
