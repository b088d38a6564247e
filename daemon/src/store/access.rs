//! Who looked at what is held of persons: the rows, and what is read of them. It changes when a reading can be found by something
//! else (function S4.06).

use super::index::{Batch, Index};
use super::project::Fault;
use super::rows::key;
use super::{Store, Trouble};
use crate::journal::record::{Event, Looked, Record};
use casework::access::{Access, Accesses, COUNTED_MAX, Looks, Mailed};
use casework::calendar::rome;
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::{Interest, Known, address};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// Letters and tasks of one dossier read to count the mails to offices.
const MAILS_MAX: usize = 200;
/// Of all dossiers of one answer, the newest first: the store stands still meanwhile.
const MAILS_ALL_MAX: usize = 2_000;

/// One reading, by person and by dossier.
pub(super) fn project(index: &Index, batch: &mut Batch, record: &Record, looked: &Looked) -> Result<(), Fault> {
    let access = |dossier: &str, is_reserved| Access {
        at: record.at,
        seq: record.seq,
        by: looked.by.clone(),
        office: looked.office.clone(),
        what: looked.what,
        dossier: dossier.to_owned(),
        reserved: is_reserved,
    };
    // The one that was looked at; of a list none is.
    let one = match looked.dossiers.as_slice() {
        [one] => one.as_str(),
        _ => "",
    };
    let reserved = index.get::<Dossier>(&key::dossier(one))?.is_some_and(|dossier| dossier.cover.reserved);
    for id in &looked.people {
        batch.put(&key::seen(&key::seen_person(id), record.seq), &access(one, reserved));
    }
    for number in &looked.dossiers {
        batch.put(&key::seen(&key::seen_dossier(number), record.seq), &access(one, reserved));
    }
    Ok(())
}

impl Store {
    /// Writes down that somebody reads, durably. What is read may be shown only then.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn look(&mut self, looked: Looked, now: Timestamp) -> Result<(), Trouble> {
        self.write(now, Event::Looked(looked))
    }

    /// Who looked at what is held of a person, and at these dossiers: the newest first, at most `max`; and whether there are others.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn accesses(&self, id: &str, dossiers: &[String], max: usize) -> Result<(Vec<Access>, bool), Trouble> {
        let mut found: BTreeMap<u64, Access> = BTreeMap::new();
        let of = dossiers.iter().map(|number| key::seen_dossier(number)).chain([key::seen_person(id)]);
        for prefix in of {
            for row in self.index.scan_back::<Access>(&prefix, &prefix).take(max + 1) {
                let access = row?.1;
                found.insert(access.seq, access);
            }
        }
        let is_more = found.len() > max;
        Ok((found.into_values().rev().take(max).collect(), is_more))
    }

    /// What a message may ask of readings: those of the persons that are known, and of the dossiers of their addresses.
    pub(super) fn add_looks(&self, known: &mut Known, interest: &Interest) -> Result<(), Trouble> {
        if interest.looks_max == 0 {
            return Ok(());
        }
        let mut looks = Looks::default();
        for person in &known.people {
            looks.of_person.insert(person.id.clone(), self.seen(&key::seen_person(&person.id), interest.looks_max)?);
        }
        let numbers: BTreeSet<&str> =
            known.own.values().flat_map(|own| &own.dossiers).map(|dossier| dossier.number.as_str()).collect();
        let mut left = MAILS_ALL_MAX;
        for number in numbers.into_iter().rev() {
            looks.of_dossier.insert(number.to_owned(), self.seen(&key::seen_dossier(number), interest.looks_max)?);
            let items = self.letters_of(number, left.min(MAILS_MAX))?;
            left -= items.len();
            let mut mailed: BTreeMap<(Date, String), (Timestamp, usize)> = BTreeMap::new();
            for item in items.into_iter().filter(|item| item.outgoing.lane == Lane::Internal) {
                let of_day =
                    mailed.entry((rome(item.created_at).date(), item.outgoing.to)).or_insert((item.created_at, 0));
                *of_day = (of_day.0.max(item.created_at), of_day.1 + 1);
            }
            let mailed = mailed.into_iter().map(|((day, to), (last, mails))| Mailed { day, last, to, mails });
            looks.mailed.insert(number.to_owned(), mailed.collect());
        }
        known.looks = looks;
        Ok(())
    }

    /// Whether somebody looked, since an instant, at what the sender of a message may be told of: the same words then ask for another
    /// answer. Of the sender's own persons and dossiers alone, as whoever writes another's code learns nothing of it.
    pub(super) fn was_seen(&self, who: &str, known: &Known, since: Timestamp) -> Result<bool, Trouble> {
        let is_newer = |of: Option<&Accesses>| of.and_then(|of| of.rows.first()).is_some_and(|last| last.at > since);
        let people = self.people_at(who, known.people.len())?;
        let own = known.own.get(&address::key(who)).into_iter().flat_map(|own| &own.dossiers);
        Ok(people.iter().any(|person| is_newer(known.looks.of_person.get(&person.id)))
            || own.into_iter().any(|dossier| is_newer(known.looks.of_dossier.get(&dossier.number))))
    }

    fn seen(&self, prefix: &str, max: usize) -> Result<Accesses, Trouble> {
        let rows = self.index.scan_back::<Access>(prefix, prefix).take(max);
        let rows: Vec<Access> = rows.map(|row| row.map(|(_, access)| access)).collect::<io::Result<_>>()?;
        let others = self.index.scan_back::<IgnoredAny>(prefix, prefix).skip(max).take(COUNTED_MAX);
        let line = |row: io::Result<(String, IgnoredAny)>| {
            row.map(|(name, _)| name.get(prefix.len()..).and_then(|seq| seq.parse::<u64>().ok()))
        };
        let left_out = others.map(line).collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect();
        Ok(Accesses { rows, left_out })
    }
}
