//! `sportello status`: the state as the journal tells it, beside a running service too.

use super::paint::table;
use super::{CANNOT_START, FOUND, OK};
use crate::clock::Clock;
use crate::digest::flow;
use crate::outbox::schedule::Shown;
use crate::revocation::survey::Survey;
use crate::store::Overview;
use crate::store::rows::{ItemRow, MessageRow};
use casework::receipts::Fact;
use casework::{Disposition, calendar};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Messages shown without `--all`.
const SHOWN: usize = 30;
/// Widest column.
const COLUMN: usize = 44;

#[derive(clap::Args)]
pub(super) struct Args {
    /// La cartella dei dati
    #[arg(value_name = "CARTELLA")]
    data: PathBuf,
    /// Tutti i messaggi, non solo gli ultimi
    #[arg(long)]
    all: bool,
    /// Risposta in JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn main(args: &Args) -> u8 {
    let (overview, digest) = match Overview::read(&args.data) {
        Ok(read) => read,
        Err(trouble) => {
            eprintln!("{trouble}");
            return CANNOT_START;
        }
    };
    let survey = Survey::of(&args.data, None);
    if args.json {
        say!("{}", as_json(&overview, &digest, &survey));
    } else {
        print(&overview, args.all, &survey);
    }
    if attention(&overview).is_empty() { OK } else { FOUND }
}

/// What a person must look at.
fn attention(overview: &Overview) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, _, text, message) in &overview.incidents {
        lines.push(format!("{}  {text} (messaggio {})", calendar::stamp(*at), flow(message)));
    }
    for item in &overview.items {
        let what = match item.shown() {
            Shown::Unknown => {
                "non si sa se il gestore l'ha presa in carico: non viene rispedita: decidi tu (sportello outbox show, resend, withdraw)"
            }
            Shown::Refused | Shown::Failed if item.outgoing.lane == casework::Lane::Internal => {
                "il compito non è arrivato: va consegnato a mano"
            }
            Shown::Refused => "rifiutata dal gestore",
            Shown::Failed => "non consegnata: la spedizione va fatta su carta",
            Shown::Held if item.is_stopped() => "fermata da una persona: non parte finché qualcuno non la libera",
            _ => match item.silent().last() {
                Some(notice) => notice.title(),
                None => continue,
            },
        };
        // What the receipts say outweighs the provider's first answer.
        let said = item.facts.iter().find_map(|fact| match fact {
            Fact::NotDelivered { why, .. } | Fact::NotAccepted { why, .. } => Some(why),
            _ => None,
        });
        let said = said.unwrap_or(&item.last);
        let why = if said.is_empty() { String::new() } else { format!(" ({said})") };
        lines.push(format!(
            "{}  «{}» a {}: {what}{why}",
            calendar::stamp(item.moved_at),
            item.outgoing.template,
            item.outgoing.to
        ));
    }
    lines
}

fn print(overview: &Overview, all: bool, survey: &Survey) {
    say!("{}", messages_table(overview, if all { usize::MAX } else { SHOWN }));
    let hidden = overview.messages.len().saturating_sub(SHOWN);
    if hidden > 0 && !all {
        say!("… e altri {hidden} più vecchi: --all\n");
    }
    if !overview.dossiers.is_empty() {
        let skip = if all { 0 } else { overview.dossiers.len().saturating_sub(SHOWN) };
        let row = |d: &casework::dossier::Dossier| {
            let due = d.due.map(|day| day.to_string()).unwrap_or_default();
            vec![d.number.clone(), d.title.clone(), d.office.clone(), d.state.words().to_owned(), due]
        };
        let rows: Vec<Vec<String>> = overview.dossiers.iter().skip(skip).map(row).collect();
        say!("{}", table(&["fascicolo", "oggetto", "ufficio", "stato", "entro"], &rows, COLUMN));
    }
    let mut by_state: BTreeMap<Shown, usize> = BTreeMap::new();
    for item in &overview.items {
        *by_state.entry(item.shown()).or_default() += 1;
    }
    let mut states: Vec<String> = by_state.iter().map(|(state, n)| format!("{n} {}", state.title())).collect();
    if states.is_empty() {
        states.push("niente".into());
    }
    say!(
        "Messaggi: {}   Fascicoli: {}   In uscita: {}",
        overview.messages.len(),
        overview.dossiers.len(),
        states.join(", ")
    );
    let orphans = overview.messages.iter().filter(|m| matches!(m.disposition, Disposition::Orphan { .. })).count();
    if orphans > 0 {
        // Mail written in the provider's web page has them; nobody else should.
        say!("Ricevute di messaggi non inviati da qui: {orphans} (tenute, non cambiano nulla)");
    }
    say!("Registro: {} righe, ultima impronta {}", overview.seq, overview.head);
    let now = Clock::System.now();
    if survey.signers > 0 {
        say!("Liste di revoca: {}", survey.line(now));
        for warning in survey.warnings(now) {
            say!("  attenzione: {warning}");
        }
    }
    let attention = attention(overview);
    if !attention.is_empty() {
        say!("\nDa guardare:");
        for line in attention {
            say!("  {line}");
        }
    }
}

/// One row a message: verdict → request → dossier → office → reply → receipts.
pub(crate) fn messages_table(overview: &Overview, last: usize) -> String {
    let items: BTreeMap<&str, &ItemRow> = overview.items.iter().map(|i| (i.outgoing.id.as_str(), i)).collect();
    let skip = overview.messages.len().saturating_sub(last);
    let rows: Vec<Vec<String>> = overview.messages.iter().skip(skip).map(|m| row(m, &items)).collect();
    table(&["quando", "messaggio", "verdetto", "che cos'è", "fascicolo", "ufficio", "risposta", "esito"], &rows, COLUMN)
}

fn row(message: &MessageRow, items: &BTreeMap<&str, &ItemRow>) -> Vec<String> {
    let own: Vec<&ItemRow> = message.items.iter().filter_map(|id| items.get(id.as_str()).copied()).collect();
    let reply = own.iter().find(|i| i.outgoing.lane == casework::Lane::Pec);
    let (what, dossier, office) = match &message.disposition {
        Disposition::Request { kind, office, dossier } => {
            (kind.title().to_owned(), dossier.clone(), Some(office.clone()))
        }
        Disposition::ToPerson { office, .. } => (message.disposition.title().to_owned(), None, Some(office.clone())),
        Disposition::Quarantine { .. } => (message.disposition.title().to_owned(), None, None),
        Disposition::Receipt { .. } => (message.proven.clone().unwrap_or_default(), None, None),
        other => (other.title().to_owned(), None, None),
    };
    let again =
        if message.places.len() > 1 { format!(" (visto {} volte)", message.places.len()) } else { String::new() };
    vec![
        calendar::stamp(message.decided_at),
        flow(&message.digest).to_owned(),
        format!("{}{again}", grade(&message.grade)),
        what,
        dossier.unwrap_or_default(),
        office.unwrap_or_default(),
        reply.map(|i| i.outgoing.template.clone()).unwrap_or_default(),
        reply.map(|i| i.shown().title().to_owned()).unwrap_or_default(),
    ]
}

/// A grade in Italian.
pub(crate) fn grade(code: &str) -> &str {
    match code {
        "genuine" => "autentico",
        "genuine-weak" => "autentico (firma debole)",
        "orphan" => "di un messaggio non nostro",
        "mismatch" => "discordante",
        "suspect" => "sospetto",
        "not-pec" => "non Pec",
        "" => "non esaminato",
        other => other,
    }
}

fn as_json(overview: &Overview, digest: &str, survey: &Survey) -> Value {
    let items: Vec<Value> = overview
        .items
        .iter()
        .map(|i| {
            json!({
                "id": i.outgoing.id, "message_id": i.outgoing.message_id, "cause": i.cause, "lane": i.outgoing.lane,
                "to": i.outgoing.to, "template": i.outgoing.template, "dossier": i.outgoing.dossier, "state": i.shown(),
                "attempts": i.attempts, "last": i.last, "facts": i.facts, "frozen": i.frozen, "notices": i.notices,
            })
        })
        .collect();
    json!({
        "journal": { "lines": overview.seq, "head": overview.head }, "state_digest": digest,
        "messages": overview.messages, "dossiers": overview.dossiers, "outbox": items, "incidents": overview.incidents,
        "revocation": survey.json(Clock::System.now()),
    })
}
