//! What the engine says about one message. Plain data: a decision stores it, and is explained by it next year.

use super::book::{Deadline, Kind, Mode};
use super::place::Place;
use crate::reference::Reference;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Kinds, and offices, of which a person is told that the words speak for them.
const CLUES_SHOWN: usize = 2;

/// The answer of [`classify`](super::classify), with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// Id of the rule that applies: the chosen one, or `otherwise`.
    pub rule: String,
    /// Its title, as offices read it.
    pub title: String,
    /// Its kind of request.
    pub kind: Kind,
    /// The office that gets the task: always an id of the offices table.
    pub office: String,
    /// How far the machine may act alone.
    pub mode: Mode,
    /// Template of the normal reply; `None` = never answer.
    pub reply: Option<String>,
    /// Template of the reply when something in `missing` is missing.
    pub missing_reply: Option<String>,
    /// What the rule needs and the message does not have.
    pub missing: Vec<String>,
    /// What it needs and the message does not bring, and is held already: what counts is not in `missing`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<AtHand>,
    /// The term of the procedure.
    pub deadline: Option<Deadline>,
    /// The dossier the message belongs to: named in it and existing, or the one of its thread.
    pub dossier: Option<String>,
    /// Why this rule.
    pub outcome: Outcome,
    /// Every rule with at least one hit, best first.
    pub scores: Vec<RuleScore>,
    /// What the extractors found, with the result of the checks, by name.
    pub fields: Vec<Field>,
    /// The dossiers and acts that it cites, as they stand in the message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub citations: Vec<Citation>,
    /// The offices whose matter it is about, best first: `rule` is the id of the office.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matters: Vec<RuleScore>,
    /// Other rules, not on trial, that reached `accept`: the message may hold more than one request.
    pub also: Vec<String>,
    /// Rules on trial (`mode = "shadow"`) that reached `accept`. They have no part in the choice.
    pub shadow: Vec<String>,
    /// For which kinds the words of the message speak, most first; empty where the rules have no `[clues]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clues: Vec<Clue>,
    /// For which offices they speak, most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub office_clues: Vec<OfficeClue>,
    /// How much of the text was read as what.
    pub reading: Reading,
}

/// Something that a request needs and does not bring, and that the body holds (L. 241/1990 art. 18 c. 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtHand {
    /// The need, as `missing` has it.
    pub need: String,
    /// The name of the document; of a datum, its title.
    pub what: String,
    /// The dossier in which the document is; none: a datum of the register.
    pub dossier: Option<String>,
    /// Since when.
    pub since: Date,
    /// It is as if the message brought it; else its author is only asked whether it is still the right one.
    pub counts: bool,
}

/// What the words of a message say for one office, whatever its matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeClue {
    /// Id of the office.
    pub office: String,
    /// Points for it.
    pub points: i32,
    /// The words that weigh most; `kind:complaint` is what is asked.
    pub words: Vec<String>,
}

impl OfficeClue {
    /// The office, with the words as they begin.
    #[must_use]
    pub fn in_words(&self) -> String {
        explained(&self.office, &self.words)
    }
}

/// What the words of a message say for one kind, whatever the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clue {
    /// The kind.
    pub kind: Kind,
    /// Points for it.
    pub points: i32,
    /// The words that weigh most, as they are counted: `sporci*`, `file:planim*`, `has:question`.
    pub words: Vec<String>,
}

impl Classification {
    /// The template that answers: `missing_reply` when something is missing, otherwise `reply`.
    #[must_use]
    pub fn template(&self) -> Option<&str> {
        if self.missing.is_empty() { self.reply.as_deref() } else { self.missing_reply.as_deref() }
    }

    /// Where a person decides: of what the words of the message make one think. `None` where it is known what is asked.
    #[must_use]
    pub fn clues_in_words(&self) -> Option<String> {
        let said: Vec<String> = self.clues.iter().take(CLUES_SHOWN).map(Clue::in_words).collect();
        let is_open = !self.outcome.is_sure() && !said.is_empty();
        is_open.then(|| format!("Le parole fanno pensare a: {}.", said.join("; ")))
    }

    /// What the words say of the office: that the task is its matter, or, where a person decides, whose it may be. `None` where a
    /// dossier says it.
    #[must_use]
    pub fn office_in_words(&self) -> Option<String> {
        let first = self.office_clues.first().filter(|_| self.dossier.is_none())?;
        if first.office == self.office {
            return Some(format!("Di questo ufficio parlano le parole: {}.", first.in_words()));
        }
        let likely: Vec<String> = self.office_clues.iter().take(CLUES_SHOWN).map(OfficeClue::in_words).collect();
        (!self.outcome.is_sure()).then(|| format!("Potrebbe essere dell'ufficio: {}.", likely.join("; oppure ")))
    }

    /// The value of a field that passed its check (or has none).
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let usable = |f: &&Field| f.name == name && !matches!(f.check, FieldCheck::Failed(_));
        self.fields.iter().find(usable).map(|f| f.value.as_str())
    }
}

impl Clue {
    /// The kind, with the words as they begin.
    #[must_use]
    pub fn in_words(&self) -> String {
        explained(self.kind.title(), &self.words)
    }
}

/// A name, with the beginnings of words that speak for it.
fn explained(name: &str, words: &[String]) -> String {
    let written = words.iter().filter_map(|clue| match clue.split_once(':') {
        Some(("has" | "kind", _)) => None,
        Some((_, word)) => Some(word),
        None => Some(clue.as_str()),
    });
    let mut words: Vec<String> = written.map(|word| format!("«{}»", word.replace('*', "…"))).collect();
    words.dedup();
    if words.is_empty() { name.into() } else { format!("{name} ({})", words.join(", ")) }
}

/// How the rule was found. Points are points, not probabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// One rule reached `accept` and leads by `margin`.
    Chosen {
        /// Its points.
        score: i32,
        /// Its lead over the runner-up; `None` when no other rule has points.
        lead: Option<i32>,
    },
    /// The message itself names the service, with the word NUOVA: no rule is asked.
    Asked {
        /// Id of its procedure.
        service: String,
    },
    /// No rule reached `accept`: a person decides.
    BelowAccept {
        /// The best rule with points, if any.
        best: Option<(String, i32)>,
    },
    /// The best rules are closer than `margin`: a person decides between these, best first.
    Tie(Vec<(String, i32)>),
}

impl Outcome {
    /// It is known what is asked.
    #[must_use]
    pub fn is_sure(&self) -> bool {
        matches!(self, Self::Chosen { .. } | Self::Asked { .. })
    }
}

/// The points of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleScore {
    /// Id of the rule.
    pub rule: String,
    /// Sum of its hits: what `accept` asks for.
    pub score: i32,
    /// What the words of the message say for its kind: it counts for the order and for `margin`.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub clues: i32,
    /// One for each signal that fired.
    pub hits: Vec<Hit>,
}

impl RuleScore {
    /// Its points with the clues: what rules are compared by.
    #[must_use]
    pub fn weight(&self) -> i32 {
        self.score + self.clues
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_nothing(points: &i32) -> bool {
    *points == 0
}

/// One signal that fired. It counts once, however often its words occur.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hit {
    /// Points given or taken.
    pub points: i32,
    /// Where; `None` for `has`, which is about the message as a whole.
    pub place: Option<Place>,
    /// Which value, from 0, of a place that has many (`to`, `attachment.name`).
    pub item: usize,
    /// The phrase, regex or fact as the rule writes it.
    pub phrase: String,
    /// What matched, as the citizen wrote it; only the beginning of a very long match.
    pub matched: String,
    /// First byte of the match in that value (for `body` and `body.quoted`: in a half of
    /// [`split`](super::quote::split)).
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

/// One value found by an extractor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Name of the extractor.
    pub name: String,
    /// The value in canonical form.
    pub value: String,
    /// Where it was found.
    pub place: Place,
    /// What matched, as the citizen wrote it.
    pub matched: String,
    /// Whether it can be used.
    pub check: FieldCheck,
    /// The value that it replaces, when the message says it: «dal vecchio IBAN … al nuovo …».
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
}

/// A reference, and what the register says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    /// As written.
    #[serde(flatten)]
    pub reference: Reference,
    /// The dossier, when the sender may refer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<String>,
    /// Why there is none, in Italian.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Result of an extractor's `check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldCheck {
    /// The check passed.
    Ok,
    /// The extractor has no check.
    None,
    /// Extracted but not usable; why, in Italian.
    Failed(String),
}

/// How the text of the message was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Bytes of new text.
    pub new_bytes: usize,
    /// Bytes of quoted text.
    pub quoted_bytes: usize,
    /// Some place was longer than the engine reads; the rest was not looked at.
    pub cut: bool,
}
