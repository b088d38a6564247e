//! Days and hours as Italians write them. Changes when the wording of a date changes.

use crate::calendar::{in_words, rome};
use alloc::format;
use alloc::string::String;
use jiff::Timestamp;
use jiff::civil::Date;

/// `"2026-07-31"` → `venerdì 31 luglio 2026`; `None` when it is not a day.
pub(super) fn day(iso: &str) -> Option<String> {
    iso.parse::<Date>().ok().map(in_words)
}

/// `"2026-07-01T22:30:00Z"` → `giovedì 2 luglio 2026, ore 00:30`, the hour of Rome; `None` when it is not an instant.
///
/// Seconds are left out, never rounded: 12:00:34 reads «ore 12:00», and the certified second stays in the receipt.
pub(super) fn instant(rfc3339: &str) -> Option<String> {
    let there = rome(rfc3339.parse::<Timestamp>().ok()?);
    Some(format!("{}, ore {:02}:{:02}", in_words(there.date()), there.hour(), there.minute()))
}

#[cfg(test)]
mod tests {
    use super::{day, instant};

    #[test]
    fn the_hour_is_the_hour_of_rome() {
        let shown = |text| instant(text).unwrap();
        assert_eq!(shown("2026-07-01T22:30:00Z"), "giovedì 2 luglio 2026, ore 00:30");
        assert_eq!(shown("2025-12-31T23:00:00Z"), "giovedì 1° gennaio 2026, ore 00:00");
        // One second before midnight is still that day: nothing is rounded (Cons. Stato 8546/2024).
        assert_eq!(shown("2026-03-02T23:59:59+01:00"), "lunedì 2 marzo 2026, ore 23:59");
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        assert_eq!(day("2026-02-30"), None);
        assert_eq!(day("31/07/2026"), None);
        assert_eq!(instant("2026-07-01"), None);
        assert_eq!(day("2026-08-01").as_deref(), Some("sabato 1° agosto 2026"));
    }
}
