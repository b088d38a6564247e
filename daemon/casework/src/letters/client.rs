//! For whom somebody acts, as a letter names it. It changes when that may be told to somebody else.

use crate::address;
use crate::calendar::rome;
use crate::dossier::{Dossier, PartyRole};
use crate::known::Known;
use crate::person::{Mandate, Over};
use alloc::string::String;

/// For whom the writer acts, where a mandate that holds says so: without one nothing of the other is told.
pub(super) fn client<'a>(case: &Dossier, writer: &str, known: &'a Known) -> Option<&'a str> {
    let party = |role: PartyRole| case.cover.people.iter().filter(move |party| party.role == role);
    let delegate = party(PartyRole::Delegate).find(|party| address::same(&party.address, writer))?;
    let today = rome(known.now).date();
    let reaches = |mandate: &Mandate| match &mandate.over {
        Over::All => mandate.holds(today),
        Over::Dossier { number } => *number == case.number && mandate.holds(today),
    };
    let mut others =
        party(PartyRole::Applicant).filter_map(|party| known.people.iter().find(|one| one.id == party.person));
    let client = others.find(|other| other.mandates_of(&delegate.person).into_iter().any(reaches))?;
    client.names.first().map(String::as_str)
}
