//! Changes when the way an instant is written in mail or in `daticert.xml` changes.
//!
//! Providers write local time with its offset (RFC 6109 §4.1, §4.2). The offset of Italy is computed here from the
//! European rule (Directive 2000/84/EC, art. 2-3: summer time runs from 01:00 UTC of the last Sunday of March to 01:00 UTC
//! of the last Sunday of October), so that no time-zone database is needed and none is shared with the service.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;

/// An instant as an Italian provider writes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local {
    civil: DateTime,
    hours: i8,
}

impl Local {
    /// The wall clock of Italy at `at`.
    pub(crate) fn in_italy(at: Timestamp) -> Local {
        let hours = if is_summer(at) { 2 } else { 1 };
        Local { civil: Offset::constant(hours).to_datetime(at), hours }
    }

    /// `+0100` or `+0200`: the `zona` of `daticert.xml`.
    pub(crate) fn zona(&self) -> String {
        format!("+{:02}00", self.hours)
    }

    /// `dd/mm/yyyy`: the `giorno` of `daticert.xml`.
    pub(crate) fn giorno(&self) -> String {
        format!("{:02}/{:02}/{:04}", self.civil.day(), self.civil.month(), self.civil.year())
    }

    /// `hh:mm:ss`: the `ora` of `daticert.xml`.
    pub(crate) fn ora(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.civil.hour(), self.civil.minute(), self.civil.second())
    }

    /// The `Date` header (RFC 5322 §3.3).
    pub(crate) fn rfc5322(&self) -> String {
        let day = match self.civil.weekday() {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = usize::try_from(self.civil.month()).ok().and_then(|month| months.get(month.wrapping_sub(1)));
        let (month, c) = (month.unwrap_or(&"Jan"), self.civil);
        format!("{day}, {} {month} {} {} {}", c.day(), c.year(), self.ora(), self.zona())
    }

    /// `yyyymmddhhmmss`, as many providers begin their identifiers.
    pub(crate) fn compact(&self) -> String {
        let c = self.civil;
        format!("{:04}{:02}{:02}{:02}{:02}{:02}", c.year(), c.month(), c.day(), c.hour(), c.minute(), c.second())
    }
}

/// `yymmddhhmmssZ`: the UTCTime of signingTime (RFC 5652 §11.3), good from 1950 to 2049.
pub(crate) fn utc_time(at: Timestamp) -> String {
    let c = Offset::UTC.to_datetime(at);
    format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        c.year().rem_euclid(100),
        c.month(),
        c.day(),
        c.hour(),
        c.minute(),
        c.second()
    )
}

/// `yyyymmddhhmmssZ`: the GeneralizedTime of OCSP answers (RFC 6960 §4.2.1).
pub(crate) fn generalized_time(at: Timestamp) -> String {
    format!("{:02}{}", Offset::UTC.to_datetime(at).year() / 100, utc_time(at))
}

/// The date of `at` in UTC: certificates are dated to the day.
pub(crate) fn utc_date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

fn is_summer(at: Timestamp) -> bool {
    let now = Offset::UTC.to_datetime(at);
    let change = |month: i8| last_sunday(now.year(), month).map(|day| DateTime::from_parts(day, ONE_O_CLOCK));
    match (change(3), change(10)) {
        (Some(starts), Some(ends)) => starts <= now && now < ends,
        _ => false,
    }
}

const ONE_O_CLOCK: jiff::civil::Time = jiff::civil::time(1, 0, 0, 0);

fn last_sunday(year: i16, month: i8) -> Option<Date> {
    let last = Date::new(year, month, 31).ok()?; // March and October both have 31 days
    last.checked_sub(jiff::Span::new().days(i64::from(last.weekday().to_sunday_zero_offset()))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(instant: &str) -> String {
        let local = Local::in_italy(instant.parse().unwrap());
        format!("{} {} {}", local.giorno(), local.ora(), local.zona())
    }

    #[test]
    fn summer_time_starts_and_ends_at_one_utc_of_the_last_sunday() {
        assert_eq!(wall("2026-03-29T00:59:59Z"), "29/03/2026 01:59:59 +0100");
        assert_eq!(wall("2026-03-29T01:00:00Z"), "29/03/2026 03:00:00 +0200");
        assert_eq!(wall("2026-10-25T00:59:59Z"), "25/10/2026 02:59:59 +0200");
        assert_eq!(wall("2026-10-25T01:00:00Z"), "25/10/2026 02:00:00 +0100");
        // A month that ends on a Sunday: 31 March 2024 is one.
        assert_eq!(wall("2024-03-31T01:00:00Z"), "31/03/2024 03:00:00 +0200");
    }

    #[test]
    fn the_year_turns_at_italian_midnight() {
        assert_eq!(wall("2026-12-31T23:30:00Z"), "01/01/2027 00:30:00 +0100");
        let local = Local::in_italy("2026-12-31T23:30:00Z".parse().unwrap());
        assert_eq!(local.rfc5322(), "Fri, 1 Jan 2027 00:30:00 +0100");
        assert_eq!(local.compact(), "20270101003000");
    }

    #[test]
    fn signing_time_is_utc() {
        assert_eq!(utc_time("2026-07-01T22:03:04Z".parse().unwrap()), "260701220304Z");
    }
}
