//! What was counted on mail whose kind and office are known: `[clues]` in a rules file. It changes when something else is counted,
//! or written in another way.

use super::book::Kind;
use super::clues::Clues;
use super::form::Form;
use super::problem::{Problems, Spot};
use super::syntax::{Node, Value};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

/// Messages in which a word must stand to say anything: one alone may be a name.
const MESSAGES_MIN: u32 = 2;
/// Most points for or against a kind, where `[clues]` does not say.
const MOST: i32 = 90;
/// Most points for or against an office: less than two signals of its matter.
const MOST_OFFICE: i32 = 45;
/// Most messages counted of one kind or office.
const COUNT_MAX: i32 = 1_000_000;
/// Words counted for kinds, and as many for offices, in one rulebook.
const WORDS_MAX: usize = 20_000;
/// Offices for which words are counted.
const OFFICES_MAX: usize = 200;

/// Before the code of what is asked, which is a clue to the office.
pub(super) const KIND: &str = "kind:";

/// How many messages of each kind, or of each office, by its code or id.
pub(super) type Counts = BTreeMap<String, u32>;

/// How many messages, and in how many of them each word stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) most: i32,
    pub(super) messages: Counts,
    words: BTreeMap<String, Counts>,
}

/// What was counted: `[clues]` in a rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    kinds: Counted,
    offices: Counted,
}

impl Default for Tally {
    fn default() -> Self {
        Self { kinds: Counted::up_to(MOST), offices: Counted::up_to(MOST_OFFICE) }
    }
}

impl Counted {
    fn up_to(most: i32) -> Self {
        Self { most, messages: Counts::new(), words: BTreeMap::new() }
    }

    fn count(&mut self, of: &str, clues: impl Iterator<Item = String>) {
        let add = |counts: &mut Counts| *counts.entry(of.to_string()).or_default() += 1;
        add(&mut self.messages);
        clues.for_each(|word| add(self.words.entry(word).or_default()));
    }

    /// The words that say something.
    pub(super) fn words(&self) -> impl Iterator<Item = (&String, &Counts)> {
        self.words.iter().filter(|(_, counts)| counts.values().sum::<u32>() >= MESSAGES_MIN)
    }

    fn to_toml(&self, section: &str) -> String {
        let table =
            |counts: &Counts| counts.iter().map(|(of, count)| format!("{of} = {count}")).collect::<Vec<_>>().join(", ");
        let mut out = format!(
            "[{section}]\nmost     = {}\nmessages = {{ {} }}\n\n[{section}.words]\n",
            self.most,
            table(&self.messages)
        );
        for (word, counts) in self.words() {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "\"{word}\" = {{ {} }}", table(counts));
        }
        out
    }
}

impl Tally {
    /// Counts a message of this kind, with its [`clues_in`](super::clues_in).
    pub fn count(&mut self, kind: Kind, clues: BTreeSet<String>) {
        self.kinds.count(kind.code(), clues.into_iter());
    }

    /// Counts a message that this office had to get; its kind, where it is known, is a clue too.
    pub fn count_office(&mut self, office: &str, kind: Option<Kind>, clues: BTreeSet<String>) {
        self.offices.count(office, clues.into_iter().chain(kind.map(kind_clue)));
    }

    /// How many messages were counted for their kind.
    #[must_use]
    pub fn messages(&self) -> u32 {
        self.kinds.messages.values().sum()
    }

    /// How many were counted for their office.
    #[must_use]
    pub fn messages_of_offices(&self) -> u32 {
        self.offices.messages.values().sum()
    }

    /// The sections of a rules file that say this.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let offices = (!self.offices.messages.is_empty()).then(|| self.offices.to_toml("clues.offices"));
        [Some(self.kinds.to_toml("clues")), offices].into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    pub(super) fn kinds(&self) -> &Counted {
        &self.kinds
    }

    pub(super) fn offices(&self) -> &Counted {
        &self.offices
    }

    /// What it says of kinds, and of those offices that there are.
    pub(super) fn weighed(&self, is_office: impl Fn(&str) -> bool) -> Clues {
        let there = self.offices.messages.keys().filter(|id| is_office(id)).cloned().collect();
        Clues::of(self, there)
    }
}

/// What is asked, as a clue to the office.
fn kind_clue(kind: Kind) -> String {
    [KIND, kind.code()].concat()
}

/// Reads `[clues]`.
pub(super) fn read(node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Tally> {
    let form = Form::open("clues".into(), node, file, &["most", "messages", "words", "offices"], problems)?;
    let codes = Kind::ALL.map(|(_, code, _)| code);
    let kinds = counted(&form, &codes, MOST, problems);
    let offices = match form.get("offices") {
        None => Some(Counted::up_to(MOST_OFFICE)),
        Some((node, _)) => {
            let form = Form::open("clues: offices".into(), node, file, &["most", "messages", "words"], problems)?;
            let ids = form.get("messages").map_or(Vec::new(), |(node, _)| keys(node));
            if ids.len() > OFFICES_MAX {
                problems.error(form.at, format!("clues: offices: al massimo {OFFICES_MAX} uffici"));
                return None;
            }
            counted(&form, &ids, MOST_OFFICE, problems)
        }
    };
    Some(Tally { kinds: kinds?, offices: offices? })
}

/// `most`, `messages` and `words`.
fn counted(form: &Form<'_>, codes: &[&str], usual: i32, problems: &mut Problems<'_>) -> Option<Counted> {
    for key in ["messages", "words"] {
        form.require(key, problems);
    }
    let before = problems.errors();
    let (what, file) = (&form.what, form.at.file);
    let most = form.get("most").map_or(Some(usual), |_| form.number("most", 1, MOST, problems).map(|most| most.value));
    let messages = counts(format!("{what}: messages"), form.get("messages")?.0, file, codes, problems);
    let (node, at) = form.get("words")?;
    let Value::Table(entries) = &node.value else {
        problems.error(at, format!("{what}: `words`: serve una tabella, c'è {}", node.value.name()));
        return None;
    };
    if entries.len() > WORDS_MAX {
        problems.error(at, format!("{what}: `words`: al massimo {WORDS_MAX} parole"));
        return None;
    }
    let mut words = BTreeMap::new();
    for entry in entries {
        let counted = counts(format!("{what}: `{}`", entry.key), &entry.node, file, codes, problems);
        if let (Some(counted), Some(messages)) = (counted, &messages) {
            if counted.iter().any(|(of, count)| messages.get(of).is_none_or(|all| count > all)) {
                let at = Spot { file, line: entry.line };
                problems
                    .error(at, format!("{what}: `{}`: sta in più messaggi di quanti ne conta `messages`", entry.key));
            }
            words.insert(entry.key.clone(), counted);
        }
    }
    (problems.errors() == before).then_some(Counted { most: most?, messages: messages?, words })
}

/// `{ complaint = 3, spam = 1 }`.
fn counts(what: String, node: &Node, file: usize, codes: &[&str], problems: &mut Problems<'_>) -> Option<Counts> {
    let form = Form::open(what, node, file, codes, problems)?;
    let mut counts = Counts::new();
    for code in keys(node) {
        let count = form.number(code, 0, COUNT_MAX, problems)?.value.unsigned_abs();
        if count > 0 {
            counts.insert(code.to_string(), count);
        }
    }
    Some(counts)
}

fn keys(node: &Node) -> Vec<&str> {
    let Value::Table(entries) = &node.value else { return Vec::new() };
    entries.iter().map(|entry| entry.key.as_str()).collect()
}
