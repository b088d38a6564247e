//! Days and hours as people write them, in each language. Changes when the wording of a date changes.

use crate::calendar::{in_words, rome};
use crate::language::Language;
use alloc::format;
use alloc::string::String;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};

/// `"2026-07-31"` → `venerdì 31 luglio 2026`; `None` when it is not a day.
pub(super) fn day(iso: &str, language: Language) -> Option<String> {
    iso.parse::<Date>().ok().map(|day| day_in(day, language))
}

/// `"2026-07-01T22:30:00Z"` → `giovedì 2 luglio 2026, ore 00:30`, the hour of Rome; `None` when it is not an instant.
pub(super) fn instant(rfc3339: &str, language: Language) -> Option<String> {
    Some(instant_in(rfc3339.parse().ok()?, language))
}

/// An instant, at the hour of Rome, in words.
///
/// Seconds are left out, never rounded: 12:00:34 reads «ore 12:00», and the certified second stays in the receipt.
#[must_use]
pub fn instant_in(at: Timestamp, language: Language) -> String {
    let there = rome(at);
    let day = day_in(there.date(), language);
    let hour = format!("{:02}:{:02}", there.hour(), there.minute());
    match language {
        Language::It => format!("{day}, ore {hour}"),
        Language::De => format!("{day}, {hour} Uhr"),
        Language::En => format!("{day}, {hour}"),
    }
}

/// A day in words.
pub(crate) fn day_in(day: Date, language: Language) -> String {
    const DE: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = |names: [&'static str; 12]| {
        let index = usize::try_from(day.month()).unwrap_or_default().saturating_sub(1);
        names.get(index).copied().unwrap_or_default()
    };
    match language {
        Language::It => in_words(day),
        Language::De => format!("{}, {}. {} {}", weekday_de(day), day.day(), month(DE), day.year()),
        Language::En => format!("{} {} {} {}", weekday_en(day), day.day(), month(EN), day.year()),
    }
}

fn weekday_de(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Montag",
        Weekday::Tuesday => "Dienstag",
        Weekday::Wednesday => "Mittwoch",
        Weekday::Thursday => "Donnerstag",
        Weekday::Friday => "Freitag",
        Weekday::Saturday => "Samstag",
        Weekday::Sunday => "Sonntag",
    }
}

fn weekday_en(day: Date) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, day, instant};

    #[test]
    fn the_hour_is_the_hour_of_rome() {
        let shown = |text| instant(text, Language::It).unwrap();
        assert_eq!(shown("2026-07-01T22:30:00Z"), "giovedì 2 luglio 2026, ore 00:30");
        assert_eq!(shown("2025-12-31T23:00:00Z"), "giovedì 1° gennaio 2026, ore 00:00");
        // One second before midnight is still that day: nothing is rounded (Cons. Stato 8546/2024).
        assert_eq!(shown("2026-03-02T23:59:59+01:00"), "lunedì 2 marzo 2026, ore 23:59");
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        assert_eq!(day("2026-02-30", Language::It), None);
        assert_eq!(day("31/07/2026", Language::De), None);
        assert_eq!(instant("2026-07-01", Language::It), None);
        assert_eq!(day("2026-08-01", Language::It).as_deref(), Some("sabato 1° agosto 2026"));
    }

    #[test]
    fn each_language_writes_it_in_its_own_way() {
        let shown = |language| instant("2026-03-01T08:05:00+01:00", language).unwrap();
        assert_eq!(shown(Language::De), "Sonntag, 1. März 2026, 08:05 Uhr");
        assert_eq!(shown(Language::En), "Sunday 1 March 2026, 08:05");
        assert_eq!(day("2026-12-31", Language::De).as_deref(), Some("Donnerstag, 31. Dezember 2026"));
    }
}
