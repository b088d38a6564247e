//! What single words say of a message, counted on mail whose kind is known. It changes when they are weighed in another way.
//!
//! A list of phrases knows what its author thought of; people write otherwise. So each word of a message is asked how much more
//! often it stands in messages of one kind than in all (naive Bayes, on the beginnings of words). The answer moves rules nearer to
//! each other or apart, and puts the candidates in order; it never brings a rule to `accept`, which its own signals must do.
//! All in whole numbers: the same message gets the same points on every machine.

use super::book::Kind;
use super::form::Form;
use super::outcome::{Clue, RuleScore};
use super::place::Place;
use super::problem::{Problems, Spot};
use super::syntax::{Node, Value};
use super::view::View;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::fmt::Write;

/// Letters of a word that count: in Italian the beginning says what, the ending who and when.
const STEM_CHARS: usize = 6;
/// Letters of a word in the name of a file: shorter ones are articles and sides of a card.
const FILE_WORD_CHARS_MIN: usize = 4;
/// Messages in which a word must stand to say anything: one alone may be a name.
const MESSAGES_MIN: u32 = 2;
/// How many imagined messages of every kind speak like all the mail, so that a kind of which few were counted is not believed too much.
const IMAGINED: u64 = 8;
/// Thousandths of a point for a word that is twice as frequent in one kind as in all: two and a half for each *e*-fold.
const DOUBLE_MILLI: i64 = 1733;
/// Most points for or against a kind, where `[clues]` does not say.
const MOST: i32 = 90;
/// Most messages counted of one kind.
const COUNT_MAX: i32 = 1_000_000;
/// Words in one rulebook.
const WORDS_MAX: usize = 20_000;
/// Kinds whose clues a decision keeps, and words for each.
const KEPT_MAX: usize = 3;

/// One number for each kind, in the order of [`Kind::ALL`].
type Counts = [u32; Kind::ALL.len()];

/// How much each word says for each kind, in thousandths of a point. Empty: words say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Clues {
    pub(super) tally: Tally,
    words: BTreeMap<String, [i64; Kind::ALL.len()]>,
}

/// What was counted: `[clues]` in a rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    most: i32,
    messages: Counts,
    words: BTreeMap<String, Counts>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { most: MOST, messages: Counts::default(), words: BTreeMap::new() }
    }
}

impl Tally {
    /// Counts a message of this kind, with its [`clues_in`](super::clues_in).
    pub fn count(&mut self, kind: Kind, clues: BTreeSet<String>) {
        let add =
            |counts: &mut Counts| counts.iter_mut().zip(Kind::ALL).filter(|(_, k)| k.0 == kind).for_each(|c| *c.0 += 1);
        add(&mut self.messages);
        clues.into_iter().for_each(|word| add(self.words.entry(word).or_default()));
    }

    /// How many messages were counted.
    #[must_use]
    pub fn messages(&self) -> u32 {
        self.messages.iter().sum()
    }

    /// The section of a rules file that says this.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let table = |counts: &Counts| {
            let seen = counts.iter().zip(Kind::ALL).filter(|(count, _)| **count > 0);
            seen.map(|(count, (_, code, _))| format!("{code} = {count}")).collect::<Vec<_>>().join(", ")
        };
        let mut out =
            format!("[clues]\nmost     = {}\nmessages = {{ {} }}\n\n[clues.words]\n", self.most, table(&self.messages));
        for (word, counts) in self.words.iter().filter(|(_, counts)| is_worth(counts)) {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "\"{word}\" = {{ {} }}", table(counts));
        }
        out
    }

    pub(super) fn weighed(&self) -> Clues {
        let all = u64::from(self.messages());
        let weigh = |counts: &Counts| {
            let with = counts.iter().map(|count| u64::from(*count)).sum::<u64>();
            let mut weights = [0; Kind::ALL.len()];
            for ((weight, count), of_kind) in weights.iter_mut().zip(counts).zip(self.messages) {
                let seen = u64::from(*count) * all + IMAGINED * with;
                let expected = (u64::from(of_kind) + IMAGINED) * with;
                *weight = doublings(seen, expected) * DOUBLE_MILLI / 1024;
            }
            let mean = weights.iter().sum::<i64>() / weights.len() as i64;
            weights.map(|weight| weight - mean)
        };
        let words = self.words.iter().filter(|(_, counts)| is_worth(counts));
        Clues { tally: self.clone(), words: words.map(|(word, counts)| (word.clone(), weigh(counts))).collect() }
    }
}

fn is_worth(counts: &Counts) -> bool {
    counts.iter().sum::<u32>() >= MESSAGES_MIN
}

/// The logarithm to the base 2 of a fraction, in 1024ths, rounded down.
fn doublings(over: u64, under: u64) -> i64 {
    if over == 0 || under == 0 {
        return 0;
    }
    let log = |number: u64| {
        let whole = number.ilog2();
        // The number between 1 and 2, with 32 bits behind the point; each squaring yields one bit of the logarithm.
        let mut rest = (u128::from(number) << 32) >> whole;
        let mut log = i64::from(whole);
        for _ in 0..10 {
            rest = (rest * rest) >> 32;
            let bit = rest >> 33;
            log = log * 2 + i64::from(bit != 0);
            rest >>= u32::from(bit != 0);
        }
        log
    };
    log(over) - log(under)
}

impl Clues {
    /// Points for each kind, most first, with the words that weigh most in it.
    pub(super) fn of(&self, seen: &BTreeSet<String>) -> Vec<Clue> {
        let known: Vec<_> = seen.iter().filter_map(|word| self.words.get_key_value(word.as_str())).collect();
        let mut clues: Vec<Clue> = Kind::ALL
            .iter()
            .enumerate()
            .map(|(at, (kind, ..))| {
                let mut said: Vec<(i64, &str)> =
                    known.iter().filter_map(|(word, weights)| Some((*weights.get(at)?, word.as_str()))).collect();
                let sum = said.iter().map(|(weight, _)| weight).sum::<i64>() / 1000;
                let most = i64::from(self.tally.most);
                said.retain(|(weight, _)| *weight > 0);
                said.sort_by_key(|(weight, word)| (Reverse(*weight), *word));
                let words = said.into_iter().take(KEPT_MAX).map(|(_, word)| word.to_string()).collect();
                Clue { kind: *kind, points: i32::try_from(sum.clamp(-most, most)).unwrap_or(0), words }
            })
            .collect();
        clues.sort_by_key(|clue| Reverse(clue.points));
        clues
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Gives each rule the points of its kind; of the clues those that a decision keeps.
    pub(super) fn weigh(
        &self,
        seen: &BTreeSet<String>,
        scores: &mut [RuleScore],
        kind: impl Fn(&str) -> Option<Kind>,
    ) -> Vec<Clue> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut clues = self.of(seen);
        for score in scores {
            let own = kind(&score.rule);
            score.clues = clues.iter().find(|clue| Some(clue.kind) == own).map_or(0, |clue| clue.points);
        }
        clues.retain(|clue| clue.points > 0);
        clues.truncate(KEPT_MAX);
        clues
    }
}

/// What a message has that may be a clue: beginnings of words, of the names of its files, facts about it.
pub(super) fn clues_of(view: &View<'_>, facts: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut clues: BTreeSet<String> = facts.iter().map(|fact| format!("has:{fact}")).collect();
    for (place, _, normal) in view.normals() {
        let (before, least) = match place {
            Place::Subject | Place::Body => ("", 2),
            Place::AttachmentName => ("file:", FILE_WORD_CHARS_MIN),
            Place::BodyQuoted => {
                if normal.words().len() > 0 {
                    clues.insert("has:quoted".into());
                }
                continue;
            }
            _ => continue,
        };
        let words = normal.words().filter(|word| !word.bytes().any(|b| b.is_ascii_digit()));
        for word in words.filter(|word| word.chars().count() >= least) {
            clues.insert(format!("{before}{}", stem(word)));
            // Twice: what stands in the subject is what it is about.
            if place == Place::Subject {
                clues.insert(format!("subject:{}", stem(word)));
            }
        }
    }
    clues
}

/// `buche` as it is, `sporcizia` as `sporci*`.
fn stem(word: &str) -> String {
    match word.char_indices().nth(STEM_CHARS) {
        Some((end, _)) => format!("{}*", word.get(..end).unwrap_or(word)),
        None => word.to_string(),
    }
}

/// Reads `[clues]`.
pub(super) fn read(node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Tally> {
    let form = Form::open("clues".into(), node, file, &["most", "messages", "words"], problems)?;
    for key in ["messages", "words"] {
        form.require(key, problems);
    }
    let before = problems.errors();
    let most = form.get("most").map_or(Some(MOST), |_| form.number("most", 1, MOST, problems).map(|most| most.value));
    let messages = counts("clues: messages".into(), form.get("messages")?.0, file, problems);
    let (node, at) = form.get("words")?;
    let Value::Table(entries) = &node.value else {
        problems.error(at, format!("clues: `words`: serve una tabella, c'è {}", node.value.name()));
        return None;
    };
    if entries.len() > WORDS_MAX {
        problems.error(at, format!("clues: `words`: al massimo {WORDS_MAX} parole"));
        return None;
    }
    let mut words = BTreeMap::new();
    for entry in entries {
        let counted = counts(format!("clues: `{}`", entry.key), &entry.node, file, problems);
        if let (Some(counted), Some(messages)) = (counted, messages) {
            if counted.iter().zip(messages).any(|(word, all)| *word > all) {
                let at = Spot { file, line: entry.line };
                problems
                    .error(at, format!("clues: `{}`: sta in più messaggi di quanti ne conta `messages`", entry.key));
            }
            words.insert(entry.key.clone(), counted);
        }
    }
    (problems.errors() == before).then_some(Tally { most: most?, messages: messages?, words })
}

/// `{ complaint = 3, spam = 1 }`.
fn counts(what: String, node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Counts> {
    let codes = Kind::ALL.map(|(_, code, _)| code);
    let form = Form::open(what, node, file, &codes, problems)?;
    let mut counts = Counts::default();
    for (count, code) in counts.iter_mut().zip(codes) {
        if form.get(code).is_some() {
            *count = form.number(code, 0, COUNT_MAX, problems)?.value.unsigned_abs();
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_those_of_the_book() {
        for (over, under, expected) in [(1, 1, 0.0), (8, 1, 3.0), (1, 8, -3.0), (3, 1, 1.585), (1000, 999, 0.00144)] {
            let found = doublings(over, under) as f64 / 1024.0;
            assert!((found - expected).abs() < 0.003, "{over}/{under}: {found}");
        }
    }

    #[test]
    fn a_word_is_known_by_its_beginning() {
        assert_eq!(["buche", "strada", "sporcizia", "città"].map(stem), ["buche", "strada", "sporci*", "città"]);
    }

    fn clues(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    #[test]
    fn a_word_speaks_for_the_kinds_in_which_it_is_more_frequent_than_in_all() {
        let mut tally = Tally::default();
        for turn in 0..20 {
            tally.count(Kind::Complaint, clues(if turn < 15 { &["buche", "la"] } else { &["la"] }));
            tally.count(
                Kind::PaymentQuery,
                clues(if turn < 5 { &["importo", "la", "buche"] } else { &["importo", "la"] }),
            );
        }
        (0..60).for_each(|_| tally.count(Kind::Spam, clues(&["la"])));
        tally.count(Kind::Spam, clues(&["la", "sconti"]));
        let weighed = tally.weighed();
        let best = |words: &[&str]| weighed.of(&clues(words)).into_iter().next().map(|clue| (clue.kind, clue.words));
        assert_eq!(best(&["buche", "ignota"]), Some((Kind::Complaint, ["buche".to_string()].into())));
        assert_eq!(best(&["importo", "buche"]).map(|(kind, _)| kind), Some(Kind::PaymentQuery));
        // In every message of both, or seen once, as a name may be: nothing.
        let spread = |words: &[&str]| weighed.of(&clues(words)).iter().map(|clue| clue.points).max();
        assert_eq!((spread(&["la"]), spread(&["sconti"])), (Some(0), Some(0)));
        assert!(!tally.to_toml().contains("sconti"), "{}", tally.to_toml());
        // However many words say the same: never beyond `most`.
        let many: Vec<String> = (0..200).map(|n| format!("parola{n}")).collect();
        (0..20).for_each(|_| tally.count(Kind::Complaint, many.iter().cloned().collect()));
        let loud = tally.weighed().of(&many.into_iter().collect());
        assert_eq!(loud.first().map(|clue| (clue.kind, clue.points)), Some((Kind::Complaint, MOST)));
    }
}
