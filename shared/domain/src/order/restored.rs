//! After the table was put back to an earlier time: what was ordered since then is at the provider, and not known here.

use jiff::Timestamp;

use super::{Event, Order, Placement, Planned};
use crate::status::OrderStatus;

impl Order {
    /// A request that may have been ordered in the time that was lost: it is looked up before anything is sent.
    #[must_use]
    pub fn doubt(planned: Planned, restored_to: Timestamp, now: Timestamp) -> (Self, Event) {
        let placement = Placement::Uncertain { attempt: 0, due_at: now };
        let mut order = Self::new(planned, placement, OrderStatus::Received, now);
        let event = order.doubted(restored_to, now);
        (order, event)
    }

    /// Whether its next attempt would be sent, though it may have been placed in the time that was lost.
    #[must_use]
    pub fn is_doubtful(&self, restored_to: Timestamp) -> bool {
        self.doubted_from != Some(restored_to)
    }

    /// The same for an order that waited; once for each time to which the table was put back.
    pub fn doubt_again(&mut self, planned: Planned, restored_to: Timestamp, now: Timestamp) -> Event {
        self.plan(planned);
        self.doubted(restored_to, now)
    }

    fn doubted(&mut self, restored_to: Timestamp, now: Timestamp) -> Event {
        self.placement = Placement::Uncertain { attempt: self.placement.attempt(), due_at: now };
        self.first_intent_at = Some(self.first_intent_at.map_or(restored_to, |first| first.min(restored_to)));
        self.doubted_from = Some(restored_to);
        Event::new(now, "the table was restored: will look it up", "")
    }
}
