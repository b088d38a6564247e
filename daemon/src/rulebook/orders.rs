//! What a person may order of rules and decisions, of the running service or in its place: to write down a correction, to put
//! a set of rules in force. It changes when they may order something else.

use super::shelf::{self, Pointer};
use crate::config::Config;
use crate::digest::flow;
use crate::journal::record::{Entry, Ruleset};
use crate::office::Office;
use crate::outbox::orders::{Answer, WORDS_BYTES_MAX};
use crate::store::rows::MessageRow;
use crate::store::{Store, Trouble};
use casework::Disposition;
use casework::correction::{self, Correction};
use casework::effect::EffectKey;
use casework::nearest::hint;
use casework::rules::{Kind, Problem, Rulebook};
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

/// Writes down a correction, if it can be one. `own`: the addresses of the body.
///
/// # Errors
/// The store cannot go on.
pub fn correct(
    store: &mut Store,
    order: &Correct,
    book: &Rulebook,
    own: &[String],
    now: Timestamp,
) -> Result<Answer, Trouble> {
    let correction = match fit(order, book) {
        Ok(correction) => correction,
        Err(why) => return Ok(Answer::No(why)),
    };
    if let Some(number) = &correction.dossier
        && store.dossier(number)?.is_none()
    {
        return Ok(Answer::No(format!("il fascicolo {number} non c'è")));
    }
    let mut found = store.messages_like(&order.message, 2)?.into_iter();
    let row = match (found.next(), found.next()) {
        (None, _) => return Ok(Answer::No(format!("nessun messaggio ha l'impronta «{}»", order.message))),
        (Some(row), None) => row,
        (Some(_), Some(_)) => {
            return Ok(Answer::No(format!("«{}» indica più messaggi: scrivi qualche carattere in più", order.message)));
        }
    };
    if let Some(why) = past_correcting(&row, own) {
        return Ok(Answer::No(format!("{}: {why}", flow(&row.digest))));
    }
    let said = told_of(&row, &correction);
    store.correct(&row.digest, correction, now)?;
    Ok(Answer::Done(said))
}

/// Why nothing can be corrected of a message that is no request, and no rule was asked about.
fn past_correcting(row: &MessageRow, own: &[String]) -> Option<String> {
    Some(match &row.disposition {
        Disposition::Receipt { item } => format!(
            "è la ricevuta dell'invio {item}: lo prova la firma del gestore, nessuna regola l'ha deciso e non si corregge"
        ),
        Disposition::Orphan { .. } => {
            "è una ricevuta di un invio che qui non c'è: nessuna regola l'ha deciso e non si corregge".into()
        }
        Disposition::Duplicate { of } => {
            format!("è di nuovo il messaggio {}: la correzione va scritta su quello", flow(of))
        }
        Disposition::Order { office, .. } => format!(
            "è un ordine dell'ufficio {office}, non la richiesta di un cittadino: non si corregge. Se l'ordine era sbagliato, l'ufficio \
             ne dà un altro; se era sbagliata la decisione sul messaggio del cittadino, correggi quello"
        ),
        Disposition::Noted { .. } if own.iter().any(|address| address.eq_ignore_ascii_case(&row.sender)) => {
            format!("viene da {}, che è nostro: non è una richiesta e non si corregge", row.sender)
        }
        Disposition::Request { .. }
        | Disposition::Answered { .. }
        | Disposition::Noted { .. }
        | Disposition::ToPerson { .. }
        | Disposition::Quarantine { .. } => return None,
    })
}

/// What was corrected, with what it was.
fn told_of(row: &MessageRow, correction: &Correction) -> String {
    let (kind, office, dossier) = match &row.disposition {
        Disposition::Request { kind, office, dossier } => (Some(kind.code()), Some(office), dossier.as_ref()),
        Disposition::ToPerson { office, .. } => (None, Some(office), None),
        Disposition::Answered { dossier, .. } => (None, None, dossier.as_ref()),
        _ => (None, None, None),
    };
    let part = |name: &str, now: Option<&str>, was: Option<&str>| {
        let now = now?;
        Some(match was {
            Some(was) if was == now => format!("{name} {now}, com'era già"),
            Some(was) => format!("{name} {now}, era {was}"),
            None => format!("{name} {now}"),
        })
    };
    let parts = [
        part("tipo", correction.kind.map(Kind::code), kind),
        part("ufficio", correction.office.as_deref(), office.map(String::as_str)),
        part("fascicolo", correction.dossier.as_deref(), dossier.map(String::as_str)),
    ];
    let what = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    // Rules are asked about proven mail alone, and mail of machines is put aside before them.
    let is_ruled = row.proven.as_deref() == Some(pec::wire::POSTA_CERTIFICATA)
        && matches!(row.disposition, Disposition::Request { .. } | Disposition::ToPerson { .. });
    let then = if is_ruled {
        "La decisione resta com'era; i conti delle regole ne tengono conto".to_owned()
    } else {
        let how = row.disposition.title();
        format!("Resta com'era ({how}); se nessuna regola ne ha deciso, i conti delle regole non cambiano")
    };
    format!("{}: correzione scritta nel registro: {what}. {then}", flow(&row.digest))
}

fn fit(order: &Correct, book: &Rulebook) -> Result<Correction, String> {
    unfit(&order.by, &order.why, true)?;
    if order.message.is_empty() || !order.message.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("manca l'impronta del messaggio (i primi caratteri: «sportello status --messaggi»)".into());
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
