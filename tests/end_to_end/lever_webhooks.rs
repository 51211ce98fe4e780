//! Lever's events prove only that Lever once sent something. Whoever saw one can neither order nor keep an order away.

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::lever::{
    BACKGROUND_CHECK_STAGE, Delivery, EventOptions, FromStage, RECRUITER, SignatureForm, signature,
};
use local_stack::stack::{LeverCandidate, LeverCustomer, Stack};
use serde_json::{Value, json};

use crate::lever_support::{check_shown, check_untouched, lever, waiting};
use crate::support::{MINUTE, items, no_violations, stack};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What an event says of a move of this opportunity into the stage.
fn data(opportunity: &str) -> Value {
    json!({"opportunityId": opportunity, "toStageId": BACKGROUND_CHECK_STAGE, "fromStageId": "applicant-new"})
}

/// Moves the candidate into the stage with an event of this form.
async fn advance(stack: &Stack, customer: &LeverCustomer<'_>, who: &LeverCandidate, as_told: EventOptions) -> Vec<u16> {
    let lever = &stack.simulators().unwrap().lever;
    let told =
        lever.advance_with(&customer.account, &who.opportunity, BACKGROUND_CHECK_STAGE, RECRUITER, as_told).await;
    stack.settle().await.unwrap();
    told.iter().filter_map(Delivery::status).collect()
}

/// The newest delivery to the hub.
fn newest(stack: &Stack, customer: &LeverCustomer<'_>) -> usize {
    stack.simulators().unwrap().lever.deliveries(&customer.account).len() - 1
}

/// Sends bytes of our own to the webhook.
async fn post(stack: &Stack, url: &str, body: &str) -> u16 {
    let status = stack.http.post(url).body(body.to_owned()).send().await.unwrap().status().as_u16();
    stack.settle().await.unwrap();
    status
}

/// The address of the webhook that the hub made, and what it is signed with.
fn webhook(stack: &Stack, customer: &LeverCustomer<'_>) -> (String, String) {
    let lever = &stack.simulators().unwrap().lever;
    let (id, url) = lever.webhooks(&customer.account).pop().unwrap();
    (url, lever.signature_token(&customer.account, &id))
}

/// An event that is signed as Lever signs, with a token of its own.
fn signed(stack: &Stack, key: &str, token: &str, data: Value) -> Value {
    let at = stack.now().as_millisecond();
    let signature = signature(key, token, at);
    json!({"event": "candidateStageChange", "triggeredAt": at, "token": token, "signature": signature, "data": data})
}

#[tokio::test]
async fn a_captured_signature_with_other_data_orders_nothing_for_who_is_not_in_the_stage() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let (genuine, elsewhere) = (waiting(&customer, "Genuine"), waiting(&customer, "Elsewhere"));
    customer.advance(&genuine).await.unwrap();
    let captured = newest(&stack, &customer);
    let (url, key) = webhook(&stack, &customer);
    // A captured token is known already; one that the hub never saw gets further, and no further than to a look.
    for opportunity in [elsewhere.opportunity.as_str(), "9b1f0c52-0000-4000-8000-000000000000", "../users", ""] {
        let answer = lever.forge(&customer.account, captured, data(opportunity)).await.unwrap();
        assert!(matches!(answer.status(), Some(200 | 400)), "{opportunity}: {answer:?}");
        let fresh = signed(&stack, &key, &format!("fresh{}", opportunity.len()), data(opportunity));
        let status = post(&stack, &url, &fresh.to_string()).await;
        assert!(matches!(status, 200 | 400), "{opportunity}: {status}");
    }
    stack.pass(MINUTE * 15).await.unwrap();
    check_untouched(&customer, &elsewhere);
    customer.order(&genuine).unwrap();
    assert_eq!(stack.simulators().unwrap().asurint.orders().len(), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn a_captured_signature_that_names_who_is_in_the_stage_orders_that_one_order_once() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let (told, lost) = (waiting(&customer, "Told"), waiting(&customer, "Lost"));
    customer.advance(&told).await.unwrap();
    let captured = newest(&stack, &customer);
    advance(&stack, &customer, &lost, EventOptions { copies: 0, ..EventOptions::default() }).await;
    let (url, key) = webhook(&stack, &customer);
    for round in 0..3 {
        lever.forge(&customer.account, captured, data(&lost.opportunity)).await.unwrap();
        let fresh = signed(&stack, &key, &format!("fresh{round}"), data(&lost.opportunity));
        assert_eq!(post(&stack, &url, &fresh.to_string()).await, 200);
        assert_eq!(post(&stack, &url, &fresh.to_string()).await, 200);
        customer.order(&lost).unwrap();
    }
    check_shown(&customer, &lost, "Pending Candidate");
    customer.order(&told).unwrap();
    no_violations(&stack);
}

#[tokio::test]
async fn a_replay_orders_nothing_more_neither_at_once_nor_thirteen_days_later() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let simulators = stack.simulators().unwrap();
    let candidate = waiting(&customer, "Again");
    customer.advance(&candidate).await.unwrap();
    let genuine = newest(&stack, &customer);
    let order = customer.order(&candidate).unwrap();
    for wait in [SignedDuration::ZERO, MINUTE, HOUR * 24 * 13] {
        stack.clock.advance(wait);
        let again = simulators.lever.rerun(&customer.account, genuine).await.unwrap();
        assert_eq!(again.status(), Some(200));
        stack.settle().await.unwrap();
        assert_eq!(customer.order(&candidate).unwrap().id, order.id);
        if wait == MINUTE {
            // An ended check is not asked for anew by an old event either.
            simulators.asurint.cancel_in_portal(&order.id);
            stack.settle().await.unwrap();
        }
    }
    check_shown(&customer, &candidate, "Cancelled");
    no_violations(&stack);
}

/// An event that could be stored only so much later; whether it then orders by itself.
async fn check_late(hours: i64, orders: bool) {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let candidate = waiting(&customer, "Late");
    stack.aws.set_down(Service::DynamoDb, true);
    stack.aws.set_down(Service::Sqs, true);
    assert_eq!(advance(&stack, &customer, &candidate, EventOptions::default()).await, [503]);
    stack.aws.set_down(Service::DynamoDb, false);
    stack.aws.set_down(Service::Sqs, false);
    // No minute is ticked meanwhile, so that nothing but the event can order.
    stack.clock.advance(HOUR * i32::try_from(hours).unwrap());
    let again = lever.rerun(&customer.account, newest(&stack, &customer)).await.unwrap();
    assert_eq!(again.status(), Some(200), "{hours}");
    stack.settle().await.unwrap();
    assert_eq!(customer.orders(&candidate).unwrap().len(), usize::from(orders), "{hours}");
    assert_eq!(stack.aws.dump_table().await.contains("stale_trigger"), !orders, "{hours}");
    no_violations(&stack);
}

#[tokio::test]
async fn a_retry_three_days_later_orders_and_one_of_eighty_hours_is_only_recorded() {
    check_late(72, true).await;
    check_late(80, false).await;
}

#[tokio::test]
async fn whoever_cannot_sign_is_refused_and_leaves_nothing() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let (url, key) = webhook(&stack, &customer);
    let candidate = waiting(&customer, "Forged");
    advance(&stack, &customer, &candidate, EventOptions { copies: 0, ..EventOptions::default() }).await;
    let before = items(&stack).await;
    let right = signed(&stack, &key, "t1", data(&candidate.opportunity));
    let without = |field: &str| {
        let mut body = right.clone();
        body.as_object_mut().unwrap().remove(field);
        body.to_string()
    };
    let with = |field: &str, value: Value| {
        let mut body = right.clone();
        body[field] = value;
        body.to_string()
    };
    let late = right["triggeredAt"].as_i64().unwrap() + 1;
    for (body, status) in [
        (without("signature"), 401),
        (without("token"), 401),
        (without("triggeredAt"), 401),
        (with("signature", json!("")), 401),
        (with("signature", json!("0".repeat(64))), 401),
        (with("token", json!("t2")), 401),
        (with("triggeredAt", json!(late)), 401),
        (with("triggeredAt", json!(-1)), 401),
        // A body that is no JSON has nowhere to have a signature.
        ("not json".to_owned(), 401),
        (String::new(), 401),
        ("[]".to_owned(), 401),
        (without("event"), 400),
        (without("data"), 400),
        (with("data", json!("text")), 400),
        (with("data", json!({"opportunityId": 5, "toStageId": BACKGROUND_CHECK_STAGE})), 400),
        (with("data", json!({"opportunityId": candidate.opportunity})), 400),
        (with("padding", json!("x".repeat(300 * 1024))), 413),
    ] {
        let told: String = body.chars().take(200).collect();
        assert_eq!(post(&stack, &url, &body).await, status, "{told}");
        assert_eq!(items(&stack).await, before, "{told}");
    }
    let other = lever(&stack).await;
    let (others_url, others_key) = webhook(&stack, &other);
    let of_other = signed(&stack, &others_key, "t3", data(&candidate.opportunity));
    assert_eq!(post(&stack, &url, &of_other.to_string()).await, 401);
    let path_token = others_url.trim_end_matches('/').rsplit('/').find(|part| part.len() > 20).unwrap();
    let own_token = url.trim_end_matches('/').rsplit('/').find(|part| part.len() > 20).unwrap();
    for wrong in [
        url.replace(&customer.connection, "lever-nobody"),
        url.replace(own_token, path_token),
        url.replace(own_token, "guess"),
        format!("{}/more", url.trim_end_matches('/')),
    ] {
        assert_eq!(post(&stack, &wrong, &right.to_string()).await, 404, "{wrong}");
    }
    check_untouched(&customer, &candidate);
    no_violations(&stack);
}

#[tokio::test]
async fn an_event_is_understood_in_every_form_that_lever_sends() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let (simulators, ordinary) = (stack.simulators().unwrap(), EventOptions::default);
    for (name, options) in [
        ("Plain", ordinary()),
        ("Null", EventOptions { from_stage: FromStage::Null, ..ordinary() }),
        ("Absent", EventOptions { from_stage: FromStage::Absent, ..ordinary() }),
        ("Unnamed", EventOptions { without_id: true, ..ordinary() }),
        ("Twice", EventOptions { copies: 2, ..ordinary() }),
    ] {
        stack.clock.advance(MINUTE);
        let candidate = waiting(&customer, name);
        let copies = options.copies;
        assert_eq!(advance(&stack, &customer, &candidate, options).await, vec![200; copies], "{name}");
        customer.order(&candidate).unwrap();
        check_shown(&customer, &candidate, "Pending Candidate");
    }
    // The same subscription made once more by an admin, whose key nobody told the hub.
    let (url, _) = webhook(&stack, &customer);
    simulators.lever.add_webhook(&customer.account, "candidateStageChange", &url);
    let candidate = waiting(&customer, "Subscribed");
    let mut answers = advance(&stack, &customer, &candidate, ordinary()).await;
    answers.sort_unstable();
    assert_eq!(answers, [200, 401]);
    customer.order(&candidate).unwrap();
    no_violations(&stack);
}

#[tokio::test]
async fn an_event_with_a_wrong_signature_is_refused_and_the_candidate_is_found_all_the_same() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    for (name, signature) in [("Wrong", SignatureForm::Wrong), ("Missing", SignatureForm::Missing)] {
        let candidate = waiting(&customer, name);
        let options = EventOptions { signature, ..EventOptions::default() };
        assert_eq!(advance(&stack, &customer, &candidate, options).await, [401]);
        check_untouched(&customer, &candidate);
        stack.pass(MINUTE * 11).await.unwrap();
        customer.order(&candidate).unwrap();
    }
    no_violations(&stack);
}
