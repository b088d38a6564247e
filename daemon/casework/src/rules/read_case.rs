//! `[test."name"]` and `dossiers`: from the tree to the draft of a test.

use super::cases::{Case, Expect};
use super::classify::FACTS;
use super::draft::{DraftCase, Mention, Mentions};
use super::form::{Form, Written};
use super::problem::{Problems, Spot};
use super::read_rule::kind;
use super::syntax::{Node, Value};
use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::{Date, date};

/// The day of a test that does not say one.
const TEST_DAY: Date = date(2026, 6, 1);
/// How `expect` says that there must be none.
const NONE: &str = "none";

const CASE_KEYS: [&str; 14] = [
    "from",
    "from_name",
    "from_kind",
    "to",
    "subject",
    "body",
    "attachments",
    "attached_text",
    "identity",
    "thread",
    "pec_kind",
    "pec_grade",
    "today",
    "expect",
];
/// What `expect` may hold besides the names of extractors.
pub(super) const EXPECT_KEYS: [&str; 12] = [
    "rule",
    "not_rule",
    "kind",
    "office",
    "reply",
    "missing",
    "tie",
    "also",
    "shadow",
    "min_score",
    "deadline",
    "dossier",
];
/// Names no extractor may have: facts of `has`, and keys of `expect`. (`dossier` is both, with one meaning.)
pub(super) fn is_reserved(name: &str) -> bool {
    name != "dossier" && (FACTS.contains(&name) || EXPECT_KEYS.contains(&name))
}

/// The register the tests of one file see: number → office.
pub(super) fn dossiers(root: &Form<'_>, problems: &mut Problems<'_>) -> (BTreeMap<String, String>, Mentions) {
    let (mut register, mut mentions) = (BTreeMap::new(), Vec::new());
    let Some((node, at)) = root.get("dossiers") else {
        return (register, mentions);
    };
    let Value::Table(entries) = &node.value else {
        problems.error(at, "`dossiers`: serve una tabella, per esempio { \"2026/000123\" = \"suap\" }".into());
        return (register, mentions);
    };
    for entry in entries {
        let at = Spot { file: root.at.file, line: entry.line };
        // One with mistakes too: a test that names it is not blamed for them.
        register.insert(entry.key.clone(), String::new());
        match &entry.node.value {
            Value::Text(office) if is_number(&entry.key) => {
                register.insert(entry.key.clone(), office.clone());
                mentions.push((Mention::Office, Written { value: office.clone(), at }));
            }
            _ => problems.error(at, format!("dossiers: `{}`: serve \"AAAA/NNNNNN\" = \"ufficio\"", entry.key)),
        }
    }
    (register, mentions)
}

/// `AAAA/NNNNNN`.
fn is_number(number: &str) -> bool {
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|b| b.is_ascii_digit());
    number.split_once('/').is_some_and(|(year, serial)| digits(year, 4) && digits(serial, 6))
}

pub(super) fn read_case(
    name: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<DraftCase> {
    let before = problems.errors();
    let form = Form::open(what, node, at.file, &CASE_KEYS, problems)?;
    form.require("expect", problems);
    let values = |list: Option<Vec<Written<String>>>| list.unwrap_or_default().into_iter().map(|w| w.value).collect();
    let word = |text: Option<Written<String>>, other: &str| text.map_or_else(|| other.to_owned(), |w| w.value);
    let mut case = Case {
        name: name.to_owned(),
        at,
        from: word(form.line("from", problems), ""),
        from_name: word(form.line("from_name", problems), ""),
        from_kind: word(form.line("from_kind", problems), ""),
        to: values(form.lines("to", problems)),
        subject: form.text("subject", problems).unwrap_or_default(),
        body: form.text("body", problems).unwrap_or_default(),
        attachments: values(form.lines("attachments", problems)),
        attached_text: form.text("attached_text", problems).unwrap_or_default(),
        identity: form.flag("identity", problems).unwrap_or_default(),
        thread: form.line("thread", problems).map(|w| w.value),
        pec_kind: word(form.line("pec_kind", problems), "posta-certificata"),
        pec_grade: word(form.line("pec_grade", problems), "genuine"),
        today: form.date("today", problems).unwrap_or(TEST_DAY),
        dossiers: BTreeMap::new(),
        expect: Expect::default(),
    };
    let mut mentions = Vec::new();
    case.expect = expect(&form, &mut mentions, problems).unwrap_or_default();
    Some(DraftCase { is_whole: problems.errors() == before, case, mentions })
}

fn expect(case: &Form<'_>, mentions: &mut Mentions, problems: &mut Problems<'_>) -> Option<Expect> {
    let (node, _) = case.get("expect")?;
    // The other keys are names of extractors, which other files may define: they are looked up later.
    let own: Vec<&str> = match &node.value {
        Value::Table(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        _ => Vec::new(),
    };
    let form = Form::open(format!("{}: expect", case.what), node, case.at.file, &own, problems)?;
    if ["rule", "not_rule", "tie", "shadow"].iter().all(|key| form.get(key).is_none()) {
        problems.error(form.at, format!("{}: serve almeno `rule`, `not_rule`, `tie` o `shadow`", form.what));
    }
    let mut one = |key: &str, mention: Mention, problems: &mut Problems<'_>| {
        let word = form.line(key, problems)?;
        if word.value != NONE {
            mentions.push((mention, word.clone()));
        }
        Some(word.value)
    };
    let rule = one("rule", Mention::Rule, problems);
    let office = one("office", Mention::Office, problems);
    let reply = one("reply", Mention::Template, problems).map(some);
    let dossier = form.line("dossier", problems).map(|word| some(word.value));
    let mut fields = Vec::new();
    for entry in form.entries().iter().filter(|entry| !EXPECT_KEYS.contains(&entry.key.as_str())) {
        let at = Spot { file: case.at.file, line: entry.line };
        mentions.push((Mention::Extractor, Written { value: entry.key.clone(), at }));
        fields.extend(form.line(&entry.key, problems).map(|word| (entry.key.clone(), some(word.value))));
    }
    let mut many = |key: &str, mention: Mention, problems: &mut Problems<'_>| {
        let mut words = form.lines(key, problems)?;
        words.retain(|word| word.value != NONE);
        mentions.extend(words.iter().map(|word| (mention, word.clone())));
        Some(words.into_iter().map(|word| word.value).collect::<Vec<_>>())
    };
    Some(Expect {
        rule,
        not_rule: many("not_rule", Mention::Rule, problems).unwrap_or_default(),
        kind: kind(&form, problems),
        office,
        reply,
        missing: many("missing", Mention::Need, problems),
        tie: many("tie", Mention::Rule, problems),
        also: many("also", Mention::Rule, problems),
        shadow: many("shadow", Mention::Rule, problems),
        min_score: form.number("min_score", 1, i32::MAX, problems).map(|n| n.value),
        deadline: form.number("deadline", 1, i32::MAX, problems).map(|n| n.value.unsigned_abs()),
        dossier,
        fields,
    })
}

fn some(value: String) -> Option<String> {
    (value != NONE).then_some(value)
}
