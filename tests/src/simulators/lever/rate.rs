//! The limit of calls: a bucket that fills steadily and holds a burst.

use jiff::Timestamp;

const TOKEN: i64 = 1000;

/// Counts in thousandths of a call, so that a millisecond adds a whole number of them.
#[derive(Default)]
pub(super) struct Bucket {
    missing: i64,
    at: i64,
    /// How many calls were refused.
    pub(super) hits: usize,
}

impl Bucket {
    /// Takes one call, or says that none is left.
    pub(super) fn take(&mut self, now: Timestamp, per_second: i64, burst: i64) -> bool {
        if burst == 0 {
            return true;
        }
        let now = now.as_millisecond();
        let passed = now.saturating_sub(self.at).max(0);
        self.missing = self.missing.saturating_sub(passed.saturating_mul(per_second)).max(0);
        self.at = self.at.max(now);
        if self.missing + TOKEN > burst * TOKEN {
            self.hits += 1;
            return false;
        }
        self.missing += TOKEN;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_of_twenty_then_ten_a_second() {
        let mut bucket = Bucket::default();
        let mut taken = |ms: i64| {
            let now = Timestamp::from_millisecond(1_793_527_200_000 + ms).unwrap();
            (0..100).filter(|_| bucket.take(now, 10, 20)).count()
        };
        assert_eq!([0, 99, 100, 1100, 1050, 9000].map(&mut taken), [20, 0, 1, 10, 0, 20]);
        assert!(bucket.hits > 0 && bucket.take(Timestamp::UNIX_EPOCH, 10, 0));
    }
}
