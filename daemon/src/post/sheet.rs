//! What a letter's plain text is made of: headings, paragraphs, lists, quotations, links. It changes when the form of our
//! templates changes (`templates/README.md`).
//!
//! A template has no marks for these: its form is a convention that people read. So this reads as people do, and what it does
//! not recognise is a paragraph: no word is ever lost, or moved.

use casework::language::Language;
use casework::reply::{WIDTH, has_label};

/// Longest heading, characters: a longer line is a sentence.
const HEADING_CHARS: usize = 60;

/// Words, and where they lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// What is read.
    pub(super) text: String,
    /// What opens, when it is a link.
    pub(super) link: Option<String>,
}

/// A line of the template: it ends where the paper ends, not where a mail's line does.
pub(super) type Row = Vec<Run>;

/// One part of a letter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// What the next parts are about.
    Heading(String),
    /// A paragraph, or lines such as `Ufficio: Anagrafe`.
    Rows(Vec<Row>),
    /// Entries.
    List(Vec<Row>),
    /// Words of somebody else.
    Quote(Vec<Row>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Entry,
    Quoted,
}

/// The parts of a letter, in order.
pub(super) fn blocks(text: &str, language: Language) -> Vec<Block> {
    let mut blocks = Vec::new();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    for stretch in lines.split(|line| line.is_empty()).filter(|stretch| !stretch.is_empty()) {
        let rows = rows(stretch);
        if let [(Form::Plain, only)] = rows.as_slice()
            && is_heading(only)
        {
            blocks.push(Block::Heading(only.clone()));
            continue;
        }
        for alike in rows.chunk_by(|(one, _), (next, _)| one == next) {
            let shown: Vec<Row> = alike.iter().map(|(_, row)| runs(row, language)).collect();
            blocks.push(match alike.first().map(|(form, _)| form) {
                Some(Form::Entry) => Block::List(shown),
                Some(Form::Quoted) => Block::Quote(shown),
                _ => Block::Rows(shown),
            });
        }
    }
    blocks
}

/// The lines of the template again: what the letter broke because the next word had no room is one line.
fn rows(lines: &[&str]) -> Vec<(Form, String)> {
    let mut rows: Vec<(Form, String)> = Vec::new();
    let mut width_before = 0;
    for line in lines {
        let (form, words) = if let Some(entry) = line.strip_prefix("- ") {
            (Form::Entry, entry)
        } else if let Some(quoted) = line.strip_prefix('>') {
            (Form::Quoted, quoted.strip_prefix(' ').unwrap_or(quoted))
        } else {
            (Form::Plain, *line)
        };
        let width = line.chars().count();
        let no_room = width_before + 1 + words.split(' ').next().unwrap_or_default().chars().count() > WIDTH;
        width_before = width;
        match rows.last_mut() {
            Some((before, row))
                if form == Form::Plain && words.starts_with("  ") && (*before == Form::Entry || has_label(row)) =>
            {
                join(row, words.trim_start());
            }
            Some((before, row)) if *before == form && form != Form::Entry && no_room && continues(row, words) => {
                join(row, words);
            }
            _ => rows.push((form, words.to_owned())),
        }
    }
    rows
}

/// A link is a line of its own, and so is what opens with a label.
fn continues(row: &str, words: &str) -> bool {
    !(row.is_empty() || words.is_empty() || has_label(words) || is_link(row) || is_link(words))
}

fn join(row: &mut String, words: &str) {
    row.push(' ');
    row.push_str(words);
}

/// A short line that no sign closes.
fn is_heading(line: &str) -> bool {
    let closed = line.ends_with(['.', ',', ';', ':', '!', '?', '…']);
    !closed && line.chars().count() <= HEADING_CHARS && !line.contains(": ") && !line.split(' ').any(is_link)
}

fn is_link(word: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| word.starts_with(scheme))
}

/// Splits a line where links begin and end.
fn runs(line: &str, language: Language) -> Row {
    let mut row: Row = Vec::new();
    for (index, word) in line.split(' ').enumerate() {
        let space = if index == 0 { "" } else { " " };
        let sign = word.len() - word.trim_end_matches(['.', ',', ';', ')', '>', '»']).len();
        let (address, after) = word.split_at(word.len() - sign);
        if is_link(address) {
            add(&mut row, space);
            row.push(Run { text: shown(address, language), link: Some(address.to_owned()) });
            add(&mut row, after);
        } else {
            add(&mut row, space);
            add(&mut row, word);
        }
    }
    row
}

fn add(row: &mut Row, text: &str) {
    match row.last_mut() {
        _ if text.is_empty() => {}
        Some(run) if run.link.is_none() => run.text.push_str(text),
        _ => row.push(Run { text: text.to_owned(), link: None }),
    }
}

/// A link as a person reads it: on paper nobody can click, and nobody reads percent signs.
fn shown(address: &str, language: Language) -> String {
    let Some(mail) = address.strip_prefix("mailto:") else {
        return address.to_owned();
    };
    let (to, fields) = mail.split_once('?').unwrap_or((mail, ""));
    let subject = fields.split('&').find_map(|field| field.strip_prefix("subject=")).map(decoded);
    let (to, about) = (
        decoded(to),
        match language {
            Language::It => "oggetto",
            Language::De => "Betreff",
            Language::En => "subject",
        },
    );
    match subject {
        Some(subject) => format!("{to}, {about}: {subject}"),
        None => to,
    }
}

/// Undoes percent-encoding (RFC 3986 §2.1); what is not UTF-8 stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let pair = tail.get(..2).and_then(|pair| str::from_utf8(pair).ok());
        match pair.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Row {
        vec![Run { text: text.into(), link: None }]
    }

    #[test]
    fn a_letter_is_read_as_a_person_reads_it() {
        let long = "parola ".repeat(11); // 77 characters: «ancora» had no room
        let text = format!(
            "Buongiorno,\n\n{long}\nancora qui.\n\nLa tua pratica\n\nOggetto: {}\nUfficio: Anagrafe\n\n- uno\n- due due\n  e tre\n\n> parole\n> altre\n",
            "x".repeat(69),
        );
        let expected = [
            Block::Rows(vec![plain("Buongiorno,")]),
            Block::Rows(vec![plain(&format!("{long}ancora qui."))]),
            Block::Heading("La tua pratica".into()),
            // The line is full, and yet what follows is a line of its own.
            Block::Rows(vec![plain(&format!("Oggetto: {}", "x".repeat(69))), plain("Ufficio: Anagrafe")]),
            Block::List(vec![plain("uno"), plain("due due e tre")]),
            Block::Quote(vec![plain("parole"), plain("altre")]),
        ];
        assert_eq!(blocks(&text, Language::It), expected);
    }

    #[test]
    fn a_link_reads_as_words_and_still_opens() {
        let mail = "mailto:ufficio@pec.example?subject=Stato%20di%20%5BFascicolo%202026%2F000123%5D&body=a%0D%0Ab";
        let row = |text: &str, language| match blocks(text, language).remove(0) {
            Block::Rows(mut rows) => rows.remove(0),
            other => panic!("{other:?}"),
        };
        let shown = Run {
            text: "ufficio@pec.example, oggetto: Stato di [Fascicolo 2026/000123]".into(),
            link: Some(mail.into()),
        };
        assert_eq!(row(mail, Language::It), vec![shown]);
        assert!(row(mail, Language::De)[0].text.contains("Betreff: "));
        let web = row("Privacy: https://www.comune.example/privacy.", Language::It);
        assert_eq!(
            web.iter().map(|run| run.text.as_str()).collect::<Vec<_>>(),
            ["Privacy: ", "https://www.comune.example/privacy", "."]
        );
        assert_eq!(row("mailto:a@b.example?subject=%zz%", Language::It)[0].text, "a@b.example, oggetto: %zz%");
    }
}
