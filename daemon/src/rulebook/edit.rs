//! A rules file written again by the program, comments and all. The only file that names `toml_edit`. It changes when the
//! program may write another key, or the canonical layout is another.

use casework::rules::Mode;
use toml_edit::{Array, Decor, DocumentMut, Item, RawString, Table, Value};

/// Where a line of a list stands.
const INDENT: &str = "    ";

/// The code of a mode in a rules file.
#[must_use]
pub fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::Shadow => "shadow",
        Mode::Suggest => "suggest",
        Mode::Auto => "auto",
    }
}

/// The text with another mode for one rule. `None`: the rule is not in it.
///
/// # Errors
/// It is not TOML.
pub fn with_mode(text: &str, rule: &str, mode: Mode) -> Result<Option<String>, String> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.to_string())?;
    let table = document.get_mut("rule").and_then(|rules| rules.get_mut(rule)).and_then(Item::as_table_like_mut);
    let Some(item) = table.and_then(|table| table.get_mut("mode")) else { return Ok(None) };
    let Some(value) = item.as_value_mut() else { return Ok(None) };
    let decor = value.decor().clone();
    let mut new = Value::from(word(mode));
    *new.decor_mut() = decor;
    *value = new;
    Ok(Some(document.to_string()))
}

/// A tests file with another test at its end, and with the dossiers that this needs.
///
/// # Errors
/// The file is not TOML, or has no place for them.
pub fn with_test(text: &str, test: &str, dossiers: &[(String, String)]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.to_string())?;
    if document.get("format").is_none() {
        document.insert("format", toml_edit::value(1));
    }
    if !dossiers.is_empty() {
        let item = document.entry("dossiers").or_insert_with(|| Item::Value(Value::InlineTable(Default::default())));
        let table = item.as_table_like_mut().ok_or("`dossiers` non è una tabella")?;
        for (number, office) in dossiers {
            if !table.contains_key(number) {
                table.insert(number, toml_edit::value(office.as_str()));
            }
        }
    }
    Ok(format!("{}\n\n{test}", document.to_string().trim_end()))
}

/// The canonical layout: keys of a table with their `=` in one column, each signal on a line of its own, one empty line before
/// a table at least, no blanks at the end of a line. Comments stay where they are.
///
/// # Errors
/// It is not TOML.
pub fn canonical(text: &str) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|e: toml_edit::TomlError| e.to_string())?;
    lay_out(document.as_table_mut());
    let mut lines: Vec<&str> = Vec::new();
    let written = document.to_string();
    // Within a text of several lines a blank at the end belongs to it: only what lies outside is trimmed.
    let mut quote: Option<&str> = None;
    for line in written.lines() {
        let was_inside = quote.is_some();
        quote = open_quote(line, quote);
        let line = if was_inside || quote.is_some() { line } else { line.trim_end() };
        let is_table = !was_inside && line.starts_with('[');
        let is_blank = !was_inside && line.is_empty();
        if is_blank && lines.last().is_none_or(|last| last.is_empty()) {
            continue;
        }
        if is_table && lines.last().is_some_and(|last| !last.is_empty() && !last.starts_with('#')) {
            lines.push("");
        }
        lines.push(line);
    }
    while lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    Ok(lines.join("\n") + "\n")
}

/// The quotes of a text of several lines that are open after this line.
fn open_quote<'q>(line: &str, open: Option<&'q str>) -> Option<&'q str> {
    match open {
        Some(quote) if line.matches(quote).count() % 2 == 1 => None,
        Some(quote) => Some(quote),
        None => ["\"\"\"", "'''"].into_iter().find(|quote| line.matches(*quote).count() % 2 == 1),
    }
}

fn lay_out(table: &mut Table) {
    let width = table.iter().filter(|(_, item)| item.is_value()).map(|(key, _)| shown(key).chars().count()).max();
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(value) => {
                let blanks = width.unwrap_or_default().saturating_sub(shown(key.get()).chars().count()) + 1;
                key.leaf_decor_mut().set_suffix(" ".repeat(blanks));
                beside(value.decor_mut());
                if let Value::Array(list) = value {
                    lines_of(list);
                }
            }
            Item::Table(inner) => lay_out(inner),
            Item::ArrayOfTables(_) | Item::None => {}
        }
    }
}

/// A key as it is written: with quotes where it needs them.
fn shown(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if is_bare { key.to_owned() } else { format!("\"{key}\"") }
}

/// One blank after `=`; a comment behind the value stays.
fn beside(decor: &mut Decor) {
    decor.set_prefix(" ");
    let after = text(decor.suffix());
    let after = after.trim_end();
    decor.set_suffix(if after.is_empty() { String::new() } else { format!("  {}", after.trim_start()) });
}

/// A list of tables, and any list that stands on several lines already: each entry on its own line.
fn lines_of(list: &mut Array) {
    let has_tables = list.iter().any(Value::is_inline_table);
    if !has_tables {
        return;
    }
    for value in list.iter_mut() {
        let before = text(value.decor().prefix());
        let comments: Vec<String> =
            before.lines().map(str::trim).filter(|line| line.starts_with('#')).map(str::to_owned).collect();
        // A comment on the line of the entry before belongs there: it is the first line of what stands before this one.
        let stays = before.lines().next().map(str::trim).filter(|line| line.starts_with('#'));
        let mut prefix = String::new();
        for (n, comment) in comments.iter().enumerate() {
            let is_beside = n == 0 && stays == Some(comment.as_str());
            prefix.push_str(&if is_beside { format!("  {comment}") } else { format!("\n{INDENT}{comment}") });
        }
        let decor = value.decor_mut();
        decor.set_prefix(format!("{prefix}\n{INDENT}"));
        decor.set_suffix("");
    }
    let after = text(Some(list.trailing()));
    let mut end = String::new();
    for (n, line) in after.lines().map(str::trim).enumerate().filter(|(_, line)| line.starts_with('#')) {
        end.push_str(&if n == 0 { format!("  {line}") } else { format!("\n{INDENT}{line}") });
    }
    list.set_trailing(format!("{end}\n"));
    list.set_trailing_comma(true);
}

fn text(raw: Option<&RawString>) -> String {
    raw.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = r#"# in testa
format = 1
[rule.passo-carrabile]   # perché
title="Passo"
kind   = "other"
mode = "shadow" # in prova
signals = [{ score = 60, in = "subject", words = "passo" }, # il primo
  # il secondo
  { score = 5, has = "dossier" } ]


[test."a b"]
body = """uno  
due"""
from = "x"
"#;

    #[test]
    fn another_mode_keeps_every_comment() {
        let new = with_mode(RULE, "passo-carrabile", Mode::Suggest).unwrap().unwrap();
        assert_eq!(new, RULE.replace("\"shadow\"", "\"suggest\""));
        assert_eq!(with_mode(RULE, "altra", Mode::Auto).unwrap(), None);
        assert!(with_mode("x = ", "altra", Mode::Auto).is_err());
    }

    #[test]
    fn the_canonical_layout_is_one_and_keeps_what_is_said() {
        let once = canonical(RULE).unwrap();
        let wanted = r#"# in testa
format = 1

[rule.passo-carrabile]   # perché
title   = "Passo"
kind    = "other"
mode    = "shadow"  # in prova
signals = [
    { score = 60, in = "subject", words = "passo" },  # il primo
    # il secondo
    { score = 5, has = "dossier" },
]

[test."a b"]
body = """uno  
due"""
from = "x"
"#;
        assert_eq!(once, wanted);
        assert_eq!(canonical(&once).unwrap(), once);
    }

    #[test]
    fn a_test_is_added_with_its_dossiers() {
        let new = with_test(
            "format = 1\ndossiers = { \"2026/000001\" = \"suap\" }\n",
            "[test.x]\n",
            &[("2026/000002".into(), "urp".into())],
        )
        .unwrap();
        assert!(new.contains("\"2026/000001\" = \"suap\"") && new.contains("\"2026/000002\" = \"urp\""), "{new}");
        assert!(new.ends_with("\n\n[test.x]\n"), "{new}");
    }
}
