//! The answers that a task offers: each a word to write, and a link that writes it. It changes when another answer is offered.

use super::correct::may_ask_pec;
use super::words::{NOT_HELD, ORDERS, What};
use super::{Author, Object, code};
use crate::act::{self, Act};
use crate::calendar;
use crate::clockwork::procedure_of;
use crate::decide::short;
use crate::desk::Desk;
use crate::dossier::{self, Dossier};
use crate::participation;
use crate::person::Person;
use crate::procedure::Role;
use crate::procedure::machine::decides;
use crate::refused::{NOT_LAWFUL, Refused};
use crate::reply::percent;
use crate::term::ClockFact;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;

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

/// What a task says of the ways to answer it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    /// What would be carried out, were it sent at once.
    pub(crate) answers: Vec<Answer>,
    /// What stands in the way of a decision that the office has in its hands, a line each; with the day from which it does not,
    /// where a day takes it away.
    pub(crate) not_now: Vec<String>,
}

/// What an office may answer about something as it stands: only what [`act`] would carry out if it came back now. Nothing where there
/// is no mailbox for it. `message`: the decided message that the task is about, as far as it can be corrected; empty: there is none.
pub(crate) fn of(
    object: Object<'_>,
    message: &str,
    reader: Author<'_>,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Offer {
    let Some(office_box) = &desk.entity.office_box else { return Offer::default() };
    let reference = reference(object, reader.office, desk);
    let bench = Judge { object, message, reader, people, desk, now };
    let (mut offer, mut seen) = (Offer::default(), Vec::new());
    let mut refused: Vec<(&str, Refused)> = Vec::new();
    for (words, what) in ORDERS {
        // One way to say it is enough.
        if seen.contains(what) {
            continue;
        }
        seen.push(*what);
        match bench.judge(*what) {
            Ok(numbers) => {
                let subject = format!("{reference} {words}");
                let link = mailto(&office_box.address, &subject, &body(words, *what, &numbers, message));
                let named: Vec<String> = numbers.iter().take(NAMED_MAX).map(ToString::to_string).collect();
                let which = if named.is_empty() { String::new() } else { format!(" ({})", named.join(", ")) };
                offer.answers.push(Answer { words, with: with(*what).replace("{}", &which), link });
            }
            Err(Some(why)) => refused.push((words, why)),
            Err(None) => {}
        }
    }
    while let Some((_, why)) = refused.first().cloned() {
        let words: Vec<&str> = refused.iter().filter(|(_, other)| *other == why).map(|(words, _)| *words).collect();
        let from = why.from.map(|day| format!(", {}", calendar::from_day(day))).unwrap_or_default();
        offer.not_now.push(format!("{}{from}: {}", words.join(", "), why.text));
        refused.retain(|(_, other)| *other != why);
    }
    offer
}

/// Who may grant and refuse, for who may not: the task goes on to them, and its code is good in their hands. None where who reads
/// may, or nobody may now.
pub(crate) fn who_decides(
    object: Object<'_>,
    reader: Author<'_>,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Option<String> {
    let Object::Dossier(dossier) = object else { return None };
    desk.entity.office_box.as_ref()?;
    let can = |reader: Author<'_>| -> Vec<&'static str> {
        let may =
            |verb| Judge { object, message: "", reader, people, desk, now }.may(dossier, What::Do(verb), 0).is_ok();
        let words = [("ACCOLGO", Verb::Accogli), ("RESPINGO", Verb::Respingi)];
        words.into_iter().filter(|(_, verb)| may(*verb)).map(|(words, _)| words).collect()
    };
    if !can(reader).is_empty() {
        return None;
    }
    // Whoever it were: the weakest of those who decide, and the strongest.
    let of_role = |role: Role| can(Author { name: reader.office, role: role.code(), ..reader });
    let words = [Role::Responsabile, Role::Coordinatore].into_iter().map(of_role).find(|words| !words.is_empty())?;
    let (words, them) = (words.join(" e "), if words.len() > 1 { "li" } else { "lo" });
    let names: Vec<String> = desk
        .rules
        .office(reader.office)?
        .people
        .iter()
        .filter(|person| !can(Author { office: reader.office, name: &person.name, role: &person.role }).is_empty())
        .map(|person| format!("{} ({})", person.name, person.mail))
        .collect();
    Some(match names.as_slice() {
        [] => format!(
            "{words} {them} scrive un responsabile: fra le persone dell'ufficio non ce n'è ancora uno, lo aggiunge chi tiene le regole"
        ),
        names => format!("{words} {them} scrive chi decide: inoltra questo messaggio a {}", names.join(" o ")),
    })
}

/// What stands in the place of what the office has still to write: with it an order lacks nothing.
const WRITTEN: &str = "…";

/// Asks whether an order would be carried out.
#[derive(Clone, Copy)]
struct Judge<'a> {
    object: Object<'a>,
    message: &'a str,
    reader: Author<'a>,
    people: &'a [Person],
    desk: &'a Desk,
    now: Timestamp,
}

impl Judge<'_> {
    /// The numbers that the order may name, if it would be; else why not, where the office should know.
    fn judge(self, what: What) -> Result<Vec<u32>, Option<Refused>> {
        let is_so = |it: bool| if it { Ok(vec![]) } else { Err(None) };
        let dossier = match (self.object, what) {
            (_, What::Correct) => return is_so(!self.message.is_empty()),
            (Object::Message(wrote), What::AskPec) => return is_so(may_ask_pec(wrote, self.desk).is_ok()),
            (Object::Message(_), What::Note) => return Ok(vec![]),
            (Object::Message(wrote), What::NotOurs | What::FileIn) => return is_so(wrote.dossier.is_none()),
            (Object::Message(wrote), What::Open) => return is_so(wrote.is_certified() && wrote.dossier.is_none()),
            // The message has its dossier, or none yet.
            (Object::Message(_), _) | (_, What::Open | What::AskPec | What::FileIn) => return Err(None),
            (Object::Dossier(dossier), _) => dossier,
        };
        let life = &dossier.life;
        let numbers: Vec<u32> = match what {
            What::Weigh => life.filings.iter().map(|filing| filing.id).collect(),
            What::Approve | What::Refuse => life.changes.iter().map(|change| change.id).collect(),
            _ => return self.may(dossier, what, 0).map(|()| vec![]).map_err(|why| self.told(what, why)),
        };
        let is_waiting = |n: u32| match what {
            // It may be weighed again, and is not asked to be.
            What::Weigh => life.filings.iter().any(|one| one.id == n && one.state == participation::State::Filed),
            _ => true,
        };
        let good: Vec<u32> =
            numbers.into_iter().filter(|n| is_waiting(*n) && self.may(dossier, what, *n).is_ok()).collect();
        if good.is_empty() { Err(None) } else { Ok(good) }
    }

    /// What keeps a decision waiting is told; of what the law or the role does not give, nothing is.
    fn told(self, what: What, why: Refused) -> Option<Refused> {
        let decides = matches!(what, What::Do(verb) if decides(verb));
        Some(why).filter(|why| why.from.is_some() || (decides && why.code != NOT_LAWFUL))
    }

    fn may(self, dossier: &Dossier, what: What, n: u32) -> Result<(), Refused> {
        let written = || String::from(WRITTEN);
        let points = || vec![written()];
        let act = match what {
            What::Do(verb) => Act::Do {
                verb,
                points: points(),
                to: body_for(verb, dossier, self.desk),
                not_held: true,
                again: written(),
            },
            What::Assign => Act::Assign { office: String::new(), responsible: written() },
            What::NotOurs => {
                Act::Assign { office: self.desk.entity.fallback_office.clone(), responsible: String::new() }
            }
            What::Note => Act::Note { text: written() },
            What::Rank => Act::Rank { position: 1, points: vec![] },
            What::Place(answer) => Act::Place { answer, how: written() },
            What::Weigh => Act::Weigh { filing: n, weight: participation::Weight::NonAccolta, how: written() },
            What::Approve => Act::Approve { change: n },
            What::Refuse => Act::Refuse { change: n, points: points() },
            What::Enable => Act::Enable { scopes: vec![], until: None, points: points() },
            What::Open | What::Correct | What::AskPec | What::FileIn => {
                return Err(Refused::new("no-act", "non riguarda un fascicolo"));
            }
        };
        match act::may(&self.reader.order(dossier, act), dossier, self.people, self.desk, self.now) {
            // Whose record is not at hand here is looked for when the order comes.
            Err(why) if why.code == "no-person" => Ok(()),
            done => done,
        }
    }
}

/// A body that the order could name: the one whose answer is waited for, one of the procedure's file, any.
fn body_for(verb: Verb, dossier: &Dossier, desk: &Desk) -> String {
    let asked = || {
        let last = || {
            dossier.life.facts.iter().rev().find_map(|fact| match fact {
                ClockFact::ThirdBodyAsked { body, .. } => Some(body.clone()),
                _ => None,
            })
        };
        dossier.life.advice.iter().find(|one| one.is_awaited()).map(|one| one.body.clone()).or_else(last)
    };
    let known = || Some(procedure_of(dossier, desk)?.external.first()?.title.clone());
    let named = if verb == Verb::RiceviParere { asked() } else { known() };
    named.unwrap_or_else(|| String::from(WRITTEN))
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
        What::Rank => "e il numero; sotto, dopo un trattino, quello che vuoi aggiungere",
        What::Place(_) => "e i due punti, poi come lo ha detto chi ha avuto il posto",
        What::NotOurs => "e, se lo sai, i due punti e di chi è",
        What::Weigh => "e il numero dell'atto di parte{}, poi ACCOLTA o NON ACCOLTA, i due punti e perché",
        What::Enable => {
            "e i due punti, poi il documento che hai visto; con un ultimo giorno, FINO AL e la data prima dei due punti"
        }
        What::Approve => "e il numero della modifica{}",
        What::Refuse => "e il numero della modifica{}, i due punti e perché",
        What::AskPec => {
            "per scrivere al mittente come si manda una richiesta valida: con la Pec, firmata, o con il documento"
        }
        What::FileIn => "e il numero del fascicolo",
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
        What::Note | What::Open | What::Enable | What::Place(_) => format!("{words}: "),
        What::Correct => {
            format!("{words}: \n- tipo: \n- ufficio: \n- procedimento: \n- pratica: \n- messaggio: {}", short(message))
        }
        What::Weigh | What::Approve | What::Refuse => match numbers {
            [one] => format!("{words} {one} "),
            _ => format!("{words} "),
        },
        What::Assign | What::Rank | What::FileIn | What::Do(Verb::ChiediParere) => format!("{words} "),
        What::NotOurs | What::AskPec | What::Do(_) => words.to_string(),
    }
}

/// RFC 6068 §2: line ends as %0D%0A, all that is not unreserved encoded.
fn mailto(to: &str, subject: &str, body: &str) -> String {
    let body = body.replace('\n', "\r\n");
    format!("mailto:{}?subject={}&body={}", percent(to, b"@"), percent(subject, b""), percent(&body, b""))
}
