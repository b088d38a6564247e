//! The letters that answer a citizen's command. It changes when such an answer shows another fact.

use super::{About, about_case, about_us, given, next_in_case, put, references, state, words, write};
use crate::application;
use crate::calendar::{in_words, rome};
use crate::clockwork;
use crate::data_change::fields;
use crate::decision::{Enclosure, Lane, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Document, Dossier, Visibility, check};
use crate::effect::EffectKey;
use crate::enablement;
use crate::given::{self, Given};
use crate::known::{Event, History};
use crate::language::Language;
use crate::life::Entry;
use crate::person::{Asked, Notices, Over, Person, Scope};
use crate::procedure::{Participation, Procedure, card};
use crate::rating;
use crate::reply::mailto;
use crate::rules::AtHand;
use crate::validity::Validity;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Entries of a list in one letter: what a template shows of one.
const ENTRIES_MAX: usize = 40;
/// Letters of one answer: what is left is said in the last one.
const LETTERS_MAX: usize = 5;
/// Longest name of a file that a letter takes along, bytes.
const NAME_BYTES_MAX: usize = 200;
/// Lines of a service card that say something to who asks; the others are for the office.
const CARD: [(&str, &str); 17] = [
    ("A chi", "A chi serve"),
    ("Che cosa", "Che cosa ottieni"),
    ("Come", "Come si chiede"),
    ("Requisiti", "Requisiti"),
    ("Documenti", "Documenti"),
    ("Non si chiede", "Non serve mandare"),
    ("Costo", "Costo"),
    ("Tempi", "Tempi"),
    ("Vale", "Quanto vale"),
    ("Rate", "Rate"),
    ("Se tace", "Se l'ente non risponde"),
    ("Ufficio", "Ufficio"),
    ("Responsabile", "Responsabile"),
    ("Altri enti", "Altri enti"),
    ("Domande", "Quando si chiede"),
    ("Pagina", "Pagina web"),
    ("Collegati", "Può servirti anche"),
];

/// A document that a party may see, as the index shows it.
#[derive(Debug, Clone)]
pub(crate) struct Shown<'a> {
    /// Its number in the index, from 1.
    pub(crate) n: usize,
    pub(crate) document: &'a Document,
    /// Which of the attachments of its message, from 0.
    pub(crate) nth: u32,
    pub(crate) event: &'a Event,
}

/// The documents of a dossier that its parties may see, numbered. Of the others nothing is said, not even that they are there.
pub(crate) fn documents(history: &History) -> Vec<Shown<'_>> {
    let mut shown: Vec<Shown<'_>> = Vec::new();
    let mut of_message: Vec<(&str, u32)> = Vec::new();
    for event in &history.events {
        let Entry::Deposited { document } = &event.entry else { continue };
        let nth = match of_message.iter_mut().find(|(message, _)| *message == document.message) {
            Some((_, next)) => {
                *next += 1;
                *next - 1
            }
            None => {
                of_message.push((&document.message, 1));
                0
            }
        };
        if document.visibility != Visibility::Reserved {
            shown.push(Shown { n: shown.len() + 1, document, nth, event });
        }
    }
    shown
}

/// A letter with one list, split where the list is longer than a letter: `rest` are entries that nobody has read.
pub(super) fn split(
    about: &About<'_>,
    template: &str,
    values: &Value,
    list: &str,
    entries: &[Value],
    rest: usize,
) -> Result<Vec<Outgoing>, Reason> {
    split_saying(about, template, values, list, entries, rest, None)
}

/// As [`split`]; `how`: a value of the last letter, which says how what is left out is asked for.
fn split_saying(
    about: &About<'_>,
    template: &str,
    values: &Value,
    list: &str,
    entries: &[Value],
    rest: usize,
    how: Option<(&str, &str)>,
) -> Result<Vec<Outgoing>, Reason> {
    let all = entries.len().div_ceil(ENTRIES_MAX).max(1);
    let letters = all.min(LETTERS_MAX);
    let left_out = entries.len().saturating_sub(letters * ENTRIES_MAX) + rest;
    let mut out = Vec::with_capacity(letters);
    let mut chunks = entries.chunks(ENTRIES_MAX);
    for n in 0..letters {
        let mut values = values.clone();
        let chunk = chunks.next().unwrap_or_default();
        if !chunk.is_empty() {
            put(&mut values, list, json!(chunk));
        }
        if letters > 1 {
            put(&mut values, "parte", json!(format!("{} di {letters}", n + 1)));
        }
        if n + 1 == letters && left_out > 0 {
            put(&mut values, "altre", json!(left_out));
            if let Some((name, how)) = how {
                put(&mut values, name, json!(how));
            }
        }
        out.push(letter(about, template, values, u32::try_from(n).unwrap_or(u32::MAX))?);
    }
    Ok(out)
}

/// To whoever wrote, in the conversation.
pub(super) fn letter(about: &About<'_>, template: &str, values: Value, ordinal: u32) -> Result<Outgoing, Reason> {
    letter_in(Language::It, about, template, values, ordinal)
}

fn letter_in(
    language: Language,
    about: &About<'_>,
    template: &str,
    values: Value,
    ordinal: u32,
) -> Result<Outgoing, Reason> {
    let About { daticert, case, known, desk, .. } = *about;
    let to = daticert.mittente.trim().to_string();
    let number = case.map(|dossier| dossier.number.clone());
    let letter = write(template, language, values, Lane::Pec, to, number, case, references(about), known, desk)?;
    let id = desk.key.effect_id(&known.digest, template, &letter.to, ordinal);
    Ok(Outgoing { message_id: EffectKey::message_id(&id, &desk.domain()), id, ..letter })
}

pub(super) fn printable(letters: Vec<Outgoing>, name: &str) -> Vec<Outgoing> {
    let several = letters.len() > 1;
    let with_file = |(n, letter): (usize, Outgoing)| {
        let name = if several { format!("{name}-{}.pdf", n + 1) } else { format!("{name}.pdf") };
        Outgoing { enclosures: vec![Enclosure::Printable { name }], ..letter }
    };
    letters.into_iter().enumerate().map(with_file).collect()
}

pub(super) fn values(about: &About<'_>, next: &str) -> Value {
    values_in(Language::It, about, next)
}

fn values_in(language: Language, about: &About<'_>, next: &str) -> Value {
    let office = about.case.map_or(about.class.office.as_str(), |dossier| dossier.office.as_str());
    let mut values = about_us(about.desk, office);
    put(&mut values, "prossimo_passo", json!(next));
    put(&mut values, "ricevuto_il", json!(about.daticert.data));
    if let Some(case) = about.case {
        about_case(&mut values, case, language, about.desk);
    }
    values
}

fn day(at: Timestamp) -> Value {
    json!(rome(at).date())
}

/// AIUTO. `note`: what must be said first.
pub(crate) fn help(about: &About<'_>, note: &str) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "");
    given(&mut values, "avviso", note);
    put(&mut values, "avvisi_email", json!(about.desk.entity.courtesy.is_some()));
    Ok(vec![letter(about, "aiuto", values, 0)?])
}

/// CATALOGO.
pub(crate) fn catalogue(about: &About<'_>, note: &str) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "");
    given(&mut values, "avviso", note);
    let services = about.desk.procedures.all().filter(|procedure| !procedure.default);
    let services: Vec<Value> = services.map(|one| json!({ "titolo": one.title, "codice": one.id })).collect();
    split(about, "catalogo", &values, "servizi", &services, 0)
}

/// SCHEDA. `note`: what must be said first.
pub(crate) fn service(about: &About<'_>, procedure: &Procedure, note: &str) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "");
    given(&mut values, "avviso", note);
    put(&mut values, "titolo", json!(procedure.title));
    let lines = card::lines(procedure, &about.desk.rules);
    let office = procedure.unit.as_deref().and_then(|id| about.desk.rules.office(id));
    let shown = CARD.iter().filter_map(|(name, title)| {
        let text = lines.iter().find(|(line, _)| line == name).map(|(_, text)| text.as_str())?;
        // Where tasks go is the office's affair: people write to the one address of the body.
        let text = match *name {
            "Ufficio" => office.map_or(text, |office| &office.title).to_string(),
            "Collegati" => related(procedure, about.desk),
            _ => text.to_string(),
        };
        (!text.trim().is_empty()).then(|| json!({ "voce": title, "testo": text }))
    });
    let held = Given::of_writer(about).map(|given| given.for_form(procedure)).unwrap_or_default();
    let held =
        held.iter().map(|at| json!({ "voce": format!("{}, già agli atti", at.need), "testo": given::in_words(at) }));
    put(&mut values, "righe", json!(shown.chain(held).collect::<Vec<_>>()));
    Ok(vec![letter(about, "scheda", values, 0)?])
}

/// The services that a file names beside its own, as people write them behind SCHEDA.
fn related(procedure: &Procedure, desk: &Desk) -> String {
    let all = desk.procedures.related(procedure);
    all.map(|one| format!("{} (SCHEDA {})", one.title, one.id)).collect::<Vec<_>>().join(", ")
}

/// NUOVA: the form of a service, to be filled in by mail. `of`: who writes, where that may be told to who writes (functions S2.17).
pub(crate) fn form(about: &About<'_>, procedure: &Procedure, of: Option<&Person>) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "");
    put(&mut values, "titolo", json!(procedure.title));
    put(&mut values, "codice", json!(procedure.id));
    put(&mut values, "modulo", json!(application::form(procedure, of)));
    if !procedure.requirements.is_empty() {
        put(&mut values, "requisiti", json!(procedure.requirements));
    }
    let held = Given::of_writer(about).map(|given| given.for_form(procedure)).unwrap_or_default();
    if !held.is_empty() {
        put(&mut values, "agli_atti", json!(held.iter().map(held_in_form).collect::<Vec<_>>()));
    }
    for (name, required) in [("documenti", true), ("facoltativi", false)] {
        let asked = procedure.asked().filter(|document| document.required == required);
        let asked = asked.filter(|document| held.iter().all(|at| at.need != document.name));
        put(&mut values, name, json!(asked.map(|document| document.name.as_str()).collect::<Vec<_>>()));
    }
    given(&mut values, "come", procedure.card.how.trim_end_matches('.'));
    Ok(vec![letter(about, "modulo", values, 0)?])
}

/// What a form says of something that is held already.
fn held_in_form(at: &AtHand) -> String {
    let how = match (&at.dossier, at.counts) {
        (Some(_), true) => "Non serve mandarlo",
        (None, true) => "Se non è cambiato lascia vuota la riga",
        (_, false) => "Se va ancora bene scrivi nel messaggio «già agli atti»",
    };
    format!("{}: {}. {how}.", at.need, given::in_words(at))
}

/// I MIEI DATI: what this register holds, each datum with its source and its day (GDPR art. 15).
pub(crate) fn data(about: &About<'_>, person: &Person) -> Result<Vec<Outgoing>, Reason> {
    let (now, today) = (about.known.now, rome(about.known.now).date());
    let next = match about.case {
        Some(_) => "L'ufficio controlla se altri uffici hanno dati su di te e ti scrive.",
        None => "Se un dato è sbagliato, scrivici qual è quello giusto: l'ufficio controlla e ti risponde.",
    };
    let mut values = values(about, next);
    put(&mut values, "nome", json!(person.names.first().map_or(person.id.as_str(), String::as_str)));
    given(&mut values, "codice_fiscale", person.codice_fiscale.as_deref().unwrap_or_default());
    given(&mut values, "partita_iva", person.partita_iva.as_deref().unwrap_or_default());
    let domiciles = person.domiciles_at(now).into_iter();
    let domiciles: Vec<Value> =
        domiciles.map(|d| json!({ "indirizzo": d.address, "fonte": d.source.words(), "dal": day(d.since) })).collect();
    if !domiciles.is_empty() {
        put(&mut values, "domicili", json!(domiciles));
    }
    let mut permits: Vec<String> = Vec::new();
    for grant in person.grants.iter().filter(|grant| grant.holds(today)) {
        let what = match &grant.scope {
            Scope::OwnData => "Puoi chiedere i tuoi dati per Pec",
            Scope::OwnDossiers => "Puoi chiedere l'elenco delle tue pratiche per Pec",
            Scope::DelegateOf { .. } => "Puoi agire per un'altra persona, con la sua delega",
        };
        let until = grant.until.map(|until| format!(", fino a {}", in_words(until))).unwrap_or_default();
        permits.push(format!("{what}: da {}{until}.", in_words(grant.from)));
    }
    for mandate in person.mandates.iter().filter(|mandate| mandate.holds(today)) {
        // Who acts is another person: the name is not the writer's datum (law.md §6).
        let over = match &mandate.over {
            Over::All => String::from("per tutto"),
            Over::Dossier { number } => format!("per il fascicolo {number}"),
        };
        permits.push(format!("Una persona ha la tua delega {over}, fino a {}.", in_words(mandate.until)));
    }
    if person.notices == Notices::Essential {
        permits.push(String::from("Hai scelto di ricevere solo gli avvisi essenziali."));
    }
    if let Some(asked) = &person.expiries {
        permits.push(format!("Hai chiesto un avviso prima delle scadenze: {}.", in_words(asked.day())));
    }
    if let Some(own) = &person.courtesy {
        permits.push(format!("Quando ti arriva una Pec ti avvisiamo anche a {}{}.", own.address, own.stopped_words()));
    }
    if !permits.is_empty() {
        put(&mut values, "abilitazioni", json!(permits));
    }
    if let Some(notice) = &person.notice {
        let text = format!("versione {}, {}", notice.version, in_words(rome(notice.at).date()));
        put(&mut values, "informativa_data", json!(text));
    }
    let offices: Vec<&str> = about
        .desk
        .procedures
        .all()
        .filter_map(|procedure| procedure.unit.as_deref())
        .filter(|id| !person.data.values().flatten().any(|datum| datum.source == *id))
        .collect::<alloc::collections::BTreeSet<_>>()
        .into_iter()
        .map(|id| about.desk.rules.office(id).map_or(id, |office| office.title.as_str()))
        .collect();
    given(&mut values, "mancano", &offices.join(", "));
    let mut held: Vec<Value> = Vec::new();
    for field in person.data.keys() {
        for by in person.held(field, &about.desk.entity.order(), now).iter().flat_map(|held| &held.by) {
            let source = about.desk.rules.office(&by.datum.source).map_or(by.datum.source.as_str(), |o| &o.title);
            held.push(json!({
                "dato": fields::title(field), "valore": by.datum.value, "fonte": source, "dal": day(by.datum.at),
            }));
        }
    }
    Ok(printable(split(about, "dati-personali", &values, "dati", &held, 0)?, "i-miei-dati"))
}

/// LE MIE PRATICHE, the newest first.
pub(crate) fn dossiers(about: &About<'_>, all: &[&Dossier], rest: usize) -> Result<Vec<Outgoing>, Reason> {
    let values = values(about, "Per sapere di più di una pratica scrivi STATO e il suo numero nell'oggetto.");
    let today = rome(about.known.now).date();
    let row = |dossier: &&Dossier| {
        if dossier.cover.reserved {
            // Of a reserved one a person tells (law.md §6).
            let text = "riservata: te ne parla una persona dell'ufficio";
            return json!({
                "numero": check::shown(&dossier.number), "oggetto": "pratica riservata", "stato": text,
                "dal": day(dossier.opened_at), "fine": "la dice l'ufficio",
            });
        }
        let end = match (dossier.life.closed_at, dossier.life.suspended_until, dossier.due) {
            (Some(at), ..) => format!("conclusa {}", in_words(rome(at).date())),
            (None, Some(until), _) => format!("termine sospeso, al più tardi fino a {}", in_words(until)),
            (None, None, Some(due)) if due < today => format!("doveva finire {}: siamo in ritardo", in_words(due)),
            (None, None, Some(due)) => format!("entro {}", in_words(due)),
            (None, None, None) => String::from("senza un termine"),
        };
        json!({
            "numero": check::shown(&dossier.number), "oggetto": dossier.title, "stato": state(dossier, Language::It, about.desk),
            "dal": day(dossier.state_since), "fine": end,
        })
    };
    let rows: Vec<Value> = all.iter().map(row).collect();
    Ok(printable(split(about, "elenco-pratiche", &values, "pratiche", &rows, rest)?, "le-mie-pratiche"))
}

/// STATO, with all that has happened.
pub(crate) fn status(about: &About<'_>, dossier: &Dossier) -> Result<Vec<Outgoing>, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    let language = about.desk.templates.language("stato-pratica", about.language());
    let mut values = values_in(language, about, &next_step(dossier, language, about.desk));
    let is_excluded = clockwork::procedure_of(dossier, about.desk)
        .is_some_and(|procedure| procedure.participation == Participation::Excluded);
    put(&mut values, "partecipazione_esclusa", json!(is_excluded));
    let history = about.known.history.as_ref().filter(|history| history.dossier == dossier.number);
    let mut events = vec![json!({ "quando": dossier.opened_at, "cosa": words::ARRIVED.in_language(language) })];
    for event in history.iter().flat_map(|history| &history.events) {
        let what = match &event.entry {
            Entry::Moved { to, .. } => words::event(*to, language).to_string(),
            Entry::Deposited { document } if document.visibility != Visibility::Reserved => {
                words::DOCUMENT_CAME.in_language(language).replace("{}", &document.name)
            }
            _ => continue,
        };
        events.push(json!({ "quando": event.at, "cosa": what }));
    }
    // What nobody read came after what was read.
    if let Some(left_out) = history.map(|history| history.left_out).filter(|n| *n > 0) {
        let what = words::MORE_EVENTS.in_language(language).replace("{}", &left_out.to_string());
        events.push(json!({ "quando": dossier.state_since, "cosa": what }));
    }
    // The last ones say where it stands, the first one where it began; what is between is counted.
    if events.len() > ENTRIES_MAX {
        let last = events.len() - ENTRIES_MAX + 1;
        let what = words::MORE_EVENTS.in_language(language).replace("{}", &last.to_string());
        let counted = json!({ "quando": events[last]["quando"], "cosa": what });
        events.splice(1..=last, [counted]);
    }
    if events.len() > 1 {
        put(&mut values, "eventi", json!(events));
    }
    Ok(vec![letter_in(language, about, "stato-pratica", values, 0)?])
}

fn next_step(dossier: &Dossier, language: Language, desk: &Desk) -> String {
    let usual = match &dossier.life.enablement {
        _ if dossier.state.is_final() => words::CASE_CLOSED,
        Some(asked) if asked.state == enablement::State::Asked => words::CODE_AWAITED,
        Some(_) => words::GRANT_AWAITED,
        None => words::CASE_EXAMINED,
    };
    match dossier.life.enablement {
        Some(_) => usual.in_language(language).to_string(),
        None => next_in_case(dossier, usual, language, desk),
    }
}

/// FASCICOLO: the documents, not the documents themselves; those from number `from` on, where there is one of that number. What
/// the letters do not hold is counted, and how it is asked for is said.
pub(crate) fn index(
    about: &About<'_>,
    dossier: &Dossier,
    history: &History,
    from: u32,
) -> Result<Vec<Outgoing>, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    let mut values = values(about, &next_step(dossier, Language::It, about.desk));
    let all = documents(history);
    let from = usize::try_from(from).unwrap_or(usize::MAX).saturating_sub(1);
    let skipped = if from < all.len() { from } else { 0 };
    let numbered = |n: usize| format!("{}/{n}", check::shown(&dossier.number));
    if history.left_out > 0 {
        put(&mut values, "passaggi", json!(history.left_out));
    }
    let row = |shown: &Shown<'_>| {
        let by = if shown.event.by.is_empty() { "il servizio" } else { &shown.event.by };
        let mut row = json!({
            "numero": numbered(shown.n), "nome": shown.document.name,
            "giorno": day(shown.event.at), "da": by,
        });
        let number = dossier.cover.protocol.get(&shown.document.message);
        given(&mut row, "protocollo", number.map_or("", String::as_str));
        row
    };
    let rows: Vec<Value> = all.iter().skip(skipped).map(row).collect();
    let next = numbered(skipped + LETTERS_MAX * ENTRIES_MAX + 1);
    split_saying(about, "indice-fascicolo", &values, "documenti", &rows, 0, Some(("altri_da", &next)))
}

/// DOCUMENTO: that one goes along.
pub(crate) fn document(about: &About<'_>, dossier: &Dossier, shown: &Shown<'_>) -> Result<Vec<Outgoing>, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    let mut values = values(about, &next_step(dossier, Language::It, about.desk));
    put(&mut values, "documento", json!(format!("{}/{}", check::shown(&dossier.number), shown.n)));
    put(&mut values, "nome", json!(shown.document.name));
    put(&mut values, "giorno", day(shown.event.at));
    let mut name = shown.document.name.clone();
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    let enclosure = Enclosure::Document { message: shown.document.message.clone(), nth: shown.nth, name };
    let ordinal = u32::try_from(shown.n).unwrap_or(u32::MAX);
    Ok(vec![Outgoing { enclosures: vec![enclosure], ..letter(about, "documento", values, ordinal)? }])
}

/// There is no such document to be seen: the same words whether it is not there or may not be seen.
pub(crate) fn no_document(about: &About<'_>, dossier: &Dossier, wanted: u32) -> Result<Vec<Outgoing>, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    let mut values = values(about, &next_step(dossier, Language::It, about.desk));
    put(&mut values, "documento", json!(format!("{}/{wanted}", check::shown(&dossier.number))));
    Ok(vec![letter(about, "documento-non-visibile", values, 0)?])
}

/// No such dossier of this sender's. `near`: one that is, and may be meant.
pub(crate) fn not_found(about: &About<'_>, written: &str, near: &str) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "Scrivi di nuovo con il numero giusto. Se vuoi l'elenco, scrivi LE MIE PRATICHE.");
    put(&mut values, "numero_indicato", json!(written));
    given(&mut values, "forse", near);
    Ok(vec![letter(about, "fascicolo-non-trovato", values, 0)?])
}

/// Nothing personal goes to this address: which ways are open (CAD art. 65). The same words whatever the register holds.
pub(crate) fn which_ways(about: &About<'_>) -> Result<Vec<Outgoing>, Reason> {
    let next = match about.case {
        Some(_) => "L'ufficio controlla chi scrive e ti risponde entro il termine.",
        None => "Scegli una delle strade qui sopra e scrivi di nuovo.",
    };
    Ok(vec![letter(about, "come-farti-riconoscere", values(about, next), 0)?])
}

/// Of a reserved dossier: a person answers, and nothing else is said.
pub(crate) fn a_person_answers(about: &About<'_>, dossier: &Dossier) -> Result<Outgoing, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    letter(about, "risponde-una-persona", values(about, "Una persona dell'ufficio ti risponde."), 0)
}

/// VALUTAZIONE. `asked`: the rating, where the second question follows.
pub(crate) fn rated(
    about: &About<'_>,
    dossier: &Dossier,
    note: &str,
    asked: Option<u8>,
) -> Result<Vec<Outgoing>, Reason> {
    let about = &About { case: Some(dossier), ..*about };
    let mut values = values(about, &next_step(dossier, Language::It, about.desk));
    put(&mut values, "avviso", json!(note));
    if let Some(stars) = asked {
        let answers = rating::answers(stars).iter().enumerate();
        let answers: Vec<Value> = answers
            .map(|(n, text)| {
                let words = rating::words(stars, &check::shown(&dossier.number), Some(n + 1));
                json!({ "testo": text, "scrivi": words, "collegamento": mailto(&about.desk.entity.pec, &words) })
            })
            .collect();
        put(&mut values, "domanda", json!(rating::question(stars)));
        put(&mut values, "risposte", json!(answers));
    }
    Ok(vec![letter(about, "valutazione", values, 0)?])
}

/// SOLO AVVISI ESSENZIALI, TUTTI GLI AVVISI.
pub(crate) fn notices(about: &About<'_>, wanted: Notices) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "Puoi cambiare quando vuoi.");
    put(&mut values, "essenziali", json!(wanted == Notices::Essential));
    Ok(vec![letter(about, "avvisi-scelti", values, 0)?])
}

/// AVVISAMI DELLE SCADENZE, NON AVVISARMI. `asked`: the notices are wanted; `held`: what the writer has that ends.
pub(crate) fn expiries(
    about: &About<'_>,
    asked: Option<&Asked>,
    held: &[(&Dossier, Validity)],
) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "Puoi cambiare quando vuoi.");
    let row = |(dossier, validity): &(&Dossier, Validity)| {
        let number = check::shown(&dossier.number);
        let what = match validity.rate {
            Some(rate) => format!("{}, rata {} di {}", dossier.title, rate.n, rate.of),
            None => dossier.title.clone(),
        };
        json!({ "cosa": what, "fascicolo": number, "scade_il": validity.until })
    };
    if asked.is_some() && !held.is_empty() {
        put(&mut values, "cose", json!(held.iter().take(ENTRIES_MAX).map(row).collect::<Vec<_>>()));
    }
    if let Some(asked) = asked {
        put(&mut values, "chiesto_il", json!(asked.day()));
    }
    Ok(vec![letter(about, "avvisi-scadenze", values, 0)?])
}

/// REVOCA: what has ended, a line each, and what could not be ended here.
pub(crate) fn revoked(about: &About<'_>, ended: &[String], kept: &str) -> Result<Vec<Outgoing>, Reason> {
    let mut values = values(about, "Da adesso a questo indirizzo non mandiamo dati personali.");
    if !ended.is_empty() {
        put(&mut values, "finite", json!(ended));
    }
    given(&mut values, "resta", kept);
    Ok(vec![letter(about, "revoca", values, 0)?])
}
