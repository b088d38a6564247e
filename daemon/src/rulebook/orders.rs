//! What a person may order of rules and decisions, of the running service or in its place: to write down a correction, to put
//! a set of rules in force. It changes when they may order something else.

use super::shelf::{self, Pointer};
use crate::config::Config;
use crate::journal::record::{Entry, Ruleset};
use crate::office::Office;
use crate::outbox::orders::{Answer, WORDS_BYTES_MAX};
use crate::store::{Store, Trouble};
use casework::correction::{self, Correction};
use casework::effect::EffectKey;
use casework::nearest::hint;
use casework::rules::{Problem, Rulebook};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Mistakes named in an answer: the line that carries it is bounded.
const PROBLEMS_TOLD_MAX: usize = 10;

/// A correction, as a person gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// First characters of the message's digest.
    pub message: String,
    /// Code of the kind of request.
    pub kind: Option<String>,
    /// Id of the office.
    pub office: Option<String>,
    /// Number of the dossier.
    pub dossier: Option<String>,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// A set of rules to be put in force; its files are on the shelf already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// Its digest.
    pub hash: String,
    /// By which way.
    pub how: Entry,
    /// Who.
    pub by: String,
    /// What they say of it.
    pub note: String,
}

/// Writes down a correction, if it can be one.
///
/// # Errors
/// The store cannot go on.
pub fn correct(store: &mut Store, order: &Correct, book: &Rulebook, now: Timestamp) -> Result<Answer, Trouble> {
    let correction = match fit(order, book) {
        Ok(correction) => correction,
        Err(why) => return Ok(Answer::No(why)),
    };
    if let Some(number) = &correction.dossier
        && store.dossier(number)?.is_none()
    {
        return Ok(Answer::No(format!("il fascicolo {number} non c'è")));
    }
    let digest = match &store.messages_like(&order.message, 2)?[..] {
        [] => return Ok(Answer::No(format!("nessun messaggio ha l'impronta «{}»", order.message))),
        [row] => row.digest.clone(),
        _ => {
            return Ok(Answer::No(format!("«{}» indica più messaggi: scrivi qualche carattere in più", order.message)));
        }
    };
    store.correct(&digest, correction, now)?;
    Ok(Answer::Done(format!(
        "{}: correzione scritta nel registro. La decisione resta com'era; i conti delle regole ne tengono conto",
        crate::digest::flow(&digest)
    )))
}

fn fit(order: &Correct, book: &Rulebook) -> Result<Correction, String> {
    unfit(&order.by, &order.why, true)?;
    if order.message.is_empty() || !order.message.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(
            "manca l'impronta del messaggio (i primi caratteri: «sportello status CARTELLA_DATI --messaggi»)".into()
        );
    }
    if order.kind.is_none() && order.office.is_none() && order.dossier.is_none() {
        return Err("che cosa era sbagliato? Serve almeno uno fra --kind, --office e --dossier".into());
    }
    let kind = order.kind.as_deref().map(correction::kind).transpose().map_err(|why| why.text)?;
    if let Some(office) = order.office.as_deref().filter(|id| book.office(id).is_none()) {
        let near = hint(office, book.offices().map(|office| office.id.as_str()));
        return Err(format!("l'ufficio «{office}» non è fra quelli delle regole{near}"));
    }
    Ok(Correction {
        kind,
        office: order.office.clone(),
        dossier: order.dossier.clone(),
        procedure: None,
        by: order.by.trim().to_owned(),
        why: order.why.trim().to_owned(),
    })
}

fn unfit(by: &str, why: &str, needs_why: bool) -> Result<(), String> {
    if by.trim().is_empty() {
        return Err("manca il nome di chi dà l'ordine".into());
    }
    if needs_why && why.trim().is_empty() {
        return Err("manca il motivo: resta scritto nel registro".into());
    }
    if by.len() > WORDS_BYTES_MAX || why.len() > WORDS_BYTES_MAX {
        return Err(format!("nome e motivo possono avere al massimo {WORDS_BYTES_MAX} byte"));
    }
    Ok(())
}

/// Reads a set from the shelf with everything else that the configuration names, and only if all of it is good points to it
/// and writes it down. The caller puts the office in force.
///
/// # Errors
/// The store cannot go on. Inside: why it is refused; nothing was changed then.
pub fn enter(
    store: &mut Store,
    order: &Enter,
    config: &Config,
    key: EffectKey,
    now: Timestamp,
) -> Result<Result<Box<Office>, String>, Trouble> {
    if let Err(why) = unfit(&order.by, &order.note, false) {
        return Ok(Err(why));
    }
    let files = shelf::read(&config.data, &order.hash)
        .map_err(|text| vec![Problem { file: String::new(), line: None, text, warning: false }]);
    let office = match Office::read_with(config, key, files) {
        Ok(office) => office,
        Err(problems) => return Ok(Err(told(&problems))),
    };
    let hash = office.desk.rules.digest().to_owned();
    if hash != order.hash {
        return Ok(Err(format!("i file della versione {} non sono più quelli: l'impronta è {hash}", order.hash)));
    }
    let pointer = Pointer { hash, at: now, by: order.by.trim().into(), note: order.note.trim().into() };
    // First the pointer: should the line be lost, the next start writes it from the pointer.
    shelf::point(&config.data, &pointer).map_err(|e| Trouble::Io(shelf::folder(&config.data), e))?;
    store.ruleset(Ruleset { hash: pointer.hash, how: order.how, by: pointer.by, note: pointer.note }, now)?;
    Ok(Ok(Box::new(office)))
}

/// The first mistakes, a line each.
#[must_use]
pub fn told(problems: &[Problem]) -> String {
    let mut lines: Vec<String> = problems.iter().take(PROBLEMS_TOLD_MAX).map(ToString::to_string).collect();
    if problems.len() > PROBLEMS_TOLD_MAX {
        lines.push(format!("… e altri {}", problems.len() - PROBLEMS_TOLD_MAX));
    }
    lines.join("\n")
}
