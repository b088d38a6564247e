//! A request goes on to the body that is competent (L. 241/1990 art. 18-bis c. 2). It changes when it goes there in another way, or
//! when the citizen is told something else of it.

use super::{Bench, Done, NAME_BYTES_MAX, weighed};
use crate::calendar::rome;
use crate::clockwork;
use crate::decision::{Change, ENCLOSED_BYTES_MAX, Outgoing};
use crate::desk::Desk;
use crate::known::Known;
use crate::letters::case::{Case, Told};
use crate::life::Entry;
use crate::nearest::nearest;
use crate::participation;
use crate::receipts::Awaited;
use crate::refused::Refused;
use crate::rules::Body;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;

/// Template of the letter to the other body.
const HAND_OVER: &str = "trasmissione-ente";
/// Messages that go along in one letter. Who has written more has a dossier that somebody must look through.
pub const HANDED_ON_MAX: usize = 20;

/// A message that a citizen filed in a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailed {
    /// SHA-256 in lower-case hex.
    pub message: String,
    /// How many bytes it measures; nothing if the archive does not have it.
    pub bytes: Option<u64>,
}

/// How the request reaches the other body.
enum Road<'a> {
    /// By our PEC, as it came.
    Pec(&'a Body),
    /// A person sends it; why.
    ByHand(String),
}

impl Bench<'_> {
    /// To the body that is competent: it ends the dossier here. One of the rules files gets the citizen's messages as they came;
    /// to another one a person sends them.
    pub(super) fn hand_over(&self, mut moved: Entry, points: &[String], to: &str) -> Result<Done, Refused> {
        if to.is_empty() || to.len() > NAME_BYTES_MAX {
            let known: Vec<&str> = self.desk.rules.bodies().map(|body| body.title.as_str()).collect();
            let known = if known.is_empty() { String::new() } else { format!(". Si conoscono: {}", known.join(", ")) };
            return Err(Refused::new("no-body", format!("manca l'ente competente a cui va la richiesta{known}")));
        }
        // It ends the dossier here with an outcome: nothing that was filed goes unanswered (art. 10).
        participation::outcome_gate(&self.dossier.life.filings)?;
        let road = self.road(to)?;
        let title = match &road {
            Road::Pec(body) => body.title.as_str(),
            Road::ByHand(_) => to,
        };
        let mut told = points.to_vec();
        told.insert(0, format!("L'ente competente è: {title}."));
        if let Entry::Moved { points, .. } = &mut moved {
            points.clone_from(&told);
        }
        let next = match &road {
            Road::Pec(_) => format!("Quando {title} riceve la richiesta ti scriviamo. Poi ti risponde {title}."),
            Road::ByHand(_) => format!("Ti risponde {title}."),
        };
        let outcome = Told {
            decision: "la tua richiesta non è di nostra competenza: la mandiamo noi all'ente competente.",
            next: &next,
            points: &told,
            weighed: weighed(self.dossier),
            ..Told::default()
        };
        let said = match &road {
            Road::Pec(body) => {
                format!("trasmessa: la Pec a {title} ({}) e la lettera al cittadino sono in partenza", body.pec)
            }
            Road::ByHand(why) => {
                format!("trasmessa: la lettera al cittadino è in partenza. La richiesta a {title} mandala tu: {why}")
            }
        };
        self.done(vec![moved], &said, |case| {
            let mut letters = case.outcome(&outcome)?;
            match &road {
                Road::Pec(body) => letters.push(case.hand_over(body, points, &self.order.filed)?),
                Road::ByHand(why) => {
                    let facts = [
                        format!("Al cittadino abbiamo scritto che mandiamo noi la richiesta a {title}: va mandata adesso, a mano."),
                        format!("Perché non è partita da sola: {why}"),
                    ];
                    letters.extend(case.task(&self.dossier.office, "da mandare all'ente competente", &facts, &[]));
                }
            }
            Ok(letters)
        })
    }

    fn road(&self, to: &str) -> Result<Road<'_>, Refused> {
        let rules = &self.desk.rules;
        let Some(body) = rules.body(to) else {
            let known: Vec<&str> = rules.bodies().flat_map(|body| [body.title.as_str(), body.id.as_str()]).collect();
            if let Some(near) = nearest(&to.to_lowercase(), &known) {
                // It cannot be taken back: a slip of the pen must not end a dossier.
                let text = format!(
                    "l'ente «{to}» non c'è fra quelli delle regole. Forse «{near}»? Se è un altro, va aggiunto alle regole (`[body.…]`)"
                );
                return Err(Refused::new("no-body", text));
            }
            return Ok(Road::ByHand("la sua Pec non è fra gli enti delle regole (`[body.…]`).".into()));
        };
        let filed = &self.order.filed;
        let Some(bytes) = filed.iter().map(|mailed| mailed.bytes).sum::<Option<u64>>() else {
            return Ok(Road::ByHand(
                "nell'archivio manca un messaggio del cittadino: avvisa chi amministra il servizio.".into(),
            ));
        };
        Ok(if filed.is_empty() {
            Road::ByHand("nel fascicolo non c'è nessun messaggio del cittadino da allegare.".into())
        } else if filed.len() > HANDED_ON_MAX || bytes > ENCLOSED_BYTES_MAX as u64 {
            let most = ENCLOSED_BYTES_MAX / (1024 * 1024);
            Road::ByHand(format!(
                "i messaggi del cittadino sono più di {HANDED_ON_MAX}, o misurano più di {most} MB: non stanno in una Pec."
            ))
        } else {
            Road::Pec(body)
        })
    }
}

/// The body that is competent has the request: the term runs from this instant (art. 18-bis c. 2), and who asked learns it. A second
/// receipt of the same letter does nothing.
pub(crate) fn delivered(awaited: &Awaited, at: Timestamp, known: &Known, desk: &Desk) -> (Vec<Change>, Vec<Outgoing>) {
    let number = known.awaited_dossier.as_deref();
    let dossier = number.and_then(|number| known.dossier(number)).filter(|_| awaited.template == HAND_OVER);
    let Some(dossier) = dossier.filter(|_| !awaited.is_delivered()) else { return (vec![], vec![]) };
    let named = desk.rules.bodies().find(|body| crate::address::same(&body.pec, &awaited.recipient));
    let body = named.map_or_else(|| awaited.recipient.clone(), |body| body.title.clone());
    let entry = Entry::HandedOver { body: body.clone(), at };
    let mut after = dossier.clone();
    after.apply(&entry, known.now);
    let mut changes = vec![Change::Entered { dossier: dossier.number.clone(), entry }];
    let case = Case::of(known, &after, desk);
    let day = clockwork::day(rome(at).date());
    let what = format!("{body} ha ricevuto la richiesta il {day}.");
    let next = format!("Ti risponde {body}. Il tempo che ha per rispondere si conta dal {day}.");
    match case.news(crate::procedure::model::NEWS, &what, &next) {
        Ok(letters) => (changes, letters),
        Err(why) => {
            changes.push(Change::Incident { code: why.code, text: why.text });
            (changes, vec![])
        }
    }
}

#[cfg(test)]
mod tests;
