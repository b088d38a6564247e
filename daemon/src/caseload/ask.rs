//! What may be asked of the register of dossiers and persons, and the bounded rows that answer. It changes when people ask
//! something else.
//!
//! The running service answers over its counter; where none runs, the command does the same on the store. Both by way of
//! [`tell`](super::looked::tell), which writes down who read what: nothing else shows an answer to anybody.

use super::contact::{self, Contact, LetterRow};
use crate::store::finding::{NAME_CHARS_MIN, days_late};
use crate::store::register::EntryRow;
use crate::store::{Store, Trouble, protocol};
use casework::access::Access;
use casework::calendar::{in_words, rome};
use casework::desk::Desk;
use casework::dossier::{Document, Dossier, State};
use casework::life::Entry;
use casework::person::{self, Domicile, Person};
use casework::protocol::Registration;
use casework::rating::Ratings;
use casework::term::{self, Cause, Clock, Reckoning, ReminderKind};
use casework::times::Time;
use casework::{clockwork, person::Kind};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Dossiers, or persons, of one answer.
pub const LISTED_MAX: usize = 1_000;
/// Documents of the emergency register in one answer, the last ones: some days of a large body.
pub const EMERGENCY_LISTED_MAX: usize = 20_000;
/// Entries of one answer: a dossier of years has some hundred.
pub const ENTRIES_MAX: usize = 2_000;
/// All of them together, bytes: reasons may be long.
pub const ENTRIES_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Addresses shown of one dossier in a list.
const PARTIES_SHOWN_MAX: usize = 5;
/// Readings shown of one person, the newest.
const ACCESSES_MAX: usize = 500;
/// Persons of one name: of more, more of the name must be said.
pub const NAMED_MAX: usize = 200;
/// Dossiers shown of one person.
const OF_PERSON_MAX: usize = 100;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Ask {
    /// Which dossiers there are.
    Dossiers {
        /// Which of them.
        which: Which,
        /// At most so many, and never more than [`LISTED_MAX`].
        max: usize,
    },
    /// All of one dossier.
    Dossier {
        /// Its number.
        number: String,
    },
    /// All of one person.
    Person {
        /// Id, codice fiscale or partita IVA.
        code: String,
    },
    /// Whose an address is, or was.
    People {
        /// The address.
        address: String,
    },
    /// Who is called so.
    Named {
        /// A surname, or several words of the name, or their beginnings.
        name: String,
    },
    /// Who looked at what is held of a person.
    Accesses {
        /// Id, codice fiscale or partita IVA.
        code: String,
    },
    /// What people thought of how they went, of the days of a period.
    Ratings {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// How the registering in the protocol stands. No names are in the answer.
    Protocol {
        /// Which documents are wanted.
        which: Documents,
    },
    /// How long dossiers took: the next [`LISTED_MAX`] after a number, empty for the first.
    Times {
        /// The number.
        after: String,
    },
}

/// Which documents of the registering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Documents {
    /// None.
    None,
    /// Those without a number, the oldest first; at most [`LISTED_MAX`].
    Waiting,
    /// Those of the emergency register, the last [`EMERGENCY_LISTED_MAX`].
    InEmergency,
}

/// Which dossiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "which", rename_all = "kebab-case")]
pub enum Which {
    /// All, the newest first.
    All,
    /// Those of a person.
    Person {
        /// Id or code.
        code: String,
    },
    /// Those of the persons who are called so.
    Named {
        /// A surname, or several words of the name, or their beginnings.
        name: String,
    },
    /// Those in which an address may be written to.
    Address {
        /// The address.
        address: String,
    },
    /// Open ones whose term must be looked at, or has its last day, by a day; the earliest first. What is past stays among them.
    Due {
        /// The day.
        by: Date,
    },
}

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "kebab-case")]
pub enum Told {
    /// Dossiers.
    Dossiers {
        /// A row each.
        rows: Vec<Row>,
        /// There are others.
        more: bool,
    },
    /// One dossier.
    Dossier {
        /// None: it is not there.
        sheet: Option<Box<Sheet>>,
    },
    /// One person.
    Person {
        /// None: it is not there.
        sheet: Option<Box<PersonSheet>>,
    },
    /// Persons.
    People {
        /// A row each.
        people: Vec<PersonRow>,
    },
    /// Who looked at what is held of one person.
    Accesses {
        /// None: it is not there.
        seen: Option<Seen>,
    },
    /// Nothing: the question cannot be put so.
    No {
        /// Why, in Italian.
        why: String,
    },
    /// Opinions, by procedure: added up, and nobody's.
    Ratings {
        /// Of each procedure (id) that has any.
        rows: BTreeMap<String, Ratings>,
    },
    /// How the registering stands.
    Protocol {
        /// In figures.
        overview: protocol::Overview,
        /// The documents that were asked for (digests).
        rows: Vec<(String, Registration)>,
        /// With those of the emergency register: when it was open.
        interruptions: Vec<protocol::Interruption>,
    },
    /// Times of dossiers, in the order of their numbers; none: there are no more.
    Times {
        /// A row each.
        rows: Vec<Time>,
    },
}

/// A dossier in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Number.
    pub number: String,
    /// What it is about.
    pub subject: String,
    /// Id of its procedure.
    pub procedure: String,
    /// State.
    pub state: State,
    /// Since when.
    pub state_since: Timestamp,
    /// Owning office (id).
    pub office: String,
    /// Who is responsible; empty = the head of the unit.
    pub responsible: String,
    /// Since when its term runs.
    pub opened_at: Timestamp,
    /// Last day of its term.
    pub due: Option<Date>,
    /// Until when the term stands still.
    pub suspended_until: Option<Date>,
    /// The day on which its term must be looked at.
    pub look: Option<Date>,
    /// How many days its term is past, while nothing is decided.
    #[serde(default)]
    pub late: Option<i32>,
    /// The first addresses.
    pub parties: Vec<String>,
}

/// All of one dossier.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sheet {
    /// As the register holds it.
    pub dossier: Dossier,
    /// Title of its procedure.
    pub procedure: String,
    /// Name of its office.
    pub office: String,
    /// Names of its persons, by id.
    pub names: BTreeMap<String, String>,
    /// How its term was counted; none in registers of before there were procedures.
    pub term: Option<Term>,
    /// Its documents, in order.
    pub documents: Vec<Document>,
    /// Letters to citizens, the newest of them in order.
    #[serde(default)]
    pub letters: Vec<LetterRow>,
    /// What happened, in order.
    pub entries: Vec<EntryRow>,
    /// What happened after these and is not shown.
    pub entries_left_out: u32,
}

/// A term, counted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Term {
    /// How it stands today, in Italian.
    pub now: String,
    /// Last day; none while it waits for a regular request.
    pub last_day: Option<Date>,
    /// Every step of the count, in Italian.
    pub explained: Vec<String>,
    /// What silence means: `inadempimento`, `assenso`, `rigetto`.
    pub silence: String,
    /// Who is told when.
    pub reminders: Vec<Reminded>,
}

/// One reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The day.
    pub on: Date,
    /// What.
    pub what: ReminderKind,
    /// It has gone.
    pub done: bool,
}

/// All of one person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonSheet {
    /// As the register holds it.
    pub person: Person,
    /// Fields on which sources disagree.
    pub conflicts: Vec<String>,
    /// The sources that go before, the first one first.
    #[serde(default)]
    pub order: Vec<String>,
    /// Numbers of the dossiers, in order.
    pub dossiers: Vec<String>,
    /// What went to and fro, the newest in order.
    #[serde(default)]
    pub contacts: Vec<Contact>,
    /// What happened to the record, in order.
    pub entries: Vec<PersonEntry>,
}

/// What happened to a person's record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonEntry {
    /// When.
    pub at: Timestamp,
    /// Journal line.
    pub seq: u64,
    /// Who; empty for a message.
    pub by: String,
    /// The message that it comes of.
    pub message: String,
    /// What.
    pub entry: person::Entry,
}

/// Who looked at what is held of a person, names and all: for the administrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// Id of the person.
    pub person: String,
    /// Official name.
    pub name: String,
    /// The newest first.
    pub rows: Vec<Access>,
    /// There are others.
    pub more: bool,
}

/// A person in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PersonRow {
    /// Id.
    pub id: String,
    /// Official name.
    pub name: String,
    /// Kind.
    pub kind: Kind,
    /// Domiciles, ended ones among them.
    pub domiciles: Vec<Domicile>,
}

/// Answers, changing nothing.
///
/// # Errors
/// The store cannot be read.
pub fn answer(store: &Store, desk: &Desk, ask: &Ask, now: Timestamp) -> Result<Told, Trouble> {
    Ok(match ask {
        Ask::Dossiers { which, max } => dossiers(store, which, (*max).clamp(1, LISTED_MAX), now)?,
        Ask::Dossier { number } => {
            let found = store.dossier(number)?;
            Told::Dossier { sheet: found.map(|found| sheet(store, desk, found, now)).transpose()?.map(Box::new) }
        }
        Ask::Person { code } => {
            let found = store.person(&code.trim().to_ascii_uppercase())?;
            Told::Person { sheet: found.map(|found| person_sheet(store, desk, found, now)).transpose()?.map(Box::new) }
        }
        Ask::People { address } => {
            let people = store.people_at(address, LISTED_MAX)?;
            Told::People { people: people.into_iter().map(person_row).collect() }
        }
        Ask::Named { name } => match too_short(name) {
            Some(why) => Told::No { why },
            None => {
                let people = store.people_named(name, NAMED_MAX)?;
                Told::People { people: people.into_iter().map(person_row).collect() }
            }
        },
        Ask::Accesses { code } => {
            let found = store.person(&code.trim().to_ascii_uppercase())?;
            Told::Accesses { seen: found.map(|found| seen(store, found)).transpose()? }
        }
        Ask::Ratings { from, to } => Told::Ratings { rows: store.ratings(*from, *to)? },
        Ask::Protocol { which } => registering(store, *which)?,
        Ask::Times { after } => Told::Times { rows: times(store, after)? },
    })
}

fn registering(store: &Store, which: Documents) -> Result<Told, Trouble> {
    let (rows, interruptions) = match which {
        Documents::None => (Vec::new(), Vec::new()),
        Documents::Waiting => {
            let found = store.unregistered(LISTED_MAX, |_| true)?.into_iter();
            let rows = found.map(|document| Ok(store.registration(&document)?.map(|of| (document, of))));
            (rows.collect::<Result<Vec<_>, Trouble>>()?.into_iter().flatten().collect(), Vec::new())
        }
        Documents::InEmergency => (store.in_emergency(EMERGENCY_LISTED_MAX)?, store.interruptions()?),
    };
    Ok(Told::Protocol { overview: store.protocol_overview()?, rows, interruptions })
}

fn person_row(person: Person) -> PersonRow {
    PersonRow {
        name: person.names.first().cloned().unwrap_or_default(),
        id: person.id,
        kind: person.kind,
        domiciles: person.domiciles,
    }
}

/// Why nobody is looked for under this name.
fn too_short(name: &str) -> Option<String> {
    let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
    (letters < NAME_CHARS_MIN).then(|| format!("per cercare un nome servono almeno {NAME_CHARS_MIN} lettere"))
}

/// The dossiers of all persons who are called so, in order; at most `max`.
fn of_named(store: &Store, name: &str, max: usize) -> Result<Vec<String>, Trouble> {
    let mut found = BTreeSet::new();
    for person in store.people_named(name, NAMED_MAX)? {
        found.extend(store.dossiers_of_code(&person.id, max)?);
    }
    Ok(found.into_iter().take(max).collect())
}

/// What must be looked at, and what ends, by a day: the earliest first, each once.
fn due(store: &Store, by: Date, max: usize) -> Result<Vec<String>, Trouble> {
    let mut seen = BTreeSet::new();
    let ends = store.ending_dossiers(by, max)?;
    let looks = store.looks(by, max)?;
    let all: BTreeSet<(Date, String)> = ends.into_iter().chain(looks).collect();
    let first = all.into_iter().filter(|(_, number)| seen.insert(number.clone()));
    Ok(first.map(|(_, number)| number).take(max).collect())
}

fn dossiers(store: &Store, which: &Which, max: usize, now: Timestamp) -> Result<Told, Trouble> {
    if let Which::Named { name } = which
        && let Some(why) = too_short(name)
    {
        return Ok(Told::No { why });
    }
    // One more than is shown says whether there are others.
    let mut numbers = match which {
        Which::All => store.latest_dossiers(max + 1)?,
        Which::Person { code } => store.dossiers_of_code(code, max + 1)?,
        Which::Named { name } => of_named(store, name, max + 1)?,
        Which::Address { address } => store.dossiers_of_address(address, max + 1)?,
        Which::Due { by } => due(store, *by, max + 1)?,
    };
    let more = numbers.len() > max;
    numbers.truncate(max);
    let found = numbers.iter().map(|number| store.dossier(number)).collect::<Result<Vec<_>, _>>()?;
    Ok(Told::Dossiers { rows: found.into_iter().flatten().map(|dossier| row(dossier, now)).collect(), more })
}

fn times(store: &Store, after: &str) -> Result<Vec<Time>, Trouble> {
    let time = |dossier: Dossier| {
        // What was annulled bears the day of that; when it was decided stands in its entries.
        let first = match dossier.state {
            State::AnnullataAutotutela => store.first_end(&dossier.number, ENTRIES_MAX)?,
            _ => None,
        };
        Ok(Time::of(&dossier, first))
    };
    store.dossiers_after(after, LISTED_MAX)?.into_iter().map(time).collect()
}

fn row(dossier: Dossier, now: Timestamp) -> Row {
    let late = days_late(&dossier, now);
    let Dossier { number, title, office, state, state_since, opened_at, due, mut parties, cover, life, .. } = dossier;
    parties.truncate(PARTIES_SHOWN_MAX);
    Row {
        number,
        subject: if cover.subject.is_empty() { title } else { cover.subject },
        procedure: cover.procedure,
        state,
        state_since,
        office,
        responsible: cover.responsible,
        opened_at,
        due,
        suspended_until: life.suspended_until,
        look: life.look,
        late,
        parties,
    }
}

fn sheet(store: &Store, desk: &Desk, dossier: Dossier, now: Timestamp) -> Result<Sheet, Trouble> {
    let mut names = BTreeMap::new();
    for party in dossier.cover.people.iter().filter(|party| !party.person.is_empty()) {
        let name = store.person(&party.person)?.and_then(|person| person.names.into_iter().next());
        names.extend(name.map(|name| (party.person.clone(), name)));
    }
    let mut entries = store.entries(&dossier.number, ENTRIES_MAX)?;
    let documents = entries.iter().filter_map(|row| match &row.entry {
        Entry::Deposited { document } => Some(document.clone()),
        _ => None,
    });
    let documents = documents.collect();
    let mut bytes = 0;
    let fitting = entries.iter().take_while(|row| {
        bytes += serde_json::to_vec(row).map_or(0, |text| text.len());
        bytes <= ENTRIES_BYTES_MAX
    });
    let shown = fitting.count();
    entries.truncate(shown);
    let left_out = usize::try_from(dossier.life.entries).unwrap_or(usize::MAX).saturating_sub(shown);
    let procedure = clockwork::procedure_of(&dossier, desk);
    Ok(Sheet {
        procedure: procedure.map(|procedure| procedure.title.clone()).unwrap_or_default(),
        office: desk.rules.office(&dossier.office).map(|office| office.title.clone()).unwrap_or_default(),
        term: term(&dossier, desk, now),
        letters: contact::letters(store, &dossier.number)?,
        names,
        documents,
        entries,
        entries_left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        dossier,
    })
}

/// The count of a dossier's term, with the calendar and the procedures of today.
fn term(dossier: &Dossier, desk: &Desk, now: Timestamp) -> Option<Term> {
    let counted = clockwork::count(dossier, desk)?;
    let silence = clockwork::silence(dossier, desk);
    let reminders = term::reminders(&counted, silence).into_iter().map(|reminder| Reminded {
        on: reminder.on,
        what: reminder.what,
        done: dossier.life.reminded.contains(&reminder),
    });
    Some(Term {
        now: stands(dossier, &counted, rome(now).date()),
        last_day: counted.last_day,
        explained: counted.explain(),
        silence: silence.code().into(),
        reminders: reminders.collect(),
    })
}

/// How a term stands on a day, in Italian.
fn stands(dossier: &Dossier, counted: &Reckoning, today: Date) -> String {
    if let Some(closed) = dossier.life.closed_at {
        return format!("la pratica è conclusa da {}", in_words(rome(closed).date()));
    }
    let until = counted.last_day.map(|last| format!("; ultimo giorno {}", in_words(last))).unwrap_or_default();
    match counted.on(today) {
        Clock::Running { left: 0 } => format!("oggi è l'ultimo giorno contato{until}"),
        Clock::Running { left: 1 } => format!("corre: ne resta un giorno{until}"),
        Clock::Running { left } => format!("corre: ne restano {left} giorni{until}"),
        Clock::Suspended(stop) => {
            let why = match stop.cause {
                Cause::Integration => "si aspetta quello che è stato chiesto al cittadino",
                Cause::Refusal => "si aspetta la risposta al preavviso di rifiuto",
                Cause::ThirdBody { .. } => "si aspetta un altro ente",
            };
            format!("è fermo, {why}: riparte al più tardi {}{until}", in_words(stop.until))
        }
        Clock::Interrupted { since } => {
            format!("è fermo da {}: riparte da capo con la richiesta regolare", in_words(since))
        }
        Clock::Ended { on } => format!("è FINITO {}", in_words(on)),
    }
}

fn seen(store: &Store, person: Person) -> Result<Seen, Trouble> {
    let dossiers = store.dossiers_of_person(&person.id, LISTED_MAX)?;
    let (rows, more) = store.accesses(&person.id, &dossiers, ACCESSES_MAX)?;
    Ok(Seen { name: person.names.into_iter().next().unwrap_or_default(), person: person.id, rows, more })
}

fn person_sheet(store: &Store, desk: &Desk, person: Person, now: Timestamp) -> Result<PersonSheet, Trouble> {
    let entries = store.person_entries(&person.id, ENTRIES_MAX)?.into_iter();
    let dossiers = store.dossiers_of_person(&person.id, OF_PERSON_MAX)?;
    Ok(PersonSheet {
        conflicts: person.conflicts(&desk.entity.order(), now).iter().map(|held| held.field.to_owned()).collect(),
        order: desk.entity.precedence.clone(),
        contacts: contact::timeline(store, &person, &dossiers)?,
        dossiers,
        entries: entries.map(|(at, seq, by, message, entry)| PersonEntry { at, seq, by, message, entry }).collect(),
        person,
    })
}
