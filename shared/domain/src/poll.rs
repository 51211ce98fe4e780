//! When an ATS that does not call us is asked: one asker at a time, seldom while nothing happens, not while it cannot help.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::ConnectionId;
use crate::reason::{Reason, Refusal};
use crate::retry;
use crate::trouble::{Cause, Trouble};

/// How often and how long an ATS is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between two looks while requests come in.
    pub every: SignedDuration,
    /// How many pages one look reads at most.
    pub pages: u32,
}

/// How much earlier than its interval a look is due: the scheduler's ticks come a little early or late, and a look must
/// not miss one because of that.
const SLACK: SignedDuration = SignedDuration::from_secs(10);

/// The shortest time between two looks. Whoever looks has the connection for that long, so it is longer than a function
/// that looks can live.
pub const LEASE: SignedDuration = SignedDuration::from_secs(50);

/// After how long without a request a connection is asked only every so many intervals: an idle day costs 462 calls
/// instead of 1,440, and the ATS counts them.
const QUIET: [(SignedDuration, i32); 2] = [(SignedDuration::from_hours(8), 5), (SignedDuration::from_hours(1), 2)];

/// How long an ATS that refuses our credentials or rights is left alone: a cure is seen soon, and nobody is locked out.
const BROKEN_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// Where asking one connection's ATS stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poll {
    pub connection: ConnectionId,
    /// Counts up with each stored change; the condition of every write, and so the lease.
    pub rev: u64,
    pub due_at: Timestamp,
    /// When somebody last began to look.
    pub looked_at: Option<Timestamp>,
    /// When a look last found a request; at first, when the connection was made.
    pub found_at: Timestamp,
    pub failures: u32,
    /// Why nothing comes in, while it is so.
    pub refusal: Option<Refusal>,
    pub cause: String,
    pub failing_since: Option<Timestamp>,
}

impl Poll {
    /// A new connection is asked at once.
    #[must_use]
    pub const fn new(connection: ConnectionId, now: Timestamp) -> Self {
        Self {
            connection,
            rev: 1,
            due_at: now,
            looked_at: None,
            found_at: now,
            failures: 0,
            refusal: None,
            cause: String::new(),
            failing_since: None,
        }
    }

    /// Takes the connection: as it is stored, nobody else looks before the next look is due.
    pub fn claim(&mut self, pace: Pace, now: Timestamp) {
        self.looked_at = Some(now);
        self.due_at = after(now, (self.interval(pace, now) - SLACK).max(LEASE));
        self.rev += 1;
    }

    fn interval(&self, pace: Pace, now: Timestamp) -> SignedDuration {
        let quiet = self.found_at.duration_until(now);
        let factor = QUIET.into_iter().find(|(since, _)| quiet >= *since).map_or(1, |(_, factor)| factor);
        pace.every * factor
    }

    /// The look went well. Whether that is news that must be stored; a look that found nothing, as the last, is not.
    pub fn looked(&mut self, found: bool, pace: Pace, now: Timestamp) -> bool {
        let news = found || self.failing_since.is_some();
        if found {
            self.found_at = now;
            self.due_at = after(self.looked_at.unwrap_or(now), (pace.every - SLACK).max(LEASE));
        }
        (self.failures, self.refusal, self.failing_since) = (0, None, None);
        self.cause.clear();
        self.rev += u64::from(news);
        news
    }

    /// The look failed; it is always news.
    pub fn failed(&mut self, trouble: &Trouble, now: Timestamp) {
        self.failures += 1;
        let pause = retry::pause(self.failures, self.connection.as_str());
        let wait = match trouble {
            Trouble::Because { .. } => BROKEN_PAUSE,
            Trouble::Later { after, .. } => signed(after.map_or(pause, |after| after.max(pause))),
        };
        self.refusal = Some(match trouble {
            Trouble::Because { refusal, .. } => refusal.clone(),
            Trouble::Later { .. } => Refusal::new(Reason::AtsUnavailable),
        });
        self.cause = Cause::to_string(trouble.cause());
        self.failing_since.get_or_insert(now);
        self.due_at = after(now, wait.max(LEASE));
        self.rev += 1;
    }
}

fn signed(wait: Duration) -> SignedDuration {
    SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

fn after(at: Timestamp, wait: SignedDuration) -> Timestamp {
    at.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { every: SignedDuration::from_secs(60), pages: 20 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_793_527_200 + seconds).unwrap()
    }

    fn poll() -> Poll {
        Poll::new(ConnectionId::parse("pageup-a").unwrap(), at(0))
    }

    /// How many looks a scheduler that ticks every minute makes in a day on which nothing comes in.
    fn looks(from: i64, minutes: i64) -> usize {
        let mut poll = poll();
        let ticks = (0..minutes).map(|minute| at(from + minute * 60 + minute % 3)).filter(|now| {
            let due = poll.due_at <= *now;
            if due {
                poll.claim(PACE, *now);
                poll.looked(false, PACE, *now);
            }
            due
        });
        ticks.count()
    }

    #[test]
    fn every_minute_at_first_then_every_two_and_at_last_every_five() {
        assert_eq!(looks(0, 60), 60);
        assert_eq!(looks(2 * 3600, 60), 30);
        assert_eq!(looks(9 * 3600, 60), 12);
        assert_eq!(looks(0, 24 * 60), 60 + 210 + 192);
    }

    #[test]
    fn a_request_brings_the_minute_back() {
        let mut poll = poll();
        let now = at(9 * 3600);
        poll.claim(PACE, now);
        assert_eq!(poll.due_at, at(9 * 3600 + 290));
        assert!(poll.looked(true, PACE, now));
        assert_eq!(poll.due_at, at(9 * 3600 + 50));
    }

    #[test]
    fn a_look_that_found_nothing_needs_no_second_write() {
        let mut poll = poll();
        poll.claim(PACE, at(0));
        let claimed = poll.clone();
        assert!(!poll.looked(false, PACE, at(1)));
        assert_eq!(poll, claimed);
    }

    #[test]
    fn nobody_else_looks_while_a_look_may_last() {
        for quiet in [0, 3_600, 36_000] {
            let (mut poll, now) = (poll(), at(quiet));
            poll.claim(Pace { every: SignedDuration::from_secs(1), pages: 1 }, now);
            assert!(now.duration_until(poll.due_at) >= LEASE);
        }
    }

    #[test]
    fn a_failure_is_told_until_a_look_goes_well() {
        let mut poll = poll();
        let refused = Trouble::because(Refusal::new(Reason::AtsCredentials), "pageup: HTTP 401");
        poll.claim(PACE, at(0));
        poll.failed(&refused, at(1));
        assert_eq!(poll.due_at, at(1 + 15 * 60));
        poll.claim(PACE, at(1_000));
        poll.failed(&Trouble::Later { cause: Cause::new("daily"), after: Some(Duration::from_secs(7_200)) }, at(1_001));
        assert_eq!((poll.due_at, poll.failing_since), (at(8_201), Some(at(1))));
        assert_eq!(poll.refusal.as_ref().unwrap().reason, Reason::AtsUnavailable);
        poll.claim(PACE, at(9_000));
        assert!(poll.looked(false, PACE, at(9_001)));
        assert_eq!((poll.failing_since, poll.refusal), (None, None));
    }
}
