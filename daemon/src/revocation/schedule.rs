//! When a list is asked for again. Pure; it changes when our manners towards its servers change.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// A list is asked for again at least this often, however long it says that it is good for: a provider that loses its key is
/// revoked in a list that comes before the next one was due.
const REFRESH_MAX: SignedDuration = SignedDuration::from_hours(24);
/// And never more often than this, however soon it ends, or when the server still has the one that we hold.
const REFRESH_MIN: SignedDuration = SignedDuration::from_hours(1);
/// Pause after the first failure.
const RETRY_FIRST: SignedDuration = SignedDuration::from_mins(1);
/// Longest pause between failures.
const RETRY_MAX: SignedDuration = SignedDuration::from_hours(6);
/// The budget is counted over this.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// When the next question to a source is due after an answer: when three quarters of the list's time have passed, within the
/// bounds above. A source whose list is past its time is asked each [`REFRESH_MIN`].
#[must_use]
pub fn after_answer(asked: Timestamp, this_update: Timestamp, next_update: Option<Timestamp>, seed: u64) -> Timestamp {
    let span = next_update.map_or(REFRESH_MAX * 2, |next| next.duration_since(this_update));
    let aged = plus(this_update, span / 4 * 3);
    let wanted = aged.clamp(plus(asked, REFRESH_MIN), plus(asked, REFRESH_MAX));
    // Up to a quarter of an hour apart: the offices of a country do not all ask at once.
    plus(wanted, jitter(SignedDuration::from_mins(15), seed))
}

/// When the next question is due after `failures` failures in a row, from 1: doubling, and up to a quarter more.
#[must_use]
pub fn after_failure(asked: Timestamp, failures: u32, seed: u64) -> Timestamp {
    let doubled = RETRY_FIRST.checked_mul(1 << failures.saturating_sub(1).min(16)).unwrap_or(RETRY_MAX);
    let pause = doubled.min(RETRY_MAX);
    plus(asked, pause + jitter(pause / 4, seed.wrapping_add(failures.into())))
}

fn plus(at: Timestamp, more: SignedDuration) -> Timestamp {
    at.checked_add(more).unwrap_or(at)
}

/// From nothing to `most`, always the same for a seed.
fn jitter(most: SignedDuration, seed: u64) -> SignedDuration {
    // A few rounds of multiplication spread neighbouring seeds (the constant of SplitMix64).
    let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let thousandth = i32::try_from((mixed >> 33) % 1000).unwrap_or(0);
    most / 1000 * thousandth
}

/// The questions of the last hour.
#[derive(Debug)]
pub struct Budget {
    most: usize,
    asked: VecDeque<Timestamp>,
}

impl Budget {
    /// At most so many in an hour.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, asked: VecDeque::new() }
    }

    /// Takes one. When there is none, says from when there will be.
    ///
    /// # Errors
    /// The instant from which there is one again.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        while self.asked.front().is_some_and(|first| plus(*first, HOUR) <= now) {
            self.asked.pop_front();
        }
        match self.asked.front() {
            Some(first) if self.asked.len() >= self.most => Err(plus(*first, HOUR)),
            _ => {
                self.asked.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn hours_after(asked: i64, this: i64, next: Option<i64>) -> f64 {
        let due = after_answer(at(asked), at(this), next.map(at), 7);
        due.duration_since(at(asked)).as_secs_f64() / 3600.0
    }

    #[test]
    fn a_list_is_renewed_before_it_ends_and_once_a_day_at_least() {
        for (asked, this, next, least, most) in [
            (0, 0, Some(24), 18.0, 18.25),     // before its end
            (0, 0, Some(4), 3.0, 3.25),        // a short one
            (0, 0, Some(24 * 7), 24.0, 24.25), // a long one: each day all the same
            (0, 0, None, 24.0, 24.25),
            (0, -48, Some(-24), 1.0, 1.25),     // past its time: each hour
            (0, 0, Some(-24), 1.0, 1.25),       // nonsense
            (23, 0, Some(24), 1.0, 1.25),       // about to end
            (0, 1000, Some(1100), 24.0, 24.25), // of the future
        ] {
            let hours = hours_after(asked, this, next);
            assert!((least..=most).contains(&hours), "{asked} {this} {next:?}: {hours}");
        }
    }

    #[test]
    fn failures_wait_longer_each_time_up_to_a_bound() {
        let pause = |n| after_failure(at(0), n, 3).duration_since(at(0)).as_secs();
        assert!((60..=75).contains(&pause(1)) && (120..=150).contains(&pause(2)), "{} {}", pause(1), pause(2));
        for n in [10, 100, u32::MAX] {
            assert!((6 * 3600..=6 * 3600 + 5400).contains(&pause(n)), "{n}: {}", pause(n));
        }
        let spread: std::collections::BTreeSet<_> = (0..50).map(|seed| after_failure(at(0), 5, seed)).collect();
        assert!(spread.len() > 25, "installations would all ask at once");
    }

    #[test]
    fn an_hour_has_its_budget() {
        let mut budget = Budget::new(2);
        assert_eq!((budget.take(at(0)), budget.take(at(0)), budget.take(at(0))), (Ok(()), Ok(()), Err(at(1))));
        assert_eq!(budget.take(at(1)), Ok(()));
    }
}
