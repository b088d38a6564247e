//! From the facts of a case to the strings that a template shows. Changes when a kind of field changes its form.

use super::catalogue::words;
use super::catalogue::{Field, Kind, Message, Need};
use super::clean::{self, LINE_MAX, QUOTE_LINES_MAX, QUOTE_MAX};
use super::{Extent, RenderTrouble, dates};
use crate::language::Language;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Map, Value};

/// Most entries of a list. The rest is cut, and the last line says how many.
pub(super) const LIST_MAX: usize = 40;

/// Longest value in a subject, bytes.
pub(super) const SUBJECT_VALUE_MAX: usize = 80;

/// The values as a template shows them, or everything that is missing or has the wrong form.
pub(super) fn prepare(message: &'static Message, language: Language, given: &Value) -> Result<Value, RenderTrouble> {
    let mut out = Map::new();
    let mut trouble = Vec::new();
    let mut groups: BTreeMap<&str, bool> = BTreeMap::new();
    for field in message.fields() {
        let value = match field.kind {
            Kind::Link { subject, from, body } => {
                link(given, subject, from, body.map(|words| words.in_language(language)))
            }
            _ => shown(field, language, given.get(field.name), &mut trouble, field.name),
        };
        match field.need {
            Need::Always | Need::Subject if value.is_none() => trouble.push(field.name.to_string()),
            Need::OneOf(group) => *groups.entry(group).or_default() |= value.is_some(),
            _ => {}
        }
        // Absent is false in a condition and has no entries; `lint` saw to it that it is never shown.
        let absent = || {
            if field.is_list() { Value::Array(Vec::new()) } else { Value::Null }
        };
        out.insert(field.name.to_string(), value.unwrap_or_else(absent));
    }
    for (group, _) in groups.into_iter().filter(|(_, any)| !any) {
        let members: Vec<&str> = message.fields().filter(|f| f.need == Need::OneOf(group)).map(|f| f.name).collect();
        trouble.push(members.join(" | "));
    }
    if trouble.is_empty() {
        Ok(Value::Object(out))
    } else {
        let unique: BTreeSet<String> = trouble.into_iter().collect();
        Err(RenderTrouble::Missing { template: message.name.to_string(), fields: unique.into_iter().collect() })
    }
}

/// The same values, short enough for a subject.
pub(super) fn for_subject(prepared: &Value) -> Value {
    let Value::Object(fields) = prepared else {
        return Value::Null;
    };
    let short = |value: &Value| match value {
        Value::String(text) => Value::String(clean::line(text, SUBJECT_VALUE_MAX)),
        other => other.clone(),
    };
    Value::Object(fields.iter().map(|(name, value)| (name.clone(), short(value))).collect())
}

/// One value; `None` when it is absent or empty. A value of the wrong form is named in `trouble`.
fn shown(
    field: &Field,
    language: Language,
    given: Option<&Value>,
    trouble: &mut Vec<String>,
    name: &str,
) -> Option<Value> {
    let given = given.filter(|value| !value.is_null())?;
    let text = |shown: Option<String>| shown.map(Value::String);
    let made = match (field.kind, given) {
        (Kind::Line, Value::String(raw)) => text(Some(clean::line(raw, LINE_MAX))),
        (Kind::Quote, Value::String(raw)) => text(Some(clean::quote(raw))),
        (Kind::Date, Value::String(raw)) => text(dates::day(raw, language)),
        (Kind::Instant, Value::String(raw)) => text(dates::instant(raw, language)),
        (Kind::Number, Value::Number(number)) => text(Some(number.to_string())),
        (Kind::Flag, Value::Bool(_)) => Some(given.clone()),
        (Kind::Lines, Value::Array(all)) => lines(all, language),
        (Kind::Items(fields), Value::Array(all)) => Some(items(fields, language, all, trouble, name)),
        _ => None,
    };
    if made.is_none() {
        trouble.push(name.to_string());
    }
    made.filter(|value| match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(all) => !all.is_empty(),
        _ => true,
    })
}

fn lines(all: &[Value], language: Language) -> Option<Value> {
    let mut out = Vec::new();
    for value in all.iter().take(LIST_MAX) {
        let line = clean::line(value.as_str()?, LINE_MAX);
        if !line.is_empty() {
            out.push(Value::String(line));
        }
    }
    if all.len() > LIST_MAX {
        out.push(Value::String(more(all.len(), language)));
    }
    Some(Value::Array(out))
}

fn items(fields: &[Field], language: Language, all: &[Value], trouble: &mut Vec<String>, name: &str) -> Value {
    let mut out = Vec::new();
    for item in all.iter().take(LIST_MAX) {
        let mut entry = Map::new();
        for field in fields {
            let path = format!("{name}.{}", field.name);
            let value = shown(field, language, item.get(field.name), trouble, &path);
            if value.is_none() && field.need == Need::Always {
                // A file name made only of invisible characters must not stop a receipt.
                match item.get(field.name) {
                    Some(Value::String(_)) => {}
                    _ => trouble.push(path),
                }
            }
            entry.insert(
                field.name.to_string(),
                value.unwrap_or_else(|| Value::from(words::EMPTY.in_language(language))),
            );
        }
        out.push(Value::Object(entry));
    }
    if all.len() > LIST_MAX {
        // The note stands in the first field; the others show a dash.
        let note = |(index, field): (usize, &Field)| {
            let text = if index == 0 { more(all.len(), language) } else { "–".to_string() };
            (field.name.to_string(), Value::String(text))
        };
        out.push(Value::Object(fields.iter().enumerate().map(note).collect()));
    }
    Value::Array(out)
}

fn more(total: usize, language: Language) -> String {
    words::MORE.in_language(language).replace("{}", &(total - LIST_MAX).to_string())
}

/// A link that opens a mail to `to` with the subject ready (RFC 6068 §2).
pub(crate) fn mailto(to: &str, subject: &str) -> String {
    format!("mailto:{}?subject={}", percent(to, b"@"), percent(subject, b""))
}

/// As [`mailto`], to the body, with the text where there is one (§5: lines end with CRLF). A text `{name}` is the lines of that field.
fn link(given: &Value, subject: &str, from: &str, body: Option<&str>) -> Option<Value> {
    let part = |name: &str| given.get(name)?.as_str().map(|raw| clean::line(raw, LINE_MAX));
    let address = part("pec_ente").filter(|a| !a.is_empty())?;
    let subject = subject.replace("{}", &part(from).filter(|v| !v.is_empty())?);
    let of_lines = |text: &str| {
        let name = text.strip_prefix('{')?.strip_suffix('}')?;
        let lines = given.get(name)?.as_array()?.iter().take(LIST_MAX).filter_map(Value::as_str);
        Some(lines.map(|line| clean::line(line, LINE_MAX) + "\n").collect::<String>())
    };
    let body = body.map(|text| of_lines(text).unwrap_or_else(|| text.to_string()));
    let body = body.map_or(String::new(), |text| format!("&body={}", percent(&text.replace('\n', "\r\n"), b"")));
    Some(Value::String(format!("{}{body}", mailto(&address, &subject))))
}

/// Percent-encodes all but RFC 3986 unreserved characters and those in `also`.
pub(crate) fn percent(text: &str, also: &[u8]) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The sample values of a message: what the administrator's preview shows.
pub(super) fn sample(message: &'static Message, language: Language, extent: Extent) -> Value {
    let mut taken = BTreeSet::new();
    let fields = message.fields().filter(|field| match field.need {
        Need::OneOf(group) => taken.insert(group),
        Need::IfGiven | Need::Free => extent == Extent::Full,
        _ => true,
    });
    Value::Object(fields.filter_map(|f| Some((f.name.to_string(), sample_of(f, language, 0)?))).collect())
}

fn sample_of(field: &Field, language: Language, index: usize) -> Option<Value> {
    let text = field.sample.get(index).or(field.sample.first()).copied().unwrap_or_default();
    Some(match field.kind {
        Kind::Line | Kind::Quote => Value::from(words::sample(text, language)),
        Kind::Date | Kind::Instant => Value::from(text),
        Kind::Number => Value::from(text.parse::<u64>().unwrap_or_default()),
        Kind::Flag => Value::from(text == "true"),
        Kind::Lines => Value::from(field.sample),
        Kind::Items(fields) => {
            let longest = fields.iter().map(|f| f.sample.len()).max().unwrap_or_default();
            let entry = |f: &Field, i| Some((f.name.to_string(), sample_of(f, language, i)?));
            let item = |i| fields.iter().filter_map(|f| entry(f, i)).collect();
            Value::Array((0..longest).map(|i| Value::Object(item(i))).collect())
        }
        Kind::Link { .. } => return None,
    })
}

/// Values that bring every field to its bound, or, with `least`, only those that are never absent: if a template
/// renders with both, no case can stop it.
pub(super) fn extreme(message: &'static Message, least: bool) -> Value {
    let mut taken = BTreeSet::new();
    let fields = message.fields().filter(|field| match field.need {
        Need::Always | Need::Subject => true,
        Need::OneOf(group) => !least || taken.insert(group),
        Need::IfGiven | Need::Free => !least,
    });
    Value::Object(fields.filter_map(|f| Some((f.name.to_string(), extreme_of(f)?))).collect())
}

fn extreme_of(field: &Field) -> Option<Value> {
    // Short words make `wrap` add the most.
    let long = |bytes: usize| Value::String("mm ".repeat(bytes / 3 + 1));
    Some(match field.kind {
        Kind::Line => long(LINE_MAX),
        Kind::Quote => {
            let row = "mm ".repeat(QUOTE_MAX / QUOTE_LINES_MAX / 3) + "\n";
            Value::String(row.repeat(QUOTE_LINES_MAX + 1))
        }
        Kind::Lines => Value::Array((0..=LIST_MAX).map(|_| long(LINE_MAX)).collect()),
        Kind::Items(fields) => {
            let item = fields.iter().filter_map(|f| Some((f.name.to_string(), extreme_of(f)?)));
            let item: Map<String, Value> = item.collect();
            Value::Array((0..=LIST_MAX).map(|_| Value::Object(item.clone())).collect())
        }
        Kind::Flag => Value::Bool(true),
        Kind::Number | Kind::Date | Kind::Instant => sample_of(field, Language::It, 0)?,
        Kind::Link { .. } => return None,
    })
}
