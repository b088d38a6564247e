//! The one place that reads the wall clock, so that every other module can be given its time.

use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A fixed instant, for tests and for repeating a decision.
    At(Timestamp),
    /// A simulated wall clock: follows the runtime's time, which a test may hold still, and jumps when told to.
    Simulated(Simulated),
}

/// A wall clock that follows the runtime's time.
#[derive(Debug, Clone)]
pub struct Simulated {
    began: tokio::time::Instant,
    at: Timestamp,
    /// How far somebody has put the clock forward since, milliseconds.
    ahead: Arc<AtomicI64>,
}

impl Simulated {
    /// A clock that says `at` now. Must be made inside a runtime.
    #[must_use]
    pub fn starting(at: Timestamp) -> Self {
        Self { began: tokio::time::Instant::now(), at, ahead: Arc::default() }
    }

    /// Puts the clock forward, or back, for all who hold it.
    pub fn jump(&self, by: SignedDuration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let since = SignedDuration::from_millis(passed.saturating_add(self.ahead.load(Ordering::Relaxed)));
        self.at.checked_add(since).unwrap_or(self.at)
    }
}

impl Clock {
    /// Now, to the millisecond (the journal's precision).
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let now = Timestamp::now();
                Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
            }
            Self::At(instant) => *instant,
            Self::Simulated(clock) => clock.now(),
        }
    }
}
