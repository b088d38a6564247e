//! The answers that a task offers: each a word to write, and a link that writes it. It changes when another answer is offered.

use super::words::{NOT_HELD, ORDERS, What};
use super::{code, role};
use crate::clockwork::procedure_of;
use crate::desk::Desk;
use crate::dossier::{self, Dossier};
use crate::participation;
use crate::procedure::Actor;
use crate::reply::percent;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The words that give the order.
    pub(crate) words: &'static str,
    /// What must stand with them, in Italian; empty: nothing.
    pub(crate) with: &'static str,
    /// A link that opens the mail with the order in it (RFC 6068).
    pub(crate) link: String,
}

/// The reference that the subject of a task bears where it can be answered by mail: the dossier and the code.
pub(crate) fn reference(dossier: &Dossier, office: &str, desk: &Desk) -> String {
    let tag = dossier::tag(&dossier.number);
    match desk.entity.office_box {
        Some(_) => format!("{tag} [Codice {}]", code::of(dossier, office, desk)),
        None => tag,
    }
}

/// What an office may answer about a dossier as it stands: only what would be carried out. None where there is no mailbox for it.
pub(crate) fn of(dossier: &Dossier, office: &str, as_what: &str, desk: &Desk) -> Vec<Answer> {
    let (Some(office_box), Some(procedure)) = (&desk.entity.office_box, procedure_of(dossier, desk)) else {
        return Vec::new();
    };
    let actor = Actor::Office { id: office, role: role(as_what) };
    let is_open = !dossier.state.is_final();
    let life = &dossier.life;
    let is_offered = |what: What| match what {
        What::Do(verb) => procedure.act(dossier.state, verb, actor, &dossier.office).is_ok(),
        What::Assign => is_open && procedure.may_in(Verb::Assegna, actor, &dossier.office).is_ok(),
        What::NotOurs => is_open && procedure.may_in(Verb::Assegna, actor, &dossier.office).is_ok(),
        What::Weigh => life.filings.iter().any(|filing| filing.state == participation::State::Filed),
        What::Approve | What::Refuse => is_open && life.changes.iter().any(|change| !change.state.is_decided()),
        What::Note => true,
    };
    let mut offered: Vec<Answer> = Vec::new();
    let mut seen: Vec<What> = Vec::new();
    for (words, what) in ORDERS {
        // One way to say it is enough.
        if seen.contains(what) || !is_offered(*what) {
            continue;
        }
        seen.push(*what);
        let subject = format!("{} {words}", reference(dossier, office, desk));
        let link = mailto(&office_box.address, &subject, &body(words, *what));
        offered.push(Answer { words, with: with(*what), link });
    }
    offered
}

fn with(what: What) -> &'static str {
    match what {
        What::Do(Verb::ChiediIntegrazione) => "e sotto, dopo un trattino, ogni cosa che chiedi",
        What::Do(Verb::PreavvisoDiniego | Verb::Accogli | Verb::Respingi | Verb::DichiaraIrricevibile) => {
            "e sotto, dopo un trattino, ogni motivo"
        }
        What::Do(Verb::ChiediParere | Verb::RiceviParere) => "e il nome dell'ente",
        What::Do(Verb::ChiediRegolarizzazione) => "e sotto, dopo un trattino, che cosa manca",
        What::Do(_) => "",
        What::Assign => "e il nome della persona o dell'ufficio",
        What::Note => "e i due punti, poi il testo",
        What::NotOurs => "e, se lo sai, i due punti e di chi è",
        What::Weigh => "e il numero dell'atto di parte, poi ACCOLTA o NON ACCOLTA, i due punti e perché",
        What::Approve => "e il numero della modifica",
        What::Refuse => "e il numero della modifica, i due punti e perché",
    }
}

/// The mail as the link opens it: what is missing is left to write.
fn body(words: &str, what: What) -> String {
    match what {
        What::Do(Verb::ChiediIntegrazione) => format!("{words}\n- \n\n{NOT_HELD}: "),
        What::Do(
            Verb::PreavvisoDiniego
            | Verb::Accogli
            | Verb::Respingi
            | Verb::DichiaraIrricevibile
            | Verb::ChiediRegolarizzazione,
        ) => format!("{words}\n- "),
        What::Note => format!("{words}: "),
        What::Assign | What::Weigh | What::Approve | What::Refuse | What::Do(Verb::ChiediParere) => format!("{words} "),
        What::NotOurs | What::Do(_) => words.to_string(),
    }
}

/// RFC 6068 §2: line ends as %0D%0A, all that is not unreserved encoded.
fn mailto(to: &str, subject: &str, body: &str) -> String {
    let body = body.replace('\n', "\r\n");
    format!("mailto:{}?subject={}&body={}", percent(to, b"@"), percent(subject, b""), percent(&body, b""))
}
