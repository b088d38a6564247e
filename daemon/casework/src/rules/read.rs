//! The sections of a rules file: from the tree to the draft. Mistakes that show within one file are reported here.

use super::book::{Calendar, Deadline, Kind, Mode, Office};
use super::draft::{Declared, Defaults, Draft, DraftLook, DraftRule, DraftSignal};
use super::extract::{Check, Extractor, Template};
use super::form::Form;
use super::pattern::Pattern;
use super::phrase::Phrase;
use super::place::Place;
use super::problem::{Problems, Spot};
use super::read_case::{RESERVED, dossiers, read_case};
use super::syntax::{Entry, Node, Value};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The only format there is.
const FORMAT: i64 = 1;
/// Longest id.
const ID_BYTES_MAX: usize = 64;
/// Points of one signal, `accept` and `margin`: enough for any weighing, and no sum can overflow.
const POINTS_MAX: i32 = 1000;
/// Signals of one rule: more cannot be understood by who must tune it.
const SIGNALS_MAX: usize = 40;
/// Longest term of a procedure, in days (L. 241/1990 art. 2 c.4: 180 is the most an administration may set itself).
const TERM_DAYS_MAX: i32 = 180;
/// A term beyond this needs reasons (L. 241/1990 art. 2 c.3-4): a warning.
const TERM_DAYS_USUAL: i32 = 90;

const SECTIONS: [&str; 8] = [
    "format", "defaults", "office", "words", "extract", "rule", "dossiers", "test",
];
const RULE_KEYS: [&str; 14] = [
    "title",
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
const MODES: [(&str, Mode); 3] = [
    ("shadow", Mode::Shadow),
    ("suggest", Mode::Suggest),
    ("auto", Mode::Auto),
];
const CALENDARS: [(&str, Calendar); 2] =
    [("working", Calendar::Working), ("solar", Calendar::Solar)];

/// Reads one file into the draft. `false` when nothing could be made of it.
pub(super) fn read_file(
    file: usize,
    entries: Vec<Entry>,
    draft: &mut Draft,
    problems: &mut Problems<'_>,
) -> bool {
    let format = entries.iter().find(|entry| entry.key == "format");
    if let Some(entry) = format.filter(|entry| !matches!(entry.node.value, Value::Number(FORMAT))) {
        // Another format means other keys too: reading on would only produce false errors.
        problems.error(
            Spot {
                file,
                line: entry.line,
            },
            format!("formato sconosciuto: questo programma legge `format = {FORMAT}`"),
        );
        return false;
    }
    let root = Node {
        line: 0,
        value: Value::Table(entries),
    };
    let Some(form) = Form::open("file".into(), &root, file, &SECTIONS, problems) else {
        return false;
    };
    form.require("format", problems);
    if let Some((node, at)) = form.get("defaults") {
        draft.defaults.push((at, defaults(node, file, problems)));
    }
    section(
        &form,
        "office",
        "ufficio",
        &mut draft.offices,
        problems,
        office,
    );
    section(&form, "words", "lista", &mut draft.lists, problems, list);
    section(
        &form,
        "extract",
        "estrattore",
        &mut draft.extractors,
        problems,
        extractor,
    );
    section(&form, "rule", "regola", &mut draft.rules, problems, rule);
    let (register, mentions) = dossiers(&form, problems);
    let before = draft.cases.len();
    section(&form, "test", "test", &mut draft.cases, problems, read_case);
    for case in draft
        .cases
        .iter_mut()
        .skip(before)
        .filter_map(|declared| declared.item.as_mut())
    {
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
            Spot {
                file: root.at.file,
                line: node.line,
            },
            format!("`{key}`: serve `[{key}.nome]`, c'è {}", node.value.name()),
        );
        return;
    };
    for entry in entries {
        let at = Spot {
            file: root.at.file,
            line: entry.line,
        };
        let what = format!("{name} `{}`", entry.key);
        if key != "test" && !is_id(&entry.key) {
            problems.error(at, format!("{what}: il nome può avere solo lettere minuscole, cifre, `-` e `_`, inizia con una lettera e ha {ID_BYTES_MAX} caratteri al massimo"));
        }
        into.push(Declared {
            id: entry.key.clone(),
            at,
            item: read(&entry.key, what, &entry.node, at, problems),
        });
    }
}

fn is_id(id: &str) -> bool {
    id.len() <= ID_BYTES_MAX
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn defaults(node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Defaults> {
    let form = Form::open(
        "defaults".into(),
        node,
        file,
        &["accept", "margin", "otherwise"],
        problems,
    )?;
    for key in ["accept", "margin", "otherwise"] {
        form.require(key, problems);
    }
    let accept = form.number("accept", 1, POINTS_MAX, problems);
    let margin = form.number("margin", 1, POINTS_MAX, problems);
    let otherwise = form.line("otherwise", problems)?;
    Some(Defaults {
        accept: accept?.value,
        margin: margin?.value,
        otherwise,
    })
}

fn office(
    id: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<Office> {
    let form = Form::open(what, node, at.file, &["title", "mail"], problems)?;
    form.require("title", problems);
    form.require("mail", problems);
    let title = form.line("title", problems);
    let mail = form.line("mail", problems)?;
    if !is_mail(&mail.value) {
        problems.error(
            mail.at,
            format!(
                "{}: `mail`: `{}` non è un indirizzo di posta",
                form.what, mail.value
            ),
        );
        return None;
    }
    Some(Office {
        id: id.into(),
        title: title?.value,
        mail: mail.value,
    })
}

/// Plain `name@domain`: nothing that could add a recipient or a header to a mail.
fn is_mail(address: &str) -> bool {
    let good = |part: &str| {
        let known = |b: u8| b.is_ascii_alphanumeric() || b".-_+".contains(&b);
        !part.is_empty()
            && part.bytes().all(known)
            && !part.starts_with('.')
            && !part.ends_with('.')
    };
    address
        .split_once('@')
        .is_some_and(|(name, domain)| good(name) && good(domain) && domain.contains('.'))
}

fn list(
    _: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<Vec<Phrase>> {
    // `residenza = [...]` in `[words]`: the list is the node itself.
    let holder = Node {
        line: at.line,
        value: Value::Table(Vec::new()),
    };
    let form = Form::open(what, &holder, at.file, &[], problems)?;
    let phrases = form.lines_of("words", node, at, problems)?;
    let mut read = Vec::with_capacity(phrases.len());
    for phrase in &phrases {
        if phrase.value.starts_with('@') {
            problems.error(
                phrase.at,
                format!(
                    "{}: `{}`: una lista non può contenere un'altra lista",
                    form.what, phrase.value
                ),
            );
            continue;
        }
        match Phrase::parse(&phrase.value) {
            Ok(phrase) => read.push(phrase),
            Err(why) => problems.error(phrase.at, format!("{}: {why}", form.what)),
        }
    }
    (read.len() == phrases.len()).then_some(read)
}

fn places(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<Vec<Place>> {
    form.require("in", problems);
    let words = form.lines("in", problems)?;
    let read: Vec<Place> = words
        .iter()
        .filter_map(|word| form.chosen("in", word, &Place::ALL, problems))
        .collect();
    (read.len() == words.len()).then_some(read)
}

fn extractor(
    id: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<Extractor> {
    let form = Form::open(
        what,
        node,
        at.file,
        &["in", "pattern", "value", "check"],
        problems,
    )?;
    if RESERVED.contains(&id) {
        problems.error(
            at,
            format!("{}: questo nome ha già un altro significato", form.what),
        );
    }
    form.require("pattern", problems);
    form.require("value", problems);
    let places = places(&form, problems);
    let check = form
        .get("check")
        .map(|_| form.choice("check", &Check::ALL, problems));
    let template = form.line("value", problems).and_then(|written| {
        let read = Template::parse(&written.value);
        read.map_err(|why| problems.error(written.at, format!("{}: `value`: {why}", form.what)))
            .ok()
    });
    let written = form.lines("pattern", problems)?;
    let mut patterns = Vec::with_capacity(written.len());
    for one in &written {
        match Pattern::compile(&one.value) {
            Ok(pattern) => {
                for group in template
                    .iter()
                    .flat_map(Template::groups)
                    .filter(|group| !pattern.has_group(group))
                {
                    problems.error(one.at, format!("{}: `value` usa `{{{group}}}`, ma questo `pattern` non ha il gruppo `(?<{group}>…)`", form.what));
                }
                patterns.push(pattern);
            }
            Err(why) => problems.error(one.at, format!("{}: `pattern`: {why}", form.what)),
        }
    }
    let check = match check {
        Some(read) => Some(read?),
        None => None,
    };
    Some(Extractor {
        places: places?,
        patterns,
        value: template?,
        check,
    })
}

fn rule(
    id: &str,
    what: String,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Option<DraftRule> {
    let form = Form::open(what, node, at.file, &RULE_KEYS, problems)?;
    for key in ["title", "kind", "office", "mode"] {
        form.require(key, problems);
    }
    let before = problems.errors();
    let title = form.line("title", problems);
    let kinds = Kind::ALL.map(|(kind, code, _)| (code, kind));
    let kind = form.choice("kind", &kinds, problems);
    let mode = form.choice("mode", &MODES, problems);
    let office = form.line("office", problems);
    let deadline = form
        .get("deadline")
        .and_then(|(node, _)| deadline(id, node, at.file, problems));
    let needs = form
        .get("needs")
        .and_then(|_| form.lines("needs", problems))
        .unwrap_or_default();
    let missing = form.line("missing", problems);
    let reply = form.line("reply", problems);
    if let (Some(missing), true) = (&missing, form.get("needs").is_none()) {
        problems.error(
            missing.at,
            format!("{}: `missing` senza `needs` non serve mai", form.what),
        );
    }
    if let (Some(kind), Some(mode), Some(reply)) = (kind, mode, reply.as_ref().or(missing.as_ref()))
    {
        never_answered(&form, kind, mode, reply.at, problems);
    }
    let valid_from = form.date("valid_from", problems);
    let valid_to = form.date("valid_to", problems);
    if let (Some(from), Some(to)) = (valid_from, valid_to)
        && from > to
    {
        problems.error(
            at,
            format!(
                "{}: `valid_from` viene dopo `valid_to`: la regola non vale mai",
                form.what
            ),
        );
    }
    let (owner, review_by) = (
        form.line("owner", problems),
        form.date("review_by", problems),
    );
    let why = form.line("why", problems);
    let signals = form
        .get("signals")
        .map_or(Vec::new(), |(node, at)| signals(&form, node, at, problems));
    if problems.errors() > before {
        return None;
    }
    Some(DraftRule {
        title: title?.value,
        kind: kind?,
        office: office?,
        deadline,
        needs,
        missing,
        reply,
        mode: mode?,
        owner: owner.map(|text| text.value),
        review_by,
        why: why.map(|text| text.value),
        valid_from,
        valid_to,
        signals,
    })
}

/// What no rules file may do: answer advertising or another body, or answer an invoice without a person (DESIGN, "What must never be").
fn never_answered(form: &Form<'_>, kind: Kind, mode: Mode, at: Spot, problems: &mut Problems<'_>) {
    let wrong = match (kind, mode) {
        (Kind::Spam | Kind::OtherPa, _) => {
            "a questo tipo di messaggio non si risponde mai: togli `reply` e `missing`"
        }
        (Kind::Invoice, Mode::Auto) => {
            "a una fattura non si risponde in automatico: usa `mode = \"suggest\"`"
        }
        _ => return,
    };
    problems.error(at, format!("{}: {wrong}", form.what));
}

fn deadline(id: &str, node: &Node, file: usize, problems: &mut Problems<'_>) -> Option<Deadline> {
    let form = Form::open(
        format!("regola `{id}`: deadline"),
        node,
        file,
        &["days", "calendar", "law"],
        problems,
    )?;
    for key in ["days", "calendar", "law"] {
        form.require(key, problems);
    }
    let days = form.number("days", 1, i32::MAX, problems);
    let calendar = form.choice("calendar", &CALENDARS, problems);
    let law = form.line("law", problems)?.value;
    let days = days?;
    if days.value > TERM_DAYS_MAX {
        problems.error(
            days.at,
            format!(
                "{}: un termine non può superare {TERM_DAYS_MAX} giorni (L. 241/1990 art. 2 c. 4)",
                form.what
            ),
        );
    } else if days.value > TERM_DAYS_USUAL {
        problems.warn(days.at, format!("{}: oltre {TERM_DAYS_USUAL} giorni serve una motivazione (L. 241/1990 art. 2 c. 4)", form.what));
    }
    Some(Deadline {
        days: days.value.unsigned_abs(),
        calendar: calendar?,
        law,
    })
}

fn signals(
    rule: &Form<'_>,
    node: &Node,
    at: Spot,
    problems: &mut Problems<'_>,
) -> Vec<DraftSignal> {
    match &node.value {
        Value::List(items) if items.len() <= SIGNALS_MAX => items
            .iter()
            .filter_map(|item| signal(rule, item, problems))
            .collect(),
        Value::List(items) => {
            problems.error(
                at,
                format!(
                    "{}: {} segnali sono troppi, il massimo è {SIGNALS_MAX}",
                    rule.what,
                    items.len()
                ),
            );
            Vec::new()
        }
        other => {
            problems.error(
                at,
                format!(
                    "{}: `signals`: serve una lista, c'è {}",
                    rule.what,
                    other.name()
                ),
            );
            Vec::new()
        }
    }
}

fn signal(rule: &Form<'_>, node: &Node, problems: &mut Problems<'_>) -> Option<DraftSignal> {
    let what = format!("{}: segnale", rule.what);
    let form = Form::open(
        what,
        node,
        rule.at.file,
        &["score", "in", "words", "regex", "has"],
        problems,
    )?;
    form.require("score", problems);
    let score = form.number("score", -POINTS_MAX, POINTS_MAX, problems);
    if let Some(zero) = score.as_ref().filter(|score| score.value == 0) {
        problems.error(
            zero.at,
            format!("{}: `score = 0` non serve a nulla", form.what),
        );
    }
    let asked: Vec<&str> = ["words", "regex", "has"]
        .into_iter()
        .filter(|key| form.get(key).is_some())
        .collect();
    let look = match asked.as_slice() {
        ["has"] => {
            if let Some((_, at)) = form.get("in") {
                problems.error(
                    at,
                    format!(
                        "{}: `has` riguarda tutto il messaggio: togli `in`",
                        form.what
                    ),
                );
            }
            DraftLook::Has(form.line("has", problems)?)
        }
        ["words"] => words(&form, problems)?,
        ["regex"] => {
            let places = sorted(places(&form, problems)?);
            let written = form.line("regex", problems)?;
            let compiled = Pattern::compile(&written.value);
            DraftLook::Regex(
                places,
                compiled
                    .map_err(|why| {
                        problems.error(written.at, format!("{}: `regex`: {why}", form.what))
                    })
                    .ok()?,
            )
        }
        _ => {
            problems.error(
                form.at,
                format!(
                    "{}: serve una sola chiave fra `words`, `regex` e `has`",
                    form.what
                ),
            );
            return None;
        }
    };
    Some(DraftSignal {
        score: score?.value,
        look,
    })
}

/// `"@list"`, or a list of phrases in which `"@list"` may stand too.
fn words(form: &Form<'_>, problems: &mut Problems<'_>) -> Option<DraftLook> {
    let places = places(form, problems);
    let (mut phrases, mut lists, mut good) = (Vec::new(), Vec::new(), true);
    for mut word in form.lines("words", problems)? {
        if let Some(list) = word.value.strip_prefix('@') {
            word.value = list.to_string();
            lists.push(word);
            continue;
        }
        match Phrase::parse(&word.value) {
            Ok(phrase) => phrases.push(phrase),
            Err(why) => {
                problems.error(word.at, format!("{}: {why}", form.what));
                good = false;
            }
        }
    }
    good.then_some(DraftLook::Words(sorted(places?), phrases, lists))
}

/// The order in which a signal names its places means nothing.
fn sorted(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_unstable();
    places.dedup();
    places
}
