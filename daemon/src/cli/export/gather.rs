//! What the register says belongs to a dossier. It changes when something else belongs to one.
//!
//! Read from the journal alone, in two passes beside a service or without one: the first finds the messages, letters and receipts
//! of the dossier, the second takes its lines. A line that also speaks of another dossier is not taken: only its place and its
//! hash are told, so that the chain stays whole and nobody reads of others.

use crate::journal::record::{Decided, Event, Record};
use crate::journal::{Head, Journal, Tail};
use casework::dossier::{Document, Dossier};
use casework::life::Entry;
use casework::person::Person;
use casework::protocol::{self, Flow, Registration};
use casework::receipts::Fact;
use casework::{Change, Disposition, Lane, Outgoing};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Most messages, letters and receipts of one dossier, each: one of years has some hundred.
pub(super) const PIECES_MAX: usize = 10_000;
/// Most bytes of lines of the register taken: a line has some thousand.
const LINES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// All of a dossier.
pub(super) struct Gathered {
    pub(super) dossier: Dossier,
    pub(super) messages: Vec<Message>,
    pub(super) letters: Vec<Letter>,
    /// Documents that were filed, in order.
    pub(super) documents: Vec<Document>,
    /// When it came to each state.
    pub(super) states: Vec<(Timestamp, &'static str)>,
    /// Its persons, by id.
    pub(super) people: BTreeMap<String, Person>,
    /// What is known of the registration of its messages and letters, by digest.
    pub(super) registered: BTreeMap<String, Registration>,
    pub(super) lines: Lines,
    /// Tasks to offices, which are not taken.
    pub(super) tasks: usize,
}

/// A message that came.
pub(super) struct Message {
    pub(super) digest: String,
    pub(super) at: Timestamp,
    /// When it reached us, as far as that is known.
    pub(super) received: Option<Timestamp>,
    /// When the mail server received it: what it was judged with.
    pub(super) arrival: Option<Timestamp>,
    /// The revocation lists that judged it (SHA-256).
    pub(super) status: Vec<String>,
    pub(super) sender: String,
    pub(super) subject: String,
    pub(super) grade: String,
}

/// A letter of ours.
pub(super) struct Letter {
    pub(super) outgoing: Outgoing,
    pub(super) frozen: String,
    pub(super) at: Timestamp,
    pub(super) is_observed: bool,
    pub(super) receipts: Vec<Receipt>,
}

/// A receipt of a letter.
pub(super) struct Receipt {
    pub(super) digest: String,
    pub(super) fact: Fact,
}

/// Lines of the register.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: Vec<u8>,
    pub(super) hashes: String,
    chain: Vec<Value>,
    pub(super) count: usize,
    /// Lines that speak of other dossiers too.
    pub(super) withheld: usize,
    head: Option<Head>,
}

impl Lines {
    /// Where each line stands in the register, and how it is tied to the one before.
    pub(super) fn chain(&self) -> Value {
        let head = self.head.as_ref().map(|head| json!({ "seq": head.seq, "sha256": head.hash }));
        json!({ "lines": self.chain, "head": head })
    }
}

/// Gathers a dossier. `None`: the register has none of this number.
///
/// # Errors
/// In Italian: the register is not sound, cannot be read, or has more of this dossier than one export takes.
pub(super) fn gather(data: &Path, number: &str) -> Result<Option<Gathered>, String> {
    let trouble = |trouble| format!("il registro non è integro, o non si può leggere: {trouble}");
    let mut first = First { number, ..First::default() };
    Journal::lines(data, Tail::Open, |line| first.look(line.record)).map_err(trouble)?;
    let Some(dossier) = first.dossier.take() else { return Ok(None) };
    if !dossier.cover.origin.is_empty() && !first.digests.contains(&dossier.cover.origin) {
        // It was opened for a message that had come before: what was numbered is read again with it.
        first.registered.clear();
        Journal::lines(data, Tail::Open, |line| match &line.record.event {
            Event::Decided(decided) if decided.digest == dossier.cover.origin => first.message(decided),
            Event::Protocol(fact) => first.protocol(fact, line.record.at),
            _ => {}
        })
        .map_err(trouble)?;
    }
    if [first.messages.len(), first.letters.len(), first.receipts].iter().any(|count| *count > PIECES_MAX) {
        return Err(format!("il fascicolo {number} ha più di {PIECES_MAX} messaggi: non si esporta in una volta"));
    }
    let ids: BTreeSet<&str> = dossier.cover.people.iter().map(|party| party.person.as_str()).collect();
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    let mut lines = Lines::default();
    let mut is_too_long = false;
    let head = Journal::lines(data, Tail::Open, |line| {
        named(line.record, &ids, &mut people);
        if !first.is_about(line.record) {
            return;
        }
        let is_shown = !speaks_of_others(line.record, line.raw, number);
        is_too_long |= lines.text.len() + line.raw.len() > LINES_BYTES_MAX;
        let segment = line.segment.file_name().unwrap_or_default().to_string_lossy().into_owned();
        lines.chain.push(json!({
            "seq": line.head.seq, "segment": segment, "line": line.number, "sha256": line.head.hash,
            "prev": line.record.prev, "shown": is_shown,
        }));
        if !is_shown {
            lines.withheld += 1;
        } else if !is_too_long {
            lines.count += 1;
            lines.text.extend_from_slice(line.raw);
            lines.text.push(b'\n');
            lines.hashes.push_str(&line.head.hash);
            lines.hashes.push('\n');
        }
    })
    .map_err(trouble)?;
    if is_too_long {
        return Err(format!(
            "le righe del fascicolo {number} superano {LINES_BYTES_MAX} byte: non si esporta in una volta"
        ));
    }
    lines.head = Some(head);
    let First { messages, letters, documents, states, tasks, registered, .. } = first;
    Ok(Some(Gathered { dossier, messages, letters, documents, states, people, registered, lines, tasks: tasks.len() }))
}

/// The first pass.
#[derive(Default)]
struct First<'n> {
    number: &'n str,
    dossier: Option<Dossier>,
    messages: Vec<Message>,
    digests: BTreeSet<String>,
    letters: Vec<Letter>,
    /// Items of the dossier → their place among the letters.
    items: BTreeMap<String, usize>,
    tasks: BTreeSet<String>,
    receipts: usize,
    documents: Vec<Document>,
    states: Vec<(Timestamp, &'static str)>,
    registered: BTreeMap<String, Registration>,
}

impl First<'_> {
    fn look(&mut self, record: &Record) {
        match &record.event {
            Event::Decided(decided) => {
                let touched = self.change(decided.changes(), decided.decided_at);
                if touched && !matches!(decided.decision.disposition, Disposition::Receipt { .. }) {
                    self.message(decided);
                }
                for change in decided.changes() {
                    if let Change::Learned { item, fact } = change
                        && let Some(letter) = self.items.get(item).and_then(|at| self.letters.get_mut(*at))
                    {
                        letter.receipts.push(Receipt { digest: decided.digest.clone(), fact: fact.clone() });
                        self.digests.insert(decided.digest.clone());
                        self.receipts += 1;
                    }
                }
                for (outgoing, frozen) in decided.items() {
                    self.letter(outgoing, frozen, decided.decided_at, decided.observed);
                }
            }
            Event::Acted(acted) => {
                self.change(&acted.changes, record.at);
                for (outgoing, frozen) in acted.items() {
                    self.letter(outgoing, frozen, record.at, acted.observed);
                }
            }
            Event::Tasked { outgoing, frozen, .. } => self.letter(outgoing, frozen, record.at, false),
            Event::Noticed { task: Some(task), .. } => self.letter(&task.outgoing, &task.frozen, record.at, false),
            Event::Protocol(fact) => self.protocol(fact, record.at),
            _ => {}
        }
    }

    /// Whether something of the dossier is among them.
    fn change(&mut self, changes: &[Change], at: Timestamp) -> bool {
        let mut touched = false;
        for change in changes {
            match change {
                Change::Opened { dossier } if dossier.number == self.number => {
                    self.states.push((dossier.state_since, dossier.state.code()));
                    self.dossier = Some(dossier.clone());
                    touched = true;
                }
                Change::Filed { dossier } if dossier == self.number => touched = true,
                Change::Entered { dossier, entry } if dossier == self.number => {
                    touched = true;
                    match entry {
                        Entry::Deposited { document } => self.documents.push(document.clone()),
                        Entry::Moved { to, .. } => self.states.push((at, to.code())),
                        _ => {}
                    }
                    if let Some(dossier) = &mut self.dossier {
                        dossier.apply(entry, at);
                    }
                }
                _ => {}
            }
        }
        touched
    }

    fn message(&mut self, decided: &Decided) {
        if !self.digests.insert(decided.digest.clone()) {
            return;
        }
        self.messages.push(Message {
            digest: decided.digest.clone(),
            at: decided.decided_at,
            received: decided.received.max(decided.findings.signed_at),
            arrival: decided.received,
            status: decided.findings.status.clone(),
            sender: decided.findings.sender.clone(),
            subject: decided.findings.subject.clone(),
            grade: decided.findings.grade.clone(),
        });
    }

    fn letter(&mut self, outgoing: &Outgoing, frozen: &str, at: Timestamp, is_observed: bool) {
        if outgoing.dossier.as_deref() != Some(self.number) {
            return;
        }
        if outgoing.lane != Lane::Pec {
            self.tasks.insert(outgoing.id.clone());
            return;
        }
        self.items.insert(outgoing.id.clone(), self.letters.len());
        let mut outgoing = outgoing.clone();
        outgoing.text.clear();
        self.letters.push(Letter { outgoing, frozen: frozen.to_owned(), at, is_observed, receipts: Vec::new() });
    }

    /// What a line says of the registration of what was gathered so far: a document is there before its number is.
    fn protocol(&mut self, fact: &protocol::Fact, at: Timestamp) {
        for document in fact.documents() {
            let flow = if self.digests.contains(document) { Flow::E } else { Flow::U };
            if self.has(document) {
                let held = self.registered.entry(document.to_owned());
                held.or_insert_with(|| Registration::waiting(flow, at, 0)).apply(document, fact);
            }
        }
    }

    fn has(&self, document: &str) -> bool {
        self.digests.contains(document) || self.letters.iter().any(|letter| letter.frozen == document)
    }

    /// Whether a line is about the dossier.
    fn is_about(&self, record: &Record) -> bool {
        let ours = |change: &Change| match change {
            Change::Opened { dossier } => dossier.number == self.number,
            Change::Filed { dossier } | Change::Entered { dossier, .. } => dossier == self.number,
            _ => false,
        };
        let item = |id: &str| self.items.contains_key(id) || self.tasks.contains(id);
        match &record.event {
            Event::Attempted { digest, .. }
            | Event::SeenAgain { digest, .. }
            | Event::RevokedLater { digest, .. }
            | Event::Corrected { digest, .. } => self.digests.contains(digest),
            Event::Decided(decided) => {
                self.digests.contains(&decided.digest)
                    || decided.changes().iter().any(ours)
                    || decided.decision.outgoing.iter().any(|outgoing| item(&outgoing.id))
            }
            Event::Acted(acted) => {
                acted.dossier == self.number
                    || acted.changes.iter().any(ours)
                    || acted.outgoing.iter().any(|outgoing| item(&outgoing.id))
            }
            Event::Tasked { outgoing, .. } => item(&outgoing.id),
            Event::Noticed { item: id, .. } | Event::Moved { item: id, .. } => item(id),
            Event::Protocol(fact) => fact.documents().any(|document| self.has(document)),
            // Who looks at a dossier is no part of it, and names people of the office.
            Event::Looked(_) => false,
            Event::Begun { .. } | Event::Ruleset(_) | Event::Restored(_) | Event::Canary { .. } => false,
        }
    }
}

/// What the register holds of the persons with these ids.
fn named(record: &Record, ids: &BTreeSet<&str>, people: &mut BTreeMap<String, Person>) {
    let (changes, at) = match &record.event {
        Event::Decided(decided) => (decided.changes(), decided.decided_at),
        Event::Acted(acted) => (acted.changes.as_slice(), record.at),
        _ => return,
    };
    for change in changes {
        if let Change::Person { id, entry } = change
            && ids.contains(id.as_str())
        {
            match people.get_mut(id) {
                Some(person) => person.apply(entry, at),
                None => people.extend(Person::begin(entry).map(|person| (id.clone(), person))),
            }
        }
    }
}

/// Whether a line changes, or names, a dossier that is not this one.
fn speaks_of_others(record: &Record, raw: &[u8], number: &str) -> bool {
    let other = |change: &Change| match change {
        Change::Opened { dossier } => dossier.number != number,
        Change::Filed { dossier } | Change::Entered { dossier, .. } => dossier != number,
        _ => false,
    };
    let changes = match &record.event {
        Event::Decided(decided) => decided.changes(),
        Event::Acted(acted) => acted.changes.as_slice(),
        _ => &[],
    };
    changes.iter().any(other) || names_another(raw, number.as_bytes())
}

/// Whether a text has a number of a dossier (`2026/000012`) that is another's.
fn names_another(raw: &[u8], number: &[u8]) -> bool {
    /// Of its year, of its ordinal.
    const DIGITS: (usize, usize) = (4, 6);
    let is_digit = |at: Option<usize>| at.and_then(|at| raw.get(at)).is_some_and(u8::is_ascii_digit);
    raw.iter().enumerate().filter(|(_, byte)| **byte == b'/').any(|(slash, _)| {
        let Some(begin) = slash.checked_sub(DIGITS.0) else { return false };
        let end = slash + 1 + DIGITS.1;
        let has = |from: usize, to: usize| (from..to).all(|at| is_digit(Some(at)));
        let is_number =
            has(begin, slash) && has(slash + 1, end) && !is_digit(begin.checked_sub(1)) && !is_digit(Some(end));
        is_number && raw.get(begin..end) != Some(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_another_dossier_is_seen_and_what_is_none_is_not() {
        let names = |text: &str| names_another(text.as_bytes(), b"2026/000012");
        assert!(names("come il 2026/000013,"));
        assert!(names("2026/000012 e 2025/000012"));
        assert!(names("2026/000013"));
        for text in ["2026/000012", "12026/000013", "2026/0000131", "2026/00013", "/000013", "", "a/b"] {
            assert!(!names(text), "{text}");
        }
    }
}
