//! The outbox: claims what is due, has it submitted, writes down what came of it. The only caller of a courier.
//!
//! Count first, then try: the claim is durable before the socket opens, `InDot` before the final dot is written.

pub(crate) mod ages;
mod courtesy;
mod lanes;
pub mod notice;
pub mod orders;
pub mod schedule;
mod timers;

use crate::archive::{self, Archive, Shelf};
use crate::clock::Clock;
use crate::events;
use crate::failpoint;
use crate::health::Health;
use crate::journal::record::Task;
use crate::office::Office;
use crate::post;
use crate::store::rows::ItemRow;
use crate::store::{Store, Trouble};
use crate::submit::{Line, Outcome};
use casework::decision::Lane;
use casework::receipts::Fact;
use casework::{Outgoing, letters};
use jiff::{SignedDuration, Timestamp};
pub use lanes::Rates;
use lanes::{LANE_PAUSE, Lanes};
use schedule::{ATTEMPTS_MAX, Move, Shown, next_attempt};
use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use timers::{Timers, known_about};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

/// Items taken from one road before looking at the other.
const ROUND_MAX: usize = 20;
/// A server that takes nothing within so long keeps the other road waiting: no other letter is tried there for as long as it took.
const HANGS: Duration = Duration::from_secs(30);
/// Longest sleep: a silence that is due is noticed within this.
const SLEEP_MAX: Duration = Duration::from_secs(30);
/// How long connections are kept for the next letter once nothing is due.
const LINGER: Duration = Duration::from_secs(3);
/// Longest that the end of one letter, and the claim of the next on the same connection, wait for that one's dot to become
/// durable with it.
const DURABLE_WITHIN: Duration = Duration::from_millis(50);

/// A future that a courier returns.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// Makes `InDot` durable; called once, right before the final dot.
pub type Gate<'a> = Box<dyn FnOnce() -> Answer<'a, Result<(), String>> + Send + 'a>;

/// A road out of the house.
pub trait Courier: Send + Sync {
    /// One attempt.
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome>;

    /// Whether a connection is open for the next letter.
    fn is_open(&self) -> bool {
        false
    }

    /// Nothing is due for a while: what was kept open for the next letter is closed.
    fn rest(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Courier for Line {
    fn attempt<'a>(&'a self, from: &'a str, to: &'a str, bytes: &'a [u8], gate: Gate<'a>) -> Answer<'a, Outcome> {
        Box::pin(Line::attempt(self, from, to, bytes, gate))
    }

    fn is_open(&self) -> bool {
        Line::is_open(self)
    }

    fn rest(&self) -> Answer<'_, ()> {
        Box::pin(Line::rest(self))
    }
}

/// The roads of an installation.
pub struct Roads {
    /// To citizens.
    pub pec: Box<dyn Courier>,
    /// To offices; `None` = by PEC.
    pub offices: Option<Box<dyn Courier>>,
    /// Of courtesy notices; `None` = none are sent.
    pub courtesy: Option<Box<dyn Courier>>,
}

impl Roads {
    async fn rest(&self) {
        self.pec.rest().await;
        if let Some(offices) = &self.offices {
            offices.rest().await;
        }
    }
}

/// The outbox of an installation.
pub struct Outbox {
    /// Shared with the pipeline.
    pub store: Arc<Mutex<Store>>,
    /// Shared with the pipeline.
    pub archive: Arc<Archive>,
    /// Writes the tasks about what was refused.
    pub office: watch::Receiver<Arc<Office>>,
    /// The roads.
    pub roads: Roads,
    /// The time.
    pub clock: Clock,
    /// When the mailboxes were read; and what others are told of the roads.
    pub health: Arc<Health>,
    /// Automatic letters to citizens in ten minutes; beyond, they wait.
    pub brake: u32,
    /// The limits of the provider, by the contract with it.
    pub rates: Rates,
    /// The limits of the road to offices.
    pub office_rates: Rates,
    /// The limits of the road of courtesy notices, and how long each waits.
    pub courtesy: (Rates, SignedDuration),
    /// Within this the provider accepts what it took, by the contract with it.
    pub acceptance_term: SignedDuration,
    /// Templates of which an uncertain letter may be sent again, identical and once, when it was overtaken.
    pub resend_if_overtaken: BTreeSet<String>,
    /// Nothing is sent: what earlier days left waits.
    pub observe: bool,
}

impl Outbox {
    /// Works until `stop`; the item in hand is finished first. `wake` tells that something new may be due.
    ///
    /// # Errors
    /// The store cannot go on.
    pub async fn run(self, wake: Arc<Notify>, stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        // Beside each other: a courtesy notice whose server hangs keeps no letter waiting.
        let nudge = Notify::new();
        let worked = tokio::try_join!(self.letters(&wake, &nudge, stop.clone()), self.courtesies(&nudge, stop));
        // A fault that is not the register's loses no answer that was heard: nobody would have to doubt that letter.
        let sealed = self.with_store(Store::seal_moves);
        worked.and(sealed)
    }

    /// Letters and tasks. `nudge` is told whenever something new may be due.
    async fn letters(&self, wake: &Notify, nudge: &Notify, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        let mut timers = Timers::new();
        let mut lanes = self.with_store(|store| {
            let offices = self.roads.offices.as_ref().map(|_| self.office_rates);
            Lanes::load(store, self.clock.now(), self.brake, self.rates, offices)
        })?;
        // A crash between the refusal of a letter and its paper task: the task is made now. It has one id, so never twice.
        if !self.observe {
            for item in self.with_store(|store| store.refused_letters())? {
                self.to_paper(&item, item.last.clone())?;
            }
        }
        while !*stop.borrow() {
            nudge.notify_one();
            let mut next = None;
            let lanes_open: &[Lane] = if self.observe { &[] } else { &[Lane::Internal, Lane::Pec] };
            for &lane in lanes_open {
                let due = self.round(lane, &mut lanes, &stop).await?;
                next = [next, due].into_iter().flatten().min();
            }
            if !self.observe {
                self.look(&mut timers)?;
            }
            let until = next.map_or(SLEEP_MAX, |at| {
                let left = at.duration_since(self.clock.now());
                Duration::try_from(left).unwrap_or(Duration::from_millis(1)).min(SLEEP_MAX)
            });
            // A connection waits a moment for a letter that is just being decided, then it is closed.
            if !woken(until.min(LINGER), wake, &mut stop).await && until > LINGER {
                self.roads.rest().await;
                woken(until - LINGER, wake, &mut stop).await;
            }
        }
        self.roads.rest().await;
        Ok(())
    }

    /// One round on one road. Returns when the next item of it is due.
    async fn round(
        &self,
        lane: Lane,
        lanes: &mut Lanes,
        stop: &watch::Receiver<bool>,
    ) -> Result<Option<Timestamp>, Trouble> {
        let now = self.clock.now();
        if let Some(until) = lanes.closed_until(lane, now) {
            return Ok(Some(until));
        }
        self.health.mark(closed_mark(lane), 0);
        let (items, next) = self.with_store(|store| store.due(lane, now, ROUND_MAX))?;
        let mut items = VecDeque::from(items);
        let mut ended: Option<Ended> = None;
        loop {
            // Why nobody may go after the one that has ended, if so; and until when.
            let closed = ended.as_ref().and_then(|ended| ended.closed);
            let held = match closed {
                Some(until) => Some(Some(until)),
                None if *stop.borrow() => Some(None),
                None if items.is_empty() => Some(next), // what is left of a full round is due: after the other road's turn
                None => lanes.free(lane, self.clock.now(), &self.health).map(Some),
            };
            let follows = if held.is_none() { items.pop_front() } else { None };
            let claimed = self.settle_and_claim(ended.take(), follows)?;
            if let Some(until) = closed {
                lanes.close(lane, until);
                self.health.mark(closed_mark(lane), 1);
            }
            match (claimed, held) {
                (Some(item), _) => {
                    lanes.sent(lane, self.clock.now());
                    let began = Instant::now();
                    let one = self.send(item).await?;
                    if matches!(one.step, Move::Requeued { .. }) && began.elapsed() >= HANGS {
                        lanes.rest(lane, self.clock.now(), began.elapsed());
                    }
                    ended = Some(one);
                }
                (None, Some(until)) => return Ok(until),
                (None, None) => {} // a person stopped it since the round began
            }
        }
    }

    /// One attempt at one item, which is claimed. What became of it is not written down yet.
    async fn send(&self, item: ItemRow) -> Result<Ended, Trouble> {
        let id = item.outgoing.id.as_str();
        let n = item.attempts;
        let bytes = match self.archive.read(Shelf::Out, &item.frozen) {
            Ok(bytes) => bytes,
            // One damaged letter must not stop the others; what it said is in the register, a person sends it.
            Err(e) if archive::is_of_one_copy(&e) => {
                events::archive_damaged(&item.frozen, &e);
                let step = Move::Refused { why: format!("la copia da inviare è danneggiata: {e}") };
                return Ok(Ended { item, step, closed: None });
            }
            Err(e) => return Err(Trouble::Io("archive".into(), e)),
        };
        let outcome = self.attempt(&item, &bytes, self.courier(item.outgoing.lane)).await?;
        let now = self.clock.now();
        let mut closed = None;
        let step = match outcome {
            Outcome::Taken { reply } => Move::Submitted { reply },
            Outcome::Unknown { why } => Move::Unknown { why },
            Outcome::Never { why, .. } => Move::Refused { why },
            Outcome::Later { why, .. } if n >= ATTEMPTS_MAX => {
                Move::Refused { why: format!("dopo {n} tentativi: {why}") }
            }
            Outcome::Later { why, .. } => {
                let office = self.office.borrow().clone();
                // Not later than what leaves a person a working day: then a task says so (`timers`).
                let call = self.last_call(&item, &office)?.filter(|call| *call > now);
                let next = next_attempt(now, n, id);
                Move::Requeued { due: call.map_or(next, |call| next.min(call)), why }
            }
            Outcome::LaneStopped { why } => {
                let until = now.checked_add(LANE_PAUSE).unwrap_or(now);
                events::lane_stopped(lanes::word(item.outgoing.lane));
                closed = Some(until);
                Move::Postponed { due: until, why }
            }
        };
        Ok(Ended { item, step, closed })
    }

    fn courier(&self, lane: Lane) -> &dyn Courier {
        match (lane, &self.roads.offices) {
            (Lane::Internal, Some(offices)) => offices.as_ref(),
            _ => self.roads.pec.as_ref(),
        }
    }

    /// One dialogue with a server. What was staged before it becomes durable at the gate, or when the server keeps us waiting.
    async fn attempt(&self, item: &ItemRow, bytes: &[u8], courier: &dyn Courier) -> Result<Outcome, Trouble> {
        let gate: Gate<'_> = Box::new(|| {
            let moved = self.step(item, Move::InDot).map_err(|e| e.to_string());
            Box::pin(std::future::ready(moved))
        });
        let mut dialogue = courier.attempt(&item.outgoing.from, &item.outgoing.to, bytes, gate);
        if let Ok(outcome) = timeout(DURABLE_WITHIN, &mut dialogue).await {
            return Ok(outcome);
        }
        self.with_store(Store::seal_moves)?;
        Ok(dialogue.await)
    }

    /// Writes down what became of one item and claims the one that follows, with one fsync for both: the claim is durable
    /// before a socket opens for it, and what is lost with a crash is an answer that the next start doubts. Where the connection
    /// of the one takes the other, that fsync is the one before the other's dot: until then nothing is lost but the count of
    /// an attempt in which nothing was sent. `None`: nothing is claimed; a person may have stopped it since the round began.
    fn settle_and_claim(&self, ended: Option<Ended>, follows: Option<ItemRow>) -> Result<Option<ItemRow>, Trouble> {
        let io = |e| Trouble::Io("outbox".into(), e);
        let now = self.clock.now();
        let mut moves = Vec::new();
        if let Some(Ended { item, step, .. }) = &ended {
            failpoint::at("outbox.record").map_err(io)?;
            moves.push((item.outgoing.id.clone(), step.clone()));
        }
        let (claimed, settled) = self.with_store(|store| {
            let row = follows.map(|item| store.item(&item.outgoing.id)).transpose()?.flatten();
            let mut due = row.filter(|row| row.due().is_some_and(|due| due <= now));
            if let Some(row) = due.take_if(|row| !row.facts.is_empty()) {
                // The provider had it after all, whatever it said: a second one would be a second legal message (P4).
                let why = "una ricevuta dice che il gestore l'ha già avuta: non si rispedisce".to_owned();
                moves.push((row.outgoing.id, Move::Withdrawn { why, by: String::new() }));
            }
            if let Some(row) = &due {
                failpoint::at("outbox.claim").map_err(io)?;
                moves.push((row.outgoing.id.clone(), Move::Claimed { n: row.attempts + 1 }));
            }
            store.stage_moves(moves, now)?;
            if !due.as_ref().is_some_and(|row| self.courier(row.outgoing.lane).is_open()) {
                store.seal_moves()?;
            }
            let row = |id: &str| store.item(id);
            let claimed = due.map(|due| row(&due.outgoing.id)).transpose()?.flatten();
            let settled = ended.as_ref().map(|ended| row(&ended.item.outgoing.id)).transpose()?.flatten();
            Ok((claimed, settled))
        })?;
        if let Some(row) = settled {
            told(&row);
        }
        if let Some(Ended { item, step: Move::Refused { why }, .. }) = ended {
            self.to_paper(&item, why)?;
        }
        Ok(claimed)
    }

    fn step(&self, item: &ItemRow, step: Move) -> Result<(), Trouble> {
        let now = self.clock.now();
        let id = item.outgoing.id.as_str();
        let row = self.with_store(|store| {
            store.move_item(id, step, now)?;
            store.item(id)
        })?;
        if let Some(row) = row {
            told(&row);
        }
        Ok(())
    }

    /// A letter that our own provider refuses goes by paper, like one that could not be delivered.
    fn to_paper(&self, item: &ItemRow, why: String) -> Result<(), Trouble> {
        let now = self.clock.now();
        let office = self.office.borrow().clone();
        let known = self.with_store(|store| known_about(store, item, now))?;
        let fact = Fact::NotAccepted { at: now, why };
        let Some(task) = letters::paper_task(&fact, &Store::awaited(item.clone()), &known, &office.desk) else {
            return Ok(());
        };
        // Earlier versions gave all letters of one cause the same task.
        let before = office.desk.key.effect_id(&item.cause, &task.template, &task.to, 0);
        let is_made = self.with_store(|store| {
            let earlier = store.item(&before)?.is_some_and(|row| row.outgoing.encloses(&item.outgoing.message_id));
            Ok(earlier || store.item(&task.id)?.is_some())
        })?;
        if is_made {
            return Ok(()); // and not frozen again: each start comes by here
        }
        let Some(task) = frozen_task(&self.archive, &office, &item.cause, task, now)? else { return Ok(()) };
        self.with_store(|store| store.add_task(&item.cause, task.outgoing, &task.frozen, now))
    }

    fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, Trouble>) -> Result<T, Trouble> {
        // A panic while the store was locked left the index behind the journal at most; a restart catches up.
        work(&mut self.store.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An attempt that has ended, and what is to be written down of it.
struct Ended {
    item: ItemRow,
    step: Move,
    /// Until when its road is closed, if the attempt showed that it must be.
    closed: Option<Timestamp>,
}

/// Tells the operator where an item stands after a move.
fn told(row: &ItemRow) {
    let id = &row.outgoing.id;
    match row.shown() {
        // Whatever becomes of a courtesy notice, nobody has to act.
        state if row.outgoing.lane == Lane::Courtesy => events::item_moved(&row.cause, id, state, row.attempts),
        Shown::Unknown => events::item_unknown(&row.cause, id),
        Shown::Refused => events::item_refused(&row.cause, id),
        state => events::item_moved(&row.cause, id, state, row.attempts),
    }
}

/// Sleeps so long. `true`: something woke it before.
async fn woken(pause: Duration, wake: &Notify, stop: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        biased;
        () = wake.notified() => true,
        _ = stop.changed() => true,
        () = tokio::time::sleep(pause) => false,
    }
}

/// Freezes a task to its final bytes. `None`: it cannot be written as mail, and the log says so.
fn frozen_task(
    archive: &Archive,
    office: &Office,
    cause: &str,
    task: Outgoing,
    now: Timestamp,
) -> Result<Option<Task>, Trouble> {
    match post::freeze(&task, &office.desk, &office.sigillo, archive, now, &[])
        .map_err(|e| Trouble::Io("archive".into(), e))?
    {
        Ok(bytes) => {
            let kept = archive.keep(Shelf::Out, &bytes).map_err(|e| Trouble::Io("archive".into(), e))?;
            Ok(Some(Task { outgoing: task, frozen: kept.digest().to_owned() }))
        }
        Err(why) => {
            events::letter_not_composed(cause, &task.template, &why);
            Ok(None)
        }
    }
}

/// The mark by which others see that a road is closed.
fn closed_mark(lane: Lane) -> &'static str {
    if lane == Lane::Pec { "road_pec_closed" } else { "road_internal_closed" }
}
