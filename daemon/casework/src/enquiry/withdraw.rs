//! What a citizen ends by a command: the own request, the own domicile. It changes when something else may be taken back.

use super::Told;
use crate::address;
use crate::calendar::rome;
use crate::clockwork::{self, with_term};
use crate::decision::{Change, Reason};
use crate::dossier::{Dossier, PartyRole};
use crate::follow;
use crate::letters::case::Case;
use crate::letters::{About, enquiry as letter};
use crate::life::Entry;
use crate::person::{self, Scope, Strength};
use crate::procedure::Actor;
use crate::standing::Standing;
use crate::verb::Verb;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// RITIRO: the applicant takes the request back while nothing is decided. Every party is told, and the office.
pub(super) fn request(about: &About<'_>, dossier: &Dossier, written: &str) -> Result<Told, Reason> {
    let sender = about.daticert.mittente.trim();
    if !is_applicant(dossier, sender) {
        let text = "chi ritira la richiesta non è chi l'ha presentata da questo indirizzo: decide una persona";
        return Ok(Told::person(dossier, "not-the-applicant", text));
    }
    let procedure = clockwork::procedure_of(dossier, about.desk);
    let to = procedure.map(|one| one.act(dossier.state, Verb::Ritira, Actor::Citizen, &dossier.office));
    let to = match to {
        Some(Ok(to)) => to,
        Some(Err(why)) => return Ok(Told::person(dossier, "not-lawful", &why.why)),
        None => return Ok(Told::person(dossier, "no-procedure", "il fascicolo è di prima dei procedimenti")),
    };
    let point = format!("Ritirata da {sender}, con la Pec {}.", crate::calendar::spoken(about.daticert.data));
    let mut entries = vec![Entry::Moved { verb: Verb::Ritira, to, points: vec![point.clone()] }];
    let after = with_term(dossier, &mut entries, about.desk, about.known.now);
    let case = Case::of(about.known, &after, about.desk);
    let (news, untold) = follow::news(dossier, &case);
    let letters = case.withdrawn()?.into_iter().chain(news).collect();
    let office = dossier.office.clone();
    let fact = [point, format!("Aveva scritto «RITIRO {written}»: non serve decidere.")];
    let tasks = case.task(&office, "richiesta ritirata da chi l'ha presentata", &fact, &[]).into_iter().collect();
    let number = dossier.number.clone();
    let entered = entries.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry });
    let changes = core::iter::once(Change::Filed { dossier: number.clone() }).chain(entered).chain(untold).collect();
    Ok(Told::Machine { letters, changes, tasks, dossier: Some(number) })
}

/// Whether somebody writes as who asked, from the address of the dossier.
pub(super) fn is_applicant(dossier: &Dossier, sender: &str) -> bool {
    match dossier.cover.people.as_slice() {
        // Of before persons were kept with the dossier: who opened it is the first party.
        [] => dossier.parties.first().is_some_and(|first| address::same(first, sender)),
        people => people.iter().any(|of| of.role == PartyRole::Applicant && address::same(&of.address, sender)),
    }
}

/// REVOCA: what this office enabled for the address that writes ends at once, and all that was granted to the person.
pub(super) fn domicile(about: &About<'_>, standing: &Standing) -> Result<Told, Reason> {
    let people = &about.known.people;
    let Some(writer) = people.iter().find(|person| Some(&person.id) == standing.writer.as_ref()) else {
        // Also of an address that is only declared: nothing rests on it.
        return Ok(Told::letters(letter::which_ways(about)?, None));
    };
    let today = rome(about.known.now).date();
    let yesterday = today.yesterday().unwrap_or(today);
    let mut entries: Vec<person::Entry> = Vec::new();
    let (mut ended, mut kept) = (Vec::new(), String::new());
    match writer.revoke_domicile(&about.daticert.mittente) {
        Ok(entry) => {
            ended.push(format!("Il domicilio {}", about.daticert.mittente.trim()));
            entries.push(entry);
        }
        Err(why) => kept = why.text,
    }
    let is_listed = writer.strength_of(&about.daticert.mittente, about.known.now) == Some(Strength::Listed);
    if is_listed {
        kept = String::from("Questo indirizzo è iscritto in un elenco pubblico: lì si cambia, noi non possiamo.");
    }
    let mut scopes: Vec<&Scope> = writer.scopes(today);
    scopes.sort();
    scopes.dedup();
    for scope in scopes {
        // Its last day was yesterday: from now on it holds no more.
        if let Ok(entry) = writer.end_grant(scope.clone(), yesterday) {
            ended.push(
                match scope {
                    Scope::OwnData => "L'abilitazione ai tuoi dati",
                    Scope::OwnDossiers => "L'abilitazione all'elenco delle tue pratiche",
                    Scope::DelegateOf { .. } => "L'abilitazione ad agire per un'altra persona",
                }
                .to_string(),
            );
            entries.push(entry);
        }
    }
    if writer.expiries.is_some() {
        // Also of an address that stays in its index: who writes this wants no letter of favour there.
        ended.push(String::from("Gli avvisi prima delle scadenze"));
        entries.push(person::Entry::ExpiriesChosen { asked: None });
    }
    if let Some(courtesy) = &writer.courtesy {
        ended.push(format!("Gli avvisi di cortesia a {}", courtesy.address));
        entries.push(person::Entry::CourtesyChosen { address: None, asked: None });
    }
    let letters = letter::revoked(about, &ended, &kept)?;
    let id = writer.id.clone();
    let changes = entries.into_iter().map(|entry| Change::Person { id: id.clone(), entry }).collect();
    Ok(Told::Machine { letters, changes, tasks: vec![], dossier: None })
}
