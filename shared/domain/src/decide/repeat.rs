//! Whether a request whose key exists already is a repetition, a second try or a new order.
//!
//! iCIMS gives an event neither an id nor a time, so the same move seen twice looks like two moves. A new order is
//! allowed only after the application was seen outside the trigger status: the generation opens again. A request with an
//! id of its own is ordered once and never again.

use jiff::Timestamp;

use crate::order::{Order, Placement};
use crate::reason::{NotForUs, Reason};
use crate::trace::Trace;

/// What a request means next to the order that has its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing was ordered under this key: take its place.
    Afresh,
    /// The key is taken for good: the next generation is free to be asked for.
    NextGeneration,
    /// The next generation must be confirmed by a person.
    NextGenerationHeld,
    NotForUs(NotForUs),
}

/// Judges a request against the stored order of the same key.
#[must_use]
pub fn judge(
    existing: &Order,
    in_trigger_status: Option<bool>,
    left_trigger_at: Option<Timestamp>,
    trace: &mut Trace,
) -> Repeat {
    let left_since = left_trigger_at.is_some_and(|left| left > existing.created_at);
    let held_as_duplicate = existing.placement == Placement::Parked
        && existing.refusal.as_ref().is_some_and(|refusal| refusal.reason == Reason::PossibleDuplicate);
    let (saw, repeat) = if existing.placement == Placement::Refused {
        ("an earlier refusal", Repeat::Afresh)
    } else if held_as_duplicate && left_since {
        ("an unconfirmed repetition, then seen outside the trigger status", Repeat::Afresh)
    } else if existing.subject.request.is_some() {
        ("an order of this very request", Repeat::NotForUs(NotForUs::DuplicateDelivery))
    } else if existing.is_open() {
        ("an open order", Repeat::NotForUs(NotForUs::DuplicateOpenOrder))
    } else if existing.status_ids_agree && in_trigger_status == Some(false) {
        (
            "an ended order, and the application is not in the trigger status now",
            Repeat::NotForUs(NotForUs::StaleTrigger),
        )
    } else if left_since {
        ("an ended order, then seen outside the trigger status", Repeat::NextGeneration)
    } else {
        ("an ended order, never seen outside the trigger status since", Repeat::NextGenerationHeld)
    };
    trace.note("repetition", saw, format!("{repeat:?}"));
    repeat
}
