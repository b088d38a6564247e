//! A service that is asked for by its name: NUOVA (function S3.01). It changes when a service may be asked for otherwise.
//!
//! Who writes «NUOVA mensa» and no more gets the form of the service, as lines to fill in. Who sends it back filled, or writes in
//! words what is wanted, or encloses files, has applied: the dossier of that service opens whatever the rules would have said, and
//! what is missing is asked for, line by line. The request counts from its arrival, complete or not (L. 241/1990 art. 2 c. 6).

mod lines;

use crate::data_change::fields;
use crate::desk::Desk;
use crate::dossier::{Dossier, State};
use crate::nearest::nearest;
use crate::person::Person;
use crate::procedure::Procedure;
use crate::reply::catalogue::RECEIPT;
use crate::rules::normal::Normal;
use crate::rules::{self, Classification, Field, FieldCheck, Kind, Mode, Outcome, Place, quote};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
pub(crate) use lines::{CODE, NAME};
use lines::{Line, Need, Text};
use pec::Content;
use serde_json::{Value, json};

/// Words of one's own beyond which a message that names a service asks for it: fewer are a greeting and a name.
const WORDS_MAX: usize = 12;
/// Words of the name of a service.
const SERVICE_WORDS_MAX: usize = 12;
/// The letter that asks for what is missing, where the rule names none.
const MISSING: &str = "richiesta-integrazione";

/// What somebody who names a service wants.
#[derive(Debug)]
pub(crate) enum Named<'a> {
    /// Its form.
    Form(&'a Procedure),
    /// A service that is not there; perhaps this one is meant.
    Unknown(String, Option<&'a Procedure>),
    /// The service.
    Service(Application<'a>),
}

/// An application for one service.
#[derive(Debug)]
pub(crate) struct Application<'a> {
    /// The service.
    pub(crate) procedure: &'a Procedure,
    fields: Vec<Field>,
    missing: Vec<String>,
}

/// What a message asks for by the word NUOVA, if it does. `of`: what the rules made of it; who writes a datum asks for the service.
pub(crate) fn asked<'a>(message: &Content, of: &Classification, desk: &'a Desk) -> Option<Named<'a>> {
    let halves = quote::split(&message.text);
    let own = halves.new.lines().map(str::trim).find(|line| !line.is_empty());
    let mark = marked(&message.subject);
    let is_answer = mark.is_some();
    let named = mark.or_else(|| named(&message.subject)).or_else(|| named(own?))?;
    let Some(procedure) = service(&named, desk) else {
        // A sentence that begins with «nuova» is a sentence: the rules read it.
        let is_bare = message.attachments.is_empty() && Normal::of(&halves.new).words().len() <= SERVICE_WORDS_MAX;
        return (is_bare && !is_answer && message.subject.trim().starts_with("NUOVA"))
            .then(|| Named::Unknown(named.clone(), near(&named, desk)));
    };
    let form = lines::of(procedure);
    let mut filled = lines::read(&halves.new, Text::Own, &form);
    let is_own = filled.values.iter().any(|value| !value.is_empty());
    // Who answers fills in the form that is quoted.
    for (value, quoted) in filled.values.iter_mut().zip(lines::read(&halves.quoted, Text::Quoted, &form).values) {
        if value.is_empty() {
            *value = quoted;
        }
    }
    // What our own letter wrote into it fills nothing in.
    let of_theirs =
        form.iter().zip(&filled.values).filter(|(line, _)| ![lines::NAME, lines::CODE].contains(&line.name));
    let is_filled =
        is_own || of_theirs.into_iter().any(|(_, value)| !value.is_empty()) || !message.attachments.is_empty();
    match (is_filled, is_answer) {
        (true, _) => Some(Named::Service(Application::of(procedure, &form, filled.values, message))),
        // In answer to the form there may be a question about it: a person reads that.
        (false, true) => None,
        (false, false) if filled.beside > WORDS_MAX || !of.fields.is_empty() => {
            Some(Named::Service(Application::of(procedure, &form, filled.values, message)))
        }
        (false, false) => Some(Named::Form(procedure)),
    }
}

/// The lines of the form of a service, as the letter shows them to be copied; what is known of who asks stands in them already.
pub(crate) fn form(procedure: &Procedure, of: Option<&Person>) -> Vec<String> {
    let known = |line: &Line| match line.name {
        lines::NAME => of?.names.first(),
        lines::CODE => of?.codice_fiscale.as_ref().or(of?.partita_iva.as_ref()),
        _ => None,
    };
    let written = |line: &Line| known(line).map_or(format!("{}:", line.label), |is| format!("{}: {is}", line.label));
    lines::of(procedure).iter().map(written).collect()
}

/// What was read in a request, for its receipt: who wrote it checks it. To whoever acts for another without a mandate nothing is
/// repeated.
pub(crate) fn summary(class: &Classification, case: Option<&Dossier>, named: impl Fn(&str) -> String) -> Value {
    let right = class.fields.iter().filter(|field| !matches!(field.check, FieldCheck::Failed(_)));
    let right = right.filter(|_| case.is_some_and(|case| case.state != State::DaRegolarizzare));
    right.map(|field| json!({ "voce": named(&title(&field.name)), "testo": field.value })).collect()
}

/// What people read for a field that was written, or found, in a request.
pub(crate) fn title(field: &str) -> String {
    match field {
        "attachment" => String::from("allegati"),
        _ => lines::label(field).map_or_else(|| fields::title(field), str::to_string),
    }
}

/// The names of the lines of a form.
pub(crate) fn names(procedure: &Procedure) -> Vec<&'static str> {
    lines::of(procedure).iter().map(|line| line.name).collect()
}

/// The name of the line that has this label.
pub(crate) fn named_by(label: &str) -> Option<&'static str> {
    lines::name(label)
}

impl<'a> Application<'a> {
    fn of(procedure: &'a Procedure, form: &[Line], values: Vec<String>, message: &Content) -> Self {
        let (mut fields, mut missing) = (Vec::new(), Vec::new());
        for (line, value) in form.iter().zip(values) {
            let judged = if value.is_empty() { None } else { Some(line.judge(&value)) };
            let (kept, check) = match judged {
                None if line.need == Need::May => continue,
                None => {
                    missing.push(lines::bare(line.label).to_string());
                    continue;
                }
                Some(Ok(kept)) => (kept, FieldCheck::Ok),
                Some(Err(why)) => {
                    missing.push(format!("{}: quello scritto non va bene ({why})", lines::bare(line.label)));
                    (value.clone(), FieldCheck::Failed(why))
                }
            };
            let place = Place::Body;
            fields.push(Field { name: line.name.to_string(), value: kept, place, matched: value, check, old: None });
        }
        if message.attachments.is_empty() {
            let documents = procedure.asked().filter(|document| document.required);
            missing.extend(documents.map(|document| document.name.clone()));
        }
        Self { procedure, fields, missing }
    }

    /// The request as the rules would have it, were they sure of this service. `of`: what they made of it; of that the data remain
    /// which they found and no line says.
    pub(crate) fn classification(&self, of: &Classification, desk: &Desk) -> Classification {
        let Self { procedure, .. } = *self;
        let rule = procedure.rules.first().and_then(|id| desk.rules.rule(id));
        let base = match rule {
            Some(rule) => rules::of_rule(&desk.rules, rule, of),
            None => Classification {
                kind: procedure.kind.unwrap_or(Kind::NewApplication),
                mode: Mode::Auto,
                reply: Some(RECEIPT.to_string()),
                deadline: None,
                ..rules::of_rule(&desk.rules, desk.rules.otherwise(), of)
            },
        };
        let mut missing = self.missing.clone();
        let mut fields = self.fields.clone();
        for found in &of.fields {
            if fields.iter().all(|field| field.name != found.name) {
                // A line left out whose datum stands elsewhere in the message is not missing.
                if !matches!(found.check, FieldCheck::Failed(_)) {
                    missing.retain(|line| *line != title(&found.name));
                }
                fields.push(found.clone());
            }
        }
        Classification {
            title: procedure.title.clone(),
            office: procedure.unit.clone().unwrap_or(base.office.clone()),
            missing_reply: base.missing_reply.clone().or_else(|| Some(MISSING.to_string())),
            missing,
            fields,
            citations: vec![],
            outcome: Outcome::Asked { service: procedure.id.clone() },
            ..base
        }
    }
}

/// The service in the mark that our form bears in its subject: `[NUOVA mensa]`.
fn marked(subject: &str) -> Option<String> {
    let inside = subject.split('[').skip(1).filter_map(|part| part.split_once(']')).map(|(inside, _)| inside);
    inside.filter_map(named).next()
}

/// What follows the word NUOVA at the beginning of a line.
fn named(line: &str) -> Option<String> {
    let normal = Normal::of(line.get(..line.floor_char_boundary(lines::READ_BYTES_MAX)).unwrap_or(line));
    let words: Vec<&str> = normal.words().collect();
    match words.as_slice() {
        ["nuova" | "nuovo", name @ ..] if (1..=SERVICE_WORDS_MAX).contains(&name.len()) => Some(name.join(" ")),
        _ => None,
    }
}

/// The services that people may ask for, each with the names it goes by.
pub(crate) fn services(desk: &Desk) -> impl Iterator<Item = (&Procedure, Vec<String>)> {
    desk.procedures.all().filter(|procedure| !procedure.default).map(|procedure| {
        let names = [procedure.title.as_str(), procedure.id.as_str()].into_iter();
        let names = names.chain(procedure.card.names.iter().map(String::as_str));
        (procedure, names.map(|name| Normal::of(name).text().to_string()).collect())
    })
}

/// The one service of this name.
fn service<'a>(name: &str, desk: &'a Desk) -> Option<&'a Procedure> {
    let name = ["richiesta ", "domanda ", "istanza ", "pratica "]
        .iter()
        .find_map(|word| name.strip_prefix(word))
        .unwrap_or(name);
    let name =
        ["di ", "per la ", "per il ", "per l ", "per "].iter().find_map(|word| name.strip_prefix(word)).unwrap_or(name);
    let mut found = services(desk).filter(|(_, names)| names.iter().any(|own| own == name)).map(|(one, _)| one);
    found.next().filter(|_| found.next().is_none())
}

/// The service whose name is nearest.
fn near<'a>(name: &str, desk: &'a Desk) -> Option<&'a Procedure> {
    let all: Vec<(&Procedure, String)> =
        services(desk).flat_map(|(one, names)| names.into_iter().map(move |name| (one, name))).collect();
    let names: Vec<&str> = all.iter().map(|(_, name)| name.as_str()).collect();
    let near = nearest(name, &names)?;
    all.iter().find(|(_, name)| name == near).map(|(one, _)| *one)
}
