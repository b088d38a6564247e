//! The engine: one message, one rulebook, one answer. Pure and total.

use super::book::{Kind, Mode, Rule, Rulebook};
use super::clues::clues_of;
use super::outcome::{Citation, Classification, Clue, Field, FieldCheck, Outcome, RuleScore};
use super::pattern::Spelled;
use super::place::{DossierBrief, Material, Place, World};
use super::quote::Split;
use super::score::{of_rule, score};
use super::view::{View, halves};
use crate::reference;
use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// The facts of `has` and `needs` that no extractor makes.
pub(super) const FACTS: [&str; 7] =
    ["attachment", "dossier", "empty-body", "identity", "question", "reference", "thread"];
/// With the kind of what is cited: `reference:verbale`.
pub(super) const CITES: &str = "reference:";
/// Where dossiers are cited; the first place that names one of the sender's decides.
const CITING: [Place; 4] = [Place::Subject, Place::Body, Place::AttachmentName, Place::BodyQuoted];

/// Classifies a message. The order of files, rules, signals and phrases has no influence on the answer.
#[must_use]
pub fn classify(book: &Rulebook, material: &Material<'_>, world: &dyn World) -> Classification {
    let halves = halves(material, world);
    let view = View::of(book, material, &halves);
    let (fields, named) = extract(book, &view, world);
    let (citations, cited) = cite(&view, world);
    // A number the citizen wrote is more precise than the thread they happened to answer.
    // A pattern of the administrator's may have read the number and not the check letters behind it.
    let is_slip = |number: &str| citations.iter().any(|cited| cited.reference.slipped().as_deref() == Some(number));
    let named = named.filter(|dossier| !is_slip(&dossier.number));
    let dossier = named.or(cited).or_else(|| world.thread());
    let facts = facts(material, world, &halves, &fields, &citations, dossier.as_ref());
    let (mut scores, mut matters) = points(book, &view, &facts, material);
    let seen = book.clues.seen(&view, &facts);
    let clues = book.clues.weigh(&seen, scores.iter_mut().map(|(rule, score)| (rule.kind, score)));
    scores.sort_unstable_by(|(_, a), (_, b)| (Reverse(a.weight()), &a.rule).cmp(&(Reverse(b.weight()), &b.rule)));

    // A rule on trial must not change what happens today, not even by coming close to another.
    let (trial, live): (Vec<_>, Vec<_>) = scores.iter().partition(|(rule, _)| rule.mode == Mode::Shadow);
    let rated: Vec<Rated<'_>> = live.iter().map(|(rule, score)| Rated { score, kind: Some(rule.kind) }).collect();
    let outcome = judge(book, &rated, clues.first());
    let best = live.first().filter(|_| matches!(outcome, Outcome::Chosen { .. }));
    let rule = best.map_or(&book.fallback, |(rule, _)| rule);
    let reached = |scores: &[&(&Rule, RuleScore)]| -> Vec<String> {
        let reached = scores.iter().filter(|(_, s)| s.score >= book.accept && s.rule != rule.id);
        reached.map(|(_, s)| s.rule.clone()).collect()
    };
    let (also, shadow) = (reached(&live), reached(&trial));
    // Of a message that a person decides on, what it probably asks.
    let likely = best.or_else(|| live.first().filter(|(_, score)| score.weight() > 0)).map(|(rule, _)| rule.kind);
    let office_clues = book.clues.weigh_offices(seen, likely, &mut matters);
    Classification {
        rule: rule.id.clone(),
        title: rule.title.clone(),
        kind: rule.kind,
        office: office(book, rule, dossier.as_ref(), &matters),
        mode: rule.mode,
        reply: rule.reply.clone(),
        missing_reply: rule.missing.clone(),
        missing: rule.needs.iter().filter(|need| !facts.contains(need.as_str())).cloned().collect(),
        held: Vec::new(),
        deadline: rule.deadline.clone(),
        dossier: dossier.map(|dossier| dossier.number),
        outcome,
        scores: scores.into_iter().map(|(_, score)| score).collect(),
        fields,
        citations,
        matters,
        also,
        shadow,
        clues,
        office_clues,
        reading: view.reading,
    }
}

/// What would come of a message if this rule were on trial no more: whether it would be chosen, or who decides.
#[must_use]
pub fn on_trial(book: &Rulebook, seen: &Classification, rule: &str) -> Outcome {
    let is_live = |id: &str| id == rule || book.rule(id).is_some_and(|of| of.mode != Mode::Shadow);
    let rate = |score| Rated::of(book, score);
    let scores: Vec<Rated<'_>> = seen.scores.iter().filter(|score| is_live(&score.rule)).map(rate).collect();
    match judge(book, &scores, seen.clues.first()) {
        Outcome::Chosen { .. } if scores.first().is_some_and(|best| best.score.rule != rule) => {
            Outcome::BelowAccept { best: None }
        }
        outcome => outcome,
    }
}

/// Asks the world for every dossier that a message may name, and weighs no rule: so whoever takes the snapshot for
/// [`classify`] learns what must be in it.
pub fn look_up(book: &Rulebook, material: &Material<'_>, world: &dyn World) {
    let halves = halves(material, world);
    let view = View::of(book, material, &halves);
    extract(book, &view, world);
    cite(&view, world);
}

/// What of a message [`Tally`](super::Tally) counts.
#[must_use]
pub fn clues_in(book: &Rulebook, material: &Material<'_>, world: &dyn World) -> BTreeSet<String> {
    let halves = halves(material, world);
    let view = View::of(book, material, &halves);
    let (fields, named) = extract(book, &view, world);
    let (citations, cited) = cite(&view, world);
    let dossier = named.or(cited).or_else(|| world.thread());
    clues_of(&view, &facts(material, world, &halves, &fields, &citations, dossier.as_ref()))
}

pub(super) fn extract(book: &Rulebook, view: &View<'_>, world: &dyn World) -> (Vec<Field>, Option<DossierBrief>) {
    let mut fields = Vec::new();
    let mut named = None;
    let mut spelled = Spelled::new();
    for (name, extractor) in &book.extractors {
        let Some(found) = extractor.run(name, &book.readers, view, &mut spelled, world) else {
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
pub(super) fn facts<'f>(
    material: &Material<'_>,
    world: &dyn World,
    halves: &Split,
    fields: &'f [Field],
    citations: &[Citation],
    dossier: Option<&DossierBrief>,
) -> BTreeSet<&'f str> {
    let usable = fields.iter().filter(|field| !matches!(field.check, FieldCheck::Failed(_)));
    let mut facts: BTreeSet<&str> = usable.map(|field| field.name.as_str()).collect();
    let others = [
        ("attachment", !material.attachments.is_empty()),
        ("dossier", dossier.is_some()),
        ("identity", world.identity()),
        ("reference", !citations.is_empty()),
        ("empty-body", halves.new.trim().is_empty()),
        ("question", halves.new.contains('?') || material.subject.contains('?')),
        ("thread", world.thread().is_some()),
    ];
    facts.extend(others.iter().filter(|(_, holds)| *holds).map(|(fact, _)| *fact));
    facts.extend(citations.iter().map(|cited| cited.reference.kind.fact()));
    facts
}

/// The points of the rules, and those of the offices, best first.
fn points<'b>(
    book: &'b Rulebook,
    view: &View<'_>,
    facts: &BTreeSet<&str>,
    material: &Material<'_>,
) -> (Vec<(&'b Rule, RuleScore)>, Vec<RuleScore>) {
    let rules: Vec<&Rule> = book.rules.values().collect();
    let offices: Vec<(&String, &[super::book::Signal])> =
        book.matters.iter().map(|(id, s)| (id, s.as_slice())).collect();
    let signals = |who: usize| match rules.get(who) {
        Some(rule) => of_rule(rule, material.today),
        None => offices.get(who - rules.len()).map(|(_, signals)| *signals),
    };
    let (mut scores, mut matters) = (Vec::new(), Vec::new());
    for (who, hits) in book.index.hits(view, facts, signals) {
        match rules.get(who) {
            Some(rule) => scores.push((*rule, score(&rule.id, hits))),
            None => matters.extend(offices.get(who - rules.len()).map(|(id, _)| score(id, hits))),
        }
    }
    matters.sort_by(|a, b| (Reverse(a.score), &a.rule).cmp(&(Reverse(b.score), &b.rule)));
    (scores, matters)
}

/// What the message cites, and the first dossier among it that the sender may refer to. A number without a noun counts only
/// when it is the number of such a dossier.
pub(super) fn cite(view: &View<'_>, world: &dyn World) -> (Vec<Citation>, Option<DossierBrief>) {
    let mut citations = Vec::new();
    let mut named = None;
    for place in CITING {
        for (item, text) in view.texts(place).iter().enumerate() {
            for reference in reference::find(text, place, item) {
                let resolved = world.resolve(&reference);
                if reference.bare && resolved.is_err() {
                    continue;
                }
                let (dossier, why) = match &resolved {
                    Ok(dossier) => (Some(dossier.number.clone()), None),
                    Err(why) => (None, Some((*why).to_owned())),
                };
                citations.push(Citation { reference, dossier, why });
                named = named.or(resolved.ok());
            }
        }
    }
    (citations, named)
}

/// Own points by which a rule must lead all of other kinds where the words speak most for another kind than its own.
const DOUBTED_LEAD: i32 = 100;

/// Points of that other kind from which the words are enough to speak against a rule: a line of four words says nothing.
const DOUBT_MIN: i32 = 30;

/// The points of a rule, with its kind: asked of each many times.
struct Rated<'s> {
    score: &'s RuleScore,
    kind: Option<Kind>,
}

impl<'s> Rated<'s> {
    fn of(book: &Rulebook, score: &'s RuleScore) -> Self {
        Self { score, kind: book.rule(&score.rule).map(|rule| rule.kind) }
    }

    fn named(&self) -> (String, i32) {
        (self.score.rule.clone(), self.score.weight())
    }
}

/// Reaches `accept` by its own signals, and leads by `margin`: chosen. Otherwise a person decides, never the first in some order.
fn judge(book: &Rulebook, scores: &[Rated<'_>], clue: Option<&Clue>) -> Outcome {
    let mut positive = scores.iter().filter(|rated| rated.score.weight() > 0);
    let Some(best) = positive.next() else {
        return Outcome::BelowAccept { best: None };
    };
    if best.score.score < book.accept {
        return Outcome::BelowAccept { best: Some(best.named()) };
    }
    // Two rules for the same kind of request need not be told apart by more than a point.
    let needed = |rated: &Rated<'_>| if rated.kind == best.kind { 1 } else { book.margin };
    let behind = |rated: &Rated<'_>| best.score.weight() - rated.score.weight();
    // Clues give half of the lead at most: who asks for two things in so many words has asked for both. Where nobody is
    // answered, the rule's own words must lead by as much as chooses a rule: what a citizen forwards of another office's
    // speaks with the words of that office.
    let is_silent = matches!(best.kind, Some(Kind::OtherPa | Kind::Spam));
    let own = |rated: &Rated<'_>| if is_silent { needed(rated).min(book.accept) } else { needed(rated) / 2 };
    let is_close =
        |rated: &Rated<'_>| behind(rated) < needed(rated) || best.score.score - rated.score.score < own(rated);
    let others = scores.iter().filter(|rated| rated.score.weight() > 0 && rated.score.rule != best.score.rule);
    let mut close: Vec<(String, i32)> = others.filter(|rated| is_close(rated)).map(Rated::named).collect();
    if close.is_empty() && !is_silent {
        close.extend(clue.filter(|clue| clue.points >= DOUBT_MIN).and_then(|clue| doubt(book, scores, best, clue)));
    }
    if close.is_empty() {
        return Outcome::Chosen { score: best.score.score, lead: positive.next().map(behind) };
    }
    Outcome::Tie([best.named()].into_iter().chain(close).collect())
}

/// The rule that the words speak for, where it is of another kind than the best, which does not lead by much: of lists that met by
/// chance («fontana», «mandate») the words of the whole message know nothing.
fn doubt(book: &Rulebook, scores: &[Rated<'_>], best: &Rated<'_>, clue: &Clue) -> Option<(String, i32)> {
    let own = best.kind.filter(|own| *own != clue.kind)?;
    let others =
        scores.iter().filter(|rated| rated.kind != Some(own)).map(|rated| rated.score.score).max().unwrap_or(0);
    if best.score.score - others.max(0) >= DOUBTED_LEAD {
        return None;
    }
    let seen = scores.iter().find(|rated| rated.kind == Some(clue.kind)).map(Rated::named);
    let unseen = || book.rules.values().find(|rule| rule.kind == clue.kind && rule.mode != Mode::Shadow);
    seen.or_else(|| unseen().map(|rule| (rule.id.clone(), clue.points)))
}

/// The office of the task: one of the table, whatever the register says of a dossier.
pub(super) fn office(book: &Rulebook, rule: &Rule, dossier: Option<&DossierBrief>, matters: &[RuleScore]) -> String {
    let choice = &rule.office;
    let owner = dossier.filter(|_| choice.from_dossier).map(|dossier| dossier.office.as_str());
    let owner = owner.filter(|id| book.offices.contains_key(*id));
    let matter = || by_matter(book, matters).filter(|_| choice.by_matter);
    owner.or_else(matter).or(choice.id.as_deref()).unwrap_or(&book.desk).to_owned()
}

/// Lead of an office for which only single words speak: with less they would send every stranger's letter somewhere.
const WORDS_LEAD: i32 = 20;

/// The office whose matter it is, if one leads: by its signals and by what the words say. Where signals name an office, those that
/// none names are not in it.
fn by_matter<'m>(book: &Rulebook, matters: &'m [RuleScore]) -> Option<&'m str> {
    let is_named = matters.iter().any(|matter| matter.score >= book.accept_office);
    let mut best = matters.iter().filter(|matter| !is_named || matter.score > 0);
    let first = best.next().filter(|first| first.weight() >= book.accept_office)?;
    let second = best.next().map_or(0, RuleScore::weight);
    let needed = if first.score > 0 { book.margin_office } else { book.margin_office.max(WORDS_LEAD) };
    (first.weight() - second >= needed).then_some(first.rule.as_str())
}
