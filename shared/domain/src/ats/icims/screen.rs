//! What a recruiter reads in iCIMS.

use crate::ats::icims::settings::StatusNodes;
use crate::id::OrderId;
use crate::order::View;
use crate::status::OrderStatus;
use crate::text::clip;

/// The limits that public clients found: a longer text is refused.
pub(super) const RESULT_LIMIT: usize = 128;
pub(super) const NOTES_LIMIT: usize = 192;

/// The node of the entry's status list.
pub(super) fn node(nodes: &StatusNodes, status: OrderStatus) -> &str {
    match status {
        OrderStatus::Completed => &nodes.complete,
        OrderStatus::PendingCandidate | OrderStatus::CandidateStarted | OrderStatus::Received => &nodes.sent,
        OrderStatus::InProgress | OrderStatus::ActionRequired | OrderStatus::InDispute => &nodes.in_progress,
        OrderStatus::Held
        | OrderStatus::Rejected
        | OrderStatus::Cancelled
        | OrderStatus::Declined
        | OrderStatus::Expired
        | OrderStatus::Undeliverable => &nodes.incomplete,
    }
}

/// The entry's result text.
pub(super) fn result(view: &View) -> String {
    clip(&plain(&view.headline()), RESULT_LIMIT)
}

/// The entry's notes: what to do next, the reason's code, and the order by which support finds it.
pub(super) fn notes(view: &View) -> String {
    let order = format!("Order {}", view.order);
    let code = view.refusal.as_ref().map(|refusal| format!(" ({})", refusal.reason.code())).unwrap_or_default();
    if view.sentence.is_empty() {
        return clip(&order, NOTES_LIMIT);
    }
    let tail = format!("{code} {order}");
    let room = NOTES_LIMIT.saturating_sub(tail.chars().count());
    let sentence = plain(&view.sentence);
    if sentence.chars().count() <= room {
        return format!("{sentence}{tail}");
    }
    // The sentence and its code come before the order's full name.
    let tail = format!("{code} Order {}", view.order.short());
    format!("{}{tail}", clip(&sentence, NOTES_LIMIT.saturating_sub(tail.chars().count())))
}

/// Whether [`notes`] are those of the order, by its full or its short name.
pub(super) fn names_order(notes: &str, order: &OrderId) -> bool {
    notes.split("Order ").skip(1).any(|rest| {
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        name == order.as_str() || name == order.short()
    })
}

/// iCIMS replaces `{{…}}` by a field's label, so a vendor's text must not carry it; control characters are dropped.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '{' && plain.ends_with('{') {
            plain.push(' ');
        }
        plain.push(if c.is_control() { ' ' } else { c });
    }
    plain
}

/// Names the field at fault by the customer's own label, which iCIMS puts in for the token.
pub(super) fn with_field_token(sentence: &str, field: Option<&str>) -> String {
    match field {
        Some(field) => format!("{} Field: {{{{{field}}}}}.", plain(sentence)),
        None => plain(sentence),
    }
}
