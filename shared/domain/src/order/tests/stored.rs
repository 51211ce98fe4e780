//! What is stored of an order, and for how long.

use super::*;

#[test]
fn an_order_is_kept_half_a_year_after_its_end_and_two_years_while_open() {
    let mut order = placed();
    assert_eq!(seconds(order.kept_until()), 730 * DAY);
    read(&mut order, truth(OrderStatus::Completed, 10), 3 * DAY);
    assert_eq!(seconds(order.kept_until()), 183 * DAY);
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let separator = if path.is_empty() { "" } else { "." };
                paths(value, &format!("{path}{separator}{name}"), found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| paths(value, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn a_stored_order_has_these_attributes_and_no_other() {
    let mut found = BTreeSet::new();
    for placement in placements() {
        paths(&serde_json::to_value(full(placement)).unwrap(), "", &mut found);
    }
    assert_snapshot!(found.into_iter().collect::<Vec<_>>().join("\n"), @"
    action_by
    ats
    ats_ref
    candidate_mark
    checks[].finished
    checks[].name
    claimed_until
    connection
    created_at
    delivery
    desired.action_by
    desired.at
    desired.checks[].finished
    desired.checks[].name
    desired.link
    desired.order
    desired.package_name
    desired.reference
    desired.refusal.about
    desired.refusal.reason
    desired.result.code
    desired.result.label
    desired.sentence
    desired.status
    desired.status_word
    desired.was_completed
    desired_rev
    doubted_from
    entered_at
    first_intent_at
    generation
    goes_on_as
    group
    id
    listed_again_at
    look_at
    ordered_by
    package
    package_name
    placement.attempt
    placement.due_at
    placement.intent_at
    placement.state
    provider_modified
    provider_order
    provider_short_id
    refusal.about
    refusal.reason
    replays.asked_again_at
    replays.count
    replays.fresh_from
    replays.last_at
    report_file
    report_link.expires_at
    report_link.revoked
    report_link.serial
    report_page.at
    request_kept_until
    result.code
    result.label
    rev
    score_awaited_since
    status
    status_at
    status_ids_agree
    status_word
    subject.application
    subject.requester
    subject.status
    unclear_attempts
    unread_since
    unshown_since
    was_completed
    write_at
    write_attempts
    write_refusal.about
    write_refusal.reason
    written_rev
    ");
}

#[test]
fn a_stored_order_is_read_as_it_was_and_also_without_what_was_added_later() {
    placements().into_iter().for_each(|placement| round_trip(&full(placement)));
    [intended(), placed(), uncertain()].iter().for_each(round_trip);
    let mut stored = serde_json::to_value(placed()).unwrap();
    for added in [
        "replays",
        "goes_on_as",
        "candidate_mark",
        "unclear_attempts",
        "status_ids_agree",
        "report_link",
        "report_file",
    ] {
        stored.as_object_mut().unwrap().remove(added);
    }
    let read: Order = serde_json::from_value(stored).unwrap();
    assert_eq!((read.candidate_mark, read.unclear_attempts, read.status_ids_agree), (None, 0, false));
}
