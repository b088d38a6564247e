//! How long a dossier took, against its term (L. 241/1990 art. 2 c. 4-bis and 9-quinquies). It changes when something else of it
//! is measured. Only what the register holds counts: no rule and no procedure of today moves a figure of last year.

use crate::calendar::rome;
use crate::dossier::{Dossier, State};
use crate::term::{Length, Suspension, reckon};
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What is measured of one dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// Its number.
    pub number: String,
    /// Id of its procedure; empty in registers of before there were any.
    pub procedure: String,
    /// Its office (id).
    pub office: String,
    /// The day of Rome on which its term began.
    pub opened: Date,
    /// The term that its procedure set then.
    pub term: Option<Length>,
    /// Last day, with what moved it.
    pub due: Option<Date>,
    /// How it ended first; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// Days on which the term stood still, up to the end.
    pub suspended: u32,
}

/// How a dossier ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// As what.
    pub state: State,
    /// The day of Rome.
    pub on: Date,
}

/// Whether a measure kept its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// Within the last day.
    InTime,
    /// So many days after it.
    Late(u32),
    /// It had no last day: a register of before there were procedures, or a term that waited for a regular request.
    Untold,
}

impl Time {
    /// Measures a dossier. `first`: when and as what it ended first, of one that was annulled after (art. 21-novies): that the
    /// office took a measure back does not make it late.
    #[must_use]
    pub fn of(dossier: &Dossier, first: Option<(State, Timestamp)>) -> Self {
        let last = dossier.life.closed_at.map(|at| (dossier.state, at));
        let outcome = first.or(last).map(|(state, at)| Outcome { state, on: rome(at).date() });
        let opened = rome(dossier.opened_at).date();
        let stops = dossier.life.plan.map(|plan| reckon(opened, &plan, &dossier.life.facts).suspensions);
        Self {
            number: dossier.number.clone(),
            procedure: dossier.cover.procedure.clone(),
            office: dossier.office.clone(),
            opened,
            term: dossier.life.plan.map(|plan| plan.length),
            due: dossier.due,
            suspended: stood_still(stops.unwrap_or_default(), outcome.map_or(Date::MAX, |outcome| outcome.on)),
            outcome,
        }
    }

    /// Days from the arrival, which does not count, to the end, which does; of an open one, to `today`.
    #[must_use]
    pub fn days(&self, today: Date) -> u32 {
        days(self.opened, self.outcome.map_or(today, |outcome| outcome.on))
    }

    /// Whether its end kept the term; of an open one, whether `today` does.
    #[must_use]
    pub fn kept(&self, today: Date) -> Kept {
        let Some(due) = self.due else { return Kept::Untold };
        match days(due, self.outcome.map_or(today, |outcome| outcome.on)) {
            0 => Kept::InTime,
            late => Kept::Late(late),
        }
    }
}

impl Outcome {
    /// Whether the office decided: what the citizen took back, and what went to another body, is no measure of ours.
    #[must_use]
    pub fn is_measure(self) -> bool {
        !matches!(self.state, State::Ritirata | State::TrasmessaAltroEnte)
    }
}

/// Days of suspensions, which may overlap, up to a day.
fn stood_still(mut stops: Vec<Suspension>, end: Date) -> u32 {
    stops.sort_by_key(|stop| stop.since);
    let (mut sum, mut counted) = (0, Date::MIN);
    for stop in stops {
        let until = stop.until.min(end);
        sum += days(stop.since.max(counted), until);
        counted = counted.max(until);
    }
    sum
}

/// Days from one day to a later one, the first not counted; none if it is not later.
fn days(from: Date, to: Date) -> u32 {
    from.until(to).ok().and_then(|span| u32::try_from(span.get_days()).ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::Cause;
    use alloc::vec;
    use jiff::civil::date;

    fn stop(since: Date, until: Date) -> Suspension {
        Suspension { cause: Cause::Integration, since, until, is_answered: false }
    }

    fn time(outcome: Option<(State, Date)>, due: Option<Date>) -> Time {
        Time {
            number: "2026/000001".into(),
            procedure: "richiesta".into(),
            office: "tributi".into(),
            opened: date(2026, 3, 2),
            term: Some(Length::Days(30)),
            due,
            outcome: outcome.map(|(state, on)| Outcome { state, on }),
            suspended: 0,
        }
    }

    #[test]
    fn overlapping_suspensions_count_once_and_end_with_the_dossier() {
        let two = || vec![stop(date(2026, 3, 10), date(2026, 3, 20)), stop(date(2026, 3, 5), date(2026, 3, 12))];
        assert_eq!(stood_still(two(), Date::MAX), 15);
        assert_eq!(stood_still(two(), date(2026, 3, 15)), 10);
        assert_eq!(stood_still(two(), date(2026, 3, 1)), 0);
    }

    #[test]
    fn the_last_day_is_in_time_and_the_next_is_one_day_late() {
        let due = date(2026, 4, 1);
        let today = date(2026, 6, 1);
        let on = |day| time(Some((State::Accolta, day)), Some(due));
        assert_eq!(on(due).kept(today), Kept::InTime);
        assert_eq!(on(date(2026, 4, 2)).kept(today), Kept::Late(1));
        assert_eq!((on(due).days(today), on(date(2026, 3, 2)).days(today)), (30, 0));
        assert_eq!(time(None, Some(due)).kept(today), Kept::Late(61));
        assert_eq!(time(None, None).kept(today), Kept::Untold);
    }

    #[test]
    fn what_was_taken_back_or_sent_on_is_no_measure() {
        for (state, is_measure) in [
            (State::Accolta, true),
            (State::Irricevibile, true),
            (State::Ritirata, false),
            (State::TrasmessaAltroEnte, false),
        ] {
            assert_eq!(Outcome { state, on: date(2026, 4, 1) }.is_measure(), is_measure, "{state:?}");
        }
    }
}
