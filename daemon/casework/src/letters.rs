//! The letters: which facts go into which template. One function a letter; the words are in `templates/`.

pub(crate) mod accesses;
pub(crate) mod case;
mod client;
pub(crate) mod courtesy;
pub(crate) mod enquiry;
pub(crate) mod follow;
mod loose;
mod missing;
mod named;
pub(crate) mod order;
mod undelivered;
mod verify;
mod words;

use crate::application;
use crate::calendar::rome;
use crate::command::{self, Author, Object, answers};
use crate::decision::{Enclosure, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{self, Dossier, check};
use crate::effect::EffectKey;
use crate::known::{Known, Wrote};
use crate::language::Language;
use crate::reply::catalogue::{self, words::Words};
use crate::reply::reader;
use crate::request::term;
use crate::rules::{Calendar, Classification, Hit, Kind, Place};
use crate::{clockwork, procedure, ranking};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use client::client;
use jiff::Timestamp;
pub(crate) use loose::{passed_on, ways_of_asking};
use missing::{gap, missing_in_words};
use pec::{Attachment, Content, Daticert, Examined, Grade, Opens};
use serde_json::{Value, json};
pub(crate) use verify::{Claim, Lot, check_task};

pub use undelivered::{doubt_task, paper_task, unmade_task};

/// Days given to send what is missing: the ten of L. 241/1990 art. 10-bis, taken as the measure of a fair answer.
const INTEGRATION_DAYS: u32 = 10;
/// Longest Message-ID that a letter quotes, bytes: nobody can answer a longer one to us.
pub const ID_BYTES_MAX: usize = 500;
/// Hits of the chosen rule named in a task: the two or three that weigh most say why.
const HITS_SHOWN_MAX: usize = 3;

/// What a letter about somebody's message may draw on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) class: &'a Classification,
    pub(crate) seen: &'a Examined,
    pub(crate) daticert: &'a Daticert,
    pub(crate) message: &'a Content,
    /// The dossier that the message belongs to.
    pub(crate) case: Option<&'a Dossier>,
    /// The language that the message shows.
    pub(crate) wrote: Option<Language>,
    pub(crate) known: &'a Known,
    pub(crate) desk: &'a Desk,
}

impl About<'_> {
    /// The language that the citizen is answered in, where the letter exists in it: that of the message, else that of the dossier
    /// (DPR 574/1988 art. 7), else Italian.
    pub(crate) fn language(&self) -> Language {
        self.wrote.or(self.case.map(|case| case.cover.language)).unwrap_or_default()
    }
}

/// What the citizen hears, as the task tells the office.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer<'a> {
    /// Nothing.
    None,
    /// This letter goes by itself.
    Goes(&'a Outgoing),
    /// This letter is proposed; a person sends it.
    Draft(&'a Outgoing),
}

/// The answer to a citizen.
///
/// # Errors
/// The reason why it cannot be written; the task then says so and a person answers.
pub(crate) fn reply(template: &str, about: &About<'_>) -> Result<Outgoing, Reason> {
    let About { class, daticert, message, case, known, desk, .. } = *about;
    let language = desk.templates.language(template, about.language());
    let mut values = about_us(desk, case.map_or(class.office.as_str(), |d| d.office.as_str()));
    put(&mut values, "ricevuto_il", json!(daticert.data));
    put(&mut values, "presentata_il", json!(daticert.data));
    if let Some(case) = case {
        about_case(&mut values, case, language, desk);
        let term = term(class);
        let (days, is_working) =
            clockwork::term_in_days(case).unwrap_or((term.days, term.calendar == Calendar::Working));
        put(&mut values, "termine_giorni", json!(days));
        put(&mut values, "giorni_lavorativi", json!(is_working));
        let silence = words::silence(clockwork::silence(case, desk), clockwork::silence_in_words(case, desk), language);
        put(&mut values, "effetto_silenzio", json!(words::dated(silence, case.due, language)));
        let is_excluded = clockwork::procedure_of(case, desk)
            .is_some_and(|procedure| procedure.participation == procedure::Participation::Excluded);
        put(&mut values, "partecipazione_esclusa", json!(is_excluded));
        case::portal(&mut values, &case.office, desk);
    }
    let others = case.map(|case| case.cover.linked.as_slice()).unwrap_or_default();
    if !others.is_empty() {
        let row = |other: &dossier::Linked| json!({ "cosa": words::title(&other.title, language, desk), "numero": check::shown(&other.number) });
        put(&mut values, "altre_richieste", json!(others.iter().map(row).collect::<Vec<_>>()));
    }
    let late = case.and_then(|case| clockwork::out_of_time(case, desk));
    let next = || next_step(class, case, language, desk);
    put(&mut values, "prossimo_passo", json!(late.map_or_else(next, |why| words::out_of_time(&why, language))));
    put(&mut values, "numero_indicato", json!(named::shown(class, language)));
    put(
        &mut values,
        "mancanze",
        json!(class.missing.iter().map(|need| gap(need, class, language)).collect::<Vec<_>>()),
    );
    let held = class.held.iter().filter(|at| at.counts).map(|at| words::at_hand(at, language));
    put(&mut values, "agli_atti", json!(held.collect::<Vec<_>>()));
    let ten_days =
        crate::calendar::last_day(rome(known.now).date(), INTEGRATION_DAYS, Calendar::Solar, desk.entity.patron);
    // The term runs on, so an answer after its end would come too late to be decided upon.
    let answer_by =
        case.and_then(|c| c.due).filter(|due| *due > rome(known.now).date()).map_or(ten_days, |due| due.min(ten_days));
    put(&mut values, "rispondi_entro", json!(answer_by));
    let files = files(message, language);
    if !files.is_empty() {
        put(&mut values, "allegati", json!(files));
    }
    put(&mut values, "riepilogo", application::summary(class, case, |title| words::datum(title, language)));
    let to = daticert.mittente.trim().to_string();
    if let Some(client) = case.and_then(|case| client(case, &to, known)) {
        put(&mut values, "per_conto_di", json!(client));
    }
    let near = class.citations.iter().find(|cited| cited.dossier.is_none());
    if let Some(near) = near.and_then(|cited| crate::enquiry::near(&named::number(&cited.reference), about)) {
        put(&mut values, "forse", json!(near));
    }
    let number = case.map(|d| d.number.clone());
    let letter = write(template, language, values, Lane::Pec, to, number, case, references(about), known, desk)?;
    let printed = case.filter(|_| is_printed(template)).map(|case| sheet(&case.number, language));
    Ok(Outgoing { enclosures: printed.into_iter().collect(), ..letter })
}

/// Letters that people print and keep: the receipt, which is also a proof (functions S3.22).
fn is_printed(template: &str) -> bool {
    template.split('.').next() == Some(catalogue::RECEIPT)
}

/// The receipt as a file.
fn sheet(number: &str, language: Language) -> Enclosure {
    let word = words::RECEIPT_FILE.in_language(language);
    Enclosure::Printable { name: format!("{word}-{}.pdf", number.replace('/', "-")) }
}

/// The ids that an answer quotes: the citizen's client saw the PEC id, not our provider's (pec.md §6.7).
fn references(about: &About<'_>) -> Vec<String> {
    let answered = about.seen.message_id.clone().or_else(|| about.message.message_id.clone());
    let ids = answered.into_iter().chain(about.daticert.msgid.clone()).rev();
    ids.filter(|id| id.len() <= ID_BYTES_MAX).collect()
}

/// The task to the office that works on a request.
/// `facts`: what else the office must know; `data`: what would change.
pub(crate) fn task(
    about: &About<'_>,
    answer: Answer<'_>,
    trail: &[Reason],
    facts: &[String],
    data: &[case::Changed],
) -> Option<Outgoing> {
    let About { class, seen, daticert, message, case, known, desk, .. } = *about;
    let office = case.map_or(class.office.as_str(), |d| d.office.as_str());
    let mut values = about_us(desk, office);
    put(&mut values, "oggetto", json!(class.title));
    put(&mut values, "mittente", json!(daticert.mittente));
    put(&mut values, "ricevuto_il", json!(daticert.data));
    put(&mut values, "verifica", json!(verified(seen)));
    let mut reasons = why(class, trail);
    reasons.extend(data.iter().map(|(what, old, new)| format!("Da cambiare, {what}: adesso «{old}», nuovo «{new}».")));
    reasons.extend_from_slice(facts);
    put(&mut values, "perche", json!(reasons));
    put(&mut values, "come_rispondere", json!(how_to_answer(class.kind, daticert)));
    put(&mut values, "originale", json!(original(known)));
    given(&mut values, "oggetto_messaggio", &message.subject);
    given(&mut values, "testo", &message.text);
    let wrote = Wrote {
        digest: known.digest.clone(),
        at: known.now,
        sender: daticert.mittente.clone(),
        proven: Some(daticert.tipo.word().to_string()),
        dossier: None,
        corrections: 0,
        aside: false,
        files: vec![],
    };
    let object = case.map_or(Object::Message(&wrote), Object::Dossier);
    put(&mut values, "riferimento", json!(answers::reference(object, office, desk)));
    let reader = Author::shared(office, desk);
    order::offered(&mut values, object, &known.digest, reader, &known.people, desk, known.now);
    if let Some(case) = case {
        put(&mut values, "fascicolo", json!(check::shown(&case.number)));
        given(&mut values, "protocollo", case.cover.registered());
        if let Some(due) = case.due {
            put(&mut values, "data_fine", json!(due));
            // The rule's term is the dossier's only when this message opened it.
            if known.dossier(&case.number).is_none() {
                put(&mut values, "termine", json!(term_in_words(class, case, desk)));
            }
        }
    }
    if !class.missing.is_empty() {
        put(
            &mut values,
            "mancanze",
            json!(class.missing.iter().map(|need| missing_in_words(need)).collect::<Vec<_>>()),
        );
    }
    let files = files(message, Language::It);
    if !files.is_empty() {
        put(&mut values, "allegati", json!(files));
    }
    match answer {
        Answer::None => {}
        Answer::Goes(reply) => put(&mut values, "risposta", json!(format!("«{}», a {}", reply.template, reply.to))),
        Answer::Draft(draft) => {
            put(&mut values, "bozza", json!(format!("Oggetto: {}\n\n{}", draft.subject, draft.text)))
        }
    }
    to_office("compito", values, office, case.map(|d| d.number.clone()), true, known, desk)
}

/// The morning mail of an office: `told` in the subject, then the lists by the names that the template has for them.
pub(crate) fn morning(
    office: &str,
    effect: &str,
    told: &str,
    lists: &[(&str, Vec<String>)],
    desk: &Desk,
    now: Timestamp,
) -> Option<Outgoing> {
    let mut values = about_us(desk, office);
    put(&mut values, "conto", json!(told));
    for (name, lines) in lists.iter().filter(|(_, lines)| !lines.is_empty()) {
        put(&mut values, name, json!(lines));
    }
    let ways = [
        "sportello dossier show NUMERO: tutto quello che c'è nel fascicolo.",
        "sportello deadline explain NUMERO: come è contato il termine.",
    ];
    put(&mut values, "come_rispondere", json!(ways));
    let known = Known { digest: effect.to_string(), ..Known::nothing(now) };
    to_office("riepilogo-ufficio", values, office, None, false, &known, desk)
}

/// Who writes: the same in every letter.
fn about_us(desk: &Desk, office: &str) -> Value {
    let entity = &desk.entity;
    let title = desk.rules.office(office).map_or(office, |o| o.title.as_str());
    json!({
        "ente": entity.name,
        "pec_ente": entity.pec,
        "ufficio": title,
        "responsabile": entity.responsible,
        "contatto": entity.contact,
        "potere_sostitutivo": entity.substitute,
        "informativa_privacy": entity.privacy_url,
    })
}

/// The fixed block: where the case stands, since when, until when.
fn about_case(values: &mut Value, case: &Dossier, language: Language, desk: &Desk) {
    put(values, "oggetto", json!(words::title(&case.title, language, desk)));
    put(values, "fascicolo", json!(check::shown(&case.number)));
    put(values, "riferimento", json!(dossier::tag(&case.number)));
    put(values, "stato", json!(state(case, language, desk)));
    put(values, "stato_dal", json!(case.state_since));
    given(values, "protocollo", case.cover.registered());
    if !case.cover.responsible.is_empty() {
        put(values, "responsabile", json!(case.cover.responsible));
    }
    match (case.life.closed_at, case.life.suspended_until, case.due) {
        (Some(at), ..) => put(values, "conclusa_il", json!(rome(at).date())),
        (None, Some(until), _) => put(values, "sospesa_fino_al", json!(until)),
        (None, None, Some(due)) => put(values, "data_fine", json!(due)),
        (None, None, None) => {}
    }
    put(
        values,
        "eventi",
        json!([
            { "quando": case.opened_at, "cosa": words::ARRIVED.in_language(language) },
            { "quando": case.state_since, "cosa": words::event(case.state, language) },
        ]),
    );
}

/// Where a dossier stands, as its procedure's file says it; in another language also as everybody's is said.
fn state(case: &Dossier, language: Language, desk: &Desk) -> String {
    let usual = words::state(case.state, language);
    let Some(procedure) = clockwork::procedure_of(case, desk) else { return usual.to_string() };
    if ranking::is_given_up(case) {
        return words::GIVEN_UP.in_language(language).to_string(); // the file's «the place is yours» is no longer so
    }
    match procedure.label(case.state) {
        own if own == case.state.words() => usual.to_string(),
        own if language.is_italian() => own.to_string(),
        own => words::both(own, Some(usual), language),
    }
}

/// What comes next in a dossier: as its procedure's file says it, where it does (functions S3.23); in another language behind what
/// holds for every dossier.
fn next_in_case(case: &Dossier, usual: Words, language: Language, desk: &Desk) -> String {
    let own = clockwork::procedure_of(case, desk);
    if own.is_some() && ranking::is_given_up(case) {
        return words::CASE_CLOSED.in_language(language).to_string();
    }
    match (own.and_then(|procedure| procedure.next_steps(case.state)), language.is_italian()) {
        (Some(own), true) => own,
        (Some(own), false) => format!("{} {}", usual.in_language(language), words::italian(&own, language)),
        (None, _) => usual.in_language(language).to_string(),
    }
}

fn next_step(class: &Classification, case: Option<&Dossier>, language: Language, desk: &Desk) -> String {
    let usual = match (case, class.kind) {
        (None, _) => words::READ_BY_A_PERSON,
        (Some(_), _) if !class.missing.is_empty() => words::SEND_WHAT_IS_MISSING,
        (Some(_), Kind::Participation | Kind::IntegrationReply) => words::WEIGHED,
        (Some(case), Kind::StatusEnquiry) => return next_in_case(case, words::CASE_EXAMINED, language, desk),
        (Some(case), _) => return next_in_case(case, words::REQUEST_EXAMINED, language, desk),
    };
    usual.in_language(language).to_string()
}

fn files(message: &Content, language: Language) -> Vec<Value> {
    let named = message.attachments.iter().filter(|a| !a.name.trim().is_empty());
    let became = |file: &Attachment| match file.opens {
        _ if file.empty => words::FILE_EMPTY,
        Opens::Plainly => words::FILE_RECEIVED,
        Opens::AsProgram => words::FILE_PROGRAM,
        Opens::WithPassword => words::FILE_LOCKED,
    };
    named.map(|a| json!({ "nome": a.name, "esito": became(a).in_language(language) })).collect()
}

/// The verification in one line.
fn verified(seen: &Examined) -> String {
    let signer = match &seen.verdict {
        pec::Verdict::Certified(certified) => certified.signer(),
        pec::Verdict::Unproven(_) => return String::from("Non verificata."),
    };
    let mut line = format!("Pec autentica, garantita da {}", signer.organisation);
    if seen.grade == Grade::GenuineWeak {
        line.push_str("; firma con un algoritmo oggi debole (SHA-1)");
    }
    if signer.simulation {
        line.push_str("; ATTENZIONE: gestore SIMULATO");
    }
    line.push('.');
    line
}

/// Two or three lines: why this came to this office.
fn why(class: &Classification, trail: &[Reason]) -> Vec<String> {
    let mut lines: Vec<String> = trail.iter().map(|r| r.text.clone()).chain(class.clues_in_words()).collect();
    lines.extend(class.office_in_words());
    if let Some(score) = class.scores.iter().find(|s| s.rule == class.rule) {
        let mut hits: Vec<&Hit> = score.hits.iter().collect();
        hits.sort_by_key(|hit| core::cmp::Reverse(hit.points.abs()));
        lines.extend(hits.into_iter().take(HITS_SHOWN_MAX).map(|hit| match hit.place {
            Some(place) => format!("{:+} punti: «{}» {}", hit.points, hit.matched, place_in_words(place)),
            None => format!("{:+} punti: {}", hit.points, fact_in_words(&hit.phrase)),
        }));
    }
    if !class.also.is_empty() {
        lines.push(format!("Può contenere anche: {}.", class.also.join(", ")));
    }
    lines
}

fn place_in_words(place: Place) -> String {
    match place {
        Place::Subject => String::from("nell'oggetto"),
        Place::Body => String::from("nel testo"),
        Place::BodyQuoted => String::from("nel testo citato"),
        Place::AttachmentName => String::from("nel nome di un allegato"),
        Place::AttachmentText => String::from("in un allegato"),
        Place::Signature => String::from("nella firma"),
        other => format!("in {}", other.code()),
    }
}

fn fact_in_words(fact: &str) -> String {
    match fact {
        "dossier" => String::from("cita un fascicolo del mittente"),
        "reference" => String::from("cita una pratica o un atto"),
        "thread" => String::from("risponde a un nostro messaggio"),
        "attachment" => String::from("ha allegati"),
        "identity" => String::from("il mittente è identificato"),
        other => format!("contiene: {}", other.replace('_', " ")),
    }
}

fn how_to_answer(kind: Kind, daticert: &Daticert) -> Vec<String> {
    match kind {
        Kind::Spam | Kind::Invoice => vec![String::from("A chi scrive non è partita nessuna risposta.")],
        _ => vec![format!(
            "Per rispondere scrivi dalla Pec dell'ente a {}, citando il riferimento dell'oggetto.",
            daticert.mittente
        )],
    }
}

fn term_in_words(class: &Classification, case: &Dossier, desk: &Desk) -> String {
    if let Some(procedure) = clockwork::procedure_of(case, desk).filter(|procedure| !procedure.default) {
        return procedure::card::term(procedure);
    }
    let term = term(class);
    let days = if term.calendar == Calendar::Working { "giorni lavorativi" } else { "giorni" };
    format!("{} {days}, {}", term.days, term.law)
}

fn original(known: &Known) -> String {
    format!(
        "in allegato se non è grande; sempre nella casella Pec dell'ente e nell'archivio, impronta {}",
        known.digest
    )
}

fn reference(known: &Known) -> String {
    command::tag(&known.digest)
}

/// Writes a letter to an office; an office without a template is a fault of the shipped files, which `check` refuses.
fn to_office(
    template: &str,
    values: Value,
    office: &str,
    case: Option<String>,
    with_original: bool,
    known: &Known,
    desk: &Desk,
) -> Option<Outgoing> {
    // An office that the rules no longer have leaves its dossiers behind: their tasks go where all unplaced mail goes.
    let to = desk.rules.office(office).or_else(|| desk.rules.office(&desk.entity.fallback_office))?.mail.clone();
    let letter = write(template, Language::It, values, Lane::Internal, to, case, None, vec![], known, desk).ok()?;
    Some(Outgoing { with_original, ..letter })
}

#[allow(clippy::too_many_arguments)]
fn write(
    template: &str,
    language: Language,
    values: Value,
    lane: Lane,
    to: String,
    case: Option<String>,
    dossier: Option<&Dossier>,
    references: Vec<String>,
    known: &Known,
    desk: &Desk,
) -> Result<Outgoing, Reason> {
    // The same letter in the words for whoever reads it; by its one name it is known, counted and sent again.
    let reader = match lane {
        Lane::Pec => reader::Kind::of_reader(&to, dossier, &desk.rules),
        Lane::Internal | Lane::Courtesy => None,
    };
    let file = desk.templates.for_reader(template, language, reader);
    let mut values = values;
    if reader == Some(reader::Kind::Body) && file != template {
        words::make_formal(&mut values);
    }
    let rendered = desk
        .templates
        .render(&file, language, &values)
        .map_err(|trouble| Reason::new("template", format!("il modello «{file}» non si può scrivere: {trouble}")))?;
    let id = desk.key.effect_id(&known.digest, template, &to, 0);
    Ok(Outgoing {
        message_id: EffectKey::message_id(&id, &desk.domain()),
        id,
        from: match lane {
            Lane::Pec => desk.entity.pec.clone(),
            Lane::Internal => desk.entity.task_sender.clone(),
            Lane::Courtesy => desk.entity.courtesy.as_ref().map(|road| road.from.clone()).unwrap_or_default(),
        },
        lane,
        to,
        template: template.to_string(),
        dossier: case,
        references,
        with_original: false,
        enclosures: vec![],
        language,
        subject: rendered.subject,
        text: rendered.text,
    })
}

fn put(values: &mut Value, name: &str, value: Value) {
    if let Value::Object(map) = values {
        map.insert(name.to_string(), value);
    }
}

/// Puts a text unless it is blank: a template shows such a field only when it is given.
fn given(values: &mut Value, name: &str, text: &str) {
    if !text.trim().is_empty() {
        put(values, name, json!(text));
    }
}

#[cfg(test)]
mod tests;
