//! The daily canary: a PEC of ours to each of our mailboxes, which must come home. It changes when it is sent otherwise, or when
//! its absence is told otherwise.
//!
//! It closes the loop that no other alarm closes: sending, the provider, receiving, the verification of what arrives, and the
//! road of receipts. It is an item of the outbox like any other, written in the register, one for each mailbox and day.
//! How long it may take is counted on the monotonic clock while the service runs, and kept between runs: neither a stop of
//! three days nor a clock that jumps makes a canary late, and a service that is restarted every hour still notices.

pub mod stage;

use crate::alarm::{Alarms, Code};
use crate::archive::{Archive, Shelf};
use crate::clock::Clock;
use crate::failpoint;
use crate::office::Office;
use crate::outbox::ages::{Ages, Look};
use crate::outbox::schedule::Move;
use crate::store::canary::{CanaryRow, Sent};
use crate::store::{Store, Trouble};
use crate::{events, post};
use casework::calendar::{rome, stamp};
use casework::canary::letter;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stage::Stage;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// So long after it was written a canary must be home: receipts come within minutes, and a provider may lawfully be down for less
/// than three hours, which is worth knowing.
pub const RETURN_MAX: Duration = Duration::from_secs(2 * 3600);
/// How often it is looked at whether one is due, and how the others fare. Longer than a clock that jumped is left alone, so that
/// the next look acts.
const LOOK: Duration = Duration::from_secs(30);
/// Under this name the store keeps how long each was waited for.
const NOTE: &str = "canarino";

/// Sends the canaries of an installation and waits for them.
pub struct Canaries {
    /// Shared with the pipeline and the outbox.
    pub store: Arc<Mutex<Store>>,
    /// Keeps the bytes.
    pub archive: Arc<Archive>,
    /// Mints the ids.
    pub office: watch::Receiver<Arc<Office>>,
    /// The time.
    pub clock: Clock,
    /// Where one that is lost is told.
    pub alarms: Arc<Alarms>,
    /// The outbox looks at once.
    pub wake: Arc<Notify>,
    /// Our mailboxes: name and address.
    pub mailboxes: Vec<(String, String)>,
    /// From when on each day, in Rome.
    pub at: Time,
}

/// What is remembered between looks.
struct Watch {
    began: Instant,
    run: Duration,
    ages: Ages,
    /// For how long each was waited for, by item.
    waited: BTreeMap<String, Duration>,
    /// The last day of which one came home, by address, as it was told.
    returned: BTreeMap<String, Option<Date>>,
}

/// The day of which a canary is due: today, from its hour on. On the night in which an hour is skipped, from the next one on;
/// where one comes twice, from the first.
#[must_use]
pub fn due(now: Timestamp, at: Time) -> Option<Date> {
    let there = rome(now);
    (there.time() >= at).then(|| there.date())
}

impl Canaries {
    /// Works until `stop`.
    ///
    /// # Errors
    /// The store or the disk cannot go on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        let waited = self.with_store(|store| Ok(store.note(NOTE)))?.unwrap_or_default();
        let (ages, returned) = (Ages::default(), BTreeMap::new());
        let mut watch = Watch { began: Instant::now(), run: Duration::ZERO, ages, waited, returned };
        while !*stop.borrow() {
            self.look(&mut watch)?;
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    fn look(&self, watch: &mut Watch) -> Result<(), Trouble> {
        let now = self.clock.now();
        let run = watch.began.elapsed();
        let passed = run.saturating_sub(std::mem::replace(&mut watch.run, run));
        watch.ages.look(Look { wall: now, run: SignedDuration::try_from(run).unwrap_or(SignedDuration::MAX) });
        // A clock that is still being set says nothing about the day.
        let day = due(now, self.at).filter(|_| !watch.ages.is_frozen());
        let mut rows = Vec::new();
        for (name, address) in &self.mailboxes {
            let unwritten = match day {
                Some(day) => self.send(name, address, day, now)?,
                None => None,
            };
            let row = self.with_store(|store| store.canary_of(address))?;
            let lost = row.as_ref().and_then(|row| watch.wait(row, passed));
            let text = match (unwritten, lost, &row) {
                (Some(why), ..) => Some(format!("il canarino di oggi non si può scrivere: {why}")),
                (None, Some(lost), Some(row)) => Some(self.lost(lost, row)?),
                _ => None,
            };
            self.alarms.set(text.is_some(), Code::CanaryLost, name, text.as_deref().unwrap_or_default(), now);
            rows.extend(row);
        }
        watch.tell(&rows);
        watch.waited.retain(|item, _| rows.iter().flat_map(|row| &row.waiting).any(|sent| sent.item == *item));
        if !passed.is_zero() && watch.waited.values().any(|waited| *waited < RETURN_MAX) {
            // Losing it makes one late by a run; the journal has all else.
            let _ = self.with_store(|store| Ok(store.keep_note(NOTE, &watch.waited)));
        }
        Ok(())
    }

    /// Writes down the canary of a day, unless it is there. Inside: why it cannot be a letter, in Italian.
    fn send(&self, name: &str, address: &str, day: Date, now: Timestamp) -> Result<Option<String>, Trouble> {
        let office = self.office.borrow().clone();
        let letter = letter(address, day, &office.desk);
        if !self.with_store(|store| may_go(store, &letter.id, day))? {
            return Ok(None);
        }
        let io = |e| Trouble::Io("archive".into(), e);
        let bytes =
            match post::freeze_unasked(&letter, &office.desk, &office.sigillo, &self.archive, now).map_err(io)? {
                Ok(bytes) => bytes,
                Err(why) => return Ok(Some(why.to_string())),
            };
        let kept = self.archive.keep(Shelf::Out, &bytes).map_err(io)?;
        failpoint::at("outbox.freeze").map_err(io)?;
        let is_new = self.with_store(|store| {
            let earlier = store.canary_of(address)?.map(|row| row.waiting).unwrap_or_default();
            give_up(store, &earlier, now)?;
            store.add_canary(name, day, letter, kept.digest(), now)
        })?;
        if is_new {
            events::canary_sent(name);
            self.wake.notify_one();
        }
        Ok(None)
    }

    /// What an administrator reads of one that did not come home.
    fn lost(&self, sent: &Sent, row: &CanaryRow) -> Result<String, Trouble> {
        let stage = self.with_store(|store| store.item(&sent.item))?.map_or(Stage::Queued, |item| Stage::of(&item));
        let home = match &row.returned {
            Some(home) => format!("l'ultimo era tornato {}", stamp(home.at)),
            None => "finora non ne è tornato nessuno".into(),
        };
        Ok(format!(
            "casella «{}»: il canarino del {} non è tornato in {} minuti; {home}. A che punto è: {}. {}",
            row.mailbox,
            stamp(sent.at),
            RETURN_MAX.as_secs() / 60,
            stage.title(),
            stage.advice()
        ))
    }

    fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, Trouble>) -> Result<T, Trouble> {
        // A panic while the store was locked left the index behind the journal at most; a restart catches up.
        work(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One a day; and of the days of which a restored register lost the lines, none: that one may be on its way already.
fn may_go(store: &Store, item: &str, day: Date) -> Result<bool, Trouble> {
    let is_lost_day = store.restored_at()?.is_some_and(|(at, _)| day <= rome(at).date());
    Ok(!is_lost_day && store.item(item)?.is_none())
}

/// The canary of a new day takes the place of those that have not left, or of which nobody knows: a road that opens after three
/// days carries one, and none stays uncertain for ever. What a person has in hand stays in his hand.
fn give_up(store: &mut Store, earlier: &[Sent], now: Timestamp) -> Result<(), Trouble> {
    let mut moves = Vec::new();
    for sent in earlier {
        let Some(item) = store.item(&sent.item)? else { continue };
        let step = Move::Withdrawn { why: "c'è il canarino del giorno dopo".into(), by: "Sportello".into() };
        if !item.is_stopped() && item.state.after(&step).is_ok() {
            moves.push((sent.item.clone(), step));
        }
    }
    store.move_items(moves, now)
}

impl Watch {
    /// Waits for those of one mailbox. The last of them that should be home by now and is not.
    fn wait<'a>(&mut self, row: &'a CanaryRow, passed: Duration) -> Option<&'a Sent> {
        let mut lost = None;
        for sent in &row.waiting {
            let waited = self.waited.entry(sent.item.clone()).or_default();
            *waited = waited.saturating_add(passed).min(RETURN_MAX);
            if *waited == RETURN_MAX {
                lost = Some(sent);
            }
        }
        lost
    }

    /// Tells the operator what came home since the last look.
    fn tell(&mut self, rows: &[CanaryRow]) {
        for row in rows {
            let day = row.returned.as_ref().map(|home| home.day);
            let before = self.returned.insert(row.address.clone(), day);
            if before.is_some_and(|before| before != day) {
                events::canary_returned(&row.mailbox);
            }
        }
    }
}

/// How the canaries of a mailbox fared, for people. A part of `status --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fared {
    /// Name of the mailbox.
    pub mailbox: String,
    /// Of which day the last one is.
    pub day: Date,
    /// When it was written.
    pub written_at: Timestamp,
    /// How far it came.
    pub stage: Stage,
    /// The last that came home: when it was sent.
    pub returned_sent_at: Option<Timestamp>,
    /// And when it was home.
    pub returned_at: Option<Timestamp>,
}

impl Fared {
    /// Of a mailbox's row, and the item of its last canary.
    #[must_use]
    pub fn of(row: &CanaryRow, last: Option<&crate::store::rows::ItemRow>) -> Self {
        Self {
            mailbox: row.mailbox.clone(),
            day: row.last.day,
            written_at: row.last.at,
            stage: last.map_or(Stage::Queued, Stage::of),
            returned_sent_at: row.returned.as_ref().map(|home| home.sent_at),
            returned_at: row.returned.as_ref().map(|home| home.at),
        }
    }

    /// In one line.
    #[must_use]
    pub fn line(&self, now: Timestamp) -> String {
        let home = |verb: &str| match (self.returned_sent_at, self.returned_at) {
            (Some(sent), Some(at)) => format!("{verb} {}, tornato {}", moment(sent, now), moment(at, now)),
            _ => "non ne è ancora tornato nessuno".into(),
        };
        match self.stage {
            Stage::Returned => format!("Canarino {}: {}", self.mailbox, home("inviato")),
            stage => format!(
                "Canarino {}: scritto {}, {}; {}",
                self.mailbox,
                moment(self.written_at, now),
                stage.title(),
                home("l'ultimo tornato: inviato")
            ),
        }
    }
}

/// `oggi 07:30`, `ieri 07:30`, else the day.
fn moment(at: Timestamp, now: Timestamp) -> String {
    let (there, today) = (rome(at), rome(now).date());
    let hour = there.strftime("%H:%M");
    match there.date() {
        day if day == today => format!("oggi {hour}"),
        day if today.yesterday().is_ok_and(|yesterday| day == yesterday) => format!("ieri {hour}"),
        day => format!("{day} {hour}"),
    }
}

#[cfg(test)]
#[path = "canary/tests.rs"]
mod tests;
