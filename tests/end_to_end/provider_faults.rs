//! Certn refuses an order, or its answer does not say whether there is one: people are told, and there is never a second.

use std::time::Duration;

use domain::hint::{Hint, Message};
use jiff::SignedDuration;
use local_stack::simulators::certn::{Key, KeyState, LateCommit};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Candidate, Customer, GROUP, STANDARD, Stack};
use runtime::deadline::Deadline;
use runtime::handlers::place_order;
use serde_json::json;

use crate::support::{API_KEY, advanced, another_hub, cases, no_violations, orders, row, stack, story};

const ORDER: &str = "POST /api/public/cases/order-package/";

/// A connected customer whose functions hold what they keep, so that the next call of Certn is the order.
async fn warm(stack: &Stack) -> Customer<'_> {
    let customer = stack.connect(|_| {}).await.unwrap();
    advanced(&customer, "Warm").await;
    customer
}

fn refusal(code: u16, attr: &str, error: &str) -> Effect {
    let detail = "Value of candidate.address@leak.example is not valid.";
    let body = json!({"type": "validation_error", "errors": [{"code": error, "detail": detail, "attr": attr}]});
    Effect::Status { code, retry_after: None, body: Some(body.to_string()) }
}

/// How many orders Certn answered; one whose connection broke is not among them.
fn orders_answered(stack: &Stack) -> usize {
    stack.simulators().unwrap().certn.harness.answered(ORDER).len()
}

/// The recruiter sees one row, of one order.
fn check_ordered(stack: &Stack, customer: &Customer<'_>, candidate: &Candidate, first: &str) {
    assert_eq!(cases(stack, first), 1, "{first}");
    let shown = row(customer, candidate);
    assert_eq!((shown.status_label.as_str(), shown.result.as_str()), ("Sent", "Invitation sent"), "{first}");
    no_violations(stack);
}

#[tokio::test]
async fn a_refused_order_is_a_row_with_a_sentence_and_its_code() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    for (number, (attr, error, code)) in [
        ("email_address", "invalid", "invalid_email"),
        ("package", "does_not_exist", "unknown_package"),
        ("group", "does_not_exist", "unknown_group"),
        ("ordered_by", "user_not_in_group", "requester_not_in_group"),
        ("ordered_by", "does_not_exist", "requester_unknown"),
        ("input_claims.name.given_name", "blank", "missing_candidate_data"),
        ("tag_ids", "does_not_exist", "provider_refused"),
        ("", "", "provider_refused"),
    ]
    .into_iter()
    .enumerate()
    {
        certn.harness.arm(ORDER, 1, refusal(400, attr, error));
        let candidate = advanced(&customer, &format!("Refused{number}")).await;
        let shown = row(&customer, &candidate);
        assert_eq!(shown.status_label, "Incomplete", "{attr}");
        assert!(shown.notes.contains(&format!("({code})")), "{attr}: {}", shown.notes);
        assert!(!shown.notes.contains("\"\"") && !shown.notes.contains("leak.example"), "{}", shown.notes);
        let story = story(&stack, &candidate).await;
        assert_eq!((&story["status"], &story["reason"]["code"]), (&json!("rejected"), &json!(code)), "{story}");
    }
    let sent = orders_answered(&stack);
    stack.pass(SignedDuration::from_hours(2)).await.unwrap();
    assert_eq!(orders_answered(&stack), sent, "what is refused is not tried again");
    no_violations(&stack);
}

/// An order that waits for a person: told after a quarter of an hour, ordered within ten minutes of the cure.
async fn check_held(stack: &Stack, customer: &Customer<'_>, first: &str, code: &str, cure: impl FnOnce()) {
    let candidate = advanced(customer, first).await;
    assert!(customer.entries(&candidate).unwrap().is_empty(), "a wait is told only when it lasts");
    stack.pass(SignedDuration::from_mins(20)).await.unwrap();
    let shown = row(customer, &candidate);
    assert_eq!(shown.status_label, "Incomplete");
    assert!(shown.notes.contains(&format!("({code})")), "{}", shown.notes);
    assert_eq!(cases(stack, first), 0);
    cure();
    stack.pass(SignedDuration::from_mins(12)).await.unwrap();
    check_ordered(stack, customer, &candidate, first);
}

#[tokio::test]
async fn an_order_waits_for_a_valid_key() {
    for state in [KeyState::Expired, KeyState::Revoked, KeyState::WrongRegion] {
        let stack = stack().await;
        let customer = warm(&stack).await;
        let certn = &stack.simulators().unwrap().certn;
        certn.set_key_state(API_KEY, state);
        let cure = || certn.set_key_state(API_KEY, KeyState::Valid);
        check_held(&stack, &customer, &format!("{state:?}"), "provider_credentials", cure).await;
    }
}

#[tokio::test]
async fn an_order_waits_for_the_right_to_order() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    certn.forbid_orders(true);
    check_held(&stack, &customer, "Forbidden", "provider_permission", || certn.forbid_orders(false)).await;
}

#[tokio::test]
async fn the_second_key_is_used_where_the_first_has_expired() {
    let stack = stack().await;
    stack.simulators().unwrap().certn.add_key(Key { value: "an-expired-key".to_owned(), state: KeyState::Expired });
    let keys = json!(["an-expired-key", API_KEY]);
    let customer = stack.connect(|new| new["provider_credentials"]["api_keys"] = keys).await.unwrap();
    let candidate = advanced(&customer, "Second").await;
    check_ordered(&stack, &customer, &candidate, "Second");
    assert_eq!(orders_answered(&stack), 2, "once with each key, as a refused key orders nothing");
}

#[tokio::test]
async fn an_order_that_was_throttled_is_sent_again_when_certn_says() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    for (first, retry_after) in [("Throttled", None), ("Told", Some(180))] {
        let sent = orders_answered(&stack);
        certn.harness.arm(ORDER, 1, Effect::Status { code: 429, retry_after, body: None });
        let candidate = advanced(&customer, first).await;
        stack.pass(SignedDuration::from_mins(2)).await.unwrap();
        let tries = if retry_after.is_some() { 1 } else { 2 };
        assert_eq!(orders_answered(&stack) - sent, tries, "{first}");
        stack.pass(SignedDuration::from_mins(3)).await.unwrap();
        assert_eq!(orders_answered(&stack) - sent, 2, "{first}");
        check_ordered(&stack, &customer, &candidate, first);
    }
}

#[tokio::test]
async fn who_cannot_read_the_ats_does_not_undo_what_another_worker_placed_meanwhile() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let simulators = stack.simulators().unwrap();
    simulators.certn.set_key_state(API_KEY, KeyState::Revoked);
    let candidate = advanced(&customer, "Undone").await;
    simulators.certn.set_key_state(API_KEY, KeyState::Valid);
    stack.clock.advance(SignedDuration::from_mins(11));
    let order = domain::id::OrderId::parse(&orders(&stack, &candidate).await[0]).unwrap();
    let resume = || {
        let hub = another_hub(&stack, "place-order");
        let message = Message::new(Hint::Resume { order: order.clone() });
        async { place_order::handle(hub.await, message, Deadline::after(Duration::from_secs(60))).await }
    };
    simulators.icims.harness.arm("GET /customers/", 1, Effect::HoldBefore);
    let (slow, ()) = futures::join!(resume(), async {
        simulators.icims.harness.held.notified().await;
        assert!(resume().await.is_ok());
        assert_eq!(cases(&stack, "Undone"), 1);
        simulators.icims.harness.clear_faults();
        let down = Effect::Status { code: 503, retry_after: None, body: None };
        simulators.icims.harness.arm("GET /customers/", 0, down);
    });
    assert!(slow.is_ok());
    simulators.icims.harness.clear_faults();
    stack.pass(SignedDuration::from_mins(10)).await.unwrap();
    check_ordered(&stack, &customer, &candidate, "Undone");
}

/// Nobody knows whether the order was taken: nothing is sent again before a lookup can be trusted, and there is one.
/// Certn answers `answered` orders, the unclear one among them where it was answered at all.
async fn check_unclear(first: &str, answered: usize, arrange: impl FnOnce(&Stack)) {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let before = orders_answered(&stack);
    arrange(&stack);
    let candidate = advanced(&customer, first).await;
    let sent = orders_answered(&stack);
    assert!(customer.entries(&candidate).unwrap().is_empty(), "nothing is known yet");
    stack.pass(SignedDuration::from_secs(110)).await.unwrap();
    assert_eq!(orders_answered(&stack), sent, "{first}: nothing within the quiet window");
    assert!(stack.simulators().unwrap().certn.harness.answered("GET /api/public/cases/").is_empty(), "{first}");
    stack.pass(SignedDuration::from_mins(4)).await.unwrap();
    check_ordered(&stack, &customer, &candidate, first);
    assert_eq!(orders_answered(&stack) - before, answered, "{first}");
}

fn arm(effect: Effect) -> impl FnOnce(&Stack) {
    move |stack| stack.simulators().unwrap().certn.harness.arm(ORDER, 1, effect)
}

#[tokio::test]
async fn an_order_that_was_taken_before_certn_failed_is_found() {
    check_unclear("Failed", 1, arm(Effect::StatusAfterCommit { code: 500 })).await;
}

#[tokio::test]
async fn an_order_that_was_taken_before_the_connection_broke_is_found() {
    check_unclear("Broken", 0, arm(Effect::ResetAfterCommit)).await;
}

#[tokio::test]
async fn an_order_that_certn_did_not_take_is_sent_again_after_the_quiet_window() {
    check_unclear("Untaken", 2, arm(Effect::Status { code: 500, retry_after: None, body: None })).await;
}

#[tokio::test]
async fn an_answer_without_an_id_is_no_answer() {
    let body = Some("{}".to_owned());
    check_unclear("Nameless", 2, arm(Effect::Status { code: 201, retry_after: None, body })).await;
}

#[tokio::test]
async fn an_order_that_appears_a_hundred_seconds_late_stays_the_only_one() {
    let late = LateCommit::AfterMs(100_000);
    check_unclear("Late", 0, |stack| stack.simulators().unwrap().certn.commit_late(late)).await;
}

/// An unclear order that a lookup cannot tell: it is parked, and stays so.
async fn check_parked(first: &str, meanwhile: impl AsyncFnOnce(&Stack, &Customer<'_>, &Candidate)) {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm(ORDER, 1, Effect::ResetAfterCommit);
    let candidate = advanced(&customer, first).await;
    let known = certn.cases().len();
    meanwhile(&stack, &customer, &candidate).await;
    let sent = orders_answered(&stack);
    stack.pass(SignedDuration::from_mins(90)).await.unwrap();
    assert_eq!(orders_answered(&stack), sent, "{first}: no second order");
    assert!(certn.cases().len() <= known + 1);
    let shown = row(&customer, &candidate);
    assert_eq!(shown.result, "Being Confirmed", "{shown:?}");
    let story = story(&stack, &candidate).await;
    assert_eq!((&story["status"], &story["reason"]["code"]), (&json!("held"), &json!("order_outcome_unknown")));
    assert!(story["story"].to_string().contains("parked: a person must look"), "{story}");
    no_violations(&stack);
}

#[tokio::test]
async fn two_orders_that_could_be_it_are_for_a_person_to_tell_apart() {
    check_parked("Twin", async |stack, _, _| {
        let certn = &stack.simulators().unwrap().certn;
        certn.allow_second_orders(true);
        let case = certn.cases().pop().unwrap();
        let by_hand = json!({
            "package": STANDARD, "email_address": case.email, "group": GROUP, "ordered_by": case.ordered_by,
            "send_invite_email": true, "return_invite_link": false,
        });
        let url = format!("{}/api/public/cases/order-package/", certn.url());
        let request = stack.http.post(url).header("authorization", format!("Api-Key {API_KEY}"));
        let request = request.header("content-type", "application/json").body(by_hand.to_string());
        assert_eq!(request.send().await.unwrap().status().as_u16(), 201);
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_candidate_has_another_address_by_now_is_for_a_person_to_find() {
    check_parked("Moved", async |_, customer, candidate| {
        customer.set_email(candidate, Some("moved.elsewhere@example.com")).unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_finished_check_waits_for_its_score() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    let candidate = advanced(&customer, "Scored").await;
    let case = certn.cases().pop().unwrap();
    certn.complete_without_score(&case.id);
    stack.settle().await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "In progress");
    certn.set_score(&case.id, Some("CLEAR"));
    stack.pass(SignedDuration::from_mins(2)).await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Clear");
    let unscored = advanced(&customer, "Unscored").await;
    certn.complete_without_score(&certn.cases().pop().unwrap().id);
    stack.pass(SignedDuration::from_hours(26)).await.unwrap();
    let shown = row(&customer, &unscored);
    assert_eq!((shown.status_label.as_str(), shown.result.as_str()), ("Complete", "No result given"));
    no_violations(&stack);
}
