//! What an office writes into the register by itself: a dossier that it opens, a person whom it knows. It changes when an office
//! may enter something else.

use crate::act::Done;
use crate::calendar::rome;
use crate::clockwork::{self, reckoned};
use crate::correction::Correction;
use crate::decision::Change;
use crate::desk::Desk;
use crate::dossier::{self, Cover, Dossier, Life, Party, PartyRole, State};
use crate::known::Wrote;
use crate::letters::case::Case;
use crate::life::{Entry, PARTIES_MAX};
use crate::nearest::hint;
use crate::person::{self, Person, Source};
use crate::refused::{Refused, same_person};
use crate::rules::Kind;
use crate::{address, around, term};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Longest subject, bytes.
pub const SUBJECT_BYTES_MAX: usize = 500;

/// A dossier that an office opens by itself (*d'ufficio*), or that it had before the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDossier {
    /// Id of its procedure.
    pub procedure: String,
    /// What it is about, in neutral words: it goes into letters and never changes (DPR 445/2000 art. 53).
    pub subject: String,
    /// The office (id) that owns it; empty: the procedure's unit.
    #[serde(default)]
    pub office: String,
    /// Who is responsible; empty: the head of the unit.
    #[serde(default)]
    pub responsible: String,
    /// Entry of the classification plan.
    #[serde(default)]
    pub classification: String,
    /// Whom it concerns; the first is written to first.
    pub parties: Vec<NewParty>,
    /// Since when it runs; now, if not said.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// The parties were told already, on paper or before the service: no start notice goes.
    #[serde(default)]
    pub told: bool,
    /// Nothing of it is told by a machine.
    #[serde(default)]
    pub reserved: bool,
    /// Who opens it.
    pub by: String,
    /// The message that asks for it, by its digest (SHA-256, lower-case hex; a beginning is enough); empty: nobody asked.
    #[serde(default)]
    pub origin: String,
}

/// Somebody whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewParty {
    /// Codice fiscale or partita IVA.
    #[serde(default)]
    pub code: String,
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Where to write. Empty: the safe domicile of the person.
    #[serde(default)]
    pub address: String,
    /// The part.
    #[serde(default = "addressee")]
    pub role: PartyRole,
}

fn addressee() -> PartyRole {
    PartyRole::Addressee
}

/// A person whom an office enters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Codice fiscale.
    #[serde(default)]
    pub codice_fiscale: String,
    /// Partita IVA.
    #[serde(default)]
    pub partita_iva: String,
    /// Name.
    pub name: String,
    /// A domicile, and who says that it is one.
    #[serde(default)]
    pub address: String,
    /// `inad`, `ini-pec`, `ipa`, `enabled`, `declared`.
    #[serde(default)]
    pub source: Option<Source>,
    /// Data, by field: what this office holds.
    #[serde(default)]
    pub data: alloc::collections::BTreeMap<String, String>,
    /// The office (id) that says so.
    #[serde(default)]
    pub office: String,
    /// Who enters it.
    pub by: String,
}

/// Opens a dossier, with the start notice to every party in the same commit (L. 241/1990 artt. 7, 8). `ordinal`: the next of the
/// year. `people`: the persons whom the register has under the parties' codes. `asked`: the message that asks for it, where one
/// does: the term runs since it came (art. 2 c. 6), and the rules learn from it.
///
/// # Errors
/// Why not. Nothing changes then.
pub fn dossier(
    new: &NewDossier,
    ordinal: u32,
    people: &[Person],
    asked: Option<&Wrote>,
    desk: &Desk,
    now: Timestamp,
) -> Result<Done, Refused> {
    if let Some(number) = asked.and_then(|asked| asked.dossier.as_ref()) {
        return Err(Refused::new("has-dossier", format!("il messaggio è già nel fascicolo {number}")));
    }
    let Some(procedure) = desk.procedures.get(&new.procedure) else {
        let hint = hint(&new.procedure, desk.procedures.all().map(|procedure| procedure.id.as_str()));
        return Err(Refused::new("no-procedure", format!("il procedimento «{}» non c'è{hint}", new.procedure)));
    };
    let subject = new.subject.split_whitespace().collect::<Vec<_>>().join(" ");
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(Refused::new("no-subject", format!("manca l'oggetto, o supera {SUBJECT_BYTES_MAX} byte")));
    }
    if new.by.trim().is_empty() {
        return Err(Refused::new("no-name", "manca il nome di chi apre il fascicolo: resta scritto nel registro"));
    }
    let office = match (new.office.trim(), &procedure.unit) {
        ("", Some(unit)) => unit.clone(),
        ("", None) => return Err(Refused::new("no-office", "manca l'ufficio: il procedimento non ne nomina uno")),
        (office, _) if desk.rules.office(office).is_some() => office.to_string(),
        (office, _) => {
            let hint = hint(office, desk.rules.offices().map(|office| office.id.as_str()));
            return Err(Refused::new("no-office", format!("l'ufficio «{office}» non c'è{hint}")));
        }
    };
    if new.parties.is_empty() || new.parties.len() > PARTIES_MAX {
        return Err(Refused::new("no-parties", format!("servono da 1 a {PARTIES_MAX} persone interessate")));
    }
    if new.parties.iter().all(|party| party.role == PartyRole::Beneficiary) {
        // Nobody of them is written to: the start notice would reach no one (L. 241/1990 art. 7).
        let text = "un fascicolo di soli beneficiari non ha a chi scrivere: serve un destinatario o un richiedente";
        return Err(Refused::new("no-parties", text));
    }
    let since = new.since.or(asked.map(|asked| asked.at.min(now))).unwrap_or(now);
    if since > now {
        return Err(Refused::new("in-the-future", "la data di avvio è nel futuro"));
    }
    let number = dossier::number(rome(now).year(), ordinal);
    let mut changes = Vec::new();
    let mut parties = Vec::new();
    for party in &new.parties {
        parties.push(joined(party, people, &mut changes, now)?);
    }
    let plan = clockwork::plan(procedure, desk);
    let mut opened = Dossier {
        number: number.clone(),
        kind: procedure.kind.unwrap_or(Kind::NewApplication),
        title: subject.clone(),
        office,
        state: State::Protocollata,
        state_since: now,
        opened_at: since,
        due: term::reckon(rome(since).date(), &plan, &[]).last_day,
        parties: vec![],
        cover: Cover {
            procedure: procedure.id.clone(),
            classification: new.classification.trim().to_string(),
            subject,
            responsible: if new.responsible.trim().is_empty() {
                clockwork::responsible(procedure)
            } else {
                new.responsible.trim().to_string()
            },
            others: procedure.other_units.clone(),
            privacy: procedure.privacy.clone(),
            reserved: new.reserved,
            origin: asked.map(|asked| asked.digest.clone()).unwrap_or_default(),
            ..Cover::default()
        },
        life: Life { plan: Some(plan), ..Life::default() },
    };
    let mut own = vec![Change::Opened { dossier: opened.clone() }];
    let mut entries: Vec<Entry> = parties.into_iter().map(|party| Entry::Joined { party }).collect();
    entries.iter().for_each(|entry| opened.apply(entry, now));
    if let Some(entry) = reckoned(&opened, desk, rome(now).date()) {
        opened.apply(&entry, now);
        entries.push(entry);
    }
    let cause = cause(&number, desk);
    let (written, around) = around::opened(&opened, &cause, people, desk, now);
    if !written.is_empty() {
        let mut written = written;
        opened = clockwork::with_term(&opened, &mut written, desk, now);
        entries.extend(written);
    }
    own.extend(entries.into_iter().map(|entry| Change::Entered { dossier: number.clone(), entry }));
    own.append(&mut changes);
    if let Some(asked) = asked {
        let correction = Correction {
            kind: Some(opened.kind),
            office: Some(opened.office.clone()),
            dossier: Some(number.clone()),
            procedure: Some(procedure.id.clone()),
            by: new.by.trim().to_string(),
            why: format!("pratica aperta a mano: {}", procedure.title),
        };
        own.push(Change::Corrected { message: asked.digest.clone(), correction });
    }
    own.extend(around.incidents);
    let case = Case { people, enclosed: &[], dossier: &opened, cause: &cause, now, desk };
    let mut outgoing =
        if new.told { vec![] } else { case.start_notice().map_err(|why| Refused::new("no-letter", why.text))? };
    outgoing.extend(around.outgoing);
    let notice = if new.told { "nessuna comunicazione di avvio" } else { "la comunicazione di avvio è in partenza" };
    Ok(Done { changes: own, outgoing, said: format!("aperto il fascicolo {number}: {notice}") })
}

/// The cause of the effects of opening a dossier.
#[must_use]
pub fn cause(number: &str, desk: &Desk) -> String {
    desk.key.effect_id(number, "opened", "", 0)
}

/// A party, with the record of the person where the register has none.
fn joined(party: &NewParty, people: &[Person], changes: &mut Vec<Change>, now: Timestamp) -> Result<Party, Refused> {
    let code = party.code.trim();
    let known = people.iter().find(|person| !code.is_empty() && person.has_code(&code.to_ascii_uppercase()));
    let safe = || known.and_then(|person| person.safe_domicile(now)).map(|domicile| domicile.address.clone());
    let address = match party.address.trim() {
        // For whom it is asked is not written to: a child has no mailbox.
        "" if party.role == PartyRole::Beneficiary => String::new(),
        "" => safe().ok_or_else(|| {
            Refused::new(
                "no-address",
                format!(
                    "di «{}» non si conosce un domicilio digitale: scrivi un indirizzo, o avvisa su carta",
                    name_of(party)
                ),
            )
        })?,
        address if address::is_plausible(address) => address.to_string(),
        address => return Err(Refused::new("bad-address", format!("«{address}» non è un indirizzo"))),
    };
    let person = match (known, code) {
        (Some(person), _) => person.id.clone(),
        (None, "") => String::new(),
        (None, code) => {
            let is_company = code.len() == 11;
            let new = person::change::NewPerson {
                codice_fiscale: (!is_company).then_some(code),
                partita_iva: is_company.then_some(code),
                name: name_of(party),
                kind: if is_company { person::Kind::Impresa } else { person::Kind::PersonaFisica },
            };
            let entry = person::change::register(new, people, 0)?;
            let person::Entry::Registered { id, .. } = &entry else { return Err(Refused::new("no-person", "")) };
            let id = id.clone();
            let is_there = |change: &Change| matches!(change, Change::Person { id: other, .. } if *other == id);
            if !changes.iter().any(is_there) {
                changes.push(Change::Person { id: id.clone(), entry });
            }
            id
        }
    };
    Ok(Party { person, address, role: party.role })
}

fn name_of(party: &NewParty) -> &str {
    if party.name.trim().is_empty() { party.code.trim() } else { party.name.trim() }
}

/// Enters a person, or what an office knows of one: by the code, one record. `known`: whom the register has under either code.
/// `next` numbers who has none.
///
/// # Errors
/// Why not: a wrong check character, another name under one code, an address that is none.
pub fn person(new: &NewPerson, known: &[Person], next: u32, now: Timestamp) -> Result<Done, Refused> {
    let written = |code: &str| (!code.trim().is_empty()).then(|| code.trim().to_string());
    let (cf, iva) = (written(&new.codice_fiscale), written(&new.partita_iva));
    let source = if new.office.trim().is_empty() { new.by.trim() } else { new.office.trim() };
    if new.by.trim().is_empty() {
        return Err(Refused::new("no-name", "manca il nome di chi scrive nel registro"));
    }
    // Wrong codes are refused before anybody is looked for by the right one.
    let cf = cf.as_deref().map(person::id::codice_fiscale).transpose()?;
    let iva = iva.as_deref().map(person::id::partita_iva).transpose()?;
    let mut entries = Vec::new();
    let found = known.iter().find(|person| [&cf, &iva].into_iter().flatten().any(|code| person.has_code(code)));
    let mut person = match found {
        Some(person) => {
            // Both codes are of one record, or of two persons: what is written under one must not reach the other.
            if let Some(other) = [&cf, &iva].into_iter().flatten().find(|code| !person.has_code(code)) {
                let text = format!("la persona {} è nel registro senza il codice {other}: va guardata", person.id);
                return Err(Refused::new("other-code", text));
            }
            // The code is one person's: another name under it is another person, or a slip of the pen (a clerk looks).
            if !person.names.iter().any(|name| same_person(name, &new.name)) {
                let text = format!(
                    "c'è già una persona con questo codice, e si chiama «{}»: se è la stessa, il nome va corretto",
                    person.names.first().map_or("", String::as_str)
                );
                return Err(Refused::new("second-person", text));
            }
            person.clone()
        }
        None => {
            let kind = if cf.is_none() && iva.is_some() { person::Kind::Impresa } else { person::Kind::PersonaFisica };
            let made = person::change::NewPerson {
                codice_fiscale: cf.as_deref(),
                partita_iva: iva.as_deref(),
                name: &new.name,
                kind,
            };
            let entry = person::change::register(made, known, next)?;
            let Some(person) = Person::begin(&entry) else { return Err(Refused::new("no-person", "")) };
            entries.push(entry);
            person
        }
    };
    if !new.address.trim().is_empty() && person.strength_of(new.address.trim(), now).is_none() {
        let entry = person.add_domicile(new.address.trim(), new.source.unwrap_or(Source::Declared), now, &[])?;
        person.apply(&entry, now);
        entries.push(entry);
    }
    for (field, value) in &new.data {
        if person.datum(field, source).is_some_and(|datum| datum.value == value.trim()) {
            continue;
        }
        let entry = person.record(field, value, source, now, None)?;
        person.apply(&entry, now);
        entries.push(entry);
    }
    let id = person.id.clone();
    let said = match entries.is_empty() {
        true => String::from("c'era già, uguale"),
        // An address that is only enabled obtains nothing by a command: whoever enters it hears so now, not from a citizen.
        false if new.source == Some(Source::Enabled) && person.scopes(crate::calendar::rome(now).date()).is_empty() => {
            format!(
                "nel registro. Da lì non ottiene ancora niente: sportello person grant {id} dati, e … fascicoli, lo permettono"
            )
        }
        false => String::from("nel registro"),
    };
    let changes = entries.into_iter().map(|entry| Change::Person { id: id.clone(), entry }).collect();
    Ok(Done { changes, outgoing: vec![], said: format!("persona {id}: {said}") })
}

#[cfg(test)]
mod tests;
