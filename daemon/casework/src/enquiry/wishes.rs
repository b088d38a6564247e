//! What a citizen wants to be told of, and where: kept in the writer's own record. It changes when something else may be chosen.

use super::command::Wish;
use super::{Told, addresses, braked};
use crate::calendar::rome;
use crate::courtesy;
use crate::decision::{Change, Reason};
use crate::dossier::Dossier;
use crate::letters::courtesy::{Chosen, chosen};
use crate::letters::{About, enquiry as letter};
use crate::person::{self, Asked, Notices, Person, Strength};
use crate::standing::{Permit, Right, Standing};
use crate::validity;
use alloc::vec;
use alloc::vec::Vec;

/// Which notices the writer wants, kept in the writer's record. Whoever has none is told how to come by one.
pub(super) fn notices(wanted: Notices, about: &About<'_>, standing: &Standing) -> Result<Told, Reason> {
    let people = &about.known.people;
    let Some(writer) = people.iter().find(|person| Some(&person.id) == standing.writer.as_ref()) else {
        return Ok(Told::letters(letter::which_ways(about)?, None));
    };
    let chosen = |_| Change::Person { id: writer.id.clone(), entry: person::Entry::NoticesChosen { notices: wanted } };
    // Essential ones alone: what was asked for besides ends too, whenever that was.
    let is_new = writer.notices != wanted || (wanted == Notices::Essential && writer.expiries.is_some());
    let changes = is_new.then_some(()).map(chosen).into_iter().collect();
    Ok(Told::Machine { letters: letter::notices(about, wanted)?, changes, tasks: vec![], dossier: None })
}

/// Whether the writer is told before what was granted ends: kept in the writer's record, with the message that says so.
pub(super) fn expiries(
    wish: Wish,
    about: &About<'_>,
    standing: &Standing,
    trail: &mut Vec<Reason>,
) -> Result<Told, Reason> {
    let people = &about.known.people;
    let writer = people.iter().find(|person| Some(&person.id) == standing.writer.as_ref());
    let brake = match (braked(about, None), wish, writer) {
        // Whoever wants no more letters is heard also on a day on which no more answers go.
        (Err(why), Wish::Unwanted, Some(_)) => Some(why),
        (brake, ..) => {
            brake?;
            None
        }
    };
    let Some(writer) = writer else {
        return Ok(Told::letters(letter::which_ways(about)?, None));
    };
    let asked = match wish {
        // Asked for before: the first message stays the reason.
        Wish::Wanted => Some(
            writer
                .expiries
                .clone()
                .unwrap_or_else(|| Asked { at: about.daticert.data, message: about.known.digest.clone() }),
        ),
        Wish::Unwanted => None,
    };
    let letters = match &brake {
        None => letter::expiries(about, asked.as_ref(), &ending(about, standing, writer))?,
        Some(_) => vec![],
    };
    trail.extend(brake);
    let is_new = writer.expiries != asked;
    let chosen = Change::Person { id: writer.id.clone(), entry: person::Entry::ExpiriesChosen { asked } };
    let changes = is_new.then_some(chosen).into_iter().collect();
    Ok(Told::Machine { letters, changes, tasks: vec![], dossier: None })
}

/// The writer's own dossiers in which something was granted that holds still, told where a list of dossiers may be told. Whoever
/// asks when the day of a notice is past reads it here.
fn ending<'a>(about: &About<'a>, standing: &Standing, writer: &Person) -> Vec<(&'a Dossier, validity::Validity)> {
    let known = about.known;
    let permit = standing.permit(&about.desk.entity.entitlements, Right::ElencoFascicoli);
    if permit != Permit::Yes || standing.about.as_ref() != Some(&writer.id) {
        return vec![];
    }
    let addresses = addresses(writer, about, true);
    let own = addresses.iter().filter_map(|address| known.own.get(address)).flat_map(|own| &own.dossiers);
    validity::held(own, &writer.id, rome(known.now).date())
}

/// Where the writer wants to hear by ordinary mail that a PEC letter has come; `None`: nowhere any more. Only who writes from a safe
/// domicile says so: what is told there is told of the letters that come to it.
pub(super) fn courtesy(
    wanted: Option<&str>,
    about: &About<'_>,
    standing: &Standing,
    trail: &mut Vec<Reason>,
) -> Result<Told, Reason> {
    let About { known, desk, daticert, .. } = *about;
    let is_safe = |person: &&Person| {
        Some(&person.id) == standing.writer.as_ref()
            && person.strength_of(&daticert.mittente, known.now).is_some_and(|strength| strength >= Strength::Enabled)
    };
    let writer = known.people.iter().find(is_safe);
    let brake = match (braked(about, None), wanted, writer) {
        // Whoever wants no more letters is heard also on a day on which no more answers go.
        (Err(why), None, Some(_)) => Some(why),
        (brake, ..) => {
            brake?;
            None
        }
    };
    let Some(writer) = writer else {
        return Ok(Told::letters(letter::which_ways(about)?, None));
    };
    let asked = Asked { at: daticert.data, message: known.digest.clone() };
    let checked = wanted.map(|written| courtesy::check(written, writer, &known.people, desk, known.now));
    let own = writer.courtesy.as_ref();
    let (told, address) = match &checked {
        None => (Chosen::Off, own.map(|_| None)),
        Some(_) if desk.entity.courtesy.is_none() => (Chosen::NotHere, None),
        Some(Err(why)) => {
            trail.push(Reason::new(why.code, why.text.clone()));
            (Chosen::Refused(&why.text), None)
        }
        Some(Ok(address)) => {
            // Asked for before, and still going: the first message stays the reason.
            let goes_on = own.is_some_and(|own| own.address == *address && own.stopped.is_none());
            (Chosen::On(address), (!goes_on).then(|| Some(address.clone())))
        }
    };
    let letters = if brake.is_none() { chosen(about, told)? } else { vec![] };
    trail.extend(brake);
    let entry = address.map(|address| person::Entry::CourtesyChosen { address, asked: Some(asked) });
    let changes = entry.map(|entry| Change::Person { id: writer.id.clone(), entry }).into_iter().collect();
    Ok(Told::Machine { letters, changes, tasks: vec![], dossier: None })
}
