//! From the intent to a placed order: what may be sent when, so that exactly one order is placed.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Event, Order, Replays, Timing};
use crate::id::{ConnectionId, GroupId, OrderId, PackageId, UserId};
use crate::provider::{ReportPage, Truth};
use crate::reason::{Kind, Reason, Refusal};
use crate::request::Subject;
use crate::retry;
use crate::status::{Delivery, OrderStatus};
use crate::trouble::{Cause, PostOutcome, Trouble};

/// How many attempts may end without a known outcome; after that a person looks.
const MOST_UNCLEAR_ATTEMPTS: u32 = 5;

/// By how much the provider's clock may be behind ours, so that a lookup starts a little earlier.
pub(super) const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(10);

/// Where placing the order stands. Internal: what people see is [`OrderStatus`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Placement {
    Refused,
    /// The intent is written; the request is about to leave, under way, or its sender is gone.
    Placing {
        attempt: u32,
        intent_at: Timestamp,
    },
    /// The last attempt certainly had no effect.
    Retry {
        attempt: u32,
        due_at: Timestamp,
    },
    /// Whether the last attempt had an effect is not known; a lookup tells, once it can be trusted.
    Uncertain {
        attempt: u32,
        due_at: Timestamp,
    },
    /// Waits for a person.
    Parked,
    Placed,
}

impl Placement {
    /// When placing goes on by itself.
    pub(super) fn due_at(&self, timing: &Timing) -> Option<Timestamp> {
        match self {
            Self::Placing { intent_at, .. } => after(*intent_at, timing.quiet_window),
            Self::Retry { due_at, .. } | Self::Uncertain { due_at, .. } => Some(*due_at),
            Self::Refused | Self::Parked | Self::Placed => None,
        }
    }

    pub(super) const fn attempt(&self) -> u32 {
        match self {
            Self::Placing { attempt, .. } | Self::Retry { attempt, .. } | Self::Uncertain { attempt, .. } => *attempt,
            Self::Refused | Self::Parked | Self::Placed => 0,
        }
    }
}

fn after(at: Timestamp, wait: SignedDuration) -> Option<Timestamp> {
    Some(at.saturating_add(wait).unwrap_or(Timestamp::MAX))
}

/// What was decided about a request, as far as it is stored with the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    pub id: OrderId,
    pub connection: ConnectionId,
    /// The ATS's name, part of the order's identity.
    pub ats: String,
    pub subject: Subject,
    pub generation: u32,
    pub package: Option<PackageId>,
    pub package_name: Option<String>,
    pub group: Option<GroupId>,
    pub ordered_by: Option<UserId>,
    pub candidate_mark: Option<String>,
    pub status_ids_agree: bool,
    /// When the application entered the trigger status, where the ATS keeps a history of it.
    pub entered_at: Option<Timestamp>,
    /// Until when the request rests in the table, where it is kept there.
    pub request_kept_until: Option<Timestamp>,
}

/// What a lookup at the provider came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Nothing,
    One(Box<Truth>),
    Several(usize),
    /// It cannot be looked up any more.
    Impossible(Cause),
    /// Not now.
    NotNow(Trouble),
}

impl Order {
    pub(super) fn new(planned: Planned, placement: Placement, status: OrderStatus, now: Timestamp) -> Self {
        Self {
            id: planned.id,
            connection: planned.connection,
            ats: planned.ats,
            subject: planned.subject,
            generation: planned.generation,
            package: planned.package,
            package_name: planned.package_name,
            group: planned.group,
            ordered_by: planned.ordered_by,
            candidate_mark: planned.candidate_mark,
            rev: 1,
            created_at: now,
            replays: Replays::default(),
            goes_on_as: None,
            placement,
            first_intent_at: None,
            doubted_from: None,
            unclear_attempts: 0,
            status_ids_agree: planned.status_ids_agree,
            entered_at: planned.entered_at,
            status,
            status_at: now,
            status_word: None,
            action_by: None,
            refusal: None,
            result: None,
            provider_order: None,
            provider_short_id: None,
            provider_modified: None,
            score_awaited_since: None,
            look_at: None,
            unread_since: None,
            checks: Vec::new(),
            was_completed: false,
            request_kept_until: planned.request_kept_until,
            listed_again_at: None,
            desired: None,
            desired_rev: 0,
            written_rev: 0,
            unshown_since: None,
            delivery: Delivery::Delivered,
            write_attempts: 0,
            write_at: None,
            claimed_until: None,
            write_refusal: None,
            ats_ref: None,
            report_page: ReportPage::ByNumber,
            report_link: None,
            report_file: None,
        }
    }

    /// The intent to place a new order: written before a byte leaves, it is dedupe, claim and log in one.
    #[must_use]
    pub fn intend(planned: Planned, now: Timestamp) -> Self {
        let placement = Placement::Placing { attempt: 1, intent_at: now };
        Self { first_intent_at: Some(now), ..Self::new(planned, placement, OrderStatus::Received, now) }
    }

    /// A request that is refused.
    #[must_use]
    pub fn refuse(planned: Planned, refusal: Refusal, now: Timestamp, timing: &Timing) -> Self {
        let mut order = Self::new(planned, Placement::Refused, OrderStatus::Rejected, now);
        order.refusal = Some(order.named(refusal));
        order.settle(now, timing);
        order
    }

    /// A request that cannot be placed yet: it passes, or a person must act.
    #[must_use]
    pub fn wait(planned: Planned, trouble: &Trouble, now: Timestamp, timing: &Timing) -> (Self, Event) {
        let placement = Placement::Retry { attempt: 0, due_at: now };
        let mut order = Self::new(planned, placement, OrderStatus::Received, now);
        let event = order.no_effect(trouble, 1, now);
        order.settle(now, timing);
        (order, event)
    }

    /// A request that a person must confirm first.
    #[must_use]
    pub fn park(planned: Planned, refusal: Refusal, now: Timestamp, timing: &Timing) -> Self {
        let mut order = Self::new(planned, Placement::Parked, OrderStatus::Held, now);
        order.refusal = Some(order.named(refusal));
        order.settle(now, timing);
        order
    }

    /// The same request again, after it was refused or parked: it is evaluated afresh and keeps its entry in the ATS.
    /// Its waits, and what opens the way for another order, count from now.
    #[must_use]
    pub fn replaced_by(&self, mut next: Self) -> Self {
        next.rev = self.rev + 1;
        next.desired_rev += self.desired_rev;
        next.written_rev = self.desired_rev;
        next.ats_ref.clone_from(&self.ats_ref);
        next.claimed_until = self.claimed_until;
        next.write_refusal.clone_from(&self.write_refusal);
        next.replays = Replays { asked_again_at: None, ..self.replays.clone() };
        next
    }

    /// Whether it may be at the provider without our knowing, so that the provider's own word about it settles it.
    #[must_use]
    pub const fn is_unclear(&self) -> bool {
        match self.placement {
            Placement::Placing { .. } | Placement::Uncertain { .. } => true,
            // A lookup may have come too early.
            Placement::Parked | Placement::Retry { .. } => self.first_intent_at.is_some(),
            Placement::Refused | Placement::Placed => false,
        }
    }

    /// The intent of another attempt, after one that had no effect.
    pub fn intend_again(&mut self, planned: Planned, now: Timestamp) -> Event {
        let attempt = self.placement.attempt() + 1;
        self.plan(planned);
        self.placement = Placement::Placing { attempt, intent_at: now };
        self.first_intent_at = self.first_intent_at.or(Some(now));
        Event::new(now, format!("placing, attempt {attempt}"), "")
    }

    /// What is ordered is as it was decided just now.
    pub(super) fn plan(&mut self, planned: Planned) {
        self.package = planned.package;
        self.package_name = planned.package_name;
        self.group = planned.group;
        self.ordered_by = planned.ordered_by;
        self.candidate_mark = planned.candidate_mark;
    }

    /// The request goes on under another order's key, which also takes over the entry in the ATS.
    pub fn handed_over(&mut self, next: &OrderId, now: Timestamp) -> Event {
        self.placement = Placement::Refused;
        self.goes_on_as = Some(next.clone());
        self.set_status(OrderStatus::Rejected, now);
        self.ats_ref = None;
        // There is nothing to show any more, whoever looks at it once again.
        self.desired = Some(self.shown());
        self.written_rev = self.desired_rev;
        self.unshown_since = None;
        self.write_at = None;
        self.write_refusal = None;
        self.delivery = Delivery::Delivered;
        Event::new(now, "goes on as another order", next.as_str())
    }

    /// Whether nothing was placed so far and the next attempt is due at once.
    #[must_use]
    pub const fn is_to_be_placed(&self) -> bool {
        matches!(self.placement, Placement::Retry { .. })
    }

    /// The key under which a request of the same application is kept while no package can be told.
    #[must_use]
    pub fn key_without_package(&self) -> OrderId {
        OrderId::derive(&self.connection, &self.ats, &self.subject, "", 0)
    }

    /// A waiting order that turned out to be one to refuse.
    pub fn refused(&mut self, refusal: Refusal, now: Timestamp, timing: &Timing) -> Event {
        let event = Event::new(now, "refused", refusal.reason.code());
        self.placement = Placement::Refused;
        self.refusal = Some(self.named(refusal));
        self.set_status(OrderStatus::Rejected, now);
        self.settle(now, timing);
        event
    }

    /// What became of the request that the intent announced.
    pub fn answered(&mut self, outcome: PostOutcome<Truth>, now: Timestamp, timing: &Timing) -> Event {
        let attempt = self.placement.attempt();
        let event = match outcome {
            PostOutcome::Accepted(truth) => self.placed(truth, "accepted", now, timing),
            PostOutcome::NoEffect(trouble) => self.no_effect(&trouble, attempt, now),
            PostOutcome::Unclear(cause) => {
                let intent_at = match self.placement {
                    Placement::Placing { intent_at, .. } => intent_at,
                    _ => now,
                };
                let due_at = after(intent_at, timing.quiet_window).unwrap_or(now);
                self.placement = Placement::Uncertain { attempt, due_at };
                Event::new(now, "outcome unclear: will look it up", cause.to_string())
            }
        };
        self.settle(now, timing);
        event
    }

    /// A waiting order could again not be placed.
    pub fn still_waits(&mut self, trouble: &Trouble, now: Timestamp, timing: &Timing) -> Event {
        let attempt = self.placement.attempt() + 1;
        let event = self.no_effect(trouble, attempt, now);
        self.settle(now, timing);
        event
    }

    fn no_effect(&mut self, trouble: &Trouble, attempt: u32, now: Timestamp) -> Event {
        let cause = trouble.cause().to_string();
        let pause = retry::pause(attempt.max(1), self.id.as_str());
        let wait = match trouble {
            Trouble::Because { refusal, .. } if refusal.reason.kind() == Kind::Reject => {
                self.placement = Placement::Refused;
                self.set_status(OrderStatus::Rejected, now);
                self.refusal = Some(self.named(refusal.clone()));
                return Event::new(now, "refused by the provider", format!("{} · {cause}", refusal.reason.code()));
            }
            Trouble::Because { refusal, .. } => {
                let held = if refusal.reason.kind() == Kind::Hold {
                    refusal.clone()
                } else {
                    // What blocks a write to the ATS also keeps an order from being read; the recruiter is not told
                    // by a place that cannot be written.
                    Refusal::new(Reason::ProviderUnavailable)
                };
                self.refusal = Some(held);
                self.set_status(OrderStatus::Held, now);
                pause
            }
            Trouble::Later { after, .. } => {
                // What it waited for before is cured: from here only the time tells.
                self.refusal = None;
                after.map_or(pause, |after| after.max(pause))
            }
        };
        let due_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
        self.placement = Placement::Retry { attempt, due_at };
        Event::new(now, "not placed: will try again", cause)
    }

    /// The refusal with the order's own package or group where it names none.
    fn named(&self, refusal: Refusal) -> Refusal {
        let name = self.package_name.as_deref().filter(|name| !name.trim().is_empty());
        let package = name.or(self.package.as_ref().map(PackageId::as_str));
        refusal.naming(package, self.group.as_ref().map(GroupId::as_str))
    }

    pub(super) fn placed(&mut self, truth: Truth, how: &str, now: Timestamp, timing: &Timing) -> Event {
        let event = Event::new(now, format!("placed: {how}"), format!("provider order {}", truth.order));
        self.placement = Placement::Placed;
        self.refusal = None;
        self.provider_order = Some(truth.order.clone());
        self.set_status(OrderStatus::PendingCandidate, now);
        self.look_at = self.next_look(&truth, now, timing);
        self.take_truth(truth, now, timing);
        event
    }

    /// What the lookup of an unclear placement came to.
    pub fn looked_up(&mut self, found: Found, now: Timestamp, timing: &Timing) -> Event {
        let attempt = self.placement.attempt();
        let event = match found {
            Found::One(truth) => self.placed(*truth, "found at the provider", now, timing),
            Found::Nothing => {
                self.unclear_attempts += 1;
                if self.unclear_attempts < MOST_UNCLEAR_ATTEMPTS {
                    self.placement = Placement::Retry { attempt, due_at: now };
                    Event::new(now, "not at the provider: will place it again", "")
                } else {
                    self.parked("not found after the last attempt", now)
                }
            }
            Found::Several(count) => self.parked(&format!("{count} orders at the provider could be it"), now),
            Found::Impossible(cause) => self.parked(&cause.to_string(), now),
            Found::NotNow(trouble) => {
                let pause = retry::pause(attempt.max(1), self.id.as_str());
                let wait = match &trouble {
                    Trouble::Later { after: Some(after), .. } => pause.max(*after),
                    _ => pause,
                };
                let due_at = now.saturating_add(wait).unwrap_or(Timestamp::MAX);
                self.placement = Placement::Uncertain { attempt, due_at };
                Event::new(now, "could not be looked up yet", trouble.cause().to_string())
            }
        };
        self.settle(now, timing);
        event
    }

    fn parked(&mut self, why: &str, now: Timestamp) -> Event {
        self.placement = Placement::Parked;
        self.refusal = None;
        Event::new(now, "parked: a person must look", why)
    }

    /// When a lookup starts to look: the first intent, less the difference that clocks may have.
    #[must_use]
    pub fn lookup_from(&self) -> Timestamp {
        self.first_intent_at.unwrap_or(self.created_at).saturating_sub(CLOCK_SKEW).unwrap_or(Timestamp::MIN)
    }

    /// The visible status of an order that is not placed follows its placement and the time.
    pub(super) fn settle_unplaced(&mut self, now: Timestamp, timing: &Timing) {
        let unconfirmed = matches!(self.placement, Placement::Uncertain { .. })
            || matches!(&self.placement, Placement::Placing { intent_at, .. }
                if after(*intent_at, timing.quiet_window).is_some_and(|at| at <= now));
        let parked = self.placement == Placement::Parked;
        if unconfirmed || (parked && self.refusal.is_none()) {
            self.refusal = Some(Refusal::new(Reason::OrderOutcomeUnknown));
            self.set_status(OrderStatus::Held, now);
        } else if matches!(self.placement, Placement::Retry { .. }) {
            let waited = self.asked_at().duration_until(now);
            let erased = self.request_kept_until.is_some_and(|until| until <= now);
            if erased || waited >= timing.longest_wait {
                self.placement = Placement::Refused;
                self.refusal = Some(Refusal::new(Reason::HeldExpired));
                self.set_status(OrderStatus::Rejected, now);
            } else if self.refusal.is_none() && waited >= timing.patience {
                self.refusal = Some(Refusal::new(Reason::ProviderUnavailable));
                self.set_status(OrderStatus::Held, now);
            } else if self.refusal.is_none() {
                self.set_status(OrderStatus::Received, now);
            }
        }
    }

    /// When the recruiter will be told that the order waits, if it still does.
    pub(super) fn shown_as_held_at(&self, timing: &Timing) -> Option<Timestamp> {
        let waits = matches!(self.placement, Placement::Retry { .. } | Placement::Uncertain { .. } | Placement::Parked);
        let shown = self.desired.as_ref().is_some_and(|view| view.status == OrderStatus::Held);
        if waits && !shown { after(self.asked_at(), timing.patience) } else { None }
    }
}
