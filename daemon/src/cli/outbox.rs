//! `sportello outbox`: the letters on their way out, and what a person may order of them.

use super::counter::{ReadBy, look};
use super::paint::table;
use super::{CANNOT_START, FOUND, OK};
use crate::archive::{Archive, Shelf};
use crate::clock::Clock;
use crate::control;
use crate::journal::record::Event;
use crate::journal::{Journal, Tail};
use crate::outbox::orders::{Act, Answer, Order, carry_out};
use crate::outbox::schedule::{Move, Shown};
use crate::store::rows::ItemRow;
use crate::store::{Overview, Store, Trouble};
use casework::access::What;
use casework::receipts::Fact;
use casework::{Lane, calendar};
use serde_json::json;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Widest column.
const COLUMN: usize = 44;
/// Characters of an id that are shown; enough to tell items apart, and accepted wherever an id is asked.
const ID_SHOWN: usize = 10;

const AFTER_HELP: &str = "\
Una lettera si indica con i primi caratteri del suo identificativo (prima colonna di «list») o con il Message-ID.
Ogni ordine resta nel registro con nome e motivo. Funziona mentre il servizio lavora, e anche quando è fermo.

  sportello outbox list /var/lib/sportello
  sportello outbox hold /var/lib/sportello 3kf9 --by \"Anna Neri\" --why \"importo da ricontrollare\"
  sportello outbox release /var/lib/sportello 3kf9 --by \"Anna Neri\"";

#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Le lettere che non hanno finito il loro cammino; con --all anche le altre
    List {
        /// La cartella dei dati
        #[arg(value_name = "CARTELLA")]
        data: PathBuf,
        /// Anche quelle consegnate, rifiutate, ritirate
        #[arg(long)]
        all: bool,
        /// Risposta in JSON: un oggetto per riga
        #[arg(long)]
        json: bool,
    },
    /// Tutto di una lettera: dove sta, che cosa le è successo, che cosa dice
    Show {
        /// La cartella dei dati
        #[arg(value_name = "CARTELLA")]
        data: PathBuf,
        /// La lettera
        #[arg(value_name = "LETTERA")]
        item: String,
        /// Scrive sullo standard output i byte esatti che partono, o sono partiti
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        reader: ReadBy,
    },
    /// Ferma una lettera che non è ancora partita, finché non la si libera
    Hold(OrderArgs),
    /// Fa partire subito una lettera ferma o in attesa
    Release(OrderArgs),
    /// Ritira una lettera: non partirà più. Per una incerta: si chiude senza rispedirla
    Withdraw(OrderArgs),
    /// Rispedisce, identica, una lettera incerta, rifiutata o senza accettazione. Mai una che ha già una ricevuta
    Resend(OrderArgs),
}

#[derive(clap::Args)]
struct OrderArgs {
    /// La cartella dei dati
    #[arg(value_name = "CARTELLA")]
    data: PathBuf,
    /// La lettera
    #[arg(value_name = "LETTERA")]
    item: String,
    /// Chi dà l'ordine (nome e cognome)
    #[arg(long, value_name = "NOME")]
    by: String,
    /// Perché; per release può mancare
    #[arg(long, value_name = "MOTIVO", default_value = "")]
    why: String,
}

pub(super) fn main(args: &Args) -> u8 {
    match &args.action {
        Action::List { data, all, json } => list(data, *all, *json),
        Action::Show { data, item, raw, reader } => show(data, item, *raw, reader),
        Action::Hold(args) => give(args, Act::Hold),
        Action::Release(args) => give(args, Act::Release),
        Action::Withdraw(args) => give(args, Act::Withdraw),
        Action::Resend(args) => give(args, Act::Resend),
    }
}

fn list(data: &Path, all: bool, json: bool) -> u8 {
    let overview = match Overview::read(data) {
        Ok((overview, _)) => overview,
        Err(trouble) => return cannot(&trouble),
    };
    let items: Vec<&ItemRow> = overview.items.iter().filter(|i| all || !i.shown().is_final()).collect();
    if json {
        for item in items {
            say!("{}", as_json(item));
        }
        return OK;
    }
    if items.is_empty() {
        say!(
            "{}",
            if all { "Nessuna lettera." } else { "Nessuna lettera in cammino; con --all si vedono anche le altre." }
        );
        return OK;
    }
    let rows: Vec<Vec<String>> = items.iter().map(|item| row(item)).collect();
    say!(
        "{}",
        table(&["lettera", "creata", "stato", "destinatario", "oggetto", "fascicolo", "tentativi"], &rows, COLUMN)
    );
    OK
}

fn row(item: &ItemRow) -> Vec<String> {
    let id: String = item.outgoing.id.chars().take(ID_SHOWN).collect();
    vec![
        id,
        calendar::stamp(item.created_at),
        state(item),
        item.outgoing.to.clone(),
        item.outgoing.subject.clone(),
        item.outgoing.dossier.clone().unwrap_or_default(),
        item.attempts.to_string(),
    ]
}

/// Its state, and until when where that says more.
fn state(item: &ItemRow) -> String {
    let title = item.shown().title();
    match (item.shown(), item.due()) {
        (Shown::Held, _) if item.is_stopped() => "fermata".into(),
        (Shown::Held, Some(until)) => format!("{title} fino alle {}", calendar::stamp(until)),
        (Shown::Queued, Some(due)) => format!("{title}, si prova dalle {}", calendar::stamp(due)),
        (Shown::Withdrawn, _) if !item.last.is_empty() => format!("{title}: {}", item.last),
        _ => item.silent().last().map_or_else(|| title.into(), |notice| format!("{title}: {}", notice.title())),
    }
}

fn as_json(item: &ItemRow) -> serde_json::Value {
    json!({
        "id": item.outgoing.id, "message_id": item.outgoing.message_id, "cause": item.cause, "lane": item.outgoing.lane,
        "to": item.outgoing.to, "subject": item.outgoing.subject, "template": item.outgoing.template,
        "dossier": item.outgoing.dossier, "state": item.shown(), "created_at": item.created_at, "moved_at": item.moved_at,
        "attempts": item.attempts, "last": item.last, "facts": item.facts, "frozen": item.frozen, "notices": item.notices,
        "canary": item.canary,
    })
}

fn show(data: &Path, name: &str, raw: bool, reader: &ReadBy) -> u8 {
    let overview = match Overview::read(data) {
        Ok((overview, _)) => overview,
        Err(trouble) => return cannot(&trouble),
    };
    let found: Vec<&ItemRow> = overview.items.iter().filter(|i| i.is_called(name)).collect();
    let [item] = found[..] else {
        match found.len() {
            0 => eprintln!("nessuna lettera ha l'identificativo «{name}»"),
            n => eprintln!("«{name}» indica {n} lettere: scrivi qualche carattere in più"),
        }
        return FOUND;
    };
    // A canary is about nobody.
    if item.canary.is_none() {
        let dossiers = item.outgoing.dossier.iter().cloned().collect();
        let to = if item.outgoing.lane != Lane::Internal { item.outgoing.to.clone() } else { String::new() };
        if let Err(why) = look(data, reader.reader().looks(What::Letter, vec![], dossiers, to)) {
            eprintln!("{why}");
            return FOUND;
        }
    }
    let bytes = Archive::at(data).read(Shelf::Out, &item.frozen);
    if raw {
        return match bytes {
            Ok(bytes) => match std::io::Write::write_all(&mut std::io::stdout(), &bytes) {
                Ok(()) => OK,
                Err(_) => FOUND,
            },
            Err(e) => {
                eprintln!("{}: {e}", item.frozen);
                FOUND
            }
        };
    }
    match history(data, item) {
        Ok(history) => {
            say!("{}", describe(item, &history));
            if let Err(e) = bytes {
                eprintln!("ATTENZIONE: la copia da inviare non è integra: {e}");
                return FOUND;
            }
            OK
        }
        Err(trouble) => cannot(&trouble),
    }
}

/// What happened to an item, a line each.
fn history(data: &Path, item: &ItemRow) -> Result<Vec<String>, Trouble> {
    let mut lines = Vec::new();
    let (id, is_in_doubt) = (&item.outgoing.id, item.restored);
    Journal::verify(data, Tail::Open, |record, _| {
        let what = match &record.event {
            Event::Restored(said) if is_in_doubt => {
                format!("registro ripristinato, lo scrive {}: {}", said.by, said.why)
            }
            Event::Moved { item, step } if item == id => words(step),
            Event::Noticed { item, notice, text, .. } if item == id => format!("{}. {text}", notice.title()),
            _ => return,
        };
        lines.push(format!("{}  {what}", calendar::stamp(record.at)));
    })?;
    Ok(lines)
}

fn words(step: &Move) -> String {
    match step {
        Move::Claimed { n } => format!("tentativo {n}"),
        Move::InDot => "consegnata per intero al gestore: si aspetta la sua risposta".into(),
        Move::Submitted { reply } => format!("presa in carico: {reply}"),
        Move::Requeued { due, why } => format!("non presa, si riprova alle {}: {why}", calendar::stamp(*due)),
        Move::Postponed { due, why } => format!("rimandata alle {}: {why}", calendar::stamp(*due)),
        Move::Refused { why } => format!("rifiutata: {why}"),
        Move::Unknown { why } => format!("non si sa se è stata presa: {why}"),
        Move::Withdrawn { why, by } => format!("ritirata da {by}: {why}"),
        Move::Stopped { why, by } => format!("fermata da {by}: {why}"),
        Move::Released { by, .. } => format!("fatta partire da {by}"),
        Move::ResentByRule { why, .. } => format!("rispedita identica, come il suo modello permette una volta: {why}"),
        Move::Resent { why, by, .. } => format!("rispedita da {by}: {why}"),
    }
}

fn describe(item: &ItemRow, history: &[String]) -> String {
    let outgoing = &item.outgoing;
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{}\n", outgoing.subject);
    let lines = [
        ("stato", state(item)),
        ("da", outgoing.from.clone()),
        ("a", outgoing.to.clone()),
        ("modello", outgoing.template.clone()),
        ("fascicolo", outgoing.dossier.clone().unwrap_or_default()),
        ("identificativo", outgoing.id.clone()),
        ("Message-ID", outgoing.message_id.clone()),
        ("nata da", born_of(item)),
        ("impronta", item.frozen.clone()),
    ];
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(out, "  {name:<15}{value}");
    }
    let _ = writeln!(out, "\nChe cosa le è successo\n  {}  decisa", calendar::stamp(item.created_at));
    for line in history {
        let _ = writeln!(out, "  {line}");
    }
    for fact in &item.facts {
        let _ = writeln!(out, "  {}", receipt(fact));
    }
    if let Some(seen) = item.canary.as_ref().and_then(|mark| mark.seen) {
        let _ = writeln!(out, "  {}  la sua busta è arrivata, ed è autentica", calendar::stamp(seen));
    }
    if outgoing.lane == Lane::Pec {
        let _ = writeln!(out, "\nChe cosa dice\n");
        for line in outgoing.text.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    out
}

/// What caused it.
fn born_of(item: &ItemRow) -> String {
    match &item.canary {
        Some(mark) => format!("canarino del {}: una Pec al giorno a noi stessi ([allarmi] canarino)", mark.day),
        None => format!("messaggio {}", crate::digest::flow(&item.cause)),
    }
}

fn receipt(fact: &Fact) -> String {
    let more = match fact {
        Fact::Accepted { pec_id, .. } => format!(" ({pec_id})"),
        Fact::NotAccepted { why, .. } | Fact::NotDelivered { why, .. } => format!(": {why}"),
        Fact::Delivered { .. } => String::new(),
        Fact::Delayed { last, .. } => String::from(if *last { " (24 ore: finale)" } else { " (12 ore)" }),
    };
    format!("{}  ricevuta: {}{more}", calendar::stamp(fact.at()), fact.tipo().word())
}

fn give(args: &OrderArgs, act: Act) -> u8 {
    let order = Order { item: args.item.clone(), act, by: args.by.clone(), why: args.why.clone() };
    let answer = match control::order(&args.data, &order) {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => without_service(&args.data, &order),
        Err(e) => {
            eprintln!(
                "il servizio non ha risposto: {e}. L'ordine può essere stato eseguito: guarda con «sportello outbox show»"
            );
            return FOUND;
        }
    };
    match answer {
        Ok(Answer::Done(text)) => {
            say!("{text}");
            OK
        }
        Ok(Answer::No(text)) => {
            eprintln!("{text}");
            FOUND
        }
        Err(trouble) => cannot(&trouble),
    }
}

/// Nobody is at the counter: the command takes the service's place for a moment.
fn without_service(data: &Path, order: &Order) -> Result<Answer, Trouble> {
    if !data.join("journal").is_dir() {
        return Ok(Answer::No(format!("{}: non è una cartella dei dati di Sportello", data.display())));
    }
    let now = Clock::System.now();
    let answer = carry_out(&mut Store::open(data, now)?, order, now)?;
    Ok(match answer {
        Answer::Done(text) => {
            Answer::Done(format!("{text}\n(il servizio è fermo: l'ordine è scritto, vale da quando riparte)"))
        }
        no => no,
    })
}

fn cannot(trouble: &Trouble) -> u8 {
    eprintln!("{trouble}");
    CANNOT_START
}
