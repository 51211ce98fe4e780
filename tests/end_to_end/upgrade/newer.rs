//! While a deployment or its rollback is under way, functions of this version meet items and messages of the next one.

use jiff::SignedDuration;
use local_stack::simulators::shared::Effect;
use local_stack::stack::Stack;
use serde_json::{Value, json};

use crate::support::{advanced, cases, items, no_violations, orders, row, stack};

const LATER: SignedDuration = SignedDuration::from_mins(20);

/// Writes the item as if that version of the hub had.
async fn write_as(stack: &Stack, mut item: Value, version: u8) {
    item["v"] = json!({"N": version.to_string()});
    let put = json!({"TableName": "crosscheck", "Item": item}).to_string();
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", "DynamoDB_20120810.PutItem").body(put);
    assert!(request.send().await.unwrap().status().is_success());
}

async fn item_of(stack: &Stack, pk: &str, sk: &str) -> Value {
    let is_meant = |item: &Value| item["pk"]["S"] == pk && item["sk"]["S"] == sk;
    items(stack).await.into_iter().find(is_meant).unwrap()
}

#[tokio::test]
async fn an_order_of_a_newer_version_is_left_alone_keeps_no_other_waiting_and_goes_on_after_the_upgrade() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("order-package", 0, Effect::Status { code: 429, retry_after: None, body: None });
    let mut waiting = Vec::new();
    for name in ["Newer", "Una", "Uma", "Ugo", "Udo", "Uwe", "Ute", "Ulf"] {
        waiting.push((name, advanced(&customer, name).await));
    }
    certn.harness.clear_faults();
    let (_, newer) = waiting.first().unwrap();
    let pk = format!("ORD#{}", orders(&stack, newer).await[0]);
    let before = item_of(&stack, &pk, "META").await;
    write_as(&stack, before.clone(), 2).await;

    stack.pass(LATER).await.unwrap();
    assert_eq!(cases(&stack, "Newer"), 0);
    for (name, candidate) in waiting.iter().skip(1) {
        assert_eq!(cases(&stack, name), 1, "{name}");
        assert_eq!(row(&customer, candidate).result, "Invitation sent");
    }
    let after = item_of(&stack, &pk, "META").await;
    assert_eq!((&after["data"], &after["v"]), (&before["data"], &json!({"N": "2"})));

    // The recruiter moves the candidate again: the message comes again until somebody can read the order.
    customer.advance(newer, "C1701").await.unwrap();
    customer.advance(newer, local_stack::stack::TRIGGER).await.unwrap();
    assert_eq!(cases(&stack, "Newer"), 0);
    assert_eq!(stack.aws.queue("PlaceOrderQueue").unwrap().dead_letters(), 1);

    write_as(&stack, after, 1).await;
    stack.pass(LATER).await.unwrap();
    assert_eq!(cases(&stack, "Newer"), 1);
    assert_eq!(row(&customer, newer).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn a_connection_of_a_newer_version_orders_nothing_and_keeps_no_other_from_being_looked_after() {
    let stack = stack().await;
    let newer = stack.connect(|_| {}).await.unwrap();
    let other = stack.connect_pageup(|_| {}).await.unwrap();
    let item = item_of(&stack, &format!("CONN#{}", newer.connection), "META").await;
    write_as(&stack, item.clone(), 2).await;
    // What is kept of it for half a minute is as old as that.
    stack.clock.advance(SignedDuration::from_mins(1));

    let job = newer.job(&["Standard"]).unwrap();
    let candidate = newer.candidate(&job, "Newer").unwrap();
    let screen = newer.advance(&candidate, local_stack::stack::TRIGGER).await.unwrap();
    assert_eq!(screen.status, Some(503), "the sender comes again");
    stack.tick().await.unwrap();
    let cursor = |connection: &str| format!("CONN#{connection}");
    let read = |items: &[Value], connection: &str| {
        items.iter().any(|item| item["pk"]["S"] == cursor(connection) && item["sk"]["S"] == "CURSOR#events")
    };
    let looked_after = items(&stack).await;
    assert!(read(&looked_after, &other.connection), "the other's events are read");
    let (status, listed) = stack.admin("GET", "/admin/connections", None).await.unwrap();
    assert_eq!(status, 200);
    assert!(listed.to_string().contains(&other.connection));
    let (status, _) = stack.admin("GET", &format!("/admin/connections/{}", newer.connection), None).await.unwrap();
    assert_eq!(status, 503);

    write_as(&stack, item, 1).await;
    stack.clock.advance(SignedDuration::from_mins(1));
    newer.advance(&candidate, local_stack::stack::TRIGGER).await.unwrap();
    assert_eq!(cases(&stack, "Newer"), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn a_spilled_message_of_a_newer_version_stays_and_keeps_no_other_from_being_handed_on() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    advanced(&customer, "Warm").await;
    stack.aws.set_down(local_stack::embedded_aws::Service::Sqs, true);
    let candidate = advanced(&customer, "Spilled").await;
    stack.aws.set_down(local_stack::embedded_aws::Service::Sqs, false);
    let spilled =
        |items: Vec<Value>| -> Vec<Value> { items.into_iter().filter(|item| item["pk"]["S"] == "SPILL#0").collect() };
    let [of_this] = spilled(items(&stack).await).try_into().unwrap();
    // An older one, of a kind that only the next version knows, by a hub that did not change what an item is.
    let mut newer = of_this.clone();
    newer["sk"] = json!({"S": "000000000000001#newer"});
    newer["data"]["M"]["v"] = json!({"N": "2"});
    newer["data"]["M"]["hint"] = json!({"M": {"kind": {"S": "of_the_next_version"}}});
    write_as(&stack, newer.clone(), 1).await;

    stack.clock.advance(SignedDuration::from_secs(1));
    stack.tick().await.unwrap();
    assert_eq!(cases(&stack, "Spilled"), 1);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    let [left] = spilled(items(&stack).await).try_into().unwrap();
    assert_eq!(left["sk"], newer["sk"]);
    no_violations(&stack);
}

#[tokio::test]
async fn a_message_of_a_newer_version_comes_again_and_is_put_aside_after_the_fifth_time() {
    let stack = stack().await;
    let event: Value = serde_json::from_str(include_str!("../../../events/place-order/newer-version.json")).unwrap();
    let url = stack.aws.queue_url("PlaceOrderQueue");
    let send = json!({"QueueUrl": url, "MessageBody": event["Records"][0]["body"]}).to_string();
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", "AmazonSQS.SendMessage").body(send);
    assert!(request.send().await.unwrap().status().is_success());
    stack.settle().await.unwrap();
    assert_eq!(stack.aws.queue("PlaceOrderQueue").unwrap().dead_letters(), 1);
    assert!(items(&stack).await.is_empty());
}
