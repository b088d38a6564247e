//! Until when what was granted holds, and who is told before it ends. It changes when somebody may be told of another thing that
//! ends, or on other conditions (function S2.21).
//!
//! It is a favour, and only who has asked for it hears: no right and no silence of the law depends on it. The days are those that the
//! procedure's file set when it was granted; a dossier that was granted before its file said anything has none.

use crate::address;
use crate::calendar::{days_before, months_after, rome};
use crate::clockwork::procedure_of;
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, Party, PartyRole};
use crate::letters::case::Case;
use crate::life::Entry;
use crate::person::{Asked, Person, Strength};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Until when what was granted in a dossier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// Its last day.
    pub until: Date,
    /// The day on which the applicant may be told; none: that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_on: Option<Date>,
}

/// What happens to it. The tag is the wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Step {
    /// It was granted.
    Holds {
        /// Last day.
        until: Date,
        /// The day on which the applicant may be told.
        tell_on: Date,
    },
    /// The applicant was told that it ends.
    Told,
    /// The day has come, and nobody was told.
    Untold {
        /// Why.
        why: Untold,
    },
}

/// Why nobody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Untold {
    /// No applicant has asked for it, or one has and does not want it any more.
    Unasked,
    /// The address in the dossier is no domicile of the applicant's any more.
    NoAddress,
    /// The applicant asks for the next one already.
    Renewing,
    /// The service stood still, and it is over.
    Over,
    /// Nothing of the dossier is told by a machine.
    Reserved,
    /// The procedure's file does not say any more that it ends.
    NoRenewal,
    /// The letter could not be written.
    NoLetter,
}

impl Step {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(self) -> String {
        let why = match self {
            Self::Holds { until, .. } => return format!("quello che è stato dato vale fino al {until}"),
            Self::Told => return String::from("avvisato chi ha chiesto: quello che ha avuto sta per scadere"),
            Self::Untold { why } => match why {
                Untold::Unasked => "chi ha chiesto non vuole avvisi",
                Untold::NoAddress => "l'indirizzo del fascicolo non è più un suo domicilio",
                Untold::Renewing => "ha già una pratica aperta per il rinnovo",
                Untold::Over => "il servizio era fermo, ed è già scaduto",
                Untold::Reserved => "il fascicolo è riservato",
                Untold::NoRenewal => "il file del procedimento non dice più che scade",
                Untold::NoLetter => "la lettera non si è potuta scrivere",
            },
        };
        format!("nessun avviso di scadenza: {why}")
    }
}

/// It after a step.
pub(crate) fn apply(validity: &mut Option<Validity>, step: Step) {
    match (step, validity) {
        (Step::Holds { until, tell_on }, validity) => *validity = Some(Validity { until, tell_on: Some(tell_on) }),
        (Step::Told | Step::Untold { .. }, Some(validity)) => validity.tell_on = None,
        (Step::Told | Step::Untold { .. }, None) => {}
    }
}

/// The entry of a dossier that is granted now, where its procedure's file says how long that holds. The first day is that of the
/// decision, which does not count, and the last is what the calendar says, be it a holiday.
pub(crate) fn begin(before: &Dossier, after: &Dossier, desk: &Desk, now: Timestamp) -> Option<Entry> {
    if before.state.is_granted() || !after.state.is_granted() {
        return None;
    }
    let rule = procedure_of(after, desk)?.validity.as_ref()?;
    let until = months_after(rome(now).date(), rule.months);
    Some(Entry::Validity { step: Step::Holds { until, tell_on: days_before(until, rule.notice_days) } })
}

/// The day on which it must be looked at for the end of what was granted.
pub(crate) fn look(dossier: &Dossier) -> Option<Date> {
    dossier.life.validity.filter(|_| dossier.state.is_granted())?.tell_on
}

/// What is done on the day.
pub(crate) struct Ending {
    /// That it is settled, and how.
    pub(crate) entry: Entry,
    pub(crate) letters: Vec<Outgoing>,
    pub(crate) incident: Option<Change>,
}

/// Tells whoever is to be told that what was granted ends, once: on its day, or later while it holds. `None`: not yet, or settled.
pub(crate) fn tell(
    dossier: &Dossier,
    people: &[Person],
    others: &[Dossier],
    desk: &Desk,
    now: Timestamp,
) -> Option<Ending> {
    let today = rome(now).date();
    look(dossier).filter(|day| *day <= today)?;
    let (title, renewal, wanted) = match wanted(dossier, people, others, desk, now) {
        Ok(found) => found,
        Err(why) => return Some(Ending::untold(why, None)),
    };
    let until = dossier.life.validity?.until;
    let cause = crate::act::cause(dossier, desk);
    let case = Case { enclosed: &[], dossier, cause: &cause, now, desk };
    let letters = wanted.into_iter().map(|(to, asked)| case.expiry(to, title, renewal, until, asked));
    Some(match letters.collect::<Result<Vec<Outgoing>, Reason>>() {
        Ok(letters) => Ending { entry: Entry::Validity { step: Step::Told }, letters, incident: None },
        Err(why) => {
            let text = format!("fascicolo {}: avviso di scadenza: {}", dossier.number, why.text);
            Ending::untold(Untold::NoLetter, Some(Change::Incident { code: why.code, text }))
        }
    })
}

impl Ending {
    fn untold(why: Untold, incident: Option<Change>) -> Self {
        Self { entry: Entry::Validity { step: Step::Untold { why } }, letters: vec![], incident }
    }
}

/// What ends, by what it is renewed, and the applicants who are to be told: where, and since what they wrote.
type Wanted<'a> = (&'a str, &'a str, Vec<(&'a str, &'a Asked)>);

/// Whoever is to be told today, or why nobody is.
fn wanted<'a>(
    dossier: &'a Dossier,
    people: &'a [Person],
    others: &[Dossier],
    desk: &'a Desk,
    now: Timestamp,
) -> Result<Wanted<'a>, Untold> {
    if dossier.life.validity.is_none_or(|validity| validity.until < rome(now).date()) {
        return Err(Untold::Over);
    }
    if dossier.cover.reserved {
        return Err(Untold::Reserved);
    }
    let procedure = procedure_of(dossier, desk).ok_or(Untold::NoRenewal)?;
    let rule = procedure.validity.as_ref().ok_or(Untold::NoRenewal)?;
    let renewal = desk.procedures.get(&rule.renewal).ok_or(Untold::NoRenewal)?;
    let (mut wanted, mut why): (Vec<(&str, &Asked)>, Untold) = (vec![], Untold::Unasked);
    for party in applicants(dossier) {
        let Some(person) = people.iter().find(|person| person.id == party.person) else { continue };
        let Some(asked) = &person.expiries else { continue };
        let is_renewing = |other: &Dossier| {
            other.number != dossier.number
                && !other.state.is_final()
                && other.cover.procedure == renewal.id
                && applicants(other).any(|of| of.person == person.id)
        };
        // What was checked by nobody is not written to (law.md §6); what was revoked is theirs no more.
        if person.strength_of(&party.address, now).is_none_or(|strength| strength < Strength::Enabled) {
            why = Untold::NoAddress;
        } else if others.iter().any(is_renewing) {
            why = Untold::Renewing;
        } else if !wanted.iter().any(|(to, _)| address::same(to, &party.address)) {
            wanted.push((&party.address, asked));
        }
    }
    if wanted.is_empty() { Err(why) } else { Ok((&procedure.title, &renewal.title, wanted)) }
}

/// Who asked, and is known. Nobody else of the dossier hears of its end: it is not theirs that ends.
pub fn applicants(dossier: &Dossier) -> impl Iterator<Item = &Party> {
    dossier.cover.people.iter().filter(|party| party.role == PartyRole::Applicant && !party.person.is_empty())
}

/// Of these dossiers, those in which something was granted to somebody that holds on a day: with its last day, the nearest first.
pub(crate) fn held<'a>(own: impl Iterator<Item = &'a Dossier>, who: &str, today: Date) -> Vec<(&'a Dossier, Date)> {
    let is_theirs = |dossier: &&Dossier| {
        dossier.state.is_granted() && !dossier.cover.reserved && applicants(dossier).any(|party| party.person == who)
    };
    let until = |dossier: &'a Dossier| Some((dossier, dossier.life.validity?.until));
    let mut held: Vec<(&Dossier, Date)> = own.filter(is_theirs).filter_map(until).collect();
    held.retain(|(_, until)| *until >= today);
    held.sort_by(|(one, first), (other, second)| first.cmp(second).then(one.number.cmp(&other.number)));
    held.dedup_by(|(one, _), (other, _)| one.number == other.number);
    held
}

#[cfg(test)]
mod tests;
