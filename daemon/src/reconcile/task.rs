//! When the proof is made, and how what it finds is healed. It changes when the hours or the healing change.

use super::compare::Register;
use super::report::{Difference, Kind, Report};
use super::{Surveyed, folders, read_register, shelves, survey};
use crate::alarm::{Alarms, Code};
use crate::archive::Archive;
use crate::clock::Clock;
use crate::disk::DiskRef;
use crate::events;
use crate::health::Health;
use crate::intake::imap;
use crate::store::Store;
use crate::supervise::cursor_place;
use crate::world::in_place;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// The first one comes this long after the start: what was on its way has arrived.
const FIRST_AFTER: Duration = Duration::from_secs(600);
/// How long the watchers may take for the look that tells what is stuck from what is on its way.
const LOOK_WAIT_MAX: Duration = Duration::from_secs(300);
/// Pause between two questions whether they have.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// Where a reconciliation is asked for, and its result is left.
#[derive(Debug, Default)]
pub struct Bench {
    asked: Notify,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many were asked for, and how many of those are done: one that is asked for while another runs comes after it.
    asked: u64,
    done: u64,
    /// Read all bytes back, not a sample.
    all: bool,
    last: Option<Report>,
}

impl Bench {
    /// Asks for one, now. One that runs already is asked for again.
    pub fn ask(&self, all: bool) {
        let mut state = self.state();
        state.asked += 1;
        state.all |= all;
        drop(state);
        self.asked.notify_one();
    }

    /// The last one, unless another is due.
    #[must_use]
    pub fn result(&self) -> Option<Report> {
        let state = self.state();
        state.last.clone().filter(|_| state.done >= state.asked)
    }

    /// The last one that was made.
    #[must_use]
    pub fn last(&self) -> Option<Report> {
        self.state().last.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a reconciliation needs.
pub struct Reconciler {
    /// The folders that are watched.
    pub folders: Vec<imap::Settings>,
    /// The data folder.
    pub data: PathBuf,
    /// Its disk.
    pub disk: DiskRef,
    /// The archive.
    pub archive: Arc<Archive>,
    /// Cursors, and what is decided just now.
    pub store: Arc<Mutex<Store>>,
    /// The looks of the watchers.
    pub health: Arc<Health>,
    /// Who is told.
    pub alarms: Arc<Alarms>,
    /// Where it is asked for.
    pub bench: Arc<Bench>,
    /// The time.
    pub clock: Clock,
    /// How often.
    pub every: Duration,
}

impl Reconciler {
    /// Until `stop`.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut next = Instant::now() + FIRST_AFTER.min(self.every);
        while !*stop.borrow() {
            tokio::select! {
                biased;
                _ = stop.changed() => continue,
                () = self.bench.asked.notified() => {}
                () = tokio::time::sleep_until(next) => {}
            }
            let (serving, all) = {
                let mut state = self.bench.state();
                (state.asked, std::mem::take(&mut state.all))
            };
            let report = tokio::select! {
                biased;
                _ = stop.changed() => return,
                report = self.reconcile(all, true) => report,
            };
            self.tell(&report);
            let mut state = self.bench.state();
            (state.last, state.done) = (Some(report), serving);
            drop(state);
            next = Instant::now() + self.every;
        }
    }

    /// One reconciliation. `watched`: the watchers run, and heal what they are told; without them cursors are set right for
    /// the next start.
    pub async fn reconcile(&self, all: bool, watched: bool) -> Report {
        let mut report = Report::new(self.clock.now());
        let surveyed = survey(self.folders.iter().cloned()).await;
        let mut looked = vec![false; surveyed.len()];
        if watched {
            looked = self.wait_for_looks(&surveyed).await;
        }
        // Cursors before the register: what they call finished then, it must know.
        let cursors: Vec<_> = self.folders.iter().map(|s| self.store().cursor(&cursor_place(s))).collect();
        let register = match in_place(|| read_register(&*self.disk, &self.data, &surveyed)) {
            Ok((register, lines)) => {
                report.lines = lines;
                register
            }
            Err(trouble) => {
                let text = format!("il registro non si legge: {trouble}");
                self.alarms.raise(Code::JournalDamaged, "registro", &text, self.clock.now());
                report.trouble = Some(text);
                return report;
            }
        };
        let cursor = |index: usize| cursors.get(index).cloned().flatten();
        let again =
            folders(&mut report, &surveyed, &register, cursor, |index| looked.get(index).copied().unwrap_or_default());
        for again in again {
            let Some(settings) = self.folders.get(again.index) else { continue };
            if watched {
                settings.recall.again(again.uidvalidity, again.uidnext, again.uids);
            } else if let Some(mut cursor) = cursor(again.index) {
                cursor.reopen(&again.uids, again.uidnext);
                if let Err(e) = self.store().keep_cursor(&cursor_place(settings), &cursor) {
                    report.trouble = Some(format!("il segno di lettura non si può rimettere a posto: {e}"));
                }
            }
        }
        self.shelves(&mut report, &register, all, watched);
        if watched && report.found > 0 {
            let looked = self.wait_for_looks(&surveyed).await;
            self.heal(&mut report, &surveyed, &looked);
        }
        report
    }

    fn shelves(&self, report: &mut Report, register: &Register, all: bool, watched: bool) {
        match in_place(|| shelves::check(report, &*self.disk, &self.archive, register, all)) {
            // In hand when the register was read; without a service, the next start decides them.
            Ok(undecided) if watched => {
                for digest in undecided {
                    if matches!(self.store().message(&digest), Ok(None)) {
                        report.add(Difference::new(Kind::Undecided, digest));
                    }
                }
            }
            Ok(_) => {}
            Err(e) => report.trouble = Some(format!("l'archivio non si legge: {e}")),
        }
    }

    /// Marks what the watchers have set right meanwhile; a message that was in hand is no difference.
    fn heal(&self, report: &mut Report, surveyed: &[Surveyed], looked: &[bool]) {
        let mut gone = 0;
        report.differences.retain_mut(|difference| {
            match difference.kind {
                Kind::Lost | Kind::CursorAhead => {
                    difference.healed = surveyed.iter().zip(looked).any(|(one, looked)| {
                        let name = format!("{}/{}", one.settings.account, one.settings.folder);
                        let uid = difference.place.strip_prefix(&format!("{name} uid "));
                        let uid = uid.and_then(|uid| uid.parse::<u32>().ok());
                        let is_here = uid.is_some() || difference.place == name;
                        is_here && *looked && uid.is_none_or(|uid| self.is_finished(one, uid))
                    });
                }
                Kind::Undecided if matches!(self.store().message(&difference.place), Ok(Some(_))) => {
                    gone += 1;
                    return false;
                }
                _ => {}
            }
            true
        });
        report.found -= gone;
    }

    /// Kept since it was asked for again: a cursor finishes only what is.
    fn is_finished(&self, one: &Surveyed, uid: u32) -> bool {
        let cursor = self.store().cursor(&cursor_place(&one.settings));
        let validity = one.holdings.as_ref().map(|holdings| holdings.uidvalidity);
        cursor.is_some_and(|cursor| validity == Ok(cursor.uidvalidity()) && !cursor.wants(uid))
    }

    /// Has every folder looked at, twice: a look that was under way may have begun before our question. Which of them came to
    /// the end.
    async fn wait_for_looks(&self, surveyed: &[Surveyed]) -> Vec<bool> {
        let before = self.looks(surveyed);
        let end = Instant::now() + LOOK_WAIT_MAX;
        loop {
            let done: Vec<bool> =
                self.looks(surveyed).iter().zip(&before).map(|(now, before)| *now >= before + 2).collect();
            let can = surveyed.iter().zip(&done).all(|(one, done)| *done || one.holdings.is_err());
            if can || Instant::now() >= end {
                return done;
            }
            for (one, _) in surveyed.iter().zip(&done).filter(|(_, done)| !**done) {
                one.settings.recall.look();
            }
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    fn looks(&self, surveyed: &[Surveyed]) -> Vec<u64> {
        let folders = self.health.snapshot().folders;
        let looks = |one: &Surveyed| {
            let is_it =
                |f: &&crate::health::Folder| f.mailbox == one.settings.account && f.folder == one.settings.folder;
            folders.iter().find(is_it).map_or(0, |f| f.looks)
        };
        surveyed.iter().map(looks).collect()
    }

    fn tell(&self, report: &Report) {
        let now = self.clock.now();
        events::reconciled(report.messages, report.read_back, report.found, report.is_whole());
        for difference in &report.differences {
            events::difference_found(difference.kind.word(), &difference.place, difference.healed);
        }
        self.health.mark("reconciled_at", report.at.as_second());
        self.health.mark("reconcile_not_whole", i64::from(!report.is_whole()));
        self.health.mark("reconcile_differences", i64::try_from(report.found).unwrap_or(i64::MAX));
        if report.found > 0 {
            let first = report.differences.first().map(Difference::text).unwrap_or_default();
            let text = format!(
                "la riconciliazione ha trovato {} differenze fra server, archivio e registro. La prima: {first}. Tutte: sportello reconcile",
                report.found
            );
            self.alarms.raise(Code::NotReconciled, "riconciliazione", &text, now);
        } else if report.is_clean() {
            self.alarms.clear(Code::NotReconciled, "riconciliazione");
            self.alarms.clear(Code::JournalDamaged, "registro");
        }
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
