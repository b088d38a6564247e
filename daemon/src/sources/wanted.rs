//! Of whom rows are asked for: those who have asked something here (functions S0.16). It changes when something else counts as that.
//!
//! Rows of others are not even read: a database is asked for persons, not looked through.

use crate::backoffice::asked;
use crate::caseload::clerk::Clerk;
use crate::store::Trouble;
use casework::address;
use std::collections::BTreeSet;

/// Rows of the register read while it is held: the mail has its turn between.
const SLICE_MAX: usize = 200;
/// Persons asked for in one look.
pub(super) const WANTED_MAX: usize = 500_000;

/// Of whom.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The body has a title for everybody.
    Everybody,
    /// By code, and, where a party is known by nothing else, by address.
    These {
        /// Codici fiscali and partite IVA, upper case.
        codes: Vec<String>,
        /// Addresses, lower case.
        addresses: Vec<String>,
    },
}

/// Who has asked something here. None: more than can be asked for.
///
/// # Errors
/// The store cannot go on.
pub(super) async fn wanted(clerk: &Clerk) -> Result<Option<Wanted>, Trouble> {
    let (mut codes, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut after = String::new();
    loop {
        let (dossiers, last) = clerk.at_work(|caseload| caseload.store.open_after(&after, SLICE_MAX))?;
        for dossier in &dossiers {
            for party in &dossier.cover.people {
                match party.person.as_str() {
                    "" if address::is_plausible(&party.address) => drop(addresses.insert(address::key(&party.address))),
                    person => drop(codes.insert(person.to_owned())),
                }
            }
            codes.extend(dossier.life.enablement.iter().map(|asked| asked.code.clone()));
        }
        let Some(last) = last else { break };
        after = last;
        tokio::task::yield_now().await;
    }
    let mut after = String::new();
    loop {
        let (people, now) =
            clerk.at_work(|caseload| Ok((caseload.store.people_after(&after, SLICE_MAX)?, caseload.now)))?;
        let Some(last) = people.last() else { break };
        after.clone_from(&last.id);
        for person in people {
            // One who asked under one code may be known to the other office by the other.
            if codes.contains(&person.id) || asked::is_enabled(&person, now) {
                codes.extend([Some(person.id), person.codice_fiscale, person.partita_iva].into_iter().flatten());
            }
        }
        tokio::task::yield_now().await;
    }
    codes.remove("");
    let is_too_many = codes.len() + addresses.len() > WANTED_MAX;
    let these = || Wanted::These { codes: codes.into_iter().collect(), addresses: addresses.into_iter().collect() };
    Ok((!is_too_many).then(these))
}
