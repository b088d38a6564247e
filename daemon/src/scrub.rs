//! The weekly reading of everything: each archived file against its name, the whole journal against its chain. It changes when
//! what may rot changes (reliability.md §3.2, T12).
//!
//! Nothing is repaired here: a copy that is damaged is told, and a person, or the message that comes again, mends it.

use crate::alarm::{Alarms, Code};
use crate::archive::{Archive, Shelf};
use crate::clock::Clock;
use crate::digest::flow;
use crate::disk::DiskRef;
use crate::events;
use crate::journal::{Journal, Tail};
use crate::store::{Store, Trouble};
use crate::world::in_place;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// One round through everything.
const ROUND: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Pause between two looks at what is due.
const LOOK: Duration = Duration::from_secs(600);
/// Groups read at one look: a machine that was off for days catches up by and by.
const GROUPS_A_LOOK_MAX: usize = 8;
/// Under which name the place is kept.
const NOTE: &str = "scrub";

/// How far a round has come. Losing it costs a round that begins anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    began: Timestamp,
    /// Groups read, and then the journal.
    done: usize,
    /// Files read, and found damaged.
    files: u64,
    damaged: u64,
}

/// The reader of an installation.
pub struct Scrub {
    /// The disk of the data folder.
    pub disk: DiskRef,
    /// The data folder.
    pub data: PathBuf,
    /// What is read.
    pub archive: Arc<Archive>,
    /// Keeps the place.
    pub store: Arc<Mutex<Store>>,
    /// Where damage is told.
    pub alarms: Arc<Alarms>,
    /// The time.
    pub clock: Clock,
}

impl Scrub {
    /// Reads until `stop`, evenly over a week.
    ///
    /// # Errors
    /// None: a disk that cannot be read is told, and tried again.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        while !*stop.borrow() {
            if let Err(e) = in_place(|| self.look()) {
                events::scrub_failed(&e);
            }
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    /// Reads what is due by now.
    fn look(&self) -> io::Result<()> {
        let now = self.clock.now();
        let mut groups = Vec::new();
        for shelf in [Shelf::In, Shelf::Out, Shelf::Status] {
            groups.extend(self.archive.groups(shelf)?.into_iter().map(|group| (shelf, group)));
        }
        let store = || self.store.lock().unwrap_or_else(PoisonError::into_inner);
        let mut progress = store().note(NOTE).unwrap_or(Progress { began: now, ..Progress::default() });
        progress.began = progress.began.min(now.checked_add(ROUND).unwrap_or(now)); // the clock may have been put back
        for _ in 0..GROUPS_A_LOOK_MAX {
            if progress.done >= due(&progress, groups.len() + 1, now) {
                break;
            }
            match groups.get(progress.done) {
                Some((shelf, group)) => self.read(*shelf, group, &mut progress)?,
                None => {
                    self.verify_journal();
                    events::scrub_ended(progress.files, progress.damaged);
                    progress = Progress { began: now.max(next_round(&progress)), ..Progress::default() };
                    break;
                }
            }
            progress.done += 1;
        }
        store().keep_note(NOTE, &progress)
    }

    /// Reads one group of files.
    fn read(&self, shelf: Shelf, group: &str, progress: &mut Progress) -> io::Result<()> {
        for digest in self.archive.digests_in(shelf, group)? {
            progress.files += 1;
            match self.archive.verify(shelf, &digest) {
                Ok(()) => self.alarms.clear(Code::ArchiveDamaged, flow(&digest)),
                // Its bytes have changed, or the disk does not give them: either way this copy is lost, and the others are read.
                Err(e) => {
                    progress.damaged += 1;
                    events::archive_damaged(&digest, &e);
                    let what =
                        if e.kind() == io::ErrorKind::InvalidData { "non è più com'era" } else { "non si legge" };
                    let text = format!(
                        "il file {} dell'archivio {what}: rimettilo dalla copia di riserva e controlla il disco",
                        flow(&digest)
                    );
                    self.alarms.raise(Code::ArchiveDamaged, flow(&digest), &text, self.clock.now());
                }
            }
        }
        Ok(())
    }

    fn verify_journal(&self) {
        // Zeros look like a write that a power cut stopped: but what was durable when this began cannot have been one.
        let durable = self.store.lock().unwrap_or_else(PoisonError::into_inner).head();
        let mut is_there = durable.seq == 0;
        let read = Journal::lines_on(&*self.disk, &self.data, Tail::Open, |line| is_there |= *line.head == durable);
        let trouble = match read {
            Ok(_) if is_there => None,
            Ok(head) => Some(format!("dopo la riga {} mancano righe fino alla {}", head.seq, durable.seq)),
            Err(trouble) => Some(trouble.to_string()),
        };
        if let Some(trouble) = trouble {
            events::journal_damaged();
            let text = format!("registro: {trouble}. Rimetti la copia di riserva: vedi la guida");
            self.alarms.raise(Code::JournalDamaged, "registro", &text, self.clock.now());
        } else {
            self.alarms.clear(Code::JournalDamaged, "registro");
        }
    }
}

/// How many of `steps` are due: evenly over a round.
fn due(progress: &Progress, steps: usize, now: Timestamp) -> usize {
    let passed = now.duration_since(progress.began).as_secs().max(0);
    let share = i128::from(passed) * steps as i128 / i128::from(ROUND.as_secs());
    usize::try_from(share).unwrap_or(steps).min(steps)
}

/// A round that was caught up with in a hurry is not followed by another at once.
fn next_round(progress: &Progress) -> Timestamp {
    progress.began.checked_add(ROUND).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::health::Health;
    use std::fs;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + hours * 3600).unwrap()
    }

    /// Every file is read once a week, whatever the pace of the looks; what has rotted is told, and called off when it is mended.
    #[test]
    fn a_week_reads_everything_and_tells_what_has_rotted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Mutex::new(Store::open(dir.path(), at(0)).unwrap()));
        let archive = Arc::new(Archive::open(dir.path()).unwrap());
        let digests: Vec<String> = (0..40)
            .map(|n| archive.keep(Shelf::In, format!("messaggio {n}").as_bytes()).unwrap().digest().to_owned())
            .collect();
        let rotten = archive.path(Shelf::In, &digests[7]);
        let sound = fs::read(&rotten).unwrap();
        fs::write(&rotten, b"altro").unwrap();
        let alarms = Alarms::new(Arc::new(Health::default()));
        let week = |from: i64| {
            for hour in from..=from + 7 * 24 {
                let scrub = Scrub {
                    disk: crate::disk::real(),
                    data: dir.path().to_owned(),
                    archive: archive.clone(),
                    store: store.clone(),
                    alarms: alarms.clone(),
                    clock: Clock::At(at(hour)),
                };
                scrub.look().unwrap();
            }
        };
        week(0);
        let open = alarms.open();
        let told: Vec<&str> = open.values().map(|alarm| alarm.about.as_str()).collect();
        assert_eq!(told, [flow(&digests[7])]);
        let progress: Progress = store.lock().unwrap().note(NOTE).unwrap();
        assert_eq!((progress.done, progress.began), (0, at(7 * 24)), "the round has ended");
        fs::write(&rotten, sound).unwrap();
        let line = dir.path().join("journal/000001.jsonl");
        let journal = fs::read_to_string(&line).unwrap();
        fs::write(&line, journal.replacen("begun", "begum", 1)).unwrap();
        week(7 * 24);
        let codes = || alarms.open().keys().map(|(code, _)| *code).collect::<Vec<_>>();
        assert_eq!(codes(), [Code::JournalDamaged]);
        // What the disk does not give at all is lost like what has rotted, and stops nothing: the register is still read. And zeros
        // where lines were durable are no write that a power cut stopped.
        fs::remove_file(&rotten).unwrap();
        fs::create_dir(&rotten).unwrap();
        fs::write(&line, &journal).unwrap();
        week(14 * 24);
        assert_eq!(codes(), [Code::ArchiveDamaged]);
        fs::write(&line, vec![0; journal.len()]).unwrap();
        week(21 * 24);
        assert_eq!(codes(), [Code::ArchiveDamaged, Code::JournalDamaged]);
        // A clock that was a year ahead when a round began keeps it waiting for a week, and not for a year.
        let ahead = Progress { began: at(365 * 24), ..Progress::default() };
        store.lock().unwrap().keep_note(NOTE, &ahead).unwrap();
        week(28 * 24);
        week(35 * 24);
        week(42 * 24);
        let progress: Progress = store.lock().unwrap().note(NOTE).unwrap();
        assert!(progress.began <= at(56 * 24), "{progress:?}");
    }
}
