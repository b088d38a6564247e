//! The past as the register tells it: what the rules said of each message, what people corrected, and what a message could
//! refer to when it came. It changes when a decision may know something else of the past.
//!
//! No cryptography and no guess: verdict, grade and instant are those of the decision; dossiers and threads are those that
//! the lines before it had made.

use crate::journal::record::{Decided, Event, Record};
use crate::journal::{Journal, Tail, Trouble};
use casework::correction::Correction;
use casework::dossier::Dossier;
use casework::known::material;
use casework::protocol::{self, Fact};
use casework::receipts;
use casework::rules::{self, Classification, DossierBrief, Kind, Mode, Outcome, Rulebook};
use casework::{Change, Decision, Lane};
use jiff::Timestamp;
use pec::{Content, Reread};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// How many ids a message may answer and still be looked up: as the store does.
const ANSWERS_MAX: usize = 50;

/// What the rules made of a message: as far as two of them can differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// The rule that applied.
    pub rule: String,
    /// The kind of request.
    pub kind: Kind,
    /// The office.
    pub office: String,
    /// The dossier.
    pub dossier: Option<String>,
    /// How the rule was found.
    pub outcome: Outcome,
    /// The template of the answer.
    pub template: Option<String>,
    /// How far the machine may act alone.
    pub mode: Mode,
}

impl Outcomes {
    /// Of a classification.
    #[must_use]
    pub fn of(class: &Classification) -> Self {
        Self {
            rule: class.rule.clone(),
            kind: class.kind,
            office: class.office.clone(),
            dossier: class.dossier.clone(),
            outcome: class.outcome.clone(),
            template: class.template().map(str::to_owned),
            mode: class.mode,
        }
    }

    /// A rule was chosen.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        matches!(self.outcome, Outcome::Chosen { .. })
    }

    /// The machine acts without a person.
    #[must_use]
    pub fn is_auto(&self) -> bool {
        self.is_chosen() && self.mode == Mode::Auto
    }

    /// What is done about the message is the same.
    #[must_use]
    pub fn same_effect(&self, other: &Self) -> bool {
        let acts = |one: &Self| (one.is_chosen(), one.is_auto(), one.template.clone().filter(|_| one.is_chosen()));
        self.rule == other.rule && self.office == other.office && acts(self) == acts(other)
    }

    /// It is what a person said was right.
    #[must_use]
    pub fn agrees(&self, correction: &Correction) -> bool {
        correction.kind.is_none_or(|kind| kind == self.kind)
            && correction.office.as_ref().is_none_or(|office| *office == self.office)
            && correction.dossier.as_ref().is_none_or(|dossier| self.dossier.as_ref() == Some(dossier))
    }
}

/// One message that the rules decided.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its digest.
    pub digest: String,
    /// The line of its decision.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// Digest of the rules that decided it.
    pub rules: String,
    /// Certified sender.
    pub sender: String,
    /// What its envelope is, and how far it was proven.
    pub kind: String,
    /// Grade code.
    pub grade: String,
    /// What the rules said then.
    pub was: Outcomes,
    /// What a person said later.
    pub correction: Option<Correction>,
}

impl Message {
    /// A message that is no part of any register, as if it were genuine.
    #[must_use]
    pub fn unproven(at: Timestamp) -> Self {
        let was = Outcomes {
            rule: String::new(),
            kind: Kind::Other,
            office: String::new(),
            dossier: None,
            outcome: Outcome::BelowAccept { best: None },
            template: None,
            mode: Mode::Shadow,
        };
        let [digest, rules, sender] = [const { String::new() }; 3];
        let (kind, grade) = (pec::wire::POSTA_CERTIFICATA.into(), pec::Grade::Genuine.code().into());
        Self { digest, seq: 0, at, rules, sender, kind, grade, was, correction: None }
    }
}

/// What the register says of the messages that rules decided.
#[derive(Debug, Default)]
pub struct Past {
    /// In order of decision.
    pub messages: Vec<Message>,
    /// The dossiers, each with the line that opened it.
    dossiers: HashMap<String, (u64, Dossier)>,
    /// The ids of a conversation, each with the lines that tied it to a dossier.
    threads: HashMap<String, Vec<(u64, String)>>,
    /// Items to citizens about a dossier.
    items: HashMap<String, String>,
    places: HashMap<String, usize>,
    /// What comes and goes is registered in the protocol.
    registers: bool,
    /// Documents of dossiers that have no protocol number yet: by digest, the dossier.
    unregistered: HashMap<String, String>,
    /// Protocol numbers: by year and number, the line that told it and the dossier.
    registered: HashMap<(i16, u32), (u64, String)>,
    /// The sets of rules that came into force, as written down.
    pub rulesets: Vec<(Timestamp, crate::journal::record::Ruleset)>,
}

impl Past {
    /// Reads the register of a data folder, a running service's too; `each` is told every line.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn read(data: &Path, mut each: impl FnMut(&Record)) -> Result<Self, Trouble> {
        let mut past = Self::default();
        Journal::verify(data, Tail::Open, |record, _| {
            each(record);
            past.line(record);
        })?;
        Ok(past)
    }

    fn line(&mut self, record: &Record) {
        match &record.event {
            Event::Decided(decided) => self.decided(record.seq, decided),
            Event::Corrected { digest, correction } => self.corrected(digest, correction),
            Event::Acted(acted) => {
                for change in &acted.changes {
                    if let Change::Corrected { message, correction } = change {
                        self.corrected(message, correction);
                    }
                }
            }
            Event::Protocol(fact) => self.protocol(record.seq, fact),
            Event::Ruleset(set) => self.rulesets.push((record.at, set.clone())),
            _ => {}
        }
    }

    fn protocol(&mut self, seq: u64, fact: &Fact) {
        match fact {
            Fact::Began => self.registers = true,
            Fact::Ended => self.registers = false,
            Fact::Numbered { document, number, .. } => {
                if let Some(dossier) = self.unregistered.remove(document) {
                    self.registered.insert((number.on.year(), number.number), (seq, dossier));
                }
            }
            _ => {}
        }
    }

    fn corrected(&mut self, digest: &str, correction: &Correction) {
        if let Some(message) = self.places.get(digest).and_then(|place| self.messages.get_mut(*place)) {
            // A remark teaches nothing.
            if !correction.is_remark() {
                message.correction = Some(correction.clone());
            }
        }
    }

    fn decided(&mut self, seq: u64, decided: &Decided) {
        let Decision { changes, classification, .. } = &decided.decision;
        let mut number = None;
        for change in changes {
            match change {
                Change::Opened { dossier } => {
                    number.get_or_insert_with(|| dossier.number.clone());
                    self.dossiers.insert(dossier.number.clone(), (seq, dossier.clone()));
                }
                Change::Filed { dossier } => drop(number.get_or_insert_with(|| dossier.clone())),
                Change::Corrected { message, correction } => self.corrected(message, correction),
                Change::Learned { item, fact: receipts::Fact::Accepted { pec_id, .. } } => {
                    if let Some(number) = self.items.get(item).cloned() {
                        self.tie(seq, format!("<{pec_id}>"), &number);
                    }
                }
                _ => {}
            }
        }
        for (letter, frozen) in decided.items().filter(|(letter, _)| letter.lane == Lane::Pec && !decided.observed) {
            if let Some(about) = &letter.dossier {
                if self.registers {
                    self.unregistered.insert(frozen.to_owned(), about.clone());
                }
                self.items.insert(letter.id.clone(), about.clone());
                if let Some(number) = number.clone() {
                    self.tie(seq, letter.message_id.clone(), &number);
                }
            }
        }
        if let Some(number) = number.clone().filter(|_| self.registers) {
            self.unregistered.insert(decided.digest.clone(), number);
        }
        if let (Some(number), Some(id)) = (number, &decided.findings.message_id) {
            self.tie(seq, id.clone(), &number);
        }
        // Of one that named its service no rule decided.
        let decided_by_rules = |class: &&Classification| !matches!(class.outcome, Outcome::Asked { .. });
        let Some(class) = classification.as_ref().filter(decided_by_rules) else { return };
        self.places.insert(decided.digest.clone(), self.messages.len());
        self.messages.push(Message {
            digest: decided.digest.clone(),
            seq,
            at: decided.decided_at,
            rules: decided.inputs.rules.clone(),
            sender: decided.findings.sender.clone(),
            kind: decided.findings.proven.clone().unwrap_or_default(),
            grade: decided.findings.grade.clone(),
            was: Outcomes::of(class),
            correction: None,
        });
    }

    fn tie(&mut self, seq: u64, id: String, number: &str) {
        self.threads.entry(id).or_default().push((seq, number.to_owned()));
    }

    /// The message whose digest begins like this; or why there is not one, in Italian.
    ///
    /// # Errors
    /// None, or several.
    pub fn find(&self, prefix: &str) -> Result<&Message, String> {
        let mut found = self.messages.iter().filter(|message| !prefix.is_empty() && message.digest.starts_with(prefix));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("nessun messaggio deciso dalle regole ha l'impronta «{prefix}»")),
            (Some(_), Some(_)) => Err(format!("«{prefix}» indica più messaggi: scrivi qualche carattere in più")),
        }
    }

    /// What these rules say of a past message, read again from its bytes. `None`: it does not read as an envelope.
    #[must_use]
    pub fn again(&self, message: &Message, bytes: &[u8], book: &Rulebook) -> Option<(Classification, Reread)> {
        let read = pec::reread(bytes)?;
        let class = self.classify(message, &read, book);
        Some((class, read))
    }

    /// As [`again`](Self::again), of a message that was read already.
    #[must_use]
    pub fn classify(&self, message: &Message, read: &Reread, book: &Rulebook) -> Classification {
        let to: Vec<&str> = read.daticert.destinatari.iter().map(|d| d.address.as_str()).collect();
        self.letter(message, &read.message, &read.daticert.mittente, &to, book)
    }

    /// What of a past message is counted as clues.
    #[must_use]
    pub fn clues(&self, message: &Message, read: &Reread, book: &Rulebook) -> BTreeSet<String> {
        let (content, sender) = (&read.message, read.daticert.mittente.as_str());
        let names: Vec<&str> = content.attachments.iter().map(|a| a.name.as_str()).collect();
        let seen = material(content, sender, &names, &[], &message.kind, &message.grade, message.at);
        let thread = self.thread(content, message.seq);
        rules::clues_in(book, &seen, &World { past: self, seq: message.seq, at: message.at, sender, thread })
    }

    /// As [`classify`](Self::classify), of what somebody wrote, to whom, whatever it came in.
    #[must_use]
    pub fn letter(
        &self,
        message: &Message,
        content: &Content,
        sender: &str,
        to: &[&str],
        book: &Rulebook,
    ) -> Classification {
        let names: Vec<&str> = content.attachments.iter().map(|a| a.name.as_str()).collect();
        let seen = material(content, sender, &names, to, &message.kind, &message.grade, message.at);
        let thread = self.thread(content, message.seq);
        rules::classify(book, &seen, &World { past: self, seq: message.seq, at: message.at, sender, thread })
    }

    fn thread(&self, message: &Content, seq: u64) -> Option<String> {
        let ids = message.in_reply_to.iter().chain(&message.references).take(ANSWERS_MAX);
        let last = |id: &String| self.threads.get(id)?.iter().rev().find(|(at, _)| *at < seq);
        ids.filter_map(last).next().map(|(_, number)| number.clone())
    }
}

/// The register as it stood before one line, to one sender.
struct World<'a> {
    past: &'a Past,
    seq: u64,
    at: Timestamp,
    sender: &'a str,
    thread: Option<String>,
}

impl World<'_> {
    fn known(&self, number: &str) -> Option<&Dossier> {
        self.past.dossiers.get(number).filter(|(at, _)| *at < self.seq).map(|(_, dossier)| dossier)
    }
}

impl rules::World for World<'_> {
    fn dossier(&self, number: &str) -> Option<DossierBrief> {
        let dossier = self.known(number)?;
        (dossier.has_party(self.sender) || self.thread.as_deref() == Some(number)).then(|| brief(dossier))
    }
    fn protocol(&self, number: u32, year: Option<i16>) -> Option<String> {
        let found = protocol::years(year, self.at).filter_map(|year| self.past.registered.get(&(year, number)));
        found.filter(|(seq, _)| *seq < self.seq).map(|(_, dossier)| dossier.clone()).next()
    }
    fn identity(&self) -> bool {
        true // only a proven envelope comes before the rules
    }
    fn thread(&self) -> Option<DossierBrief> {
        self.known(self.thread.as_deref()?).map(brief)
    }
}

fn brief(dossier: &Dossier) -> DossierBrief {
    DossierBrief { number: dossier.number.clone(), office: dossier.office.clone() }
}
