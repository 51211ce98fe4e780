//! When to try again: a pure function of the attempt and a seed, so that a test can say the very second.

use std::time::Duration;

use sha2::{Digest, Sha256};

const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(600);

/// The pause before attempt number `attempt + 1`: 15 s doubled each time, at most 10 minutes, spread over its upper
/// half by the seed so that the orders of one outage do not come back in step.
#[must_use]
pub fn pause(attempt: u32, seed: &str) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1).min(16))).min(LONGEST);
    let digest: [u8; 32] = Sha256::new_with_prefix(attempt.to_be_bytes()).chain_update(seed).finalize().into();
    let [a, b, ..] = digest;
    let share = f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX);
    whole.div_f64(2.0) + whole.div_f64(2.0).mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_minutes_and_no_further() {
        for attempt in 1..100 {
            let full = Duration::from_secs(15 * 2_u64.pow(attempt.min(20) - 1)).min(Duration::from_secs(600));
            let pause = pause(attempt, "order");
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn two_orders_do_not_come_back_in_step() {
        assert_ne!(pause(3, "a"), pause(3, "b"));
        assert_eq!(pause(3, "a"), pause(3, "a"));
    }
}
