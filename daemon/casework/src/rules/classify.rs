//! The engine: one message, one rulebook, one answer. Pure and total.

use super::book::{Look, Mode, OfficeChoice, Rule, Rulebook, Signal};
use super::outcome::{Classification, Field, FieldCheck, Hit, Outcome, RuleScore};
use super::place::{DossierBrief, Material, World};
use super::view::{View, halves};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// The facts of `has` and `needs` that no extractor makes.
pub(super) const FACTS: [&str; 4] = ["attachment", "dossier", "identity", "thread"];

/// Classifies a message. The order of files, rules, signals and phrases has no influence on the answer.
#[must_use]
pub fn classify(book: &Rulebook, material: &Material<'_>, world: &dyn World) -> Classification {
    let halves = halves(material, world);
    let view = View::of(material, &halves);
    let (fields, named) = extract(book, &view, world);
    // A number the citizen wrote is more precise than the thread they happened to answer.
    let dossier = named.or_else(|| world.thread());
    let facts = facts(material, world, &fields, dossier.as_ref());

    let valid = book.rules.values().filter(|rule| rule.valid_on(material.today));
    let mut scores: Vec<RuleScore> = valid.filter_map(|rule| score(rule, &view, &facts)).collect();
    scores.sort_by(|a, b| (Reverse(a.score), &a.rule).cmp(&(Reverse(b.score), &b.rule)));

    // A rule on trial must not change what happens today, not even by coming close to another.
    let (trial, live): (Vec<&RuleScore>, Vec<&RuleScore>) =
        scores.iter().partition(|score| book.rule(&score.rule).is_some_and(|rule| rule.mode == Mode::Shadow));
    let outcome = judge(book, &live);
    let best = live.first().filter(|_| matches!(outcome, Outcome::Chosen { .. }));
    let rule = best.and_then(|best| book.rules.get(&best.rule)).unwrap_or(&book.fallback);
    let reached = |scores: &[&RuleScore]| -> Vec<String> {
        let reached = scores.iter().filter(|s| s.score >= book.accept && s.rule != rule.id);
        reached.map(|s| s.rule.clone()).collect()
    };
    let (also, shadow) = (reached(&live), reached(&trial));
    Classification {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        kind: rule.kind,
        office: office(book, rule, dossier.as_ref()),
        mode: rule.mode,
        reply: rule.reply.clone(),
        missing_reply: rule.missing.clone(),
        missing: rule.needs.iter().filter(|need| !facts.contains(need.as_str())).cloned().collect(),
        deadline: rule.deadline.clone(),
        dossier: dossier.map(|dossier| dossier.number),
        outcome,
        scores,
        fields,
        also,
        shadow,
        reading: view.reading,
    }
}

fn extract(book: &Rulebook, view: &View<'_>, world: &dyn World) -> (Vec<Field>, Option<DossierBrief>) {
    let mut fields = Vec::new();
    let mut named = None;
    for (name, extractor) in &book.extractors {
        let Some(found) = extractor.run(name, |place| view.texts(place), world) else {
            continue;
        };
        fields.push(found.field);
        if name == "dossier" {
            named = found.dossier;
        }
    }
    (fields, named)
}

/// Everything true of this message that `has` and `needs` may name. A field counts only when its check did not fail.
fn facts<'f>(
    material: &Material<'_>,
    world: &dyn World,
    fields: &'f [Field],
    dossier: Option<&DossierBrief>,
) -> BTreeSet<&'f str> {
    let usable = fields.iter().filter(|field| !matches!(field.check, FieldCheck::Failed(_)));
    let mut facts: BTreeSet<&str> = usable.map(|field| field.name.as_str()).collect();
    let others = [
        ("attachment", !material.attachments.is_empty()),
        ("dossier", dossier.is_some()),
        ("identity", world.identity()),
        ("thread", world.thread().is_some()),
    ];
    facts.extend(others.iter().filter(|(_, holds)| *holds).map(|(fact, _)| *fact));
    facts
}

fn score(rule: &Rule, view: &View<'_>, facts: &BTreeSet<&str>) -> Option<RuleScore> {
    let mut hits: Vec<Hit> = rule.signals.iter().filter_map(|signal| fire(signal, view, facts)).collect();
    hits.sort_by(|a, b| (Reverse(a.points), a).cmp(&(Reverse(b.points), b)));
    let score = hits.iter().map(|hit| hit.points).sum();
    (!hits.is_empty()).then(|| RuleScore { rule: rule.id.clone(), score, hits })
}

fn fire(signal: &Signal, view: &View<'_>, facts: &BTreeSet<&str>) -> Option<Hit> {
    let hit = match &signal.look {
        Look::Words(places, phrases) => view.find_words(places, phrases)?,
        Look::Regex(places, pattern) => view.find_pattern(places, pattern)?,
        Look::Has(fact) => facts.contains(fact.as_str()).then(|| has(fact))?,
    };
    Some(Hit { points: signal.score, ..hit })
}

fn has(fact: &str) -> Hit {
    let phrase = fact.to_owned();
    Hit { points: 0, place: None, item: 0, phrase, matched: String::new(), start: 0, end: 0 }
}

/// Reaches `accept` and leads by `margin`: chosen. Otherwise a person decides, never the first in some order.
fn judge(book: &Rulebook, scores: &[&RuleScore]) -> Outcome {
    let named = |s: &&RuleScore| (s.rule.clone(), s.score);
    let mut positive = scores.iter().filter(|s| s.score > 0);
    let Some(best) = positive.next() else {
        return Outcome::BelowAccept { best: None };
    };
    if best.score < book.accept {
        return Outcome::BelowAccept { best: Some(named(best)) };
    }
    let lead = positive.next().map(|second| best.score - second.score);
    if lead.is_some_and(|lead| lead < book.margin) {
        let close = scores.iter().filter(|s| s.score > 0 && best.score - s.score < book.margin);
        return Outcome::Tie(close.map(named).collect());
    }
    Outcome::Chosen { score: best.score, lead }
}

/// The office of the task: one of the table, whatever the register says of a dossier.
fn office(book: &Rulebook, rule: &Rule, dossier: Option<&DossierBrief>) -> String {
    let owner = dossier.map(|dossier| dossier.office.as_str()).filter(|id| book.offices.contains_key(*id));
    let id = match (&rule.office, owner) {
        (OfficeChoice::Fixed(id), _) => id,
        (OfficeChoice::FromDossier | OfficeChoice::FromDossierOr(_), Some(owner)) => owner,
        (OfficeChoice::FromDossierOr(id), None) => id,
        (OfficeChoice::FromDossier, None) => &book.desk,
    };
    id.to_owned()
}
