//! Reading the keys of one table: required, optional, mistyped, of the wrong kind. Every mistake becomes a problem.

use super::called::{Called, as_called};
use super::problem::{Problems, Spot};
use super::syntax::{Entry, Node, Value};
use crate::language::Language;
use crate::nearest::{hint, hint_meant};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;

/// Longest one-line text (title, id, address, phrase), in bytes.
const LINE_TEXT_MAX: usize = 300;
/// Entries of one list.
const LIST_MAX: usize = 1000;

/// Something written at a place, to be judged later.
#[derive(Debug, Clone)]
pub(crate) struct Written<T> {
    pub(crate) value: T,
    pub(crate) at: Spot,
}

/// A table being read. `what` names it in errors: "regola `x`".
pub(crate) struct Form<'n> {
    pub(crate) what: String,
    pub(crate) at: Spot,
    entries: &'n [Entry],
}

impl<'n> Form<'n> {
    /// Opens a table and reports the keys it should not have.
    pub(crate) fn open(
        what: String,
        node: &'n Node,
        file: usize,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let at = Spot { file, line: node.line };
        let Value::Table(entries) = &node.value else {
            problems.error(at, format!("{what}: serve una tabella, c'è {}", node.value.name()));
            return None;
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let near = hint(&entry.key, known.iter().copied());
            let here = Spot { file, line: entry.line };
            problems.error(here, format!("{what}: chiave sconosciuta `{}`{near}", entry.key));
        }
        Some(Self { what, at, entries })
    }

    /// All entries, for tables whose keys are names.
    pub(crate) fn entries(&self) -> &'n [Entry] {
        self.entries
    }

    pub(crate) fn get(&self, key: &str) -> Option<(&'n Node, Spot)> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some((&entry.node, Spot { file: self.at.file, line: entry.line }))
    }

    /// Reports that a key is missing, unless it is there (and then its mistake is already reported).
    pub(crate) fn require(&self, key: &str, problems: &mut Problems<'_>) {
        if self.get(key).is_none() {
            problems.error(self.at, format!("{}: manca `{key}`", self.what));
        }
    }

    /// Reports a value of the wrong kind.
    fn wrong(&self, key: &str, want: &str, found: &Value, at: Spot, problems: &mut Problems<'_>) {
        problems.error(at, format!("{}: `{key}`: serve {want}, c'è {}", self.what, found.name()));
    }

    /// One line of text: not empty, no control characters (it may end in the header of a mail).
    pub(crate) fn line(&self, key: &str, problems: &mut Problems<'_>) -> Option<Written<String>> {
        let (node, at) = self.get(key)?;
        self.line_of(key, node, at, problems)
    }

    /// The same text in other languages: `KEY_de`, `KEY_en`; [`Form::open`] must know them.
    pub(crate) fn translations(&self, key: &str, problems: &mut Problems<'_>) -> BTreeMap<Language, String> {
        let others = Language::ALL.into_iter().filter(|language| !language.is_italian());
        let read = |language: Language| {
            self.line(&format!("{key}_{}", language.tag()), problems).map(|text| (language, text.value))
        };
        others.filter_map(read).collect()
    }

    fn line_of(&self, key: &str, node: &Node, at: Spot, problems: &mut Problems<'_>) -> Option<Written<String>> {
        let Value::Text(text) = &node.value else {
            self.wrong(key, "un testo", &node.value, at, problems);
            return None;
        };
        if text.trim().is_empty() || text.len() > LINE_TEXT_MAX || text.chars().any(char::is_control) {
            let what = &self.what;
            problems.error(
                at,
                format!("{what}: `{key}`: serve un testo su una riga, non vuoto, di {LINE_TEXT_MAX} byte al massimo"),
            );
            return None;
        }
        Some(Written { value: text.clone(), at })
    }

    /// Any text, on several lines too.
    pub(crate) fn text(&self, key: &str, problems: &mut Problems<'_>) -> Option<String> {
        let (node, at) = self.get(key)?;
        if let Value::Text(text) = &node.value {
            return Some(text.clone());
        }
        self.wrong(key, "un testo", &node.value, at, problems);
        None
    }

    /// A number within bounds.
    pub(crate) fn number(&self, key: &str, from: i32, to: i32, problems: &mut Problems<'_>) -> Option<Written<i32>> {
        let (node, at) = self.get(key)?;
        let Value::Number(number) = node.value else {
            self.wrong(key, "un numero", &node.value, at, problems);
            return None;
        };
        let fits = i32::try_from(number).ok().filter(|n| (from..=to).contains(n));
        if fits.is_none() {
            problems.error(at, format!("{}: `{key} = {number}`: serve un numero da {from} a {to}", self.what));
        }
        fits.map(|value| Written { value, at })
    }

    pub(crate) fn flag(&self, key: &str, problems: &mut Problems<'_>) -> Option<bool> {
        let (node, at) = self.get(key)?;
        if let Value::Flag(flag) = node.value {
            return Some(flag);
        }
        self.wrong(key, "true o false", &node.value, at, problems);
        None
    }

    pub(crate) fn date(&self, key: &str, problems: &mut Problems<'_>) -> Option<Date> {
        let (node, at) = self.get(key)?;
        if let Value::Date(date) = node.value {
            return Some(date);
        }
        self.wrong(key, "una data senza virgolette, per esempio 2027-01-31", &node.value, at, problems);
        None
    }

    /// A list of one-line texts, or one text alone, which is a list of one.
    pub(crate) fn lines(&self, key: &str, problems: &mut Problems<'_>) -> Option<Vec<Written<String>>> {
        let (node, at) = self.get(key)?;
        self.lines_of(key, node, at, problems)
    }

    /// The same of a node at hand.
    pub(crate) fn lines_of(
        &self,
        key: &str,
        node: &Node,
        at: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Written<String>>> {
        let file = self.at.file;
        match &node.value {
            Value::Text(_) => self.line_of(key, node, at, problems).map(|one| Vec::from([one])),
            Value::List(items) if items.is_empty() || items.len() > LIST_MAX => {
                problems.error(
                    at,
                    format!("{}: `{key}`: servono da 1 a {LIST_MAX} voci, ce ne sono {}", self.what, items.len()),
                );
                None
            }
            Value::List(items) => {
                let mut read = Vec::with_capacity(items.len());
                for item in items {
                    read.extend(self.line_of(key, item, Spot { file, line: item.line }, problems));
                }
                (read.len() == items.len()).then_some(read)
            }
            other => {
                self.wrong(key, "un testo o una lista di testi", other, at, problems);
                None
            }
        }
    }

    /// One word of a closed list.
    pub(crate) fn choice<T: Copy>(&self, key: &str, known: &[(&str, T)], problems: &mut Problems<'_>) -> Option<T> {
        self.choice_called(key, known, &[], problems)
    }

    /// One word of a closed list whose words have other names too.
    pub(crate) fn choice_called<T: Copy>(
        &self,
        key: &str,
        known: &[(&str, T)],
        called: &Called,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let word = self.line(key, problems)?;
        self.chosen_called(key, &word, known, called, problems)
    }

    /// The meaning of a word of a closed list.
    pub(crate) fn chosen<T: Copy>(
        &self,
        key: &str,
        word: &Written<String>,
        known: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        self.chosen_called(key, word, known, &[], problems)
    }

    /// The same of a list whose words have other names too.
    pub(crate) fn chosen_called<T: Copy>(
        &self,
        key: &str,
        word: &Written<String>,
        known: &[(&str, T)],
        called: &Called,
        problems: &mut Problems<'_>,
    ) -> Option<T> {
        let found = known.iter().find(|(name, _)| *name == word.value).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let near = hint_meant(&word.value, known.iter().map(|(name, _)| *name), as_called(called, &word.value));
            problems.error(word.at, format!("{}: `{key}`: valore sconosciuto `{}`{near}", self.what, word.value));
        }
        found
    }
}
