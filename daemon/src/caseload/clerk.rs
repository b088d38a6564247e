//! The clerk of a running service: carries out what is ordered at the counter, and every half minute looks at the days that have
//! come and at the drop folder. It changes when somebody else may give work.

use super::ask::{Ask, Told};
use super::looked::{self, Reader, tell};
use super::protocol::Registering;
use super::{Caseload, Deed};
use crate::archive::Archive;
use crate::clock::Clock;
use crate::journal::record::{Channel, Looked};
use crate::office::Office;
use crate::outbox::orders::Answer;
use crate::store::{Store, Trouble};
use casework::summary;
use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often it looks.
const LOOK: Duration = Duration::from_secs(30);

/// The clerk.
#[derive(Clone)]
pub struct Clerk {
    /// Shared with everybody.
    pub store: Arc<Mutex<Store>>,
    /// Keeps the bytes of letters.
    pub archive: Arc<Archive>,
    /// What is in force.
    pub office: watch::Receiver<Arc<Office>>,
    /// How long letters to citizens wait.
    pub hold: SignedDuration,
    /// Nothing leaves.
    pub observe: bool,
    /// The time.
    pub clock: Clock,
    /// The outbox looks at once.
    pub wake: Arc<Notify>,
    /// The drop folder.
    pub deposit: Option<PathBuf>,
    /// How documents get their protocol numbers.
    pub registering: Option<Registering>,
    /// The hour of the offices' morning mail; none: there is none.
    pub morning: Option<Time>,
}

impl Clerk {
    /// Carries out an order; `key` names one that must not be carried out twice, and is empty for others.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn serve(&self, deed: &Deed, channel: Channel, key: &str) -> Result<Answer, Trouble> {
        let answer = self.at_work(|caseload| caseload.carry_out_once(deed, channel, key))?;
        if matches!(answer, Answer::Done(_)) {
            self.wake.notify_one();
        }
        Ok(answer)
    }

    /// Answers a question, and writes down who put it.
    ///
    /// # Errors
    /// The store cannot be read, or the reading cannot be written down: then nothing is answered.
    pub fn tell(&self, ask: &Ask, reader: &Reader) -> Result<Told, Trouble> {
        self.at_work(|caseload| tell(caseload.store, &caseload.office.desk, ask, reader, caseload.now))
    }

    /// Writes down that somebody reads what is in the archive or the register, and is about to see it.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn look(&self, looked: Looked) -> Result<(), Trouble> {
        self.at_work(|caseload| looked::write(caseload.store, looked, caseload.now))
    }

    /// Looks, until `stop`.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub async fn run(self, mut stop: watch::Receiver<bool>) -> Result<(), Trouble> {
        let mut told = None;
        while !*stop.borrow() {
            self.round()?;
            if self.mornings(&mut told)? > 0 {
                self.wake.notify_one();
            }
            tokio::select! {
                _ = stop.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    /// One look. What it writes, the outbox is told of.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn round(&self) -> Result<usize, Trouble> {
        let looked = self.at_work(|caseload| caseload.look())?;
        let worked = match &self.deposit {
            Some(folder) => self.at_work(|caseload| caseload.drop_folder(folder, |_| true))?,
            None => 0,
        };
        if let Some(registering) = &self.registering {
            self.register(registering)?;
        }
        if looked + worked > 0 {
            self.wake.notify_one();
        }
        Ok(looked + worked)
    }

    /// The morning mail of every office, where its hour has come; how many went. `told`: the last day that was looked at, so that a
    /// day is not gathered again every half minute. That none goes twice stands in the register.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn mornings(&self, told: &mut Option<Date>) -> Result<usize, Trouble> {
        let Some(hour) = self.morning else { return Ok(0) };
        let desk = self.office.borrow().clone();
        let due = summary::day_due(self.clock.now(), hour, &desk.desk);
        let Some(day) = due.filter(|day| *told != Some(*day)) else { return Ok(0) };
        let mut went = 0;
        // One office after the other: what is urgent does not wait for all of them.
        for office in desk.desk.rules.offices() {
            went += usize::from(self.at_work(|caseload| caseload.morning(&office.id, day, hour))?);
        }
        *told = Some(day);
        Ok(went)
    }

    /// Works with the caseload, the register held meanwhile.
    pub(crate) fn at_work<T>(&self, work: impl FnOnce(&mut Caseload<'_>) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let office = self.office.borrow().clone();
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut Caseload {
            store: &mut store,
            archive: &self.archive,
            office: &office,
            hold: self.hold,
            observe: self.observe,
            now: self.clock.now(),
        })
    }
}
