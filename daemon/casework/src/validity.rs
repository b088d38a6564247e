//! Until when what was granted holds, or by when the parts of a sum are to be paid, and who is told before such a day. It changes when
//! somebody may be told of another day, or on other conditions (function S2.21).
//!
//! It is a favour, and only who has asked for it hears: no right and no silence of the law depends on it. The days are those that the
//! procedure's file set when it was granted; a dossier that was granted before its file said anything has none.

pub(crate) mod instalments;

use crate::address;
use crate::calendar::{Holidays, days_after, days_before, in_words, months_after, rome};
use crate::clockwork::procedure_of;
use crate::decision::{Change, Outgoing, Reason};
use crate::desk::Desk;
use crate::dossier::{Dossier, Party, PartyRole};
use crate::letters::case::Case;
use crate::life::Entry;
use crate::person::{Asked, Person, Strength};
use crate::procedure::Procedure;
use crate::procedure::model::Rates;
use crate::rules::Calendar;
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
    /// Its last day; where it was granted to pay in parts, that of the part below.
    pub until: Date,
    /// The day on which the applicant may be told; none: that is settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_on: Option<Date>,
    /// The part to be paid until then, where it was granted to pay in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Rate>,
}

/// One part of a sum that is paid in parts, and all that its followers are reckoned by: the file may say another thing by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Which one, from 1.
    pub n: u32,
    /// How many there are.
    pub of: u32,
    /// Last day for the first.
    pub first: Date,
    /// Months from one to the next.
    pub every: u32,
    /// Each ends with its month.
    pub month_end: bool,
    /// Days before each on which the applicant may be told.
    pub notice_days: u32,
}

impl Rate {
    /// The last day for one of them. It is reckoned from the first: what a short month cuts off stays cut off in that one alone.
    fn day(self, n: u32) -> Date {
        let day = months_after(self.first, self.every.saturating_mul(n.saturating_sub(1)));
        if self.month_end { day.last_of_month() } else { day }
    }

    /// Waiting for one of them.
    fn wait(self, n: u32) -> Validity {
        let until = self.day(n);
        Validity { until, tell_on: Some(days_before(until, self.notice_days)), rate: Some(Self { n, ..self }) }
    }

    /// The whole plan, for who was granted it.
    #[must_use]
    pub fn plan_in_words(self) -> String {
        let first = in_words(self.day(1));
        match (self.of, self.every) {
            (1, _) => format!("una rata sola, entro {first}"),
            (of, 1) => format!("{of} rate, una al mese; la prima entro {first}"),
            (of, every) => format!("{of} rate, una ogni {every} mesi; la prima entro {first}"),
        }
    }
}

impl Validity {
    /// What ends next, on a day or after it; `None`: nothing does.
    fn ahead(self, today: Date) -> Option<Self> {
        match self.rate {
            None => (self.until >= today).then_some(self),
            Some(rate) => (1..=rate.of).map(|n| rate.wait(n)).find(|one| one.until >= today),
        }
    }

    /// Nobody is told of it any more: the next part is waited for, if there is one.
    fn settle(&mut self) {
        match self.rate.filter(|rate| rate.n < rate.of) {
            Some(rate) => *self = rate.wait(rate.n.saturating_add(1)),
            None => self.tell_on = None,
        }
    }
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
        /// The first part, where it was granted to pay in parts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<Rate>,
    },
    /// The applicant was told that it ends.
    Told {
        /// Of which part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
    },
    /// The day has come, and nobody was told.
    Untold {
        /// Why.
        why: Untold,
        /// Of which part.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<u32>,
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
        let (why, rate) = match self {
            Self::Holds { rate: Some(rate), .. } => return rate.plan_in_words(),
            Self::Holds { until, .. } => return format!("quello che è stato dato vale fino al {until}"),
            Self::Told { rate: Some(n) } => return format!("avvisato chi ha chiesto: la rata {n} sta per scadere"),
            Self::Told { .. } => return String::from("avvisato chi ha chiesto: quello che ha avuto sta per scadere"),
            Self::Untold { why, rate } => (why, rate),
        };
        let why = match why {
            Untold::Unasked => "chi ha chiesto non vuole avvisi",
            Untold::NoAddress => "l'indirizzo del fascicolo non è più un suo domicilio",
            Untold::Renewing => "ha già una pratica aperta per il rinnovo",
            Untold::Over => "il servizio era fermo, ed è già scaduto",
            Untold::Reserved => "il fascicolo è riservato",
            Untold::NoRenewal => "il file del procedimento non dice più che scade",
            Untold::NoLetter => "la lettera non si è potuta scrivere",
        };
        match rate {
            Some(n) => format!("nessun avviso della rata {n}: {why}"),
            None => format!("nessun avviso di scadenza: {why}"),
        }
    }
}

/// It after a step.
pub(crate) fn apply(validity: &mut Option<Validity>, step: Step) {
    match (step, validity) {
        (Step::Holds { until, tell_on, rate }, validity) => {
            *validity = Some(Validity { until, tell_on: Some(tell_on), rate });
        }
        (Step::Told { .. } | Step::Untold { .. }, Some(validity)) => validity.settle(),
        (Step::Told { .. } | Step::Untold { .. }, None) => {}
    }
}

/// The entry of a dossier that is granted now, where its procedure's file says how long that holds, or that it is paid in parts. The
/// first day is that of the decision, which does not count, and the last is what the calendar says, be it a holiday. `entries`: what
/// is written into it with the decision.
pub(crate) fn begin(
    before: &Dossier,
    after: &Dossier,
    entries: &[Entry],
    desk: &Desk,
    now: Timestamp,
) -> Option<Entry> {
    if before.state.is_granted() || !after.state.is_granted() {
        return None;
    }
    let (procedure, today) = (procedure_of(after, desk)?, rome(now).date());
    let Validity { until, tell_on, rate } = match (&procedure.validity, &procedure.rates) {
        (Some(rule), _) => {
            let until = months_after(today, rule.months);
            Validity { until, tell_on: Some(days_before(until, rule.notice_days)), rate: None }
        }
        (None, Some(rule)) => plan(rule, entries, today)?.wait(1),
        (None, None) => return None,
    };
    Some(Entry::Validity { step: Step::Holds { until, tell_on: tell_on?, rate } })
}

/// The parts in which a sum is paid: as many as who grants it writes among the reasons, else as the file says; if neither does, nobody
/// can be told of any.
fn plan(rule: &Rates, entries: &[Entry], today: Date) -> Option<Rate> {
    let points = entries.iter().filter_map(|entry| match entry {
        Entry::Moved { points, .. } => Some(points),
        _ => None,
    });
    let written = instalments::read(points.flatten().map(String::as_str)).ok().flatten();
    let (of, first) = written.or_else(|| Some((rule.number?, None)))?;
    let first = first.unwrap_or_else(|| days_after(today, rule.first_days, Calendar::Solar, Holidays::default()));
    let first = if rule.month_end { first.last_of_month() } else { first };
    Some(Rate { n: 1, of, first, every: rule.every, month_end: rule.month_end, notice_days: rule.notice_days })
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

/// Tells whoever is to be told that what was granted ends, or that a part is to be paid, once: on its day, or later while it holds.
/// `None`: not yet, or settled.
pub(crate) fn tell(
    dossier: &Dossier,
    people: &[Person],
    others: &[Dossier],
    desk: &Desk,
    now: Timestamp,
) -> Option<Ending> {
    look(dossier).filter(|day| *day <= rome(now).date())?;
    let validity = dossier.life.validity?;
    let rate = validity.rate.map(|rate| rate.n);
    let untold = |why, incident| {
        Some(Ending { entry: Entry::Validity { step: Step::Untold { why, rate } }, letters: vec![], incident })
    };
    let (procedure, renewal, wanted) = match wanted(dossier, validity, people, others, desk, now) {
        Ok(found) => found,
        Err(why) => return untold(why, None),
    };
    let cause = crate::act::cause(dossier, desk);
    let case = Case { people, enclosed: &[], dossier, cause: &cause, now, desk };
    let letters = wanted.into_iter().map(|(to, asked)| case.ending(to, procedure, renewal, validity, asked));
    match letters.collect::<Result<Vec<Outgoing>, Reason>>() {
        Ok(letters) => Some(Ending { entry: Entry::Validity { step: Step::Told { rate } }, letters, incident: None }),
        Err(why) => {
            let text = format!("fascicolo {}: avviso di scadenza: {}", dossier.number, why.text);
            untold(Untold::NoLetter, Some(Change::Incident { code: why.code, text }))
        }
    }
}

/// What ends, by what it is renewed if it is, and the applicants who are to be told: where, and since what they wrote.
type Wanted<'a> = (&'a Procedure, Option<&'a Procedure>, Vec<(&'a str, &'a Asked)>);

/// Whoever is to be told today, or why nobody is.
fn wanted<'a>(
    dossier: &'a Dossier,
    validity: Validity,
    people: &'a [Person],
    others: &[Dossier],
    desk: &'a Desk,
    now: Timestamp,
) -> Result<Wanted<'a>, Untold> {
    if validity.until < rome(now).date() {
        return Err(Untold::Over);
    }
    if dossier.cover.reserved {
        return Err(Untold::Reserved);
    }
    let procedure = procedure_of(dossier, desk).ok_or(Untold::NoRenewal)?;
    let renewal = match validity.rate {
        Some(_) => procedure.rates.as_ref().map(|_| None),
        None => procedure.validity.as_ref().and_then(|rule| desk.procedures.get(&rule.renewal)).map(Some),
    };
    let renewal = renewal.ok_or(Untold::NoRenewal)?;
    let (mut wanted, mut why): (Vec<(&str, &Asked)>, Untold) = (vec![], Untold::Unasked);
    for party in applicants(dossier) {
        let Some(person) = people.iter().find(|person| person.id == party.person) else { continue };
        let Some(asked) = &person.expiries else { continue };
        let is_renewing = |other: &Dossier| {
            other.number != dossier.number
                && !other.state.is_final()
                && renewal.is_some_and(|renewal| other.cover.procedure == renewal.id)
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
    if wanted.is_empty() { Err(why) } else { Ok((procedure, renewal, wanted)) }
}

/// Who asked, and is known. Nobody else of the dossier hears of its end: it is not theirs that ends.
pub fn applicants(dossier: &Dossier) -> impl Iterator<Item = &Party> {
    dossier.cover.people.iter().filter(|party| party.role == PartyRole::Applicant && !party.person.is_empty())
}

/// Of these dossiers, those in which something was granted to somebody that holds on a day: with what ends next, the nearest first.
pub(crate) fn held<'a>(own: impl Iterator<Item = &'a Dossier>, who: &str, today: Date) -> Vec<(&'a Dossier, Validity)> {
    let is_theirs = |dossier: &&Dossier| {
        dossier.state.is_granted() && !dossier.cover.reserved && applicants(dossier).any(|party| party.person == who)
    };
    let ahead = |dossier: &'a Dossier| Some((dossier, dossier.life.validity?.ahead(today)?));
    let mut held: Vec<(&Dossier, Validity)> = own.filter(is_theirs).filter_map(ahead).collect();
    held.sort_by(|(one, first), (other, second)| first.until.cmp(&second.until).then(one.number.cmp(&other.number)));
    held.dedup_by(|(one, _), (other, _)| one.number == other.number);
    held
}

#[cfg(test)]
mod rate_tests;
#[cfg(test)]
mod tests;
