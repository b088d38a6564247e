//! The registering in the protocol, in the index: what waits for a number, which number each document has, and the emergency
//! register. It changes when more of a registration is kept.

use super::index::{Batch, Index};
use super::project::Fault;
use super::rows::{ItemRow, key};
use super::{Store, Trouble, register};
use crate::journal::record::{Decided, Event, Record};
use casework::decision::Lane;
use casework::dossier::Dossier;
use casework::protocol::{self, Emergency, Fact, Flow, Number, Registration, Standing, is_registered};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;

/// Documents that are counted of those which wait.
const COUNTED_MAX: usize = 100_000;

/// Times in which the emergency register was open that are shown, the last ones.
const INTERRUPTIONS_MAX: usize = 1_000;

/// A document that waits for its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// It was handed to whoever keeps the register.
    pub asked: bool,
    /// It has a number of the emergency register.
    pub emergency: bool,
}

/// One time in which the emergency register was open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interruption {
    /// Since when, by whom, why.
    pub opened: Emergency,
    /// Until when, and who closed it; none: it is open.
    pub closed: Option<(Timestamp, String)>,
}

/// How the registering stands, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// What comes and goes is registered, the emergency register, the last answer.
    pub standing: Standing,
    /// Documents without a number; at most a hundred thousand are counted.
    pub waiting: u64,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
}

/// A message that came, if it is to be registered.
pub(super) fn came(
    index: &Index,
    batch: &mut Batch,
    seq: u64,
    decided: &Decided,
    dossier: Option<&str>,
) -> io::Result<()> {
    if !standing(index)?.is_on || !is_registered(&decided.decision.disposition) {
        return Ok(());
    }
    let at = decided.received.or(decided.findings.signed_at).unwrap_or(decided.decided_at);
    let dossier = dossier.map(str::to_owned);
    wait(index, batch, &decided.digest, Registration { dossier, ..Registration::waiting(Flow::E, at, seq) })
}

/// A letter that our provider took: by now it has left.
pub(super) fn left(index: &Index, batch: &mut Batch, record: &Record, row: &ItemRow) -> io::Result<()> {
    let is_letter = row.outgoing.lane == Lane::Pec && row.canary.is_none();
    if !is_letter || !standing(index)?.is_on {
        return Ok(());
    }
    let (dossier, item) = (row.outgoing.dossier.clone(), row.outgoing.id.clone());
    let waiting = Registration::waiting(Flow::U, record.at, record.seq);
    wait(index, batch, &row.frozen, Registration { dossier, item, ..waiting })
}

/// Once: a letter that is sent again is the same document.
fn wait(index: &Index, batch: &mut Batch, digest: &str, registration: Registration) -> io::Result<()> {
    let name = key::registration(digest);
    if !index.has(&name)? {
        batch.put(&key::unregistered(registration.seq, digest), &Waiting::default());
        batch.put(&name, &registration);
    }
    Ok(())
}

/// A message is tied to a dossier only now: so is its number.
pub(super) fn joined(index: &Index, batch: &mut Batch, digest: &str, row: &mut Dossier) -> io::Result<()> {
    let name = key::registration(digest);
    if let Some(mut registration) = index.get::<Registration>(&name)? {
        row.cover.register(digest, registration.shown());
        registration.dossier = Some(row.number.clone());
        batch.put(&name, &registration);
    }
    Ok(())
}

fn standing(index: &Index) -> io::Result<Standing> {
    Ok(index.get(key::PROTOCOL)?.unwrap_or_default())
}

/// What one line of the journal about the registering changes.
pub(super) fn project(index: &Index, batch: &mut Batch, record: &Record, fact: &Fact) -> Result<(), Fault> {
    let mut now = standing(index)?;
    match fact {
        Fact::Began => now.is_on = true,
        Fact::Ended => now.is_on = false,
        Fact::Asked { documents } => {
            for document in documents {
                let Some(registration) = index.get::<Registration>(&key::registration(document))? else { continue };
                let name = key::unregistered(registration.seq, document);
                if let Some(waiting) = index.get::<Waiting>(&name)? {
                    batch.put(&name, &Waiting { asked: true, ..waiting });
                }
            }
        }
        Fact::Numbered { number, .. } => {
            now.answered = Some(record.at);
            for (document, registration) in changed(index, batch, fact)? {
                batch.put(&key::registered(number), &document);
                batch.remove(&key::unregistered(registration.seq, &document));
            }
        }
        Fact::Annulled { .. } => {
            for (document, registration) in changed(index, batch, fact)? {
                let waiting = Waiting { asked: false, emergency: registration.emergency.is_some() };
                batch.put(&key::unregistered(registration.seq, &document), &waiting);
            }
        }
        Fact::EmergencyOpened(emergency) => {
            batch.put(&key::emergency(record.seq), &Interruption { opened: emergency.clone(), closed: None });
            now.emergency = Some(emergency.clone());
        }
        Fact::EmergencyNumbered { first, .. } => {
            for (document, registration) in changed(index, batch, fact)? {
                let Some(number) = registration.emergency else { continue };
                now.last = Some((first.on.year(), number.number));
                batch.put(&key::in_emergency(&number), &document);
                // Handed over anew where it was already: with the number that it has by now.
                let waiting = Waiting { asked: false, emergency: true };
                batch.put(&key::unregistered(registration.seq, &document), &waiting);
            }
        }
        Fact::EmergencyClosed { by } => {
            now.emergency = None;
            let last = index.scan_back::<Interruption>(key::EMERGENCIES, key::EMERGENCIES).next().transpose()?;
            if let Some((name, row)) = last {
                batch.put(&name, &Interruption { closed: Some((record.at, by.clone())), ..row });
            }
        }
    }
    batch.put(key::PROTOCOL, &now);
    Ok(())
}

/// What a line changes of the registration of each of its documents, which the covers of their dossiers show.
fn changed(index: &Index, batch: &mut Batch, fact: &Fact) -> io::Result<Vec<(String, Registration)>> {
    let mut found = Vec::new();
    let mut covers: BTreeMap<String, (Dossier, Dossier)> = BTreeMap::new();
    for document in fact.documents() {
        let name = key::registration(document);
        let Some(mut registration) = index.get::<Registration>(&name)? else { continue };
        registration.apply(document, fact);
        batch.put(&name, &registration);
        if let Some(number) = &registration.dossier {
            if !covers.contains_key(number)
                && let Some(cover) = index.get::<Dossier>(&key::dossier(number))?
            {
                covers.insert(number.clone(), (cover.clone(), cover));
            }
            if let Some((_, after)) = covers.get_mut(number) {
                after.cover.register(document, registration.shown());
            }
        }
        found.push((document.to_owned(), registration));
    }
    for (number, (before, after)) in covers {
        register::put(batch, &number, Some(&before), &after);
    }
    Ok(found)
}

impl Store {
    /// How the registering stands.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn protocol(&self) -> Result<Standing, Trouble> {
        Ok(standing(&self.index)?)
    }

    /// How the registering stands, for people.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn protocol_overview(&self) -> Result<Overview, Trouble> {
        let mut rows = self.index.scan::<Waiting>(key::UNREGISTERED, key::UNREGISTERED).take(COUNTED_MAX).peekable();
        let oldest = match rows.peek() {
            Some(Ok((name, _))) => self.registration(document_of(name))?.map(|registration| registration.at),
            _ => None,
        };
        Ok(Overview { standing: self.protocol()?, waiting: rows.count() as u64, oldest })
    }

    /// The documents that wait for a number and of which this holds, the oldest first; at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn unregistered(&self, max: usize, holds: impl Fn(Waiting) -> bool) -> Result<Vec<String>, Trouble> {
        let mut found = Vec::new();
        for row in self.index.scan::<Waiting>(key::UNREGISTERED, key::UNREGISTERED) {
            let (name, waiting) = row?;
            if found.len() == max {
                break;
            }
            if holds(waiting) {
                found.push(document_of(&name).to_owned());
            }
        }
        Ok(found)
    }

    /// What is known of the registration of a document.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn registration(&self, document: &str) -> Result<Option<Registration>, Trouble> {
        Ok(self.index.get(&key::registration(document))?)
    }

    /// The documents whose digest begins so, at most `max`, with what is known of the registration of each.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn registrations_like(&self, prefix: &str, max: usize) -> Result<Vec<(String, Registration)>, Trouble> {
        let from = key::registration(prefix);
        let rows = self.index.scan::<Registration>(&from, &from).take(max);
        let named = rows.map(|row| row.map(|(name, registration)| (document_of(&name).to_owned(), registration)));
        Ok(named.collect::<io::Result<_>>()?)
    }

    /// The document that has, or had, this number.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn registered(&self, number: &Number) -> Result<Option<String>, Trouble> {
        Ok(self.index.get(&key::registered(number))?)
    }

    /// The dossier of the document that has this protocol number; where no year is said, of this year or else of the last.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn dossier_registered(
        &self,
        number: u32,
        year: Option<i16>,
        now: Timestamp,
    ) -> Result<Option<String>, Trouble> {
        for year in protocol::years(year, now) {
            let Some(document) = self.index.get::<String>(&key::registered_in(year, number))? else { continue };
            let registration = self.registration(&document)?;
            let holds = |of: &Registration| of.number.is_some_and(|own| own.number == number && own.on.year() == year);
            if let Some(dossier) = registration.filter(holds).and_then(|of| of.dossier) {
                return Ok(Some(dossier));
            }
        }
        Ok(None)
    }

    /// The times in which the emergency register was open, in order: the last ones.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn interruptions(&self) -> Result<Vec<Interruption>, Trouble> {
        let rows = self.index.scan_back::<Interruption>(key::EMERGENCIES, key::EMERGENCIES).take(INTERRUPTIONS_MAX);
        let mut found = rows.map(|row| row.map(|(_, row)| row)).collect::<io::Result<Vec<_>>>()?;
        found.reverse();
        Ok(found)
    }

    /// The documents of the emergency register, in the order of their numbers; the last ones, at most `max`.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn in_emergency(&self, max: usize) -> Result<Vec<(String, Registration)>, Trouble> {
        let mut found = Vec::new();
        for row in self.index.scan_back::<String>(key::IN_EMERGENCY, key::IN_EMERGENCY).take(max) {
            let document = row?.1;
            found.extend(self.registration(&document)?.map(|registration| (document, registration)));
        }
        found.reverse();
        Ok(found)
    }

    /// From here on what comes and goes is registered, or is not any more. A line only where that is news.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn keep_protocol(&mut self, is_on: bool, now: Timestamp) -> Result<(), Trouble> {
        if self.protocol()?.is_on == is_on {
            return Ok(());
        }
        self.write_protocol(if is_on { Fact::Began } else { Fact::Ended }, now)
    }

    /// Writes down what happened to the registering.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn write_protocol(&mut self, fact: Fact, now: Timestamp) -> Result<(), Trouble> {
        self.write(now, Event::Protocol(fact))
    }
}

/// The digest at the end of a key.
fn document_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}
