//! The table is put back to an earlier time: what was ordered since then is found at the provider, and not ordered again.

use local_stack::simulators::certn::{CertnSimulator, KeyState};
use local_stack::stack::{ELSEWHERE, Options, Stack, TRIGGER};
use runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{API_KEY, MINUTE, advanced, cases, items, no_violations, row, stack_with, story};

/// A stack whose operator said that the table was put back to a minute ago.
async fn restored() -> Stack {
    let restored_to = Clock::default().now() - MINUTE;
    stack_with(Options { restored_to: Some(restored_to), ..Options::default() }).await
}

async fn dynamodb(stack: &Stack, operation: &str, body: &Value) {
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", format!("DynamoDB_20120810.{operation}"));
    let answer = request.header("content-type", "application/x-amz-json-1.0").body(body.to_string()).send().await;
    assert_eq!(answer.unwrap().status().as_u16(), 200, "{operation}");
}

/// Puts the table's orders back to those of an earlier time.
async fn put_back(stack: &Stack, earlier: &[Value]) {
    let is_of_order = |item: &&Value| item["pk"]["S"].as_str().unwrap().starts_with("ORD#");
    for item in items(stack).await.iter().filter(is_of_order) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        dynamodb(stack, "DeleteItem", &json!({"TableName": "crosscheck", "Key": key})).await;
    }
    for item in earlier.iter().filter(is_of_order) {
        let mut item = item.clone();
        // The table was put back before anybody could look anything up.
        item["data"]["M"].as_object_mut().unwrap().remove("doubted_from");
        dynamodb(stack, "PutItem", &json!({"TableName": "crosscheck", "Item": item})).await;
    }
}

#[tokio::test]
async fn a_request_whose_order_the_table_lost_goes_on_with_that_order() {
    let stack = restored().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = advanced(&customer, "Lost").await;
    assert_eq!(cases(&stack, "Lost"), 1, "nothing was found, so it was placed at once");
    put_back(&stack, &[]).await;
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    stack.clock.advance(MINUTE);
    customer.advance(&candidate, TRIGGER).await.unwrap();
    stack.settle().await.unwrap();
    assert_eq!(cases(&stack, "Lost"), 1);
    let told = story(&stack, &candidate).await;
    assert!(told["story"].to_string().contains("placed: found at the provider"), "{told}");
    let case = stack.simulators().unwrap().certn.cases().pop().unwrap();
    stack.simulators().unwrap().certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Candidate started");
    no_violations(&stack);
}

/// An order that waits, and is placed once `cure` is done; after that the table is put back to when it waited.
async fn check_waited(first: &str, wait: impl Fn(&CertnSimulator), cure: impl Fn(&CertnSimulator)) {
    let stack = restored().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    wait(certn);
    let candidate = advanced(&customer, first).await;
    let earlier = items(&stack).await;
    cure(certn);
    stack.pass(MINUTE * 15).await.unwrap();
    assert_eq!(cases(&stack, first), 1);
    put_back(&stack, &earlier).await;
    stack.pass(MINUTE * 30).await.unwrap();
    assert_eq!(cases(&stack, first), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_that_waits_in_the_table_again_and_was_placed_since_is_not_placed_again() {
    check_waited("Forbidden", |certn| certn.forbid_orders(true), |certn| certn.forbid_orders(false)).await;
    let set = |state: KeyState| move |certn: &CertnSimulator| certn.set_key_state(API_KEY, state);
    check_waited("Locked", set(KeyState::Expired), set(KeyState::Valid)).await;
}

#[tokio::test]
async fn an_order_that_waits_for_long_is_looked_up_once_and_not_given_up_for_it() {
    let stack = restored().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.forbid_orders(true);
    let candidate = advanced(&customer, "Long").await;
    stack.pass(MINUTE * 90).await.unwrap();
    let looked_up = story(&stack, &candidate).await["story"].to_string().matches("will look it up").count();
    assert_eq!((cases(&stack, "Long"), looked_up), (0, 1));
    certn.forbid_orders(false);
    stack.pass(MINUTE * 15).await.unwrap();
    assert_eq!(cases(&stack, "Long"), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}
