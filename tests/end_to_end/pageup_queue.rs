//! PageUp's list is read by one poller at a time and seldom, and each invitation in it becomes one order.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use jiff::SignedDuration;
use local_stack::simulators::certn::KeyState;
use local_stack::simulators::pageup::{Invite, Queue};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{PageUpCustomer, Stack};
use runtime::deadline::Deadline;
use runtime::handlers::pageup_poll;
use runtime::hub::Hub;
use serde_json::{Value, json};

use crate::support::{
    API_KEY, MINUTE, another_hub, cases, check_shown, invited, invited_and_ordered, looks, no_violations, orders_of,
    poll, resting, stack, story_of,
};

/// Another instance of the poller, with caches and connections of its own.
async fn another_poller(stack: &Stack) -> Arc<Hub> {
    another_hub(stack, "pageup-poll").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_pollers_at_once_one_asks_and_one_order_is_placed() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let pollers = join_all((0..20).map(|_| another_poller(&stack))).await;
    for (count, queue, first) in
        [(2, Queue::KeepUntilPut, "Two"), (20, Queue::KeepUntilPut, "Kept"), (20, Queue::Dequeue, "Once")]
    {
        customer.set_options(|options| options.queue = queue).unwrap();
        let invitation = customer.invite(customer.invitation(first)).unwrap();
        stack.clock.advance(MINUTE);
        let before = looks(&stack, &customer).len();
        let at_once = pollers.iter().take(count);
        let at_once = at_once.map(|hub| pageup_poll::handle(Arc::clone(hub), Deadline::after(Duration::from_secs(60))));
        assert!(join_all(at_once).await.iter().all(Result::is_ok));
        stack.settle().await.unwrap();
        assert_eq!(looks(&stack, &customer).len() - before, 1, "{first}");
        assert_eq!((cases(&stack, first), resting(&stack).await), (1, 0), "{first}");
        check_shown(&customer, &invitation, "In progress", "Invitation sent");
    }
    no_violations(&stack);
}

/// A row of PageUp's list, for a page that a test writes itself.
fn row(id: &str, invitation: &Invite) -> Value {
    json!({
        "id": id,
        "package": {"code": invitation.package_code},
        "applicant": {
            "firstName": invitation.first_name, "lastName": invitation.last_name, "emailid": invitation.email,
        },
        "application": {"id": invitation.application, "job": {"divisioncode": invitation.department}},
        "requester": {"email": invitation.requester},
    })
}

#[tokio::test]
async fn the_same_row_twice_in_one_page_is_one_order() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let invitation = customer.invitation("Twice");
    let id = customer.invite(invitation.clone()).unwrap();
    let body = Some(json!([row(&id, &invitation), row(&id, &invitation)]).to_string());
    let page = Effect::Status { code: 200, retry_after: None, body };
    stack.simulators().unwrap().pageup.harness.arm("GET /v3/", 1, page);
    stack.pass(MINUTE).await.unwrap();
    check_shown(&customer, &id, "In progress", "Invitation sent");
    assert_eq!((cases(&stack, "Twice"), orders_of(&stack, &customer, &id).await.len()), (1, 1));
    assert_eq!(resting(&stack).await, 0);
    no_violations(&stack);
}

/// PageUp lists an invitation again and again while `holds` keeps its order, or its first status, from going out.
async fn check_listed_again(first: &str, holds: impl AsyncFnOnce(&Stack), cure: impl AsyncFnOnce(&Stack)) {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    holds(&stack).await;
    let invitation = invited(&stack, &customer, first).await;
    // Not so long that the recruiter reads that the order waits, which takes the invitation off the list.
    stack.pass(MINUTE * 12).await.unwrap();
    let served = stack.simulators().unwrap().pageup.served(&customer.tenant);
    assert!(served.iter().filter(|page| page.contains(&invitation)).count() > 12, "{first}: {served:?}");
    assert_eq!(looks(&stack, &customer).len(), 13, "{first}: a page that holds nothing new is the last");
    let story = story_of(&stack, &customer, &invitation).await;
    let told = story["story"].as_array().unwrap();
    // Each line is about a try of its own, of which there are fewer than there are minutes.
    let again: Vec<_> = told.iter().filter(|event| event["what"] == "asked for again").collect();
    assert_eq!(again, Vec::<&Value>::new(), "{first}");
    assert!(told.len() < 13, "{first}: {story}");
    cure(&stack).await;
    stack.pass(MINUTE * 12).await.unwrap();
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    assert_eq!((cases(&stack, first), resting(&stack).await), (1, 0), "{first}");
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_that_is_listed_while_its_order_waits_adds_nothing_to_the_story() {
    let key =
        |state: KeyState| async move |stack: &Stack| stack.simulators().unwrap().certn.set_key_state(API_KEY, state);
    check_listed_again("Waits", key(KeyState::Expired), key(KeyState::Valid)).await;
}

#[tokio::test]
async fn an_invitation_that_is_listed_while_its_status_cannot_be_written_adds_nothing_to_the_story() {
    let down = Effect::Status { code: 503, retry_after: None, body: None };
    check_listed_again(
        "Unwritten",
        async |stack| stack.simulators().unwrap().pageup.harness.arm("PUT /v3/", 0, down),
        async |stack| stack.simulators().unwrap().pageup.harness.clear_faults(),
    )
    .await;
}

#[tokio::test]
async fn invitations_that_are_listed_again_do_not_hold_up_the_next_one() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    let known: Vec<_> = (0..5).map(|_| customer.invite(customer.invitation("Known")).unwrap()).collect();
    stack.pass(MINUTE * 2).await.unwrap();
    for invitation in &known {
        check_shown(&customer, invitation, "In progress", "Invitation sent");
        pageup.resend_same_id(&customer.tenant, invitation);
    }
    // A page holds five.
    let next = invited(&stack, &customer, "Next").await;
    stack.pass(MINUTE * 5).await.unwrap();
    check_shown(&customer, &next, "In progress", "Invitation sent");
    assert_eq!((cases(&stack, "Known"), cases(&stack, "Next")), (5, 1));
    assert_eq!(pageup.waiting(&customer.tenant), Vec::<String>::new());
    no_violations(&stack);
}

fn sorted(mut calls: Vec<String>) -> Vec<String> {
    calls.sort();
    calls
}

#[tokio::test]
async fn an_idle_look_costs_a_reading_of_the_connection_and_a_write_that_takes_it() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    invited_and_ordered(&stack, &customer, "Warm").await;
    stack.pass(MINUTE).await.unwrap();
    stack.clock.advance(MINUTE);
    let _ = stack.aws.take_calls();
    let (due, connection, taken) = ("dynamodb:Query", "dynamodb:Query", "dynamodb:PutItem");
    poll(&stack).await;
    assert_eq!(stack.aws.take_calls(), [due, connection, taken]);
    stack.clock.advance(SignedDuration::from_secs(20));
    poll(&stack).await;
    assert_eq!(stack.aws.take_calls(), [due], "it is not its turn");
    // The whole tick, with what the functions ask whoever is connected: which connections are due, which orders in each
    // of four shards, which do not simply go their way, what was spilled, which requests rest, who is connected, how far the provider's events were read.
    let shared = [["dynamodb:GetItem"].as_slice(), &["dynamodb:Query"; 9]].concat();
    stack.tick().await.unwrap();
    assert_eq!(sorted(stack.aws.take_calls()), shared, "it is not its turn");
    stack.clock.advance(MINUTE);
    stack.tick().await.unwrap();
    let looked = [["dynamodb:GetItem"].as_slice(), &[taken], &[connection], &["dynamodb:Query"; 9]].concat();
    assert_eq!(sorted(stack.aws.take_calls()), looked, "it is its turn");
    no_violations(&stack);
}

/// Sets what no call of the admin API sets.
async fn set_connection(stack: &Stack, customer: &PageUpCustomer<'_>, field: &str, value: &str) {
    let update = json!({
        "TableName": "crosscheck",
        "Key": {"pk": {"S": format!("CONN#{}", customer.connection)}, "sk": {"S": "META"}},
        "UpdateExpression": "SET #data.#field = :value",
        "ExpressionAttributeNames": {"#data": "data", "#field": field},
        "ExpressionAttributeValues": {":value": {"S": value}},
    });
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", "DynamoDB_20120810.UpdateItem");
    let answer = request.body(update.to_string()).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn a_paused_connection_and_one_of_another_region_are_not_asked() {
    let stack = stack().await;
    for (field, away, back) in [("state", "paused", "active"), ("region", "uk", "ca")] {
        let customer = stack.connect_pageup(|_| {}).await.unwrap();
        set_connection(&stack, &customer, field, away).await;
        let invitation = invited(&stack, &customer, "Paused").await;
        stack.pass(MINUTE * 5).await.unwrap();
        assert!(looks(&stack, &customer).is_empty(), "{field}");
        set_connection(&stack, &customer, field, back).await;
        stack.pass(MINUTE * 2).await.unwrap();
        check_shown(&customer, &invitation, "In progress", "Invitation sent");
    }
    assert_eq!(cases(&stack, "Paused"), 2);
    no_violations(&stack);
}
