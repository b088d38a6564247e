//! `sportello status`: how the service stands, on one screen; the tables below it when they are asked for.
//!
//! A running service is asked over its control socket: it counts as it goes, and knows what no register says (when it last
//! looked, what is raised). Where none runs, and for the tables, the register is read, which changes nothing.

mod screen;
mod tables;

pub(crate) use tables::grade;
#[cfg(feature = "demo")]
pub(crate) use tables::messages_table;

use super::{CANNOT_START, DataArg, FOUND, OK};
use crate::clock::Clock;
use crate::control;
use crate::journal::Journal;
use crate::monitor::report::Report;
use crate::monitor::{LINES_MAX, attention};
use crate::revocation::survey::Survey;
use crate::store::overview::{RECENT_BYTES, Summary};
use crate::store::{Overview, Store, Trouble};
use std::path::Path;
use std::time::{Duration, Instant};

/// A reading that takes longer tells how far it is, this often.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    data: DataArg,
    /// Anche le tabelle: gli ultimi messaggi e fascicoli
    #[arg(long)]
    messaggi: bool,
    /// Le tabelle intere, e tutto quello che c'è da guardare
    #[arg(long)]
    all: bool,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    match args.data.folder() {
        Ok(data) => of(&data, args),
        Err(code) => code,
    }
}

fn of(data: &Path, args: &Args) -> u8 {
    let service = match control::health(data) {
        Ok(service) => service,
        Err(e) => {
            eprintln!("il servizio è acceso ma non risponde: {e}");
            None
        }
    };
    let survey = Survey::of(data, None);
    let needs_register = args.json || args.all || args.messaggi || service.is_none();
    let register = match needs_register.then(|| read(data, args, service.as_ref())).transpose() {
        Ok(register) => register,
        Err(trouble) => {
            eprintln!("{trouble}");
            return CANNOT_START;
        }
    };
    if let (true, Some((overview, digest))) = (args.json, &register) {
        say!("{}", tables::as_json(overview, digest.as_deref(), &survey, service.as_ref()));
        let tally = &overview.summary.tally;
        return code(tally.attention == 0 && tally.all_incidents() == 0, service.as_ref());
    }
    let now = Clock::System.now();
    let screen = screen::Screen { service: service.as_ref(), register: register.as_ref().map(|(all, _)| all), now };
    say!("{}", screen.text(data));
    if survey.signers > 0 {
        say!("Liste di revoca: {}", survey.line(now));
        for warning in survey.warnings(now) {
            say!("  attenzione: {warning}");
        }
    }
    if let (true, Some((overview, _))) = (args.messaggi || args.all, &register) {
        say!("\n{}", tables::text(overview, args.all));
        if !overview.is_whole() {
            say!("\nIl registro è lungo: le tabelle partono dalla riga {}; tutto: --all", overview.from);
        }
    }
    let (lines, count) = match (&service, &register) {
        (Some(report), Some((overview, _))) if !overview.is_whole() => {
            (report.attention.clone(), report.attention_count)
        }
        // All of them, if all were asked for.
        (_, Some((overview, _))) => {
            let lines = attention::lines(&overview.summary);
            let count = lines.len() as u64;
            (lines.into_iter().take(if args.all { usize::MAX } else { LINES_MAX }).collect(), count)
        }
        (Some(report), None) => (report.attention.clone(), report.attention_count),
        (None, None) => (Vec::new(), 0),
    };
    if !lines.is_empty() {
        say!("\nDa guardare:");
        for line in &lines {
            say!("  {line}");
        }
        let hidden = count.saturating_sub(lines.len() as u64);
        if hidden > 0 {
            say!("  … e altre {hidden}: --all");
        }
    }
    code(count == 0, service.as_ref())
}

/// Whether somebody must act.
fn code(is_clear: bool, service: Option<&Report>) -> u8 {
    let is_well = service.is_none_or(|report| report.reasons().is_empty() && report.warnings().is_empty());
    if is_clear && is_well { OK } else { FOUND }
}

/// Reads the register; a long reading tells how far it is. Of a long register the end alone, unless all was asked for: its counts
/// are then those which the service keeps, or its index.
fn read(data: &Path, args: &Args, service: Option<&Report>) -> Result<(Overview, Option<String>), Trouble> {
    let mut told = Instant::now();
    let mut tell = |line| {
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            eprintln!("leggo il registro: riga {line}…");
        }
    };
    let is_long = Journal::length(data).is_ok_and(|length| length > RECENT_BYTES);
    if is_long && !args.all {
        let counted = match service {
            Some(report) => Some((Summary { tally: report.tally.clone(), ..Summary::default() }, None)),
            None => Store::stopped(data, usize::MAX).map(|(summary, head)| (summary, Some(head))),
        };
        match counted {
            // The screen needs no more.
            Some((summary, Some(head))) if !args.json && !args.messaggi => {
                return Ok((
                    Overview { from: head.seq, seq: head.seq, head: head.hash, summary, ..Overview::default() },
                    None,
                ));
            }
            Some((summary, _)) => {
                let (overview, digest) = Overview::recent(data, &mut tell)?;
                let counted = if overview.is_whole() { overview.summary.clone() } else { summary };
                return Ok((Overview { summary: counted, ..overview }, digest));
            }
            None => {}
        }
    }
    Overview::read_watched(data, tell).map(|(overview, digest)| (overview, Some(digest)))
}
