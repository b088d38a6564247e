//! An address that a citizen asks this office to take for the own one: asked, confirmed with a code that went there, granted by a
//! person (functions S0.06, S0.07). It changes when another step lies between the request and the grant.
//!
//! It is written in the dossier of the request, which a person decides as any other. The code proves one thing only: whoever asks
//! reads the mail of that address. Whose it is, the office sees from a document or a signature (CAD art. 65 c. 1).

use crate::address;
use crate::data_change::token;
use crate::dossier::Dossier;
use crate::person::{self, Person, Scope, Source, Strength, change, id};
use crate::refused::Refused;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One address, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enablement {
    /// The address that asked.
    pub address: String,
    /// Codice fiscale, or partita IVA, as it was written: right in its form, and nothing more is known.
    pub code: String,
    /// The name that was written beside it; it begins the record of who has none.
    pub name: String,
    /// SHA-256 of the code that was sent there.
    pub hash: String,
    /// Until when it may come back.
    pub until: Timestamp,
    /// Where it stands.
    pub state: State,
}

/// Where an enablement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The code has gone to the address.
    Asked,
    /// It came back in time: an office decides.
    Confirmed,
    /// The address is the person's.
    Granted,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// It is asked for.
    Asked {
        /// Address.
        address: String,
        /// Code of the person.
        code: String,
        /// Name.
        name: String,
        /// SHA-256 of the secret.
        hash: String,
        /// Until when.
        until: Timestamp,
    },
    /// The secret came back.
    Confirmed,
    /// A person granted it.
    Granted,
}

impl Step {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Asked { address, code, .. } => {
                format!("chiesta l'abilitazione di {address} per {code}: si aspetta il codice di conferma")
            }
            Self::Confirmed => String::from("abilitazione confermata da chi legge quella casella: decide l'ufficio"),
            Self::Granted => String::from("abilitazione data"),
        }
    }
}

/// Why a code is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// It came too late: a new one goes out.
    Late,
    /// It has confirmed already.
    Used,
    /// It is another one, or comes from another address.
    Other,
}

impl Enablement {
    /// The enablement after a step. Total: what does not fit changes nothing.
    pub fn after(before: Option<Self>, step: &Step) -> Option<Self> {
        match (before, step) {
            // A code that came too late is followed by a new one.
            (None | Some(Self { state: State::Asked, .. }), Step::Asked { address, code, name, hash, until }) => {
                Some(Self {
                    address: address.clone(),
                    code: code.clone(),
                    name: name.clone(),
                    hash: hash.clone(),
                    until: *until,
                    state: State::Asked,
                })
            }
            (Some(one), Step::Confirmed) if one.state == State::Asked => Some(Self { state: State::Confirmed, ..one }),
            (Some(one), Step::Granted) if one.state == State::Confirmed => Some(Self { state: State::Granted, ..one }),
            (before, _) => before,
        }
    }

    /// A code that comes back.
    ///
    /// # Errors
    /// Why it confirms nothing.
    pub fn confirm(&self, dossier: &str, secret: &str, sender: &str, at: Timestamp) -> Result<Step, Wrong> {
        let is_it = token::same(&token::hash(dossier, 0, &self.code, secret), &self.hash);
        if !is_it || !address::same(&self.address, sender) {
            return Err(Wrong::Other);
        }
        match self.state {
            State::Asked if at > self.until => Err(Wrong::Late),
            State::Asked => Ok(Step::Confirmed),
            State::Confirmed | State::Granted => Err(Wrong::Used),
        }
    }
}

/// Whether an address waits to be enabled in it: then nothing else grants the request.
pub(crate) fn waits(dossier: &Dossier) -> bool {
    dossier.life.enablement.as_ref().is_some_and(|asked| asked.state != State::Granted)
}

/// What a person must look at before: the code proves who reads the mailbox, and nothing about whose it is. `people`: who has this
/// code, and whose domicile the address is. In Italian.
pub(crate) fn to_check(asked: &Enablement, people: &[Person], now: Timestamp) -> Vec<String> {
    let mut points = Vec::new();
    let name = if asked.name.is_empty() {
        String::new()
    } else {
        format!(" Il nome scritto nel messaggio è «{}».", asked.name)
    };
    points.push(format!("Guarda il documento d'identità: è valido, e il codice fiscale è {}.{name}", asked.code));
    match people.iter().find(|person| person.has_code(&asked.code)) {
        Some(person) => {
            points.extend(person.names.first().map(|name| format!("Nel registro {} è di «{name}».", asked.code)));
            points.extend(elsewhere(person, &asked.address, now).into_iter().map(|(address, source)| {
                format!(
                    "Attenzione: ha già il domicilio {address} ({}). Chi scrive può essere un'altra persona: chiedi conferma lì.",
                    source.words()
                )
            }));
        }
        None => {
            points.push(format!("Nel registro non c'è ancora nessuno con {}: lo scrive l'abilitazione.", asked.code))
        }
    }
    let is_anothers = |person: &&Person| {
        !person.has_code(&asked.code) && person.strength_of(&asked.address, now) >= Some(Strength::Enabled)
    };
    if people.iter().any(|person| is_anothers(&person)) {
        points.push(format!(
            "Attenzione: {} è già il domicilio di un'altra persona: non si può abilitare.",
            asked.address
        ));
    }
    points
}

/// The other addresses of a person to which personal data may go.
fn elsewhere(person: &Person, address: &str, now: Timestamp) -> Vec<(String, Source)> {
    let safe = person.domiciles_at(now).into_iter().filter(|d| d.source.strength() >= Strength::Enabled);
    safe.filter(|d| !address::same(&d.address, address)).map(|d| (d.address.clone(), d.source)).collect()
}

/// What a grant writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Id of the person.
    pub person: String,
    /// What is written of them.
    pub entries: Vec<person::Entry>,
    /// Their other safe addresses: they are told there, so that a theft of the name comes out.
    pub others: Vec<String>,
}

/// What a person of the office writes when it is granted: the address, and what may be asked from it until a day. `scopes`: what;
/// none: one's own data and dossiers. `people`: who has this code, and whose domicile the address is.
///
/// # Errors
/// It was not asked for or not confirmed; the address is another's.
pub fn grant(
    dossier: &Dossier,
    people: &[Person],
    scopes: &[Scope],
    until: Option<Date>,
    by: &str,
    now: Timestamp,
) -> Result<Grant, Refused> {
    let Some(asked) = &dossier.life.enablement else {
        return Err(Refused::new("not-asked", "in questo fascicolo nessuno ha chiesto di abilitare un indirizzo"));
    };
    match asked.state {
        State::Confirmed => {}
        State::Asked => {
            let text = "chi ha chiesto l'abilitazione non ha ancora mandato il codice di conferma";
            return Err(Refused::new("not-confirmed", text));
        }
        State::Granted => return Err(Refused::new("already-granted", "l'indirizzo è già abilitato")),
    }
    let mut entries = Vec::new();
    let mut person = match people.iter().find(|person| person.has_code(&asked.code)) {
        Some(person) => person.clone(),
        None => {
            let is_company = asked.code.len() == 11;
            let new = change::NewPerson {
                codice_fiscale: (!is_company).then_some(asked.code.as_str()),
                partita_iva: is_company.then_some(asked.code.as_str()),
                name: if asked.name.is_empty() { &asked.code } else { &asked.name },
                kind: if is_company { person::Kind::Impresa } else { person::Kind::PersonaFisica },
            };
            let entry = change::register(new, people, 0)?;
            let begun =
                Person::begin(&entry).ok_or_else(|| Refused::new("no-person", "la persona non si può scrivere"))?;
            entries.push(entry);
            begun
        }
    };
    let today = crate::calendar::rome(now).date();
    let others = elsewhere(&person, &asked.address, now).into_iter().map(|(address, _)| address).collect();
    match person.add_domicile(&asked.address, Source::Enabled, now, people) {
        Ok(entry) => {
            person.apply(&entry, now);
            entries.push(entry);
        }
        // Only what could be asked from it had ended.
        Err(why) if why.code == "domicile-known" => {}
        Err(why) => return Err(why),
    }
    let both = [Scope::OwnData, Scope::OwnDossiers];
    for scope in if scopes.is_empty() { &both[..] } else { scopes } {
        let entry = person.grant(scope.clone(), today, until, by)?;
        person.apply(&entry, now);
        entries.push(entry);
    }
    Ok(Grant { person: person.id, entries, others })
}

/// The code of a person, in the form in which it is compared; none where it is none.
pub(crate) fn code(written: &str) -> Option<String> {
    id::codice_fiscale(written).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_confirms_once_in_time_and_from_its_address_alone() {
        let at = Timestamp::UNIX_EPOCH;
        let later = at.checked_add(jiff::SignedDuration::from_hours(1)).unwrap();
        let hash = token::hash("2026/000001", 0, "BNCNNA80A41H501R", "segreto");
        let asked = Step::Asked {
            address: "anna@pec.example".into(),
            code: "BNCNNA80A41H501R".into(),
            name: "Anna".into(),
            hash,
            until: at,
        };
        let one = Enablement::after(None, &asked).unwrap();
        assert_eq!(one.confirm("2026/000001", "segreto", "ANNA@pec.example", at), Ok(Step::Confirmed));
        assert_eq!(one.confirm("2026/000001", "segreto", "anna@pec.example", later), Err(Wrong::Late));
        assert_eq!(one.confirm("2026/000001", "altro", "anna@pec.example", at), Err(Wrong::Other));
        assert_eq!(one.confirm("2026/000001", "segreto", "ladro@pec.example", at), Err(Wrong::Other));
        assert_eq!(one.confirm("2026/000002", "segreto", "anna@pec.example", at), Err(Wrong::Other));
        let granted = Enablement::after(Some(one.clone()), &Step::Granted).unwrap();
        assert_eq!(granted.state, State::Asked, "not before it is confirmed");
        let confirmed = Enablement::after(Some(one), &Step::Confirmed).unwrap();
        assert_eq!(confirmed.state, State::Confirmed);
        assert_eq!(confirmed.confirm("2026/000001", "segreto", "anna@pec.example", at), Err(Wrong::Used));
        assert_eq!(confirmed.confirm("2026/000001", "altro", "anna@pec.example", at), Err(Wrong::Other));
        let again = Enablement::after(Some(confirmed.clone()), &asked).unwrap();
        assert_eq!(again, confirmed, "what is confirmed is not asked for again");
    }
}
