//! The register of dossiers in the index: what an entry changes, and how dossiers are found. It changes when a dossier can be
//! found by something else.

use super::index::{Batch, Index};
use super::project::{Fault, corrected, ordinal_after, queue};
use super::rows::{ItemRow, MessageRow, key};
use super::{Store, Trouble, finding, protocol};
use crate::journal::record::{Acted, Event, Record};
use casework::dossier::{Dossier, State};
use casework::known::{self, History, Own};
use casework::life::Entry;
use casework::person::{Over, Person, Strength};
use casework::rating::Ratings;
use casework::{Change, Interest, Known, address, calendar};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Addresses of which the dossiers are read for one message: the sender's, and the other domiciles of the persons it is about.
const ADDRESSES_MAX: usize = 8;
/// Dossiers of one address that are counted.
const COUNTED_MAX: usize = 10_000;

/// One entry of a dossier, as it stands in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    /// When it was written.
    pub at: Timestamp,
    /// Journal line.
    pub seq: u64,
    /// Who: the name that was given; empty for a message and for time.
    #[serde(default)]
    pub by: String,
    /// The message that it comes of (digest); empty for an act.
    #[serde(default)]
    pub message: String,
    /// What.
    pub entry: Entry,
}

/// One entry of a person's record: when, line, who, message, what.
pub type ToldOfPerson = (Timestamp, u64, String, String, casework::person::Entry);

/// Where a change comes from.
pub(super) struct Source<'a> {
    pub(super) at: Timestamp,
    pub(super) seq: u64,
    pub(super) by: &'a str,
    pub(super) message: &'a str,
}

/// The changes of one line that concern dossiers, added up: a dossier that changes twice in one line is read once.
pub(super) fn project(index: &Index, batch: &mut Batch, changes: &[Change], from: &Source<'_>) -> Result<(), Fault> {
    let mut touched: Touched<'_> = BTreeMap::new();
    let mut people: BTreeMap<&str, Person> = BTreeMap::new();
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for change in changes {
        match change {
            Change::Opened { dossier } => {
                batch.put(&key::ordinal(calendar::rome(from.at).year()), &ordinal_after(&dossier.number));
                let before = index.get::<Dossier>(&key::dossier(&dossier.number))?;
                let mut row = dossier.clone();
                let origin = &dossier.cover.origin;
                if !origin.is_empty() && origin != from.message {
                    // It is opened for a message that came before.
                    batch.put(&key::touched(&dossier.number, from.at, origin), origin);
                    protocol::joined(index, batch, origin, &mut row)?;
                }
                touched.insert(&dossier.number, (before, row));
            }
            Change::Entered { dossier: number, entry } => {
                // A dossier that is not there cannot be written into: `act` and `request` only name those they read.
                let Some(row) = touch(index, &mut touched, number)? else { continue };
                let kept = EntryRow {
                    at: from.at,
                    seq: from.seq,
                    by: from.by.to_owned(),
                    message: from.message.to_owned(),
                    entry: entry.clone(),
                };
                batch.put(&key::entry(number, row.life.entries), &kept);
                row.apply(entry, from.at);
            }
            Change::Person { id, entry } => {
                let before = match people.get(id.as_str()) {
                    Some(person) => Some(person.clone()),
                    None => index.get::<Person>(&key::person(id))?,
                };
                let person = match before {
                    Some(mut person) => {
                        person.apply(entry, from.at);
                        Some(person)
                    }
                    None => Person::begin(entry),
                };
                if let casework::person::Entry::Registered { codice_fiscale: None, partita_iva: None, .. } = entry {
                    let next = index.get::<u32>(key::UNCODED)?.unwrap_or(1) + 1;
                    batch.put(key::UNCODED, &next);
                }
                people.extend(person.map(|person| (id.as_str(), person)));
                let n = *told.entry(id).or_insert(index.get::<u32>(&key::told(id))?.unwrap_or(0)) + 1;
                told.insert(id, n);
                let line = (from.at, from.seq, from.by, from.message, entry);
                batch.put(&key::person_entry(id, n), &line);
            }
            Change::Corrected { message, correction } => {
                corrected(index, batch, message, correction, from.at)?;
                if let Some(number) = &correction.dossier
                    && let Some(row) = touch(index, &mut touched, number)?
                {
                    protocol::joined(index, batch, message, row)?;
                }
            }
            Change::Filed { .. }
            | Change::Ordered { .. }
            | Change::Rated { .. }
            | Change::Learned { .. }
            | Change::CanaryBack { .. }
            | Change::Incident { .. } => {}
        }
    }
    for (id, n) in told {
        batch.put(&key::told(id), &n);
    }
    for (id, person) in people {
        for domicile in &person.domiciles {
            batch.put(&key::domicile(&domicile.address, id), &());
        }
        for code in person.codice_fiscale.iter().chain(&person.partita_iva).filter(|code| *code != id) {
            batch.put(&key::code(code), &id);
        }
        finding::person(batch, index.get::<Person>(&key::person(id))?.as_ref(), &person);
        batch.put(&key::person(id), &person);
    }
    for (number, (before, after)) in touched {
        put(batch, number, before.as_ref(), &after);
    }
    Ok(())
}

/// The dossiers that one line changes: as each was, and as it is by now.
type Touched<'a> = BTreeMap<&'a str, (Option<Dossier>, Dossier)>;

/// One of them, if there is such a dossier.
fn touch<'t, 'a>(index: &Index, touched: &'t mut Touched<'a>, number: &'a str) -> io::Result<Option<&'t mut Dossier>> {
    if !touched.contains_key(number) {
        let Some(found) = index.get::<Dossier>(&key::dossier(number))? else { return Ok(None) };
        touched.insert(number, (Some(found.clone()), found));
    }
    Ok(touched.get_mut(number).map(|(_, row)| row))
}

/// A dossier and the rows by which it is found.
pub(super) fn put(batch: &mut Batch, number: &str, before: Option<&Dossier>, after: &Dossier) {
    batch.put(&key::dossier(number), after);
    finding::dossier(batch, before, after);
    let known = |of: Option<&Dossier>, who: &str| of.is_some_and(|dossier| dossier.has_party(who));
    for who in after.parties.iter().filter(|who| !known(before, who)) {
        batch.put(&key::of_address(who, number), &());
    }
    let is_held = |of: Option<&Dossier>, id: &str| of.is_some_and(|of| of.cover.people.iter().any(|p| p.person == id));
    for party in after.cover.people.iter().filter(|p| !p.person.is_empty() && !is_held(before, &p.person)) {
        batch.put(&key::of_person(&party.person, number), &());
    }
    let open_at = |of: &Dossier| (!of.state.is_final()).then(|| key::open_at(&of.office, number));
    let (was, is) = (before.and_then(open_at), open_at(after));
    if was != is {
        was.iter().for_each(|name| batch.remove(name));
        is.iter().for_each(|name| batch.put(name, &()));
    }
    let (was, is) = (before.and_then(|dossier| dossier.life.look), after.life.look);
    if was != is {
        if let Some(day) = was {
            batch.remove(&key::look(day, number));
        }
        if let Some(day) = is {
            batch.put(&key::look(day, number), &());
        }
    }
}

/// What somebody did: its changes and its letters.
pub(super) fn acted(index: &Index, batch: &mut Batch, record: &Record, acted: &Acted) -> Result<(), Fault> {
    let from = Source { at: record.at, seq: record.seq, by: &acted.by, message: "" };
    project(index, batch, &acted.changes, &from)?;
    if !acted.key.is_empty() {
        batch.put(&key::once(&acted.key), &record.seq);
    }
    for (n, change) in acted.changes.iter().enumerate() {
        if let Change::Incident { code, text } = change {
            batch.put(&key::incident(record.seq, n), &(record.at, code, text, &acted.cause));
        }
    }
    for (outgoing, frozen) in acted.items() {
        if acted.observed {
            super::project::only_observed(batch, outgoing, frozen, &acted.cause, record.at);
            continue;
        }
        let is_to_citizen = outgoing.lane == casework::Lane::Pec;
        let hold = if is_to_citizen { acted.hold_seconds } else { 0 };
        let due = record.at.checked_add(SignedDuration::from_secs(hold)).unwrap_or(record.at);
        queue(batch, outgoing, frozen, &acted.cause, record.at, due);
        if let (true, Some(number)) = (is_to_citizen, &outgoing.dossier) {
            batch.put(&key::thread(&outgoing.message_id), number);
        }
    }
    Ok(())
}

impl Store {
    /// Writes down what somebody did with a dossier: changes and letters in one line.
    ///
    /// # Errors
    /// See [`Trouble`]; `Program` when the dossier has moved since `revision`, the number of its entries that the act rests on.
    pub fn act(&mut self, revision: u32, acted: Acted, now: Timestamp) -> Result<(), Trouble> {
        let entries = self.dossier(&acted.dossier)?.map_or(0, |dossier| dossier.life.entries);
        if entries != revision {
            return Err(Trouble::Program("atto deciso su un fascicolo che intanto è cambiato".into()));
        }
        if acted.frozen.len() != acted.outgoing.len() {
            return Err(Trouble::Program("atto con lettere che nessuno ha scritto".into()));
        }
        self.write(now, Event::Acted(Box::new(acted)))
    }

    /// Whether something that must not be done twice was done.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn is_done(&self, name: &str) -> Result<bool, Trouble> {
        Ok(self.index.has(&key::once(name))?)
    }

    /// The ordinal of the next dossier of the year of this instant.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn next_ordinal(&self, now: Timestamp) -> Result<u32, Trouble> {
        Ok(self.index.get(&key::ordinal(calendar::rome(now).year()))?.unwrap_or(1))
    }

    /// The numbers of the dossiers of which an address is a party, in order; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossiers_of_address(&self, who: &str, max: usize) -> Result<Vec<String>, Trouble> {
        self.numbers(&key::of_address(&address::key(who), ""), max)
    }

    /// What a message may ask about the sender's dossiers: those of the sender's address and of the other safe domiciles of the
    /// persons it is about, those for which somebody holds a mandate, and what happened in the one that is meant.
    pub(super) fn add_own(&self, known: &mut Known, interest: &Interest) -> Result<(), Trouble> {
        if interest.own_max == 0 {
            return Ok(());
        }
        let domiciles = known.people.iter().flat_map(|person| person.domiciles_at(known.now));
        let safe = domiciles.filter(|d| d.source.strength() >= Strength::Enabled).map(|d| address::key(&d.address));
        let mut addresses = vec![address::key(&interest.sender)];
        for address in safe.take(ADDRESSES_MAX) {
            if !address.is_empty() && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        for address in addresses.into_iter().filter(|address| !address.is_empty()) {
            let prefix = key::of_address(&address, "");
            let rows = self.index.scan_back::<()>(&prefix, &prefix).take(COUNTED_MAX);
            let mut own = Own::default();
            for row in rows {
                let (name, ()) = row?;
                if own.dossiers.len() >= interest.own_max {
                    own.left_out += 1;
                    continue;
                }
                own.dossiers.extend(self.dossier(name.get(prefix.len()..).unwrap_or_default())?);
            }
            known.own.insert(address, own);
        }
        let mandates =
            known.people.iter().flat_map(|person| &person.mandates).filter_map(|mandate| match &mandate.over {
                Over::Dossier { number } => Some(number.clone()),
                Over::All => None,
            });
        for number in mandates.take(known::OWN_MAX).collect::<std::collections::BTreeSet<_>>() {
            if known.dossier(&number).is_none() {
                known.dossiers.extend(self.dossier(&number)?);
            }
        }
        let meant = interest.history.as_ref().or(known.thread.as_ref());
        known.history = meant.map(|number| self.history(number)).transpose()?;
        Ok(())
    }

    fn history(&self, number: &str) -> Result<History, Trouble> {
        let rows = self.entries(number, known::HISTORY_MAX)?;
        let written = self.dossier(number)?.map_or(0, |dossier| dossier.life.entries);
        let left_out = usize::try_from(written).unwrap_or(usize::MAX).saturating_sub(rows.len());
        let mut senders: BTreeMap<String, String> = BTreeMap::new();
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            if !row.message.is_empty() && !senders.contains_key(&row.message) {
                let sender = self.index.get::<MessageRow>(&key::message(&row.message))?.map(|message| message.sender);
                senders.insert(row.message.clone(), sender.unwrap_or_default());
            }
            let by = senders.get(&row.message).filter(|sender| !sender.is_empty()).unwrap_or(&row.by).clone();
            events.push(known::Event { at: row.at, by, entry: row.entry });
        }
        Ok(History { dossier: number.to_owned(), events, left_out })
    }

    /// The numbers of the dossiers that were opened last, the newest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn latest_dossiers(&self, max: usize) -> Result<Vec<String>, Trouble> {
        let rows = self.index.scan_back::<Dossier>(key::DOSSIERS, key::DOSSIERS);
        Ok(rows.map(|row| row.map(|(_, dossier)| dossier.number)).take(max).collect::<io::Result<_>>()?)
    }

    /// The dossiers whose number comes after this one, in order; at most `max`. Empty: from the first.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossiers_after(&self, number: &str, max: usize) -> Result<Vec<Dossier>, Trouble> {
        // The first key after the row of that number itself.
        let from = if number.is_empty() { key::DOSSIERS.to_owned() } else { format!("{}\0", key::dossier(number)) };
        let rows = self.index.scan::<Dossier>(key::DOSSIERS, &from).map(|row| row.map(|(_, dossier)| dossier));
        Ok(rows.take(max).collect::<io::Result<_>>()?)
    }

    /// As what a dossier ended first, and when, as far as its first `max` entries say it.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn first_end(&self, number: &str, max: usize) -> Result<Option<(State, Timestamp)>, Trouble> {
        let prefix = key::entries(number);
        for row in self.index.scan::<EntryRow>(&prefix, &prefix).take(max) {
            let row = row?.1;
            if let Entry::Moved { to, .. } = row.entry
                && to.is_final()
            {
                return Ok(Some((to, row.at)));
            }
        }
        Ok(None)
    }

    /// The numbers of the dossiers of a person, in order; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossiers_of_person(&self, id: &str, max: usize) -> Result<Vec<String>, Trouble> {
        self.numbers(&key::of_person(id, ""), max)
    }

    /// The dossiers of a person that were opened last, the newest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn latest_of_person(&self, id: &str, max: usize) -> Result<Vec<Dossier>, Trouble> {
        let mut found = Vec::new();
        for number in self.latest_numbers_of_person(id, max)? {
            found.extend(self.dossier(&number)?);
        }
        Ok(found)
    }

    /// Their numbers alone, the newest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn latest_numbers_of_person(&self, id: &str, max: usize) -> Result<Vec<String>, Trouble> {
        let prefix = key::of_person(id, "");
        let rows = self.index.scan_back::<()>(&prefix, &prefix).take(max);
        let number = |name: String| name.get(prefix.len()..).unwrap_or_default().to_owned();
        Ok(rows.map(|row| row.map(|(name, ())| number(name))).collect::<io::Result<_>>()?)
    }

    /// The numbers of the dossiers that are open at an office, in order; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn open_at(&self, office: &str, max: usize) -> Result<Vec<String>, Trouble> {
        self.numbers(&key::open_at(office, ""), max)
    }

    /// Open dossiers, of all offices; at most `max`. `after`: where the last page ended; with this one's end, none after the last.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn open_after(&self, after: &str, max: usize) -> Result<(Vec<Dossier>, Option<String>), Trouble> {
        let from = if after.is_empty() { key::OPEN_AT.to_owned() } else { format!("{after}\0") };
        let keys: Vec<String> = self
            .index
            .scan::<()>(key::OPEN_AT, &from)
            .take(max)
            .map(|row| row.map(|(name, ())| name))
            .collect::<io::Result<_>>()?;
        let mut dossiers = Vec::new();
        for name in &keys {
            let number = name.get(key::OPEN_AT.len()..).and_then(|rest| rest.split_once('/')).map(|(_, number)| number);
            dossiers.extend(number.map(|number| self.dossier(number)).transpose()?.flatten());
        }
        Ok((dossiers, keys.into_iter().next_back()))
    }

    /// The persons whose id comes after this one, in order; at most `max`. Empty: from the first.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn people_after(&self, id: &str, max: usize) -> Result<Vec<Person>, Trouble> {
        let prefix = key::person("");
        let from = if id.is_empty() { prefix.clone() } else { format!("{}\0", key::person(id)) };
        let rows = self.index.scan::<Person>(&prefix, &from).map(|row| row.map(|(_, person)| person));
        Ok(rows.take(max).collect::<io::Result<_>>()?)
    }

    /// Letters and tasks about a dossier, the newest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn letters_of(&self, number: &str, max: usize) -> Result<Vec<ItemRow>, Trouble> {
        let prefix = key::letters(number);
        let mut found = Vec::new();
        for row in self.index.scan_back::<String>(&prefix, &prefix).take(max) {
            found.extend(self.item(&row?.1)?);
        }
        Ok(found)
    }

    /// Messages that belong to a dossier, the newest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn messages_of(&self, number: &str, max: usize) -> Result<Vec<MessageRow>, Trouble> {
        let prefix = key::touched_prefix(number);
        let mut found = Vec::new();
        for row in self.index.scan_back::<String>(&prefix, &prefix).take(max) {
            found.extend(self.message(&row?.1)?);
        }
        Ok(found)
    }

    pub(super) fn numbers(&self, prefix: &str, max: usize) -> Result<Vec<String>, Trouble> {
        let rows = self.index.scan::<()>(prefix, prefix);
        let numbers = rows.map(|row| row.map(|(name, ())| name.get(prefix.len()..).unwrap_or_default().to_owned()));
        Ok(numbers.take(max).collect::<io::Result<_>>()?)
    }

    /// The numbers of the dossiers whose term must be looked at by a day, the earliest first; at most `max`. What is not due is
    /// not read.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn due_dossiers(&self, by: Date, max: usize) -> Result<Vec<String>, Trouble> {
        Ok(self.looks(by, max)?.into_iter().map(|(_, number)| number).collect())
    }

    /// The same, each with its day.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn looks(&self, by: Date, max: usize) -> Result<Vec<(Date, String)>, Trouble> {
        finding::by_day(&self.index, key::LOOKS, by, max)
    }

    /// What people thought of how dossiers went, by procedure, of the days of a period.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn ratings(&self, from: Date, to: Date) -> Result<BTreeMap<String, Ratings>, Trouble> {
        let mut all: BTreeMap<String, Ratings> = BTreeMap::new();
        for row in self.index.scan::<Ratings>(key::RATINGS, key::RATINGS) {
            let (name, ratings) = row?;
            let Some((procedure, day)) = name.get(key::RATINGS.len()..).and_then(|rest| rest.rsplit_once('/')) else {
                continue;
            };
            if day.parse::<Date>().is_ok_and(|day| from <= day && day <= to) {
                all.entry(procedure.to_owned()).or_default().merge(&ratings);
            }
        }
        Ok(all)
    }

    /// One person, by id or by another code.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn person(&self, code: &str) -> Result<Option<Person>, Trouble> {
        if let Some(person) = self.index.get(&key::person(code))? {
            return Ok(Some(person));
        }
        let Some(id) = self.index.get::<String>(&key::code(code))? else { return Ok(None) };
        Ok(self.index.get(&key::person(&id))?)
    }

    /// The persons who have, or had, an address as a domicile; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn people_at(&self, who: &str, max: usize) -> Result<Vec<Person>, Trouble> {
        let ids = self.numbers(&key::domicile(&address::key(who), ""), max)?;
        let people = ids.iter().map(|id| self.person(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(people.into_iter().flatten().collect())
    }

    /// What happened to a person's record, in order; at most `max`: when, line, who, message, what.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn person_entries(&self, id: &str, max: usize) -> Result<Vec<ToldOfPerson>, Trouble> {
        let prefix = key::person_entries(id);
        Ok(self
            .index
            .scan(&prefix, &prefix)
            .map(|row| row.map(|(_, told)| told))
            .take(max)
            .collect::<io::Result<_>>()?)
    }

    /// The number for the next person without a code.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn next_uncoded(&self) -> Result<u32, Trouble> {
        Ok(self.index.get(key::UNCODED)?.unwrap_or(1))
    }

    /// The entries of a dossier, in order; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn entries(&self, number: &str, max: usize) -> Result<Vec<EntryRow>, Trouble> {
        let prefix = key::entries(number);
        let rows = self.index.scan::<EntryRow>(&prefix, &prefix).map(|row| row.map(|(_, entry)| entry));
        Ok(rows.take(max).collect::<io::Result<_>>()?)
    }
}
