//! `sportello dossier show`: all of one dossier on one screen. It changes when a person of the office must see something else.

use super::super::counter::{ReadBy, ask, json};
use super::super::paint::{cut, table, wrap};
use super::super::{ConfigArg, FOUND, OK};
use super::Number;
use crate::caseload::ask::{Ask, Sheet, Told};
use crate::caseload::contact::{LETTERS_MAX, LetterRow};
use crate::caseload::looked::Reader;
use crate::clock::Clock;
use crate::config::Config;
use crate::digest::flow;
use casework::advice::Advice;
use casework::calendar::{rome, stamp};
use casework::dossier::{Document, Dossier, Visibility};
use casework::participation::{Participation, State as Weighing, Timing};
use jiff::Timestamp;
use std::fmt::Write;

/// Width of the names of the cover.
const NAME: usize = 17;
/// Widest cell.
const CELL: usize = 60;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: ConfigArg,
    #[command(flatten)]
    dossier: Number,
    #[command(flatten)]
    reader: ReadBy,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> Result<u8, u8> {
    let config = args.config.read()?;
    let sheet = sheet(&config, &args.dossier.number, &args.reader.reader())?;
    if args.json {
        return Ok(json(&sheet));
    }
    say!("{}", screen(&sheet, Clock::System.now()).trim_end());
    Ok(OK)
}

/// All of one dossier, or that it is not there.
pub(in crate::cli) fn sheet(config: &Config, number: &str, reader: &Reader) -> Result<Box<Sheet>, u8> {
    match ask(config, &Ask::Dossier { number: number.to_owned() }, reader)? {
        Told::Dossier { sheet: Some(sheet) } => Ok(sheet),
        _ => {
            eprintln!("il fascicolo {number} non c'è. Quelli che ci sono: sportello dossier list");
            Err(FOUND)
        }
    }
}

/// Writing to a string cannot fail.
fn screen(sheet: &Sheet, now: Timestamp) -> String {
    let mut out = String::new();
    cover(&mut out, sheet);
    state(&mut out, sheet);
    parties(&mut out, sheet);
    advice(&mut out, sheet, now);
    changes(&mut out, sheet);
    filings(&mut out, sheet);
    documents(&mut out, &sheet.documents);
    letters(&mut out, &sheet.letters);
    registered(&mut out, &sheet.dossier);
    entries(&mut out, sheet);
    out
}

/// What CAD art. 41 c. 2-ter wants on it.
fn cover(out: &mut String, sheet: &Sheet) {
    let dossier = &sheet.dossier;
    let cover = &dossier.cover;
    let subject = if cover.subject.is_empty() { &dossier.title } else { &cover.subject };
    let reserved = if cover.reserved { " · RISERVATO" } else { "" };
    let _ = writeln!(out, "Fascicolo {}: {}{reserved}", dossier.number, cut(subject, CELL * 2));
    let named = |id: &str, name: &str| if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") };
    let origin =
        if cover.origin.is_empty() { "d'ufficio".into() } else { format!("dal messaggio {}", flow(&cover.origin)) };
    let lines = [
        ("procedimento", named(&cover.procedure, &sheet.procedure)),
        ("protocollo", cover.registered().to_owned()),
        ("classificazione", cover.classification.clone()),
        ("ufficio", named(&dossier.office, &sheet.office)),
        ("altri uffici", cover.others.join(", ")),
        ("collegati", cover.linked.iter().map(|one| one.number.as_str()).collect::<Vec<_>>().join(", ")),
        (
            "responsabile",
            if cover.responsible.is_empty() { "il capo dell'unità".into() } else { cover.responsible.clone() },
        ),
        ("avviato", format!("{}, {origin}", stamp(dossier.opened_at))),
        ("informativa", cover.privacy.clone()),
        ("chiuso", dossier.life.closed_at.map(stamp).unwrap_or_default()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "  {name:<NAME$}{}", cut(value, CELL * 2));
    }
}

fn state(out: &mut String, sheet: &Sheet) {
    let dossier = &sheet.dossier;
    let _ = writeln!(
        out,
        "\nStato: {} ({}), da {}",
        dossier.state.event(),
        dossier.state.code(),
        stamp(dossier.state_since)
    );
    match &sheet.term {
        Some(term) => out.push_str(&wrap(&format!("Termine: {}.", term.now), 0, 2)),
        None => {
            let _ = writeln!(out, "Termine: {}", dossier.due.map_or_else(|| "nessuno".into(), |due| due.to_string()));
        }
    }
}

/// What was asked of offices of others, and whether it is late.
fn advice(out: &mut String, sheet: &Sheet, now: Timestamp) {
    let row = |one: &Advice| {
        let by = match (one.by, one.ended) {
            (_, Some(ended)) => format!("finita il {}", rome(ended).date()),
            (None, None) => "la lettera non risulta ancora consegnata".into(),
            (Some(by), None) if one.is_overdue(rome(now).date()) => {
                format!("IN RITARDO: doveva rispondere entro il {by}")
            }
            (Some(by), None) => format!("risponde entro il {by}"),
        };
        vec![one.body.clone(), rome(one.asked).date().to_string(), by]
    };
    let rows: Vec<Vec<String>> = sheet.dossier.life.advice.iter().map(row).collect();
    section(out, "Pareri", &["a chi", "chiesto il", "risposta"], &rows);
}

fn parties(out: &mut String, sheet: &Sheet) {
    let dossier = &sheet.dossier;
    let mut rows: Vec<Vec<String>> = Vec::new();
    for party in &dossier.cover.people {
        let name = sheet.names.get(&party.person).cloned().unwrap_or_default();
        rows.push(vec![party.role.title().into(), name, party.person.clone(), party.address.clone()]);
    }
    // Registers of before there were persons know addresses alone.
    let named = |who: &str| dossier.cover.people.iter().any(|party| casework::address::same(&party.address, who));
    for who in dossier.parties.iter().filter(|who| !named(who)) {
        rows.push(vec!["parte".into(), String::new(), String::new(), who.clone()]);
    }
    section(out, "Chi riguarda", &["parte", "nome", "codice", "dove si scrive"], &rows);
}

fn section(out: &mut String, title: &str, head: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for line in table(head, rows, CELL).lines() {
        let _ = writeln!(out, "  {line}");
    }
}

/// What is held and what is asked, side by side.
fn changes(out: &mut String, sheet: &Sheet) {
    if sheet.dossier.life.changes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nModifiche di dati");
    for change in &sheet.dossier.life.changes {
        let who = sheet.names.get(&change.person).unwrap_or(&change.person);
        let _ = writeln!(
            out,
            "  {}. {} — di {who}, valida da {}",
            change.id,
            change.state.words().replace("tua conferma", "conferma del cittadino"),
            change.effective_from
        );
        for (title, old, new) in change.side_by_side() {
            out.push_str(&wrap(&format!("{title}: «{}» → «{}»", cut(&old, CELL), cut(&new, CELL)), 5, 7));
        }
        for risk in &change.risk {
            out.push_str(&wrap(&format!("attenzione: {}", risk.text), 5, 7));
        }
    }
}

fn filings(out: &mut String, sheet: &Sheet) {
    if sheet.dossier.life.filings.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nAtti di parte");
    for (n, filing) in sheet.dossier.life.filings.iter().enumerate() {
        out.push_str(&wrap(&format!("{}. {}", n + 1, filed(filing)), 2, 5));
    }
}

fn filed(filing: &Participation) -> String {
    let late = if matches!(filing.in_time, Some(Timing::Late { .. })) { ", OLTRE IL TERMINE" } else { "" };
    let head = format!(
        "{} di {}, {}{late}, documenti {}",
        filing.kind.words(),
        filing.by,
        stamp(filing.filed_at),
        filing.documents.len()
    );
    match &filing.state {
        Weighing::Filed => format!("{head}: DA VALUTARE"),
        Weighing::Weighed { weight, how, by, .. } => format!("{head}: {} ({by}). {how}", weight.words()),
    }
}

fn documents(out: &mut String, documents: &[Document]) {
    let rows: Vec<Vec<String>> = documents
        .iter()
        .map(|document| {
            let place = match (document.message.as_str(), document.digest.as_str()) {
                ("", digest) => format!("impronta {}", flow(digest)),
                (message, _) => format!("messaggio {}", flow(message)),
            };
            let seen = match document.visibility {
                Visibility::Parties => "le parti",
                Visibility::Public => "tutti",
                Visibility::Reserved => "solo l'ufficio",
            };
            vec![document.name.clone(), place, seen.into()]
        })
        .collect();
    section(out, "Documenti", &["nome", "dove sta", "chi lo vede"], &rows);
}

/// What was written to citizens, and whether it arrived.
fn letters(out: &mut String, letters: &[LetterRow]) {
    let row = |letter: &LetterRow| {
        let since = stamp(letter.since);
        vec![stamp(letter.at), letter.to.clone(), letter.subject.clone(), format!("{}, {since}", letter.state.title())]
    };
    let rows: Vec<Vec<String>> = letters.iter().map(row).collect();
    section(out, "Lettere", &["scritta", "a chi", "oggetto", "a che punto è"], &rows);
    if letters.len() == LETTERS_MAX {
        let _ = writeln!(out, "  le ultime {LETTERS_MAX}; le altre sono nel registro");
    }
}

/// Which protocol number each of its messages and letters has.
fn registered(out: &mut String, dossier: &Dossier) {
    let numbers = dossier.cover.protocol.iter();
    let rows: Vec<Vec<String>> = numbers.map(|(digest, number)| vec![flow(digest).into(), number.clone()]).collect();
    section(out, "Protocollo", &["documento", "numero"], &rows);
}

fn entries(out: &mut String, sheet: &Sheet) {
    let _ = writeln!(out, "\nChe cosa è successo");
    for row in &sheet.entries {
        // How the term was counted each time is in `deadline explain`.
        let Some(words) = row.entry.words() else { continue };
        let who = match (row.by.as_str(), row.message.as_str()) {
            ("", "") => "il servizio".into(),
            ("", message) => format!("messaggio {}", flow(message)),
            (by, _) => by.to_owned(),
        };
        let at = rome(row.at).strftime("%Y-%m-%d %H:%M").to_string();
        out.push_str(&wrap(&format!("{at}  {}: {}", cut(&who, CELL), cut(&words, CELL * 8)), 2, 20));
    }
    if sheet.entries_left_out > 0 {
        let _ = writeln!(out, "  … e altri {} fatti, nel registro", sheet.entries_left_out);
    }
}
