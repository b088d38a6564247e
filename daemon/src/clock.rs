//! The one place that reads the wall clock, so that every other module can be given its time.

use jiff::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A fixed instant, for tests and for repeating a decision.
    At(Timestamp),
}

impl Clock {
    /// Now, to the millisecond (the journal's precision).
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => {
                let now = Timestamp::now();
                Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
            }
            Self::At(instant) => instant,
        }
    }
}
