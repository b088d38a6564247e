//! `[rule.ID]`: from the tree to the draft of a rule.

use super::book::{Calendar, Deadline, Kind, Mode};
use super::called;
use super::draft::{DraftLook, DraftRule, DraftSignal};
use super::form::Form;
use super::pattern::Expression;
use super::phrase::Phrase;
use super::place::Place;
use super::problem::{Problems, Spot};
use super::read::{POINTS_MAX, places};
use super::syntax::{Node, Value};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Signals of one rule: more cannot be understood by who must tune it.
const SIGNALS_MAX: usize = 40;
/// Longest term of a procedure, in days (L. 241/1990 art. 2 c.4: 180 is the most an administration may set itself).
const TERM_DAYS_MAX: i32 = 180;
/// A term beyond this needs reasons (L. 241/1990 art. 2 c.3-4): a warning.
const TERM_DAYS_USUAL: i32 = 90;

const RULE_KEYS: [&str; 16] = [
    "title",
    "title_de",
    "title_en",
    "kind",
    "office",
    "deadline",
    "needs",
    "missing",
    "reply",
    "mode",
    "signals",
    "owner",
    "review_by",
    "why",
    "valid_from",
    "valid_to",
];
const MODES: [(&str, Mode); 3] = [("shadow", Mode::Shadow), ("suggest", Mode::Suggest), ("auto", Mode::Auto)];
const CALENDARS: [(&str, Calendar); 2] = [("working", Calendar::Working), ("solar", Calendar::Solar)];

/// Reads one rule; where it has mistakes, all the same what it mentions. `None`: it is no table.
pub(super) fn read_rule(
    id: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<DraftRule> {
    let before = problems.errors();
    let form = Form::open(what, node, at.file, &RULE_KEYS, problems)?;
    for key in ["title", "kind", "office", "mode"] {
        form.require(key, problems);
    }
    let title = form.line("title", problems);
    let titles = form.translations("title", problems);
    let kind = kind(&form, problems);
    let mode = form.choice_called("mode", &MODES, &called::MODES, problems);
    let office = form.line("office", problems);
    let deadline = form.get("deadline").and_then(|(node, _)| deadline(id, node, at.file, problems));
    let needs = form.get("needs").and_then(|_| form.lines("needs", problems)).unwrap_or_default();
    let missing = form.line("missing", problems);
    let reply = form.line("reply", problems);
    if let (Some(missing), true) = (&missing, form.get("needs").is_none()) {
        problems.error(missing.at, format!("{}: `missing` senza `needs` non serve mai", form.what));
    }
    if let (Some(kind), Some(mode), Some(reply)) = (kind, mode, reply.as_ref().or(missing.as_ref())) {
        never_answered(&form, kind, mode, reply.at, problems);
    }
    let valid_from = form.date("valid_from", problems);
    let valid_to = form.date("valid_to", problems);
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && from > to
    {
        problems.error(at, format!("{}: `valid_from` viene dopo `valid_to`: la regola non vale mai", form.what));
    }
    let (owner, review_by) = (form.line("owner", problems), form.date("review_by", problems));
    let why = form.line("why", problems);
    let signals = form.get("signals").map_or(Vec::new(), |(node, at)| signals(&form, node, at, problems));
    Some(DraftRule {
        is_whole: problems.errors() == before,
        title: title.map_or_else(String::new, |title| title.value),
        titles,
        kind: kind.unwrap_or(Kind::Other),
        office,
        deadline,
        needs,
        missing,
        reply,
        mode: mode.unwrap_or(Mode::Suggest),
        owner: owner.map(|text| text.value),
        review_by,
        why: why.map(|text| text.value),
        valid_from,
        valid_to,
        signals,
    })
}

/// `kind`, in a rule and in what a test expects.
pub(super) fn kind(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Kind> {
    let kinds = Kind::ALL.map(|(kind, code, _)| (code, kind));
    form.choice_called("kind", &kinds, &called::KINDS, problems)
}

/// What no rules file may do: answer advertising or another body, or answer an invoice without a person
/// (DESIGN, "What must never be": no automatic answer to another office's automaton).
fn never_answered(form: &Form<'_>, kind: Kind, mode: Mode, at: Spot, problems: &mut Problems<'_>) {
    let wrong = match (kind, mode) {
        (Kind::Spam | Kind::OtherPa, _) => "a questo tipo di messaggio non si risponde mai: togli `reply` e `missing`",
        (Kind::Invoice, Mode::Auto) => "a una fattura non si risponde in automatico: usa `mode = \"suggest\"`",
        _ => return,
    };
    problems.error(at, format!("{}: {wrong}", form.what));
}

fn deadline(id: &str, node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Deadline> {
    let form = Form::open(format!("regola `{id}`: deadline"), node, file, &["days", "calendar", "law"], problems)?;
    for key in ["days", "calendar", "law"] {
        form.require(key, problems);
    }
    let days = form.number("days", 1, i32::MAX, problems);
    let calendar = form.choice("calendar", &CALENDARS, problems);
    let law = form.line("law", problems);
    let days = days?;
    if days.value > TERM_DAYS_MAX {
        problems.error(
            days.at,
            format!("{}: un termine non può superare {TERM_DAYS_MAX} giorni (L. 241/1990 art. 2 c. 4)", form.what),
        );
    } else if days.value > TERM_DAYS_USUAL {
        problems.warn(
            days.at,
            format!("{}: oltre {TERM_DAYS_USUAL} giorni serve una motivazione (L. 241/1990 art. 2 c. 4)", form.what),
        );
    }
    Some(Deadline { days: days.value.unsigned_abs(), calendar: calendar?, law: law?.value })
}

pub(super) fn signals(rule: &Form<'_>, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Vec<DraftSignal> {
    match &node.value {
        Value::List(items) if items.len() <= SIGNALS_MAX => {
            items.iter().filter_map(|item| signal(rule, item, problems)).collect()
        }
        Value::List(items) => {
            problems
                .error(at, format!("{}: {} segnali sono troppi, il massimo è {SIGNALS_MAX}", rule.what, items.len()));
            Vec::new()
        }
        other => {
            problems.error(at, format!("{}: `signals`: serve una lista, c'è {}", rule.what, other.name()));
            Vec::new()
        }
    }
}

fn signal(rule: &Form<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<DraftSignal> {
    let what = format!("{}: segnale", rule.what);
    let form = Form::open(what, node, rule.at.file, &["score", "in", "words", "regex", "has"], problems)?;
    form.require("score", problems);
    let score = form.number("score", -POINTS_MAX, POINTS_MAX, problems);
    if let Some(zero) = score.as_ref().filter(|score| score.value == 0) {
        problems.error(zero.at, format!("{}: `score = 0` non serve a nulla", form.what));
    }
    let asked: Vec<&str> = ["words", "regex", "has"].into_iter().filter(|key| form.get(key).is_some()).collect();
    if asked.len() != 1 {
        problems.error(form.at, format!("{}: serve una sola chiave fra `words`, `regex` e `has`", form.what));
    }
    // What a signal with mistakes mentions is looked up all the same.
    let look = match asked.first().copied() {
        Some("has") => {
            if let Some((_, at)) = form.get("in") {
                problems.error(at, format!("{}: `has` riguarda tutto il messaggio: togli `in`", form.what));
            }
            DraftLook::Has(form.line("has", problems)?)
        }
        Some("words") => words(&form, problems)?,
        Some(_) => {
            let places = places(&form, problems);
            let written = form.line("regex", problems)?;
            let compiled = Expression::admit(&written.value);
            let compiled = compiled.map_err(|why| problems.error(written.at, format!("{}: `regex`: {why}", form.what)));
            DraftLook::Regex(sorted(places?), compiled.ok()?)
        }
        None => return None,
    };
    Some(DraftSignal { score: score.map_or(0, |score| score.value), look })
}

/// `"@list"`, or a list of phrases in which `"@list"` may stand too.
fn words(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<DraftLook> {
    let places = places(form, problems);
    let (mut phrases, mut lists) = (Vec::new(), Vec::new());
    for mut word in form.lines("words", problems)? {
        if let Some(list) = word.value.strip_prefix('@') {
            word.value = list.to_string();
            lists.push(word);
            continue;
        }
        match Phrase::parse(&word.value) {
            Ok(phrase) => phrases.push(Arc::new(phrase)),
            Err(why) => problems.error(word.at, format!("{}: {why}", form.what)),
        }
    }
    Some(DraftLook::Words(sorted(places.unwrap_or_default()), phrases, lists))
}

/// The order in which a signal names its places means nothing.
fn sorted(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_unstable();
    places.dedup();
    places
}
