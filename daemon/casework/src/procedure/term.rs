//! How long a procedure may take. It changes when the law counts terms in another way (L. 241/1990 art. 2).

use crate::calendar;
use crate::rules::Calendar;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use jiff::Span;
use jiff::civil::Date;

/// The most a body may set itself, in days (art. 2 c. 4).
pub const TERM_DAYS_MAX: u32 = 180;
/// Beyond this it must say why (art. 2 c. 4).
pub const TERM_DAYS_USUAL: u32 = 90;

/// A term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// How long.
    pub length: Length,
    /// The norm that sets it, as cited to citizens.
    pub law: String,
    /// Why it may be longer than the law allows (art. 2 c. 4, last sentence).
    pub exception: Option<String>,
    /// What must be done before its end.
    pub stages: Vec<Stage>,
}

/// Part of the work with a term of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// What.
    pub name: String,
    /// How long.
    pub length: Length,
    /// The norm.
    pub law: String,
}

/// A length of time, as the norm writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Days.
    Days(u32),
    /// Days that people work.
    WorkingDays(u32),
    /// Months, by the calendar.
    Months(u32),
}

impl Length {
    /// About how many days: what the bounds of the law are held against.
    #[must_use]
    pub fn about_days(self) -> u32 {
        match self {
            Self::Days(days) => days,
            Self::WorkingDays(days) => days.saturating_mul(7).div_ceil(5),
            Self::Months(months) => months.saturating_mul(30),
        }
    }

    /// Its last day: the first is not counted, and a holiday moves it (law.md §5).
    #[must_use]
    pub fn last_day(self, start: Date, patron: Option<(i8, i8)>) -> Date {
        match self {
            Self::Days(days) => calendar::last_day(start, days, Calendar::Solar, patron),
            Self::WorkingDays(days) => calendar::last_day(start, days, Calendar::Working, patron),
            Self::Months(months) => {
                let end = start.checked_add(Span::new().months(months.min(TERM_DAYS_MAX))).unwrap_or(start);
                calendar::last_day(end, 0, Calendar::Solar, patron)
            }
        }
    }

    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        let (n, one, many) = match self {
            Self::Days(n) => (n, "giorno", "giorni"),
            Self::WorkingDays(n) => (n, "giorno lavorativo", "giorni lavorativi"),
            Self::Months(n) => (n, "mese", "mesi"),
        };
        format!("{n} {}", if n == 1 { one } else { many })
    }
}
