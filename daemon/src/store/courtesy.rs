//! What is known of courtesy notices: how many went to an address lately, and whose one is that came back. It changes when a decision
//! about them must know something else.

use super::index::{Batch, Index};
use super::project::day_before;
use super::rows::{ItemRow, key};
use super::snapshot::PEOPLE_MAX;
use super::{Store, Trouble};
use casework::courtesy::{Lately, Report, Returned};
use casework::decision::Lane;
use casework::{Disposition, Known, Outgoing};
use jiff::Timestamp;
use std::io;

/// Older rows of one address that are forgotten with each new one: more than come, so that none stays.
const FORGOTTEN_MAX: usize = 8;

/// A new notice counts for a day; older ones of its address are forgotten here.
pub(super) fn queued(index: &Index, batch: &mut Batch, outgoing: &Outgoing, at: Timestamp) -> io::Result<()> {
    if outgoing.lane != Lane::Courtesy {
        return Ok(());
    }
    let (prefix, old) = (key::courtesy_prefix(&outgoing.to), key::courtesy(&outgoing.to, day_before(at), ""));
    for row in index.scan::<String>(&prefix, &prefix).take(FORGOTTEN_MAX) {
        let (name, _) = row?;
        if name >= old {
            break;
        }
        batch.remove(&name);
    }
    batch.put(&key::courtesy(&outgoing.to, at, &outgoing.id), &outgoing.id);
    Ok(())
}

impl Store {
    /// Who has the address of a letter, and what was sent lately to those who want courtesy notices of it.
    pub(super) fn add_courtesies(&self, known: &mut Known, letter: &ItemRow) -> Result<(), Trouble> {
        if letter.outgoing.lane != Lane::Pec || letter.canary.is_some() {
            return Ok(());
        }
        let people = self.people_at(&letter.outgoing.to, PEOPLE_MAX)?;
        if people.iter().all(|person| person.courtesy.is_none()) {
            return Ok(());
        }
        known.people = people;
        for courtesy in known.people.iter().filter_map(|person| person.courtesy.as_ref()) {
            let mut lately = Lately::default();
            let from = key::courtesy(&courtesy.address, day_before(known.now), "");
            for row in self.index.scan::<String>(&key::courtesy_prefix(&courtesy.address), &from) {
                lately.made += 1;
                let waiting = self.item(&row?.1)?.filter(|item| item.due().is_some());
                lately.waiting.extend(waiting.map(|item| item.outgoing.template));
            }
            known.courtesies.insert(courtesy.address.clone(), lately);
        }
        Ok(())
    }

    /// The courtesy notice of ours that a delivery report returns. Whose it is, the letter knows that it tells of.
    pub(super) fn returned(&self, report: &Report) -> Result<Option<Returned>, Trouble> {
        for id in &report.ids {
            let Some(notice) = self.ours(id)?.filter(|row| row.outgoing.lane == Lane::Courtesy) else { continue };
            let letter = match self.message(&notice.cause)?.map(|receipt| receipt.disposition) {
                Some(Disposition::Receipt { item }) => self.item(&item)?,
                _ => None,
            };
            let address = notice.outgoing.to;
            let holders = letter.map(|letter| self.people_at(&letter.outgoing.to, PEOPLE_MAX)).transpose()?;
            let wants = |person: &casework::person::Person| {
                person.courtesy.as_ref().is_some_and(|own| casework::address::same(&own.address, &address))
            };
            let person = holders.into_iter().flatten().find(wants).map(|person| person.id);
            return Ok(Some(Returned { address, person, failed: report.failed }));
        }
        Ok(None)
    }
}
