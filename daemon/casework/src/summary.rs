//! The morning mail of an office: what came since the last one, what ends soon, what is over. It changes when an office must see
//! something else of its work in the morning (function S2.10).

use crate::calendar::{days_after, is_counted, rome};
use crate::clockwork::holidays;
use crate::decision::Outgoing;
use crate::desk::Desk;
use crate::dossier::Dossier;
use crate::rules::Calendar;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

/// Dossiers listed under one heading: a morning's reading. The others are counted.
const LISTED_MAX: usize = 20;
/// Working days ahead that end soon.
const SOON_DAYS: u32 = 5;
/// Days looked back for the last working one: the longest row of holidays has five.
const BACK_DAYS_MAX: usize = 15;

/// The day whose morning mail is due at this instant: a working day on which the hour has come.
#[must_use]
pub fn day_due(now: Timestamp, hour: Time, desk: &Desk) -> Option<Date> {
    // Of the wall clock in Rome: an hour that a night leaves out has come with the next, and one that comes twice counts once
    // because the day does.
    let here = rome(now);
    (here.time() >= hour && is_counted(here.date(), Calendar::Working, holidays(desk))).then(|| here.date())
}

/// What names the mail of an office and a day: there is one.
#[must_use]
pub fn key(office: &str, day: Date) -> String {
    format!("riepilogo/{office}/{day}")
}

/// What is gathered for one office.
#[derive(Debug)]
pub struct Summary {
    today: Date,
    soon: Date,
    since: Timestamp,
    new: List,
    near: List,
    over: List,
}

/// The first dossiers by their day, and how many there are.
#[derive(Debug, Default)]
struct List {
    first: BTreeSet<(Date, String, String)>,
    all: usize,
}

impl List {
    fn add(&mut self, day: Date, dossier: &Dossier) {
        self.all += 1;
        self.first.insert((day, dossier.number.clone(), line(dossier)));
        if self.first.len() > LISTED_MAX {
            self.first.pop_last();
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.first.iter().map(|(.., line)| line.clone()).collect();
        match self.all.saturating_sub(lines.len()) {
            0 => {}
            1 => lines.push("e un'altra".into()),
            more => lines.push(format!("e altre {more}")),
        }
        lines
    }
}

impl Summary {
    /// Begins the one of a day; `hour`: the one of the morning before, from which on a dossier is new.
    #[must_use]
    pub fn new(today: Date, hour: Time, desk: &Desk) -> Self {
        let holidays = holidays(desk);
        let mut days = core::iter::successors(today.yesterday().ok(), |day| day.yesterday().ok()).take(BACK_DAYS_MAX);
        let before = days.find(|day| is_counted(*day, Calendar::Working, holidays)).unwrap_or(today);
        let of_the_day = SignedDuration::from_secs(i64::from(hour.hour()) * 3600 + i64::from(hour.minute()) * 60);
        let midnight = crate::calendar::midnight(before);
        Self {
            today,
            soon: days_after(today, SOON_DAYS, Calendar::Working, holidays),
            since: midnight.checked_add(of_the_day).unwrap_or(midnight),
            new: List::default(),
            near: List::default(),
            over: List::default(),
        }
    }

    /// Takes an open dossier of the office into account.
    pub fn add(&mut self, dossier: &Dossier) {
        if dossier.state.is_final() {
            return;
        }
        let opened = rome(dossier.opened_at).date();
        if dossier.opened_at >= self.since {
            self.new.add(opened, dossier);
        }
        match dossier.due {
            Some(due) if due < self.today => self.over.add(due, dossier),
            // What stands still ends later than its day says.
            Some(due) if due <= self.soon && dossier.life.suspended_until.is_none() => self.near.add(due, dossier),
            _ => {}
        }
    }

    /// Nothing is to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.new.all + self.near.all + self.over.all == 0
    }

    /// The mail; `None`: nothing to tell, or it cannot be written, and then `check` refuses the template.
    #[must_use]
    pub fn mail(&self, office: &str, desk: &Desk, now: Timestamp) -> Option<Outgoing> {
        if self.is_empty() {
            return None;
        }
        let lists = [("nuove", &self.new), ("in_scadenza", &self.near), ("scadute", &self.over)];
        let counts = [(self.new.all, "nuove"), (self.near.all, "in scadenza"), (self.over.all, "scadute")];
        let told: Vec<String> =
            counts.iter().filter(|(all, _)| *all > 0).map(|(all, what)| format!("{what} {all}")).collect();
        let lists = lists.map(|(name, list)| (name, list.lines()));
        crate::letters::morning(office, &key(office, self.today), &told.join(", "), &lists, desk, now)
    }
}

/// A dossier in a line. Of a reserved one nothing is said but its number: a mailbox of an office has several readers.
fn line(dossier: &Dossier) -> String {
    let subject = match (dossier.cover.reserved, dossier.cover.subject.as_str()) {
        (true, _) => "riservato",
        (false, "") => dossier.title.as_str(),
        (false, subject) => subject,
    };
    let due = match (dossier.life.suspended_until, dossier.due) {
        (Some(until), _) => format!(", fermo fino al {}", day(until)),
        (None, Some(due)) => format!(", entro il {}", day(due)),
        (None, None) => String::new(),
    };
    let who = match dossier.cover.responsible.as_str() {
        "" => ", senza responsabile".to_string(),
        name => format!(", {name}"),
    };
    format!("{}: {subject}{due}{who}", dossier.number)
}

fn day(date: Date) -> String {
    format!("{}/{}/{}", date.day(), date.month(), date.year())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dossier::State;
    use crate::scene::{Scene, at, desk, later};
    use jiff::civil::{date, time};

    const HOUR: Time = time(7, 30, 0, 0);

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_due_on_a_working_day_from_its_hour_on_by_the_clock_on_the_wall() {
        let desk = desk();
        let due = |text: &str| day_due(instant(text), HOUR, &desk);
        assert_eq!(due("2026-03-03T06:29:59Z"), None);
        assert_eq!(due("2026-03-03T06:30:00Z"), Some(date(2026, 3, 3)), "winter: an hour ahead of UTC");
        assert_eq!(due("2026-03-30T05:30:00Z"), Some(date(2026, 3, 30)), "summer: two");
        assert_eq!(due("2026-03-03T22:59:00Z"), Some(date(2026, 3, 3)), "a service that was down all day");
        for off in ["2026-03-07T12:00:00Z", "2026-03-08T12:00:00Z", "2026-04-06T12:00:00Z", "2026-12-25T12:00:00Z"] {
            assert_eq!(due(off), None, "{off}");
        }
        // The night of 29 March has no half past two: it has come with three o'clock, and the day is a Sunday all the same.
        let night = time(2, 30, 0, 0);
        assert_eq!(day_due(instant("2026-03-29T01:00:00Z"), night, &desk), None);
        assert_eq!(day_due(instant("2026-03-30T00:30:00Z"), night, &desk), Some(date(2026, 3, 30)));
    }

    #[test]
    fn new_near_and_over_are_told_and_what_stands_still_or_is_closed_is_not() {
        let desk = desk();
        let today = date(2026, 3, 30);
        let with = |opened: Date, due: Date, state: State| {
            let mut dossier = Scene::of("richiesta", "tributi").dossier;
            (dossier.opened_at, dossier.due, dossier.state) = (at(opened), Some(due), state);
            dossier
        };
        let of = |dossiers: &[Dossier]| {
            let mut summary = Summary::new(today, HOUR, &desk);
            dossiers.iter().for_each(|dossier| summary.add(dossier));
            (summary.new.all, summary.near.all, summary.over.all)
        };
        let (old, far) = (date(2026, 1, 7), date(2026, 6, 1));
        assert_eq!(of(&[with(date(2026, 3, 27), far, State::Protocollata)]), (1, 0, 0), "since Friday's, on a Monday");
        assert_eq!(of(&[with(date(2026, 3, 26), far, State::Protocollata)]), (0, 0, 0));
        assert_eq!(of(&[with(old, later(today, 1), State::InLavorazione)]), (0, 1, 0));
        assert_eq!(of(&[with(old, today, State::InLavorazione)]), (0, 1, 0), "its last day");
        assert_eq!(of(&[with(old, date(2026, 3, 29), State::InLavorazione)]), (0, 0, 1));
        assert_eq!(of(&[with(old, date(2026, 3, 29), State::Accolta)]), (0, 0, 0));
        let mut still = with(old, later(today, 1), State::InAttesaIntegrazioni);
        still.life.suspended_until = Some(later(today, 9));
        assert_eq!(of(&[still]), (0, 0, 0));
    }

    #[test]
    fn a_long_list_is_counted_and_a_reserved_dossier_is_a_number() {
        let desk = desk();
        let today = date(2026, 3, 30);
        let mut summary = Summary::new(today, HOUR, &desk);
        assert!(summary.is_empty() && summary.mail("tributi", &desk, at(today)).is_none());
        for n in 1..=25u32 {
            let mut dossier = Scene::of("richiesta", "tributi").dossier;
            dossier.number = crate::dossier::number(2026, n);
            dossier.due = Some(date(2026, 3, 29));
            dossier.cover.subject = "Un fatto privato".into();
            dossier.cover.reserved = n == 1;
            dossier.opened_at = at(date(2026, 1, 7));
            summary.add(&dossier);
        }
        let mail = summary.mail("tributi", &desk, at(today)).unwrap();
        assert_eq!(mail.to, "tributi@comune.example");
        assert_eq!((mail.template.as_str(), mail.lane), ("riepilogo-ufficio", crate::Lane::Internal));
        assert!(mail.subject.contains("scadute 25"), "{}", mail.subject);
        assert!(mail.text.contains("e altre 5") && mail.text.contains("2026/000020"), "{}", mail.text);
        assert!(!mail.text.contains("2026/000021"), "{}", mail.text);
        assert!(mail.text.contains("2026/000001: riservato"), "{}", mail.text);
        let again = summary.mail("tributi", &desk, at(today)).unwrap();
        assert_eq!(again.id, mail.id, "one effect a day");
    }
}
