//! The tables of `sportello status`, and its JSON: every message, dossier and letter. It changes when a column does.

use crate::cli::paint::table;
use crate::cli::rules::corrected;
use crate::clock::Clock;
use crate::digest::flow;
use crate::monitor::report::Report;
use crate::revocation::survey::Survey;
use crate::store::Overview;
use crate::store::rows::{ItemRow, MessageRow};
use casework::{Disposition, calendar};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows shown without `--all`.
const SHOWN: usize = 30;
/// Widest column.
const COLUMN: usize = 44;

/// Messages and dossiers.
pub(super) fn text(overview: &Overview, all: bool) -> String {
    let mut text = messages_table(overview, if all { usize::MAX } else { SHOWN });
    let hidden = overview.messages.len().saturating_sub(SHOWN);
    if hidden > 0 && !all {
        text.push_str(&format!("\n… e altri {hidden} più vecchi: --all\n"));
    }
    if !overview.dossiers.is_empty() {
        let skip = if all { 0 } else { overview.dossiers.len().saturating_sub(SHOWN) };
        let row = |d: &casework::dossier::Dossier| {
            let due = d.due.map(|day| day.to_string()).unwrap_or_default();
            vec![d.number.clone(), d.title.clone(), d.office.clone(), d.state.words().to_owned(), due]
        };
        let rows: Vec<Vec<String>> = overview.dossiers.iter().skip(skip).map(row).collect();
        text.push('\n');
        text.push_str(&table(&["fascicolo", "oggetto", "ufficio", "stato", "entro"], &rows, COLUMN));
    }
    text
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
        Disposition::Order { office, dossier } => {
            (message.disposition.title().to_owned(), dossier.clone(), Some(office.clone()))
        }
        Disposition::Answered { dossier, .. } => (message.disposition.title().to_owned(), dossier.clone(), None),
        Disposition::Quarantine { .. } => (message.disposition.title().to_owned(), None, None),
        Disposition::Receipt { .. } => (message.proven.clone().unwrap_or_default(), None, None),
        other => (other.title().to_owned(), None, None),
    };
    let again =
        if message.places.len() > 1 { format!(" (visto {} volte)", message.places.len()) } else { String::new() };
    let what = match &message.corrected {
        Some((_, said)) => format!("corretto: {} (deciso: {what})", corrected(said)),
        None => what,
    };
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

pub(super) fn as_json(overview: &Overview, digest: Option<&str>, survey: &Survey, service: Option<&Report>) -> Value {
    let items: Vec<Value> = overview
        .items
        .iter()
        .map(|i| {
            json!({
                "id": i.outgoing.id, "message_id": i.outgoing.message_id, "cause": i.cause, "lane": i.outgoing.lane,
                "to": i.outgoing.to, "template": i.outgoing.template, "dossier": i.outgoing.dossier, "state": i.shown(),
                "attempts": i.attempts, "last": i.last, "facts": i.facts, "frozen": i.frozen, "notices": i.notices, "canary": i.canary,
            })
        })
        .collect();
    json!({
        "journal": { "lines": overview.seq, "head": overview.head, "from_line": overview.from }, "state_digest": digest,
        "messages": overview.messages, "dossiers": overview.dossiers, "outbox": items, "incidents": overview.incidents,
        "canaries": overview.canaries,
        "revocation": survey.json(Clock::System.now()), "summary": overview.summary.tally, "service": service,
    })
}
