//! What people think of how a dossier went: one to five, then why, in fixed answers (criterion C.SE.1.7 of the digital services of a
//! Comune; functions S3.24). It changes when those questions do.
//!
//! One for each dossier. The dossier knows that it was given, and nothing else; what it was is only added up, by procedure and day,
//! so that nobody who decides on a request can look up what its author thought.

use alloc::string::String;
use serde::{Deserialize, Serialize};

/// The first question.
pub const QUESTION: &str = "Quanto è stato facile usare questo servizio?";
/// The best.
pub const STARS_MAX: u8 = 5;
/// From so many on somebody is asked what was good; below, what was hard.
const GOOD: u8 = 4;

/// The answers after a good rating, and after another one.
const ANSWERS: [[&str; 5]; 2] = [
    [
        "Le indicazioni erano chiare",
        "Le indicazioni erano complete",
        "Capivo sempre che stavo procedendo correttamente",
        "Non ho avuto problemi tecnici",
        "Altro",
    ],
    [
        "A volte le indicazioni non erano chiare",
        "A volte le indicazioni non erano complete",
        "A volte non capivo se stavo procedendo correttamente",
        "Ho avuto problemi tecnici",
        "Altro",
    ],
];

/// How far somebody has come in one dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The rating was given.
    Rated,
    /// And why.
    Told,
}

/// What is added up, without any word of whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// One to five.
    pub stars: u8,
    /// Which of the answers, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<u8>,
    /// It counts as a rating: the answer to the second question comes after one that was counted.
    pub first: bool,
}

/// What was added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratings {
    /// How often each of one to five.
    pub stars: [u64; 5],
    /// How often each answer on what was good.
    pub good: [u64; 5],
    /// How often each answer on what was hard.
    pub hard: [u64; 5],
}

/// The second question.
#[must_use]
pub fn question(stars: u8) -> &'static str {
    if stars >= GOOD {
        "Quali sono stati gli aspetti che hai preferito?"
    } else {
        "Dove hai incontrato le maggiori difficoltà?"
    }
}

/// Its answers.
#[must_use]
pub fn answers(stars: u8) -> &'static [&'static str; 5] {
    let [good, hard] = &ANSWERS;
    if stars >= GOOD { good } else { hard }
}

/// The words that give a rating, and an answer to the second question, from 1.
#[must_use]
pub fn words(stars: u8, number: &str, why: Option<usize>) -> String {
    let why = why.map(|why| alloc::format!(" MOTIVO {why}")).unwrap_or_default();
    alloc::format!("VALUTAZIONE {stars} {number}{why}")
}

impl Ratings {
    /// Adds one. Total: what is out of bounds counts nowhere.
    pub fn add(&mut self, opinion: Opinion) {
        let one = |counts: &mut [u64; 5], n: u8| {
            let index = usize::from(n).checked_sub(1);
            if let Some(count) = index.and_then(|index| counts.get_mut(index)) {
                *count = count.saturating_add(1);
            }
        };
        if opinion.first {
            one(&mut self.stars, opinion.stars);
        }
        if let Some(why) = opinion.why {
            one(if opinion.stars >= GOOD { &mut self.good } else { &mut self.hard }, why);
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in
            [(&mut self.stars, &other.stars), (&mut self.good, &other.good), (&mut self.hard, &other.hard)]
        {
            mine.iter_mut().zip(theirs).for_each(|(mine, more)| *mine = mine.saturating_add(*more));
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.stars.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// Their mean in tenths, rounded; none without any.
    #[must_use]
    pub fn tenths(&self) -> Option<u64> {
        let count = self.count();
        let sum = (1_u64..).zip(&self.stars).fold(0_u64, |sum, (n, many)| sum.saturating_add(n.saturating_mul(*many)));
        sum.saturating_mul(20).saturating_add(count).checked_div(count.saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_add_up_and_a_reason_goes_where_its_rating_belongs() {
        let mut all = Ratings::default();
        assert_eq!((all.count(), all.tenths()), (0, None));
        for (stars, why, first) in
            [(5, None, true), (5, Some(1), false), (2, Some(4), true), (9, Some(9), true), (0, None, true)]
        {
            all.add(Opinion { stars, why, first });
        }
        assert_eq!((all.stars, all.good, all.hard), ([0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0]));
        assert_eq!((all.count(), all.tenths()), (2, Some(35)));
        let mut twice = all;
        twice.merge(&all);
        assert_eq!((twice.count(), twice.tenths()), (4, Some(35)));
    }

    #[test]
    fn below_four_it_is_asked_what_was_hard() {
        assert!(question(3).starts_with("Dove") && answers(3)[0].starts_with("A volte"));
        assert!(question(4).starts_with("Quali") && answers(4)[0].starts_with("Le indicazioni"));
    }
}
