//! What an admin does with single orders: finds them, says which they are at the provider, cancels them.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::id::ConnectionId;
use domain::reason::Reason;
use jiff::SignedDuration;
use local_stack::simulators::asurint::Status;
use local_stack::simulators::icims::EventOptions;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, Candidate, Customer, Stack, by_xml};
use runtime::deadline::Deadline;
use runtime::replay::go_on_with;
use serde_json::{Value, json};

use crate::lever_support::{self, check_shown, lever};
use crate::replay::listed;
use crate::support::{
    API_KEY, MINUTE, advanced, another_hub, cases, invited, items, no_violations, orders, orders_of, resting, row,
    stack, story,
};

const ORDER: &str = "POST /api/public/cases/order-package/";

async fn adopt(stack: &Stack, order: &str, provider_order: &str) -> (u16, Value) {
    let body = json!({"provider_order": provider_order});
    let answer = stack.admin("POST", &format!("/admin/orders/{order}/adopt"), Some(&body)).await.unwrap();
    stack.settle().await.unwrap();
    answer
}

async fn cancel(stack: &Stack, order: &str) -> (u16, Value) {
    let answer = stack.admin("POST", &format!("/admin/orders/{order}/cancel"), None).await.unwrap();
    stack.settle().await.unwrap();
    answer
}

async fn order_of(stack: &Stack, candidate: &Candidate) -> String {
    orders(stack, candidate).await.pop().unwrap()
}

/// How often an action is on record, and that nothing else is.
async fn audited(stack: &Stack, action: &str) -> usize {
    let items = items(stack).await;
    items.iter().filter(|item| item["data"]["M"]["action"]["S"] == action).count()
}

#[tokio::test]
async fn the_orders_of_a_connection_are_listed_page_by_page_the_newest_first() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let other = stack.connect(|_| {}).await.unwrap();
    advanced(&other, "Foreign").await;
    let mut times = Vec::new();
    let mut workflows = Vec::new();
    for first in ["One", "Two", "Three", "Four", "Five"] {
        stack.clock.advance(MINUTE);
        times.push(stack.now());
        workflows.push(advanced(&customer, first).await.workflow);
    }
    let path = format!("/admin/connections/{}/orders", customer.connection);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for expected in [2, 2, 1] {
        let (status, page) = stack.admin("GET", &format!("{path}?limit=2{cursor}"), None).await.unwrap();
        assert_eq!((status, page["orders"].as_array().unwrap().len()), (200, expected), "{page}");
        seen.extend(page["orders"].as_array().unwrap().iter().map(|o| o["application"].as_str().unwrap().to_owned()));
        cursor = page["next"].as_str().map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    workflows.reverse();
    assert_eq!((seen, cursor.as_str()), (workflows.clone(), ""));
    let bounds = format!("&since={}&until={}", times[1], times[3]);
    let between = listed(&stack, &customer.connection, &bounds).await;
    let between: Vec<_> = between.iter().map(|order| order["application"].as_str().unwrap()).collect();
    assert_eq!(between, [&*workflows[2], &*workflows[3]]);
    let query = format!("&application={}&status=pending_candidate", workflows[0]);
    let one = listed(&stack, &customer.connection, &query).await;
    assert_eq!((one.len(), &one[0]["delivery"], &one[0]["reason"]), (1, &json!("delivered"), &Value::Null));
    assert_eq!(one[0]["package"]["name"], "Standard");
    assert!(listed(&stack, &customer.connection, "&until=1970-01-01T00:00:00Z").await.is_empty());
    assert!(listed(&stack, &customer.connection, &format!("&since={}&until={}", times[3], times[1])).await.is_empty());

    let (_, foreign) =
        stack.admin("GET", &format!("/admin/connections/{}/orders?limit=1", other.connection), None).await.unwrap();
    let foreign = foreign["next"].as_str().unwrap();
    for (query, field) in [
        (format!("cursor={foreign}"), "cursor"),
        ("cursor=x".to_owned(), "cursor"),
        ("limit=0".to_owned(), "limit"),
        ("held=false".to_owned(), "held"),
        ("status=lost".to_owned(), "status"),
        ("reason=none".to_owned(), "reason"),
        ("delivery=late".to_owned(), "delivery"),
        ("since=yesterday".to_owned(), "since"),
        ("application=a%20b".to_owned(), "application"),
        ("state=held".to_owned(), "state"),
    ] {
        let (status, problem) = stack.admin("GET", &format!("{path}?{query}"), None).await.unwrap();
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{query}: {problem}");
    }
}

/// An order that the provider has, and that no lookup finds.
async fn parked(stack: &Stack, customer: &Customer<'_>, first: &str) -> (Candidate, String, String) {
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let candidate = advanced(customer, first).await;
    let case = certn.cases().pop().unwrap().id;
    customer.set_email(&candidate, Some("moved.elsewhere@example.com")).unwrap();
    stack.pass(MINUTE * 5).await.unwrap();
    let order = order_of(stack, &candidate).await;
    (candidate, order, case)
}

#[tokio::test]
async fn a_parked_order_becomes_the_one_that_a_person_found() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let other = advanced(&customer, "Somebody").await;
    let taken = certn.cases().pop().unwrap().id;
    let (candidate, order, case) = parked(&stack, &customer, "Parked").await;
    for (provider_order, status) in [(taken.as_str(), 422), ("2f64d134-1c54-4028-8e8b-000000000000", 422), ("a b", 400)]
    {
        let (answered, problem) = adopt(&stack, &order, provider_order).await;
        assert_eq!((answered, &problem["errors"][0]["field"]), (status, &json!("provider_order")), "{problem}");
    }
    certn.harness.arm("GET /api/public/cases/", 1, Effect::Status { code: 503, retry_after: None, body: None });
    assert_eq!(adopt(&stack, &order, &case).await.0, 503);
    certn.harness.clear_faults();
    assert_eq!(audited(&stack, "adopt-order").await, 0);
    certn.set_status(&case, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    for _ in 0..2 {
        let (status, adopted) = adopt(&stack, &order, &case).await;
        let expected =
            json!({"order": order, "provider_order": case, "status": "candidate_started", "read_at_provider": true});
        assert_eq!((status, &adopted), (200, &expected));
    }
    assert_eq!(row(&customer, &candidate).result, "Candidate started");
    assert_eq!(audited(&stack, "adopt-order").await, 1);
    assert_eq!(adopt(&stack, &order, &taken).await.0, 409);
    let others = order_of(&stack, &other).await;
    assert_eq!(adopt(&stack, &others, &case).await.0, 409);
    assert_eq!(cases(&stack, "Parked"), 1);
    // It lives on as any other.
    certn.complete(&case, Some("CLEAR"));
    stack.settle().await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Clear");
    no_violations(&stack);
}

#[tokio::test]
async fn what_a_provider_that_cannot_be_asked_has_is_taken_as_told() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(by_xml).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    customer.advance(&customer.candidate(&posting, "Warm").unwrap()).await.unwrap();
    stack.clock.advance(MINUTE);
    asurint.harness.arm("/oml", 1, Effect::ResetAfterCommit);
    let candidate = customer.candidate(&posting, "Told").unwrap();
    customer.advance(&candidate).await.unwrap();
    stack.pass(MINUTE * 4).await.unwrap();
    let held = listed(&stack, &customer.connection, "&reason=order_outcome_unknown").await;
    let order = held.first().unwrap()["id"].as_str().unwrap();
    let at_asurint = customer.order(&candidate).unwrap().id;
    let (status, adopted) = adopt(&stack, order, &at_asurint).await;
    assert_eq!((status, &adopted["read_at_provider"]), (200, &json!(false)), "{adopted}");
    assert_eq!(adopted["status"], "pending_candidate");
    check_shown(&customer, &candidate, "Pending Candidate");
    let (status, problem) = cancel(&stack, order).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["title"].as_str().unwrap().contains("in its portal"), "{problem}");
    asurint.complete_forms(&at_asurint);
    stack.settle().await.unwrap();
    check_shown(&customer, &candidate, "In Progress");
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_at_the_provider_is_cancelled_there_and_the_ats_shows_it() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let candidate = advanced(&customer, "Cancelled").await;
    let order = order_of(&stack, &candidate).await;
    for _ in 0..2 {
        assert_eq!(cancel(&stack, &order).await, (200, json!({"order": order, "status": "cancelled"})));
    }
    assert_eq!(simulators.certn.cases().pop().unwrap().status, "CANCELLED");
    assert_eq!(simulators.certn.harness.answered("/cancel/").len(), 1);
    assert_eq!(row(&customer, &candidate).result, "Cancelled");
    assert_eq!(audited(&stack, "cancel-order").await, 1);

    let candidate = advanced(&customer, "Completed").await;
    let order = order_of(&stack, &candidate).await;
    // The hub has not heard of it yet.
    simulators.certn.harness.arm(
        "GET /api/public/cases/",
        1,
        Effect::Status { code: 503, retry_after: None, body: None },
    );
    simulators.certn.complete(&simulators.certn.cases().pop().unwrap().id, Some("CLEAR"));
    stack.settle().await.unwrap();
    assert_eq!(story(&stack, &candidate).await["status"], "pending_candidate");
    for _ in 0..2 {
        let (status, problem) = cancel(&stack, &order).await;
        assert_eq!(status, 409, "{problem}");
    }
    assert_eq!(row(&customer, &candidate).result, "Clear");

    let at_lever = lever(&stack).await;
    let (candidate, at_asurint) = lever_support::ordered(&stack, &at_lever, "Lev").await;
    let order = listed(&stack, &at_lever.connection, "").await.first().unwrap()["id"].as_str().unwrap().to_owned();
    simulators.asurint.harness.arm("/cancel", 1, Effect::Status { code: 503, retry_after: None, body: None });
    assert_eq!(cancel(&stack, &order).await.0, 503);
    assert_eq!(cancel(&stack, &order).await.0, 200);
    assert_eq!(simulators.asurint.order(&at_asurint.id).unwrap().stage, Status::Cancelled);
    check_shown(&at_lever, &candidate, "Cancelled");
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_that_was_never_sent_is_cancelled_here_and_does_not_come_back() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    advanced(&customer, "Warm").await;
    simulators.certn.forbid_orders(true);
    let candidate = advanced(&customer, "Unsent").await;
    let order = order_of(&stack, &candidate).await;
    assert_eq!(cancel(&stack, &order).await, (200, json!({"order": order, "status": "cancelled"})));
    simulators.certn.forbid_orders(false);
    let shown = row(&customer, &candidate);
    assert!(shown.result == "Cancelled" && shown.notes.contains("before it was sent"), "{shown:?}");
    stack.pass(MINUTE * 12).await.unwrap();
    simulators.icims.resend_last(&customer.id, &candidate.workflow, EventOptions::default()).await;
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Unsent"), 0);
    let path = format!("/admin/orders/{order}/replay");
    assert_eq!(stack.admin("POST", &path, Some(&json!({}))).await.unwrap().0, 409);
    assert_eq!(stack.admin("POST", &path, Some(&json!({"force_reorder": true}))).await.unwrap().0, 202);
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Unsent"), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");

    simulators.certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let unclear = advanced(&customer, "Unclear").await;
    let (status, problem) = cancel(&stack, &order_of(&stack, &unclear).await).await;
    assert_eq!(status, 409, "{problem}");
    no_violations(&stack);
}

#[tokio::test]
async fn what_waited_for_a_cure_goes_on_at_once_when_it_is_told_and_nothing_else_does() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    advanced(&customer, "Warm").await;
    certn.set_key_state(API_KEY, local_stack::simulators::certn::KeyState::Revoked);
    for first in ["Ada", "Bea"] {
        advanced(&customer, first).await;
    }
    certn.set_key_state(API_KEY, local_stack::simulators::certn::KeyState::Valid);
    stack.clock.advance(SignedDuration::from_secs(1));
    let hub = another_hub(&stack, "admin-replay-order").await;
    let id = ConnectionId::parse(&customer.connection).unwrap();
    let connected = hub.connected(&id).await.unwrap().unwrap();
    let deadline = || Deadline::after(Duration::from_secs(20));
    assert_eq!(go_on_with(&hub, &connected, Reason::ConnectionPaused, deadline()).await.unwrap(), 0);
    assert_eq!(go_on_with(&hub, &connected, Reason::ProviderCredentials, deadline()).await.unwrap(), 2);
    stack.settle().await.unwrap();
    assert_eq!((cases(&stack, "Ada"), cases(&stack, "Bea")), (1, 1));
    let placed: BTreeSet<_> = listed(&stack, &customer.connection, "&status=pending_candidate")
        .await
        .iter()
        .map(|order| order["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(placed.len(), 3);
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_rests_no_longer_once_its_order_is_adopted_or_cancelled() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    invited(&stack, &customer, "Warm").await;
    certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let unclear = invited(&stack, &customer, "Unclear").await;
    assert_eq!(resting(&stack).await, 1);
    let case = certn.cases().pop().unwrap().id;
    let order = orders_of(&stack, &customer, &unclear).await.pop().unwrap();
    assert_eq!(adopt(&stack, &order, &case).await.0, 200);
    assert_eq!(resting(&stack).await, 0);

    certn.forbid_orders(true);
    let unsent = invited(&stack, &customer, "Unsent").await;
    assert_eq!(resting(&stack).await, 1);
    let order = orders_of(&stack, &customer, &unsent).await.pop().unwrap();
    assert_eq!(cancel(&stack, &order).await.0, 200);
    assert_eq!((resting(&stack).await, cases(&stack, "Unclear"), cases(&stack, "Unsent")), (0, 1, 0));
    no_violations(&stack);
}

#[tokio::test]
async fn what_waited_for_a_paused_connection_goes_on_as_soon_as_it_is_resumed() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let path = format!("/admin/connections/{}", customer.connection);
    let turn = async |rev: u64, state: &str| {
        let (status, shown) = stack.admin("PATCH", &path, Some(&json!({"rev": rev, "state": state}))).await.unwrap();
        assert_eq!(status, 200, "{shown}");
        shown["rev"].as_u64().unwrap()
    };
    let rev = turn(1, "paused").await;
    stack.clock.advance(MINUTE);
    advanced(&customer, "Paused").await;
    assert_eq!(cases(&stack, "Paused"), 0);
    turn(rev, "active").await;
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Paused"), 1);
    no_violations(&stack);
}
