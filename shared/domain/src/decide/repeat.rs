//! Whether a request whose key exists already is a repetition, a second try or a new order.
//!
//! iCIMS gives an event neither an id nor a time, so the same move seen twice looks like two moves. A new order is
//! allowed only after the application was seen outside the trigger status: the generation opens again. A request with an
//! id of its own is ordered once and never again. Where the ATS keeps a history, the stay in the trigger status is what
//! tells one request from the next.

use jiff::Timestamp;

use crate::order::{Order, Placement};
use crate::reason::{NotForUs, Reason, Refusal};
use crate::request::TriggerEntry;
use crate::status::OrderStatus;
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
    /// The next generation is refused: the check was completed, and another one is not wanted.
    NextGenerationRefused,
    NotForUs(NotForUs),
}

impl Repeat {
    /// Why the next generation is not simply ordered, where it is not.
    #[must_use]
    pub fn held(self, existing: &Order) -> Option<Refusal> {
        match self {
            Self::NextGenerationHeld => Some(Refusal::new(Reason::PossibleDuplicate)),
            Self::NextGenerationRefused => {
                let earlier = existing.provider_reference();
                let earlier = earlier.unwrap_or_else(|| existing.id.short().to_owned());
                Some(Refusal::about(Reason::ReorderNotAllowed, &earlier))
            }
            Self::Afresh | Self::NextGeneration | Self::NotForUs(_) => None,
        }
    }

    /// It as a word.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Afresh => "afresh",
            Self::NextGeneration => "next_order",
            Self::NextGenerationHeld => "next_order_held",
            Self::NextGenerationRefused => "next_order_refused",
            Self::NotForUs(why) => why.code(),
        }
    }
}

/// What is known of a request beside its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked<'a> {
    pub in_trigger_status: Option<bool>,
    pub entry: Option<TriggerEntry>,
    /// When the application was last seen outside the trigger status.
    pub left_trigger_at: Option<Timestamp>,
    /// Why it would be refused, where it would.
    pub refusal: Option<&'a Refusal>,
}

/// Judges a request against the stored order of the same key.
#[must_use]
pub fn judge(existing: &Order, asked: Asked<'_>, trace: &mut Trace) -> Repeat {
    let (saw, repeat) = match asked.entry {
        Some(entry) => of_entry(existing, entry, asked.refusal),
        None => of_move(existing, asked),
    };
    trace.note("repetition", saw, format!("{repeat:?}"));
    repeat
}

/// By the ATS's own history: the same stay is the same request.
fn of_entry(existing: &Order, entry: TriggerEntry, refusal: Option<&Refusal>) -> (&'static str, Repeat) {
    let same = existing.entered_at == Some(entry.at);
    if same && existing.was_cancelled_here() {
        return ("an admin cancelled it in this very stay", Repeat::NotForUs(NotForUs::DuplicateDelivery));
    }
    if existing.placement == Placement::Refused {
        return if same && existing.refusal.as_ref() == refusal {
            ("the same refusal of this very stay", Repeat::NotForUs(NotForUs::DuplicateDelivery))
        } else {
            ("an earlier refusal", Repeat::Afresh)
        };
    }
    if same {
        return ("an order of this very stay", Repeat::NotForUs(NotForUs::DuplicateDelivery));
    }
    if existing.entered_at.is_some_and(|entered_at| entered_at > entry.at) {
        return ("an order of a later stay", Repeat::NotForUs(NotForUs::StaleTrigger));
    }
    if existing.is_open() {
        return ("an open order", Repeat::NotForUs(NotForUs::DuplicateOpenOrder));
    }
    if existing.status == OrderStatus::Completed && !entry.may_reorder {
        return ("a completed order, and re-ordering is off", Repeat::NextGenerationRefused);
    }
    ("an ended order, then a new stay", Repeat::NextGeneration)
}

/// By what was seen of an ATS that keeps no history.
fn of_move(existing: &Order, asked: Asked<'_>) -> (&'static str, Repeat) {
    let left_since = asked.left_trigger_at.is_some_and(|left| left > existing.asked_at());
    let held_as_duplicate = existing.placement == Placement::Parked
        && existing.refusal.as_ref().is_some_and(|refusal| refusal.reason == Reason::PossibleDuplicate);
    if existing.was_cancelled_here() && !left_since {
        ("an admin cancelled it", Repeat::NotForUs(NotForUs::DuplicateDelivery))
    } else if existing.placement == Placement::Refused {
        ("an earlier refusal", Repeat::Afresh)
    } else if held_as_duplicate && left_since {
        ("an unconfirmed repetition, then seen outside the trigger status", Repeat::Afresh)
    } else if existing.subject.request.is_some() {
        ("an order of this very request", Repeat::NotForUs(NotForUs::DuplicateDelivery))
    } else if existing.is_open() {
        ("an open order", Repeat::NotForUs(NotForUs::DuplicateOpenOrder))
    } else if existing.status_ids_agree && asked.in_trigger_status == Some(false) {
        (
            "an ended order, and the application is not in the trigger status now",
            Repeat::NotForUs(NotForUs::StaleTrigger),
        )
    } else if left_since {
        ("an ended order, then seen outside the trigger status", Repeat::NextGeneration)
    } else {
        ("an ended order, never seen outside the trigger status since", Repeat::NextGenerationHeld)
    }
}
