//! The canaries in the index: which is on its way, which came home. It changes with what is known of them.
//!
//! A canary is an item like any other, with a mark on its row; beside it, a row for each mailbox says how the last ones fared.

use super::index::{Batch, Index};
use super::project::{self, Fault};
use super::rows::{ItemRow, key};
use super::{Store, Trouble};
use crate::journal::record::{Event, Record};
use crate::outbox::schedule::{Shown, State};
use casework::Outgoing;
use casework::canary::Canary;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::io;

/// Canaries of one mailbox of which the return is still hoped for: a week of them says all there is to say.
const WAITING_MAX: usize = 7;

/// What makes an item a canary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Of which day.
    pub day: Date,
    /// When its envelope was decided to be genuine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Timestamp>,
}

/// How the canaries of one mailbox fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryRow {
    /// Its name when the last one was written.
    pub mailbox: String,
    /// Its address.
    pub address: String,
    /// The last one.
    pub last: Sent,
    /// The last day of which one came home.
    pub returned: Option<Returned>,
    /// Those of later days, the oldest first.
    pub waiting: Vec<Sent>,
}

/// A canary that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// Its item.
    pub item: String,
    /// Of which day.
    pub day: Date,
    /// When it was written.
    pub at: Timestamp,
}

/// A canary that came home: its envelope genuine, its delivery certified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// Of which day.
    pub day: Date,
    /// When our provider's server got it; of one that the restored register no longer saw leaving, when it was written.
    pub sent_at: Timestamp,
    /// When the last proof of it was decided.
    pub at: Timestamp,
}

impl Store {
    /// Writes down the canary of a day to one of our mailboxes. `false`: there already, one a day.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn add_canary(
        &mut self,
        mailbox: &str,
        day: Date,
        outgoing: Outgoing,
        frozen: &str,
        now: Timestamp,
    ) -> Result<bool, Trouble> {
        if self.item(&outgoing.id)?.is_some() {
            return Ok(false);
        }
        let (mailbox, frozen) = (mailbox.to_owned(), frozen.to_owned());
        self.write(now, Event::Canary { mailbox, day, outgoing, frozen })?;
        Ok(true)
    }

    /// How the canaries of each mailbox fared that ever had one.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn canaries(&self) -> Result<Vec<CanaryRow>, Trouble> {
        Ok(all(&self.index)?)
    }

    /// How those of one mailbox fared.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn canary_of(&self, address: &str) -> Result<Option<CanaryRow>, Trouble> {
        Ok(self.index.get(&key::canary(address))?)
    }

    /// The canary that bears one of these ids.
    pub(super) fn canary(&self, ids: &[String]) -> Result<Option<Canary>, Trouble> {
        for id in ids {
            let Some(item) = self.index.get::<String>(&key::ours(id))? else { continue };
            let Some(row) = self.item(&item)? else { continue };
            if let Some(mark) = &row.canary {
                let day = mark.day;
                let sending = Self::awaited(row.clone()).sending();
                let Outgoing { from, to, text, .. } = row.outgoing;
                return Ok(Some(Canary { item, day, from, to, text, sending }));
            }
        }
        Ok(None)
    }
}

/// Of all mailboxes.
pub(super) fn all(index: &Index) -> io::Result<Vec<CanaryRow>> {
    index.scan(key::CANARIES, key::CANARIES).map(|row| row.map(|(_, row)| row)).collect()
}

/// A canary is written: an item that is due at once and counts against no brake on answers.
pub(super) fn written(
    index: &Index,
    batch: &mut Batch,
    record: &Record,
    mailbox: &str,
    day: Date,
    (outgoing, frozen): (&Outgoing, &str),
) -> Result<(), Fault> {
    let at = record.at;
    let mut item = project::row(outgoing, frozen, "", at, State::Held { until: at });
    item.canary = Some(Mark { day, seen: None });
    batch.put(&key::due(outgoing.lane, at, &outgoing.id), &outgoing.id);
    batch.put(&key::ours(&outgoing.message_id), &outgoing.id);
    project::put(batch, &item);

    let place = key::canary(&outgoing.to);
    let before = index.get::<CanaryRow>(&place)?;
    let sent = Sent { item: outgoing.id.clone(), day, at };
    let (returned, mut waiting) = before.map(|row| (row.returned, row.waiting)).unwrap_or_default();
    waiting.push(sent.clone());
    if waiting.len() > WAITING_MAX {
        waiting.remove(0);
    }
    let (mailbox, address) = (mailbox.to_owned(), outgoing.to.clone());
    batch.put(&place, &CanaryRow { mailbox, address, last: sent, returned, waiting });
    Ok(())
}

/// The envelope of a canary came home.
pub(super) fn came_back(index: &Index, batch: &mut Batch, item: &str, at: Timestamp) -> Result<(), Fault> {
    let Some(mut row) = index.get::<ItemRow>(&key::item(item))? else { return Ok(()) };
    let Some(mark) = &mut row.canary else { return Ok(()) };
    mark.seen.get_or_insert(at);
    project::put(batch, &row);
    settle(index, batch, &row, at)?;
    Ok(())
}

/// The way is proven when both are here, whichever comes first: the envelope, that what is sent to us arrives and is believed;
/// the delivery, that receipts of what we send do.
pub(super) fn settle(index: &Index, batch: &mut Batch, item: &ItemRow, at: Timestamp) -> io::Result<()> {
    let Some(Mark { day, seen: Some(_) }) = item.canary else { return Ok(()) };
    let place = key::canary(&item.outgoing.to);
    let Some(mut row) = index.get::<CanaryRow>(&place)? else { return Ok(()) };
    if item.shown() != Shown::Delivered || row.returned.as_ref().is_some_and(|last| last.day >= day) {
        return Ok(());
    }
    row.returned = Some(Returned { day, sent_at: item.dot_at.unwrap_or(item.created_at), at });
    // What carries a later one carries an earlier one: of that there is nothing more to learn.
    row.waiting.retain(|sent| sent.day > day);
    batch.put(&place, &row);
    Ok(())
}
