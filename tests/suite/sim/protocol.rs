//! The body's protocol system behind its folder: numbers that come late, twice, to whom they do not belong, or never while things go
//! wrong; and what must be true of the numbers in the end. Changes when such a system can answer in another way.
//!
//! Its folder is on the machine's own disk, not on the simulated one: another system's share survives our power cuts. Our side dies
//! between its steps, at the operations on archive and register that lie between them; the steps themselves have failpoints.

use super::plan::{Dice, Plan};
use super::power::Power;
use casework::calendar::rome;
use casework::protocol::{Fact, Number, is_registered};
use casework::{Change, Lane};
use sportello::caseload::ROWS_REFUSED;
use sportello::clock::Clock;
use sportello::journal::Head;
use sportello::journal::record::{Event, Record};
use sportello::outbox::schedule::State;
use sportello::store::Overview;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Seconds between two looks of the system.
const LOOKS: (u64, u64) = (60, 1500);
/// The longest that an answer takes, seconds.
const LATE: u64 = 5 * 3600;

/// What the system knows: what it gave, and what of its answers was false.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// By document: its numbers, the last one in force.
    pub given: BTreeMap<String, Vec<Number>>,
    /// Tables with a false row, by what they say: the same table twice is told of once.
    pub lies: BTreeMap<String, Vec<String>>,
}

/// The system.
pub struct System {
    folder: PathBuf,
    clock: Clock,
    power: Power,
    desk: Mutex<Desk>,
}

struct Desk {
    dice: Dice,
    registry: Registry,
    /// The next number: of one year.
    next: u32,
    tables: usize,
    /// By document: when it is answered; none, not while things go wrong.
    due: BTreeMap<String, Option<Instant>>,
    /// By document: the table that answered it last.
    answered: BTreeMap<String, String>,
    is_sound: bool,
}

impl System {
    /// Begins to look, until its world ends.
    pub fn start(plan: &Plan, root: &Path, clock: Clock, power: Power) -> Arc<Self> {
        let desk = Desk {
            dice: Dice::of(plan.seed, 8),
            registry: Registry::default(),
            next: 1,
            tables: 0,
            due: BTreeMap::new(),
            answered: BTreeMap::new(),
            is_sound: false,
        };
        let system = Arc::new(Self { folder: root.join("scambio"), clock, power, desk: Mutex::new(desk) });
        let me = system.clone();
        tokio::spawn(async move {
            loop {
                let pause = {
                    let mut desk = me.desk.lock().unwrap();
                    if desk.is_sound { Duration::from_secs(LOOKS.0) } else { desk.dice.seconds(LOOKS.0, LOOKS.1) }
                };
                tokio::time::sleep(pause).await;
                me.turn();
            }
        });
        system
    }

    /// From now on everything is answered, and nothing falsely.
    pub fn heal(&self) {
        let mut desk = self.desk.lock().unwrap();
        desk.is_sound = true;
        desk.due.values_mut().for_each(|due| *due = Some(Instant::now()));
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it knows.
    pub fn registry(&self) -> Registry {
        self.desk.lock().unwrap().registry.clone()
    }

    /// Tables that nobody has read yet.
    pub fn unread(&self) -> usize {
        names(&self.folder.join("protocollati")).into_iter().filter(|name| name.ends_with(".csv")).count()
    }

    /// The report of a table that was read: the newest, if it was read more than once.
    fn report(&self, table: &str) -> Option<String> {
        report(&self.folder, table)
    }

    fn turn(&self) {
        let lying: Vec<String> = documents(&self.folder);
        let mut desk = self.desk.lock().unwrap();
        let now = Instant::now();
        let today = rome(self.clock.now()).date();
        let mut rows = Vec::new();
        for document in &lying {
            if !desk.registry.given.contains_key(document) {
                let number = Number { number: desk.next, on: today };
                desk.next += 1;
                desk.registry.given.insert(document.clone(), vec![number]);
                let late = Duration::from_secs(desk.dice.spread(LATE));
                let never = desk.dice.permille(100) && !desk.is_sound;
                let late = if desk.is_sound { Duration::ZERO } else { late };
                desk.due.insert(document.clone(), (!never).then_some(now + late));
            }
            if let Some(table) = desk.answered.get(document) {
                // Not read yet; or read, believed and about to be taken away.
                match self.report(table) {
                    None => continue,
                    Some(said) if said.contains("RIFIUTATA") => {
                        // The one true answer that may be refused: a day that is not that of the document, by our clocks.
                        if let Some(number) = desk.registry.given.get_mut(document).and_then(|all| all.last_mut()) {
                            number.on = today;
                        }
                    }
                    Some(_) if !desk.is_sound && desk.dice.permille(700) => continue,
                    Some(_) => {}
                }
            }
            if desk.due.get(document).copied().flatten().is_some_and(|due| due <= now) {
                let number = desk.registry.given[document][desk.registry.given[document].len() - 1];
                rows.push((document.clone(), number, false));
            }
        }
        // What it has no more in its hands was believed: of that it may say something false, or take it back.
        let settled: Vec<(String, Number)> = desk
            .registry
            .given
            .iter()
            .filter(|(document, _)| !lying.contains(*document) && desk.answered.contains_key(*document))
            .filter(|(document, _)| self.report(&desk.answered[*document]).is_some())
            .map(|(document, all)| (document.clone(), all[all.len() - 1]))
            .collect();
        if !rows.is_empty() {
            // A table each: then a report is about one document.
            for row in &rows {
                let name = self.leave(&mut desk, std::slice::from_ref(row));
                desk.answered.insert(row.0.clone(), name);
            }
            if !desk.is_sound && desk.dice.permille(250) {
                self.power.count("protocol: numbers said twice");
                let mut again = rows.clone();
                if desk.dice.permille(500) {
                    again.reverse();
                    again.extend(settled.first().map(|(document, number)| (document.clone(), *number, false)));
                }
                self.leave(&mut desk, &again);
            }
        }
        if desk.is_sound || settled.is_empty() {
            return;
        }
        if desk.dice.permille(150) {
            let (document, number) = desk.dice.pick(&settled).clone();
            if desk.registry.given[&document].len() < 3 {
                self.power.did("protocol numbers annulled");
                self.leave(&mut desk, &[(document.clone(), number, true)]);
                let other = Number { number: desk.next, on: today };
                desk.next += 1;
                desk.answered.remove(&document);
                desk.due.insert(document.clone(), Some(now));
                desk.registry.given.entry(document).or_default().push(other);
                return;
            }
        }
        if desk.dice.permille(250) {
            let (one, own) = desk.dice.pick(&settled).clone();
            let (other, others) = desk.dice.pick(&settled).clone();
            let fresh = Number { number: 900_000 + desk.next, on: today };
            let waiting: Vec<&String> = lying.iter().filter(|one| !desk.answered.contains_key(*one)).collect();
            let lie = match desk.dice.below(5) {
                // The number of one for another, which has none yet.
                4 if !waiting.is_empty() => ((*desk.dice.pick(&waiting)).clone(), others, false),
                0 => ("f".repeat(64), fresh, false),
                1 if one != other => (one, others, false),
                2 => (one, Number { number: 0, ..own }, false),
                _ => (one, fresh, desk.dice.permille(300)),
            };
            self.power.count("protocol: false answers");
            let said = format!("{lie:?}");
            let name = self.leave(&mut desk, &[lie]);
            desk.registry.lies.entry(said).or_default().push(name);
        }
    }

    /// A table that nobody writes any more.
    fn leave(&self, desk: &mut Desk, rows: &[(String, Number, bool)]) -> String {
        desk.tables += 1;
        let name = format!("numeri-{:04}.csv", desk.tables);
        let mut text = "documento;numero;data;annullato\n".to_owned();
        for (document, number, annulled) in rows {
            let annulled = if *annulled { "si" } else { "" };
            text.push_str(&format!("{document};{:07};{};{annulled}\n", number.number, number.on));
            self.power.note(format!("protocol: {} {number} {annulled} in {name}", &document[..12]));
        }
        let path = self.folder.join("protocollati").join(&name);
        if fs::write(&path, text).is_ok() {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        }
        name
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn documents(folder: &Path) -> Vec<String> {
    names(&folder.join("da-protocollare")).into_iter().filter(|name| name.len() == 64).collect()
}

fn report(folder: &Path, table: &str) -> Option<String> {
    if folder.join("protocollati").join(table).exists() {
        return None;
    }
    let done = folder.join("protocollati/fatti");
    let newest = names(&done).into_iter().rfind(|name| name.ends_with(&format!("{table}.esito.txt")))?;
    fs::read_to_string(done.join(newest)).ok()
}

/// One document at most one number, one number one document; what must be registered is, nothing false was believed, and who said
/// something false is told. How many have their number.
pub fn judge(
    lines: &[(Record, Head)],
    registry: &Registry,
    folder: &Path,
    overview: &Overview,
) -> (usize, Vec<String>) {
    let mut wrong = Vec::new();
    let mut held: BTreeMap<&str, Number> = BTreeMap::new();
    let mut holders: BTreeMap<u32, &str> = BTreeMap::new();
    let (mut emergency, mut last): (BTreeSet<&str>, u32) = (BTreeSet::new(), 0);
    let (mut due, mut told) = (BTreeSet::new(), Vec::new());
    let mut is_on = false;
    for (record, _) in lines {
        match &record.event {
            Event::Decided(decided) if is_on && is_registered(&decided.decision.disposition) => {
                due.insert(decided.digest.as_str());
            }
            Event::Acted(acted) => told.extend(acted.changes.iter().filter_map(|change| match change {
                Change::Incident { code, text } if code == ROWS_REFUSED => Some(text.as_str()),
                _ => None,
            })),
            Event::Protocol(Fact::Began) => is_on = true,
            Event::Protocol(Fact::Numbered { document, number, .. }) => {
                let given = registry.given.get(document.as_str());
                if !given.is_some_and(|all| all.iter().any(|one| one.number == number.number)) {
                    wrong.push(format!("line {}: {number} was never given to {document}", record.seq));
                }
                if let Some(other) = held.insert(document, *number) {
                    wrong.push(format!("line {}: {document} has {other}, and {number} too", record.seq));
                }
                if holders.insert(number.number, document).is_some_and(|other| other != document) {
                    wrong.push(format!("line {}: {number} is that of two documents", record.seq));
                }
            }
            Event::Protocol(Fact::Annulled { document, .. }) => {
                let times = registry.given.get(document.as_str()).map_or(0, Vec::len);
                if held.remove(document.as_str()).is_none() || times < 2 {
                    wrong.push(format!("line {}: {document} was annulled by nobody", record.seq));
                }
            }
            Event::Protocol(Fact::EmergencyNumbered { documents, first }) => {
                if first.number != last + 1 {
                    wrong.push(format!("line {}: the emergency register jumps from {last} to {first}", record.seq));
                }
                last = first.number + u32::try_from(documents.len()).unwrap() - 1;
                for document in documents {
                    if !emergency.insert(document) {
                        wrong.push(format!("line {}: {document} is twice in the emergency register", record.seq));
                    }
                }
            }
            _ => {}
        }
    }
    let left = overview
        .items
        .iter()
        .filter(|item| item.outgoing.lane == Lane::Pec && item.canary.is_none() && item.state == State::Submitted);
    due.extend(left.map(|item| item.frozen.as_str()));
    for document in due.into_iter().filter(|document| !held.contains_key(document)) {
        wrong.push(format!("{document} is registered nowhere"));
    }
    for (document, number) in &held {
        let given = registry.given.get(*document).and_then(|all| all.last());
        if given.map(|given| given.number) != Some(number.number) {
            wrong.push(format!("{document} has {number}, and the protocol gave it {given:?}"));
        }
    }
    for (said, tables) in &registry.lies {
        let is_refused = |table: &String| report(folder, table).is_some_and(|said| said.contains("RIFIUTATA"));
        let is_told = |table: &String| told.iter().any(|text| text.contains(table.as_str()));
        if !tables.iter().all(is_refused) || !tables.iter().any(is_told) {
            wrong.push(format!("what was false in {tables:?} was told to nobody: {said}"));
        }
    }
    for document in documents(folder) {
        wrong.push(format!("{document} still lies with the protocol"));
    }
    (held.len(), wrong)
}
