//! What is done with dossiers and persons from beside the mail: an order of an office, a row of a file, a day that has come. It
//! changes when something else may be done with them. One line of the register for each.

pub mod ask;
pub mod clerk;
pub mod contact;
pub mod drop;
pub mod filed;
pub mod held;
pub mod looked;
mod morning;
pub mod paper;
pub mod protocol;
pub mod rows;

use crate::archive::{Archive, Shelf};
use crate::digest::sha256;
use crate::events;
use crate::journal::record::{Acted, Channel};
use crate::office::Office;
use crate::outbox::orders::Answer;
use crate::post;
use crate::store::{Store, Trouble};
use casework::act::{self, Act, Done, Order};
use casework::dossier::Dossier;
use casework::entrust::{self, Entrusting};
use casework::letters::unmade_task;
use casework::open::{self, NewDossier, NewPerson};
use casework::person::Person;
use casework::refused::Refused;
use casework::verb::Verb;
use casework::{Change, calendar, clockwork, validity};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Dossiers looked at in one round of the clock: the others wait for the next round.
const LOOKS_MAX: usize = 200;
/// Other dossiers of an applicant, the newest, among which one may renew what is about to end.
const RENEWALS_MAX: usize = 200;
/// Persons looked at who may have a new address already.
const HOLDERS_MAX: usize = 8;

/// The incident that refused rows of a table are.
pub const ROWS_REFUSED: &str = "refused-rows";

/// Something to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Deed {
    /// Something with a dossier that is there.
    Act {
        /// What.
        order: Order,
    },
    /// A new dossier.
    Open {
        /// Which.
        dossier: NewDossier,
    },
    /// The same, with files.
    Hand {
        /// What.
        order: Order,
        /// The message that holds them: see [`paper`].
        paper: String,
    },
    /// A mandate, or a grant, of a person.
    Entrust {
        /// Which.
        order: Entrusting,
    },
    /// A person.
    Enter {
        /// Whom.
        person: NewPerson,
    },
    /// Something about the registering in the protocol.
    Protocol {
        /// What.
        order: casework::protocol::Order,
    },
}

/// What is needed to do it.
pub struct Caseload<'a> {
    /// The register.
    pub store: &'a mut Store,
    /// Where letters are frozen.
    pub archive: &'a Archive,
    /// Rules, procedures and templates in force.
    pub office: &'a Office,
    /// How long letters to citizens wait.
    pub hold: SignedDuration,
    /// The service only observes: nothing leaves.
    pub observe: bool,
    /// The time.
    pub now: Timestamp,
}

impl Deed {
    /// The name of who orders it.
    pub fn by_mut(&mut self) -> &mut String {
        match self {
            Self::Act { order } | Self::Hand { order, .. } => &mut order.by,
            Self::Open { dossier } => &mut dossier.by,
            Self::Entrust { order } => &mut order.by,
            Self::Enter { person } => &mut person.by,
            Self::Protocol { order } => order.by_mut(),
        }
    }
}

impl Caseload<'_> {
    /// Does it, if it may be done.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn carry_out(&mut self, deed: &Deed, channel: Channel) -> Result<Answer, Trouble> {
        self.carry_out_once(deed, channel, "")
    }

    /// As [`carry_out`](Self::carry_out), of something that must not be done twice; `key` names it, empty for what may be.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    pub fn carry_out_once(&mut self, deed: &Deed, channel: Channel, key: &str) -> Result<Answer, Trouble> {
        if !key.is_empty() && self.store.is_done(key)? {
            return Ok(Answer::Done("già fatta".into()));
        }
        Ok(match self.perform(deed, channel, key)? {
            Ok(said) => Answer::Done(said),
            Err(why) => {
                self.note_attempt(deed, channel, &why)?;
                Answer::No(why.text)
            }
        })
    }

    /// That somebody tried what they may not do is a line of the register too, and an incident that a person sees (function S3.38).
    fn note_attempt(&mut self, deed: &Deed, channel: Channel, why: &Refused) -> Result<(), Trouble> {
        let (by, office, dossier, what) = match deed {
            Deed::Act { order } | Deed::Hand { order, .. } => {
                (&order.by, &order.office, order.dossier.as_str(), "fascicolo")
            }
            Deed::Entrust { order } => (&order.by, &order.office, "", order.person.trim()),
            Deed::Open { dossier } => (&dossier.by, &dossier.office, "", "un fascicolo da aprire"),
            Deed::Enter { person } => (&person.by, &person.office, "", "una persona da scrivere"),
            // Whoever gives a number that cannot be true is told so, and has tried nothing against the law.
            Deed::Protocol { .. } => return Ok(()),
        };
        let Some(incident) = why.attempt(by, office, format!("{what} {dossier}").trim()) else { return Ok(()) };
        let revision = self.store.dossier(dossier)?.map_or(0, |dossier| dossier.life.entries);
        let of = Of { dossier, cause: String::new(), by, office, channel, key: "" };
        let done = Done { changes: vec![incident], outgoing: vec![], said: String::new() };
        self.write(revision, done, &of).map(|_| ())
    }

    /// Rows of a table that were refused: an incident once for each file, so that nobody must read the report to hear of it.
    pub(crate) fn note_rows(&mut self, text: &str, by: &str, channel: Channel, bytes: &[u8]) -> Result<(), Trouble> {
        self.note_once(ROWS_REFUSED, text, by, channel, &format!("{}/refused", sha256(bytes)))
    }

    /// An incident that a person sees, once for each `key`.
    pub(crate) fn note_once(
        &mut self,
        code: &str,
        text: &str,
        by: &str,
        channel: Channel,
        key: &str,
    ) -> Result<(), Trouble> {
        if self.store.is_done(key)? {
            return Ok(());
        }
        let incident = Change::Incident { code: code.into(), text: text.into() };
        let done = Done { changes: vec![incident], outgoing: vec![], said: String::new() };
        let of = Of { dossier: "", cause: String::new(), by, office: "", channel, key };
        self.write(0, done, &of).map(|_| ())
    }

    fn perform(&mut self, deed: &Deed, channel: Channel, key: &str) -> Result<Result<String, Refused>, Trouble> {
        let desk = &self.office.desk;
        match deed {
            Deed::Act { order } => self.act(order, None, channel, key),
            Deed::Hand { order, paper } => self.act(order, Some(paper.as_str()), channel, key),
            Deed::Open { dossier } => {
                let people = self.people(dossier.parties.iter().map(|party| party.code.trim()))?;
                let ordinal = self.store.next_ordinal(self.now)?;
                let asked = match dossier.origin.trim() {
                    "" => None,
                    prefix => match self.store.wrote(&prefix.to_ascii_lowercase())? {
                        Some(wrote) => Some(wrote),
                        None => {
                            let text = format!("nessun messaggio, o più di uno, ha l'impronta «{prefix}»");
                            return Ok(Err(Refused::new("no-message", text)));
                        }
                    },
                };
                let done = match open::dossier(dossier, ordinal, &people, asked.as_ref(), desk, self.now) {
                    Ok(done) => done,
                    Err(why) => return Ok(Err(why)),
                };
                let number = casework::dossier::number(calendar::rome(self.now).year(), ordinal);
                let cause = cause(asked.as_ref().map_or("", |asked| &asked.digest), open::cause(&number, desk));
                let of = Of { dossier: &number, cause, by: &dossier.by, office: &dossier.office, channel, key };
                self.write(0, done, &of).map(Ok)
            }
            Deed::Entrust { order } => {
                let mut people = self.people(entrust::codes(order))?;
                if let Some(address) = entrust::courtesy_address(order) {
                    people.extend(self.store.people_at(address, HOLDERS_MAX)?);
                }
                let done = match entrust::entrust(order, &people, desk, self.now) {
                    Ok(done) => done,
                    Err(why) => return Ok(Err(why)),
                };
                let of = Of { dossier: "", cause: String::new(), by: &order.by, office: &order.office, channel, key };
                self.write(0, done, &of).map(Ok)
            }
            Deed::Enter { person } => {
                let people = self.people([person.codice_fiscale.trim(), person.partita_iva.trim()].into_iter())?;
                let done = match open::person(person, &people, self.store.next_uncoded()?, self.now) {
                    Ok(done) => done,
                    Err(why) => return Ok(Err(why)),
                };
                if done.changes.is_empty() {
                    return Ok(Ok(done.said));
                }
                let of = Of { dossier: "", cause: String::new(), by: &person.by, office: &person.office, channel, key };
                self.write(0, done, &of).map(Ok)
            }
            Deed::Protocol { order } => self.protocol(order),
        }
    }

    /// An order about a dossier, with the files that came with it.
    fn act(
        &mut self,
        order: &Order,
        paper: Option<&str>,
        channel: Channel,
        key: &str,
    ) -> Result<Result<String, Refused>, Trouble> {
        let desk = &self.office.desk;
        let documents = match paper.map_or(Ok(Vec::new()), paper::read) {
            Ok(documents) => documents,
            Err(why) => return Ok(Err(Refused::new("no-files", why))),
        };
        let Some(dossier) = self.store.dossier(&order.dossier)? else {
            return Ok(Err(Refused::new("no-dossier", format!("il fascicolo {} non c'è", order.dossier))));
        };
        let of_changes = dossier.life.changes.iter().map(|change| change.person.as_str());
        let parties = dossier.cover.people.iter().map(|party| party.person.as_str());
        let mut people = self.people(of_changes.chain(parties))?;
        for item in dossier.life.changes.iter().flat_map(|change| &change.items) {
            if casework::address::is_plausible(&item.new) {
                people.extend(self.store.people_at(&item.new, HOLDERS_MAX)?);
            }
        }
        // Whose the code is of somebody who asks to be enabled, and whose the address is already.
        if let Some(asked) = &dossier.life.enablement {
            people.extend(self.people(core::iter::once(asked.code.as_str()))?);
            people.extend(self.store.people_at(&asked.address, HOLDERS_MAX)?);
        }
        // Only what goes on to another body takes the messages along.
        let goes_on = matches!(order.act, Act::Do { verb: Verb::Trasmetti, .. });
        let filed = if goes_on { filed::filed(self.store, self.archive, &dossier.number)? } else { Vec::new() };
        // Only who asks, or begins to work, needs to know what was given.
        let asks = matches!(order.act, Act::Do { verb: Verb::ChiediIntegrazione | Verb::Prendi, .. });
        let held = if asks { held::held(self.store, &dossier)? } else { Vec::new() };
        let order = &Order { filed, held, documents, ..order.clone() };
        let done = match act::act(order, &dossier, &people, desk, self.now) {
            Ok(done) => done,
            Err(why) => return Ok(Err(why)),
        };
        let cause = cause(&dossier.cover.origin, act::cause(&dossier, desk));
        let of = Of { dossier: &dossier.number, cause, by: &order.by, office: &order.office, channel, key };
        if let Some(paper) = paper {
            // Before the line that names it, and before a letter that takes it along is made.
            let kept = self.archive.keep(Shelf::Out, paper.as_bytes());
            kept.map_err(|e| Trouble::Io("archive".into(), e))?;
        }
        self.write(dossier.life.entries, done, &of).map(Ok)
    }

    fn people<'c>(&self, codes: impl Iterator<Item = &'c str>) -> Result<Vec<Person>, Trouble> {
        let mut people: Vec<Person> = Vec::new();
        for code in codes.filter(|code| !code.is_empty()) {
            let found = self.store.person(&code.to_ascii_uppercase())?;
            people.extend(found.filter(|person| people.iter().all(|other| other.id != person.id)));
        }
        Ok(people)
    }

    /// The days that have come: reminders, tasks, terms that run again. How many dossiers had something.
    ///
    /// # Errors
    /// The store, or the disk, cannot go on.
    pub fn look(&mut self) -> Result<usize, Trouble> {
        let today = calendar::rome(self.now).date();
        let mut moved = 0;
        for number in self.store.due_dossiers(today, LOOKS_MAX)? {
            let Some(dossier) = self.store.dossier(&number)? else { continue };
            let people = self.people(dossier.cover.people.iter().map(|party| party.person.as_str()))?;
            let others = self.others(&dossier, &people)?;
            let Some(done) = clockwork::look(&dossier, &people, &others, &self.office.desk, self.now) else { continue };
            let cause = cause(&dossier.cover.origin, act::cause(&dossier, &self.office.desk));
            let of = Of { dossier: &number, cause, by: "", office: "", channel: Channel::Clock, key: "" };
            self.write(dossier.life.entries, done, &of)?;
            moved += 1;
        }
        Ok(moved)
    }

    /// The other dossiers of who has something that is about to end, and wants to be told.
    fn others(&self, dossier: &Dossier, people: &[Person]) -> Result<Vec<Dossier>, Trouble> {
        let mut others = Vec::new();
        if dossier.life.validity.is_some_and(|validity| validity.tell_on.is_some() && validity.rate.is_none()) {
            let wants = |id: &str| people.iter().any(|person| person.id == id && person.expiries.is_some());
            for party in validity::applicants(dossier).filter(|party| wants(&party.person)) {
                others.extend(self.store.latest_of_person(&party.person, RENEWALS_MAX)?);
            }
        }
        Ok(others)
    }

    /// Freezes the letters, and writes the line.
    fn write(&mut self, revision: u32, done: Done, of: &Of<'_>) -> Result<String, Trouble> {
        let Done { mut changes, outgoing, said } = done;
        let (mut letters, mut frozen) = (Vec::new(), Vec::new());
        let mut waiting = VecDeque::from(outgoing);
        while let Some(letter) = waiting.pop_front() {
            let made = post::freeze_unasked(&letter, &self.office.desk, &self.office.sigillo, self.archive, self.now);
            match made.map_err(|e| Trouble::Io("archive".into(), e))? {
                Ok(bytes) => {
                    let kept = self.archive.keep(Shelf::Out, &bytes).map_err(|e| Trouble::Io("archive".into(), e))?;
                    frozen.push(kept.digest().to_owned());
                    letters.push(letter);
                }
                Err(why) => {
                    // The act stands; that its letter cannot leave reaches a person.
                    events::letter_not_composed(&of.cause, &letter.template, &why);
                    let text = format!("la lettera «{}» per {} non si può comporre: {why}", letter.template, letter.to);
                    changes.push(Change::Incident { code: "letter-not-composed".into(), text });
                    let dossier = letter.dossier.as_deref().map(|number| self.store.dossier(number)).transpose()?;
                    let (dossier, desk) = (dossier.flatten(), &self.office.desk);
                    let why = why.to_string();
                    waiting.extend(unmade_task(&letter, &why, dossier.as_ref(), &of.cause, self.now, desk));
                }
            }
        }
        let acted = Acted {
            dossier: of.dossier.to_owned(),
            cause: of.cause.clone(),
            by: of.by.trim().to_owned(),
            office: of.office.to_owned(),
            channel: of.channel,
            key: of.key.to_owned(),
            changes,
            outgoing: letters,
            frozen,
            hold_seconds: self.hold.as_secs(),
            observed: self.observe,
        };
        self.store.act(revision, acted, self.now)?;
        events::acted(of.channel);
        Ok(said)
    }
}

/// Whose an act is.
struct Of<'a> {
    dossier: &'a str,
    cause: String,
    by: &'a str,
    office: &'a str,
    channel: Channel,
    key: &'a str,
}

/// What the outbox shows as the cause: the message that opened the dossier, else the act itself.
fn cause(origin: &str, own: String) -> String {
    if origin.is_empty() { own } else { origin.to_owned() }
}
