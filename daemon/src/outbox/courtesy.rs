//! The road of courtesy notices (functions S2.19). It changes when they leave otherwise.
//!
//! A loop of its own, beside that of letters and tasks: no letter waits for it, whatever its server does. A few tries, a day at most,
//! then a notice is given up: no task, no alarm, no line among what a person must look at. What it tells of went by PEC.

use super::lanes::Road;
use super::schedule::{Move, next_attempt};
use super::{LANE_PAUSE, LINGER, Outbox, ROUND_MAX, SLEEP_MAX, woken};
use crate::archive::Shelf;
use crate::failpoint;
use crate::store::Trouble;
use crate::store::rows::ItemRow;
use crate::submit::Outcome;
use casework::decision::Lane;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// Attempts at one notice.
const ATTEMPTS_MAX: u32 = 5;
/// A notice that is older tells nobody anything.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Failures are spaced as from this attempt of a letter on: 8 minutes, then 16, 32, an hour.
const PAUSE_FROM: u32 = 3;

impl Outbox {
    /// Works until `stop`. What is in hand then is left: at worst it is in doubt, and never sent again.
    ///
    /// # Errors
    /// The store cannot go on.
    pub(super) async fn courtesies(&self, nudge: &Notify, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        if self.observe {
            return Ok(());
        }
        let (rates, _) = self.courtesy;
        let mut road = self.with_store(|store| Road::load(store, Lane::Courtesy, rates, self.clock.now()))?;
        while !*stop.borrow() {
            let mut stopped = stop.clone();
            let next = tokio::select! {
                biased;
                next = self.courtesy_round(&mut road) => next?,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            let until = next.map_or(SLEEP_MAX, |at| {
                let left = at.duration_since(self.clock.now());
                Duration::try_from(left).unwrap_or(Duration::from_millis(1)).min(SLEEP_MAX)
            });
            if let (Some(courier), true) = (&self.roads.courtesy, until > LINGER) {
                courier.rest().await;
            }
            woken(until, nudge, &mut stop).await;
        }
        Ok(())
    }

    /// What is due, one after the other. Returns when the next one is.
    async fn courtesy_round(&self, road: &mut Road) -> Result<Option<Timestamp>, Trouble> {
        let now = self.clock.now();
        let (items, mut next) = self.with_store(|store| store.due(Lane::Courtesy, now, ROUND_MAX))?;
        let later = |next: Option<Timestamp>, at| [next, Some(at)].into_iter().flatten().min();
        for item in items {
            let now = self.clock.now();
            let is_old = now.duration_since(item.created_at) >= AGE_MAX;
            let Some(courier) = self.roads.courtesy.as_ref().filter(|_| !is_old) else {
                let why = "un avviso di cortesia non parte dopo un giorno, né senza la sua strada".to_owned();
                self.if_due(&item, now, |_| Move::Withdrawn { why, by: String::new() })?;
                continue;
            };
            let leaves = item.created_at.checked_add(self.courtesy.1).unwrap_or(now);
            let free = road.closed_until(now).max(road.free(now)).unwrap_or(leaves).max(leaves);
            if free > now {
                // What is due behind a round that is full may not leave yet either: that is looked at when the first of these may.
                next = later(next.filter(|at| *at > now), free);
                continue;
            }
            failpoint::at("outbox.claim").map_err(|e| Trouble::Io("outbox".into(), e))?;
            let claimed = self.if_due(&item, now, |row| Move::Claimed { n: row.attempts + 1 })?;
            let Some(row) = claimed else { continue };
            road.sent(now);
            let step = self.courtesy_attempt(&row, courier.as_ref()).await?;
            if let Move::Postponed { due, .. } | Move::Requeued { due, .. } = &step {
                next = later(next, *due);
            }
            if let Move::Postponed { due, .. } = &step {
                road.closed_until = Some(*due);
            }
            self.step(&row, step)?;
        }
        Ok(next)
    }

    /// Moves an item, unless a person has moved it since the round began. As it stands then.
    fn if_due(
        &self,
        item: &ItemRow,
        now: Timestamp,
        step: impl FnOnce(&ItemRow) -> Move,
    ) -> Result<Option<ItemRow>, Trouble> {
        self.with_store(|store| {
            let row = store.item(&item.outgoing.id)?.filter(|row| row.due().is_some_and(|due| due <= now));
            let Some(row) = row else { return Ok(None) };
            store.move_item(&row.outgoing.id, step(&row), now)?;
            store.item(&row.outgoing.id)
        })
    }

    /// One attempt, and what is to be written down of it.
    async fn courtesy_attempt(&self, row: &ItemRow, courier: &dyn super::Courier) -> Result<Move, Trouble> {
        let n = row.attempts;
        let bytes = match self.archive.read(Shelf::Out, &row.frozen) {
            Ok(bytes) => bytes,
            Err(e) => return Ok(Move::Refused { why: format!("la copia da inviare non si legge: {e}") }),
        };
        let outcome = self.attempt(row, &bytes, courier).await?;
        let now = self.clock.now();
        Ok(match outcome {
            Outcome::Taken { reply } => Move::Submitted { reply },
            Outcome::Unknown { why } => Move::Unknown { why },
            Outcome::Never { why, .. } => Move::Refused { why },
            Outcome::Later { why, .. } if n >= ATTEMPTS_MAX => {
                Move::Refused { why: format!("dopo {n} tentativi: {why}") }
            }
            Outcome::Later { why, .. } => {
                Move::Requeued { due: next_attempt(now, n + PAUSE_FROM, &row.outgoing.id), why }
            }
            Outcome::LaneStopped { why } => Move::Postponed { due: now.checked_add(LANE_PAUSE).unwrap_or(now), why },
        })
    }
}
