//! TOML text → a tree in which everything knows its line. The only file that names the `toml` crate.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value and the line it starts on.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What TOML can say, as far as rules use it.
#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    Flag(bool),
    Date(Date),
    List(Vec<Node>),
    Table(Vec<Entry>),
    /// Something rules never use (a float, a time), or a number or date that does not exist.
    Strange,
}

/// A key of a table, in the order of the file.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) node: Node,
}

impl Value {
    /// What it is, in Italian, for "serve …, c'è …".
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Value::Text(_) => "un testo",
            Value::Number(_) => "un numero",
            Value::Flag(_) => "true o false",
            Value::Date(_) => "una data",
            Value::List(_) => "una lista",
            Value::Table(_) => "una tabella",
            Value::Strange => "un valore che qui non si usa",
        }
    }
}

/// Reads one file. The error is a line (0 if unknown) and an Italian text.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, (usize, String)> {
    let lines = Lines::of(text);
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(table.get_ref(), &lines)),
        Err(error) => {
            let line = error.span().map_or(0, |span| lines.at(span.start));
            Err((line, format!("TOML non valido: {}", italian(error.message()))))
        }
    }
}

/// In the order of the file: the parser's own order is that of the alphabet.
fn entries(table: &DeTable<'_>, lines: &Lines) -> Vec<Entry> {
    let mut found: Vec<_> = table.iter().collect();
    found.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| Entry {
        key: key.get_ref().to_string(),
        line: lines.at(key.span().start),
        node: node(value, lines),
    };
    found.into_iter().map(entry).collect()
}

/// The parser has refused deeper nesting than its own limit (80) before this recursion begins.
fn node(value: &Spanned<DeValue<'_>>, lines: &Lines) -> Node {
    let read = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or(Value::Strange, Value::Number)
        }
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Datetime(moment) if moment.time.is_none() => {
            moment.to_string().parse().map_or(Value::Strange, Value::Date)
        }
        DeValue::Array(items) => Value::List(items.iter().map(|item| node(item, lines)).collect()),
        DeValue::Table(table) => Value::Table(entries(table, lines)),
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Strange,
    };
    Node { line: lines.at(value.span().start), value: read }
}

/// Byte offset → line number.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn at(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

/// The parser's messages in the administrators' language; one not listed stays in English.
fn italian(message: &str) -> String {
    const KNOWN: [(&str, &str); 13] = [
        ("duplicate key", "questo nome esiste già più sopra nello stesso file"),
        ("extra assignment between key-value pairs", "manca una virgola prima di questa chiave"),
        ("unexpected key or value", "la riga doveva finire qui"),
        ("unclosed array", "lista non chiusa: manca `]`"),
        ("unclosed inline table", "tabella non chiusa: manca `}`"),
        ("unclosed table", "titolo di sezione non chiuso: manca `]`"),
        ("key with no value", "dopo il nome della chiave serve `=`"),
        ("string values must be quoted", "i testi vanno fra virgolette, le voci di una lista separate da virgole"),
        ("invalid basic string", "virgolette `\"` non chiuse"),
        ("invalid literal string", "apice `'` non chiuso"),
        ("invalid multi-line", "testo su più righe non chiuso"),
        ("unexpected leading zero", "un numero non può iniziare con zero: se è un codice, mettilo fra virgolette"),
        ("invalid unquoted key", "un nome con accenti, spazi o apostrofi va fra virgolette"),
    ];
    let known = KNOWN.iter().find(|(english, _)| message.starts_with(english));
    known.map_or(message, |(_, italian)| italian).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_before_it_is_walked() {
        let lists = format!("a = {}", "[".repeat(100_000));
        let tables = format!("a = {}", "{b=".repeat(100_000));
        let dots = format!("a{} = 1", ".a".repeat(100_000));
        for text in [lists, tables, dots] {
            assert!(parse(&text).is_err());
        }
    }

    #[test]
    fn everything_knows_its_line() {
        let read = parse("z = 1\r\n\r\n[b]\r\na = [\r\n  'x',\r\n]\r\n").expect("good");
        let seen: Vec<(&str, usize)> = read.iter().map(|entry| (entry.key.as_str(), entry.line)).collect();
        assert_eq!(seen, [("z", 1), ("b", 3)]);
        let Value::Table(inner) = &read[1].node.value else { panic!("a table") };
        let Value::List(items) = &inner[0].node.value else { panic!("a list") };
        assert_eq!((inner[0].line, items[0].line), (4, 5));
    }
}
