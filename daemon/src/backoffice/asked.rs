//! Whether a person has asked something of this office: only then does the back office bring data about the person (functions S0.16).
//! It changes when something else counts as a request.
//!
//! A register that comes whole would bring data of people who never wrote (GDPR art. 5 par. 1 c). So the first request of a person
//! opens the way for that person alone, and it closes when nothing of theirs is open any more, but for whoever is enabled.

use crate::store::{Store, Trouble};
use casework::dossier::Dossier;
use casework::open::NewPerson;
use casework::person::{Person, Source};
use casework::{address, calendar};
use jiff::Timestamp;

/// Dossiers of one person, or of one address, that are looked through, the newest first.
const DOSSIERS_MAX: usize = 50;
/// Dossiers in which somebody whom the register has not may have asked to be enabled: the newest.
const NEWEST_MAX: usize = 2_000;

/// What is told of such a row. Nothing of the row itself: it may not even be repeated.
pub(crate) const NOT_ASKED: &str = "è una persona che qui non ha chiesto niente: nessuna pratica aperta, nessuna abilitazione. I suoi dati \
                                    non si importano (con `importa_persone = true` sì, se l'ente ne ha titolo)";

/// Whether this person has an open dossier or request, or is enabled.
///
/// # Errors
/// The store cannot go on.
pub(crate) fn has_asked(store: &Store, new: &NewPerson, now: Timestamp) -> Result<bool, Trouble> {
    let codes: Vec<String> = [&new.codice_fiscale, &new.partita_iva]
        .into_iter()
        .map(|code| code.trim().to_ascii_uppercase())
        .filter(|code| !code.is_empty())
        .collect();
    for code in &codes {
        let Some(person) = store.person(code)? else { continue };
        if is_enabled(&person, now) {
            return Ok(true);
        }
        for dossier in store.latest_of_person(&person.id, DOSSIERS_MAX)? {
            if !dossier.state.is_final() {
                return Ok(true);
            }
        }
    }
    if codes.is_empty() {
        return Ok(false); // nobody can be told from another by a name
    }
    // Whoever the register has not is a party by the address that wrote.
    if address::is_plausible(&new.address) {
        for number in store.dossiers_of_address(&address::key(&new.address), DOSSIERS_MAX)? {
            if store.dossier(&number)?.is_some_and(|dossier| is_of(&dossier, &codes, &new.address)) {
                return Ok(true);
            }
        }
    }
    for number in store.latest_dossiers(NEWEST_MAX)? {
        if store.dossier(&number)?.is_some_and(|dossier| asks_to_be_enabled(&dossier, &codes)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was granted holds: the account that the request opened.
pub(crate) fn is_enabled(person: &Person, now: Timestamp) -> bool {
    let today = calendar::rome(now).date();
    let is_granted = person.grants.iter().any(|grant| grant.holds(today));
    is_granted || person.domiciles_at(now).iter().any(|domicile| domicile.source == Source::Enabled)
}

/// An open dossier of this address, of a party of whom nothing more is known, or of one of these codes.
fn is_of(dossier: &Dossier, codes: &[String], written: &str) -> bool {
    let mut parties = dossier.cover.people.iter().filter(|party| address::same(&party.address, written));
    !dossier.state.is_final() && parties.any(|party| party.person.is_empty() || codes.contains(&party.person))
}

fn asks_to_be_enabled(dossier: &Dossier, codes: &[String]) -> bool {
    !dossier.state.is_final() && dossier.life.enablement.as_ref().is_some_and(|asked| codes.contains(&asked.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use casework::dossier::{Cover, Life, Party, PartyRole, State};
    use casework::enablement;
    use casework::rules::Kind;

    const CODE: &str = "BNCNNA80A41H501R";

    fn dossier(person: &str) -> Dossier {
        let party = Party { person: person.into(), address: "Anna@cittadini.test".into(), role: PartyRole::Applicant };
        Dossier {
            number: "2026/000001".into(),
            kind: Kind::Enablement,
            title: "Abilitazione".into(),
            office: "urp".into(),
            state: State::Ricevuta,
            state_since: Timestamp::UNIX_EPOCH,
            opened_at: Timestamp::UNIX_EPOCH,
            due: None,
            parties: vec![party.address.clone()],
            cover: Cover { people: vec![party], ..Cover::default() },
            life: Life::default(),
        }
    }

    #[test]
    fn a_request_is_of_its_code_or_of_its_address_while_it_is_open() {
        let codes = [CODE.to_owned()];
        assert!(is_of(&dossier(""), &codes, "anna@CITTADINI.test"));
        assert!(is_of(&dossier(CODE), &codes, "anna@cittadini.test"));
        assert!(!is_of(&dossier("RSSMRA80A01H501U"), &codes, "anna@cittadini.test"), "another's request");
        assert!(!is_of(&dossier(""), &codes, "mario@cittadini.test"));
        let closed = Dossier { state: State::Accolta, ..dossier("") };
        assert!(!is_of(&closed, &codes, "anna@cittadini.test"));

        let mut asked = dossier("");
        assert!(!asks_to_be_enabled(&asked, &codes));
        asked.life.enablement = Some(enablement::Enablement {
            address: "anna@cittadini.test".into(),
            code: CODE.into(),
            name: String::new(),
            hash: String::new(),
            until: Timestamp::UNIX_EPOCH,
            state: enablement::State::Asked,
        });
        assert!(asks_to_be_enabled(&asked, &codes) && !asks_to_be_enabled(&asked, &["RSSMRA80A01H501U".to_owned()]));
        asked.state = State::Respinta;
        assert!(!asks_to_be_enabled(&asked, &codes));
    }
}
