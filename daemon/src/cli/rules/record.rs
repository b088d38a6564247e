//! `rules record` and `rules suggest`: what a correction teaches, as a test and as words. It changes when something else can be
//! learnt of one.

use super::super::paint::table;
use super::super::{FOUND, OK};
use super::replay::read;
use super::{Ended, config, from, refused, span, wrong};
use crate::archive::{Archive, Shelf};
use crate::config::Config;
use crate::rulebook::disguise::Disguise;
use crate::rulebook::past::{Message, Outcomes, Past};
use crate::rulebook::phrases::{Phrases, phrases_of};
use crate::rulebook::replay::words;
use crate::rulebook::{Set, edit};
use casework::rules::{Classification, FieldCheck, Place, Rulebook, SourceFile, run_tests};
use casework::{calendar, reply};
use jiff::SignedDuration;
use pec::Reread;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Name of the file in which a new test is tried with the rules; no file of theirs has it.
const TRIED: &str = "~prova-nuova.toml";
/// Phrases proposed for one rule.
const PROPOSED: usize = 12;
/// Widest column.
const COLUMN: usize = 60;

#[derive(clap::Args)]
pub(super) struct Args {
    /// L'impronta del messaggio
    #[arg(value_name = "MESSAGGIO")]
    message: String,
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// Aggiunge la prova in fondo a questo file, invece di mostrarla
    #[arg(long, value_name = "FILE")]
    append: Option<PathBuf>,
    /// Il nome della prova
    #[arg(long, value_name = "NOME")]
    name: Option<String>,
}

#[derive(clap::Args)]
pub(super) struct SuggestArgs {
    /// La configurazione
    #[arg(long, short, value_name = "FILE")]
    config: PathBuf,
    /// La posta di quanto tempo
    #[arg(long, value_name = "TEMPO", default_value = "180d", value_parser = span)]
    since: SignedDuration,
}

pub(super) fn main(args: &Args) -> Ended {
    let config = config(&args.config)?;
    let set = Set::in_force(&config).map_err(|problems| refused(&problems))?;
    let past = read(&config)?;
    let message = past.find(&args.message).map_err(wrong)?;
    let (class, seen) = again(&config, &past, message, &set.book)?;
    let test = Test::of(message, &class, &seen, &set.book, args.name.as_deref());
    // With the rules as they are: what the test asks for may be what is still to be taught.
    let result = tried(&config, &set, &test)?;
    match &args.append {
        Some(path) => {
            let old = match std::fs::read_to_string(path) {
                Ok(text) => text,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(e) => return Err(wrong(format!("{}: {e}", path.display()))),
            };
            let new = edit::with_test(&old, &test.text, &test.dossiers).map_err(wrong)?;
            replace(path, &new)?;
            say!("{}: aggiunta la prova «{}»", path.display(), test.name);
        }
        None => {
            let alone = edit::with_test("", &test.text, &test.dossiers).map_err(wrong)?;
            say!("{}", alone.trim_end());
        }
    }
    eprintln!("Rileggila prima di tenerla: i nomi e i fatti che un programma non riconosce sono rimasti.");
    match result {
        None => eprintln!("Con le regole in vigore la prova passa."),
        Some(why) => eprintln!("Con le regole in vigore la prova non passa: {why}"),
    }
    Ok(OK)
}

fn again(config: &Config, past: &Past, message: &Message, book: &Rulebook) -> Result<(Classification, Reread), u8> {
    let bytes = Archive::at(&config.data)
        .read(Shelf::In, &message.digest)
        .map_err(|e| wrong(format!("{}: {e}", message.digest)))?;
    past.again(message, &bytes, book)
        .ok_or_else(|| wrong(format!("{}: non si legge più come una busta", message.digest)))
}

/// Whole or not at all, beside the old one.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), u8> {
    let new = path.with_extension("toml.tmp");
    let done = std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path));
    done.map_err(|e| wrong(format!("{}: {e}", path.display())))
}

/// A test of one message.
struct Test {
    name: String,
    text: String,
    dossiers: Vec<(String, String)>,
}

impl Test {
    fn of(message: &Message, class: &Classification, seen: &Reread, book: &Rulebook, name: Option<&str>) -> Self {
        let hits: Vec<_> = class.scores.iter().flat_map(|score| &score.hits).collect();
        let mut disguise = Disguise::keeping(hits.iter().map(|hit| hit.matched.as_str()));
        let by_domain = hits.iter().any(|hit| matches!(hit.place, Some(Place::FromDomain | Place::FromAddress)));
        let sender = &seen.daticert.mittente;
        let from_name = seen.message.from.first().map(|author| author.name.clone()).unwrap_or_default();
        disguise.name(&from_name);
        disguise.name(sender.split('@').next().unwrap_or_default());
        let (subject, body) = (disguise.text(&seen.message.subject), disguise.text(seen.message.text.trim_end()));
        let mut text = String::new();
        // Of what is written here, not of the message: nothing leads back to that.
        let mark = crate::digest::sha256(format!("{subject}\n{body}").as_bytes());
        let name = name.map_or_else(|| format!("registrata {}", crate::digest::flow(&mark)), str::to_owned);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "[test.{}]", quoted(&name));
        let _ = writeln!(text, "from        = {}", quoted(&disguise.address(sender, by_domain)));
        if hits.iter().any(|hit| hit.place == Some(Place::FromName)) {
            let _ = writeln!(text, "from_name   = {}", quoted(&disguise.text(&from_name)));
        }
        let _ = writeln!(text, "subject     = {}", quoted(&subject));
        let _ = writeln!(text, "body        = {}", quoted(&body));
        if !seen.message.attachments.is_empty() {
            let names: Vec<String> =
                seen.message.attachments.iter().map(|file| quoted(&disguise.text(&file.name))).collect();
            let _ = writeln!(text, "attachments = [{}]", names.join(", "));
        }
        let _ = writeln!(text, "identity    = true");
        let _ = writeln!(text, "today       = {}", calendar::rome(message.at).date());
        let mut dossiers = Vec::new();
        if let Some(number) = &class.dossier {
            let is_named = class
                .fields
                .iter()
                .any(|field| field.name == "dossier" && !matches!(field.check, FieldCheck::Failed(_)));
            let new = disguise.dossier(number);
            if !is_named {
                let _ = writeln!(text, "thread      = {}", quoted(&new));
            }
            let office = if book.office(&class.office).is_some() { class.office.clone() } else { String::new() };
            dossiers.push((new, office));
        }
        let _ = writeln!(text, "expect      = {{ {} }}", expected(message, class, book));
        Self { name, text, dossiers }
    }
}

/// What a person said was right; without that, what the rules say.
fn expected(message: &Message, class: &Classification, book: &Rulebook) -> String {
    let now = Outcomes::of(class);
    let said = message.correction.as_ref().filter(|said| !now.agrees(said));
    let Some(said) = said else {
        let mut parts = vec![format!("rule = {}", quoted(&now.rule)), format!("office = {}", quoted(&now.office))];
        parts.push(format!("reply = {}", quoted(now.template.as_deref().unwrap_or("none"))));
        return parts.join(", ");
    };
    let fitting = targets(said, book);
    let mut parts = match &fitting[..] {
        [one] => vec![format!("rule = {}", quoted(one))],
        _ => vec![format!("not_rule = [{}]", quoted(&now.rule))],
    };
    parts.extend(said.kind.map(|kind| format!("kind = {}", quoted(kind.code()))));
    parts.extend(said.office.as_ref().map(|office| format!("office = {}", quoted(office))));
    parts.join(", ")
}

/// The rules that would have done what a person said was right.
fn targets(said: &casework::correction::Correction, book: &Rulebook) -> Vec<String> {
    let fits = |rule: &&casework::rules::Rule| {
        let choice = &rule.office;
        let office = said.office.as_ref().is_none_or(|office| choice.by_matter || choice.id.as_ref() == Some(office));
        office && said.kind.is_none_or(|kind| kind == rule.kind) && rule.id != book.otherwise().id
    };
    book.rules().filter(fits).map(|rule| rule.id.clone()).collect()
}

/// Why the test does not pass with the rules in force.
fn tried(config: &Config, set: &Set, test: &Test) -> Result<Option<String>, u8> {
    let text = edit::with_test("", &test.text, &test.dossiers).map_err(wrong)?;
    let mut files = set.files.clone();
    files.push(SourceFile { name: TRIED.into(), text });
    let templates = match &config.templates {
        Some(folder) => crate::office::read_templates(folder).map_err(|problems| refused(&problems))?,
        None => crate::shipped::templates(),
    };
    let templates = reply::load(&templates).map_err(|problems| refused(&problems))?;
    let book = casework::rules::load(&files, &templates.names()).map_err(|problems| refused(&problems))?;
    let result = run_tests(&book).into_iter().find(|result| result.file == TRIED && !result.ok);
    Ok(result.map(|result| result.detail))
}

/// A text as TOML writes it: of several lines, between three quotes.
fn quoted(text: &str) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let escaped = clean.replace('\\', "\\\\").replace('"', "\\\"");
    if clean.contains('\n') {
        format!("\"\"\"\n{escaped}\"\"\"")
    } else {
        format!("\"{}\"", escaped.replace('\t', "\\t"))
    }
}

pub(super) fn suggest(args: &SuggestArgs) -> Ended {
    let config = config(&args.config)?;
    let set = Set::in_force(&config).map_err(|problems| refused(&problems))?;
    let past = read(&config)?;
    let since = from(args.since);
    // By rule that would have been right: its corrected messages, by their phrases.
    let mut wanted: BTreeMap<String, Phrases> = BTreeMap::new();
    let (mut taught, mut open) = (BTreeSet::new(), 0);
    for message in past.messages.iter().filter(|message| message.at >= since) {
        let Some(said) = &message.correction else { continue };
        let (class, seen) = again(&config, &past, message, &set.book)?;
        if Outcomes::of(&class).agrees(said) {
            continue;
        }
        open += 1;
        let rules = targets(said, &set.book);
        let name = if rules.is_empty() { "una regola nuova".to_owned() } else { rules.join(" o ") };
        wanted.entry(name).or_default().add(&words(&seen));
        taught.insert(message.digest.as_str());
    }
    if open == 0 {
        say!("Nessun messaggio corretto che le regole in vigore sbaglino ancora.");
        return Ok(OK);
    }
    let shown: BTreeMap<&String, Vec<(String, u32)>> =
        wanted.iter().map(|(rule, phrases)| (rule, phrases.frequent(1, PROPOSED * 4))).collect();
    let asked: BTreeSet<&str> = shown.values().flatten().map(|(phrase, _)| phrase.as_str()).collect();
    let mut elsewhere: BTreeMap<String, u32> = BTreeMap::new();
    for message in
        past.messages.iter().filter(|message| message.at >= since && !taught.contains(message.digest.as_str()))
    {
        let Ok(bytes) = Archive::at(&config.data).read(Shelf::In, &message.digest) else { continue };
        let Some(seen) = pec::reread(&bytes) else { continue };
        for phrase in phrases_of(&words(&seen)).into_iter().filter(|phrase| asked.contains(phrase.as_str())) {
            *elsewhere.entry(phrase).or_default() += 1;
        }
    }
    say!("Messaggi corretti che le regole in vigore sbagliano ancora: {open}. Le frasi che li avrebbero decisi:");
    for (rule, phrases) in shown {
        let mut rows: Vec<(u32, u32, String)> = phrases
            .into_iter()
            .map(|(phrase, n)| (elsewhere.get(&phrase).copied().unwrap_or_default(), n, phrase))
            .filter(|(other, n, _)| other < n)
            .collect();
        rows.sort_by(|a, b| (b.1.saturating_sub(b.0), &a.2).cmp(&(a.1.saturating_sub(a.0), &b.2)));
        let rows: Vec<Vec<String>> = rows
            .into_iter()
            .take(PROPOSED)
            .map(|(other, n, phrase)| vec![n.to_string(), other.to_string(), phrase])
            .collect();
        say!("\n{rule}\n{}", table(&["corretti", "altri", "frase"], &rows, COLUMN).trim_end());
    }
    say!("\nNessun file è stato cambiato: aggiungi le frasi che hanno senso, poi rules check, test, replay, deploy.");
    Ok(FOUND)
}
