//! `sportello person contacts`: all contacts with a person, for a program that follows them (CRM). It changes when such a program
//! must be told another thing of a contact.
//!
//! A reading like `person show`, and written down as one. Words of strangers stand in it: a cell that a spreadsheet would reckon is
//! marked as text.

use super::ShowArgs;
use crate::caseload::ask::{Ask, PersonSheet, Told};
use crate::caseload::contact::{CONTACTS_MAX, Contact, What};
use crate::cli::counter::{ask, json};
use crate::cli::paint::{cut, table};
use crate::cli::{ConfigArg, FOUND, OK};
use crate::digest::flow;
use casework::calendar::stamp;
use serde::Serialize;

/// Widest column on the screen.
const COLUMN: usize = 50;
/// What a cell of a spreadsheet begins with that is reckoned.
const RECKONED: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The columns of the table.
const COLUMNS: [&str; 9] =
    ["quando", "persona", "nome", "fascicolo", "tipo", "con_chi", "esito", "testo", "riferimento"];

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    show: ShowArgs,
    /// Tabella CSV, con il punto e virgola: una riga per contatto
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// One contact, in one row.
#[derive(Serialize)]
struct Row<'a> {
    at: String,
    person: &'a str,
    name: &'a str,
    dossier: &'a str,
    /// `messaggio`, `lettera`, `compito`, `nota`.
    kind: &'static str,
    /// Where a task went, who noted.
    with: &'a str,
    /// Where a letter stands.
    state: &'static str,
    text: &'a str,
    /// Of a message: its digest.
    reference: &'a str,
}

impl<'a> Row<'a> {
    fn of(sheet: &'a PersonSheet, contact: &'a Contact) -> Self {
        let (kind, with, state, reference) = match &contact.what {
            What::Message { digest } => ("messaggio", "", "", digest.as_str()),
            What::Letter { state } => ("lettera", "", state.title(), ""),
            What::Task { to } => ("compito", to.as_str(), "", ""),
            What::Note { by } => ("nota", by.as_str(), "", ""),
        };
        Self {
            at: contact.at.to_string(),
            person: &sheet.person.id,
            name: sheet.person.names.first().map_or("", String::as_str),
            dossier: &contact.dossier,
            kind,
            with,
            state,
            text: &contact.text,
            reference,
        }
    }
}

pub(super) fn main(args: &Args) -> Result<u8, u8> {
    let Args { show, csv } = args;
    let config: &ConfigArg = &show.config;
    let config = config.read()?;
    let question = Ask::Person { code: show.code.clone() };
    let Told::Person { sheet: Some(sheet) } = ask(&config, &question, &show.reader.reader())? else {
        eprintln!("la persona «{}» non è nel registro", show.code);
        return Err(FOUND);
    };
    let more = sheet.contacts.len() >= CONTACTS_MAX;
    if more {
        eprintln!("sono gli ultimi {CONTACTS_MAX}: gli altri sono nei fascicoli (sportello dossier show)");
    }
    let rows: Vec<Row<'_>> = sheet.contacts.iter().map(|contact| Row::of(&sheet, contact)).collect();
    if show.json {
        return Ok(json(&serde_json::json!({ "contacts": rows, "more": more })));
    }
    if *csv {
        say!("{}", sheet_of(&rows));
        return Ok(OK);
    }
    let shown = |(row, contact): (&Row<'_>, &Contact)| {
        let beside = if row.reference.is_empty() { [row.with, row.state].concat() } else { flow(row.reference).into() };
        vec![stamp(contact.at), row.dossier.into(), row.kind.into(), beside, cut(row.text, COLUMN)]
    };
    let lines: Vec<Vec<String>> = rows.iter().zip(&sheet.contacts).map(shown).collect();
    say!("{}", table(&["quando", "fascicolo", "tipo", "con chi, esito", "testo"], &lines, COLUMN));
    Ok(OK)
}

fn sheet_of(rows: &[Row<'_>]) -> String {
    let mut out = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = out.write_record(COLUMNS);
    for row in rows {
        let Row { at, person, name, dossier, kind, with, state, text, reference } = row;
        let _ = out.write_record([at, *person, name, dossier, kind, with, state, text, reference].map(as_text));
    }
    String::from_utf8_lossy(&out.into_inner().unwrap_or_default()).trim_end().to_owned()
}

/// On one line; what a spreadsheet would take for a formula stands behind a quotation mark (CWE-1236).
fn as_text(cell: &str) -> String {
    let line = cut(cell, usize::MAX).split_whitespace().collect::<Vec<_>>().join(" ");
    if cell.starts_with(RECKONED) || line.starts_with(RECKONED) { format!("'{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_of_a_stranger_is_no_formula() {
        for bad in ["=HYPERLINK(\"http://x\")", "+39 055", "-1", "@cmd", "\t=1+1", "  =1"] {
            assert!(as_text(bad).starts_with('\''), "{bad:?}: {}", as_text(bad));
        }
        assert_eq!(as_text("Richiesta\r\ndi  accesso"), "Richiesta di accesso");
    }
}
