//! What single words say of a message, counted on mail whose kind and office are known. It changes when they are weighed in
//! another way.
//!
//! A list of phrases knows what its author thought of; people write otherwise. So each word of a message is asked how much more
//! often it stands in messages of one kind, or for one office, than in all (naive Bayes, on the beginnings of words). Of kinds the
//! answer moves rules nearer to each other or apart, and puts the candidates in order; it never brings a rule to `accept`, which
//! its own signals must do. Of offices it is added to the points of their matter, where a rule leaves the office to it.
//! All in whole numbers: the same message gets the same points on every machine.

use super::book::Kind;
use super::lexicon::Lexicon;
use super::outcome::{Clue, OfficeClue, RuleScore};
use super::place::Place;
use super::tally::{Counted, KIND, Tally};
use super::view::View;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Range;

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
    /// Every word that says something of either.
    words: Lexicon,
    kinds: Weights,
    offices: Weights,
}

/// How much each word says for each kind, or office, in thousandths of a point.
#[derive(Debug, Default, PartialEq, Eq)]
struct Weights {
    most: i64,
    /// The codes of the kinds, or the ids of the offices.
    of: Vec<String>,
    /// Word by word of the lexicon, one for each of these; zeros where it says nothing here, and nothing at all where no word does.
    weights: Vec<i32>,
}

/// What the words of a message say for one kind or office.
struct Said<'w> {
    of: &'w str,
    points: i32,
    /// The words that weigh most, where it is among the first.
    words: Vec<String>,
}

impl Weights {
    /// Thousandths of a point for a word that is twice as frequent in one kind as in all: two and a half for each *e*-fold.
    const OF_KIND: i64 = 1733;
    /// The same for an office: offices are more, and of each less was counted.
    const OF_OFFICE: i64 = 1300;

    fn of(counted: &Counted, of: Vec<String>, double_milli: i64, words: &Lexicon) -> Self {
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
            weights.into_iter().map(|weight| i32::try_from(weight - mean).unwrap_or(0)).collect::<Vec<i32>>()
        };
        let mut weights = Vec::new();
        for (word, counts) in counted.words() {
            weights.resize(words.len() * of.len(), 0);
            let row = words.find([word.as_str(), "", ""]).and_then(|word| weights.get_mut(row(word, of.len())));
            row.into_iter().for_each(|row| row.copy_from_slice(&weigh(counts)));
        }
        Self { most: counted.most.into(), of, weights }
    }

    /// Points for each, most first; the first are explained. `seen`: each word of the message that the lexicon has.
    fn said(&self, words: &Lexicon, seen: &[usize]) -> Vec<Said<'_>> {
        let known = || seen.iter().filter_map(|word| Some((*word, self.weights.get(row(*word, self.of.len()))?)));
        let mut sums = vec![0_i64; self.of.len()];
        for (_, row) in known() {
            sums.iter_mut().zip(row).for_each(|(sum, weight)| *sum += i64::from(*weight));
        }
        let points = |sum: i64| i32::try_from((sum / 1000).clamp(-self.most, self.most)).unwrap_or(0);
        let mut order: Vec<(usize, i32)> = sums.into_iter().map(points).enumerate().collect();
        order.sort_by_key(|(_, points)| Reverse(*points));
        let heaviest = |at: usize| {
            let mut best: Vec<(Reverse<i32>, &str)> = Vec::with_capacity(KEPT_MAX + 1);
            for (word, row) in known() {
                let Some(weight) = row.get(at).copied().filter(|weight| *weight > 0) else { continue };
                if best.len() < KEPT_MAX || best.last().is_some_and(|(Reverse(least), _)| weight >= *least) {
                    let said = (Reverse(weight), words.word(word));
                    best.insert(best.partition_point(|other| *other < said), said);
                    best.truncate(KEPT_MAX);
                }
            }
            best.into_iter().map(|(_, word)| word.to_string()).collect()
        };
        let said = order.into_iter().enumerate().map(|(rank, (at, points))| Said {
            of: self.of.get(at).map_or("", String::as_str),
            points,
            words: if rank < KEPT_MAX { heaviest(at) } else { Vec::new() },
        });
        said.collect()
    }
}

/// Where the weights of a word stand.
fn row(word: usize, of: usize) -> Range<usize> {
    word * of..(word + 1) * of
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
    /// What was counted, for all kinds and for these offices.
    pub(super) fn of(tally: &Tally, offices: Vec<String>) -> Self {
        let kinds = Kind::ALL.map(|(_, code, _)| code.to_string()).to_vec();
        let words =
            Lexicon::of([tally.kinds(), tally.offices()].into_iter().flat_map(Counted::words).map(|(word, _)| word));
        let (kinds, offices) = (
            Weights::of(tally.kinds(), kinds, Weights::OF_KIND, &words),
            Weights::of(tally.offices(), offices, Weights::OF_OFFICE, &words),
        );
        Self { words, kinds, offices }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.len() == 0
    }

    /// The words of a message that say something, each once.
    pub(super) fn seen(&self, view: &View<'_>, facts: &BTreeSet<&str>) -> Vec<usize> {
        let mut seen = Vec::new();
        if !self.is_empty() {
            let mut is_seen = vec![false; self.words.len()];
            each_clue(view, facts, |parts| {
                let Some(word) = self.words.find(parts) else { return };
                if let Some(was) = is_seen.get_mut(word).filter(|was| !**was) {
                    *was = true;
                    seen.push(word);
                }
            });
        }
        seen
    }

    /// Gives each rule, known by its kind, the points of it; of the clues those that a decision keeps.
    pub(super) fn weigh<'s>(
        &self,
        seen: &[usize],
        scores: impl Iterator<Item = (Kind, &'s mut RuleScore)>,
    ) -> Vec<Clue> {
        if self.kinds.weights.is_empty() {
            return Vec::new();
        }
        let said = self.kinds.said(&self.words, seen);
        let kind = |said: &Said<'_>| Kind::ALL.into_iter().find(|(_, code, _)| *code == said.of).map(|(kind, ..)| kind);
        let points: Vec<(Option<Kind>, i32)> = said.iter().map(|said| (kind(said), said.points)).collect();
        for (own, score) in scores {
            score.clues = points.iter().find(|(kind, _)| *kind == Some(own)).map_or(0, |(_, points)| *points);
        }
        let clue = |said: Said<'_>| Some(Clue { kind: kind(&said)?, points: said.points, words: said.words });
        said.into_iter().filter(|said| said.points > 0).take(KEPT_MAX).filter_map(clue).collect()
    }

    /// Adds to the matters what the words say of offices, and puts them in order; `kind`: what is probably asked.
    pub(super) fn weigh_offices(
        &self,
        mut seen: Vec<usize>,
        kind: Option<Kind>,
        matters: &mut Vec<RuleScore>,
    ) -> Vec<OfficeClue> {
        if self.offices.weights.is_empty() {
            return Vec::new();
        }
        seen.extend(kind.and_then(|kind| self.words.find([KIND, kind.code(), ""])));
        let said = self.offices.said(&self.words, &seen);
        for (rank, said) in said.iter().enumerate() {
            match matters.iter_mut().find(|matter| matter.rule == said.of) {
                Some(matter) => matter.clues = said.points,
                None if rank < KEPT_MAX && said.points > 0 => {
                    matters.push(RuleScore { rule: said.of.into(), score: 0, clues: said.points, hits: Vec::new() })
                }
                None => {}
            }
        }
        matters.sort_by(|a, b| (Reverse(a.weight()), &a.rule).cmp(&(Reverse(b.weight()), &b.rule)));
        let clue = |said: Said<'_>| OfficeClue { office: said.of.into(), points: said.points, words: said.words };
        said.into_iter().filter(|said| said.points > 0).take(KEPT_MAX).map(clue).collect()
    }
}

/// What a message has that may be a clue: beginnings of words, of the names of its files, facts about it.
pub(super) fn clues_of(view: &View<'_>, facts: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut clues = BTreeSet::new();
    each_clue(view, facts, |parts| {
        clues.insert(parts.concat());
    });
    clues
}

/// Tells each clue of a message in the parts that it is put together of, the same one as often as it stands there.
fn each_clue(view: &View<'_>, facts: &BTreeSet<&str>, mut tell: impl FnMut([&str; 3])) {
    facts.iter().for_each(|fact| tell(["has:", fact, ""]));
    for (place, _, normal) in view.normals() {
        let (before, least) = match place {
            Place::Subject | Place::Body => ("", 2),
            Place::AttachmentName => ("file:", FILE_WORD_CHARS_MIN),
            Place::BodyQuoted => {
                if normal.words().len() > 0 {
                    tell(["has:", "quoted", ""]);
                }
                continue;
            }
            _ => continue,
        };
        let words = normal.words().filter(|word| !word.bytes().any(|b| b.is_ascii_digit()));
        for word in words.filter(|word| word.chars().nth(least - 1).is_some()) {
            let (stem, ending) = stem(word);
            tell([before, stem, ending]);
            // Twice: what stands in the subject is what it is about.
            if *place == Place::Subject {
                tell(["subject:", stem, ending]);
            }
        }
    }
}

/// `buche` as it is, `sporcizia` as `sporci` with `*`.
fn stem(word: &str) -> (&str, &'static str) {
    // Nearly all words are of plain letters, which are bytes.
    let end = match word.as_bytes().get(..=STEM_CHARS) {
        None => return (word, ""),
        Some(bytes) if bytes.is_ascii() => Some(STEM_CHARS),
        Some(_) => word.char_indices().nth(STEM_CHARS).map(|(end, _)| end),
    };
    end.and_then(|end| word.get(..end)).map_or((word, ""), |stem| (stem, "*"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn logarithms_are_those_of_the_book() {
        for (over, under, expected) in [(1, 1, 0.0), (8, 1, 3.0), (1, 8, -3.0), (3, 1, 1.585), (1000, 999, 0.00144)] {
            let found = doublings(over, under) as f64 / 1024.0;
            assert!((found - expected).abs() < 0.003, "{over}/{under}: {found}");
        }
    }

    #[test]
    fn a_word_is_known_by_its_beginning() {
        let stem = |word: &str| <[&str; 2]>::from(stem(word)).concat();
        assert_eq!(["buche", "strada", "sporcizia", "città"].map(stem), ["buche", "strada", "sporci*", "città"]);
        assert_eq!(["порядок", "дорога", "xпорядок"].map(stem), ["порядо*", "дорога", "xпоряд*"]);
    }

    fn clues(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_string()).collect()
    }

    /// As a message with these words is looked up.
    fn known(of: &Clues, words: &[&str]) -> Vec<usize> {
        words.iter().filter_map(|word| of.words.find([word, "", ""])).collect()
    }

    fn said<'c>(of: &'c Clues, words: &[&str]) -> Vec<Said<'c>> {
        of.kinds.said(&of.words, &known(of, words))
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
        let weighed = tally.weighed(|_| true);
        let best = |words: &[&str]| said(&weighed, words).into_iter().next().map(|said| (said.of, said.words));
        assert_eq!(best(&["buche", "ignota"]), Some(("complaint", ["buche".to_string()].into())));
        assert_eq!(best(&["importo", "buche"]).map(|(kind, _)| kind), Some("payment_query"));
        // In every message of both, or seen once, as a name may be: nothing.
        let spread = |words: &[&str]| said(&weighed, words).iter().map(|said| said.points).max();
        assert_eq!((spread(&["la"]), spread(&["sconti"])), (Some(0), Some(0)));
        // However many words say the same: never beyond `most`.
        let many: Vec<String> = (0..200).map(|n| format!("parola{n}")).collect();
        (0..20).for_each(|_| tally.count(Kind::Complaint, many.iter().cloned().collect()));
        let weighed = tally.weighed(|_| true);
        let loud = said(&weighed, &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(loud.first().map(|said| (said.of, said.points)), Some(("complaint", 90)));
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
        let said = weighed.weigh_offices(known(&weighed, &["tassa"]), Some(Kind::PaymentQuery), &mut matters);
        assert_eq!(
            (said[0].office.as_str(), said[0].words.as_slice()),
            ("tributi", ["kind:payment_query".into(), "tassa".into()].as_slice())
        );
        let order: Vec<(&str, bool)> = matters.iter().map(|one| (one.rule.as_str(), one.clues > 0)).collect();
        assert_eq!(order, [("tributi", true), ("casa", false)]);
        assert!(matters[1].clues < 0, "what speaks for one office speaks against the others");
    }
}
