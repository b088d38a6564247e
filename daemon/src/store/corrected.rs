//! What people say of decisions and of rules: corrections, and sets of rules that come into force. It changes when they say
//! something else. Nothing that was decided changes by it.

use super::rows::{MessageRow, key};
use super::{Store, Trouble};
use crate::journal::record::{Event, Ruleset};
use casework::correction::Correction;
use jiff::Timestamp;

impl Store {
    /// The messages whose digest begins like this; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn messages_like(&self, prefix: &str, max: usize) -> Result<Vec<MessageRow>, Trouble> {
        let from = key::message(prefix);
        let found = self.index.scan::<MessageRow>(&from, &from).map(|row| row.map(|(_, message)| message));
        Ok(found.take(max).collect::<std::io::Result<_>>()?)
    }

    /// Writes down what a decided message really was.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn correct(&mut self, digest: &str, correction: Correction, now: Timestamp) -> Result<(), Trouble> {
        self.write(now, Event::Corrected { digest: digest.to_owned(), correction })
    }

    /// Writes down that a set of rules came into force.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ruleset(&mut self, set: Ruleset, now: Timestamp) -> Result<(), Trouble> {
        self.write(now, Event::Ruleset(set))
    }

    /// The set of rules that came into force last, and when, as far as anybody wrote it down.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ruleset_last(&self) -> Result<Option<(Timestamp, Ruleset)>, Trouble> {
        Ok(self.index.get(key::RULESET)?)
    }
}
