//! What becomes of an order that an admin has gone on with: always under its own key, so that a replay never places a
//! second order unless it was said in so many words.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Event, Order, Placement, Planned, Timing};
use crate::id::OrderId;
use crate::reason::{Kind, Reason, Refusal};
use crate::request::{Barrier, CheckRequest};
use crate::status::{Delivery, OrderStatus};

/// How often one order may be replayed, and how long it rests after each time.
pub const MOST_REPLAYS: u32 = 20;
pub const COOL_DOWN: SignedDuration = SignedDuration::from_secs(60);

/// What is remembered of an order's replays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replays {
    pub count: u32,
    pub last_at: Option<Timestamp>,
    /// When the refused request was last asked for again: its waits count from then.
    pub asked_again_at: Option<Timestamp>,
    /// Nothing that was read of the connection before this counts any more.
    pub fresh_from: Option<Timestamp>,
}

/// How a replayed order goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The refused request is read and decided anew.
    AskAgain,
    /// What waited is tried now.
    Place,
    /// Whether it is at the provider is looked up.
    LookUp,
    /// The provider is read, and what the ATS should show is written once more.
    Show,
    /// The order ended: another one follows it.
    Reorder,
}

impl Replay {
    /// The code in the API and the story.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AskAgain => "decide_again",
            Self::Place => "place",
            Self::LookUp => "look_up",
            Self::Show => "read_and_show",
            Self::Reorder => "order_again",
        }
    }
}

/// Why an order is not replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReplayed {
    TooSoon {
        after: SignedDuration,
    },
    TooOften,
    /// An attempt is under way, or too fresh for a lookup to be trusted.
    Unsettled {
        until: Timestamp,
    },
    MustBeConfirmed,
    /// What the ATS asked for is not kept, and the ATS cannot be asked for it again.
    RequestErased,
    GoesOnAs(OrderId),
    CancelledHere,
    StillOpen,
    /// Another order follows it already.
    FollowedBy(OrderId),
}

impl NotReplayed {
    /// The code under which a bulk replay counts it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooSoon { .. } => "too_soon",
            Self::TooOften => "too_often",
            Self::Unsettled { .. } => "unsettled",
            Self::MustBeConfirmed => "must_be_confirmed",
            Self::RequestErased => "request_erased",
            Self::GoesOnAs(_) => "goes_on_as_another",
            Self::CancelledHere => "cancelled",
            Self::StillOpen => "still_open",
            Self::FollowedBy(_) => "followed_by_another",
        }
    }

    /// What the admin is told.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::TooSoon { .. } => "The order was replayed a moment ago. Wait a minute.".to_owned(),
            Self::TooOften => format!("The order was replayed {MOST_REPLAYS} times already: that does not cure it."),
            Self::Unsettled { until } => {
                format!("An attempt to place it is not settled yet. It can be looked up from {until:.0}.")
            }
            Self::MustBeConfirmed => {
                "It looks like a repeat of an earlier order. Say force_reorder to confirm that it is wanted.".to_owned()
            }
            Self::RequestErased => {
                "The candidate's data is not kept any more: the recruiter must send the request again.".to_owned()
            }
            Self::GoesOnAs(order) => format!("The request goes on as the order {order}: replay that one."),
            Self::CancelledHere => {
                "It was cancelled before it was sent. Say force_reorder to order it all the same.".to_owned()
            }
            Self::FollowedBy(order) => format!("The order {order} follows it already: replay that one."),
            Self::StillOpen => "The order is still open, so another one would be a second one.".to_owned(),
        }
    }
}

impl Order {
    /// When it was asked for, the last time by an admin's replay of a refusal.
    #[must_use]
    pub fn asked_at(&self) -> Timestamp {
        self.replays.asked_again_at.unwrap_or(self.created_at)
    }

    /// Whether it was refused, and an admin had it asked for again.
    #[must_use]
    pub const fn was_asked_again(&self) -> bool {
        self.replays.asked_again_at.is_some()
    }

    /// What a replay would do now.
    ///
    /// # Errors
    /// [`NotReplayed`]: the order stays as it is.
    pub fn replayable(&self, force_reorder: bool, now: Timestamp, timing: &Timing) -> Result<Replay, NotReplayed> {
        if let Some(rest) = self.replays.last_at.map(|at| COOL_DOWN - at.duration_until(now))
            && rest.is_positive()
        {
            return Err(NotReplayed::TooSoon { after: rest });
        }
        if self.replays.count >= MOST_REPLAYS {
            return Err(NotReplayed::TooOften);
        }
        match &self.placement {
            Placement::Placing { .. } | Placement::Uncertain { .. } => match self.placement.due_at(timing) {
                Some(until) if until > now => Err(NotReplayed::Unsettled { until }),
                _ => Ok(Replay::LookUp),
            },
            Placement::Retry { .. } => Ok(Replay::Place),
            Placement::Parked if self.is_possible_duplicate() => {
                if force_reorder {
                    Ok(Replay::Place)
                } else {
                    Err(NotReplayed::MustBeConfirmed)
                }
            }
            // A person who looked at the provider says that it is not there.
            Placement::Parked if force_reorder => Ok(Replay::Place),
            Placement::Parked => Ok(Replay::LookUp),
            Placement::Placed if !force_reorder => Ok(Replay::Show),
            Placement::Placed if self.is_open() => Err(NotReplayed::StillOpen),
            Placement::Placed if self.request_is_erased() => Err(NotReplayed::RequestErased),
            Placement::Placed => Ok(Replay::Reorder),
            Placement::Refused => match &self.goes_on_as {
                Some(next) => Err(NotReplayed::GoesOnAs(next.clone())),
                None if self.was_cancelled_here() && !force_reorder => Err(NotReplayed::CancelledHere),
                None if self.request_is_erased() => Err(NotReplayed::RequestErased),
                None if self.unclear_attempts > 0 => Ok(Replay::LookUp),
                None => Ok(Replay::AskAgain),
            },
        }
    }

    /// Has the order gone on with. [`Replay::Reorder`] changes nothing of it: that is another order, [`Self::again`].
    ///
    /// # Errors
    /// [`NotReplayed`]: the order stays as it is.
    pub fn replay(
        &mut self,
        force_reorder: bool,
        now: Timestamp,
        timing: &Timing,
    ) -> Result<(Replay, Event), NotReplayed> {
        let replay = self.replayable(force_reorder, now, timing)?;
        let attempt = self.placement.attempt();
        match replay {
            Replay::AskAgain => {
                self.asked_again(now);
                self.placement = Placement::Retry { attempt, due_at: now };
                if force_reorder {
                    // What stood in the way of a new order stands there no longer.
                    self.refusal = self.refusal.take().filter(|r| r.reason != Reason::ReorderNotAllowed);
                }
            }
            Replay::Place => {
                if self.placement == Placement::Parked {
                    self.refusal = None;
                }
                self.placement = Placement::Retry { attempt, due_at: now };
            }
            Replay::LookUp => {
                if self.placement == Placement::Refused {
                    self.asked_again(now);
                }
                self.placement = Placement::Uncertain { attempt, due_at: now };
                self.unclear_attempts = 0;
            }
            Replay::Show => {
                self.look_at = Some(now);
                self.show_anew(now);
                // After the look, which finds what to write.
                self.write_at = None;
            }
            Replay::Reorder => {}
        }
        if self.desired_rev > self.written_rev && replay != Replay::Show {
            self.write_at = Some(now);
            if self.delivery == Delivery::Dead {
                self.delivery = Delivery::Pending;
            }
        }
        self.replays.count += 1;
        self.replays.last_at = Some(now);
        self.replays.fresh_from = Some(now);
        Ok((replay, Event::new(now, "replayed by an admin", replay.code())))
    }

    fn asked_again(&mut self, now: Timestamp) {
        self.replays.asked_again_at = Some(now);
        self.set_status(OrderStatus::Received, now);
    }

    /// The order that follows this one, which ended, because an admin wants another.
    #[must_use]
    pub fn again(&self, now: Timestamp) -> Self {
        let generation = self.generation + 1;
        let package = self.package.as_ref().map_or("", |package| package.as_str());
        let planned = Planned {
            id: OrderId::derive(&self.connection, &self.ats, &self.subject, package, generation),
            connection: self.connection.clone(),
            ats: self.ats.clone(),
            subject: self.subject.clone(),
            generation,
            package: self.package.clone(),
            package_name: self.package_name.clone(),
            group: self.group.clone(),
            ordered_by: None,
            candidate_mark: None,
            status_ids_agree: self.status_ids_agree,
            entered_at: self.entered_at,
            request_kept_until: None,
        };
        let mut next = Self::new(planned, Placement::Retry { attempt: 0, due_at: now }, OrderStatus::Received, now);
        next.replays.fresh_from = Some(now);
        next
    }

    /// What a connection's orders waited for is cured: this one, if it waited for it, is due now. Whether it did.
    pub fn cured(&mut self, reason: Reason, now: Timestamp) -> bool {
        let waits = matches!(self.placement, Placement::Retry { .. }) && self.is_about(reason);
        if waits {
            self.placement = Placement::Retry { attempt: self.placement.attempt(), due_at: now };
        }
        let blocked = self.is_blocked_by(reason);
        self.unblocked(reason, now);
        if waits || blocked {
            self.replays.fresh_from = Some(now);
        }
        waits || blocked
    }

    /// Whether this order, which is no refusal, came after the refused one that an admin had asked for again.
    #[must_use]
    pub fn answers_later(&self, refused: &Self) -> bool {
        self.placement != Placement::Refused && self.created_at >= refused.created_at
    }

    /// Why a request that an admin had asked for again stays refused whatever the provider would say.
    #[must_use]
    pub fn stays_refused(&self, request: &CheckRequest) -> Option<&'static str> {
        if !self.was_asked_again() {
            return None;
        }
        match &request.barrier {
            Some(Barrier::NotForUs(why)) => return Some(why.code()),
            Some(Barrier::Refusal(_)) | None => {}
        }
        if self.status_ids_agree && request.in_trigger_status == Some(false) {
            return Some("not in the trigger status any more");
        }
        let not_again = request.entry.is_some_and(|entry| !entry.may_reorder);
        (not_again && self.is_about(Reason::ReorderNotAllowed)).then_some("re-ordering is off")
    }

    /// The request that was asked for again stays refused, for the reason that it had.
    pub fn stayed_refused(&mut self, why: &str, now: Timestamp, timing: &Timing) -> Event {
        let refuses = |refusal: &Refusal| refusal.reason.kind() == Kind::Reject;
        let shown = self.desired.as_ref().and_then(|view| view.refusal.clone()).filter(refuses);
        self.refusal = self.refusal.take().filter(refuses).or(shown).or(Some(Refusal::new(Reason::HeldExpired)));
        self.placement = Placement::Refused;
        self.set_status(OrderStatus::Rejected, now);
        self.settle(now, timing);
        Event::new(now, "stays refused", why)
    }

    fn is_about(&self, reason: Reason) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.reason == reason)
    }

    /// Whether a person must say first that it is wanted.
    #[must_use]
    pub fn is_possible_duplicate(&self) -> bool {
        self.is_about(Reason::PossibleDuplicate)
    }

    /// Whether the ATS cannot be asked again for what this order needs.
    const fn request_is_erased(&self) -> bool {
        self.subject.request.is_some() && self.request_kept_until.is_none()
    }
}
