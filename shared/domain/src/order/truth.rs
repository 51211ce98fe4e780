//! The provider's truth moves an order forward by rank, never by the order in which answers arrive.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Event, Order, Timing};
use crate::provider::{ReportPage, Truth};
use crate::retry;
use crate::status::{OrderResult, OrderStatus, ResultCode};

/// When a finished order without a score is looked at again, and when waiting for the score ends.
const SCORE_LOOKS: [SignedDuration; 3] =
    [SignedDuration::from_mins(1), SignedDuration::from_mins(5), SignedDuration::from_mins(15)];
/// The place in the retry schedule of a look that failed: one to two minutes.
const READ_AGAIN: u32 = 4;
/// Within what time a provider that cannot be asked tells the score of a finished order.
const SCORE_TOLD_WITHIN: SignedDuration = SignedDuration::from_mins(15);
const SCORE_LOOK_LATER: SignedDuration = SignedDuration::from_hours(1);

/// How often an order is read at a provider that may not tell of changes, by the age of the order.
const OFTEN: [(SignedDuration, SignedDuration); 2] = [
    (SignedDuration::from_hours(24), SignedDuration::from_mins(15)),
    (SignedDuration::from_hours(24 * 7), SignedDuration::from_hours(1)),
];

fn no_result() -> OrderResult {
    OrderResult { code: ResultCode::None, label: "No result given".to_owned() }
}

impl Order {
    /// What a reading of the provider changes.
    pub fn observed(&mut self, truth: Truth, now: Timestamp, timing: &Timing) -> Option<Event> {
        // An answer that was overtaken does not put off the look that is due because of a newer one.
        if !self.is_older(&truth) || self.look_at.is_none_or(|at| at <= now) {
            self.look_at = self.next_look(&truth, now, timing);
        }
        self.unread_since = None;
        let before = (self.status, self.action_by, self.result.clone(), self.finished_checks());
        let said = truth.status.code();
        self.take_truth(truth, now, timing);
        self.settle(now, timing);
        let after = (self.status, self.action_by, self.result.clone(), self.finished_checks());
        if before == after {
            return None;
        }
        let result = self.result.as_ref().map(|result| format!(", result {}", result.label)).unwrap_or_default();
        let checks = match self.checks.len() {
            0 => String::new(),
            all => format!(", {} of {all} checks finished", self.finished_checks()),
        };
        let what = format!("{} → {}{result}{checks}", before.0.code(), self.status.code());
        Some(Event::new(now, what, format!("the provider says {said}")))
    }

    /// When the order is looked at again although nothing was heard.
    pub(super) fn next_look(&self, truth: &Truth, now: Timestamp, timing: &Timing) -> Option<Timestamp> {
        let age = self.created_at.duration_until(now);
        let often = OFTEN.into_iter().find(|(until, _)| truth.ask_often && age < *until).map(|(_, every)| every);
        now.saturating_add(often.unwrap_or(timing.safety_look)).ok()
    }

    /// The provider cannot be asked: only what it tells counts, but for a score that it does not tell in time.
    pub fn only_told(&mut self, now: Timestamp, timing: &Timing) -> Option<Event> {
        self.look_at = None;
        self.unread_since = None;
        let since = self.score_awaited_since?;
        if since.duration_until(now) < SCORE_TOLD_WITHIN {
            self.look_at = since.saturating_add(SCORE_TOLD_WITHIN).ok();
            return None;
        }
        self.score_awaited_since = None;
        self.set_status(OrderStatus::Completed, now);
        self.result = Some(no_result());
        self.settle(now, timing);
        Some(Event::new(now, "completed without a score", "the provider told none"))
    }

    fn finished_checks(&self) -> usize {
        self.checks.iter().filter(|check| check.finished).count()
    }

    /// Whether a reading changes nothing that would have to be stored.
    #[must_use]
    pub fn is_up_to_date_with(&self, truth: &Truth, now: Timestamp, timing: &Timing) -> bool {
        let mut after = self.clone();
        let unchanged = after.observed(truth.clone(), now, timing).is_none()
            && after.provider_modified == self.provider_modified
            && after.score_awaited_since == self.score_awaited_since
            && after.unread_since == self.unread_since
            && after.desired_rev == self.desired_rev;
        unchanged && !self.wants_write() && self.look_at.is_none_or(|at| at > now)
    }

    /// The provider could not be read: look again after a while, or when it says.
    pub fn not_readable(&mut self, wait: Option<Duration>, now: Timestamp) {
        self.unread_since.get_or_insert(now);
        let pause = retry::pause(READ_AGAIN, self.id.as_str());
        self.look_at = now.saturating_add(wait.map_or(pause, |wait| wait.max(pause))).ok();
    }

    /// The provider does not have the order any more: there is nothing left to look at.
    pub fn gone_at_provider(&mut self, now: Timestamp) -> Event {
        self.look_at = None;
        self.unread_since = None;
        Event::new(now, "gone at the provider", "the provider answered 404")
    }

    pub(super) fn take_truth(&mut self, truth: Truth, now: Timestamp, timing: &Timing) {
        if !self.is_older(&truth) {
            self.follow(truth, now, timing);
        }
        if self.status.is_end() {
            self.look_at = None;
            self.score_awaited_since = None;
        }
    }

    fn is_older(&self, truth: &Truth) -> bool {
        matches!((truth.modified, self.provider_modified), (Some(new), Some(old)) if new < old)
    }

    fn follow(&mut self, truth: Truth, now: Timestamp, timing: &Timing) {
        let newer = truth.modified > self.provider_modified;
        let finished = truth.checks.iter().filter(|check| check.finished).count();
        if newer || finished >= self.finished_checks() {
            self.checks = truth.checks;
        }
        self.provider_modified = truth.modified.or(self.provider_modified);
        self.provider_short_id = truth.short_id.or(self.provider_short_id.take());
        if newer || matches!(truth.report, ReportPage::At(_)) {
            self.report_page = truth.report;
        }
        if truth.awaits_score.is_some() && self.status == OrderStatus::Completed {
            // The result that is known stands.
            return;
        }

        let (status, result) = self.with_awaited_score(truth.awaits_score, truth.status, truth.result, now, timing);
        let moves =
            self.status == status || (self.status.may_become(status) && (newer || status.rank() > self.status.rank()));
        if !moves {
            return;
        }
        if self.status == status && !newer && result.is_none() {
            return;
        }
        self.set_status(status, now);
        self.status_word = truth.status_word;
        self.action_by = truth.action_by;
        if status == OrderStatus::Completed {
            self.result = result.or(self.result.take());
        } else {
            self.result = None;
        }
    }

    /// A finished check without a score stays in progress for `awaits_score`, and is then completed without a result.
    fn with_awaited_score(
        &mut self,
        awaits_score: Option<SignedDuration>,
        status: OrderStatus,
        result: Option<OrderResult>,
        now: Timestamp,
        timing: &Timing,
    ) -> (OrderStatus, Option<OrderResult>) {
        let Some(given_up) = awaits_score else {
            self.score_awaited_since = None;
            return (status, result);
        };
        let since = *self.score_awaited_since.get_or_insert(now);
        let waited = now.duration_since(since);
        if waited >= given_up {
            return (OrderStatus::Completed, Some(no_result()));
        }
        let next = SCORE_LOOKS
            .into_iter()
            .find(|look| *look > waited && *look <= given_up)
            .unwrap_or_else(|| (waited + SCORE_LOOK_LATER).min(given_up));
        self.look_at = since.saturating_add(next.min(timing.safety_look)).ok();
        (OrderStatus::InProgress, None)
    }
}
