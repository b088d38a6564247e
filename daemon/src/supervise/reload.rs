//! Other rules, templates and trust put in force while the service runs: whole, or not at all. It changes when there is another
//! way for them to come into force, or somebody else must be told.

use crate::alarm::{Alarms, Code};
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::record::{Entry, Ruleset};
use crate::monitor::Monitor;
use crate::office::{self, Office};
use crate::outbox::orders::Answer;
use crate::rulebook::orders::{self, Correct, Enter, told};
use crate::rulebook::shelf;
use crate::store::{Store, Trouble};
use crate::{events, failpoint, trouble_to_problem};
use casework::rules::Problem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What the alarm is about.
const ABOUT: &str = "regole e modelli";

/// What a reload needs.
pub struct Reloader {
    /// Where everything is read from.
    pub config: Config,
    /// What is in force.
    pub office: watch::Sender<Arc<Office>>,
    /// Shared with everybody.
    pub store: Arc<Mutex<Store>>,
    /// Says since when.
    pub monitor: Arc<Monitor>,
    /// Tells of a refusal.
    pub alarms: Arc<Alarms>,
    /// The time.
    pub clock: Clock,
}

impl Reloader {
    /// Keeps the files of the rules with which the service starts, so that one can come back to them; and if they were changed
    /// while it stood still, writes down that they are in force now.
    ///
    /// # Errors
    /// The store cannot go on.
    pub fn begin(&self) -> Result<(), Trouble> {
        self.keep();
        let pointer = shelf::current(&self.config.data).ok().flatten();
        let (by, note) = pointer.map(|pointer| (pointer.by, pointer.note)).unwrap_or_default();
        // Who never deploys has no history to be kept whole: decisions name their rules.
        let has_history = self.store().ruleset_last()?.is_some();
        if has_history { self.note(by, note) } else { Ok(()) }
    }

    /// Reads everything again (SIGHUP), the seal too; with any mistake what is in force stays.
    ///
    /// # Errors
    /// The store cannot go on.
    pub fn reload(&self) -> Result<(), Trouble> {
        let key = self.office.borrow().desk.key.clone();
        match Office::read(&self.config, key) {
            Ok(office) => {
                let now = self.clock.now();
                let before = self.office.borrow().sigillo.fault(now);
                if let (None, Some(text)) = (before, office.sigillo.fault(now)) {
                    // The one in force still seals: half of a new one must not put an end to it.
                    self.refused(&[Problem { file: "sigillo".into(), line: None, text, warning: false }]);
                    return Ok(());
                }
                if let Err(why) = failpoint::at("reload.swap") {
                    events::reload_refused(1, &trouble_to_problem(&self.config.data, &why));
                    return Ok(());
                }
                self.swap(office);
                self.keep();
                self.look_at_the_draft();
                self.note("SIGHUP".into(), String::new())
            }
            Err(problems) => {
                self.refused(&problems);
                Ok(())
            }
        }
    }

    /// Puts a set of the shelf in force, for a person.
    ///
    /// # Errors
    /// The store cannot go on.
    pub fn enter(&self, order: &Enter) -> Result<Answer, Trouble> {
        let key = self.office.borrow().desk.key.clone();
        let entered = orders::enter(&mut self.store(), order, &self.config, key, self.clock.now())?;
        Ok(match entered {
            Ok(mut office) => {
                // These are rules; the seal is read again by SIGHUP.
                office.sigillo = self.office.borrow().sigillo.clone();
                self.swap(*office);
                Answer::Done(format!("in vigore da subito: {}", crate::digest::flow(&order.hash)))
            }
            Err(why) => Answer::No(format!("{why}\nrestano in vigore le regole di prima")),
        })
    }

    /// Writes down a correction, for a person.
    ///
    /// # Errors
    /// The store cannot go on.
    pub fn correct(&self, order: &Correct) -> Result<Answer, Trouble> {
        let office = self.office.borrow().clone();
        let own = &office.desk.entity.own_addresses;
        orders::correct(&mut self.store(), order, &office.desk.rules, own, self.clock.now())
    }

    fn swap(&self, office: Office) {
        // A message in flight keeps the office with which it was begun.
        self.office.send_replace(Arc::new(office));
        self.monitor.reloaded();
        self.alarms.clear(Code::ReloadRefused, ABOUT);
        // Logged last, as below: whoever reads it finds it so wherever they look.
        let office = self.office.borrow();
        events::reloaded(office.desk.rules.digest(), office.desk.templates.digest());
    }

    fn refused(&self, problems: &[Problem]) {
        self.monitor.reload_refused(problems.len());
        let text = format!("restano in vigore quelli di prima. {}", told(problems));
        self.alarms.raise(Code::ReloadRefused, ABOUT, &text, self.clock.now());
        if let Some(first) = problems.first() {
            events::reload_refused(problems.len(), first);
        }
    }

    /// Without it the service goes on: only the way back is missing.
    fn keep(&self) {
        let office = self.office.borrow().clone();
        let files = office::rule_files(&self.config);
        if let Ok(files) = files
            && let Err(e) = shelf::keep(&self.config.data, office.desk.rules.digest(), &files)
        {
            events::ruleset_not_kept(&e);
        }
    }

    /// After the first deploy the folder is a draft: who edits it and reloads must hear that nothing changed.
    fn look_at_the_draft(&self) {
        let in_force = self.office.borrow().desk.rules.digest().to_owned();
        if shelf::is_behind(&self.config, &in_force) {
            events::draft_not_in_force();
        }
    }

    /// Writes down that the set in force is another than the last one that was.
    fn note(&self, by: String, note: String) -> Result<(), Trouble> {
        let hash = self.office.borrow().desk.rules.digest().to_owned();
        let mut store = self.store();
        let last = store.ruleset_last()?;
        if last.is_some_and(|(_, last)| last.hash == hash) {
            return Ok(());
        }
        store.ruleset(Ruleset { hash, how: Entry::Read, by, note }, self.clock.now())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
