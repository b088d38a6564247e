//! What a person must look at, in Italian, one line each: for `sportello status`. With addresses: for the service's own user.

use crate::digest::flow;
use crate::outbox::schedule::Shown;
use crate::store::overview::Summary;
use crate::store::rows::ItemRow;
use casework::calendar;
use casework::receipts::Fact;

/// Longest line, characters: what a server answered may be long.
const LINE_CHARS_MAX: usize = 400;

/// The lines: incidents, then letters; of each the last comes first.
#[must_use]
pub fn lines(summary: &Summary) -> Vec<String> {
    let incident = |(at, _, text, message): &(_, String, String, String)| {
        let about = if message.is_empty() { String::new() } else { format!(" (messaggio {})", flow(message)) };
        cut(&format!("{}  {text}{about}", calendar::stamp(*at)))
    };
    summary.incidents.iter().map(incident).chain(summary.items.iter().map(|item| cut(&letter(item)))).collect()
}

fn letter(item: &ItemRow) -> String {
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
        _ => item.silent().last().map_or("da guardare", crate::outbox::notice::Notice::title),
    };
    // What the receipts say outweighs the provider's first answer.
    let said = item.facts.iter().find_map(|fact| match fact {
        Fact::NotDelivered { why, .. } | Fact::NotAccepted { why, .. } => Some(why),
        _ => None,
    });
    let said = said.unwrap_or(&item.last);
    let why = if said.is_empty() { String::new() } else { format!(" ({said})") };
    format!("{}  «{}» a {}: {what}{why}", calendar::stamp(item.moved_at), item.outgoing.template, item.outgoing.to)
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}
