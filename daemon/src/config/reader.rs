//! Reads a TOML table key by key, and collects every mistake with its line: an administrator sees them all at once.

use casework::rules::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// All mistakes of one file.
#[derive(Debug)]
pub struct Mistakes {
    file: String,
    line_starts: Vec<usize>,
    found: Vec<Problem>,
}

impl Mistakes {
    /// None yet.
    #[must_use]
    pub fn new(file: &str, text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Self { file: file.to_owned(), line_starts, found: Vec::new() }
    }

    /// Adds one, at a byte of the text.
    pub fn add(&mut self, at: Option<usize>, text: String) {
        let line = at.map(|at| self.line(at));
        self.found.push(Problem { file: self.file.clone(), line, text, warning: false });
    }

    /// The line of a byte of the text, from 1.
    #[must_use]
    pub fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    /// All, in order of line.
    ///
    /// # Errors
    /// The mistakes, if there is one.
    pub fn into_result(mut self) -> Result<(), Vec<Problem>> {
        self.found.sort_by_key(|p| p.line);
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }
}

/// One table being read.
#[derive(Debug)]
pub struct Table<'t, 'a> {
    name: String,
    at: Option<usize>,
    table: Option<&'t DeTable<'a>>,
    known: Vec<&'static str>,
}

impl<'t, 'a> Table<'t, 'a> {
    /// The top of a file.
    #[must_use]
    pub fn root(table: &'t DeTable<'a>) -> Self {
        Self { name: String::new(), at: None, table: Some(table), known: Vec::new() }
    }

    /// The table was written.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// `key` was written, whatever its value.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|t| t.contains_key(key))
    }

    /// Where it begins.
    #[must_use]
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn get(&mut self, key: &'static str) -> Option<&'t Spanned<DeValue<'a>>> {
        self.known.push(key);
        self.table.and_then(|t| t.get(key))
    }

    /// A table below this one.
    pub fn table(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Table<'t, 'a> {
        let name = self.path(key);
        let value = self.get(key);
        let at = value.map(|v| v.span().start);
        let table = match value.map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => Some(table),
            Some(_) => {
                mistakes.add(at, format!("`{name}` deve essere una tabella: [{name}]"));
                None
            }
            None => None,
        };
        Table { name, at, table, known: Vec::new() }
    }

    /// The tables of a list: `[[key]]`.
    pub fn tables(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Vec<Table<'t, 'a>> {
        let name = self.path(key);
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(list) = value.get_ref() else {
            mistakes.add(
                Some(value.span().start),
                format!("`{name}` si scrive [[{name}]], con due parentesi: può essercene più di una"),
            );
            return Vec::new();
        };
        let tables = list.iter().filter_map(|entry| match entry.get_ref() {
            DeValue::Table(table) => {
                Some(Table { name: name.clone(), at: Some(entry.span().start), table: Some(table), known: Vec::new() })
            }
            _ => {
                mistakes.add(Some(entry.span().start), format!("`{name}` deve essere una tabella: [[{name}]]"));
                None
            }
        });
        tables.collect()
    }

    /// A text, if given.
    pub fn text(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        self.located(key, mistakes).map(|(text, _)| text)
    }

    /// A text and where it stands, if given.
    pub fn located(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<(String, usize)> {
        let name = self.path(key);
        let value = self.get(key)?;
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some((text.trim().to_owned(), at)),
            DeValue::String(_) => {
                mistakes.add(Some(at), format!("`{name}` è vuota"));
                None
            }
            _ => {
                mistakes.add(Some(at), format!("`{name}` deve essere un testo fra virgolette"));
                None
            }
        }
    }

    /// A text that must be given.
    pub fn required(&mut self, key: &'static str, mistakes: &mut Mistakes) -> String {
        let was_written = self.has(key);
        let value = self.text(key, mistakes);
        if value.is_none() && !was_written && self.is_there() {
            mistakes.add(self.at, format!("manca `{}`", self.path(key)));
        }
        value.unwrap_or_default()
    }

    /// A whole number within bounds, or the default.
    pub fn number(
        &mut self,
        key: &'static str,
        default: u64,
        bounds: std::ops::RangeInclusive<u64>,
        mistakes: &mut Mistakes,
    ) -> u64 {
        let name = self.path(key);
        let Some(value) = self.get(key) else { return default };
        let number = match value.get_ref() {
            DeValue::Integer(n) => n.as_str().replace('_', "").parse::<u64>().ok(),
            _ => None,
        };
        match number {
            Some(n) if bounds.contains(&n) => n,
            _ => {
                let text = format!("`{name}` deve essere un numero intero fra {} e {}", bounds.start(), bounds.end());
                mistakes.add(Some(value.span().start), text);
                default
            }
        }
    }

    /// True or false, or the default.
    pub fn flag(&mut self, key: &'static str, default: bool, mistakes: &mut Mistakes) -> bool {
        let name = self.path(key);
        let Some(value) = self.get(key) else { return default };
        match value.get_ref() {
            DeValue::Boolean(flag) => *flag,
            _ => {
                mistakes.add(Some(value.span().start), format!("`{name}` deve essere true o false, senza virgolette"));
                default
            }
        }
    }

    /// A list of texts, if given.
    pub fn texts(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Vec<String>> {
        let name = self.path(key);
        let value = self.get(key)?;
        let list = match value.get_ref() {
            DeValue::Array(list) => {
                list.iter().map(|v| v.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        if list.is_none() {
            mistakes.add(Some(value.span().start), format!("`{name}` deve essere un elenco di testi: [\"…\", \"…\"]"));
        }
        list
    }

    /// A list of texts, or one text, if given.
    pub fn texts_or_one(&mut self, key: &'static str, mistakes: &mut Mistakes) -> Option<Vec<String>> {
        match self.table.and_then(|t| t.get(key)).map(|value| value.get_ref()) {
            Some(DeValue::String(_)) => self.text(key, mistakes).map(|text| vec![text]),
            _ => self.texts(key, mistakes),
        }
    }

    /// Reports the keys that nobody asked for, with the nearest known one.
    pub fn finish(self, mistakes: &mut Mistakes) {
        let Some(table) = self.table else { return };
        for key in table.keys() {
            let written: &str = key.get_ref();
            if self.known.contains(&written) {
                continue;
            }
            let hint = casework::nearest::hint(written, self.known.iter().copied());
            mistakes.add(Some(key.span().start), format!("chiave sconosciuta `{}`{hint}", self.path(written)));
        }
    }
}
