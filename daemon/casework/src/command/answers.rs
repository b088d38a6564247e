//! The answers that a task offers: each a word to write, and a link that writes it. It changes when another answer is offered.

use super::words::{NOT_HELD, ORDERS, What};
use super::{Object, code, role};
use crate::clockwork::procedure_of;
use crate::decide::short;
use crate::desk::Desk;
use crate::dossier::{self, Dossier};
use crate::enablement;
use crate::participation;
use crate::procedure::{Actor, Role};
use crate::reply::percent;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Numbers named with an order: a dossier rarely has more that wait.
const NAMED_MAX: usize = 8;

/// The word that only writes something down.
pub(crate) const NOTE: &str = "NOTA";

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The words that give the order.
    pub(crate) words: &'static str,
    /// What must stand with them, in Italian; empty: nothing.
    pub(crate) with: String,
    /// A link that opens the mail with the order in it (RFC 6068).
    pub(crate) link: String,
}

/// The reference that the subject of a task bears where it can be answered by mail: what it is about, and the code.
pub(crate) fn reference(object: Object<'_>, office: &str, desk: &Desk) -> String {
    let tag = match object {
        Object::Dossier(dossier) => dossier::tag(&dossier.number),
        Object::Message(wrote) => super::tag(&wrote.digest),
    };
    match desk.entity.office_box {
        Some(_) => format!("{tag} [Codice {}]", code::of(object, office, desk)),
        None => tag,
    }
}

/// What an office may answer about something as it stands: only what would be carried out. None where there is no mailbox for it.
/// `message`: the decided message that the task is about, as far as it can be corrected; empty: there is none.
pub(crate) fn of(object: Object<'_>, message: &str, office: &str, as_what: &str, desk: &Desk) -> Vec<Answer> {
    match object {
        Object::Dossier(dossier) => of_dossier(dossier, message, office, as_what, desk),
        Object::Message(wrote) => {
            let may_open = wrote.is_certified() && wrote.dossier.is_none();
            offered(&reference(object, office, desk), message, &Waiting::default(), desk, |what| match what {
                What::Open => may_open,
                What::Correct => !message.is_empty(),
                _ => false,
            })
        }
    }
}

fn of_dossier(dossier: &Dossier, message: &str, office: &str, as_what: &str, desk: &Desk) -> Vec<Answer> {
    let Some(procedure) = procedure_of(dossier, desk) else { return Vec::new() };
    let actor = Actor::Office { id: office, role: role(as_what) };
    let is_open = !dossier.state.is_final();
    let life = &dossier.life;
    let reference = reference(Object::Dossier(dossier), office, desk);
    offered(&reference, message, &Waiting::of(dossier), desk, |what| match what {
        What::Do(Verb::Accogli) if enablement::waits(dossier) => false,
        What::Do(verb) => procedure.act(dossier.state, verb, actor, &dossier.office).is_ok(),
        What::Enable => {
            let is_confirmed =
                life.enablement.as_ref().is_some_and(|asked| asked.state == enablement::State::Confirmed);
            is_open && is_confirmed && procedure.may_in(Verb::Accogli, actor, &dossier.office).is_ok()
        }
        What::Assign => is_open && procedure.may_in(Verb::Assegna, actor, &dossier.office).is_ok(),
        What::NotOurs => is_open && procedure.may_in(Verb::Assegna, actor, &dossier.office).is_ok(),
        What::Weigh => life.filings.iter().any(|filing| filing.state == participation::State::Filed),
        What::Approve | What::Refuse => is_open && life.changes.iter().any(|change| !change.state.is_decided()),
        What::Note => true,
        What::Open => false, // the message has its dossier
        What::Correct => !message.is_empty(),
    })
}

/// Who may grant and refuse, for who may not: the task goes on to them, and its code is good in their hands. None where who reads
/// may, or nobody may now.
pub(crate) fn who_decides(object: Object<'_>, office: &str, as_what: &str, desk: &Desk) -> Option<String> {
    let Object::Dossier(dossier) = object else { return None };
    let procedure = procedure_of(dossier, desk)?;
    let may = |role| {
        let actor = Actor::Office { id: office, role };
        procedure.act(dossier.state, Verb::Accogli, actor, &dossier.office).is_ok()
    };
    if desk.entity.office_box.is_none()
        || may(role(as_what))
        || ![Role::Responsabile, Role::Coordinatore].map(may).contains(&true)
    {
        return None;
    }
    let people = &desk.rules.office(office)?.people;
    let names: Vec<String> = people
        .iter()
        .filter(|person| may(role(&person.role)))
        .map(|person| format!("{} ({})", person.name, person.mail))
        .collect();
    Some(match names.as_slice() {
        [] => String::from(
            "ACCOLGO e RESPINGO li scrive un responsabile: fra le persone dell'ufficio non ce n'è ancora uno, lo aggiunge chi tiene le regole",
        ),
        names => format!("ACCOLGO e RESPINGO li scrive chi decide: inoltra questo messaggio a {}", names.join(" o ")),
    })
}

/// What waits for an answer that names it by its number.
#[derive(Debug, Default)]
struct Waiting {
    filings: Vec<u32>,
    changes: Vec<u32>,
}

impl Waiting {
    fn of(dossier: &Dossier) -> Self {
        let filings = dossier.life.filings.iter().filter(|filing| filing.state == participation::State::Filed);
        let changes = dossier.life.changes.iter().filter(|change| !change.state.is_decided());
        Self { filings: filings.map(|filing| filing.id).collect(), changes: changes.map(|change| change.id).collect() }
    }

    /// The numbers that an order may name.
    fn for_order(&self, what: What) -> &[u32] {
        match what {
            What::Weigh => &self.filings,
            What::Approve | What::Refuse => &self.changes,
            _ => &[],
        }
    }
}

fn offered(
    reference: &str,
    message: &str,
    waiting: &Waiting,
    desk: &Desk,
    is_offered: impl Fn(What) -> bool,
) -> Vec<Answer> {
    let Some(office_box) = &desk.entity.office_box else { return Vec::new() };
    let mut offered: Vec<Answer> = Vec::new();
    let mut seen: Vec<What> = Vec::new();
    for (words, what) in ORDERS {
        // One way to say it is enough.
        if seen.contains(what) || !is_offered(*what) {
            continue;
        }
        seen.push(*what);
        let subject = format!("{reference} {words}");
        let numbers = waiting.for_order(*what);
        let link = mailto(&office_box.address, &subject, &body(words, *what, numbers, message));
        let named: Vec<String> = numbers.iter().take(NAMED_MAX).map(ToString::to_string).collect();
        let which = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
        offered.push(Answer { words, with: with(*what).replace("{}", &which), link });
    }
    offered
}

fn with(what: What) -> &'static str {
    match what {
        What::Do(Verb::ChiediIntegrazione) => {
            "e sotto, dopo un trattino, ogni cosa che chiedi; poi la riga NESSUN ENTE PUBBLICO LO HA GIÀ: sì"
        }
        What::Do(Verb::PreavvisoDiniego | Verb::Accogli | Verb::Respingi | Verb::DichiaraIrricevibile) => {
            "e sotto, dopo un trattino, ogni motivo"
        }
        What::Do(Verb::ChiediParere | Verb::RiceviParere) => "e il nome dell'ente",
        What::Do(Verb::ChiediRegolarizzazione) => "e sotto, dopo un trattino, che cosa manca",
        What::Do(Verb::ChiediPagamento) => "e sotto, dopo un trattino, ogni voce con quanto si paga",
        What::Do(_) => "",
        What::Assign => "e il nome della persona o dell'ufficio",
        What::Note => "e i due punti, poi il testo",
        What::NotOurs => "e, se lo sai, i due punti e di chi è",
        What::Weigh => "e il numero dell'atto di parte{}, poi ACCOLTA o NON ACCOLTA, i due punti e perché",
        What::Enable => {
            "e i due punti, poi il documento che hai visto; con un ultimo giorno, FINO AL e la data prima dei due punti"
        }
        What::Approve => "e il numero della modifica{}",
        What::Refuse => "e il numero della modifica{}, i due punti e perché",
        What::Open => "e i due punti, poi il procedimento (niente: ricevi l'elenco)",
        What::Correct => "e i due punti, perché, e sotto che cosa era giusto",
    }
}

/// The mail as the link opens it: what is missing is left to write.
fn body(words: &str, what: What, numbers: &[u32], message: &str) -> String {
    match what {
        What::Do(Verb::ChiediIntegrazione) => format!("{words}\n- \n\n{NOT_HELD}: "),
        What::Do(
            Verb::PreavvisoDiniego
            | Verb::Accogli
            | Verb::Respingi
            | Verb::DichiaraIrricevibile
            | Verb::ChiediRegolarizzazione
            | Verb::ChiediPagamento,
        ) => format!("{words}\n- "),
        What::Note | What::Open | What::Enable => format!("{words}: "),
        What::Correct => {
            format!("{words}: \n- tipo: \n- ufficio: \n- pratica: \n- messaggio: {}", short(message))
        }
        What::Weigh | What::Approve | What::Refuse => match numbers {
            [one] => format!("{words} {one} "),
            _ => format!("{words} "),
        },
        What::Assign | What::Do(Verb::ChiediParere) => format!("{words} "),
        What::NotOurs | What::Do(_) => words.to_string(),
    }
}

/// RFC 6068 §2: line ends as %0D%0A, all that is not unreserved encoded.
fn mailto(to: &str, subject: &str, body: &str) -> String {
    let body = body.replace('\n', "\r\n");
    format!("mailto:{}?subject={}&body={}", percent(to, b"@"), percent(subject, b""), percent(&body, b""))
}
