//! What the back office is told of a line of the register. Pure. It changes when it is told something else.
//!
//! As little of a person as its work needs: codes of the parties, once, when a dossier opens; no name, no address, no words of
//! anybody, no name of a file. Of a reserved dossier, and of a document for the office alone, nothing.

use crate::journal::Place;
use crate::journal::record::{Channel, Event as Journalled, Record};
use casework::dossier::{Document, Dossier, State, Visibility};
use casework::life::Entry;
use casework::{Change, person};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Digits of a line's digest in the id of what it tells: a register that was put back from an older copy writes other lines under
/// the same numbers.
const DIGITS: usize = 12;

/// One thing that happened. The names of its fields are Italian and for ever: programs of others read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The same whenever it is told again: number of the line, place in it, beginning of its digest.
    pub id: String,
    /// What.
    #[serde(rename = "evento")]
    pub what: What,
    /// When it was written down.
    #[serde(rename = "avvenuto")]
    pub at: Timestamp,
    /// By which way it came about: `posta`, `comando`, `deposito`, `tempo`, `gestionale`.
    #[serde(rename = "canale")]
    pub channel: String,
    /// The dossier's number.
    #[serde(rename = "fascicolo")]
    pub dossier: String,
    /// Id of its procedure.
    #[serde(rename = "procedimento")]
    pub procedure: String,
    /// The state that it came to.
    #[serde(rename = "stato", skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The office (id) that owns it; only where it opens.
    #[serde(rename = "ufficio", skip_serializing_if = "String::is_empty", default)]
    pub office: String,
    /// Since when it runs; only where it opens.
    #[serde(rename = "avviata", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Last day of the term, where this line counts it.
    #[serde(rename = "termine", skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
    /// Whom it concerns; only where it opens.
    #[serde(rename = "persone", skip_serializing_if = "Vec::is_empty", default)]
    pub people: Vec<Party>,
    /// Which document.
    #[serde(rename = "documento", skip_serializing_if = "Option::is_none")]
    pub document: Option<Filed>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// A dossier opened.
    PraticaAperta,
    /// Its state moved.
    StatoCambiato,
    /// A document was filed in it.
    DocumentoDepositato,
}

/// Somebody whom a dossier concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Codice fiscale or partita IVA; of who has neither in the register, nothing.
    #[serde(rename = "codice", skip_serializing_if = "String::is_empty", default)]
    pub code: String,
    /// The part: `richiedente`, `beneficiario`, …
    #[serde(rename = "ruolo")]
    pub role: String,
}

/// A document, by what finds it in the archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filed {
    /// SHA-256 of its bytes, where it is known by itself.
    #[serde(rename = "impronta", skip_serializing_if = "String::is_empty", default)]
    pub digest: String,
    /// SHA-256 of the message that brought it.
    #[serde(rename = "messaggio", skip_serializing_if = "String::is_empty", default)]
    pub message: String,
    /// Its type, as its author says.
    #[serde(rename = "tipo", skip_serializing_if = "String::is_empty", default)]
    pub media: String,
}

/// A line that tells something, taken out of the register.
#[derive(Debug, Clone)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// When it was written.
    pub at: Timestamp,
    channel: &'static str,
    changes: Vec<(usize, Change)>,
}

impl Line {
    /// What of a record may be told; none: nothing.
    #[must_use]
    pub fn of(record: &Record, place: &Place) -> Option<Self> {
        let (channel, changes) = match &record.event {
            Journalled::Decided(decided) => ("posta", decided.changes()),
            Journalled::Acted(acted) => (word(acted.channel), acted.changes.as_slice()),
            _ => return None,
        };
        let is_heard = |change: &Change| matches!(change, Change::Opened { .. } | Change::Entered { .. });
        let tells = |change: &Change| match change {
            Change::Opened { .. } => true,
            Change::Entered { entry, .. } => matches!(entry, Entry::Moved { .. } | Entry::Deposited { .. }),
            _ => false,
        };
        if !changes.iter().any(tells) {
            return None;
        }
        let changes = changes.iter().cloned().enumerate().filter(|(_, change)| is_heard(change)).collect();
        Some(Self { place: place.clone(), at: record.at, channel, changes })
    }

    /// The numbers of the dossiers that were there before.
    pub fn dossiers(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().filter_map(|(_, change)| match change {
            Change::Entered { dossier, .. } => Some(dossier.as_str()),
            _ => None,
        })
    }

    /// What is told of it. `known`: those dossiers, as they stand. `procedures`: those that the back office works on; empty: all.
    #[must_use]
    pub fn events(&self, known: &[Dossier], procedures: &[String]) -> Vec<Event> {
        let cover = |number: &str| known.iter().find(|dossier| dossier.number == number);
        let is_told = |dossier: &Dossier| {
            let of_procedure = procedures.is_empty() || procedures.contains(&dossier.cover.procedure);
            of_procedure && !dossier.cover.reserved
        };
        let mut events = Vec::new();
        for (n, change) in &self.changes {
            let told = match change {
                Change::Opened { dossier } => Some((dossier, self.opened(dossier))),
                Change::Entered { dossier, entry } => {
                    cover(dossier).and_then(|dossier| Some((dossier, self.entered(&dossier.number, entry)?)))
                }
                _ => None,
            };
            let Some((dossier, (what, told))) = told.filter(|(dossier, _)| is_told(dossier)) else { continue };
            let digest = self.place.hash.get(..DIGITS).unwrap_or(&self.place.hash);
            events.push(Event {
                id: format!("{}-{n}-{digest}", self.place.seq),
                what,
                at: self.at,
                channel: self.channel.into(),
                dossier: dossier.number.clone(),
                procedure: dossier.cover.procedure.clone(),
                ..told
            });
        }
        events
    }

    fn opened(&self, dossier: &Dossier) -> (What, Event) {
        // Who joined, and what was counted, in the line that opens it.
        let mut whole = dossier.clone();
        self.entries(&dossier.number).for_each(|entry| whole.apply(entry, self.at));
        // The id of who has a code is the code.
        let is_code = |id: &str| person::id::codice_fiscale(id).is_ok() || person::id::partita_iva(id).is_ok();
        let code = |id: &String| Some(id.clone()).filter(|id| is_code(id)).unwrap_or_default();
        let people = whole.cover.people.iter();
        let people = people.map(|one| Party { code: code(&one.person), role: one.role.title().into() }).collect();
        let state = Some(dossier.state);
        let office = dossier.office.clone();
        let since = Some(dossier.opened_at);
        (What::PraticaAperta, Event { state, office, since, due: whole.due, people, ..blank(self.at) })
    }

    fn entered(&self, number: &str, entry: &Entry) -> Option<(What, Event)> {
        match entry {
            Entry::Moved { to, .. } => {
                let counted = self.entries(number).filter_map(|entry| match entry {
                    Entry::Reckoned { due, .. } => *due,
                    _ => None,
                });
                Some((What::StatoCambiato, Event { state: Some(*to), due: counted.last(), ..blank(self.at) }))
            }
            Entry::Deposited { document } if document.visibility != Visibility::Reserved => {
                let Document { digest, message, media, .. } = document.clone();
                let document = Some(Filed { digest, message, media });
                Some((What::DocumentoDepositato, Event { document, ..blank(self.at) }))
            }
            _ => None,
        }
    }

    fn entries<'a>(&'a self, number: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.changes.iter().filter_map(move |(_, change)| match change {
            Change::Entered { dossier, entry } if dossier == number => Some(entry),
            _ => None,
        })
    }
}

fn blank(at: Timestamp) -> Event {
    Event {
        id: String::new(),
        what: What::PraticaAperta,
        at,
        channel: String::new(),
        dossier: String::new(),
        procedure: String::new(),
        state: None,
        office: String::new(),
        since: None,
        due: None,
        people: Vec::new(),
        document: None,
    }
}

fn word(channel: Channel) -> &'static str {
    match channel {
        Channel::Command => "comando",
        Channel::Drop => "deposito",
        Channel::Mail => "posta",
        Channel::Clock => "tempo",
        Channel::BackOffice => "gestionale",
        Channel::Source => "fonte",
    }
}
