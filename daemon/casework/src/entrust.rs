//! Who may act for whom, and what by mail, as an office writes it into the register: mandates and grants (DPR 445/2000 art. 38
//! c. 3-bis; functions S0.02, S3.14). It changes when an office may write down another permission.

use crate::act::Done;
use crate::calendar::rome;
use crate::courtesy;
use crate::decision::Change;
use crate::desk::Desk;
use crate::nearest::hint;
use crate::person::{Entry, Over, Person, Scope};
use crate::procedure::Role;
use crate::refused::Refused;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entrusting {
    /// Codice fiscale, partita IVA or id of the person who gives, or has.
    pub person: String,
    /// What.
    pub what: Entrust,
    /// Who writes it: name and surname.
    pub by: String,
    /// For which office (id).
    pub office: String,
    /// As what: `responsabile` at least. Whoever opens a person's data to another answers for it.
    pub role: String,
}

/// What is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entrust", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entrust {
    /// The person lets another one act.
    Mandate {
        /// Code of who may act.
        delegate: String,
        /// Only in this dossier; empty: in all.
        #[serde(default)]
        dossier: String,
        /// SHA-256 of the document that was seen.
        evidence: String,
        /// Last day.
        until: Date,
    },
    /// That ends.
    EndMandate {
        /// Code of who could act.
        delegate: String,
        /// Where; empty: in all.
        #[serde(default)]
        dossier: String,
    },
    /// The person may ask something by mail.
    Grant {
        /// What.
        scope: Scope,
        /// Last day; none: until it is ended.
        #[serde(default)]
        until: Option<Date>,
    },
    /// That ends.
    EndGrant {
        /// What.
        scope: Scope,
    },
    /// The person wants no more notices before what was granted ends, and has said so otherwise than by a command. That they are
    /// wanted only the person says, by certified mail.
    Quiet,
    /// The person hears at this ordinary address that a PEC letter has come; empty: nowhere any more.
    Courtesy {
        /// The address.
        address: String,
    },
}

impl Entrust {
    /// It ends something that the person may do without: whoever wants to be left in peace is heard by anybody of an office.
    fn silences(&self) -> bool {
        matches!(self, Self::Quiet) || matches!(self, Self::Courtesy { address } if address.is_empty())
    }
}

/// The codes of the persons that it is about.
pub fn codes(order: &Entrusting) -> impl Iterator<Item = &str> {
    let other = match &order.what {
        Entrust::Mandate { delegate, .. } | Entrust::EndMandate { delegate, .. } => Some(delegate.as_str()),
        Entrust::Grant { .. } | Entrust::EndGrant { .. } | Entrust::Quiet | Entrust::Courtesy { .. } => None,
    };
    [order.person.trim()].into_iter().chain(other.map(str::trim))
}

/// The ordinary address that it gives a person: whose domicile it is must be known then.
#[must_use]
pub fn courtesy_address(order: &Entrusting) -> Option<&str> {
    match &order.what {
        Entrust::Courtesy { address } if !address.is_empty() => Some(address),
        _ => None,
    }
}

/// Writes it down, if it may be. `people`: whom the register has under [`codes`].
///
/// # Errors
/// Why not. Nothing changes then.
pub fn entrust(order: &Entrusting, people: &[Person], desk: &Desk, now: Timestamp) -> Result<Done, Refused> {
    if order.by.trim().is_empty() {
        return Err(Refused::new("no-name", "manca il nome di chi scrive nel registro"));
    }
    if desk.rules.office(&order.office).is_none() {
        let hint = hint(&order.office, desk.rules.offices().map(|office| office.id.as_str()));
        return Err(Refused::new("no-office", format!("l'ufficio «{}» non c'è{hint}", order.office)));
    }
    match Role::ALL.iter().find(|(code, _)| *code == order.role) {
        Some((_, role)) if *role >= Role::Responsabile || order.what.silences() => {}
        Some(_) => {
            let text = "una delega o un'abilitazione la scrive almeno chi è responsabile: apre i dati di una persona";
            return Err(Refused::new("not-lawful", text));
        }
        None => {
            let hint = hint(&order.role, Role::ALL.iter().map(|(code, _)| *code));
            return Err(Refused::new("no-role", format!("il ruolo «{}» non si conosce{hint}", order.role)));
        }
    }
    let find = |code: &str| {
        let code = code.trim().to_ascii_uppercase();
        people
            .iter()
            .find(|person| person.id == code || person.has_code(&code))
            .ok_or_else(|| Refused::new("no-person", format!("la persona {code} non è nel registro: person add")))
    };
    let over = |dossier: &str| match dossier.trim() {
        "" => Over::All,
        number => Over::Dossier { number: number.to_string() },
    };
    let (person, today) = (find(&order.person)?, rome(now).date());
    let last_day = today.yesterday().unwrap_or(today);
    let (entry, said) = match &order.what {
        Entrust::Mandate { delegate, dossier, evidence, until } => {
            let delegate = find(delegate)?;
            (
                person.mandate(delegate, over(dossier), evidence, today, *until)?,
                format!("delega a {} fino al {until}", delegate.id),
            )
        }
        Entrust::EndMandate { delegate, dossier } => {
            let delegate = find(delegate)?;
            (
                person.end_mandate(&delegate.id, over(dossier), last_day)?,
                format!("la delega a {} è finita", delegate.id),
            )
        }
        Entrust::Grant { scope, until } => {
            (person.grant(scope.clone(), today, *until, &order.by)?, String::from("abilitazione scritta"))
        }
        Entrust::EndGrant { scope } => {
            (person.end_grant(scope.clone(), last_day)?, String::from("l'abilitazione è finita"))
        }
        Entrust::Quiet if person.expiries.is_none() => {
            return Err(Refused::new("not-asked", "non ha chiesto avvisi prima delle scadenze: non ne riceve"));
        }
        Entrust::Quiet => (Entry::ExpiriesChosen { asked: None }, String::from("niente avvisi prima delle scadenze")),
        Entrust::Courtesy { address } => courtesy(address, person, people, desk, now)?,
    };
    let changes = vec![Change::Person { id: person.id.clone(), entry }];
    Ok(Done { changes, outgoing: vec![], said: format!("persona {}: {said}", person.id) })
}

fn courtesy(
    address: &str,
    person: &Person,
    people: &[Person],
    desk: &Desk,
    now: Timestamp,
) -> Result<(Entry, String), Refused> {
    if address.is_empty() {
        let none = || Refused::new("not-asked", "non ha un indirizzo per gli avvisi di cortesia: non ne riceve");
        person.courtesy.as_ref().ok_or_else(none)?;
        let entry = Entry::CourtesyChosen { address: None, asked: None };
        return Ok((entry, String::from("niente più avvisi di cortesia")));
    }
    if desk.entity.courtesy.is_none() {
        let text = "qui non si mandano avvisi di cortesia: manca la tabella [invio.cortesia]";
        return Err(Refused::new("no-courtesy-road", text));
    }
    if person.safe_domicile(now).is_none() {
        let text = "non ha una Pec a cui si scrive con sicurezza: un avviso parte quando lì arriva una lettera";
        return Err(Refused::new("no-safe-domicile", text));
    }
    let address = courtesy::check(address, person, people, desk, now)?;
    let said = format!("avvisi di cortesia a {address}");
    Ok((Entry::CourtesyChosen { address: Some(address), asked: None }, said))
}

#[cfg(test)]
mod tests;
