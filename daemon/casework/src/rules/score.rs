//! The points of every rule and every office for one message: changes when signals are looked for in another way.
//!
//! One automaton holds the first words of the phrases of all signals, so that a text is read once, however many rules there are; a
//! hit leads to the phrases that begin so, and those that stand there to the signals that hold them. (The phrases whole would be an
//! automaton of many megabytes, which is slower: each byte a cache miss.) Only addresses and regular expressions are asked one signal at a time.

use super::book::{Look, Rule, Signal};
use super::outcome::{Hit, RuleScore};
use super::pattern::{Expressions, Spelled};
use super::phrase::{Glance, Phrase, beginning};
use super::place::Place;
use super::view::View;
use aho_corasick::AhoCorasick;
use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Bytes of the blanks that stand on both sides of a word.
const BLANKS: usize = 2;

/// Who has signals: a rule, or an office by its matter; the position in the list that was indexed.
type Signaller = usize;
/// A phrase that begins so, with the signals that hold it.
type Begun = (Glance, Arc<Phrase>, Vec<At>);
/// One signal: whose, and which.
type At = (Signaller, usize);

/// Where each phrase, fact and expression of the rulebook leads.
#[derive(Debug)]
pub(super) struct Index {
    automaton: AhoCorasick,
    /// By pattern of the automaton: the phrases that begin so, each with the signals that hold it.
    phrases: Vec<Vec<Begun>>,
    facts: BTreeMap<String, Vec<At>>,
    /// Signals that look at addresses, or by a regular expression.
    singly: Vec<At>,
    expressions: Expressions,
}

/// What a signal saw: the better of two is the one in the earlier place and value, then the earlier, then the longer.
type Seen<'s> = (Place, usize, usize, Reverse<usize>, &'s str);

impl Index {
    /// Indexes the signals of each in the list. The error is Italian.
    pub(super) fn of<'s>(all: impl Iterator<Item = &'s [Signal]>) -> Result<Self, String> {
        let mut phrases: BTreeMap<&Arc<Phrase>, Vec<At>> = BTreeMap::new();
        let mut facts: BTreeMap<String, Vec<At>> = BTreeMap::new();
        let (mut singly, mut expressions) = (Vec::new(), Vec::new());
        for (who, signals) in all.enumerate() {
            for (which, signal) in signals.iter().enumerate() {
                match &signal.look {
                    Look::Words(places, words) => {
                        if places.iter().any(|place| place.holds_addresses()) {
                            singly.push((who, which));
                        }
                        if places.iter().any(|place| !place.holds_addresses()) {
                            words.iter().for_each(|phrase| phrases.entry(phrase).or_default().push((who, which)));
                        }
                    }
                    Look::Regex(_, expression) => {
                        singly.push((who, which));
                        expressions.push(expression);
                    }
                    Look::Has(fact) => facts.entry(fact.clone()).or_default().push((who, which)),
                }
            }
        }
        let mut beginnings: BTreeMap<String, Vec<Begun>> = BTreeMap::new();
        for (phrase, users) in phrases {
            beginnings.entry(phrase.beginning()).or_default().push((phrase.glance(), phrase.clone(), users));
        }
        let automaton = AhoCorasick::new(beginnings.keys())
            .map_err(|error| format!("le frasi sono troppe per cercarle insieme: {error}"))?;
        let expressions = Expressions::of(expressions.into_iter())?;
        Ok(Self { automaton, phrases: beginnings.into_values().collect(), facts, singly, expressions })
    }

    /// The hits of each signaller that has any. `signals` gives the signals of one, and whether it counts today.
    pub(super) fn hits<'s>(
        &'s self,
        view: &View<'_>,
        facts: &BTreeSet<&str>,
        signals: impl Fn(Signaller) -> Option<&'s [Signal]>,
    ) -> BTreeMap<Signaller, Vec<Hit>> {
        let mut found: BTreeMap<At, Hit> = BTreeMap::new();
        let signal = |at: At| signals(at.0).and_then(|all| all.get(at.1));
        for (at, seen) in self.words(view, signal) {
            let (place, item, start, Reverse(end), phrase) = seen;
            found.extend(view.hit(place, item, start..end, phrase).map(|hit| (at, hit)));
        }
        let mut spelled = Spelled::new();
        for at in &self.singly {
            let hit = signal(*at).and_then(|signal| match &signal.look {
                Look::Words(places, phrases) => view.find_address(places, phrases),
                Look::Regex(places, expression) => {
                    let found = self.expressions.find(expression, places, view, &mut spelled);
                    found.and_then(|(place, item, range)| view.hit(place, item, range, expression.written()))
                }
                Look::Has(_) => None,
            });
            if let Some(hit) = hit {
                // Places of texts come before places of addresses.
                found.entry(*at).or_insert(hit);
            }
        }
        for (fact, users) in facts.iter().filter_map(|fact| self.facts.get_key_value(*fact)) {
            users.iter().for_each(|at| {
                found.insert(*at, has(fact));
            });
        }
        let mut hits: BTreeMap<Signaller, Vec<Hit>> = BTreeMap::new();
        for (at, hit) in found {
            if let Some(signal) = signal(at) {
                hits.entry(at.0).or_default().push(Hit { points: signal.score, ..hit });
            }
        }
        hits
    }

    fn words<'s>(&'s self, view: &View<'_>, signal: impl Fn(At) -> Option<&'s Signal>) -> BTreeMap<At, Seen<'s>> {
        let mut best: BTreeMap<At, Seen<'_>> = BTreeMap::new();
        for (place, item, normal) in view.normals() {
            let padded = format!(" {} ", normal.text());
            // A hit lies within one word and its blanks, and they come by where they end: one pass over the words too.
            let mut first = 0;
            for found in self.automaton.find_overlapping_iter(&padded) {
                let Some(phrases) = self.phrases.get(found.pattern().as_usize()) else { continue };
                while normal.end(first).is_some_and(|end| end + BLANKS < found.end()) {
                    first += 1;
                }
                let second = normal.word(first + 1).map_or(0, beginning);
                for (glance, phrase, users) in phrases {
                    if !glance.fits(second) {
                        continue;
                    }
                    let Some(source) = phrase.at(&normal, first) else { continue };
                    let seen = (place, item, source.start, Reverse(source.end), phrase.written.as_str());
                    for at in users.iter().filter(|at| signal(**at).is_some_and(|signal| signal.looks_at(place))) {
                        best.entry(*at).and_modify(|old| *old = seen.min(*old)).or_insert(seen);
                    }
                }
            }
        }
        best
    }
}

/// The points of one rule or office.
pub(super) fn score(id: &str, mut hits: Vec<Hit>) -> RuleScore {
    hits.sort_by(|a, b| (Reverse(a.points), a).cmp(&(Reverse(b.points), b)));
    RuleScore { rule: id.to_string(), score: hits.iter().map(|hit| hit.points).sum(), clues: 0, hits }
}

/// The signals of a rule that counts on the day of the message.
pub(super) fn of_rule(rule: &Rule, today: jiff::civil::Date) -> Option<&[Signal]> {
    rule.valid_on(today).then_some(rule.signals.as_slice())
}

fn has(fact: &str) -> Hit {
    let phrase = fact.to_owned();
    Hit { points: 0, place: None, item: 0, phrase, matched: String::new(), start: 0, end: 0 }
}
