//! Writing to the ATS: one writer at a time, never an older state over a newer one.

use jiff::{SignedDuration, Timestamp};

use super::{Event, Order};
use crate::reason::{Kind, Reason, Refusal};
use crate::retry;
use crate::status::Delivery;
use crate::trouble::Trouble;

/// How long one worker alone may write: longer than a worker can live, so that a claim that ran out has no writer.
pub const CLAIM: SignedDuration = SignedDuration::from_secs(90);

/// How often a write that waits for a person is tried, so that it resumes by itself once cured.
const BLOCKED_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrote {
    /// The revision that was written.
    pub rev: u64,
    /// Our entry in the ATS, or why there is none.
    pub outcome: Result<String, Trouble>,
}

impl Order {
    /// Whether the ATS does not show yet what it should.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.desired_rev > self.written_rev && self.desired.is_some() && self.delivery != Delivery::Dead
    }

    /// Whether the ATS may have an entry of the order that is not known: an earlier write had no known outcome, or was made in
    /// a time that the table has lost.
    #[must_use]
    pub const fn may_have_entry(&self) -> bool {
        // A new state starts the attempts anew; that an earlier write failed is still known by its reason.
        let was_tried = self.write_attempts > 0 || self.write_refusal.is_some();
        self.ats_ref.is_none() && (was_tried || self.doubted_from.is_some())
    }

    /// Whether a write waits because of that.
    #[must_use]
    pub fn is_blocked_by(&self, reason: Reason) -> bool {
        self.wants_write() && self.write_refusal.as_ref().is_some_and(|refusal| refusal.reason == reason)
    }

    /// What kept the ATS from being written may be cured: a write that waits for it is due at once.
    pub fn unblocked(&mut self, reason: Reason, now: Timestamp) {
        if self.is_blocked_by(reason) {
            self.write_at = Some(now);
        }
    }

    pub(super) fn write_due_at(&self) -> Option<Timestamp> {
        if !self.wants_write() {
            return None;
        }
        self.write_at.max(self.claimed_until)
    }

    /// Claims the right to write, if nobody else has it.
    pub fn claim_write(&mut self, now: Timestamp) -> bool {
        let taken = self.claimed_until.is_some_and(|until| until > now);
        if taken || !self.wants_write() || self.write_at.is_some_and(|at| at > now) {
            return false;
        }
        if self.claimed_until.is_some() {
            // Whoever had the claim never came back: what became of that write is not known.
            self.write_attempts += 1;
        }
        self.claimed_until = now.saturating_add(CLAIM).ok();
        true
    }

    /// Gives the claim back with what became of the write. Whether more is to be written, [`Self::wants_write`] tells.
    pub fn wrote(&mut self, wrote: Wrote, now: Timestamp) -> Event {
        self.claimed_until = None;
        let trouble = match wrote.outcome {
            Ok(entry) => {
                self.ats_ref = Some(entry);
                self.written_rev = self.written_rev.max(wrote.rev);
                self.write_attempts = 0;
                self.write_refusal = None;
                self.unshown_since = self.unshown_since.filter(|_| self.wants_write());
                self.write_at = self.wants_write().then_some(now);
                self.delivery = if self.wants_write() { Delivery::Pending } else { Delivery::Delivered };
                return Event::new(now, format!("written to the ATS, revision {}", wrote.rev), "");
            }
            Err(trouble) => trouble,
        };
        self.write_attempts += 1;
        let pause = retry::pause(self.write_attempts, self.id.as_str());
        let (delivery, wait, refusal) = match &trouble {
            Trouble::Later { after, .. } => {
                let wait = after.map_or(pause, |after| after.max(pause));
                (Delivery::Retrying, SignedDuration::try_from(wait).unwrap_or(BLOCKED_PAUSE), None)
            }
            Trouble::Because { refusal, .. } if refusal.reason.kind() == Kind::Dead => {
                (Delivery::Dead, BLOCKED_PAUSE, Some(refusal.clone()))
            }
            Trouble::Because { refusal, .. } => (Delivery::Blocked, BLOCKED_PAUSE, Some(refusal.clone())),
        };
        self.delivery = delivery;
        self.write_refusal = Some(refusal.unwrap_or_else(|| Refusal::new(Reason::AtsUnavailable)));
        self.write_at = now.saturating_add(wait).ok();
        let reason = self.write_refusal.as_ref().map_or("", |refusal| refusal.reason.code());
        Event::new(now, "not written to the ATS", format!("{reason} · {}", trouble.cause()))
    }
}
