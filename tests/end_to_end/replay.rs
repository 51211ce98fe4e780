//! An admin has orders gone on with: each goes on under its own key, and what was ordered is never ordered twice.

use std::time::Duration;

use domain::hint::{Hint, Message};
use domain::id::OrderId;
use jiff::SignedDuration;
use local_stack::simulators::asurint::Score;
use local_stack::simulators::icims::{EventOptions, ListValue};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, Candidate, Customer, ELSEWHERE, Stack, TRIGGER};
use runtime::deadline::Deadline;
use runtime::handlers::{place_order, sync_order};
use serde_json::{Value, json};

use crate::lever_support::{self, lever, waiting};
use crate::support::{
    MINUTE, advanced, another_hub, cases, invited, no_violations, orders, orders_of, row, stack, story,
};

const ORDER: &str = "POST /api/public/cases/order-package/";
const WRITES: &str = "/fields/assessmentresults";

/// What replaying the order is answered with.
pub(crate) async fn replay(stack: &Stack, order: &str, force_reorder: bool) -> (u16, Value) {
    let body = json!({"force_reorder": force_reorder});
    let answer = stack.admin("POST", &format!("/admin/orders/{order}/replay"), Some(&body)).await.unwrap();
    stack.settle().await.unwrap();
    answer
}

async fn replays(stack: &Stack, connection: &str, filter: Value, dry_run: bool) -> Value {
    let (status, counts) = stack
        .admin(
            "POST",
            &format!("/admin/connections/{connection}/replays"),
            Some(&json!({"filter": filter, "dry_run": dry_run})),
        )
        .await
        .unwrap();
    assert_eq!(status, 200, "{counts}");
    assert_eq!(counts["next"], Value::Null, "{counts}");
    counts
}

fn refused_email() -> Effect {
    let error = json!({"code": "invalid", "detail": "", "attr": "email_address"});
    let body = json!({"type": "validation_error", "errors": [error]}).to_string();
    Effect::Status { code: 400, retry_after: None, body: Some(body) }
}

/// Every order of the connection as the list shows it.
pub(crate) async fn listed(stack: &Stack, connection: &str, query: &str) -> Vec<Value> {
    let path = format!("/admin/connections/{connection}/orders?limit=200{query}");
    let (status, page) = stack.admin("GET", &path, None).await.unwrap();
    assert_eq!(status, 200, "{page}");
    page["orders"].as_array().unwrap().clone()
}

/// Each worker is told of each order twice at once, as a queue may do.
async fn told_twice(stack: &Stack, connections: &[&str]) {
    let hubs = [another_hub(stack, "place-order").await, another_hub(stack, "sync-order").await];
    for connection in connections {
        let rows = listed(stack, connection, "").await;
        let tell = rows.iter().flat_map(|row| [row, row]).map(|row| {
            let order = OrderId::parse(row["id"].as_str().unwrap()).unwrap();
            let [place, sync] = hubs.clone();
            async move {
                let deadline = Deadline::after(Duration::from_secs(60));
                let _ = place_order::handle(place, Message::new(Hint::Resume { order: order.clone() }), deadline).await;
                let _ = sync_order::handle(sync, Message::new(Hint::Sync { order }), deadline).await;
            }
        });
        futures::future::join_all(tell).await;
    }
    stack.settle().await.unwrap();
}

#[tokio::test]
async fn a_whole_day_replayed_again_and_again_leaves_the_number_of_orders_unchanged() {
    let stack = stack().await;
    let (customer, other) = (stack.connect(|_| {}).await.unwrap(), stack.connect(|_| {}).await.unwrap());
    let at_lever = lever(&stack).await;
    let (certn, asurint) = (&stack.simulators().unwrap().certn, &stack.simulators().unwrap().asurint);
    let icims = &stack.simulators().unwrap().icims;
    customer.take_certn_webhooks().await.unwrap();
    let placed = advanced(&customer, "Placed").await;
    let completed = advanced(&customer, "Completed").await;
    certn.complete(&certn.cases().pop().unwrap().id, Some("CLEAR"));
    stack.settle().await.unwrap();
    certn.harness.arm(ORDER, 1, refused_email());
    let refused = advanced(&customer, "Refused").await;
    let dead = advanced(&customer, "Dead").await;
    let gone = Some(r#"{"errors":[{"errorCode":2}]}"#.to_owned());
    icims.harness.arm(WRITES, 0, Effect::Status { code: 404, retry_after: None, body: gone });
    certn.set_status(&certn.cases().pop().unwrap().id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    icims.harness.clear_faults();
    icims.require_field(&other.id, Some("field51423"));
    let blocked = advanced(&other, "Blocked").await;
    certn.forbid_orders(true);
    let held = advanced(&customer, "Held").await;
    let (_, with_score) = lever_support::ordered(&stack, &at_lever, "Scored").await;
    asurint.complete(&with_score.id, Score::Eligible);
    let (open, _) = lever_support::ordered(&stack, &at_lever, "Open").await;
    stack.clock.advance(MINUTE);
    let posting = at_lever.posting(&[]).unwrap();
    let untagged = at_lever.candidate(&posting, "Untagged").unwrap();
    at_lever.advance(&untagged).await.unwrap();
    stack.clock.advance(MINUTE);
    asurint.forbid_orders(&at_lever.client, true);
    let forbidden = waiting(&at_lever, "Forbidden");
    at_lever.advance(&forbidden).await.unwrap();
    stack.settle().await.unwrap();
    let connections = [&*customer.connection, &*other.connection, &*at_lever.connection];
    for (query, expected) in
        [("&status=completed", 1), ("&status=rejected", 1), ("&held=true", 1), ("&delivery=dead", 1)]
    {
        assert_eq!(listed(&stack, connections[0], query).await.len(), expected, "{query}");
    }
    let count = || (certn.cases().len(), asurint.orders().len());
    let before = count();
    assert_eq!(before, (4, 2));
    let counted = replays(&stack, connections[0], json!({}), true).await;
    assert_eq!((&counted["matched"], &counted["replayed"]), (&json!(5), &json!(5)), "{counted}");
    assert_eq!(story(&stack, &placed).await["replays"], 0, "a dry run changes nothing");

    for round in 0..2 {
        for connection in connections {
            let all = || replays(&stack, connection, json!({}), false);
            let (first, second) = futures::join!(all(), all());
            let each = ["/replayed", "/skipped/too_soon", "/skipped/unsettled"];
            let sum: u64 = each
                .iter()
                .flat_map(|at| [&first, &second].map(|c| c.pointer(at).and_then(Value::as_u64)))
                .flatten()
                .sum();
            assert_eq!(sum, 2 * first["matched"].as_u64().unwrap(), "{round}: {first} {second}");
            assert_eq!(first["replayed"].as_u64().unwrap() + second["replayed"].as_u64().unwrap(), first["matched"]);
        }
        told_twice(&stack, &connections).await;
        stack.pass(MINUTE * 5).await.unwrap();
        assert_eq!(count(), before, "after round {round}");
    }
    assert_eq!(story(&stack, &dead).await["ats"]["delivery"], "delivered", "what was given up is written after all");
    assert_eq!(row(&customer, &dead).result, "Candidate started");
    assert_eq!(row(&customer, &placed).result, "Invitation sent");
    assert_eq!(row(&customer, &completed).result, "Clear");

    // What never was ordered is, once, when what stood in its way is gone.
    certn.forbid_orders(false);
    asurint.forbid_orders(&at_lever.client, false);
    icims.require_field(&other.id, None);
    stack.simulators().unwrap().lever.tag_posting(&at_lever.account, &posting, BASIC_TAG);
    for _ in 0..2 {
        for connection in connections {
            replays(&stack, connection, json!({}), false).await;
        }
        told_twice(&stack, &connections).await;
        stack.pass(MINUTE * 5).await.unwrap();
        assert_eq!(count(), (6, 4));
    }
    for (candidate, first) in [(&refused, "Refused"), (&held, "Held")] {
        assert_eq!(cases(&stack, first), 1);
        assert_eq!(row(&customer, candidate).result, "Invitation sent");
    }
    assert_eq!(row(&other, &blocked).result, "Invitation sent");
    for candidate in [&open, &untagged, &forbidden] {
        at_lever.order(candidate).unwrap();
        lever_support::check_shown(&at_lever, candidate, "Pending Candidate");
    }
    no_violations(&stack);
}

/// A refusal that is replayed: what it comes to, and how many cases there are then.
async fn refused_once(stack: &Stack, customer: &Customer<'_>, first: &str) -> (Candidate, String) {
    stack.simulators().unwrap().certn.harness.arm(ORDER, 1, refused_email());
    let candidate = advanced(customer, first).await;
    let order = orders(stack, &candidate).await.pop().unwrap();
    assert_eq!(story(stack, &candidate).await["status"], "rejected");
    (candidate, order)
}

#[tokio::test]
async fn a_refusal_is_decided_anew_and_stays_where_it_would_be_refused_again() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (candidate, order) = refused_once(&stack, &customer, "Anew").await;
    certn.harness.arm(ORDER, 1, refused_email());
    let (status, told) = replay(&stack, &order, false).await;
    assert_eq!((status, &told["step"]), (202, &json!("decide_again")), "{told}");
    let again = story(&stack, &candidate).await;
    assert_eq!((&again["status"], &again["reason"]["code"]), (&json!("rejected"), &json!("invalid_email")));
    assert_eq!(row(&customer, &candidate).status_label, "Incomplete");
    assert_eq!(cases(&stack, "Anew"), 0);
    let (status, told) = replay(&stack, &order, false).await;
    assert_eq!(status, 429, "{told}");
    stack.clock.advance(MINUTE);
    assert_eq!(replay(&stack, &order, false).await.0, 202);
    assert_eq!(cases(&stack, "Anew"), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn a_refusal_of_who_was_moved_on_meanwhile_stays_a_refusal() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let (candidate, order) = refused_once(&stack, &customer, "Onward").await;
    stack.simulators().unwrap().icims.allow_moves(&customer.id);
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    assert_eq!(replay(&stack, &order, false).await.0, 202);
    let story = story(&stack, &candidate).await;
    assert_eq!((&story["status"], &story["reason"]["code"]), (&json!("rejected"), &json!("invalid_email")), "{story}");
    assert_eq!(cases(&stack, "Onward"), 0);
    no_violations(&stack);
}

#[tokio::test]
async fn a_refusal_that_goes_on_as_another_order_is_not_replayed() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Other").unwrap();
    stack.simulators().unwrap().certn.harness.arm(ORDER, 1, refused_email());
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let first = orders(&stack, &candidate).await.pop().unwrap();
    icims.set_packages(&customer.id, &job.id, vec![ListValue { id: None, value: "Driver".to_owned() }]);
    assert_eq!(replay(&stack, &first, false).await.0, 202);
    assert_eq!(cases(&stack, "Other"), 1, "as the package that is meant now");
    stack.clock.advance(MINUTE);
    let (status, problem) = replay(&stack, &first, false).await;
    assert_eq!(status, 409, "{problem}");
    let next = orders(&stack, &candidate).await.into_iter().find(|order| *order != first).unwrap();
    assert!(problem["title"].as_str().unwrap().contains(&next), "{problem}");
    let (_, shown) = stack.admin("GET", &format!("/admin/orders/{first}"), None).await.unwrap();
    assert_eq!(shown["goes_on_as"], *next);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn an_attempt_that_is_not_settled_is_looked_up_and_never_sent_again_by_a_replay() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let candidate = advanced(&customer, "Unclear").await;
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let (status, problem) = replay(&stack, &order, true).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["title"].as_str().unwrap().contains("can be looked up from"), "{problem}");
    stack.clock.advance(SignedDuration::from_secs(121));
    let (status, told) = replay(&stack, &order, false).await;
    assert_eq!((status, &told["step"]), (202, &json!("look_up")), "{told}");
    assert_eq!(cases(&stack, "Unclear"), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn another_order_follows_one_that_ended_only_where_it_is_said_and_once() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let candidate = advanced(&customer, "Again").await;
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let (status, problem) = replay(&stack, &order, true).await;
    assert_eq!(status, 409, "the order is open: {problem}");
    certn.set_status(&certn.cases().pop().unwrap().id, "APPLICANT_EXPIRED");
    stack.settle().await.unwrap();
    let path = format!("/admin/orders/{order}/replay");
    let body = json!({"force_reorder": true});
    let twice = || stack.admin("POST", &path, Some(&body));
    let (one, two) = futures::join!(twice(), twice());
    let mut answered = [one.unwrap(), two.unwrap()];
    answered.sort_by_key(|(status, _)| *status);
    assert_eq!(answered.each_ref().map(|(status, _)| *status), [202, 409], "{answered:?}");
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Again"), 2);
    let next = answered[0].1["order"].as_str().unwrap();
    assert_ne!(next, order);
    // The old event once more is neither of them.
    let icims = &stack.simulators().unwrap().icims;
    icims.resend_last(&customer.id, &candidate.workflow, EventOptions::default()).await;
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Again"), 2);
    no_violations(&stack);
}

#[tokio::test]
async fn what_pageup_asked_for_and_was_refused_must_be_sent_again() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    stack.simulators().unwrap().certn.harness.arm(ORDER, 1, refused_email());
    let invitation = invited(&stack, &customer, "Erased").await;
    let order = orders_of(&stack, &customer, &invitation).await.pop().unwrap();
    let (status, problem) = replay(&stack, &order, true).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["title"].as_str().unwrap().contains("recruiter must send the request again"), "{problem}");
    assert_eq!(cases(&stack, "Erased"), 0);
    let counts = replays(&stack, &customer.connection, json!({"status": "rejected"}), false).await;
    assert_eq!(counts["skipped"], json!({"request_erased": 1}), "{counts}");
}

#[tokio::test]
async fn an_order_is_replayed_at_most_twenty_times() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = advanced(&customer, "Often").await;
    let order = orders(&stack, &candidate).await.pop().unwrap();
    for time in 0..20 {
        assert_eq!(replay(&stack, &order, false).await.0, 202, "{time}");
        stack.clock.advance(MINUTE);
    }
    let (status, problem) = replay(&stack, &order, false).await;
    assert_eq!(status, 429, "{problem}");
    assert_eq!(cases(&stack, "Often"), 1);
    let audited = crate::support::items(&stack).await;
    let audited = audited.iter().filter(|item| item["data"]["M"]["action"]["S"] == "replay-order").count();
    assert_eq!(audited, 20, "each is on record, and what was not done is not");
    no_violations(&stack);
}

#[tokio::test]
async fn a_body_that_is_none_is_refused_and_names_its_field() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = advanced(&customer, "Body").await;
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let one = format!("/admin/orders/{order}/replay");
    let bulk = format!("/admin/connections/{}/replays", customer.connection);
    for (path, body, field) in [
        (&one, json!({"force": true}), "force"),
        (&one, json!({"force_reorder": 1}), "force_reorder"),
        (&bulk, json!({}), "filter"),
        (&bulk, json!({"filter": {"state": "held"}}), "filter.state"),
        (&bulk, json!({"filter": {"status": "lost"}}), "filter.status"),
        (&bulk, json!({"filter": {"since": "yesterday"}}), "filter.since"),
        (&bulk, json!({"filter": {}, "cursor": "x"}), "cursor"),
    ] {
        let (status, problem) = stack.admin("POST", path, Some(&body)).await.unwrap();
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{body}: {problem}");
    }
    assert_eq!(story(&stack, &candidate).await["replays"], 0);
}
