//! `rules deploy`, `history`, `diff`, `rollback`: which rules are in force, which were, and how one comes back. It changes
//! when rules come into force in another way.

use super::super::paint::table;
use super::super::{FOUND, OK};
use super::replay::{again, gates, listed, read, show, these};
use super::{Ended, by, config, from, refused, span, wrong};
use crate::clock::Clock;
use crate::config::Config;
use crate::control;
use crate::digest::flow;
use crate::journal::record::Entry;
use crate::office::{Office, failed_tests, rule_files};
use crate::outbox::orders::Answer;
use crate::rulebook::orders::{Enter, enter};
use crate::rulebook::past::Past;
use crate::rulebook::replay::Gate;
use crate::rulebook::{Set, at_hand, shelf};
use crate::store::Store;
use casework::calendar;
use casework::effect::EffectKey;
use casework::rules::{self, Problem, SourceFile};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Widest column.
const COLUMN: usize = 44;
/// How a set came into force that nobody has deployed.
const BEFORE_ANY: &str = "prima di ogni deploy";

#[derive(clap::Args)]
pub(super) struct Args {
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Le regole nuove; se manca: quelle della cartella della configurazione
    #[arg(long, value_name = "CARTELLA")]
    from: Option<PathBuf>,
    /// Che cosa cambia e perché: resta nel registro
    #[arg(long, value_name = "TESTO", default_value = "")]
    note: String,
    /// Chi le mette in vigore; se manca, l'utente di sistema
    #[arg(long, value_name = "NOME")]
    by: Option<String>,
    /// Quanta posta passata si riprova prima
    #[arg(long, value_name = "TEMPO", default_value = "90d", value_parser = span)]
    since: SignedDuration,
    /// Non le mette in vigore oltre questo numero: changed, auto-changed, unmatched, worse, unread. Si può ripetere
    #[arg(long, value_name = "NOME=NUMERO", default_value = "worse=0")]
    fail_on: Vec<Gate>,
    /// Fa tutto meno l'ultimo passo
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
pub(super) struct HistoryArgs {
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct DiffArgs {
    /// Una cartella di regole, l'impronta di una versione, o «in-vigore»
    #[arg(value_name = "PRIMA")]
    old: String,
    /// Come sopra
    #[arg(value_name = "DOPO")]
    new: String,
    /// La configurazione: serve per le impronte e per «in-vigore»
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(super) struct RollbackArgs {
    /// L'impronta della versione da rimettere in vigore
    #[arg(value_name = "IMPRONTA")]
    hash: String,
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Perché: resta nel registro
    #[arg(long, value_name = "TESTO", default_value = "")]
    note: String,
    /// Chi la rimette; se manca, l'utente di sistema
    #[arg(long, value_name = "NOME")]
    by: Option<String>,
}

pub(super) fn main(args: &Args) -> Ended {
    let config = config(&args.config)?;
    if !config.data.join("journal").is_dir() {
        return Err(never_started(&config.data));
    }
    let folder = args.from.as_deref().or(config.rules.as_deref());
    let set = Set::read(folder, config.templates.as_deref()).map_err(|problems| unchanged(&problems))?;
    let failed = failed_tests(&set.book);
    if !failed.is_empty() {
        return Err(unchanged(&failed));
    }
    // With everything else that the service reads: addresses of examples, the office of last resort.
    Office::read_with(&config, no_key(), Ok(set.all())).map_err(|problems| unchanged(&problems))?;
    super::super::print_problems(&super::check::warnings(&set.book));
    let hash = set.book.digest().to_owned();
    let old = Set::in_force(&config);
    if let Ok(old) = &old {
        if old.book.digest() == hash && matches!(shelf::current(&config.data), Ok(Some(_))) {
            say!("{}: sono già in vigore", flow(&hash));
            return Ok(OK);
        }
        for difference in differences(old, &set) {
            say!("{difference}");
        }
        // The way back must be there before there is a way forward.
        keep(&config.data, old)?;
    }
    let past = read(&config)?;
    let replay = again(&past, from(args.since), &config, &set.book);
    let figures = replay.figures(&past);
    say!("");
    show(&past, &replay, &figures, &set.book, false);
    if gates(&args.fail_on, &figures) != OK {
        return Err(wrong(UNCHANGED));
    }
    if args.dry_run {
        say!("\n{}: passano tutto; non sono state messe in vigore (--dry-run)", flow(&hash));
        return Ok(OK);
    }
    keep(&config.data, &set)?;
    say!("");
    let ended = put_in_force(
        &config,
        Enter { hash, how: Entry::Deployed, by: by(args.by.as_deref()), note: args.note.clone() },
    )?;
    if let (Some(from), Some(own)) = (&args.from, &config.rules)
        && from != own
    {
        say!(
            "Attenzione: {} è ancora come prima. Copiateci {}, o il prossimo `deploy` senza --from toglie quello che avete messo ora.",
            own.display(),
            from.display()
        );
    }
    Ok(ended)
}

fn never_started(data: &Path) -> u8 {
    wrong(format!(
        "{}: il servizio non è mai partito con questi dati: al primo avvio valgono le regole della cartella, o quelle fornite",
        data.display()
    ))
}

/// What one set says otherwise than another, in its rules and in its procedures.
fn differences(old: &Set, new: &Set) -> Vec<String> {
    let rules = rules::diff(&old.book, &new.book).into_iter().map(|it| format!("{}: {}", it.about, it.text));
    rules.chain(of_procedures(&old.procedures, &new.procedures)).collect()
}

/// Line by line: a procedure's file is short, and each of its lines says one thing. Comments and layout say nothing.
fn of_procedures(old: &[SourceFile], new: &[SourceFile]) -> Vec<String> {
    let lines = |file: &SourceFile| -> Vec<String> {
        let said = file.text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        said.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    };
    let of = |all: &[SourceFile], name: &str| all.iter().find(|file| file.name == name).map(lines);
    let names: BTreeSet<&str> = old.iter().chain(new).map(|file| file.name.as_str()).collect();
    let mut found = Vec::new();
    for name in names {
        match (of(old, name), of(new, name)) {
            (None, Some(_)) => found.push(format!("{name}: nuovo")),
            (Some(_), None) => found.push(format!("{name}: tolto")),
            (Some(before), Some(after)) => {
                let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("{name}: - {line}"));
                let came = after.iter().filter(|line| !before.contains(line)).map(|line| format!("{name}: + {line}"));
                let changed: Vec<String> = gone.chain(came).collect();
                if changed.is_empty() && before != after {
                    found.push(format!("{name}: le stesse righe, in altro ordine o in altro numero"));
                }
                found.extend(changed);
            }
            (None, None) => {}
        }
    }
    found
}

const UNCHANGED: &str = "restano in vigore le regole di prima";

fn unchanged(problems: &[Problem]) -> u8 {
    refused(problems);
    wrong(UNCHANGED)
}

/// Only checked with it: nothing is sent.
fn no_key() -> EffectKey {
    EffectKey::new(&[0; EffectKey::BYTES])
}

fn keep(data: &Path, set: &Set) -> Result<(), u8> {
    shelf::keep(data, set.book.digest(), &set.all())
        .map_err(|e| wrong(format!("{}: {e}", shelf::folder(data).display())))
}

/// By the running service, at once; or in its place, for when it starts.
fn put_in_force(config: &Config, order: Enter) -> Ended {
    let answer = match control::enter(&config.data, &order) {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            let now = Clock::System.now();
            let fault = |e: &dyn std::fmt::Display| wrong(e);
            let mut store = Store::open(&config.data, now).map_err(|e| fault(&e))?;
            match enter(&mut store, &order, config, no_key(), now).map_err(|e| fault(&e))? {
                Ok(_) => Answer::Done(format!("{}: in vigore da quando il servizio riparte", flow(&order.hash))),
                Err(why) => Answer::No(why),
            }
        }
        Err(e) => {
            return Err(wrong(format!(
                "il servizio non ha risposto: {e}. Le regole possono essere in vigore: guarda con «sportello rules history»"
            )));
        }
    };
    match answer {
        Answer::Done(text) => {
            say!("{text}");
            Ok(OK)
        }
        Answer::No(why) => Err(wrong(why)),
    }
}

pub(super) fn history(args: &HistoryArgs) -> Ended {
    let config = config(&args.config)?;
    let has_begun = config.data.join("journal").is_dir();
    let past = if has_begun { read(&config)? } else { Past::default() };
    // By their files: mistakes with the templates of today do not make them others.
    let in_force = rules::digest(&rule_files(&config).map_err(|problems| refused(&problems))?);
    let kept = shelf::kept(&config.data).unwrap_or_default();
    let at_hand: BTreeMap<String, String> =
        at_hand(&config).into_iter().rev().map(|(name, files)| (rules::digest(&files), name)).collect();
    let mut rows: Vec<(Timestamp, Vec<String>)> = Vec::new();
    let decided = decided_by(&past);
    let row = |at: Timestamp, hash: &str, how: &str, by: &str, note: &str| {
        let (n, bad, _) = decided.get(hash).copied().unwrap_or_default();
        let mark = if hash == in_force { "→" } else { "" };
        let back = if kept.iter().any(|one| one == hash) || at_hand.contains_key(hash) { "sì" } else { "no" };
        let cells = [mark, &calendar::stamp(at), flow(hash), how, by, &n.to_string(), &bad.to_string(), back, note];
        (at, cells.map(str::to_owned).to_vec())
    };
    for (at, set) in &past.rulesets {
        let how = match set.how {
            Entry::Deployed => "deploy",
            Entry::RolledBack => "rollback",
            Entry::Read => "file cambiati",
        };
        rows.push(row(*at, &set.hash, how, &set.by, &set.note));
    }
    for (hash, (_, _, first)) in &decided {
        if !past.rulesets.iter().any(|(_, set)| set.hash == *hash) {
            rows.push(row(*first, hash, BEFORE_ANY, "", at_hand.get(hash).map_or("", String::as_str)));
        }
    }
    // Rules are in force also where nobody has deployed any, and none has decided yet; and those of before are kept.
    let all: BTreeSet<&String> = kept.iter().chain([&in_force]).collect();
    for hash in all {
        if decided.contains_key(hash) || past.rulesets.iter().any(|(_, set)| set.hash == *hash) {
            continue;
        }
        // Since when, no register says: only that none were before them.
        let (at, since) = match *hash == in_force {
            true if !has_begun => (Timestamp::MAX, "dal primo avvio"),
            true if decided.is_empty() && past.rulesets.is_empty() => (Timestamp::MAX, "dall'inizio"),
            true => (Timestamp::MAX, "–"),
            false => (Timestamp::MIN, "–"),
        };
        let (_, mut cells) = row(at, hash, BEFORE_ANY, "", at_hand.get(hash).map_or("", String::as_str));
        cells.iter_mut().skip(1).take(1).for_each(|cell| *cell = since.to_owned());
        rows.push((at, cells));
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(_, cells)| cells).collect();
    let header = ["", "da", "impronta", "come", "chi", "decisi", "corretti", "tenuta", "nota"];
    say!("{}", table(&header, &rows, COLUMN).trim_end());
    if shelf::is_behind(&config, &in_force) {
        say!(
            "\nLa cartella delle regole è diversa da quelle in vigore: per metterla in vigore, sportello rules deploy"
        );
    }
    Ok(OK)
}

/// How many messages each set decided, how many of these people overturned, and when it first did.
fn decided_by(past: &Past) -> BTreeMap<String, (u64, u64, Timestamp)> {
    let mut by: BTreeMap<String, (u64, u64, Timestamp)> = BTreeMap::new();
    for message in &past.messages {
        let of = by.entry(message.rules.clone()).or_insert((0, 0, message.at));
        of.0 += 1;
        of.1 += u64::from(message.correction.as_ref().is_some_and(|said| !message.was.agrees(said)));
    }
    by
}

pub(super) fn diff(args: &DiffArgs) -> Ended {
    let config = args.config.as_deref().map(config).transpose()?;
    let read = |name: &str| {
        let templates = config.as_ref().and_then(|config| config.templates.as_deref());
        let set = match &config {
            _ if Path::new(name).is_dir() => Set::read(Some(Path::new(name)), templates),
            Some(config) if name == "in-vigore" => Set::in_force(config),
            Some(config) => Set::once_in_force(config, name),
            None => return Err(wrong(format!("{name}: non è una cartella; per un'impronta serve --config"))),
        };
        set.map_err(|problems| refused(&problems))
    };
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let found = differences(&old, &new);
    for difference in &found {
        say!("{difference}");
    }
    if found.is_empty() {
        let same = old.book.digest() == new.book.digest();
        say!(
            "{}",
            if same {
                "Sono gli stessi file."
            } else {
                "Dicono la stessa cosa (cambiano solo commenti, ordine o prove)."
            }
        );
    }
    Ok(if found.is_empty() { OK } else { FOUND })
}

pub(super) fn rollback(args: &RollbackArgs) -> Ended {
    let config = config(&args.config)?;
    let set = Set::once_in_force(&config, &args.hash).map_err(|problems| refused(&problems))?;
    let hash = set.book.digest().to_owned();
    let bad = Set::in_force(&config).ok();
    if bad.as_ref().is_some_and(|bad| bad.book.digest() == hash) {
        say!("{}: è già in vigore", flow(&hash));
        return Ok(OK);
    }
    if !config.data.join("journal").is_dir() {
        return Err(never_started(&config.data));
    }
    // Where it came from, it may be gone tomorrow.
    keep(&config.data, &set)?;
    if let Some(bad) = &bad {
        keep(&config.data, bad)?;
    }
    let order = Enter { hash, how: Entry::RolledBack, by: by(args.by.as_deref()), note: args.note.clone() };
    put_in_force(&config, order)?;
    // What the set that goes has decided since it came: a person looks, nothing is decided again.
    let Some(bad) = bad else { return Ok(OK) };
    let past = read(&config)?;
    let places: Vec<usize> = past
        .messages
        .iter()
        .enumerate()
        .filter(|(_, message)| message.rules == bad.book.digest())
        .map(|(place, _)| place)
        .collect();
    let replay = these(&past, &places, &config.data, &set.book);
    let changed = replay.changed(&past).count();
    say!("Messaggi decisi dalla versione {}: {}, di cui diversi ora: {changed}", flow(bad.book.digest()), places.len());
    if changed > 0 {
        listed(&past, &replay, true);
        say!(
            "\nLe decisioni restano com'erano: per ciascuno guarda con «rules explain», e se serve scrivi «sportello correct»."
        );
    }
    Ok(OK)
}
