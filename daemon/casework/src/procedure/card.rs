//! A procedure as a service card with its table of states: one screen. It changes when people should see something else of it.

use super::machine::plain;
use super::model::{Applicant, Attestation, Notice, Participation, Procedure, Responsible, Silence, Stamp, ThirdBody};
use crate::dossier::State;
use crate::rules::Rulebook;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// One line of the card: its name, its text.
pub type Line = (&'static str, String);

/// The lines of the card.
#[must_use]
pub fn lines(procedure: &Procedure, rules: &Rulebook) -> Vec<Line> {
    let card = &procedure.card;
    let mut lines = Vec::from([
        ("A chi", card.who.clone()),
        ("Che cosa", card.what.clone()),
        ("Come", card.how.clone()),
        ("Chi chiede", applicants(procedure)),
    ]);
    let mut add = |name, items: Vec<String>| {
        if !items.is_empty() {
            lines.push((name, items.join(" · ")));
        }
    };
    add("Requisiti", procedure.requirements.clone());
    add(
        "Documenti",
        procedure
            .asked()
            .map(|one| if one.required { one.name.clone() } else { format!("{} (se c'è)", one.name) })
            .collect(),
    );
    add("Non si chiede", procedure.documents.iter().filter(|one| one.held).map(|one| one.name.clone()).collect());
    add("Dati", procedure.sections.iter().map(|section| section.code().to_string()).collect());
    add("Moduli", procedure.modules.iter().map(|module| module.code().to_string()).collect());
    add("Costo", Vec::from([card.cost.clone().unwrap_or_else(|| cost(procedure))]));
    add("Tempi", Vec::from([card.term.clone().unwrap_or_else(|| term(procedure))]));
    if let Some(validity) = &procedure.validity {
        let long = match validity.months {
            1 => "1 mese".to_string(),
            months if months > 12 && months.is_multiple_of(12) => format!("{} anni", months / 12),
            months => format!("{months} mesi"),
        };
        add("Vale", Vec::from([format!("{long} dal giorno della decisione")]));
    }
    if let Some(rates) = &procedure.rates {
        let every = if rates.every == 1 { "una al mese".into() } else { format!("una ogni {} mesi", rates.every) };
        let number = rates.number.map_or_else(|| "quante dice la decisione".into(), |number| format!("{number}"));
        add("Rate", Vec::from([format!("{number}, {every}"), rates.pay.clone()]));
    }
    add("Se tace", Vec::from([silence(procedure.silence).to_string()]));
    add("Ufficio", Vec::from([card.office.clone().unwrap_or_else(|| unit(procedure, rules))]));
    add("Responsabile", Vec::from([responsible(procedure)]));
    let title = |id: &String| rules.office(id).map_or_else(|| id.clone(), |office| office.title.clone());
    add("Anche", procedure.other_units.iter().map(title).collect());
    let external =
        |office: &super::model::External| format!("{} ({} giorni per rispondere)", office.title, office.days);
    add("Altri enti", procedure.external.iter().map(external).collect());
    add("Chi può", grants(procedure));
    add("Garanzie", guarantees(procedure));
    if let Some(window) = &procedure.window {
        add(
            "Domande",
            Vec::from([format!("dal {} al {} (ora di Roma)", window.opens, window.closes).replace('T', " ")]),
        );
    }
    add("Si apre", Vec::from([opened(procedure)]));
    add("Collegati", procedure.related.clone());
    add("Pagina", card.link.iter().cloned().collect());
    add("Informativa", Vec::from([format!("versione {}", procedure.privacy)]));
    lines
}

/// Rows of the table of states: slug, name, the term meanwhile.
#[must_use]
pub fn states(procedure: &Procedure) -> Vec<[String; 3]> {
    let reachable = procedure.reachable();
    let used = State::ALL.into_iter().filter(|state| reachable.contains(state));
    used.map(|state| {
        [state.code().to_string(), procedure.label(state).to_string(), clock(procedure, state).to_string()]
    })
    .collect()
}

/// Whether the term runs (law.md §10). It stops by law for what was asked and for an announced refusal; where another body is
/// waited for, the file says.
#[must_use]
pub fn clock(procedure: &Procedure, state: State) -> &'static str {
    match state {
        state if state.is_final() => "fine",
        State::InAttesaIntegrazioni | State::PreavvisoDiniego => "fermo",
        State::InAttesaEnteTerzo if procedure.third_body == ThirdBody::Suspends => "fermo",
        _ => "corre",
    }
}

/// What is to be done in each state, one line each.
#[must_use]
pub fn activities(procedure: &Procedure) -> Vec<String> {
    let of = |state: State| {
        let step = procedure.steps.get(&state);
        step.into_iter().flat_map(|step| &step.activities).map(move |one| {
            let office = one.who.office.as_ref().map_or_else(String::new, |office| format!("{office}, "));
            format!("{}: {} ({office}{})", state.code(), one.text, one.who.role.code())
        })
    };
    State::ALL.into_iter().flat_map(of).collect()
}

fn applicants(procedure: &Procedure) -> String {
    let word = |one: &Applicant| match one {
        Applicant::Persona => "una persona",
        Applicant::Impresa => "un'impresa",
        Applicant::Delegato => "chi ha una delega",
    };
    procedure.applicants.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// Stamp duty and fees, in words.
#[must_use]
pub fn cost(procedure: &Procedure) -> String {
    let stamp = match procedure.stamp {
        Stamp::Due => "marca da bollo da 16 euro".to_string(),
        Stamp::No => String::new(),
        Stamp::Exempt(code) => format!("senza bollo (esenzione {code})"),
    };
    let fees = procedure.fees.iter().map(|fee| format!("{}: {}", fee.what, fee.amount));
    let all: Vec<String> = core::iter::once(stamp).filter(|text| !text.is_empty()).chain(fees).collect();
    if all.is_empty() { "niente".to_string() } else { all.join("; ") }
}

/// The term with its stages and its norm, in words.
#[must_use]
pub fn term(procedure: &Procedure) -> String {
    let term = &procedure.term;
    let stages = term.stages.iter().map(|stage| format!("; {}: {} ({})", stage.name, stage.length.words(), stage.law));
    let stages: String = stages.collect();
    format!("{} dall'arrivo ({}){stages}", term.length.words(), term.law)
}

/// What the end of the term means, in words.
#[must_use]
pub fn silence(silence: Silence) -> &'static str {
    match silence {
        Silence::Default => "l'ente è in ritardo: ci si può rivolgere a chi ha il potere sostitutivo",
        Silence::Assent(Attestation::Automatic) => "la richiesta è accolta, e l'attestazione parte da sola",
        Silence::Assent(Attestation::Person) => "la richiesta è accolta, e una persona lo attesta",
        Silence::Refusal => "la richiesta vale come respinta: si può ricorrere",
    }
}

fn unit(procedure: &Procedure, rules: &Rulebook) -> String {
    match procedure.unit.as_deref() {
        Some(id) => {
            rules.office(id).map_or_else(|| id.to_string(), |office| format!("{}, {}", office.title, office.mail))
        }
        None => "quello a cui la richiesta è assegnata".to_string(),
    }
}

fn responsible(procedure: &Procedure) -> String {
    match &procedure.responsible {
        Responsible::Named(name) => name.clone(),
        Responsible::HeadOfUnit => "chi dirige l'ufficio, finché non è assegnata".to_string(),
    }
}

fn guarantees(procedure: &Procedure) -> Vec<String> {
    let participation = match procedure.participation {
        Participation::Admitted => "partecipazione ammessa",
        Participation::Excluded => "partecipazione esclusa (L. 241/1990 art. 13)",
        Participation::Public => "partecipazione ammessa, e chiunque può seguire come va (SEGUI)",
    };
    let notice = match &procedure.notice {
        Notice::Due => "preavviso prima di un rifiuto".to_string(),
        Notice::Excluded(why) => format!("senza preavviso di rifiuto ({why})"),
    };
    let third = match procedure.third_body {
        ThirdBody::None => None,
        ThirdBody::Runs => Some("si può sentire un altro ente, e il termine corre"),
        ThirdBody::Suspends => Some("si può sentire un altro ente, e il termine si ferma"),
    };
    [participation.to_string(), notice].into_iter().chain(third.map(Into::into)).collect()
}

/// What the file grants, verb by verb.
fn grants(procedure: &Procedure) -> Vec<String> {
    let who = |grant: &super::model::Grant| match &grant.office {
        Some(office) => format!("{office} ({})", grant.role.code()),
        None => grant.role.code().to_string(),
    };
    let one = |(verb, grants): (&crate::verb::Verb, &Vec<super::model::Grant>)| {
        format!("{}: {}", plain(*verb), grants.iter().map(who).collect::<Vec<_>>().join(", "))
    };
    procedure.grants.iter().map(one).collect()
}

fn opened(procedure: &Procedure) -> String {
    let mut ways: Vec<String> = Vec::new();
    if !procedure.rules.is_empty() {
        ways.push(format!("con la regola {}", procedure.rules.join(", ")));
    }
    ways.extend(procedure.kind.map(|kind| format!("con ogni richiesta di tipo «{}»", kind.title())));
    if procedure.default {
        ways.push("con tutto ciò che nessun altro prende".to_string());
    }
    if procedure.by_hand {
        ways.push("quando una persona lo sceglie".to_string());
    }
    ways.join("; ")
}
