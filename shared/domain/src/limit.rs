//! How much of an outside system one connection may use: a leaky bucket kept as one time stamp (GCRA).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// What a vendor allows one account in a minute and in a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub per_minute: u32,
    pub per_day: u32,
}

/// What a vendor allows one account at once and in the long run: who is too early waits for a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

/// How a vendor limits one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Quota(Quota),
    Rate(Rate),
}

/// Takes the next turn: how long to wait for it, at most `longest`.
///
/// # Errors
/// The time after which a turn would come within `longest`.
pub fn turn(
    rate: Rate,
    bucket: Option<Bucket>,
    longest: Duration,
    now: Timestamp,
) -> Result<(Duration, Bucket), Duration> {
    let now_ms = now.as_millisecond();
    let interval = 1_000_i64.div_euclid(i64::from(rate.per_second.max(1))).max(1);
    let start = bucket.map_or(now_ms, |bucket| bucket.empty_at.max(now_ms));
    let empty_at = start + interval;
    let wait = (empty_at - now_ms - interval * i64::from(rate.burst)).max(0);
    let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
    if wait > longest {
        return Err(wait.saturating_sub(longest).max(Duration::from_millis(1)));
    }
    Ok((wait, Bucket { empty_at, day: now_ms.div_euclid(86_400_000), used: 0 }))
}

impl Quota {
    /// The same share of both allowances: each of [`crate::http::Lane`]'s two lanes has half, so that looking never
    /// keeps an order waiting.
    #[must_use]
    pub const fn lane(self) -> Self {
        Self { per_minute: self.per_minute / 2, per_day: self.per_day / 2 }
    }

    /// The time after which one more permit has grown: a third of the allowance grows back in a minute, so that with the
    /// [burst](Self::burst) and a [`LEASE`] spent late no 60 seconds see more than the whole. The day's allowance is
    /// far tighter in the long run.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs(180) / self.per_minute.max(1)
    }

    /// The permits that a rested bucket gives at once: enough for a function that knows nothing yet.
    #[must_use]
    pub const fn burst(self) -> u32 {
        if self.per_minute < 2 { 1 } else { self.per_minute * 3 / 5 }
    }
}

/// What is stored of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// When the bucket will be empty again, in milliseconds since 1970.
    pub empty_at: i64,
    /// The day, counted from 1970 in UTC, that `used` belongs to.
    pub day: i64,
    pub used: u32,
}

/// Takes up to `wanted` permits.
///
/// # Errors
/// The time to wait where not one is to be had.
pub fn take(quota: Quota, bucket: Option<Bucket>, wanted: u32, now: Timestamp) -> Result<(u32, Bucket), Duration> {
    let now_ms = now.as_millisecond();
    let day = now_ms.div_euclid(86_400_000);
    let interval = i64::try_from(quota.interval().as_millis()).unwrap_or(i64::MAX).max(1);
    let bucket = bucket.unwrap_or_default();
    let used = if bucket.day == day { bucket.used } else { 0 };
    let start = bucket.empty_at.max(now_ms);
    let capacity = interval.saturating_mul(i64::from(quota.burst()));
    let room = (now_ms + capacity - start).div_euclid(interval);
    let today = quota.per_day.saturating_sub(used);
    let granted = wanted.min(u32::try_from(room).unwrap_or(0)).min(today);
    if granted > 0 {
        let empty_at = start + interval * i64::from(granted);
        return Ok((granted, Bucket { empty_at, day, used: used + granted }));
    }
    let wait_ms = if today == 0 { (day + 1) * 86_400_000 - now_ms } else { start + interval - capacity - now_ms };
    Err(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(1).max(1)))
}

/// How many calls of its day a bucket still gives.
#[must_use]
pub fn left_today(quota: Quota, bucket: Option<Bucket>, now: Timestamp) -> u32 {
    let day = now.as_millisecond().div_euclid(86_400_000);
    match bucket {
        Some(bucket) if bucket.day == day => quota.per_day.saturating_sub(bucket.used),
        _ => quota.per_day,
    }
}

/// How long permits that were taken from the table may be kept before they are spent.
pub const LEASE: SignedDuration = SignedDuration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { per_minute: 60, per_day: 7_220 };

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(1_793_527_200_000 + ms).unwrap()
    }

    #[test]
    fn no_minute_sees_more_than_the_allowance_even_when_leases_are_spent_late() {
        let (mut bucket, mut earliest, mut latest) = (None, Vec::new(), Vec::new());
        for ms in (0..300_000).step_by(50) {
            if let Ok((granted, next)) = take(QUOTA.lane(), bucket, 5, at(ms)) {
                bucket = Some(next);
                let spent_late = i128::from(ms) + LEASE.as_millis();
                earliest.extend(std::iter::repeat_n(i128::from(ms), granted as usize));
                latest.extend(std::iter::repeat_n(spent_late, granted as usize));
            }
        }
        for (first, start) in latest.iter().enumerate() {
            let minute = earliest.iter().skip(first).take_while(|t| **t < *start + 60_000).count();
            assert!(minute <= 30, "{minute} in the minute from {start}");
        }
        assert!(earliest.len() > 60, "{}", earliest.len());
    }

    #[test]
    fn the_day_ends_at_midnight_utc_and_says_how_long_that_is() {
        let spent = Bucket { empty_at: 0, day: at(0).as_millisecond() / 86_400_000, used: 3_610 };
        let wait = take(QUOTA.lane(), Some(spent), 1, at(0)).unwrap_err();
        let midnight = at(i64::try_from(wait.as_millis()).unwrap());
        assert_eq!(left_today(QUOTA.lane(), Some(Bucket { used: 3_600, ..spent }), at(0)), 10);
        assert_eq!((left_today(QUOTA.lane(), Some(spent), midnight), left_today(QUOTA, None, at(0))), (3_610, 7_220));
        assert!(midnight.to_string().contains("T00:00:00"), "{midnight}");
        assert!(take(QUOTA.lane(), Some(spent), 1, midnight).is_ok());
    }

    #[test]
    fn turns_never_come_faster_than_the_rate_after_the_burst_and_are_promised_only_for_so_long() {
        let (rate, longest) = (Rate { per_second: 8, burst: 10 }, Duration::from_secs(5));
        let (mut bucket, mut sent, mut put_off) = (None, Vec::new(), 0);
        for asked in 0..500_i64 {
            let ms = asked * 7;
            match turn(rate, bucket, longest, at(ms)) {
                Ok((wait, next)) => {
                    sent.push(ms + i64::try_from(wait.as_millis()).unwrap());
                    bucket = Some(next);
                }
                Err(after) => {
                    put_off += 1;
                    let later = at(ms + i64::try_from(after.as_millis()).unwrap());
                    assert!(turn(rate, bucket, longest, later).is_ok());
                }
            }
        }
        assert!(put_off > 0 && sent.len() > 60, "{put_off} {}", sent.len());
        assert!(sent.iter().take(10).all(|ms| *ms < 70), "{sent:?}");
        for (first, start) in sent.iter().enumerate() {
            for seconds in 1..5_i64 {
                let seen = sent[first..].iter().filter(|ms| **ms < start + seconds * 1_000).count();
                assert!(seen <= usize::try_from(10 + seconds * 8).unwrap(), "{seen} in {seconds} s from {start}");
            }
        }
    }

    #[test]
    fn an_empty_bucket_says_when_the_next_permit_has_grown() {
        let (_, full) = take(QUOTA.lane(), None, 99, at(0)).unwrap();
        let wait = take(QUOTA.lane(), Some(full), 1, at(0)).unwrap_err();
        assert!(take(QUOTA.lane(), Some(full), 1, at(i64::try_from(wait.as_millis()).unwrap())).is_ok());
    }
}
