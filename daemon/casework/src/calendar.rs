//! Days as Italian law counts them, in Europe/Rome (law.md §5).

use crate::rules::Calendar;
use alloc::format;
use alloc::string::String;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

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

/// Days on which nobody works, as far as a place or a body may choose (law.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Holidays {
    /// Feast of the patron of the Comune, (month, day). None unless configured: that it moves a term is doubtful (law.md §13).
    pub patron: Option<(i8, i8)>,
    /// A term does not end on a Saturday either. Off: art. 155 c. 5 c.p.c. is for courts alone (Cass. lav. 17280/2023).
    pub saturday: bool,
    /// Whit Monday, which is a holiday in the province of Bolzano alone.
    pub bolzano: bool,
}

/// National holidays, and the patron's day of the Comune when given as (month, day).
#[must_use]
pub fn is_holiday(day: Date, patron: Option<(i8, i8)>) -> bool {
    holiday_name(day, Holidays { patron, ..Holidays::default() }).is_some()
}

/// What a day is called on which no term may end, to stand in brackets after the day; `None` when it is a working day.
///
/// The list is that of L. 260/1949 as L. 54/1977 left it, not as it is printed (law.md §5).
#[must_use]
pub fn holiday_name(day: Date, holidays: Holidays) -> Option<&'static str> {
    let after_easter = |days: i32| easter(day.year()).checked_add(Span::new().days(days)).is_ok_and(|it| it == day);
    let name = match (day.month(), day.day()) {
        (1, 1) => "Capodanno",
        (1, 6) => "Epifania",
        (4, 25) => "festa della Liberazione",
        (5, 1) => "festa del lavoro",
        (6, 2) => "festa della Repubblica",
        (8, 15) => "Ferragosto",
        // L. 151/2025: from 2026.
        (10, 4) if day.year() >= 2026 => "San Francesco",
        (11, 1) => "Ognissanti",
        (12, 8) => "Immacolata",
        (12, 25) => "Natale",
        (12, 26) => "Santo Stefano",
        _ if after_easter(0) => "Pasqua",
        _ if after_easter(1) => "lunedì dell'Angelo",
        _ if holidays.bolzano && after_easter(50) => "lunedì di Pentecoste",
        of_year if holidays.patron == Some(of_year) => "il patrono",
        _ if day.weekday() == Weekday::Sunday => "domenica",
        _ if holidays.saturday && day.weekday() == Weekday::Saturday => "sabato",
        _ => return None,
    };
    Some(name)
}

/// The day itself, or the first one after it that is no holiday: a term that would end on a holiday ends there (law.md §5).
#[must_use]
pub fn not_on_a_holiday(day: Date, holidays: Holidays) -> Date {
    let mut day = day;
    for _ in 0..REST_DAYS_MAX {
        if holiday_name(day, holidays).is_none() {
            break;
        }
        day = day.tomorrow().unwrap_or(day);
    }
    day
}

/// Whether a term counts the day. *Giorni lavorativi* leave Saturday out, whatever a term in common days does with it.
#[must_use]
pub fn is_counted(day: Date, counting: Calendar, holidays: Holidays) -> bool {
    match counting {
        Calendar::Solar => true,
        Calendar::Working => day.weekday() != Weekday::Saturday && holiday_name(day, holidays).is_none(),
    }
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
    let holidays = Holidays { patron, ..Holidays::default() };
    not_on_a_holiday(days_after(start, days, counting, holidays), holidays)
}

/// The day on which the last of `days` falls, be it a holiday or not; `start` is not counted.
#[must_use]
pub fn days_after(start: Date, days: u32, counting: Calendar, holidays: Holidays) -> Date {
    let mut day = start;
    let mut left = days.min(TERM_DAYS_MAX);
    while left > 0 {
        let Ok(next) = day.tomorrow() else { break };
        day = next;
        if is_counted(day, counting, holidays) {
            left -= 1;
        }
    }
    day
}

/// The day so many months later, by the calendar: where that month has no such day, its last one (c.c. art. 2963 c. 4-5).
#[must_use]
pub fn months_after(start: Date, months: u32) -> Date {
    start.checked_add(Span::new().months(months.min(MONTHS_MAX))).unwrap_or(start)
}

/// The day so many common days before.
#[must_use]
pub fn days_before(day: Date, days: u32) -> Date {
    day.checked_sub(Span::new().days(days.min(TERM_DAYS_MAX))).unwrap_or(day)
}

/// Most months that are counted at once: a bound on what a file may say, not a rule.
const MONTHS_MAX: u32 = 1_200;

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

/// The beginning of a day in Rome.
#[must_use]
pub fn midnight(day: Date) -> Timestamp {
    let utc = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
    // The clock changes at 01:00 UTC: at this midnight the offset is still that of an hour before.
    let before = utc.checked_sub(Span::new().hours(2)).unwrap_or(utc);
    rome_offset(before).to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(utc)
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

/// `dal 3 febbraio 2026`, within a sentence.
pub(crate) fn from_day(day: Date) -> String {
    let from = if matches!(day.day(), 8 | 11) { "dall'" } else { "dal " };
    format!("{from}{}", long(day))
}

/// `venerdì 31 luglio 2026`, within a sentence.
#[must_use]
pub fn in_words(day: Date) -> String {
    let weekday = match day.weekday() {
        Weekday::Monday => "lunedì",
        Weekday::Tuesday => "martedì",
        Weekday::Wednesday => "mercoledì",
        Weekday::Thursday => "giovedì",
        Weekday::Friday => "venerdì",
        Weekday::Saturday => "sabato",
        Weekday::Sunday => "domenica",
    };
    // The first of a month is an ordinal in Italian.
    let ordinal = if day.day() == 1 { "°" } else { "" };
    alloc::format!("{weekday} {}{ordinal} {} {}", day.day(), month(day), day.year())
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
    fn a_holiday_has_its_name() {
        let place = Holidays { patron: Some((12, 7)), saturday: true, bolzano: true };
        let named = |month, day| holiday_name(date(2026, month, day), place);
        assert_eq!(named(4, 5), Some("Pasqua"));
        assert_eq!(named(4, 6), Some("lunedì dell'Angelo"));
        assert_eq!(named(5, 25), Some("lunedì di Pentecoste"));
        assert_eq!(named(10, 4), Some("San Francesco"), "rather than a Sunday");
        assert_eq!(named(12, 7), Some("il patrono"));
        assert_eq!(named(7, 11), Some("sabato"));
        assert_eq!(named(7, 12), Some("domenica"));
        assert_eq!(named(7, 13), None);
        let none = Holidays::default();
        assert_eq!(holiday_name(date(2026, 5, 25), none), None, "Whit Monday elsewhere");
        assert_eq!(holiday_name(date(2026, 7, 11), none), None, "a Saturday");
        // What L. 260/1949 lists still, and L. 54/1977 took away.
        for (month, day) in [(3, 19), (5, 14), (6, 4), (6, 29), (11, 4)] {
            assert_eq!(holiday_name(date(2026, month, day), none), None, "{month}-{day}");
        }
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
