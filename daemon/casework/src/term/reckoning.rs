//! What a count yields. It changes when somebody must know more of a term than this.

use super::Plan;
use crate::calendar::is_counted;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::civil::Date;
use serde::Serialize;

/// Why a clock stands still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Cause {
    /// The citizen was asked for facts or documents (L. 241/1990 art. 2 c. 7).
    Integration,
    /// A refusal was announced (art. 10-bis).
    Refusal,
    /// Another body was asked.
    ThirdBody {
        /// Its name, as the fact has it.
        body: String,
    },
}

/// A stretch in which the term ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Run {
    /// First day of it.
    pub first: Date,
    /// Last day of it, counted.
    pub last: Date,
    /// Days of the term that ran in it: of those which the plan counts.
    pub days: u32,
}

/// A stretch in which it stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspension {
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// The day on which what stopped it was delivered: the last that counts before.
    pub since: Date,
    /// The day on which it runs again: the next is the first that counts, beyond doubt. Until an answer comes this is when it
    /// will run again by itself.
    pub until: Date,
    /// Whether an answer ended it, rather than time.
    pub is_answered: bool,
}

/// What the citizen may do within a term of his own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowKind {
    /// Send what he was asked.
    Integration,
    /// Answer an announced refusal.
    Observations,
}

/// A term of the citizen within ours. It is his also where it does not stop our clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// For what.
    pub kind: WindowKind,
    /// Delivery of our message.
    pub since: Date,
    /// Last day, never a holiday; in time until its 23:59:59 ([`super::is_in_time`]).
    pub last_day: Date,
    /// Day of his answer, when it was in time.
    pub answered: Option<Date>,
    /// Whether it stopped the clock.
    pub stops_clock: bool,
}

/// The term of the holder of the substitute power (L. 241/1990 art. 2 c. 9-ter).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Substitute {
    /// Day on which it starts, not counted.
    pub since: Date,
    /// Half of the original term: of an odd number of days the smaller half, so that nobody is told a day too many.
    pub days: u32,
    /// Last day of it, never a holiday.
    pub last_day: Date,
}

/// Why a fact moved nothing. It stays in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unused {
    /// Its date cannot be right ([`super::YEARS`]).
    Implausible,
    /// It lies before the request.
    BeforeStart,
    /// The term had ended.
    AfterEnd,
    /// The term had not ended.
    BeforeEnd,
    /// The term did not run: it waits for a regular request.
    Interrupted,
    /// A thing of its kind has moved the clock once, and may not twice.
    Again,
    /// It answers nothing that was asked.
    Unasked,
    /// It came too late.
    Late,
    /// The procedure gives it no effect on the clock.
    NotHere,
}

/// How a clock stands on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "clock", rename_all = "kebab-case")]
pub enum Clock {
    /// It runs.
    Running {
        /// Days of the term that must run after this one.
        left: u32,
    },
    /// It stands still.
    Suspended(Suspension),
    /// It will start again from the beginning when the request is made regular.
    Interrupted {
        /// Delivery of our message.
        since: Date,
    },
    /// The last day is past.
    Ended {
        /// The last day.
        on: Date,
    },
}

/// The count of one term. As things stand: a fact that comes later moves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoning {
    /// Day on which the term starts, not counted: the arrival of the request, or of the regular one.
    pub start: Date,
    /// What was counted.
    pub plan: Plan,
    /// Days that must run, with the extension: the runs below have as many.
    pub days: u32,
    /// Stretches in which it ran, in order. Their days sum to [`Self::days`], unless the clock is interrupted.
    pub runs: Vec<Run>,
    /// Stretches in which it stood still, in order. They may overlap.
    pub suspensions: Vec<Suspension>,
    /// Last day of the term, never a holiday; `None` while it waits for a regular request. What the citizen is told.
    pub last_day: Option<Date>,
    /// The last day if the day on which a clock runs again counts itself, which is open (law.md §5): never after `last_day`. The
    /// office acts on this one; nothing is denied to a citizen on it.
    pub alarm_on: Option<Date>,
    /// By that reading the term had ended on this day, before something stopped it. Whoever decides must know.
    pub perhaps_ended: Option<Date>,
    /// Since when it waits for a regular request.
    pub interrupted: Option<Date>,
    /// The terms of the citizen, in order.
    pub windows: Vec<Window>,
    /// The term of the holder of the substitute power, once it runs.
    pub substitute: Option<Substitute>,
    /// What moved nothing: place in the facts as given, and why. Facts beyond [`super::FACTS_MAX`] are not looked at.
    pub unused: Vec<(usize, Unused)>,
    /// How it was counted, for [`Self::explain`].
    pub(super) steps: Vec<Step>,
}

impl Reckoning {
    /// How the clock stands at the end of a day.
    #[must_use]
    pub fn on(&self, day: Date) -> Clock {
        if let Some(last) = self.last_day
            && day > last
        {
            return Clock::Ended { on: last };
        }
        if let Some(since) = self.interrupted
            && day >= since
        {
            return Clock::Interrupted { since };
        }
        let covering = self.suspensions.iter().filter(|it| it.since <= day && day < it.until);
        if let Some(suspension) = covering.max_by_key(|it| it.until) {
            return Clock::Suspended(suspension.clone());
        }
        Clock::Running { left: self.days.saturating_sub(self.run_by(day)) }
    }

    /// Days that have run by the end of a day.
    fn run_by(&self, day: Date) -> u32 {
        let run = |run: &Run| {
            let mut at = run.first;
            let mut days = 0;
            while at <= run.last.min(day) && days < run.days {
                days += u32::from(is_counted(at, self.plan.length.counting(), self.plan.holidays));
                let Ok(next) = at.tomorrow() else { break };
                at = next;
            }
            days
        };
        self.runs.iter().map(run).sum()
    }
}

/// One step of the count, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The start as given cannot be right; counted from here.
    Clamped { given: Date, start: Date },
    /// The first day, and how long.
    Start { start: Date, days: u32 },
    /// So many days ran; so many are left.
    Ran { run: Run, left: u32 },
    /// Something stopped it.
    Stopped { cause: Cause, day: Date, ran_before: bool, cap: Date },
    /// Something came while it stood still already.
    StoppedAgain { cause: Cause, day: Date, until: Date },
    /// It runs again, why then, and for how long.
    Resumed { day: Date, why: Resumed, left: u32 },
    /// Access: it waits for a regular request.
    Interrupted { day: Date },
    /// Access: it starts again.
    Restarted { day: Date, days: u32 },
    /// GDPR: two months more.
    Extended { day: Date, days: u32 },
    /// A fact that moved nothing: which kind, when, why.
    Unused { what: &'static str, day: Date, why: Unused },
    /// Facts that were not looked at.
    TooMany { count: usize },
    /// The end, before holidays are looked at, and after.
    End { raw: Date, last_day: Date, runs: Vec<u32> },
    /// The earlier reading.
    Doubt { alarm_on: Date },
    /// By the earlier reading it had ended before something stopped it.
    PerhapsEnded { day: Date },
    /// The substitute's half term.
    Substitute(Substitute),
}

/// Why a clock runs again on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resumed {
    /// What was asked came on that day.
    Answered,
    /// The office went on without it.
    ByOffice,
    /// The longest time passed.
    Capped { days: u32 },
    /// Observations came, and ten days passed.
    Observations { filed: Date },
    /// The citizen's ten days ended; `raw` before holidays were looked at.
    NoObservations { raw: Date },
}
