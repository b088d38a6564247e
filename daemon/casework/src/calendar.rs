//! Days as Italian law counts them, in Europe/Rome (law.md §5).

use crate::rules::Calendar;
use alloc::format;
use alloc::string::String;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

/// The wall clock of Rome at an instant.
#[must_use]
pub fn rome(at: Timestamp) -> DateTime {
    TimeZone::fixed(rome_offset(at)).to_datetime(at)
}

/// UTC+1, and UTC+2 from the last Sunday of March to the last Sunday of October, both at 01:00 UTC (Directive 2000/84/EC).
///
/// Written out because a certified instant must be shown rightly on a machine without a zone database.
fn rome_offset(at: Timestamp) -> Offset {
    let utc = Offset::UTC.to_datetime(at);
    let change = |month: i8| {
        let last = Date::constant(utc.year(), month, 31);
        let back = last.weekday().to_sunday_zero_offset();
        last.checked_sub(Span::new().days(back)).unwrap_or(last).at(1, 0, 0, 0)
    };
    let summer = change(3) <= utc && utc < change(10);
    Offset::constant(if summer { 2 } else { 1 })
}

/// National holidays, and the patron's day of the Comune when given as (month, day).
#[must_use]
pub fn is_holiday(day: Date, patron: Option<(i8, i8)>) -> bool {
    let fixed = matches!(
        (day.month(), day.day()),
        (1, 1) | (1, 6) | (4, 25) | (5, 1) | (6, 2) | (8, 15) | (11, 1) | (12, 8) | (12, 25) | (12, 26)
    );
    fixed
        // L. 151/2025: St Francis, from 2026.
        || (day.year() >= 2026 && (day.month(), day.day()) == (10, 4))
        || patron == Some((day.month(), day.day()))
        || day.weekday() == Weekday::Sunday
        || easter(day.year()).checked_add(Span::new().days(1)).is_ok_and(|monday| monday == day)
}

/// Easter Sunday (Gregorian computus, Meeus/Jones/Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    // The formula yields 22 March to 25 April for every year.
    Date::new(year, month as i8, day as i8).unwrap_or(Date::constant(2000, 4, 23))
}

/// Longest term, days: a bound on the loop below (law.md §1: nothing lawful exceeds 180).
pub const TERM_DAYS_MAX: u32 = 3660;

/// Last day of a term: the first day is not counted, the last one is (law.md §5).
#[must_use]
pub fn last_day(start: Date, days: u32, counting: Calendar, patron: Option<(i8, i8)>) -> Date {
    let next = |day: Date| day.tomorrow().unwrap_or(day);
    let mut day = start;
    let mut left = days.min(TERM_DAYS_MAX);
    while left > 0 {
        day = next(day);
        let counts = match counting {
            Calendar::Solar => true,
            Calendar::Working => day.weekday() != Weekday::Saturday && !is_holiday(day, patron),
        };
        if counts {
            left -= 1;
        }
    }
    // At most four holidays follow one another (24-26 December with a Sunday).
    for _ in 0..7 {
        if !is_holiday(day, patron) {
            break;
        }
        day = next(day);
    }
    day
}

/// The last instant at which a person who is told still has a whole working day before the last day of a term: the beginning,
/// in Rome, of the working day before it.
#[must_use]
pub fn last_call(due: Date, patron: Option<(i8, i8)>) -> Timestamp {
    let mut day = due;
    for _ in 0..REST_DAYS_MAX {
        day = day.yesterday().unwrap_or(day);
        if day.weekday() != Weekday::Saturday && !is_holiday(day, patron) {
            break;
        }
    }
    // The clock changes on Sundays at 01:00 UTC: between the midnight of a working day here and there it never does.
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
    rome_offset(midnight).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(midnight)
}

/// Days that nobody works, in a row: 24-26 December between two week-ends are five, with a patron's day more.
const REST_DAYS_MAX: u32 = 10;

/// `AAAA-MM-GG hh:mm:ss` in Rome, for offices and administrators.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    alloc::format!("{}", rome(at).strftime("%Y-%m-%d %H:%M:%S"))
}

/// `alle 10:15 del 3 febbraio 2026` in Rome, within a sentence. Seconds are left out, never rounded.
#[must_use]
pub fn spoken(at: Timestamp) -> String {
    let there = rome(at);
    let (hour, minute) = (there.hour(), there.minute());
    format!("alle {hour:02}:{minute:02} {}", of_day(there.date()))
}

/// `3 febbraio 2026`, `1° febbraio 2026`.
pub(crate) fn long(day: Date) -> String {
    // The first of a month is an ordinal in Italian.
    let ordinal = if day.day() == 1 { "°" } else { "" };
    format!("{}{ordinal} {} {}", day.day(), month(day), day.year())
}

/// `del 3 febbraio 2026`, within a sentence.
pub(crate) fn of_day(day: Date) -> String {
    // «Del otto» is not Italian.
    let of = if matches!(day.day(), 8 | 11) { "dell'" } else { "del " };
    format!("{of}{}", long(day))
}

/// Name of the month of a day.
pub(crate) fn month(day: Date) -> &'static str {
    const MONTHS: [&str; 12] = [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ];
    let index = usize::from(day.month().unsigned_abs()).saturating_sub(1);
    MONTHS.get(index).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// The vectors of law.md §5 that concern plain terms.
    #[test]
    fn vectors() {
        let solar = |s, n| last_day(s, n, Calendar::Solar, None);
        assert_eq!(solar(date(2026, 3, 2), 30), date(2026, 4, 1), "V1");
        assert_eq!(solar(date(2026, 3, 6), 30), date(2026, 4, 7), "V2: Easter Sunday and Monday");
        assert_eq!(solar(date(2026, 9, 4), 30), date(2026, 10, 5), "V4");
        assert_eq!(solar(date(2027, 9, 4), 30), date(2027, 10, 5), "V4b: 4 October is a holiday from 2026");
        assert_eq!(solar(date(2026, 11, 8), 30), date(2026, 12, 9), "V5");
        assert_eq!(solar(date(2026, 4, 17), 45), date(2026, 6, 1), "V6");
        assert_eq!(solar(date(2026, 7, 16), 30), date(2026, 8, 17), "V11");
        assert_eq!(solar(date(2026, 5, 4), 15), date(2026, 5, 19), "V12");
        assert_eq!(last_day(date(2026, 4, 24), 2, Calendar::Working, None), date(2026, 4, 28), "V13");
    }

    #[test]
    fn the_patron_moves_a_term_only_where_configured() {
        assert_eq!(last_day(date(2026, 11, 6), 31, Calendar::Solar, None), date(2026, 12, 7));
        assert_eq!(last_day(date(2026, 11, 6), 31, Calendar::Solar, Some((12, 7))), date(2026, 12, 9));
    }

    /// Weekends, holidays, the patron's day, and both changes of the clock.
    #[test]
    fn a_person_is_called_a_working_day_before_the_term_ends() {
        let call = |due, patron| stamp(last_call(due, patron));
        assert_eq!(call(date(2026, 7, 31), None), "2026-07-30 00:00:00");
        assert_eq!(call(date(2026, 3, 30), None), "2026-03-27 00:00:00", "a Monday; the clock changed on the Sunday");
        assert_eq!(call(date(2026, 3, 31), None), "2026-03-30 00:00:00");
        assert_eq!(call(date(2026, 10, 27), None), "2026-10-26 00:00:00", "the day after the other change");
        assert_eq!(call(date(2026, 4, 7), None), "2026-04-03 00:00:00", "Easter");
        assert_eq!(call(date(2026, 12, 28), None), "2026-12-24 00:00:00", "Christmas on a Friday");
        assert_eq!(call(date(2026, 6, 25), Some((6, 24))), "2026-06-23 00:00:00", "the patron");
    }

    #[test]
    fn an_instant_is_spoken_in_rome() {
        let shown = |text: &str| spoken(text.parse().unwrap());
        assert_eq!(shown("2026-02-03T09:15:59Z"), "alle 10:15 del 3 febbraio 2026");
        assert_eq!(shown("2026-07-31T22:05:00Z"), "alle 00:05 del 1° agosto 2026");
        assert_eq!(shown("2026-11-08T12:00:00Z"), "alle 13:00 dell'8 novembre 2026");
    }

    #[test]
    fn rome_changes_its_clock_at_one_utc() {
        let shown = |text: &str| stamp(text.parse().unwrap());
        assert_eq!(shown("2026-03-29T00:59:59Z"), "2026-03-29 01:59:59");
        assert_eq!(shown("2026-03-29T01:00:00Z"), "2026-03-29 03:00:00");
        assert_eq!(shown("2026-10-25T00:59:59Z"), "2026-10-25 02:59:59");
        assert_eq!(shown("2026-10-25T01:00:00Z"), "2026-10-25 02:00:00");
    }
}
