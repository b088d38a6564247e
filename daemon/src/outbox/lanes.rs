//! What each road remembers: until when it is closed, and what it carried lately. It changes when a limit on sending does.
//!
//! All of it is in the register, so a restart forgets nothing: neither what counts against the provider's limits, nor that
//! the credentials were refused a minute ago.

use crate::events;
use crate::health::Health;
use crate::store::{Store, Trouble};
use casework::decision::Lane;
use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// A road whose credentials are refused is left alone this long: more would lock the account (reliability.md §3.5).
pub(super) const LANE_PAUSE: SignedDuration = SignedDuration::from_secs(5 * 60);
/// The window of the general brake.
const BRAKE_WINDOW: SignedDuration = SignedDuration::from_secs(10 * 60);
/// The longest window of a provider's limits.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// A provider's limits on what one account may send; `None` = it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Messages in a minute.
    pub minute: Option<u32>,
    /// Messages in an hour.
    pub hour: Option<u32>,
    /// Messages in a day.
    pub day: Option<u32>,
}

impl Rates {
    fn windows(&self) -> impl Iterator<Item = (SignedDuration, u32)> {
        let windows = [(SignedDuration::from_mins(1), self.minute), (SignedDuration::from_hours(1), self.hour)];
        windows.into_iter().chain([(LONGEST, self.day)]).filter_map(|(window, max)| Some((window, max?)))
    }
}

/// One account at one server.
#[derive(Debug, Default)]
pub(super) struct Road {
    rates: Rates,
    pub(super) closed_until: Option<Timestamp>,
    rests_until: Option<Timestamp>,
    /// Attempts of the last day, the oldest first.
    sent: VecDeque<Timestamp>,
    is_slowed: bool,
}

impl Road {
    /// As the register has it.
    pub(super) fn load(store: &Store, lane: Lane, rates: Rates, now: Timestamp) -> Result<Self, Trouble> {
        let mut sent: Vec<Timestamp> = store.attempts_since(lane, now.checked_sub(LONGEST).unwrap_or(now))?;
        sent.sort_unstable();
        Ok(Self { rates, closed_until: store.closed_until(lane)?, sent: sent.into(), ..Self::default() })
    }

    /// Until when it is closed; `None` = it is open.
    pub(super) fn closed_until(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.closed_until = pending(self.closed_until, now);
        self.closed_until
    }

    /// An attempt began.
    pub(super) fn sent(&mut self, at: Timestamp) {
        self.sent.push_back(at);
    }

    /// When the provider's limits let the next one go; `None` = now.
    pub(super) fn free(&mut self, now: Timestamp) -> Option<Timestamp> {
        forget(&mut self.sent, now, LONGEST);
        let full = |(window, max): (SignedDuration, u32)| until_free(&self.sent, now, window, max);
        self.rates.windows().filter_map(full).max()
    }
}

/// The roads, and the brake on automatic letters.
#[derive(Debug)]
pub(super) struct Lanes {
    pec: Road,
    /// `None`: tasks go by the road of the letters, with its account and its limits.
    offices: Option<Road>,
    brake: u32,
    /// Automatic letters of the brake's window.
    letters: VecDeque<Timestamp>,
    is_braked: bool,
}

impl Lanes {
    /// As the register has it.
    pub(super) fn load(
        store: &Store,
        now: Timestamp,
        brake: u32,
        pec: Rates,
        offices: Option<Rates>,
    ) -> Result<Self, Trouble> {
        let road = |rates| Road { rates, ..Road::default() };
        let mut lanes =
            Self { pec: road(pec), offices: offices.map(road), brake, letters: VecDeque::new(), is_braked: false };
        let since = now.checked_sub(LONGEST).unwrap_or(now);
        for lane in [Lane::Pec, Lane::Internal] {
            for at in store.attempts_since(lane, since)? {
                lanes.sent(lane, at);
            }
            let closed = store.closed_until(lane)?;
            let road = lanes.road(lane);
            road.closed_until = road.closed_until.max(closed);
        }
        for road in [Some(&mut lanes.pec), lanes.offices.as_mut()].into_iter().flatten() {
            road.sent.make_contiguous().sort_unstable();
        }
        Ok(lanes)
    }

    fn road(&mut self, lane: Lane) -> &mut Road {
        match (lane, &mut self.offices) {
            (Lane::Internal, Some(offices)) => offices,
            _ => &mut self.pec,
        }
    }

    /// Until when a road is closed; `None` = it is open.
    pub(super) fn closed_until(&mut self, lane: Lane, now: Timestamp) -> Option<Timestamp> {
        self.road(lane).closed_until(now)
    }

    /// A server kept us waiting so long, and took nothing: as long is the other road's turn.
    pub(super) fn rest(&mut self, lane: Lane, now: Timestamp, waited: Duration) {
        let waited = SignedDuration::try_from(waited).unwrap_or(LANE_PAUSE).min(LANE_PAUSE);
        self.road(lane).rests_until = now.checked_add(waited).ok();
    }

    /// Closes a road.
    pub(super) fn close(&mut self, lane: Lane, until: Timestamp) {
        self.road(lane).closed_until = Some(until);
    }

    /// An attempt began.
    pub(super) fn sent(&mut self, lane: Lane, at: Timestamp) {
        self.road(lane).sent.push_back(at);
        if lane == Lane::Pec {
            self.letters.push_back(at);
        }
    }

    /// When the limits, and a rest, let the next one go; `None` = now. They hold letters back, they lose none.
    pub(super) fn free(&mut self, lane: Lane, now: Timestamp, health: &Health) -> Option<Timestamp> {
        let road = self.road(lane);
        road.rests_until = pending(road.rests_until, now);
        let rests = road.rests_until;
        let slowed = road.free(now);
        if slowed.is_some() && !road.is_slowed {
            events::pace_reached(word(lane), road.sent.len());
        }
        road.is_slowed = slowed.is_some();
        let braked = if lane == Lane::Pec { self.braked(now, health) } else { None };
        slowed.max(braked).max(rests)
    }

    fn braked(&mut self, now: Timestamp, health: &Health) -> Option<Timestamp> {
        forget(&mut self.letters, now, BRAKE_WINDOW);
        let braked = until_free(&self.letters, now, BRAKE_WINDOW, self.brake);
        if braked.is_some() && !self.is_braked {
            events::brake_on(self.letters.len());
        }
        self.is_braked = braked.is_some();
        health.mark("brake_on", i64::from(self.is_braked));
        braked
    }
}

/// The name of a road in logs and marks.
pub(super) fn word(lane: Lane) -> &'static str {
    match lane {
        Lane::Pec => "pec",
        Lane::Internal => "internal",
        Lane::Courtesy => "courtesy",
    }
}

/// Drops what is older than the window. What is dated to come was before the clock was put back: it counts from now.
fn forget(sent: &mut VecDeque<Timestamp>, now: Timestamp, window: SignedDuration) {
    for at in sent.iter_mut().rev().take_while(|at| **at > now) {
        *at = now;
    }
    while sent.front().is_some_and(|at| now.duration_since(*at) >= window) {
        sent.pop_front();
    }
}

/// What is left of a pause: never longer than the longest one, since the clock may have been put back.
fn pending(until: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    let longest = now.checked_add(LANE_PAUSE).unwrap_or(now);
    until.map(|until| until.min(longest)).filter(|until| *until > now)
}

/// When there is room for one more in the window; `None` = now.
fn until_free(sent: &VecDeque<Timestamp>, now: Timestamp, window: SignedDuration, max: u32) -> Option<Timestamp> {
    let oldest = *sent.get(sent.len().checked_sub(max as usize)?)?;
    if now.duration_since(oldest) >= window { None } else { oldest.checked_add(window).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + s).unwrap()
    }

    fn lanes(brake: u32, rates: Rates) -> Lanes {
        let pec = Road { rates, ..Road::default() };
        Lanes { pec, offices: None, brake, letters: VecDeque::new(), is_braked: false }
    }

    #[test]
    fn the_brake_holds_back_and_lets_go_when_the_window_has_passed() {
        let (mut lanes, health) = (lanes(3, Rates::default()), Health::new());
        for s in 0..3 {
            assert_eq!(lanes.free(Lane::Pec, at(s), &health), None);
            lanes.sent(Lane::Pec, at(s));
        }
        assert_eq!(lanes.free(Lane::Pec, at(3), &health), Some(at(600)));
        assert_eq!(health.snapshot().marks["brake_on"], 1);
        assert_eq!(lanes.free(Lane::Internal, at(3), &health), None, "tasks are not braked");
        assert_eq!(lanes.free(Lane::Pec, at(600), &health), None);
        assert_eq!((lanes.letters.len(), health.snapshot().marks["brake_on"]), (2, 0));
    }

    /// A day at the provider's limits: no window ever holds more than it may, and none is left emptier than it need be.
    #[test]
    fn every_window_keeps_its_limit_and_is_used_up() {
        let rates = Rates { minute: Some(2), hour: Some(30), day: Some(100) };
        let (mut lanes, health) = (lanes(u32::MAX, rates), Health::new());
        let (mut now, mut sent) = (at(0), Vec::new());
        while now < at(3 * 86_400) {
            // By either lane: it is one account.
            let lane = if sent.len() % 3 == 0 { Lane::Internal } else { Lane::Pec };
            match lanes.free(lane, now, &health) {
                Some(free) => {
                    assert!(free > now);
                    now = free;
                }
                None => {
                    lanes.sent(lane, now);
                    sent.push(now);
                }
            }
        }
        let most = |seconds: i64| {
            let within = |from: &Timestamp| {
                sent.iter().filter(|s| *s >= from && s.duration_since(*from).as_secs() < seconds).count()
            };
            sent.iter().map(within).max().unwrap()
        };
        assert_eq!((most(60), most(3600), most(86_400)), (2, 30, 100));
        assert_eq!(sent.len(), 300, "three days, each used up");
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_keep_a_road_closed_for_a_day() {
        let mut lanes = lanes(u32::MAX, Rates::default());
        lanes.close(Lane::Pec, at(86_400 + 300));
        assert_eq!(lanes.closed_until(Lane::Pec, at(0)), Some(at(300)));
        assert_eq!(lanes.closed_until(Lane::Pec, at(200)), Some(at(300)), "and no later");
        assert_eq!(lanes.closed_until(Lane::Pec, at(300)), None);
    }

    #[test]
    fn a_clock_that_is_put_back_does_not_hold_letters_for_a_day() {
        let rates = Rates { minute: Some(1), ..Rates::default() };
        let (mut lanes, health) = (lanes(u32::MAX, rates), Health::new());
        lanes.sent(Lane::Pec, at(86_400));
        assert_eq!(lanes.free(Lane::Pec, at(0), &health), Some(at(60)));
        assert_eq!(lanes.free(Lane::Pec, at(60), &health), None);
    }
}
