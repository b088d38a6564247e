//! `sportello deadline`: how a term was counted, day by day, and which terms must be looked at. It changes when somebody must see
//! more of a term.

use super::counter::{ReadBy, ask, by_day, json, number, user};
use super::dossier::{listed, show};
use super::paint::wrap;
use super::{ConfigArg, OK};
use crate::caseload::ask::{Ask, LISTED_MAX, Sheet, Which};
use crate::clock::Clock;
use casework::calendar::{in_words, rome};
use casework::term::ReminderKind;
use jiff::civil::Date;
use std::fmt::Write;

const AFTER_HELP: &str = "\
  sportello deadline explain 2026/12       ogni giorno contato, da rifare con un calendario di carta; e chi è avvisato quando
  sportello deadline due                   le pratiche con un termine da guardare oggi, o da prima
  sportello deadline due --by 31/12/2026   quelle da guardare entro quel giorno
  sportello deadline due --by 7            quelle dei prossimi 7 giorni

Il conto lo fa il servizio, dai fatti del fascicolo. Nessun termine decide: a ogni scadenza qualcuno riceve un compito.";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Il termine di un fascicolo, contato passo per passo, e gli avvisi che verranno
    Explain(ExplainArgs),
    /// I fascicoli aperti con un termine da guardare, che finisce, o che è già finito
    Due(DueArgs),
}

#[derive(clap::Args)]
struct ExplainArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Il numero del fascicolo: 2026/000012, o 2026/12
    #[arg(value_name = "NUMERO", value_parser = number)]
    number: String,
    #[command(flatten)]
    reader: ReadBy,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct DueArgs {
    #[command(flatten)]
    config: ConfigArg,
    /// Entro quale giorno, o fra quanti giorni («7 giorni»); se manca, oggi. Chi è in ritardo resta finché è aperto
    #[arg(long, value_name = "GIORNO", value_parser = by_day)]
    by: Option<Date>,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let ended = match &args.action {
        Action::Explain(args) => explain(args),
        Action::Due(args) => due(args),
    };
    ended.unwrap_or_else(|code| code)
}

fn explain(args: &ExplainArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let sheet = show::sheet(&config, &args.number, &args.reader.reader())?;
    if args.json {
        let (number, state, office) = (&sheet.dossier.number, sheet.dossier.state, &sheet.dossier.office);
        return Ok(json(
            &serde_json::json!({ "number": number, "state": state, "office": office, "term": sheet.term }),
        ));
    }
    say!("{}", text(&sheet).trim_end());
    Ok(OK)
}

/// Writing to a string cannot fail.
fn text(sheet: &Sheet) -> String {
    let dossier = &sheet.dossier;
    let mut out = format!("Fascicolo {}: {}\n", dossier.number, sheet.procedure);
    let Some(term) = &sheet.term else {
        let due = dossier.due.map_or_else(|| "nessuno".into(), in_words);
        let _ = writeln!(out, "Ultimo giorno: {due}. È di un registro vecchio, che non dice come è stato contato.");
        return out;
    };
    out.push_str(&wrap(&format!("Il termine oggi: {}.", term.now), 0, 2));
    let _ = writeln!(out, "\nCome si conta");
    for (n, sentence) in term.explained.iter().enumerate() {
        out.push_str(&wrap(&format!("{:>2}. {sentence}", n + 1), 2, 6));
    }
    let _ = writeln!(out, "\nSe finisce senza risposta");
    out.push_str(&wrap(
        match term.silence.as_str() {
            "assenso" => "la richiesta è accolta per silenzio, e va attestato (L. 241/1990 art. 20)",
            "rigetto" => "la richiesta si considera respinta (L. 241/1990 art. 25)",
            _ => "la richiesta va comunque decisa, e tocca a chi ha il potere sostitutivo (L. 241/1990 art. 2)",
        },
        2,
        2,
    ));
    if term.reminders.is_empty() || dossier.state.is_final() {
        return out;
    }
    let _ = writeln!(out, "\nChi è avvisato, e quando");
    for reminder in &term.reminders {
        let to = whom(reminder.what);
        let done = if reminder.done { " (fatto)" } else { "" };
        out.push_str(&wrap(&format!("{}  {to}: {}{done}", reminder.on, reminder.what.words()), 2, 14));
    }
    out
}

fn whom(what: ReminderKind) -> &'static str {
    match what {
        ReminderKind::SubstituteDue | ReminderKind::SubstituteThreeDays | ReminderKind::SubstituteOverdue => {
            "per il potere sostitutivo"
        }
        _ if what.is_for_citizen() => "al cittadino",
        _ => "all'ufficio",
    }
}

fn due(args: &DueArgs) -> Result<u8, u8> {
    let config = args.config.read()?;
    let by = args.by.unwrap_or_else(|| rome(Clock::System.now()).date());
    let told = ask(&config, &Ask::Dossiers { which: Which::Due { by }, max: LISTED_MAX }, &user())?;
    listed(&told, args.json)
}
