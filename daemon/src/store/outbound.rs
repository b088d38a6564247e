//! What the outbox asks of the store beside items and moves: who waits, how much was sent, what is closed. It changes when the
//! outbox must know something else.

use super::rows::{ItemRow, key};
use super::{Store, Trouble};
use crate::journal::record::{Event, Task};
use crate::outbox::notice::Notice;
use casework::decision::Lane;
use jiff::Timestamp;

impl Store {
    /// Letters that wait for an acceptance, a delivery or any evidence at all, and of which time can still make something; the
    /// longest waiting of each kind first.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn waiting(&self) -> Result<Vec<ItemRow>, Trouble> {
        let mut found = Vec::new();
        for whom in [key::WAITING, key::UNDELIVERED, key::DOUBTFUL] {
            for row in self.index.scan::<String>(whom, whom) {
                found.extend(self.item(&row?.1)?);
            }
        }
        Ok(found)
    }

    /// Of the letters that were accepted, the one whose dot was written last: when, and its Message-ID.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn accepted_last(&self) -> Result<Option<(Timestamp, String)>, Trouble> {
        Ok(self.index.get(key::ACCEPTED_LAST)?)
    }

    /// When the attempts at one road began since an instant, in order.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn attempts_since(&self, lane: Lane, since: Timestamp) -> Result<Vec<Timestamp>, Trouble> {
        let rows = self.index.scan::<Timestamp>(&key::sent_prefix(lane), &key::sent(lane, since, ""));
        Ok(rows.map(|row| row.map(|(_, at)| at)).collect::<Result<_, _>>()?)
    }

    /// Until when a road was closed last, because its credentials were refused.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn closed_until(&self, lane: Lane) -> Result<Option<Timestamp>, Trouble> {
        Ok(self.index.get(&key::closed(lane))?)
    }

    /// Writes down, once an item, what time made noticed of it, with the task that it makes. `false`: it was noticed before.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn notice(
        &mut self,
        item: &str,
        notice: Notice,
        text: String,
        task: Option<Task>,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        if self.item(item)?.is_none_or(|row| row.notices.contains_key(&notice)) {
            return Ok(false);
        }
        let is_new = |task: &Task| self.item(&task.outgoing.id).map(|found| found.is_none());
        let task = match task {
            Some(task) if is_new(&task)? => Some(task),
            _ => None, // the same effect of the same cause: there already
        };
        self.write(now, Event::Noticed { item: item.to_owned(), notice, text, task })?;
        Ok(true)
    }
}
