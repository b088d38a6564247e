//! How long to wait after a failure: pure. It changes when our manners towards the server change.

use std::time::Duration;

/// First pause after a lost connection (rules.md §4).
const LOST_FIRST: Duration = Duration::from_secs(5);
/// Longest pause after a lost connection.
const LOST_MAX: Duration = Duration::from_secs(600);
/// First pause after a refused password: more would lock the account (reliability §3.5: at most one login in 5 minutes).
const LOGIN_FIRST: Duration = Duration::from_secs(300);
/// Longest pause after a refused password.
const LOGIN_MAX: Duration = Duration::from_secs(3_600);

/// The pause after the `failures`-th failure in a row (1 is the first): doubling, with up to a quarter of jitter, so that
/// many boxes of one provider do not come back in step. The same seed gives the same pauses.
pub(super) fn pause(failures: u32, login: bool, seed: u64) -> Duration {
    let (first, max) = if login { (LOGIN_FIRST, LOGIN_MAX) } else { (LOST_FIRST, LOST_MAX) };
    let doubled = first.saturating_mul(1_u32 << failures.saturating_sub(1).min(16)).min(max);
    doubled + doubled.mul_f64(fraction(seed ^ u64::from(failures)) / 4.0)
}

/// A number in [0, 1) that looks like chance: SplitMix64 (Steele, Lea, Flood 2014).
#[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
fn fraction(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_five_seconds_to_ten_minutes() {
        let seconds: Vec<u64> = (1..=9).map(|n| pause(n, false, 1).as_secs()).collect();
        for (seen, base) in seconds.iter().zip([5, 10, 20, 40, 80, 160, 320, 600, 600]) {
            assert!((base..=base + base / 4 + 1).contains(seen), "{seconds:?}");
        }
        assert!(pause(u32::MAX, false, 1) <= LOST_MAX + LOST_MAX / 4);
        assert!(pause(1, true, 1) >= LOGIN_FIRST && pause(0, true, 1) >= LOGIN_FIRST);
    }

    #[test]
    fn two_boxes_do_not_come_back_in_step() {
        assert_eq!(pause(3, false, 7), pause(3, false, 7));
        assert_ne!(pause(3, false, 7), pause(3, false, 8));
    }
}
