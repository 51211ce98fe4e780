//! How many calls of AWS each piece of work costs, one by one.

use jiff::SignedDuration;
use local_stack::stack::{Customer, Stack, TRIGGER};

use crate::support::{no_violations, ordered, stack};

const TAKE_IN: &str = "sqs:SendMessage";
/// An order with a line of its story, on condition that nobody was first; a line alone, or what arrived, on condition
/// that it was not erased.
const STORE: &str = "dynamodb:TransactWriteItems";

/// Calls of AWS since the last time, after a piece of work came to rest.
fn check(stack: &Stack, expected: &[&str]) {
    assert_eq!(stack.aws.take_calls(), expected);
    no_violations(stack);
}

/// A customer whose functions have been called before and hold what they keep.
async fn warm(stack: &Stack) -> Customer<'_> {
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (_, case) = ordered(stack, &customer, "Warm").await;
    certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    let _ = stack.aws.take_calls();
    customer
}

#[tokio::test]
async fn an_order_costs_the_message_its_intent_its_outcome_and_the_write_to_the_ats() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    ordered(&stack, &customer, "Counted").await;
    let (intent, outcome) = (STORE, STORE);
    // Whether an earlier refusal left an entry in the ATS that this order takes over, and then what came of the write.
    let (entry_of_refusal, written) = ("dynamodb:GetItem", STORE);
    check(&stack, &[TAKE_IN, intent, outcome, entry_of_refusal, written]);
}

#[tokio::test]
async fn a_webhook_of_the_ats_costs_one_message() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    // The worker cannot go on without the provider's budget; what the webhook itself did is the first call.
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Elsewhere").unwrap();
    customer.advance(&candidate, "C1701").await.unwrap();
    let recorded = STORE;
    check(&stack, &[TAKE_IN, recorded]);
}

#[tokio::test]
async fn a_repetition_costs_no_call_of_the_provider() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let (candidate, _) = ordered(&stack, &customer, "Twice").await;
    let _ = stack.aws.take_calls();
    let certn = &stack.simulators().unwrap().certn;
    let asked = certn.harness.answered("").len();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let (taken, left_at, told) = (STORE, "dynamodb:GetItem", STORE);
    check(&stack, &[TAKE_IN, taken, left_at, told]);
    assert_eq!(certn.harness.answered("").len(), asked);
}

#[tokio::test]
async fn a_callback_of_the_provider_costs_one_message_and_its_look_the_exact_list() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    let (_, case) = ordered(&stack, &customer, "Moved").await;
    let _ = stack.aws.take_calls();
    let (find, budget, news, written) = ("dynamodb:Query", "dynamodb:PutItem", STORE, STORE);
    certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    stack.settle().await.unwrap();
    check(&stack, &[TAKE_IN, find, budget, news, written]);
    // The same once more: nothing new, so nothing is stored.
    certn.send_event("CASE_STATUS_CHANGED", &case.id, "CASE");
    stack.settle().await.unwrap();
    check(&stack, &[TAKE_IN, find, budget]);
}

#[tokio::test]
async fn a_challenge_and_a_forged_callback_cost_nothing() {
    let stack = stack().await;
    let customer = warm(&stack).await;
    let url = customer.certn_webhook_url.as_str();
    let challenge = stack.http.get(format!("{url}?challenge=abc")).send().await.unwrap();
    assert_eq!(challenge.status().as_u16(), 200);
    check(&stack, &[]);
    let forged = stack.http.post(url).header("x-signature", "00").body("{}").send().await.unwrap();
    assert_eq!(forged.status().as_u16(), 401);
    check(&stack, &[]);
}

#[tokio::test]
async fn a_stranger_costs_at_most_one_reading_every_half_minute() {
    let stack = stack().await;
    let _ = warm(&stack).await;
    let url = format!("{}/api/external/ats/icims/webhook/", stack.url);
    let ask = async |user: &str| {
        let answer = stack.http.post(&url).basic_auth(user, Some("guess")).body("{}").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
    };
    for _ in 0..3 {
        ask("icims-stranger").await;
    }
    check(&stack, &["dynamodb:Query"]);
    stack.clock.advance(SignedDuration::from_secs(31));
    ask("icims-stranger").await;
    check(&stack, &["dynamodb:Query"]);
}

#[tokio::test]
async fn an_idle_minute_costs_a_handful_of_readings_and_no_write() {
    let stack = stack().await;
    let _ = warm(&stack).await;
    stack.tick().await.unwrap();
    let _ = stack.aws.take_calls();
    stack.tick().await.unwrap();
    let calls = stack.aws.take_calls();
    let writes = |call: &&String| !matches!(call.as_str(), "dynamodb:Query" | "dynamodb:GetItem");
    assert_eq!(calls.iter().filter(writes).count(), 0, "{calls:?}");
    // Of them two are the requests that rest in the table and the connections that are polled.
    assert!(calls.len() <= 10, "{calls:?}");
}
