//! The statutory clock of a procedure. It changes when the law counts a term otherwise (law.md §5).
//!
//! Pure and total: a start, a [`Plan`] and the dated facts of the register come in, a [`Reckoning`] goes out: the last day, why
//! it is that day, and what must be remembered on which day. It decides nothing: a term that ends makes tasks, and no outcome
//! (L. 241/1990 art. 2 c. 1: every request ends with an express measure).
//!
//! Reading order: here (what comes in) → `walk` (the count) → `explain` (the count in words) → `remind` → `silence`.

mod explain;
#[cfg(test)]
mod property_tests;
mod reckoning;
mod remind;
mod silence;
#[cfg(test)]
mod tests;
mod walk;

pub use crate::calendar::Holidays;
pub use reckoning::{Cause, Clock, Reckoning, Run, Substitute, Suspension, Unused, Window, WindowKind};
pub use remind::{Reminder, ReminderKind, reminders};
pub use silence::{AfterTheEnd, Silence, after_the_end};
pub use walk::reckon;

use crate::calendar::{self, TERM_DAYS_MAX, days_after, rome};
use crate::rules::{Calendar, Deadline};
use alloc::string::String;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// Longest term in months, five years: with its extension still less than [`TERM_DAYS_MAX`]. More is counted as this.
pub const TERM_MONTHS_MAX: u32 = 60;
/// Longest suspension for what the citizen was asked, days (L. 241/1990 art. 2 c. 7).
pub const INTEGRATION_DAYS_MAX: u32 = 30;
/// Days to answer an announced refusal, and days after the answer at which the term runs again (L. 241/1990 art. 10-bis).
pub const OBSERVATION_DAYS: u32 = 10;
/// Longest suspension for one question to another body, days (L. 241/1990 art. 17 c. 1 and 17-bis c. 3). More is counted as this.
pub const THIRD_BODY_DAYS_MAX: u32 = 90;
/// Days within which it must be said that a request for access is irregular (DPR 184/2006 art. 6 c. 5).
pub const IRREGULAR_DAYS_MAX: u32 = 10;
/// What a notice within the first period adds (GDPR art. 12 par. 3), months.
pub const EXTENSION_MONTHS: u32 = 2;
/// Facts of one dossier that are counted, the first by the register. A procedure has a dozen.
pub const FACTS_MAX: usize = 256;
/// Years in which a term may start and a fact may lie: outside of them a date is a mistake.
pub const YEARS: core::ops::RangeInclusive<i16> = 1990..=2199;

/// How long a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Length {
    /// So many days, holidays among them. At most [`TERM_DAYS_MAX`].
    Days(u32),
    /// So many *giorni lavorativi*, only where the norm says so. At most [`TERM_DAYS_MAX`].
    WorkingDays(u32),
    /// To the day of the same number, so many months later, or to the last of the month (GDPR art. 12; c.c. art. 2963 c. 4-5).
    /// At most [`TERM_MONTHS_MAX`].
    Months(u32),
}

impl Length {
    /// Which days it counts.
    #[must_use]
    pub fn counting(self) -> Calendar {
        match self {
            Self::WorkingDays(_) => Calendar::Working,
            Self::Days(_) | Self::Months(_) => Calendar::Solar,
        }
    }

    /// The days that must run: of those which it counts.
    fn days_from(self, start: Date) -> u32 {
        match self {
            Self::Days(days) | Self::WorkingDays(days) => days.min(TERM_DAYS_MAX),
            Self::Months(months) => days_between(start, months_after(start, months.min(TERM_MONTHS_MAX))),
        }
    }
}

/// What the procedure says of its term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// How long it is.
    pub length: Length,
    /// On which days it may not end.
    #[serde(default)]
    pub holidays: Holidays,
    /// An irregular request stops it, and it starts again from the regular one: access to documents (DPR 184/2006 art. 6 c. 5).
    /// For other procedures that is doubtful (law.md §13), and nothing but integration stops the clock.
    #[serde(default)]
    pub restarts_when_irregular: bool,
}

impl Plan {
    /// A term of so many common days, with national holidays.
    #[must_use]
    pub fn days(days: u32) -> Self {
        Self { length: Length::Days(days), holidays: Holidays::default(), restarts_when_irregular: false }
    }
    /// A term of so many *giorni lavorativi*.
    #[must_use]
    pub fn working_days(days: u32) -> Self {
        Self { length: Length::WorkingDays(days), ..Self::days(0) }
    }
    /// The rights of GDPR art. 15-22: one month, which [`ClockFact::Extended`] may make three.
    #[must_use]
    pub fn gdpr() -> Self {
        Self { length: Length::Months(1), ..Self::days(0) }
    }
    /// Access to documents (L. 241/1990 art. 25 c. 4): thirty days, and an irregular request starts them again.
    #[must_use]
    pub fn access() -> Self {
        Self { restarts_when_irregular: true, ..Self::days(30) }
    }
    /// The term that a rule sets.
    #[must_use]
    pub fn of(deadline: &Deadline) -> Self {
        match deadline.calendar {
            Calendar::Solar => Self::days(deadline.days),
            Calendar::Working => Self::working_days(deadline.days),
        }
    }
    /// The same term where other days are holidays.
    #[must_use]
    pub fn in_place(self, holidays: Holidays) -> Self {
        Self { holidays, ..self }
    }
}

/// What happened to a clock, as the register says. Each has the certified instant; its day is that of Rome.
///
/// What we send counts from its delivery (the receipt, RdAC), never from when it was written: a message that did not arrive stops
/// nothing. What we receive counts from when it reached our mailbox (L. 241/1990 art. 2 c. 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "kebab-case")]
pub enum ClockFact {
    /// Facts or documents were asked of the citizen (L. 241/1990 art. 2 c. 7). The first one stops the clock, no other does.
    IntegrationAsked {
        /// Delivery of our message.
        at: Timestamp,
        /// Days that the message gave, at most [`INTEGRATION_DAYS_MAX`], which is also what holds without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        days: Option<u32>,
    },
    /// All that was asked has come.
    IntegrationAnswered {
        /// Arrival.
        at: Timestamp,
    },
    /// The office goes on without what was asked of the citizen or of another body: what stood still for it runs again.
    WorkResumed {
        /// Its act.
        at: Timestamp,
    },
    /// A refusal was announced, with its reasons (art. 10-bis). The first one stops the clock; the citizen may answer each.
    RefusalAnnounced {
        /// Delivery of our message.
        at: Timestamp,
    },
    /// The citizen answered it. In time until 23:59:59 of the last day, and to the second.
    ObservationsFiled {
        /// Arrival.
        at: Timestamp,
    },
    /// Another body was asked for advice or assent (art. 16-17-bis), or others were told that they may oppose. Each stops the
    /// clock once at most.
    ThirdBodyAsked {
        /// Delivery of our message.
        at: Timestamp,
        /// Which one, as people call it; [`Self::ThirdBodyAnswered`] names it alike.
        #[serde(default)]
        body: String,
        /// Days for which that stops the clock at most, by the norm of the procedure: 0, it does not. At most
        /// [`THIRD_BODY_DAYS_MAX`].
        #[serde(default)]
        suspends_days: u32,
    },
    /// It has answered.
    ThirdBodyAnswered {
        /// Arrival.
        at: Timestamp,
        /// Which one.
        #[serde(default)]
        body: String,
    },
    /// A request for access was said to be irregular (DPR 184/2006 art. 6 c. 5), within [`IRREGULAR_DAYS_MAX`] days.
    RequestIrregular {
        /// Delivery of our message.
        at: Timestamp,
    },
    /// It was made regular: the term starts again from the beginning.
    RequestRegular {
        /// Arrival.
        at: Timestamp,
    },
    /// It was said, within the term and with reasons, that two months more are needed (GDPR art. 12 par. 3). Terms in months only.
    Extended {
        /// Delivery of our message.
        at: Timestamp,
    },
    /// The holder of the substitute power takes over: half of the original term from that day (L. 241/1990 art. 2 c. 9-ter).
    SubstituteStarts {
        /// The request to him, or his own act.
        at: Timestamp,
    },
}

impl ClockFact {
    /// In Italian, for the office.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self {
            Self::IntegrationAsked { .. } => "richiesta di integrazione consegnata",
            Self::IntegrationAnswered { .. } => "integrazione arrivata",
            Self::WorkResumed { .. } => "l'ufficio va avanti senza aspettare",
            Self::RefusalAnnounced { .. } => "preavviso di rifiuto consegnato",
            Self::ObservationsFiled { .. } => "osservazioni arrivate",
            Self::ThirdBodyAsked { .. } => "parere chiesto a un altro ente",
            Self::ThirdBodyAnswered { .. } => "parere arrivato",
            Self::RequestIrregular { .. } => "richiesta irregolare, comunicazione consegnata",
            Self::RequestRegular { .. } => "richiesta regolarizzata",
            Self::Extended { .. } => "proroga comunicata",
            Self::SubstituteStarts { .. } => "comincia il potere sostitutivo",
        }
    }
    /// Certified instant.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        match self {
            Self::IntegrationAsked { at, .. }
            | Self::IntegrationAnswered { at }
            | Self::WorkResumed { at }
            | Self::RefusalAnnounced { at }
            | Self::ObservationsFiled { at }
            | Self::ThirdBodyAsked { at, .. }
            | Self::ThirdBodyAnswered { at, .. }
            | Self::RequestIrregular { at }
            | Self::RequestRegular { at }
            | Self::Extended { at }
            | Self::SubstituteStarts { at } => *at,
        }
    }
    /// The day in Rome.
    #[must_use]
    pub fn day(&self) -> Date {
        rome(self.at()).date()
    }
}

/// Whether what was certified at an instant is in time: until 23:59:59 in Rome of the last day, whether the office is open or not
/// (Cass. pen. 28067/2024). Never rounded: a second later is late (Cons. Stato VI 8546/2024).
#[must_use]
pub fn is_in_time(at: Timestamp, last_day: Date) -> bool {
    rome(at).date() <= last_day
}

/// Days from one to the other, the first not counted; none when it is not before.
fn days_between(from: Date, to: Date) -> u32 {
    from.until(to).ok().and_then(|span| u32::try_from(span.get_days()).ok()).unwrap_or(0)
}

/// The day of the same number, or the last of the month (c.c. art. 2963 c. 4-5).
fn months_after(day: Date, months: u32) -> Date {
    day.checked_add(Span::new().months(i64::from(months.min(TERM_MONTHS_MAX)))).unwrap_or(day)
}

/// So many common days later.
fn later(day: Date, days: u32) -> Date {
    days_after(day, days, Calendar::Solar, Holidays::default())
}

/// So many common days earlier.
fn earlier(day: Date, days: u32) -> Date {
    day.checked_sub(Span::new().days(i64::from(days.min(TERM_DAYS_MAX)))).unwrap_or(day)
}

/// The last day of so many common days, never a holiday.
fn end_of(day: Date, days: u32, holidays: Holidays) -> Date {
    calendar::not_on_a_holiday(later(day, days), holidays)
}
