//! What single words say of a message, counted on mail whose kind and office are known. It changes when they are weighed in
//! another way.
//!
//! A list of phrases knows what its author thought of; people write otherwise. So each word of a message is asked how much more
//! often it stands in messages of one kind, or for one office, than in all (naive Bayes, on the beginnings of words). Of kinds the
//! answer moves rules nearer to each other or apart, and puts the candidates in order; it never brings a rule to `accept`, which
//! its own signals must do. Of offices it is added to the points of their matter, where a rule leaves the office to it.
//! All in whole numbers: the same message gets the same points on every machine.

use super::book::Kind;
use super::outcome::{Clue, OfficeClue, RuleScore};
use super::place::Place;
use super::tally::{Counted, Tally, kind_clue};
use super::view::View;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Letters of a word that count: in Italian the beginning says what, the ending who and when.
const STEM_CHARS: usize = 6;
/// Letters of a word in the name of a file: shorter ones are articles and sides of a card.
const FILE_WORD_CHARS_MIN: usize = 4;
/// How many imagined messages of every kind speak like all the mail, so that a kind of which few were counted is not believed too much.
const IMAGINED: u64 = 8;
/// Kinds, and offices, whose clues a decision keeps, and words for each.
const KEPT_MAX: usize = 3;

/// What words say of kinds and of offices. Empty: they say nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Clues {
    pub(super) tally: Tally,
    pub(super) kinds: Weights,
    pub(super) offices: Weights,
}

/// How much each word says for each kind, or office, in thousandths of a point.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Weights {
    most: i64,
    /// The codes of the kinds, or the ids of the offices.
    of: Vec<String>,
    words: BTreeMap<String, Vec<i32>>,
}

/// What the words of a message say for one kind or office.
struct Said {
    of: String,
    points: i32,
    /// The words that weigh most, where it is among the first.
    words: Vec<String>,
}

impl Weights {
    /// Thousandths of a point for a word that is twice as frequent in one kind as in all: two and a half for each *e*-fold.
    pub(super) const OF_KIND: i64 = 1733;
    /// The same for an office: offices are more, and of each less was counted.
    pub(super) const OF_OFFICE: i64 = 1300;

    pub(super) fn of(counted: &Counted, of: Vec<String>, double_milli: i64) -> Self {
        let number = |counts: &BTreeMap<String, u32>, of: &str| u64::from(counts.get(of).copied().unwrap_or(0));
        let all = counted.messages.values().map(|count| u64::from(*count)).sum::<u64>();
        let weigh = |counts: &BTreeMap<String, u32>| {
            let with = counts.values().map(|count| u64::from(*count)).sum::<u64>();
            let weights: Vec<i64> = of
                .iter()
                .map(|of| {
                    let seen = number(counts, of) * all + IMAGINED * with;
                    let expected = (number(&counted.messages, of) + IMAGINED) * with;
                    doublings(seen, expected) * double_milli / 1024
                })
                .collect();
            let mean = weights.iter().sum::<i64>() / i64::try_from(weights.len().max(1)).unwrap_or(1);
            weights.into_iter().map(|weight| i32::try_from(weight - mean).unwrap_or(0)).collect()
        };
        let words = counted.words().map(|(word, counts)| (word.clone(), weigh(counts))).collect();
        Self { most: counted.most.into(), of, words }
    }

    /// Points for each, most first; the first are explained.
    fn said(&self, seen: &BTreeSet<String>) -> Vec<Said> {
        let known: Vec<(&str, &[i32])> = seen
            .iter()
            .filter_map(|word| self.words.get_key_value(word.as_str()))
            .map(|(word, weights)| (word.as_str(), weights.as_slice()))
            .collect();
        let mut sums = vec![0_i64; self.of.len()];
        for (_, weights) in &known {
            sums.iter_mut().zip(*weights).for_each(|(sum, weight)| *sum += i64::from(*weight));
        }
        let points = |sum: i64| i32::try_from((sum / 1000).clamp(-self.most, self.most)).unwrap_or(0);
        let mut order: Vec<(usize, i32)> = sums.into_iter().map(points).enumerate().collect();
        order.sort_by_key(|(_, points)| Reverse(*points));
        let words = |at: usize| {
            let weigh = |(word, weights): &(&str, &[i32])| Some((*weights.get(at)?, word.to_string()));
            let mut said: Vec<(i32, String)> = known.iter().filter_map(weigh).filter(|said| said.0 > 0).collect();
            said.sort_by(|a, b| (Reverse(a.0), &a.1).cmp(&(Reverse(b.0), &b.1)));
            said.into_iter().take(KEPT_MAX).map(|(_, word)| word).collect()
        };
        let said = order.into_iter().enumerate().map(|(rank, (at, points))| Said {
            of: self.of.get(at).cloned().unwrap_or_default(),
            points,
            words: if rank < KEPT_MAX { words(at) } else { Vec::new() },
        });
        said.collect()
    }
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
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.words.is_empty() && self.offices.words.is_empty()
    }

    /// Gives each rule the points of its kind; of the clues those that a decision keeps.
    pub(super) fn weigh(
        &self,
        seen: &BTreeSet<String>,
        scores: &mut [RuleScore],
        kind: impl Fn(&str) -> Option<Kind>,
    ) -> Vec<Clue> {
        if self.kinds.words.is_empty() {
            return Vec::new();
        }
        let said = self.kinds.said(seen);
        for score in scores {
            let own = kind(&score.rule).map(Kind::code);
            score.clues = said.iter().find(|said| Some(said.of.as_str()) == own).map_or(0, |said| said.points);
        }
        let clue = |said: Said| {
            let (kind, ..) = Kind::ALL.into_iter().find(|(_, code, _)| *code == said.of)?;
            Some(Clue { kind, points: said.points, words: said.words })
        };
        said.into_iter().filter(|said| said.points > 0).take(KEPT_MAX).filter_map(clue).collect()
    }

    /// Adds to the matters what the words say of offices, and puts them in order; `kind`: what is probably asked.
    pub(super) fn weigh_offices(
        &self,
        mut seen: BTreeSet<String>,
        kind: Option<Kind>,
        matters: &mut Vec<RuleScore>,
    ) -> Vec<OfficeClue> {
        if self.offices.words.is_empty() {
            return Vec::new();
        }
        seen.extend(kind.map(kind_clue));
        let said = self.offices.said(&seen);
        for (rank, said) in said.iter().enumerate() {
            match matters.iter_mut().find(|matter| matter.rule == said.of) {
                Some(matter) => matter.clues = said.points,
                None if rank < KEPT_MAX && said.points > 0 => {
                    matters.push(RuleScore { rule: said.of.clone(), score: 0, clues: said.points, hits: Vec::new() })
                }
                None => {}
            }
        }
        matters.sort_by(|a, b| (Reverse(a.weight()), &a.rule).cmp(&(Reverse(b.weight()), &b.rule)));
        let clue = |said: Said| OfficeClue { office: said.of, points: said.points, words: said.words };
        said.into_iter().filter(|said| said.points > 0).take(KEPT_MAX).map(clue).collect()
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
        assert!(!tally.to_toml().contains("sconti"), "{}", tally.to_toml());
        let weighed = tally.clone().weighed(|_| true).kinds;
        let best = |words: &[&str]| weighed.said(&clues(words)).into_iter().next().map(|said| (said.of, said.words));
        assert_eq!(best(&["buche", "ignota"]), Some(("complaint".into(), ["buche".to_string()].into())));
        assert_eq!(best(&["importo", "buche"]).map(|(kind, _)| kind), Some("payment_query".into()));
        // In every message of both, or seen once, as a name may be: nothing.
        let spread = |words: &[&str]| weighed.said(&clues(words)).iter().map(|said| said.points).max();
        assert_eq!((spread(&["la"]), spread(&["sconti"])), (Some(0), Some(0)));
        // However many words say the same: never beyond `most`.
        let many: Vec<String> = (0..200).map(|n| format!("parola{n}")).collect();
        (0..20).for_each(|_| tally.count(Kind::Complaint, many.iter().cloned().collect()));
        let loud = tally.weighed(|_| true).kinds.said(&many.into_iter().collect());
        assert_eq!(loud.first().map(|said| (said.of.as_str(), said.points)), Some(("complaint", 90)));
    }

    /// An administrator may have fewer offices than were counted, and others.
    #[test]
    fn words_and_the_kind_point_at_an_office_that_there_is() {
        let mut tally = Tally::default();
        for _ in 0..20 {
            tally.count_office("tributi", Some(Kind::PaymentQuery), clues(&["tassa"]));
            tally.count_office("casa", Some(Kind::Complaint), clues(&["muffa"]));
            tally.count_office("sciolto", Some(Kind::Complaint), clues(&["muffa", "tassa"]));
        }
        let weighed = tally.weighed(|id| id != "sciolto");
        let mut matters = vec![RuleScore { rule: "casa".into(), score: 1, clues: 0, hits: Vec::new() }];
        let said = weighed.weigh_offices(clues(&["tassa"]), Some(Kind::PaymentQuery), &mut matters);
        assert_eq!(
            (said[0].office.as_str(), said[0].words.as_slice()),
            ("tributi", ["kind:payment_query".into(), "tassa".into()].as_slice())
        );
        let order: Vec<(&str, bool)> = matters.iter().map(|one| (one.rule.as_str(), one.clues > 0)).collect();
        assert_eq!(order, [("tributi", true), ("casa", false)]);
        assert!(matters[1].clues < 0, "what speaks for one office speaks against the others");
    }
}
