//! How long things take: counts in fixed classes of time, as Prometheus reads them. It changes when another thing is timed.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the classes, milliseconds. An examination has 30 s at most, a commit takes as long as the disk.
pub const CLASSES_MS: [u64; 12] = [1, 2, 5, 10, 25, 50, 100, 250, 1000, 5000, 15_000, 30_000];

/// What is timed since the start of the process.
#[derive(Debug, Default)]
pub struct Timings {
    /// One examination, its trial included.
    pub examination: Histogram,
    /// What was decided together written down, to its fsync.
    pub commit: Histogram,
}

/// Durations by class.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One more than the classes: what was longer than the last.
    counts: [AtomicU64; CLASSES_MS.len() + 1],
    micros: AtomicU64,
}

/// A histogram at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// For each class of [`CLASSES_MS`], and beyond: how many fell into it.
    pub counts: Vec<u64>,
    /// All together, microseconds.
    pub micros: u64,
}

impl Histogram {
    /// One more.
    pub fn took(&self, time: Duration) {
        let class = CLASSES_MS.partition_point(|end| Duration::from_millis(*end) < time);
        if let Some(count) = self.counts.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// So many together took so long: each has its part of it.
    pub fn shared(&self, time: Duration, among: usize) {
        let Ok(parts) = u32::try_from(among) else { return };
        for _ in 0..parts {
            self.took(time / parts);
        }
    }

    /// As it is now.
    #[must_use]
    pub fn now(&self) -> Durations {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect();
        Durations { counts, micros: self.micros.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_first_class_that_holds_it() {
        let histogram = Histogram::default();
        for micros in [1000, 1001, 30_000_000, 30_000_001] {
            histogram.took(Duration::from_micros(micros));
        }
        let now = histogram.now();
        assert_eq!((now.counts[0], now.counts[1], now.counts[11], now.counts[12]), (1, 1, 1, 1));
        assert_eq!(now.micros, 60_002_002);
    }
}
