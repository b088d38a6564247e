//! The sections of a rules file: from the tree to the draft. Mistakes that show within one file are reported here.

use super::called::PLACES;
use super::draft::{Declared, Defaults, Draft, DraftDefaults};
use super::extract::{Check, Extractor, Template};
use super::form::Form;
use super::pattern::Expression;
use super::phrase::Phrase;
use super::place::Place;
use super::problem::{Problems, Spot};
use super::read_body::body;
use super::read_case::{dossiers, is_reserved, read_case};
use super::read_office::office;
use super::read_rule::read_rule;
use super::syntax::{Entry, Node, Value};
use super::tally;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The only format there is.
const FORMAT: i64 = 1;
/// Longest id.
pub(crate) const ID_BYTES_MAX: usize = 64;
/// Points of one signal, `accept` and `margin`: enough for any weighing, and no sum can overflow.
pub(super) const POINTS_MAX: i32 = 1000;
/// Points of its matter that an office needs, where `[defaults]` does not say.
const ACCEPT_OFFICE: i32 = 20;
/// Lead over the next office, where `[defaults]` does not say.
const MARGIN_OFFICE: i32 = 5;

const SECTIONS: [&str; 10] =
    ["format", "defaults", "clues", "office", "body", "words", "extract", "rule", "dossiers", "test"];

/// Reads one file into the draft. `false` when nothing could be made of it.
pub(super) fn read_file(file: usize, entries: Vec<Entry>, draft: &mut Draft, problems: &mut Problems<'_>) -> bool {
    let format = entries.iter().find(|entry| entry.key == "format");
    if let Some(entry) = format.filter(|entry| !matches!(entry.node.value, Value::Number(FORMAT))) {
        // Another format means other keys too: reading on would only produce false errors.
        problems.error(
            Spot { file, line: entry.line },
            format!("formato sconosciuto: questo programma legge `format = {FORMAT}`"),
        );
        return false;
    }
    let root = Node { line: 0, value: Value::Table(entries) };
    let Some(form) = Form::open("file".into(), &root, file, &SECTIONS, problems) else {
        return false;
    };
    form.require("format", problems);
    let is_stray = |entry: &&Entry| !SECTIONS.contains(&entry.key.as_str());
    draft.stray.extend(form.entries().iter().filter(is_stray).map(|entry| match &entry.node.value {
        Value::Table(names) => names.iter().map(|name| name.key.clone()).collect(),
        _ => Vec::new(),
    }));
    if let Some((node, at)) = form.get("defaults") {
        draft.defaults.push((at, defaults(node, file, problems)));
    }
    if let Some((node, at)) = form.get("clues") {
        draft.clues.push((at, tally::read(node, file, problems)));
    }
    section(&form, "office", "ufficio", &mut draft.offices, problems, office);
    section(&form, "body", "ente", &mut draft.bodies, problems, body);
    section(&form, "words", "lista", &mut draft.lists, problems, list);
    section(&form, "extract", "estrattore", &mut draft.extractors, problems, extractor);
    section(&form, "rule", "regola", &mut draft.rules, problems, read_rule);
    let (register, mentions) = dossiers(&form, problems);
    let before = draft.cases.len();
    section(&form, "test", "test", &mut draft.cases, problems, read_case);
    for case in draft.cases.iter_mut().skip(before).filter_map(|declared| declared.item.as_mut()) {
        case.case.dossiers.clone_from(&register);
        case.mentions.extend(mentions.iter().cloned());
    }
    true
}

/// Reads a table of named things: each node with its id and its name for errors.
fn section<T>(
    root: &Form<'_>,
    key: &str,
    name: &str,
    into: &mut Vec<Declared<T>>,
    problems: &mut Problems<'_>,
    read: impl Fn(&str, String, &Node, Spot, &mut Problems<'_>) -> Option<T>,
) {
    let Some((node, _)) = root.get(key) else {
        return;
    };
    let Value::Table(entries) = &node.value else {
        problems.error(
            Spot { file: root.at.file, line: node.line },
            format!("`{key}`: serve `[{key}.nome]`, c'è {}", node.value.name()),
        );
        return;
    };
    for entry in entries {
        let at = Spot { file: root.at.file, line: entry.line };
        let what = format!("{name} `{}`", entry.key);
        if key != "test" && !is_id(&entry.key) {
            problems.error(at, format!("{what}: il nome ha lettere minuscole, cifre, `-` e `_`, inizia con una lettera, al massimo {ID_BYTES_MAX} caratteri"));
        }
        into.push(Declared { id: entry.key.clone(), at, item: read(&entry.key, what, &entry.node, at, problems) });
    }
}

/// The phrases of a key; none where it is not there.
fn phrases(form: &Form<'_>, key: &str, problems: &mut Problems<'_>) -> Vec<Phrase> {
    let written = form.get(key).and_then(|_| form.lines(key, problems)).unwrap_or_default();
    let mut read = Vec::with_capacity(written.len());
    for one in &written {
        match Phrase::parse(&one.value) {
            Ok(phrase) => read.push(phrase),
            Err(why) => problems.error(one.at, format!("{}: `{key}`: {why}", form.what)),
        }
    }
    read
}

pub(crate) fn is_id(id: &str) -> bool {
    id.len() <= ID_BYTES_MAX
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn defaults(node: &Node, file: usize, problems: &mut Problems<'_>) -> DraftDefaults {
    const KEYS: [&str; 5] = ["accept", "margin", "otherwise", "accept_office", "margin_office"];
    let Some(form) = Form::open("defaults".into(), node, file, &KEYS, problems) else { return (None, None) };
    for key in ["accept", "margin", "otherwise"] {
        form.require(key, problems);
    }
    let accept = form.number("accept", 1, POINTS_MAX, problems);
    let margin = form.number("margin", 1, POINTS_MAX, problems);
    let otherwise = form.line("otherwise", problems);
    let mut office = |key: &str, usual: i32| match form.get(key) {
        Some(_) => form.number(key, 1, POINTS_MAX, problems).map(|written| written.value),
        None => Some(usual),
    };
    let (accept_office, margin_office) =
        (office("accept_office", ACCEPT_OFFICE), office("margin_office", MARGIN_OFFICE));
    let whole = |otherwise| {
        let (accept, margin) = (accept?.value, margin?.value);
        Some(Defaults { accept, margin, accept_office: accept_office?, margin_office: margin_office?, otherwise })
    };
    (otherwise.clone(), otherwise.and_then(whole))
}

fn list(_: &str, what: String, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Option<Vec<Arc<Phrase>>> {
    // `residenza = [...]` in `[words]`: the list is the node itself.
    let holder = Node { line: at.line, value: Value::Table(Vec::new()) };
    let form = Form::open(what, &holder, at.file, &[], problems)?;
    let phrases = form.lines_of("words", node, at, problems)?;
    let mut read = Vec::with_capacity(phrases.len());
    for phrase in &phrases {
        if phrase.value.starts_with('@') {
            problems.error(
                phrase.at,
                format!("{}: `{}`: una lista non può contenere un'altra lista", form.what, phrase.value),
            );
            continue;
        }
        match Phrase::parse(&phrase.value) {
            Ok(phrase) => read.push(Arc::new(phrase)),
            Err(why) => problems.error(phrase.at, format!("{}: {why}", form.what)),
        }
    }
    (read.len() == phrases.len()).then_some(read)
}

/// `in`: one place or several.
pub(super) fn places(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Vec<Place>> {
    form.require("in", problems);
    let words = form.lines("in", problems)?;
    let read: Vec<Place> =
        words.iter().filter_map(|word| form.chosen_called("in", word, &Place::ALL, &PLACES, problems)).collect();
    (read.len() == words.len()).then_some(read)
}

fn extractor(id: &str, what: String, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Option<Extractor> {
    let form =
        Form::open(what, node, at.file, &["in", "pattern", "value", "check", "new_after", "old_after"], problems)?;
    if is_reserved(id) {
        problems.error(at, format!("{}: questo nome ha già un altro significato", form.what));
    }
    form.require("pattern", problems);
    form.require("value", problems);
    let places = places(&form, problems);
    let check = form.get("check").map(|_| form.choice("check", &Check::ALL, problems));
    let template = form.line("value", problems).and_then(|written| {
        let read = Template::parse(&written.value);
        read.map_err(|why| problems.error(written.at, format!("{}: `value`: {why}", form.what))).ok()
    });
    let written = form.lines("pattern", problems).unwrap_or_default();
    let mut patterns = Vec::with_capacity(written.len());
    for one in &written {
        match Expression::admit(&one.value) {
            Ok(pattern) => {
                for group in template.iter().flat_map(Template::groups).filter(|group| !pattern.has_group(group)) {
                    problems.error(
                        one.at,
                        format!(
                            "{}: `value` usa `{{{group}}}`, ma questo `pattern` non ha il gruppo `(?<{group}>…)`",
                            form.what
                        ),
                    );
                }
                patterns.push(pattern);
            }
            Err(why) => problems.error(one.at, format!("{}: `pattern`: {why}", form.what)),
        }
    }
    let (new_after, old_after) = (phrases(&form, "new_after", problems), phrases(&form, "old_after", problems));
    let check = match check {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Extractor { places: places?, patterns, value: template?, check, new_after, old_after })
}
