//! What a person may order of an item of the outbox: hold, release, withdraw, resend. One commit each, with name and reason.

use super::schedule::{ACCEPTANCE_OVERDUE, Move, Shown, State};
use crate::store::rows::ItemRow;
use crate::store::{Store, Trouble};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest reason, and longest name, in bytes: the journal keeps them for ever.
pub const WORDS_BYTES_MAX: usize = 1000;
/// Items named in the answer to an id that fits several.
const CANDIDATES_MAX: usize = 5;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Hold it back until it is released.
    Hold,
    /// Let it go now.
    Release,
    /// Never send it.
    Withdraw,
    /// Send the same bytes again.
    Resend,
}

/// An order of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// First characters of the item's id, or its whole Message-ID.
    pub item: String,
    /// What to do.
    pub act: Act,
    /// Who orders it.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What came of an order, as the person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", content = "text", rename_all = "kebab-case")]
pub enum Answer {
    /// Done, and in the journal.
    Done(String),
    /// Not done, nothing was changed.
    No(String),
}

/// Carries out an order.
///
/// # Errors
/// The store cannot go on.
pub fn carry_out(store: &mut Store, order: &Order, now: Timestamp) -> Result<Answer, Trouble> {
    if let Some(wrong) = unfit(order) {
        return Ok(Answer::No(wrong));
    }
    let row = match &store.items_like(&order.item, CANDIDATES_MAX + 1)?[..] {
        [] => return Ok(Answer::No(format!("nessuna lettera ha l'identificativo «{}»", order.item))),
        [row] => row.clone(),
        several => {
            let names: Vec<_> = several.iter().take(CANDIDATES_MAX).map(|row| row.outgoing.id.as_str()).collect();
            let more = if several.len() > CANDIDATES_MAX { " …" } else { "" };
            return Ok(Answer::No(format!("«{}» indica più lettere: {}{more}", order.item, names.join(", "))));
        }
    };
    let (step, said) = match step(&row, order, now) {
        Ok(both) => both,
        Err(why) => return Ok(Answer::No(why)),
    };
    store.move_item(&row.outgoing.id, step, now)?;
    Ok(Answer::Done(said))
}

/// What makes an order unfit for the register.
fn unfit(order: &Order) -> Option<String> {
    if order.item.is_empty() {
        return Some("manca l'identificativo della lettera".into());
    }
    if order.by.trim().is_empty() {
        return Some("manca il nome di chi dà l'ordine".into());
    }
    if order.act != Act::Release && order.why.trim().is_empty() {
        return Some("manca il motivo: resta scritto nel registro".into());
    }
    [&order.by, &order.why]
        .into_iter()
        .any(|text| text.len() > WORDS_BYTES_MAX)
        .then(|| format!("nome e motivo possono avere al massimo {WORDS_BYTES_MAX} byte"))
}

/// The move, and what to tell the person; or why not.
fn step(row: &ItemRow, order: &Order, now: Timestamp) -> Result<(Move, String), String> {
    let (by, why) = (order.by.trim().to_owned(), order.why.trim().to_owned());
    let name = format!("«{}» a {}", row.outgoing.subject, row.outgoing.to);
    let both = match (order.act, &row.state) {
        (Act::Hold, State::Held { .. } | State::Queued { .. }) => {
            (Move::Stopped { why, by }, format!("{name}: fermata, non parte finché non la liberi"))
        }
        (Act::Release, State::Held { .. } | State::Queued { .. }) => {
            no_receipt(row)?;
            (Move::Released { due: now, by }, format!("{name}: parte adesso"))
        }
        (Act::Withdraw, State::Held { .. } | State::Queued { .. }) => {
            (Move::Withdrawn { why, by }, format!("{name}: ritirata, non partirà più"))
        }
        (Act::Withdraw, State::Unknown) => (
            Move::Withdrawn { why, by },
            format!("{name}: chiusa senza rispedirla. Se il gestore l'aveva presa, le ricevute si vedranno lo stesso"),
        ),
        (Act::Resend, State::Unknown | State::Submitted | State::Refused) => {
            evidence_against_resending(row, now)?;
            (
                Move::Resent { due: now, why, by },
                format!(
                    "{name}: parte di nuovo, identica e con lo stesso Message-ID. Se è già stato mandato il compito di spedirla \
                     su carta, avvisa l'ufficio"
                ),
            )
        }
        (Act::Resend, State::Held { .. } | State::Queued { .. }) => {
            return Err(format!("{name}: non è ancora partita; per farla partire subito: release"));
        }
        (_, State::Submitting | State::InDot) => {
            return Err(format!("{name}: è in invio proprio adesso, riprova fra poco"));
        }
        (_, State::Withdrawn) => return Err(format!("{name}: è già stata ritirata")),
        (_, State::Submitted | State::Refused | State::Unknown) => {
            return Err(format!("{name}: è {}: non si può più fermare", row.shown().title()));
        }
    };
    Ok(both)
}

/// A receipt is proof that the provider had it: sending again would be a second legal message (P4).
fn no_receipt(row: &ItemRow) -> Result<(), String> {
    if row.facts.is_empty() {
        return Ok(());
    }
    Err(format!(
        "il gestore l'ha avuta: è {}. Non va rispedita; se serve, si scrive una lettera nuova",
        row.shown().title()
    ))
}

fn evidence_against_resending(row: &ItemRow, now: Timestamp) -> Result<(), String> {
    no_receipt(row)?;
    if row.shown() == Shown::Sent {
        return Err(
            "è stata presa in carico da un server che non dà ricevute: non c'è niente che dica che non è arrivata"
                .into(),
        );
    }
    let waited = now.duration_since(row.moved_at);
    if row.state == State::Submitted && waited < ACCEPTANCE_OVERDUE {
        return Err(format!(
            "il gestore ha risposto di averla presa da {} minuti: l'accettazione si aspetta fino a {}",
            waited.as_mins(),
            ACCEPTANCE_OVERDUE.as_mins()
        ));
    }
    Ok(())
}
