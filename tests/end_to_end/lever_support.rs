//! What the tests of Lever and Asurint share: candidates with orders, what Lever shows of them, and what it ever showed.

use jiff::SignedDuration;
use local_stack::simulators::asurint::Order;
use local_stack::simulators::lever::{Change, Entry};
use local_stack::stack::{BASIC_TAG, LeverCandidate, LeverCustomer, Stack};
use serde_json::Value;

use crate::support::items;

/// Long enough for a whole burst of calls to be free again.
pub(crate) const REST: SignedDuration = SignedDuration::from_secs(3);

pub(crate) async fn lever(stack: &Stack) -> LeverCustomer<'_> {
    stack.connect_authorized_lever(|_| {}).await.unwrap()
}

/// A candidate on a posting of its own with the tag of the basic package, not in the stage.
pub(crate) fn waiting(customer: &LeverCustomer<'_>, first: &str) -> LeverCandidate {
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    customer.candidate(&posting, first).unwrap()
}

/// A candidate that was moved into the stage, with the order that came of it.
pub(crate) async fn ordered(stack: &Stack, customer: &LeverCustomer<'_>, first: &str) -> (LeverCandidate, Order) {
    stack.clock.advance(REST);
    let candidate = waiting(customer, first);
    customer.advance(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    (candidate, order)
}

/// The only tag of ours and the only note of ours that the candidate has.
pub(crate) fn look(customer: &LeverCustomer<'_>, candidate: &LeverCandidate) -> (String, String) {
    let (tags, notes) = (customer.status_tags(candidate).unwrap(), customer.notes(candidate).unwrap());
    let ([tag], [note]) = (tags.as_slice(), notes.as_slice()) else {
        panic!("one tag and one note, not {tags:?} and {notes:?}")
    };
    (tag.clone(), note.clone())
}

/// What stands behind a name and a colon in a note.
pub(crate) fn said<'n>(note: &'n str, name: &str) -> Option<&'n str> {
    note.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// The candidate has one tag and one note, which say this.
pub(crate) fn check_shown(customer: &LeverCustomer<'_>, candidate: &LeverCandidate, tag: &str) -> String {
    let (shown, note) = look(customer, candidate);
    assert_eq!(shown, format!("Asurint: {tag}"), "{note}");
    note
}

/// Nothing was ordered for the candidate, and nothing is shown.
pub(crate) fn check_untouched(customer: &LeverCustomer<'_>, candidate: &LeverCandidate) {
    assert!(customer.orders(candidate).unwrap().is_empty());
    assert_eq!(customer.status_tags(candidate).unwrap(), Vec::<String>::new());
    assert_eq!(customer.notes(candidate).unwrap(), Vec::<String>::new());
}

/// Everything that happened to the candidate in Lever.
pub(crate) fn history(stack: &Stack, customer: &LeverCustomer<'_>, candidate: &LeverCandidate) -> Vec<Entry> {
    stack.simulators().unwrap().lever.history(&customer.account, &candidate.opportunity)
}

/// Each text that a note of ours ever had.
pub(crate) fn texts(history: &[Entry]) -> Vec<&str> {
    let by_us = history.iter().filter(|entry| entry.by.is_app());
    by_us
        .filter_map(|entry| match &entry.change {
            Change::NoteAdded { text, .. } | Change::NoteChanged { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

/// The items of the connection's inbox that are about this subject, as an admin finds them.
pub(crate) async fn recorded(stack: &Stack, customer: &LeverCustomer<'_>, outcome: &str) -> Vec<Value> {
    let of_connection = |item: &Value| item.to_string().contains(&customer.connection);
    let items = items(stack).await.into_iter();
    items.filter(|item| of_connection(item) && item.to_string().contains(&format!("\"{outcome}\""))).collect()
}
