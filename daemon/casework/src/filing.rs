//! What a citizen's message writes into its dossier. It changes when a message can do something else to one.
//!
//! Everything is filed, whatever comes of it: a confirmation gates a change of data, never the filing (law.md §10).

mod enabling;

use crate::address;
use crate::around::around;
use crate::calendar::rome;
use crate::clockwork::{self, with_term};
use crate::confirm;
use crate::data_change::{self, DataChange};
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Document, Dossier, Party, PartyRole, State, Visibility};
use crate::follow;
use crate::known::Known;
use crate::letters::case::{Case, Changed};
use crate::life::{CHANGES_MAX, Entry, FILINGS_MAX};
use crate::participation::{self, Admission};
use crate::person::{self, Person};
use crate::procedure::{Actor, Participation as Admitted};
use crate::rules::{Classification, FieldCheck, Kind};
use crate::standing::{self, Acting, Named, Permit, Right, Standing};
use crate::term::ClockFact;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use pec::{Content, Daticert};

/// Attachments of one message that become documents of its dossier, each by itself; the others stay within the message.
pub(crate) const DOCUMENTS_MAX: usize = 50;
/// Longest file name kept, bytes.
const NAME_BYTES_MAX: usize = 300;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Filed {
    /// Entries, of the dossier and of persons.
    pub(crate) changes: Vec<Change>,
    /// The letter that asks for a confirmation, to the safe domicile of the person concerned.
    pub(crate) outgoing: Vec<Outgoing>,
    /// Data that would change: for the task.
    pub(crate) data: Vec<Changed>,
    /// Facts for the task.
    pub(crate) facts: Vec<String>,
}

/// A message and the dossier that it belongs to.
pub(crate) struct Paper<'a> {
    pub(crate) class: &'a Classification,
    pub(crate) daticert: &'a Daticert,
    pub(crate) message: &'a Content,
    pub(crate) known: &'a Known,
    pub(crate) desk: &'a Desk,
    /// It opened the dossier.
    pub(crate) is_first: bool,
    /// The rules were sure of it.
    pub(crate) is_placed: bool,
    /// Who writes.
    pub(crate) standing: &'a Standing,
}

/// Files it. `dossier` becomes what it is afterwards.
pub(crate) fn file(paper: &Paper<'_>, dossier: &mut Dossier, trail: &mut Vec<Reason>) -> Filed {
    let mut filed = Filed::default();
    let is_party = dossier.has_party(&paper.daticert.mittente);
    let mut entries = Vec::new();
    if paper.is_first {
        let address = paper.daticert.mittente.trim().to_string();
        if paper.standing.facets.acting == Acting::ForSelf {
            let person = whose(paper).map(|person| person.id.clone()).unwrap_or_default();
            entries.push(Entry::Joined { party: Party { person, address, role: PartyRole::Applicant } });
        } else {
            // For whom it is asked, and who asks: the mailbox is the second one's, and the first is not written to unless known.
            let writer = paper.standing.writer.clone().unwrap_or_default();
            let applicant = Party {
                person: paper.standing.about.clone().unwrap_or_default(),
                address: String::new(),
                role: PartyRole::Applicant,
            };
            entries.push(Entry::Joined { party: applicant });
            entries.push(Entry::Joined { party: Party { person: writer, address, role: PartyRole::Delegate } });
        }
    }
    entries.extend(documents(paper));
    let is_open = !dossier.state.is_final();
    if is_party && is_open && !paper.is_first {
        entries.extend(answers(paper, dossier, trail));
    }
    if is_party && is_open {
        data(paper, dossier, &mut entries, &mut filed, trail);
        enabling::ask(paper, dossier, &mut entries, &mut filed, trail);
    }
    // The code went to the safe domicile, which need not be the address that asked.
    let Known { people, now, digest, .. } = paper.known;
    let from = paper.daticert.mittente.as_str();
    if !paper.is_first && is_open && (is_party || confirm::is_awaited_from(dossier, from, people, *now)) {
        let said = confirm::said(&paper.message.text);
        if !enabling::confirmed(paper, dossier, &said, &mut entries, &mut filed, trail) {
            let at = paper.daticert.data;
            let answered = confirm::answer(&said, from, at, dossier, people, digest, paper.desk, *now, trail);
            entries.extend(answered.entries);
            filed.outgoing.extend(answered.letters);
            filed.data.extend(answered.data);
        }
    }
    if !paper.is_first && matters(paper, dossier, is_party) {
        weighing(paper, dossier, &mut entries, trail);
    }
    match around(dossier, &mut entries, &paper.known.digest, &paper.known.people, paper.desk, paper.known.now) {
        Ok(steps) => {
            filed.outgoing.extend(steps.outgoing);
            filed.changes.extend(steps.incidents);
        }
        // No file may stop what a citizen may do (`read_state`), and the message is filed in any case.
        Err(why) => {
            entries.retain(|entry| !matches!(entry, Entry::Moved { .. }));
            trail.push(Reason::new(why.code, why.text));
        }
    }
    let after = with_term(dossier, &mut entries, paper.desk, paper.known.now);
    let case = Case::of(paper.known, &after, paper.desk);
    let (news, untold) = follow::news(dossier, &case);
    filed.outgoing.extend(news);
    filed.changes.extend(untold);
    *dossier = after;
    let number = dossier.number.clone();
    filed.changes.extend(entries.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry }));
    filed
}

/// The files of a message. Of very many the last ones are one document, which says how many they are: a person hands them out.
fn documents(paper: &Paper<'_>) -> impl Iterator<Item = Entry> {
    let of = |name, media, message| Entry::Deposited {
        document: Document { digest: String::new(), name, media, message, visibility: Visibility::Parties },
    };
    let files = &paper.message.attachments;
    let others = files.len().saturating_sub(DOCUMENTS_MAX);
    let others =
        (others > 0).then(|| of(format!("altri {others} file dello stesso messaggio"), String::new(), String::new()));
    let each = files.iter().take(DOCUMENTS_MAX).map(move |file| {
        let mut name = file.name.clone();
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
        of(name, file.media_type.clone(), paper.known.digest.clone())
    });
    each.chain(others)
}

/// What was asked has come: an integration, or observations on an announced refusal.
fn answers(paper: &Paper<'_>, dossier: &Dossier, trail: &mut Vec<Reason>) -> Vec<Entry> {
    let at = paper.daticert.data;
    let is_answer = paper.is_placed && matches!(paper.class.kind, Kind::IntegrationReply | Kind::Participation);
    // Files that come to somebody who waits for files are the answer, whatever the words beside them.
    let brings = !paper.message.attachments.is_empty() && paper.known.answers_ours;
    match dossier.state {
        State::InAttesaIntegrazioni if is_answer || brings => {
            let mut entries = vec![Entry::Clock { clock: ClockFact::IntegrationAnswered { at } }];
            let procedure = clockwork::procedure_of(dossier, paper.desk);
            if let Some(Ok(to)) =
                procedure.map(|p| p.act(dossier.state, Verb::Integra, Actor::Citizen, &dossier.office))
            {
                entries.push(Entry::Moved { verb: Verb::Integra, to, points: vec![] });
                trail.push(Reason::new(
                    "integrated",
                    String::from("è arrivato quello che era stato chiesto: il termine riparte"),
                ));
            }
            entries
        }
        State::PreavvisoDiniego if is_answer || brings => {
            trail.push(Reason::new(
                "observations",
                String::from("osservazioni sul preavviso di rifiuto (L. 241/1990 art. 10-bis)"),
            ));
            vec![Entry::Clock { clock: ClockFact::ObservationsFiled { at } }]
        }
        State::DaRegolarizzare if is_answer || brings => {
            let mut entries = Vec::new();
            if clockwork::is_irregular(dossier) {
                entries.push(Entry::Clock { clock: ClockFact::RequestRegular { at } });
            }
            let procedure = clockwork::procedure_of(dossier, paper.desk);
            if let Some(Ok(to)) =
                procedure.map(|p| p.act(dossier.state, Verb::Integra, Actor::Citizen, &dossier.office))
            {
                entries.push(Entry::Moved { verb: Verb::Integra, to, points: vec![] });
                let text = "è arrivato quello che serve per mettere in regola la richiesta: l'ufficio lo controlla";
                trail.push(Reason::new("made-regular", String::from(text)));
            }
            entries
        }
        // The clock may have moved the dossier on before the mail of that day was read: the term ran from the arrival.
        _ if (is_answer || brings) && is_asked(dossier) => {
            vec![Entry::Clock { clock: ClockFact::IntegrationAnswered { at } }]
        }
        _ => vec![],
    }
}

/// Something was asked of the citizen, and neither has it come nor does the office go on without it.
fn is_asked(dossier: &Dossier) -> bool {
    let mut facts = dossier.life.facts.iter().rev();
    let newest = facts.find(|fact| {
        matches!(
            fact,
            ClockFact::IntegrationAsked { .. } | ClockFact::IntegrationAnswered { .. } | ClockFact::WorkResumed { .. }
        )
    });
    matches!(newest, Some(ClockFact::IntegrationAsked { .. }))
}

/// Whether it must be weighed (L. 241/1990 art. 10): what takes part, and whatever a party answers to an announced refusal, be it in
/// words that no rule knows: a refusal must say why observations were not followed (art. 10-bis).
fn matters(paper: &Paper<'_>, dossier: &Dossier, is_party: bool) -> bool {
    let kind = paper.class.kind;
    let answers_notice = dossier.state == State::PreavvisoDiniego && is_party;
    if paper.is_placed && (kind == Kind::Participation || (kind == Kind::IntegrationReply && answers_notice)) {
        return true;
    }
    answers_notice && paper.known.answers_ours && !(paper.is_placed && kind == Kind::StatusEnquiry)
}

fn weighing(paper: &Paper<'_>, dossier: &Dossier, entries: &mut Vec<Entry>, trail: &mut Vec<Reason>) {
    if dossier.state.is_final() {
        // No decision will answer it. Whether the one that was taken is looked at again, a person says (art. 21-novies).
        let text = "la pratica è conclusa: quello che arriva non si valuta più per la decisione, una persona lo legge";
        trail.push(Reason::new("closed", String::from(text)));
        return;
    }
    let known = &dossier.life.filings;
    if known.len() >= FILINGS_MAX {
        trail.push(Reason::new(
            "too-many",
            String::from("il fascicolo ha già troppi contributi: una persona li mette insieme"),
        ));
        return;
    }
    let procedure = clockwork::procedure_of(dossier, paper.desk);
    let admission = match procedure.map(|procedure| procedure.participation) {
        Some(Admitted::Excluded) => Admission::Excluded { law: "L. 241/1990 art. 13" },
        _ => Admission::Open,
    };
    let standing = paper.standing;
    let is_notice = dossier.state == State::PreavvisoDiniego;
    let kind = match (is_notice, standing.facets.party) {
        (_, standing::Party::Party) if is_notice => participation::Kind::Osservazioni10Bis,
        (_, standing::Party::Party) => participation::Kind::Memoria,
        _ => participation::Kind::InterventoDiTerzo,
    };
    let term = is_notice.then(|| clockwork::observations_end(dossier, paper.desk)).flatten();
    let new = participation::Contribution {
        id: u32::try_from(known.len()).unwrap_or(u32::MAX).saturating_add(1),
        kind,
        by: &paper.daticert.mittente,
        standing: standing.grade.code(),
        filed_at: paper.daticert.data,
        message: &paper.known.digest,
        documents: &[],
    };
    let term = term.map(|ends| participation::Term { ends, name: String::from("il tempo per le osservazioni") });
    match participation::file(new, admission, term.as_ref(), known) {
        Ok(step) => {
            let n = new.id;
            trail.push(Reason::new("to-weigh", format!("{} n. {n}: da valutare prima della decisione", kind.words())));
            entries.push(Entry::Filing { n, step });
        }
        Err(why) => {
            trail.push(Reason::new(why.code, why.text));
        }
    }
}

/// Who writes, as far as the register and the message tell.
pub(crate) fn standing(
    class: &Classification,
    daticert: &Daticert,
    message: &Content,
    dossier: Option<&Dossier>,
    known: &Known,
) -> Standing {
    let names: Vec<&str> = message.attachments.iter().map(|file| file.name.as_str()).collect();
    let sender = address::key(&daticert.mittente);
    let holders: Vec<Person> =
        known.people.iter().filter(|person| person.strength_of(&sender, known.now).is_some()).cloned().collect();
    let written = code(class).filter(|code| code.len() == 16);
    let subject = written.and_then(|code| known.people.iter().find(|person| person.has_code(code)));
    let named = match dossier {
        Some(dossier) => Named::Known(dossier),
        None if !class.citations.is_empty() => Named::Unknown,
        None => Named::Nothing,
    };
    standing::judge(&standing::Seen {
        channel: standing::Channel::Pec,
        sender: &sender,
        holders: &holders,
        subject,
        written,
        on_behalf: false,
        named,
        attachments: &names,
        at: known.now,
    })
}

/// The person whose data it is about: who is named by a code, else whose domicile it comes from, if it is one person's.
fn whose<'a>(paper: &Paper<'a>) -> Option<&'a Person> {
    let people = &paper.known.people;
    let code = code(paper.class);
    match code {
        Some(code) => people.iter().find(|person| person.has_code(code)),
        None => {
            let sender = address::key(&paper.daticert.mittente);
            let mut here = people.iter().filter(|person| person.strength_of(&sender, paper.known.now).is_some());
            here.next().filter(|_| here.next().is_none())
        }
    }
}

/// The code that the message gives, if it is right.
fn code(class: &Classification) -> Option<&str> {
    let right = |name: &str| {
        class
            .fields
            .iter()
            .find(|field| field.name == name && !matches!(field.check, FieldCheck::Failed(_)))
            .map(|field| field.value.as_str())
    };
    right("codice_fiscale").or_else(|| right("partita_iva"))
}

/// A change of data that is asked: an object of its own, and nothing is changed by it.
fn data(paper: &Paper<'_>, dossier: &Dossier, entries: &mut Vec<Entry>, filed: &mut Filed, trail: &mut Vec<Reason>) {
    let Paper { class, daticert, known, desk, standing, .. } = *paper;
    if class.kind != Kind::DataChange || !paper.is_placed || dossier.life.changes.len() >= CHANGES_MAX {
        return;
    }
    let permit = standing.permit(&desk.entity.entitlements, Right::ModificaDati);
    let mut refuse = |code: &'static str, text: String| {
        trail.push(Reason::new(code, format!("modifica dei dati non preparata: {text}")));
    };
    if let Permit::No(denied) = permit {
        // The message is filed and an office reads it; no change is prepared for who may not ask for one.
        return refuse(
            denied.code(),
            format!("chi scrive è «{}»: non può chiedere questa modifica", standing.grade.words()),
        );
    }
    let begun;
    let person = match whose(paper) {
        Some(person) => person,
        // The record begins with the first request (functions S0.02, S0.16).
        None => {
            let Some(written) = code(class) else {
                return refuse(
                    "no-person",
                    String::from("non si sa di chi sono i dati: manca un codice fiscale giusto"),
                );
            };
            let is_company = written.len() == 11;
            let name = paper.message.from.first().map(|from| from.name.trim()).filter(|name| !name.is_empty());
            let new = person::change::NewPerson {
                codice_fiscale: (!is_company).then_some(written),
                partita_iva: is_company.then_some(written),
                name: name.unwrap_or(written),
                kind: if is_company { person::Kind::Impresa } else { person::Kind::PersonaFisica },
            };
            let entry = match person::change::register(new, &known.people, 0) {
                Ok(entry) => entry,
                Err(why) => return refuse(why.code, why.text),
            };
            let Some(person) = Person::begin(&entry) else { return };
            filed.changes.push(Change::Person { id: person.id.clone(), entry });
            begun = person;
            &begun
        }
    };
    let at = known.now;
    let n = u32::try_from(dossier.life.changes.len()).unwrap_or(u32::MAX).saturating_add(1);
    let evidence = [known.digest.as_str()];
    let asked = data_change::change::Asked {
        dossier: &dossier.number,
        id: n,
        person,
        sender: &daticert.mittente,
        evidence: &evidence,
        office: &dossier.office,
        effective_from: rome(at).date(),
        others: &dossier.life.changes,
    };
    let proposed = data_change::items(&class.fields, person, &dossier.office, at)
        .and_then(|items| data_change::propose(asked, items, at));
    let step = match proposed {
        Ok(step) => step,
        Err(why) => {
            filed.changes.clear();
            return refuse(why.code, why.text);
        }
    };
    let Some(change) = DataChange::begin(&step) else { return };
    filed.data = change.side_by_side();
    filed.facts.extend(change.risk.iter().map(|risk| format!("Attenzione: {}.", risk.text)));
    entries.push(Entry::Change { n, step });
    if change.is_risky() {
        match confirm::ask(&change, person, dossier, &known.digest, desk, at) {
            Ok(asked) => {
                filed.facts.push(format!("Il cittadino deve confermare con un codice mandato a {}.", asked.letter.to));
                filed.outgoing.push(asked.letter);
                entries.push(Entry::Change { n, step: asked.step });
            }
            Err(why) => trail.push(why),
        }
    }
    trail.push(Reason::new(
        "data-change",
        format!("chiesta la modifica {n} dei dati: niente cambia prima dell'approvazione"),
    ));
}

#[cfg(test)]
mod tests;
