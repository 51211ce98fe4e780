//! What an admin says of an order: which one at the provider it is, or that it is not wanted any more.

use jiff::{SignedDuration, Timestamp};

use super::{Event, Order, Placement, Timing};
use crate::id::ProviderOrderId;
use crate::provider::{Cancelled, Truth};
use crate::reason::Reason;
use crate::status::OrderStatus;

/// When an order is looked at again that the provider was told to cancel.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// What naming the provider's order comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// It may be that one.
    Open,
    /// It is known to be that one.
    Already,
    Refused(&'static str),
}

/// What cancelling comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelling {
    Already,
    /// It was certainly never sent.
    Here,
    AtProvider(ProviderOrderId),
    Refused(&'static str),
}

impl Order {
    /// Whether a person may say that this is the provider's order of that name.
    #[must_use]
    pub fn adoption(&self, provider_order: &ProviderOrderId, now: Timestamp, timing: &Timing) -> Adoption {
        let unknown = self.refusal.as_ref().is_some_and(|refusal| refusal.reason == Reason::OrderOutcomeUnknown);
        match &self.placement {
            Placement::Placed if self.provider_order.as_ref() == Some(provider_order) => Adoption::Already,
            Placement::Placed => Adoption::Refused("It is another order at the provider, which is known."),
            Placement::Uncertain { .. } => Adoption::Open,
            Placement::Parked if unknown => Adoption::Open,
            Placement::Placing { .. } if self.placement.due_at(timing).is_some_and(|due| due <= now) => Adoption::Open,
            Placement::Placing { .. } => Adoption::Refused("It is being placed at this moment."),
            Placement::Parked | Placement::Retry { .. } => {
                Adoption::Refused("It waits and was not sent, so there is nothing to adopt.")
            }
            Placement::Refused => Adoption::Refused("It was refused, so there is nothing to adopt."),
        }
    }

    /// A person found it at the provider.
    pub fn adopted(&mut self, truth: Truth, now: Timestamp, timing: &Timing) -> Event {
        let event = self.placed(truth, "adopted by an admin", now, timing);
        self.settle(now, timing);
        event
    }

    /// What cancelling it means now.
    #[must_use]
    pub fn cancelling(&self) -> Cancelling {
        if self.status == OrderStatus::Cancelled {
            return Cancelling::Already;
        }
        match (&self.placement, &self.provider_order) {
            (Placement::Placed, _) if self.status.is_end() => Cancelling::Refused("It has ended already."),
            (Placement::Placed, Some(order)) => Cancelling::AtProvider(order.clone()),
            (Placement::Retry { .. }, _) if self.unclear_attempts == 0 => Cancelling::Here,
            (Placement::Parked, _) if self.is_possible_duplicate() => Cancelling::Here,
            (Placement::Refused, _) => Cancelling::Refused("It was refused, so there is nothing to cancel."),
            _ => Cancelling::Refused(
                "Whether it is at the provider is not known. Look there, then adopt it or replay it, and cancel it after that.",
            ),
        }
    }

    /// An admin does not want it any more, and it was never sent.
    pub fn cancelled_here(&mut self, now: Timestamp, timing: &Timing) -> Event {
        self.placement = Placement::Refused;
        self.refusal = None;
        self.set_status(OrderStatus::Cancelled, now);
        self.settle(now, timing);
        Event::new(now, "cancelled by an admin", "it was never sent")
    }

    /// Whether an admin cancelled it before it was sent, so that nothing comes of it by itself.
    #[must_use]
    pub fn was_cancelled_here(&self) -> bool {
        self.placement == Placement::Refused && self.status == OrderStatus::Cancelled
    }

    /// An admin had the provider told to cancel it; what it says of it is read by itself.
    pub fn cancel_asked(&mut self, told: Cancelled, now: Timestamp) -> Event {
        let cause = match told {
            Cancelled::Taken => "the provider was told",
            Cancelled::Closed => "the provider had closed it already",
            Cancelled::Gone => "the provider does not have it",
        };
        Event::new(now, "cancelled by an admin", cause)
    }

    /// The provider may take a moment for what it was told: an open order is looked at soon.
    pub fn look_soon(&mut self, now: Timestamp) {
        if let (false, Some(at)) = (self.status.is_end(), self.look_at) {
            self.look_at = now.saturating_add(SOON).ok().map(|soon| soon.min(at));
        }
    }
}
