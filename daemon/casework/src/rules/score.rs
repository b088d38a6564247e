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
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Range;

/// Bytes of the blanks that stand on both sides of a word.
const BLANKS: usize = 2;

/// Who has signals: a rule, or an office by its matter; the position in the list that was indexed.
type Signaller = usize;
/// One signal by its number: those of one signaller follow each other.
type Number = usize;

/// A phrase, and the signals that hold it.
type Held<'p> = (&'p Arc<Phrase>, Vec<Number>);

/// Where each phrase, fact and expression of the rulebook leads.
#[derive(Debug)]
pub(super) struct Index {
    automaton: AhoCorasick,
    /// By pattern of the automaton: which of the phrases begin so.
    begun: Vec<Range<usize>>,
    /// Of each phrase what its second word begins with: looked at first, and nearly always all that is.
    glances: Vec<Glance>,
    /// Each phrase, and which of the users are its own.
    phrases: Vec<(Arc<Phrase>, Range<usize>)>,
    /// The signals that hold a phrase.
    users: Vec<Number>,
    /// By number: whose a signal is, and which of its own.
    signals: Vec<(Signaller, usize)>,
    /// By number: in which places it looks for words, a bit each.
    places: Vec<u16>,
    facts: BTreeMap<String, Vec<Number>>,
    /// Signals that look at addresses, or by a regular expression.
    singly: Vec<Number>,
    expressions: Expressions,
}

/// What a signal saw: the better of two is the one in the earlier place and value, then the earlier, then the longer.
type Seen<'s> = (Place, usize, usize, Reverse<usize>, &'s str);

/// The best that each signal saw, in no order.
struct Best<'s> {
    /// By number: where in the list, from 1; 0 is nowhere.
    at: Vec<usize>,
    seen: Vec<(Number, Seen<'s>)>,
}

impl Index {
    /// Indexes the signals of each in the list. The error is Italian.
    pub(super) fn of<'s>(all: impl Iterator<Item = &'s [Signal]>) -> Result<Self, String> {
        let mut held: BTreeMap<&Arc<Phrase>, Vec<Number>> = BTreeMap::new();
        let mut facts: BTreeMap<String, Vec<Number>> = BTreeMap::new();
        let (mut singly, mut expressions) = (Vec::new(), Vec::new());
        let (mut signals, mut places) = (Vec::new(), Vec::new());
        for (who, own) in all.enumerate() {
            for (which, signal) in own.iter().enumerate() {
                let number = signals.len();
                signals.push((who, which));
                let mut looks_at = 0;
                match &signal.look {
                    Look::Words(places, words) => {
                        if places.iter().any(|place| place.holds_addresses()) {
                            singly.push(number);
                        }
                        let texts = places.iter().filter(|place| !place.holds_addresses());
                        looks_at = texts.fold(0, |all, place| all | bit(*place));
                        if looks_at != 0 {
                            words.iter().for_each(|phrase| held.entry(phrase).or_default().push(number));
                        }
                    }
                    Look::Regex(_, expression) => {
                        singly.push(number);
                        expressions.push(expression);
                    }
                    Look::Has(fact) => facts.entry(fact.clone()).or_default().push(number),
                }
                places.push(looks_at);
            }
        }
        let mut beginnings: BTreeMap<String, Vec<Held<'_>>> = BTreeMap::new();
        for (phrase, users) in held {
            beginnings.entry(phrase.beginning()).or_default().push((phrase, users));
        }
        let automaton = AhoCorasick::new(beginnings.keys())
            .map_err(|error| format!("le frasi sono troppe per cercarle insieme: {error}"))?;
        let (mut begun, mut glances, mut phrases, mut users) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for held in beginnings.into_values() {
            begun.push(phrases.len()..phrases.len() + held.len());
            for (phrase, own) in held {
                glances.push(phrase.glance());
                phrases.push((phrase.clone(), users.len()..users.len() + own.len()));
                users.extend(own);
            }
        }
        let expressions = Expressions::of(expressions.into_iter())?;
        Ok(Self { automaton, begun, glances, phrases, users, signals, places, facts, singly, expressions })
    }

    pub(super) fn rest(&mut self) {
        self.expressions.rest();
    }

    /// The hits of each signaller that has any, in their order. `signals` gives the signals of one, where it counts today.
    pub(super) fn hits<'s>(
        &'s self,
        view: &View<'_>,
        facts: &BTreeSet<&str>,
        signals: impl Fn(Signaller) -> Option<&'s [Signal]>,
    ) -> Vec<(Signaller, Vec<Hit>)> {
        let signal = |number: Number| self.signals.get(number).and_then(|(who, which)| signals(*who)?.get(*which));
        let best = self.words(view);
        let mut found: Vec<(Number, Hit)> = Vec::with_capacity(best.seen.len());
        for (number, (place, item, start, Reverse(end), phrase)) in &best.seen {
            found.extend(view.hit(*place, *item, *start..*end, phrase).map(|hit| (*number, hit)));
        }
        let mut spelled = Spelled::new();
        // Places of texts come before places of addresses.
        for number in self.singly.iter().filter(|number| !best.has(**number)) {
            let hit = signal(*number).and_then(|signal| match &signal.look {
                Look::Words(places, phrases) => view.find_address(places, phrases),
                Look::Regex(places, expression) => {
                    let found = self.expressions.find(expression, places, view, &mut spelled);
                    found.and_then(|(place, item, range)| view.hit(place, item, range, expression.written()))
                }
                Look::Has(_) => None,
            });
            found.extend(hit.map(|hit| (*number, hit)));
        }
        for (fact, users) in facts.iter().filter_map(|fact| self.facts.get_key_value(*fact)) {
            found.extend(users.iter().map(|number| (*number, has(fact))));
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        let mut hits: Vec<(Signaller, Vec<Hit>)> = Vec::new();
        for (number, hit) in found {
            let Some((who, _)) = self.signals.get(number) else { continue };
            let Some(signal) = signal(number) else { continue };
            let hit = Hit { points: signal.score, ..hit };
            match hits.last_mut().filter(|(last, _)| last == who) {
                Some((_, own)) => own.push(hit),
                None => hits.push((*who, vec![hit])),
            }
        }
        hits
    }

    fn words(&self, view: &View<'_>) -> Best<'_> {
        let mut best = Best { at: vec![0; self.signals.len()], seen: Vec::new() };
        let mut padded = String::new();
        for (place, item, normal) in view.normals() {
            padded.clear();
            padded.extend([" ", normal.text(), " "]);
            // A hit lies within one word and its blanks, and they come by where they end: one pass over the words too.
            let mut first = 0;
            let mut second = normal.word(1).map_or(0, beginning);
            for found in self.automaton.find_overlapping_iter(&padded) {
                let Some(begun) = self.begun.get(found.pattern().as_usize()) else { continue };
                let before = first;
                while normal.end(first).is_some_and(|end| end + BLANKS < found.end()) {
                    first += 1;
                }
                if first != before {
                    second = normal.word(first + 1).map_or(0, beginning);
                }
                let glances = self.glances.get(begun.clone()).unwrap_or_default();
                for (number, _) in begun.clone().zip(glances).filter(|(_, glance)| glance.fits(second)) {
                    let Some((phrase, users)) = self.phrases.get(number) else { continue };
                    let Some(source) = phrase.at(normal, first) else { continue };
                    let seen = (*place, *item, source.start, Reverse(source.end), phrase.written.as_str());
                    let users = self.users.get(users.clone()).unwrap_or_default();
                    for user in users.iter().filter(|user| self.looks_at(**user, *place)) {
                        best.take(*user, seen);
                    }
                }
            }
        }
        best
    }

    fn looks_at(&self, number: Number, place: Place) -> bool {
        self.places.get(number).is_some_and(|places| places & bit(place) != 0)
    }
}

impl<'s> Best<'s> {
    fn take(&mut self, number: Number, seen: Seen<'s>) {
        let Some(at) = self.at.get_mut(number) else { return };
        match at.checked_sub(1).and_then(|at| self.seen.get_mut(at)) {
            Some((_, old)) => *old = seen.min(*old),
            None => {
                self.seen.push((number, seen));
                *at = self.seen.len();
            }
        }
    }

    fn has(&self, number: Number) -> bool {
        self.at.get(number).is_some_and(|at| *at > 0)
    }
}

/// The bit of a place; those of addresses have none to spare and need none.
fn bit(place: Place) -> u16 {
    Place::ALL.iter().position(|(_, other)| *other == place).map_or(0, |at| 1 << at)
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
