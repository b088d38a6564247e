//! How long things have waited, when the wall clock cannot be trusted, pure. It changes when our trust in clocks does.
//!
//! The register has instants of the wall clock; only those survive a restart. The monotonic clock of the process sees when
//! the wall clock jumps (reliability.md §3.7). What was seen before a jump goes on being aged by the monotonic clock, so that
//! a clock put forward by a day makes no reminder a day early, and one put back makes none a day late; after an hour
//! without a jump the wall clock counts again.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The two clocks may drift apart so far between two looks: more is a jump.
const SKEW_MAX: SignedDuration = SignedDuration::from_secs(120);
/// No timer acts so long after a jump: a clock that jumps back and forth is still being set. Short of [`super::SLEEP_MAX`],
/// so that the next look acts.
const FROZEN: SignedDuration = SignedDuration::from_secs(20);
/// Without a jump for so long, the wall clock is right.
const STEADY: SignedDuration = SignedDuration::from_hours(1);

/// Both clocks at one look: the wall clock, and the time since the process began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Wall clock.
    pub wall: Timestamp,
    /// Monotonic clock.
    pub run: SignedDuration,
}

/// What was seen waiting, and since when by the monotonic clock.
#[derive(Debug, Default)]
pub struct Ages {
    last: Option<Look>,
    jumped: Option<SignedDuration>,
    began: BTreeMap<String, SignedDuration>,
}

impl Ages {
    /// Looks at the clocks. `Some`: the wall clock jumped by so much since the last look.
    pub fn look(&mut self, now: Look) -> Option<SignedDuration> {
        let last = self.last.replace(now)?;
        let jump = now.wall.duration_since(last.wall).saturating_sub(now.run.saturating_sub(last.run));
        if jump.abs() <= SKEW_MAX {
            return None;
        }
        self.jumped = Some(now.run);
        Some(jump)
    }

    /// No timer may act now: the clock has just jumped.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.since_jump().is_some_and(|since| since < FROZEN)
    }

    /// How long something has waited that, by the register, began at `base`. Asked at each look while it waits.
    pub fn age(&mut self, what: &str, base: Timestamp) -> SignedDuration {
        let Some(now) = self.last else { return SignedDuration::ZERO };
        let by_wall = now.wall.duration_since(base).max(SignedDuration::ZERO);
        let began = *self.began.entry(what.to_owned()).or_insert_with(|| now.run.saturating_sub(by_wall));
        let by_run = now.run.saturating_sub(began);
        if self.since_jump().is_none_or(|since| since >= STEADY) { by_wall.max(by_run) } else { by_run }
    }

    /// Forgets what no longer waits.
    pub fn keep_only(&mut self, waiting: &BTreeSet<String>) {
        self.began.retain(|what, _| waiting.contains(what));
    }

    fn since_jump(&self) -> Option<SignedDuration> {
        Some(self.last?.run.saturating_sub(self.jumped?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that looks every 30 s; its wall clock is put forward by each jump at its second.
    fn age_after(seconds: i64, start: &str, jumps: &[(i64, i64)]) -> (i64, Vec<i64>) {
        let start: Timestamp = start.parse().unwrap();
        let mut ages = Ages::default();
        let (mut age, mut seen) = (0, Vec::new());
        for run in (0..=seconds).step_by(30) {
            let ahead: i64 = jumps.iter().filter(|(at, _)| *at <= run).map(|(_, by)| by).sum();
            let wall = start + SignedDuration::from_secs(run + ahead);
            seen.extend(ages.look(Look { wall, run: SignedDuration::from_secs(run) }).map(|jump| jump.as_secs()));
            age = ages.age("lettera", start).as_secs();
        }
        (age, seen)
    }

    #[test]
    fn a_jump_of_a_day_makes_nothing_older_or_younger() {
        const DAY: i64 = 86_400;
        for (jumps, seen) in [
            (vec![], vec![]),
            (vec![(600, DAY)], vec![DAY]),
            (vec![(600, -DAY)], vec![-DAY]),
            (vec![(600, DAY), (1200, -DAY)], vec![DAY, -DAY]),
            (vec![(600, 3600)], vec![3600]),
            (vec![(600, -3600)], vec![-3600]),
            (vec![(600, 1)], vec![]), // a leap second, or a clock that is being slewed
        ] {
            let (age, found) = age_after(1800, "2026-07-01T10:00:00Z", &jumps);
            assert!((1800..=1801).contains(&age), "{jumps:?}: {age}");
            assert_eq!(found, seen);
        }
        // Steady again for more than an hour: it was the clock before that was wrong, and nothing stays unnoticed for ever.
        assert!(age_after(3 * 3600, "2026-07-01T10:00:00Z", &[(600, DAY)]).0 > DAY);
        assert_eq!(age_after(3 * 3600, "2026-07-01T10:00:00Z", &[(600, -DAY)]).0, 3 * 3600);
    }

    /// Neither change of the clock in Rome, nor the end of the year, is a jump: ages are of instants.
    #[test]
    fn the_clock_of_rome_and_the_new_year_change_nothing() {
        for start in ["2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z", "2026-12-31T22:30:00Z"] {
            assert_eq!(age_after(3600, start, &[]), (3600, vec![]), "{start}");
        }
    }

    #[test]
    fn nothing_acts_right_after_a_jump() {
        let at = |s: i64| Timestamp::from_second(1_780_000_000 + s).unwrap();
        let mut ages = Ages::default();
        let look = |ages: &mut Ages, run, ahead| {
            ages.look(Look { wall: at(run + ahead), run: SignedDuration::from_secs(run) });
            ages.is_frozen()
        };
        assert!(!look(&mut ages, 0, 0));
        assert!(look(&mut ages, 30, 500));
        assert!(look(&mut ages, 45, 500));
        assert!(!look(&mut ages, 60, 500), "the next look acts");
        assert!(look(&mut ages, 90, 0), "it jumped back");
        // What is asked about for the first time after a start is as old as the register says.
        let mut fresh = Ages::default();
        look(&mut fresh, 0, 0);
        assert_eq!(fresh.age("x", at(-7200)).as_secs(), 7200);
        assert_eq!(fresh.age("y", at(7200)).as_secs(), 0, "dated to come");
        fresh.keep_only(&BTreeSet::from(["y".to_owned()]));
        assert_eq!(fresh.began.len(), 1);
    }
}
