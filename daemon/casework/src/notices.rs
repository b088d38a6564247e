//! Whom the machine tells of a step that no law wants told. It changes when a citizen may choose something else.
//!
//! Whatever the law wants sent (receipts, what is asked, announced refusals, extensions, measures) has a letter of its own, and goes
//! whatever was chosen. A choice silences only what the procedure's file adds (`fa = "mail"`). A reminder of the citizen's own day
//! goes too: whoever misses it loses a right.

use crate::address;
use crate::dossier::Dossier;
use crate::person::{Notices, Person};
use alloc::collections::BTreeSet;
use alloc::string::String;

/// The addresses in a dossier that are told of no such step: of persons who want essential notices alone. An address that somebody
/// shares who wants all is told.
pub(crate) fn quiet(dossier: &Dossier, people: &[Person]) -> BTreeSet<String> {
    let wants = |id: &str| people.iter().find(|person| person.id == id).map_or(Notices::All, |person| person.notices);
    let parties = || dossier.cover.people.iter().filter(|party| !party.address.is_empty());
    let told: BTreeSet<String> = parties()
        .filter(|party| wants(&party.person) == Notices::All)
        .map(|party| address::key(&party.address))
        .collect();
    parties().map(|party| address::key(&party.address)).filter(|address| !told.contains(address)).collect()
}
