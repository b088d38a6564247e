//! Why a rule was not chosen: each of its signals, fired or not, and how many points are missing. It changes when the choice
//! between rules is made in another way.

use super::book::{Mode, Rule, Rulebook};
use super::outcome::{Classification, Hit, Outcome};
use super::words::{describe, is_of};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;
use serde::Serialize;

/// One signal of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Weighed {
    /// What it looks for, in Italian.
    pub signal: String,
    /// What it gives or takes.
    pub points: i32,
    /// Where it fired; `None` = it did not.
    pub hit: Option<Hit>,
}

/// How the rule fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It was chosen.
    Chosen,
    /// It is what is left when no rule is chosen.
    Otherwise,
    /// It did not apply on that day.
    NotValid,
    /// It lacks points to be chosen.
    Short {
        /// How many.
        by: i32,
    },
    /// Another rule has more, or is too close.
    Behind {
        /// Which.
        rule: String,
        /// Its points, of its signals alone.
        score: i32,
        /// What the clues give it beside.
        clues: i32,
        /// How many points would have been needed to lead by the margin.
        by: i32,
    },
    /// It has the points and the lead, but too much of the lead comes from the clues, or they speak for another kind.
    Doubted {
        /// The rule named beside it.
        rule: String,
        /// Its points, of its signals alone.
        score: i32,
        /// What the clues give it beside.
        clues: i32,
    },
}

/// What a rule would have needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhyNot {
    /// The rule.
    pub rule: String,
    /// It is on trial: whatever its points, it takes no part in the choice.
    pub on_trial: bool,
    /// Its points, of its signals alone: what `accept` asks for.
    pub score: i32,
    /// What the clues give it beside: it counts for the margin.
    pub clues: i32,
    /// Points that a rule needs.
    pub accept: i32,
    /// Lead that it needs.
    pub margin: i32,
    /// Its signals, those that give most first.
    pub signals: Vec<Weighed>,
    /// How it fared; of a rule on trial, how it would have fared.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Why this rule was not chosen for a message that was classified with this book. `None`: there is no such rule.
#[must_use]
pub fn why_not(book: &Rulebook, seen: &Classification, id: &str, today: Date) -> Option<WhyNot> {
    let rule = book.rule(id)?;
    let own = seen.scores.iter().find(|score| score.rule == id);
    let (score, clues) = own.map_or((0, 0), |own| (own.score, own.clues));
    let mut hits: Vec<&Hit> = own.iter().flat_map(|own| &own.hits).collect();
    let weigh = |signal| {
        let hit = hits.iter().position(|hit| is_of(hit, signal)).map(|at| hits.remove(at).clone());
        Weighed { signal: describe(signal), points: signal.score, hit }
    };
    let mut signals: Vec<Weighed> = rule.signals.iter().map(weigh).collect();
    signals.sort_by(|a, b| (b.points, &a.signal).cmp(&(a.points, &b.signal)));
    Some(WhyNot {
        rule: id.into(),
        on_trial: rule.mode == Mode::Shadow,
        score,
        clues,
        accept: book.accept,
        margin: book.margin,
        signals,
        verdict: verdict(book, seen, rule, (score, clues), today),
    })
}

/// `score` and `clues`: the rule's own.
fn verdict(book: &Rulebook, seen: &Classification, rule: &Rule, (score, clues): (i32, i32), today: Date) -> Verdict {
    if rule.id == book.fallback.id {
        return if seen.rule == rule.id { Verdict::Chosen } else { Verdict::Otherwise };
    }
    if seen.rule == rule.id {
        return Verdict::Chosen;
    }
    if !rule.valid_on(today) {
        return Verdict::NotValid;
    }
    if score < book.accept {
        return Verdict::Short { by: book.accept - score };
    }
    let weight = score + clues;
    let live = |id: &str| book.rule(id).is_some_and(|rule| rule.mode != Mode::Shadow);
    let mut others =
        seen.scores.iter().filter(|other| other.rule != rule.id && other.weight() > 0 && live(&other.rule));
    match others.next() {
        Some(best) if weight - best.weight() < book.margin => Verdict::Behind {
            rule: best.rule.clone(),
            score: best.score,
            clues: best.clues,
            by: best.weight() + book.margin - weight,
        },
        _ => match &seen.outcome {
            Outcome::Tie(close) if close.first().is_some_and(|(best, _)| *best == rule.id) => {
                let (other, weight) = close.get(1).map_or(("", 0), |(other, weight)| (other.as_str(), *weight));
                let of = seen.scores.iter().find(|score| score.rule == other);
                // One that no signal speaks for is there by what the clues say of its kind.
                let (score, clues) = of.map_or((0, weight), |of| (of.score, of.clues));
                Verdict::Doubted { rule: other.into(), score, clues }
            }
            // Only a rule on trial can lead and not be chosen.
            _ => Verdict::Chosen,
        },
    }
}
