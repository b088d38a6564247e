//! What whoever a dossier is of, or whoever writes, has given already: so that it is not asked again (L. 241/1990 art. 18 c. 2;
//! functions S2.13). It changes when something else counts as given.

use crate::store::register::EntryRow;
use crate::store::{Store, Trouble};
use casework::Known;
use casework::act::once::{Held, gives};
use casework::dossier::{Dossier, Party, PartyRole, Visibility};
use casework::life::Entry;
use casework::person::{Person, Strength};
use casework::verb::Verb;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Dossiers of a person that are looked through, the newest first.
const DOSSIERS_MAX: usize = 50;
/// Of whoever writes: each of their messages looks through them.
const WRITERS_DOSSIERS_MAX: usize = 20;
/// Persons who are reached at one address: one, or a person and a company of theirs.
const WRITERS_MAX: usize = 2;
/// Entries of one of them.
const ENTRIES_MAX: usize = 1_000;
/// Things that are found: of a person who has given more, the newest dossiers'.
const HELD_MAX: usize = 500;

/// Things, and dossiers, of which is remembered what was found in them; some 15 MB. Beyond: all is forgotten, and found again.
const REMEMBERED_MAX: usize = 100_000;

/// What was found in dossiers, as long as nothing more is written into them: whoever has many writes often, and each of their
/// messages would read all of it again.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    /// By number: at how many entries, and what.
    dossiers: BTreeMap<String, (u32, Arc<[Held]>)>,
    /// How many things, and dossiers.
    size: usize,
}

impl Memory {
    /// What was given in a dossier.
    fn of(&self, store: &Store, dossier: &Dossier) -> Result<Arc<[Held]>, Trouble> {
        let (number, entries) = (&dossier.number, dossier.life.entries);
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = lock().dossiers.get(number).filter(|(at, _)| *at == entries) {
            return Ok(found.clone());
        }
        let mut found = Vec::new();
        of_dossier(store, dossier, &mut found)?;
        let found: Arc<[Held]> = found.into();
        let mut all = lock();
        if all.size + found.len() >= REMEMBERED_MAX {
            *all = Remembered::default();
        }
        all.size += found.len() + 1;
        if let Some((_, before)) = all.dossiers.insert(number.clone(), (entries, found.clone())) {
            all.size = all.size.saturating_sub(before.len() + 1);
        }
        Ok(found)
    }
}

/// The persons who are parties of a dossier.
///
/// # Errors
/// The store cannot go on.
pub fn parties(store: &Store, dossier: &Dossier) -> Result<Vec<Person>, Trouble> {
    let mut people: Vec<Person> = Vec::new();
    for party in dossier.cover.people.iter().filter(|party| !party.person.is_empty()) {
        let found = store.person(&party.person)?;
        people.extend(found.filter(|person| people.iter().all(|other| other.id != person.id)));
    }
    Ok(people)
}

/// What they have given. Of a reserved dossier of another office nothing is said, nor of what only an office may see.
///
/// # Errors
/// The store cannot go on.
pub fn held(store: &Store, dossier: &Dossier) -> Result<Vec<Held>, Trouble> {
    let mut found = Vec::new();
    of_dossier(store, dossier, &mut found)?;
    let mut seen = BTreeSet::from([dossier.number.clone()]);
    for party in dossier.cover.people.iter().filter(|party| gives(party.role)) {
        for other in others(store, party)? {
            let may_be_named = !other.cover.reserved || other.office == dossier.office;
            if may_be_named && is_of(&other, party) && seen.insert(other.number.clone()) {
                of_dossier(store, &other, &mut found)?;
            }
        }
    }
    found.truncate(HELD_MAX);
    Ok(found)
}

/// What those have given who are surely reached at the address that wrote: by person. Of a reserved dossier nothing is said.
///
/// # Errors
/// The store cannot go on.
pub fn given(
    store: &Store,
    known: &Known,
    sender: &str,
    memory: &Memory,
) -> Result<BTreeMap<String, Vec<Held>>, Trouble> {
    // Those of the address that wrote were read already.
    let read = || known.own.values().flat_map(|own| &own.dossiers).chain(&known.dossiers);
    let is_reached = |person: &&Person| person.strength_of(sender, known.now) >= Some(Strength::Enabled);
    let mut given = BTreeMap::new();
    for person in known.people.iter().filter(is_reached).take(WRITERS_MAX) {
        let party = Party { person: person.id.clone(), address: String::new(), role: PartyRole::Applicant };
        let mut found = Vec::new();
        for number in store.latest_numbers_of_person(&person.id, WRITERS_DOSSIERS_MAX)? {
            let dossier = match read().find(|dossier| dossier.number == number) {
                Some(own) => Cow::Borrowed(own),
                None => match store.dossier(&number)? {
                    Some(dossier) => Cow::Owned(dossier),
                    None => continue,
                },
            };
            if !dossier.cover.reserved && dossier.life.documents > 0 && is_of(&dossier, &party) {
                found.extend(memory.of(store, &dossier)?.iter().cloned());
            }
        }
        found.truncate(HELD_MAX);
        given.insert(person.id.clone(), found);
    }
    Ok(given)
}

/// The newest dossiers of somebody: by the record, else by the address.
fn others(store: &Store, party: &Party) -> Result<Vec<Dossier>, Trouble> {
    if !party.person.is_empty() {
        return store.latest_of_person(&party.person, DOSSIERS_MAX);
    }
    if party.address.is_empty() {
        return Ok(Vec::new());
    }
    let numbers = store.dossiers_of_address(&party.address, DOSSIERS_MAX)?;
    let dossiers = numbers.iter().map(|number| store.dossier(number)).collect::<Result<Vec<_>, _>>()?;
    Ok(dossiers.into_iter().flatten().collect())
}

/// Whether what is in it was given by this party, and not by somebody for whom the party only acts.
fn is_of(other: &Dossier, party: &Party) -> bool {
    other.cover.people.iter().filter(|its| gives(its.role)).any(|its| {
        if party.person.is_empty() {
            its.person.is_empty() && casework::address::same(&its.address, &party.address)
        } else {
            its.person == party.person
        }
    })
}

fn of_dossier(store: &Store, dossier: &Dossier, found: &mut Vec<Held>) -> Result<(), Trouble> {
    if dossier.life.documents == 0 || found.len() >= HELD_MAX {
        return Ok(());
    }
    // What an office had asked for and was given has the name that the office gave it: a citizen's file is called anything.
    let mut asked: Vec<String> = Vec::new();
    for EntryRow { at, entry, .. } in store.entries(&dossier.number, ENTRIES_MAX)? {
        let names = match entry {
            Entry::Deposited { document } if document.visibility != Visibility::Reserved => vec![document.name],
            Entry::Moved { verb: Verb::ChiediIntegrazione, points, .. } => {
                asked = points;
                continue;
            }
            Entry::Moved { verb: Verb::Integra, .. } => std::mem::take(&mut asked),
            _ => continue,
        };
        found.extend(names.into_iter().map(|name| Held { name, dossier: dossier.number.clone(), at }));
    }
    Ok(())
}
