//! The life of an order: what is stored, and every change that it may go through.
//!
//! Each change is a method that takes the time and gives back what happened as [`Event`]s for the order's story. The
//! shell stores the order with a condition on [`Order::rev`] and does what [`Order::next_step`] says.

mod adopting;
mod placing;
mod replaying;
mod restored;
mod story;
mod truth;
mod view;
mod writing;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::adopting::{Adoption, Cancelling};
pub use self::placing::{Found, Placement, Planned};
pub use self::replaying::{COOL_DOWN, MOST_REPLAYS, NotReplayed, Replay, Replays};
pub use self::story::Event;
pub use self::view::{LinkKind, View};
pub use self::writing::{CLAIM, Wrote};
use crate::id::{ConnectionId, GroupId, OrderId, PackageId, ProviderOrderId, UserId};
use crate::provider::{CheckProgress, ReportPage};
use crate::reason::Refusal;
use crate::report_link::ReportLink;
use crate::request::Subject;
use crate::status::{ActionBy, Delivery, OrderResult, OrderStatus};

/// The waits of an order's life. Only a local stack changes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// From the intent until a lookup can be trusted: our time-out of 20 s, 90 s that the provider may take to commit,
    /// 10 s by which clocks may differ.
    pub quiet_window: SignedDuration,
    /// How long an order may wait before the recruiter reads that it does.
    pub patience: SignedDuration,
    /// How often an open order is looked at although nothing was heard.
    pub safety_look: SignedDuration,
    /// How long an order may wait in all before it is refused.
    pub longest_wait: SignedDuration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            quiet_window: SignedDuration::from_secs(120),
            patience: SignedDuration::from_mins(15),
            safety_look: SignedDuration::from_hours(24),
            longest_wait: SignedDuration::from_hours(24 * 14),
        }
    }
}

/// How long an order is kept after its end, and an open one after its creation.
pub const KEPT_AFTER_END: SignedDuration = SignedDuration::from_hours(24 * 180);
pub const KEPT_OPEN: SignedDuration = SignedDuration::from_hours(24 * 730);

/// How often an order whose request is listed again and again is shown again.
const LISTED_AGAIN_PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// One order as it is stored: ids, codes and times; nothing of the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub connection: ConnectionId,
    /// The ATS's name, part of the order's identity.
    pub ats: String,
    pub subject: Subject,
    pub generation: u32,
    /// Empty while no package could be told.
    pub package: Option<PackageId>,
    pub package_name: Option<String>,
    pub group: Option<GroupId>,
    pub ordered_by: Option<UserId>,
    /// A keyed digest of the candidate's address, by which a lookup knows that the address is still the same.
    #[serde(default)]
    pub candidate_mark: Option<String>,
    /// Counts up with each stored change; the condition of every write.
    pub rev: u64,
    pub created_at: Timestamp,
    #[serde(default)]
    pub replays: Replays,
    /// The order under whose key the request goes on.
    #[serde(default)]
    pub goes_on_as: Option<OrderId>,

    pub placement: Placement,
    /// When the first attempt was about to be sent; a lookup goes back to here.
    pub first_intent_at: Option<Timestamp>,
    /// The time to which the table was put back when the order was last looked up because of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted_from: Option<Timestamp>,
    /// How many attempts ended without a known outcome and were not found at the provider.
    #[serde(default)]
    pub unclear_attempts: u32,
    /// Whether the ATS's own reading agreed with its event about the status; only then can a later reading show that
    /// the application left it.
    #[serde(default)]
    pub status_ids_agree: bool,

    /// When the application entered the trigger status, where the ATS keeps a history of it.
    #[serde(default)]
    pub entered_at: Option<Timestamp>,

    pub status: OrderStatus,
    pub status_at: Timestamp,
    /// The client's own word for it, where the provider lets clients choose.
    #[serde(default)]
    pub status_word: Option<String>,
    pub action_by: Option<ActionBy>,
    pub refusal: Option<Refusal>,
    pub result: Option<OrderResult>,
    pub provider_order: Option<ProviderOrderId>,
    pub provider_short_id: Option<String>,
    pub provider_modified: Option<Timestamp>,
    /// Since when the order is finished at the provider without its score.
    pub score_awaited_since: Option<Timestamp>,
    pub look_at: Option<Timestamp>,
    /// Since when the provider could not be read although it should have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_since: Option<Timestamp>,

    /// How far the single checks are, where the ATS shows that.
    #[serde(default)]
    pub checks: Vec<CheckProgress>,
    /// Whether it was completed at some time, so that what follows is a correction.
    #[serde(default)]
    pub was_completed: bool,
    /// Until when the ATS's request rests sealed in the table; nothing where it does not, or not any more.
    #[serde(default)]
    pub request_kept_until: Option<Timestamp>,
    /// When the ATS last listed the request again although it was answered.
    #[serde(default)]
    pub listed_again_at: Option<Timestamp>,

    /// What the ATS should show; its revision counts up with each change.
    pub desired: Option<View>,
    pub desired_rev: u64,
    pub written_rev: u64,
    /// Since when the ATS does not show everything that it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unshown_since: Option<Timestamp>,
    pub delivery: Delivery,
    pub write_attempts: u32,
    pub write_at: Option<Timestamp>,
    /// Until when one worker alone may write to the ATS.
    pub claimed_until: Option<Timestamp>,
    /// Why the latest write waits or was given up.
    pub write_refusal: Option<Refusal>,
    /// Our entry in the ATS.
    pub ats_ref: Option<String>,

    /// The provider's own page of the report, which asks for a log-in.
    #[serde(default)]
    pub report_page: ReportPage,
    pub report_link: Option<ReportLink>,
    /// The provider's name of the report's file, once it was made.
    pub report_file: Option<String>,
}

/// What is to be done about an order now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextStep {
    /// Decide again and place it.
    Place,
    /// Look for it at the provider: whether it was placed is not known.
    LookUp,
    /// Read the provider's truth.
    Look,
    /// Make the ATS show what is desired.
    Write,
    /// Only time has passed: what people see may change.
    Settle,
    Nothing,
}

impl Order {
    /// What is to be done now. Placement comes first, then what the ATS shows, then the look at the provider.
    #[must_use]
    pub fn next_step(&self, now: Timestamp, timing: &Timing) -> NextStep {
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if due(self.placement.due_at(timing)) {
            return match self.placement {
                Placement::Retry { .. } => NextStep::Place,
                _ => NextStep::LookUp,
            };
        }
        if due(self.write_due_at()) {
            return NextStep::Write;
        }
        if due(self.look_at) {
            return NextStep::Look;
        }
        if due(self.shown_as_held_at(timing)) { NextStep::Settle } else { NextStep::Nothing }
    }

    /// When something is to be done next, whatever it is; the key of the `due` index.
    #[must_use]
    pub fn due_at(&self, timing: &Timing) -> Option<Timestamp> {
        let dues = [self.placement.due_at(timing), self.write_due_at(), self.look_at, self.shown_as_held_at(timing)];
        dues.into_iter().flatten().min()
    }

    /// Whether it does not simply go its way: it is not placed yet, its provider could not be read, or its ATS not written.
    #[must_use]
    pub fn needs_watching(&self) -> bool {
        let is_unshown = self.wants_write() && matches!(self.delivery, Delivery::Retrying | Delivery::Blocked);
        !self.is_settled() || is_unshown || self.unread_since.is_some()
    }

    /// Until when the item is kept.
    #[must_use]
    pub fn kept_until(&self) -> Timestamp {
        let (from, life) =
            if self.status.is_end() { (self.status_at, KEPT_AFTER_END) } else { (self.created_at, KEPT_OPEN) };
        from.saturating_add(life).unwrap_or(Timestamp::MAX)
    }

    /// Whether placing is over, so that the candidate's data is not needed any more.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        matches!(self.placement, Placement::Placed | Placement::Refused)
    }

    /// Whether a request with an id of its own needs nothing more than this order. Only a refusal that the ATS knows of
    /// does not answer it: whoever sends the same request again after that wants it tried again.
    #[must_use]
    pub fn answers_its_request(&self) -> bool {
        self.placement != Placement::Refused || self.wants_write() || self.was_cancelled_here()
    }

    /// Whether [`Self::listed_again`] would change anything.
    #[must_use]
    pub fn is_to_be_shown_again(&self, now: Timestamp) -> bool {
        let lately = self.listed_again_at.is_some_and(|at| at.duration_until(now) < LISTED_AGAIN_PAUSE);
        !lately && self.desired.is_some() && !self.wants_write()
    }

    /// The ATS lists the request of this order again, as if nothing had been said about it: what it should show is
    /// written once more. Nothing where that was done a short while ago, or where there is nothing to show yet.
    pub fn listed_again(&mut self, now: Timestamp) -> Option<Event> {
        if !self.is_to_be_shown_again(now) {
            return None;
        }
        self.listed_again_at = Some(now);
        self.show_anew(now);
        self.write_at = Some(now);
        Some(Event::new(now, "listed again: will be shown again", ""))
    }

    /// Whether nothing was ordered of it and nothing will be.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.placement == Placement::Refused
    }

    /// Whether another order of the same request would be a second one.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.status.is_end()
    }

    /// Accounts for passed time and for whatever just changed: moves the visible status of an unplaced order and asks
    /// for a write where the ATS should show something else than before.
    fn settle(&mut self, now: Timestamp, timing: &Timing) {
        self.settle_unplaced(now, timing);
        let Some(view) = self.view(now, timing) else { return };
        if self.desired.as_ref().is_some_and(|desired| desired.shows_the_same(&view)) {
            return;
        }
        self.desired = Some(view);
        self.show_anew(now);
        self.write_at = Some(now);
    }

    /// The ATS should show something that it does not show yet.
    fn show_anew(&mut self, now: Timestamp) {
        self.desired_rev += 1;
        self.unshown_since.get_or_insert(now);
        self.write_attempts = 0;
        self.delivery = Delivery::Pending;
    }

    /// Time has passed and nothing else.
    pub fn settled(&mut self, now: Timestamp, timing: &Timing) {
        self.settle(now, timing);
    }

    fn set_status(&mut self, status: OrderStatus, now: Timestamp) {
        if self.status != status {
            self.status = status;
            self.status_at = now;
        }
        self.was_completed |= status == OrderStatus::Completed;
    }
}

#[cfg(test)]
mod tests;
