//! `sportello rules eval`: labelled mail through the rules, for who wants to know how good they are. It changes when another
//! figure is asked of them.

mod figures;
mod line;
pub(super) mod world;

use super::super::{CANNOT_START, FOUND, OK, print_problems};
use crate::office::desk;
use casework::Entity;
use casework::effect::EffectKey;
use casework::rules::{self, Classification, Outcome, Rulebook};
use figures::Figures;
pub(super) use line::Message;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use world::World;

/// Longest line, bytes: a message with its text.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Kinds that are named as candidates.
const CANDIDATES_MAX: usize = 5;

#[derive(clap::Args)]
pub(in super::super) struct Args {
    /// I messaggi, uno per riga in JSON: {"id","subject","body","attachments":[nomi],"from_pec"}; con "label", "office" e
    /// "dossier_ref_raw" si misura quanto le regole ci prendono
    #[arg(long, value_name = "FILE.jsonl")]
    messages: PathBuf,
    /// I fascicoli che esistono: [[dossier]] con id, office, references e parties
    #[arg(long, value_name = "FILE.toml")]
    world: Option<PathBuf>,
    /// La cartella delle regole; se manca, quelle fornite con il programma
    #[arg(long, value_name = "CARTELLA")]
    rules: Option<PathBuf>,
    /// Una riga in JSON per messaggio; le misure vanno sullo standard error
    #[arg(long)]
    json: bool,
}

/// What the rules say of one message, as it is printed.
struct Answer {
    kind: &'static str,
    rule: String,
    abstained: bool,
    /// Other kinds that reached the points which choose a rule.
    also: Vec<&'static str>,
    seen: Classification,
    candidates: Vec<(&'static str, i32)>,
}

pub(in super::super) fn main(args: &Args) -> u8 {
    let entity = Entity { fallback_office: "protocollo".into(), ..Entity::default() };
    let desk = match desk(entity, args.rules.as_deref(), None, EffectKey::new(&[0; EffectKey::BYTES])) {
        Ok(desk) => desk,
        Err(problems) => {
            print_problems(&problems);
            return CANNOT_START;
        }
    };
    match run(args, &desk.rules) {
        Ok(0) => OK,
        Ok(bad) => {
            eprintln!("{bad} righe non si leggono: sono rimaste fuori");
            FOUND
        }
        Err(why) => {
            eprintln!("{why}");
            CANNOT_START
        }
    }
}

/// The number of lines that could not be read.
fn run(args: &Args, book: &Rulebook) -> Result<usize, String> {
    let world = World::read(args.world.as_deref())?;
    let mut figures = Figures::default();
    let bad = each(&args.messages, |message| {
        let answer = answer(book, message, &world);
        figures.count(&message.id, &message.labels, &answer);
        if args.json {
            say!("{}", in_json(&message.id, &answer));
        } else {
            say!("{}", in_words(&message.id, &answer));
        }
    })?;
    if let Some(text) = figures.text() {
        if args.json { eprintln!("{text}") } else { say!("{text}") }
    }
    Ok(bad)
}

/// Every message of a file; the number of lines that could not be read, each named.
pub(super) fn each(path: &Path, mut with: impl FnMut(&Message)) -> Result<usize, String> {
    let mut lines = BufReader::new(File::open(path).map_err(|e| cannot(path, &e))?);
    let (mut line, mut bad, mut number) = (String::new(), 0, 0_usize);
    loop {
        line.clear();
        number += 1;
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line).map_err(|e| cannot(path, &e))?;
        if read == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Message>(&line) {
            Ok(message) => with(&message),
            Err(why) => {
                eprintln!("{}:{number}: non è un messaggio: {why}", path.display());
                bad += 1;
            }
        }
    }
    Ok(bad)
}

fn cannot(path: &Path, why: &std::io::Error) -> String {
    format!("{}: non riesco a leggerlo: {why}", path.display())
}

fn answer(book: &Rulebook, message: &Message, world: &World) -> Answer {
    let attachments: Vec<&str> = message.attachments.iter().map(String::as_str).collect();
    let material = message.material(&attachments);
    let seen = rules::classify(book, &material, &world.seen_by(&message.from_pec));
    let kind = |rule: &str| book.rule(rule).map_or(book.otherwise().kind, |rule| rule.kind).code();
    let mut best: BTreeMap<&'static str, i32> = BTreeMap::new();
    let live = seen.scores.iter().filter(|s| s.weight() > 0 && !seen.shadow.contains(&s.rule));
    for score in live.clone() {
        let most = best.entry(kind(&score.rule)).or_insert(score.weight());
        *most = score.weight().max(*most);
    }
    let mut candidates: Vec<(&'static str, i32)> = best.into_iter().collect();
    candidates.sort_by_key(|(kind, score)| (std::cmp::Reverse(*score), *kind));
    candidates.truncate(CANDIDATES_MAX);
    let abstained = !matches!(seen.outcome, Outcome::Chosen { .. });
    // Where the rules leave it to a person, the first candidate is what that person is shown first.
    let rule = if abstained { live.clone().next().map_or(&seen.rule, |s| &s.rule) } else { &seen.rule }.clone();
    let primary = kind(&rule);
    let tied: &[(String, i32)] = if let Outcome::Tie(tied) = &seen.outcome { tied } else { &[] };
    let mut also: Vec<&'static str> =
        seen.also.iter().chain(tied.iter().map(|(rule, _)| rule)).map(|rule| kind(rule)).collect();
    also.sort_unstable();
    also.dedup();
    also.retain(|other| *other != primary);
    Answer { kind: primary, rule, abstained, also, candidates, seen }
}

fn in_json(id: &str, answer: &Answer) -> Value {
    let seen = &answer.seen;
    let score = answer.candidates.first().map_or(0, |(_, score)| *score);
    let second = answer.candidates.iter().find(|(kind, _)| *kind != answer.kind).map_or(0, |(_, score)| *score);
    let references: Vec<Value> = seen
        .citations
        .iter()
        .map(|cited| {
            json!({
                "raw": cited.reference.raw, "canonical": cited.reference.canonical(), "kind": cited.reference.kind.code(),
                "place": cited.reference.place.code(), "resolved": cited.dossier, "why": cited.why,
            })
        })
        .collect();
    let usable = seen.fields.iter().filter(|field| seen.field(&field.name).is_some());
    let fields: Map<String, Value> = usable
        .flat_map(|field| {
            let old = field.old.as_ref().map(|old| (format!("{}_old", field.name), json!(old)));
            [(field.name.clone(), json!(field.value))].into_iter().chain(old)
        })
        .collect();
    let candidates: Vec<Value> =
        answer.candidates.iter().map(|(kind, score)| json!({ "kind": kind, "score": score })).collect();
    json!({
        "id": id, "kind": answer.kind, "also": answer.also, "rule": answer.rule, "office": seen.office, "score": score,
        "margin": score - second, "abstained": answer.abstained, "candidates": candidates, "references": references,
        "fields": fields,
    })
}

fn in_words(id: &str, answer: &Answer) -> String {
    let how = if answer.abstained { "decide una persona, prima ipotesi" } else { "è" };
    let references: Vec<String> = answer
        .seen
        .citations
        .iter()
        .map(|cited| format!("{} → {}", cited.reference.canonical(), cited.dossier.as_deref().unwrap_or("—")))
        .collect();
    let cites = if references.is_empty() { String::new() } else { format!("; cita {}", references.join(", ")) };
    format!("{id}: {how} {} ({}), ufficio {}{cites}", answer.kind, answer.rule, answer.seen.office)
}
