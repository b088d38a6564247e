//! Several requests in one message (functions S2.02). It changes when another message counts as more than one.
//!
//! Only when it is sure: of another kind, complete, over `accept` by words that the first request does not rest on, and each in a line
//! of its own. Otherwise the task says what else may be in it, and a person decides.

use super::book::{Mode, Rule, Rulebook};
use super::classify::{cite, extract, facts, office};
use super::outcome::{Classification, Hit, Outcome};
use super::place::{Material, World};
use super::view::{View, halves};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Requests besides the first: more are a letter that a person reads.
const OTHERS_MAX: usize = 2;

/// The other requests of a message, each as if it had come alone. `first`: what [`classify`](super::classify) says of it.
#[must_use]
pub fn apart(
    book: &Rulebook,
    material: &Material<'_>,
    world: &dyn World,
    first: &Classification,
) -> Vec<Classification> {
    let is_chosen = matches!(first.outcome, Outcome::Chosen { .. });
    // A third that is not sure leaves all to a person: which of them is meant nobody knows.
    if first.also.is_empty() || first.also.len() > OTHERS_MAX || !is_chosen || !first.missing.is_empty() {
        return vec![];
    }
    let halves = halves(material, world);
    let view = View::of(book, material, &halves);
    let (fields, _) = extract(book, &view, world);
    let (citations, _) = cite(&view, world);
    let facts = facts(material, world, &halves, &fields, &citations, None);
    let lines: Vec<String> = halves.new.lines().map(str::to_lowercase).collect();
    let hits = |rule: &str| first.scores.iter().find(|score| score.rule == rule).map(|score| score.hits.as_slice());
    let mut taken: Vec<(&[Hit], BTreeSet<usize>)> = Vec::new();
    let Some(own) = hits(&first.rule) else { return vec![] };
    taken.push((own, lines_of(own, &lines)));
    let mut kinds = vec![first.kind];
    let mut found = Vec::new();
    for id in &first.also {
        let (Some(rule), Some(own)) = (book.rule(id), hits(id)) else { return vec![] };
        let missing = rule.needs.iter().any(|need| !facts.contains(need.as_str()));
        let stands = lines_of(own, &lines);
        let is_apart = taken.iter().all(|(theirs, at)| {
            points(own, theirs) >= book.accept()
                && stands.iter().any(|line| !at.contains(line))
                && at.iter().any(|line| !stands.contains(line))
        });
        if kinds.contains(&rule.kind) || rule.mode == Mode::Shadow || missing || !is_apart {
            return vec![];
        }
        kinds.push(rule.kind);
        taken.push((own, stands));
        let outcome = Outcome::Chosen { score: points(own, &[]), lead: None };
        found.push(Classification { outcome, ..of_rule(book, rule, first) });
    }
    found
}

/// Where each of several rules is sure of a request of its own, those that came too close to each other, or one that a person
/// answers before others: the classification of the one that answers, a machine's before a person's, with the others in `also`.
/// `None`: nobody can tell which is meant, and a person decides, or what was chosen stands.
#[must_use]
pub fn untied(
    book: &Rulebook,
    material: &Material<'_>,
    world: &dyn World,
    tied: &Classification,
) -> Option<Classification> {
    let also = tied.also.iter().filter_map(|id| book.rule(id));
    let by_machine = |rule: &&&Rule| rule.mode == Mode::Auto && rule.reply.is_some();
    let (sure, rule) = match &tied.outcome {
        Outcome::Tie(close) if close.iter().all(|(id, _)| tied.also.contains(id)) => {
            let sure: Vec<&Rule> = also.collect();
            let rule = *sure.iter().find(by_machine).or(sure.first())?;
            (sure, rule)
        }
        Outcome::Chosen { .. } if tied.mode != Mode::Auto => {
            let sure: Vec<&Rule> = book.rule(&tied.rule).into_iter().chain(also).collect();
            let rule = *sure.iter().find(by_machine)?;
            (sure, rule)
        }
        _ => return None,
    };
    if sure.len() > OTHERS_MAX + 1 || tied.dossier.is_some() {
        return None;
    }
    let halves = halves(material, world);
    let facts = facts(material, world, &halves, &tied.fields, &tied.citations, None);
    let score = tied.scores.iter().find(|score| score.rule == rule.id)?.score;
    let first = Classification {
        missing: rule.needs.iter().filter(|need| !facts.contains(need.as_str())).cloned().collect(),
        outcome: Outcome::Chosen { score, lead: None },
        also: sure.iter().filter(|other| other.id != rule.id).map(|other| other.id.clone()).collect(),
        ..of_rule(book, rule, tied)
    };
    let others = apart(book, material, world, &first);
    (others.len() == first.also.len()).then_some(first)
}

/// What a rule makes of a message that is new: all but its points.
pub(crate) fn of_rule(book: &Rulebook, rule: &Rule, of: &Classification) -> Classification {
    Classification {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        kind: rule.kind,
        office: office(book, rule, None, &of.matters),
        mode: rule.mode,
        reply: rule.reply.clone(),
        missing_reply: rule.missing.clone(),
        missing: vec![],
        held: vec![],
        deadline: rule.deadline.clone(),
        dossier: None,
        also: vec![],
        shadow: vec![],
        ..of.clone()
    }
}

/// Points without those which rest on words that another request rests on too, or on the message as a whole.
fn points(own: &[Hit], theirs: &[Hit]) -> i32 {
    let shared = |hit: &Hit| {
        let words = hit.matched.to_lowercase();
        theirs.iter().filter(|their| their.points > 0 && their.place == hit.place && their.item == hit.item).any(
            |their| {
                let other = their.matched.to_lowercase();
                other.contains(&words) || words.contains(&other)
            },
        )
    };
    own.iter().filter(|hit| hit.points < 0 || (hit.place.is_some() && !shared(hit))).map(|hit| hit.points).sum()
}

/// The lines of the citizen's own words in which a request is named.
fn lines_of(hits: &[Hit], lines: &[String]) -> BTreeSet<usize> {
    let words: Vec<String> =
        hits.iter().filter(|hit| hit.points > 0 && hit.place.is_some()).map(|hit| hit.matched.to_lowercase()).collect();
    let named = |line: &String| words.iter().any(|word| !word.is_empty() && line.contains(word));
    lines.iter().enumerate().filter(|(_, line)| named(line)).map(|(n, _)| n).collect()
}
