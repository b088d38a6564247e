//! What the law says of the steps of dossiers, read from the register of a life; and how far dossiers came. Changes with the law.

use casework::calendar::rome;
use casework::data_change;
use casework::dossier::{Dossier, Party, PartyRole, State};
use casework::life::Entry;
use casework::participation::{self, Participation};
use casework::procedure::Notice;
use casework::receipts::Fact;
use casework::term::{ClockFact, OBSERVATION_DAYS};
use casework::verb::Verb;
use casework::{Change, Desk, Outgoing, address, clockwork, person};
use serde_json::Value;
use sportello::journal::Head;
use sportello::journal::record::{Channel, Event, Record};
use std::collections::{BTreeMap, BTreeSet};

/// What dossiers came to, by name, and how often.
pub type Reached = BTreeMap<String, u64>;

/// What must be come to in the seeds of a plain run, so that the lives of dossiers do not wither unseen: every state, and these.
const FLOOR: [&str; 22] = [
    "clock integration-asked",
    "clock integration-answered",
    "clock refusal-announced",
    "clock observations-filed",
    "clock third-body-asked",
    "clock third-body-answered",
    "clock request-irregular",
    "clock request-regular",
    "filing filed",
    "filing weighed",
    "change proposed",
    "change confirmation-asked",
    "change confirmed",
    "change approved",
    "change applied",
    "enabling asked",
    "enabling confirmed",
    "enabling granted",
    "delivered esito",
    "delivered preavviso-diniego",
    "delivered richiesta-integrazione",
    "access to documents worked",
];

/// What of the floor was not come to.
pub fn missing(reached: &Reached) -> Vec<String> {
    let states = State::ALL.iter().map(|state| format!("state {}", state.code()));
    states.chain(FLOOR.map(str::to_owned)).filter(|name| !reached.contains_key(name)).collect()
}

/// Reads one register.
pub struct Law<'a> {
    desk: &'a Desk,
    dossiers: BTreeMap<&'a str, Dossier>,
    /// By item: the template of its letter.
    letters: BTreeMap<&'a str, &'a str>,
    /// By dossier and number of the change: who said yes.
    approvals: BTreeMap<(String, u32), BTreeSet<&'a str>>,
    /// By dossier and number of the change: where its code went.
    asked: BTreeMap<(String, u32), &'a str>,
    /// Steps of dossiers.
    pub moves: usize,
    /// What was come to.
    pub reached: Reached,
    /// What the law forbids and happened.
    pub wrong: Vec<String>,
}

/// One line, as far as it is of interest here.
struct Line<'a> {
    seq: u64,
    at: jiff::Timestamp,
    by_time: bool,
    /// The proven sender, where a message did it and no office ordered it.
    writer: Option<&'a str>,
    is_entered: bool,
    changes: &'a [Change],
    outgoing: &'a [Outgoing],
}

impl<'a> Law<'a> {
    /// What the register of a life says.
    pub fn of(lines: &'a [(Record, Head)], desk: &'a Desk) -> Self {
        let mut law = Self {
            desk,
            dossiers: BTreeMap::new(),
            letters: BTreeMap::new(),
            approvals: BTreeMap::new(),
            asked: BTreeMap::new(),
            moves: 0,
            reached: BTreeMap::new(),
            wrong: Vec::new(),
        };
        for (record, _) in lines {
            let (seq, at) = (record.seq, record.at);
            let line = match &record.event {
                Event::Decided(decided) => Line {
                    seq,
                    at,
                    by_time: false,
                    writer: (!is_ordered(&decided.decision.changes)).then_some(decided.findings.sender.as_str()),
                    is_entered: false,
                    changes: &decided.decision.changes,
                    outgoing: &decided.decision.outgoing,
                },
                Event::Acted(acted) => Line {
                    seq,
                    at,
                    by_time: acted.channel == Channel::Clock,
                    writer: None,
                    is_entered: acted.dossier.is_empty(),
                    changes: &acted.changes,
                    outgoing: &acted.outgoing,
                },
                _ => continue,
            };
            law.line(&line);
        }
        law
    }

    fn came(&mut self, what: String) {
        *self.reached.entry(what).or_default() += 1;
    }

    fn forbids(&mut self, line: &Line<'_>, what: &str) {
        self.wrong.push(format!("line {}: {what}", line.seq));
    }

    fn line(&mut self, line: &Line<'a>) {
        for letter in line.outgoing {
            self.letters.insert(&letter.id, &letter.template);
            if letter.template != "esito" {
                continue;
            }
            let of = letter.dossier.as_deref().and_then(|number| self.dossiers.get(number));
            // Not by the gate of the service: it is what is judged here.
            let waits = |filing: &Participation| filing.state == participation::State::Filed;
            if of.is_none_or(|dossier| dossier.life.filings.iter().any(waits)) {
                self.forbids(line, "an outcome over what nobody has weighed");
            }
        }
        for change in line.changes {
            match change {
                Change::Opened { dossier } => {
                    self.came(format!("state {}", dossier.state.code()));
                    self.dossiers.insert(&dossier.number, dossier.clone());
                }
                Change::Entered { dossier, entry } => self.entry(line, dossier, entry),
                Change::Learned { item, fact: Fact::Delivered { .. } } => {
                    if let Some(template) = self.letters.get(item.as_str()) {
                        self.came(format!("delivered {template}"));
                    }
                }
                Change::Person { entry: person::Entry::DatumRecorded { field, .. }, .. } if field == "iban" => {
                    let is_applied = |change: &Change| {
                        matches!(
                            change,
                            Change::Entered { entry: Entry::Change { step: data_change::Entry::Applied, .. }, .. }
                        )
                    };
                    if !line.is_entered && !line.changes.iter().any(is_applied) {
                        self.forbids(line, "an account has changed, and no change of data was applied");
                    }
                }
                _ => {}
            }
        }
    }

    fn entry(&mut self, line: &Line<'a>, number: &'a str, entry: &'a Entry) {
        let Some(mut dossier) = self.dossiers.remove(number) else {
            return self.forbids(line, &format!("{number} was never opened"));
        };
        match entry {
            Entry::Moved { verb, to, .. } => self.moved(line, &dossier, *verb, *to),
            Entry::Change { n, step } => self.change(line, &dossier, *n, step),
            Entry::Clock { .. } | Entry::Filing { .. } | Entry::Enabling { .. } | Entry::Advice { .. } => {
                for name in named(entry) {
                    self.came(name);
                }
            }
            _ => {}
        }
        dossier.apply(entry, line.at);
        self.dossiers.insert(number, dossier);
    }

    fn moved(&mut self, line: &Line<'_>, dossier: &Dossier, verb: Verb, to: State) {
        self.moves += 1;
        let number = &dossier.number;
        self.came(format!("state {}", to.code()));
        self.came(format!("step {} {} {}", dossier.state.code(), verb.code(), to.code()));
        if dossier.cover.procedure == "accesso-atti" && to.is_final() {
            self.came("access to documents worked".into());
        }
        if let Some(writer) = line.writer {
            let is_theirs = |party: &Party| address::same(&party.address, writer);
            let mut parties = dossier.cover.people.iter().filter(|party| is_theirs(party));
            let may = match verb {
                Verb::Ritira => parties.any(|party| party.role == PartyRole::Applicant),
                _ => parties.next().is_some(),
            };
            // What opens it moves it in the same line.
            let is_opened = |change: &Change| matches!(change, Change::Opened { dossier } if dossier.number == *number);
            if !may && !line.changes.iter().any(is_opened) {
                self.forbids(line, &format!("{number} was moved by {verb:?} of somebody who is no party of it"));
            }
        }
        let procedure = clockwork::procedure_of(dossier, self.desk);
        let next = procedure.map(|of| of.next(dossier.state, verb));
        if !matches!(&next, Some(Ok(next)) if *next == to) {
            self.forbids(line, &format!("{number} went from {:?} to {to:?} by {verb:?}", dossier.state));
        }
        if line.by_time && to.is_final() && to != State::AccoltaPerSilenzio {
            self.forbids(line, &format!("a day has closed {number}"));
        }
        let today = rome(line.at).date();
        if to == State::AccoltaPerSilenzio && dossier.due.is_none_or(|due| today <= due) {
            self.forbids(line, &format!("silence has granted {number} before its term was over"));
        }
        if verb == Verb::Respingi && procedure.is_some_and(|of| of.notice == Notice::Due) {
            let newest = dossier.life.facts.get(dossier.life.announced_after..).unwrap_or_default();
            let announced = newest.iter().find(|fact| matches!(fact, ClockFact::RefusalAnnounced { .. }));
            let answered = newest.iter().any(|fact| matches!(fact, ClockFact::ObservationsFiled { .. }));
            let days = announced.map(|fact| today.duration_since(rome(fact.at()).date()).as_hours() / 24);
            if !answered && days.is_none_or(|days| days <= i64::from(OBSERVATION_DAYS)) {
                self.forbids(line, &format!("{number} is refused unheard"));
            }
        }
    }

    /// What is risky takes the citizen's confirmation and two people, in that order, before anything changes.
    fn change(&mut self, line: &Line<'a>, dossier: &Dossier, n: u32, step: &'a data_change::Entry) {
        for name in named(&Entry::Change { n, step: step.clone() }) {
            self.came(name);
        }
        let key = (dossier.number.clone(), n);
        match step {
            data_change::Entry::Approved { by, .. } => {
                self.approvals.entry(key).or_default().insert(by);
            }
            data_change::Entry::ConfirmationAsked { to, .. } => {
                self.asked.insert(key, to);
            }
            data_change::Entry::Confirmed { .. } => {
                let is_theirs = |writer: &str| self.asked.get(&key).is_some_and(|to| address::same(to, writer));
                if line.writer.is_some_and(|writer| !is_theirs(writer)) {
                    self.forbids(line, &format!("{n} of {}: confirmed from elsewhere", dossier.number));
                }
            }
            data_change::Entry::Applied => {
                let change = usize::try_from(n).ok().and_then(|n| dossier.life.changes.get(n.checked_sub(1)?));
                let approved = self.approvals.get(&key).map_or(0, BTreeSet::len);
                let (is_risky, is_confirmed) =
                    change.map_or((true, false), |change| (change.is_risky(), change.confirmation.is_some()));
                if approved < 1 + usize::from(is_risky) || (is_risky && !is_confirmed) {
                    let text =
                        format!("{} of {}: applied, {approved} approvals, confirmed {is_confirmed}", n, dossier.number);
                    self.forbids(line, &text);
                }
            }
            _ => {}
        }
    }
}

/// An office ordered it by mail.
fn is_ordered(changes: &[Change]) -> bool {
    changes.iter().any(|change| matches!(change, Change::Ordered { .. }))
}

/// The names of what an entry wrote, in the words of the register.
fn named(entry: &Entry) -> Vec<String> {
    let text = |value: &Value, keys: &[&str]| keys.iter().find_map(|key| value[*key].as_str().map(str::to_owned));
    let value = serde_json::to_value(entry).unwrap();
    let kind = text(&value, &["entry"]).unwrap_or_default();
    let (inner, keys): (&Value, &[&str]) = match entry {
        Entry::Clock { .. } => (&value["clock"], &["fact"]),
        _ => (&value["step"], &["data-change", "participation", "advice", "step"]),
    };
    let name = text(inner, keys).or_else(|| inner.as_str().map(str::to_owned));
    name.map(|name| format!("{kind} {name}")).into_iter().collect()
}
