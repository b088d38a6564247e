//! `rules replay` and `rules unmatched`: past mail through a set of rules. It changes when its figures are shown in another way.

use super::super::paint::table;
use super::super::{FOUND, OK};
use super::corrected;
use super::{Ended, config, from, refused, span, wrong};
use crate::archive::Archive;
use crate::config::Config;
use crate::digest::flow;
use crate::rulebook::Set;
use crate::rulebook::past::Past;
use crate::rulebook::replay::{Figures, Gate, Replay, name, run};
use casework::calendar;
use casework::rules::Rulebook;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Widest column.
const COLUMN: usize = 44;
/// Messages that are listed one by one.
const LISTED: usize = 20;
/// Phrases that are listed.
const PHRASES: usize = 25;
/// Texts in which a phrase must stand to be shown.
const PHRASE_TEXTS: u32 = 2;
/// How often a long replay tells how far it is.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);

#[derive(clap::Args)]
pub(super) struct Args {
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// La posta di quanto tempo: 90d, 12h, 8w
    #[arg(long, value_name = "TEMPO", default_value = "90d", value_parser = span)]
    since: SignedDuration,
    /// Le regole da provare; se manca: quelle della cartella della configurazione
    #[arg(long, value_name = "CARTELLA")]
    with: Option<PathBuf>,
    /// Fallisce (1) oltre questo numero: changed, auto-changed, unmatched, worse, unread. Si può ripetere
    #[arg(long, value_name = "NOME=NUMERO")]
    fail_on: Vec<Gate>,
    /// Elenca tutti i messaggi che cambiano, non solo i primi
    #[arg(long)]
    all: bool,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct UnmatchedArgs {
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// La posta di quanto tempo
    #[arg(long, value_name = "TEMPO", default_value = "30d", value_parser = span)]
    since: SignedDuration,
    /// Le regole; se manca: quelle in vigore
    #[arg(long, value_name = "CARTELLA")]
    with: Option<PathBuf>,
}

pub(super) fn main(args: &Args) -> Ended {
    let config = config(&args.config)?;
    let folder = args.with.as_deref().or(config.rules.as_deref());
    let set = Set::read(folder, config.templates.as_deref()).map_err(|problems| refused(&problems))?;
    let past = read(&config)?;
    let replay = again(&past, from(args.since), &config, &set.book);
    let figures = replay.figures(&past);
    if args.json {
        let changed: Vec<_> = replay
            .changed(&past)
            .map(|(message, now)| json!({"digest": message.digest, "at": message.at, "then": name(&message.was), "now": name(now)}))
            .collect();
        let phrases = replay.unmatched.frequent(PHRASE_TEXTS, PHRASES);
        say!(
            "{}",
            json!({
                "ruleset": set.book.digest(), "figures": figures, "changed": changed, "unmatched_phrases": phrases,
                "seconds": replay.took.as_secs_f64(),
            })
        );
    } else {
        show(&past, &replay, &figures, &set.book, args.all);
    }
    Ok(gates(&args.fail_on, &figures))
}

pub(super) fn unmatched(args: &UnmatchedArgs) -> Ended {
    let config = config(&args.config)?;
    let set = match &args.with {
        Some(folder) => Set::read(Some(folder), config.templates.as_deref()),
        None => Set::in_force(&config),
    };
    let set = set.map_err(|problems| refused(&problems))?;
    let past = read(&config)?;
    let replay = again(&past, from(args.since), &config, &set.book);
    let unknown = replay.results.iter().filter(|one| one.now.as_ref().is_some_and(|now| !now.is_chosen())).count();
    say!("Messaggi: {}, senza una regola scelta: {unknown}", replay.results.len());
    phrases(&replay);
    Ok(OK)
}

/// The register, read whole: a dossier may have been opened long before the mail that refers to it.
pub(super) fn read(config: &Config) -> Result<Past, u8> {
    let mut told = Instant::now();
    let past = Past::read(&config.data, |record| {
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            eprintln!("leggo il registro: riga {}…", record.seq);
        }
    });
    past.map_err(|e| wrong(format!("registro: {e}")))
}

/// The mail since an instant through a book, telling how far it is.
pub(super) fn again(past: &Past, since: Timestamp, config: &Config, book: &Rulebook) -> Replay {
    let places: Vec<usize> =
        past.messages.iter().enumerate().filter(|(_, message)| message.at >= since).map(|(place, _)| place).collect();
    these(past, &places, &config.data, book)
}

/// As [`again`], of these places.
pub(super) fn these(past: &Past, places: &[usize], data: &Path, book: &Rulebook) -> Replay {
    let told = Mutex::new(Instant::now());
    run(past, places, &Archive::at(data), book, |done| {
        if let Ok(mut told) = told.try_lock()
            && told.elapsed() >= PROGRESS_EVERY
        {
            *told = Instant::now();
            eprintln!("{done} messaggi su {}…", places.len());
        }
    })
}

/// The exit code, and what does not pass.
pub(super) fn gates(gates: &[Gate], figures: &Figures) -> u8 {
    let refused: Vec<String> = gates.iter().filter_map(|gate| gate.refuses(&figures.counts)).collect();
    for why in &refused {
        eprintln!("non passa: {why}");
    }
    if refused.is_empty() { OK } else { FOUND }
}

/// Everything for people.
pub(super) fn show(past: &Past, replay: &Replay, figures: &Figures, book: &Rulebook, all: bool) {
    let counts = &figures.counts;
    let seconds = replay.took.as_secs_f64();
    let rate = if seconds > 0.0 { counts.messages as f64 / seconds } else { 0.0 };
    say!("Regole {}. Messaggi: {} in {seconds:.1} s ({rate:.0} al secondo)", flow(book.digest()), counts.messages);
    say!(
        "Cambiano: {}, di cui {} dove il programma fa da solo. Senza una regola: {}; troppo vicine: {}; non si rileggono: {}",
        counts.changed,
        counts.auto_changed,
        counts.unmatched,
        counts.tied,
        counts.unread
    );
    if counts.corrected > 0 {
        say!(
            "Corretti da una persona: {}. Giusti allora {}, giusti ora {}; peggiorati {}",
            counts.corrected,
            counts.right_then,
            counts.right_now,
            counts.worse
        );
    }
    if !figures.moves.is_empty() {
        let rows: Vec<_> =
            figures.moves.iter().map(|(then, now, n)| vec![then.clone(), now.clone(), n.to_string()]).collect();
        say!("\n{}", table(&["allora", "ora", "messaggi"], &rows, COLUMN).trim_end());
    }
    say!("\n{}", by_rule(figures).trim_end());
    for (rule, (reached, chosen)) in &figures.trial {
        say!(
            "\nIn prova: «{rule}» arriva alla soglia in {reached} messaggi; se fosse `suggest` ne deciderebbe {chosen}"
        );
        let of = replay.results.iter().filter(|again| again.trial.iter().any(|(id, _)| id == rule));
        let of = of.filter_map(|again| past.messages.get(again.place)).take(LISTED);
        say!("  {}", of.map(|message| flow(&message.digest)).collect::<Vec<_>>().join(" "));
    }
    listed(past, replay, all);
    phrases(replay);
}

fn by_rule(figures: &Figures) -> String {
    let rate = |n: u64, of: u64| if of == 0 || n == 0 { n.to_string() } else { format!("{n} ({} %)", n * 100 / of) };
    let rows: Vec<Vec<String>> = figures
        .rules
        .iter()
        .map(|(id, rule)| {
            let bands = rule.bands.iter().filter(|(_, (_, bad))| *bad > 0);
            let bands: Vec<String> = bands.map(|(band, (n, bad))| format!("{band}: {}", rate(*bad, *n))).collect();
            vec![
                id.clone(),
                rule.then.to_string(),
                rule.now.to_string(),
                rate(rule.overturned_then, rule.then),
                rate(rule.overturned_now, rule.now),
                bands.join("; "),
            ]
        })
        .collect();
    table(&["regola", "allora", "ora", "corrette allora", "sbagliate ora", "corrette, per punti"], &rows, COLUMN)
}

/// The messages that change, the last first.
pub(super) fn listed(past: &Past, replay: &Replay, all: bool) {
    let mut changed: Vec<_> = replay.changed(past).collect();
    changed.reverse();
    if changed.is_empty() {
        return;
    }
    let most = if all { usize::MAX } else { LISTED };
    let rows: Vec<Vec<String>> = changed
        .iter()
        .take(most)
        .map(|(message, now)| {
            let said = message.correction.as_ref().map(corrected).unwrap_or_default();
            vec![calendar::stamp(message.at), flow(&message.digest).to_owned(), name(&message.was), name(now), said]
        })
        .collect();
    say!("\n{}", table(&["quando", "messaggio", "allora", "ora", "corretto in"], &rows, COLUMN).trim_end());
    if changed.len() > most {
        say!("… e altri {}: --all", changed.len() - most);
    }
}

fn phrases(replay: &Replay) {
    let frequent = replay.unmatched.frequent(PHRASE_TEXTS, PHRASES);
    if frequent.is_empty() {
        return;
    }
    let rows: Vec<Vec<String>> = frequent.into_iter().map(|(phrase, n)| vec![n.to_string(), phrase]).collect();
    say!(
        "\nFrasi frequenti di quello che nessuna regola sceglie:\n{}",
        table(&["messaggi", "frase"], &rows, COLUMN).trim_end()
    );
}
