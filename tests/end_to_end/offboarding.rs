//! A customer leaves: everything of it goes but the audit, and nothing of anybody else's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::ConnectionId;
use jiff::SignedDuration;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, ELSEWHERE, LeverCandidate, LeverCustomer, Stack, TRIGGER};
use runtime::deadline::Deadline;
use runtime::edge::Call;
use runtime::handlers::admin::delete_connection;
use serde_json::{Value, json};

use crate::support::{MINUTE, items, no_violations, ordered, row, stack};

async fn delete(stack: &Stack, connection: &str, query: &str) -> (u16, Value) {
    let path = format!("/admin/connections/{connection}?{query}");
    stack.admin("DELETE", &path, None).await.unwrap()
}

/// Every item that names the connection, by kind and key.
async fn kept_of(stack: &Stack, connection: &str) -> Vec<String> {
    let items = items(stack).await;
    let of_connection = items.iter().filter(|item| item.to_string().contains(connection));
    let kind = |item: &Value| item["pk"]["S"].as_str().unwrap().split('#').next().unwrap().to_owned();
    let mut kinds: Vec<_> = of_connection
        .map(|item| if item["sk"]["S"] == "META" { format!("{} META", kind(item)) } else { kind(item) })
        .collect();
    kinds.dedup();
    kinds
}

/// The doors were shut two minutes ago, and the second call finds nothing left.
async fn check_ends(stack: &Stack, connection: &str) {
    assert_eq!(kept_of(stack, connection).await, ["AUDIT", "CONN META"]);
    stack.clock.advance(MINUTE * 3);
    let (status, told) = delete(stack, connection, "rev=1").await;
    assert_eq!((status, &told["deleted"]), (200, &json!(true)), "{told}");
    assert_eq!(kept_of(stack, connection).await, ["AUDIT"]);
    assert_eq!(delete(stack, connection, "rev=1").await.0, 404);
    let path = format!("/admin/connections/{connection}");
    assert_eq!(stack.admin("GET", &path, None).await.unwrap().0, 404);
    let (status, audit) = stack.admin("GET", &format!("{path}/audit"), None).await.unwrap();
    let about: Vec<_> = audit["entries"].as_array().unwrap().iter().map(|entry| entry["about"].clone()).collect();
    assert!(status == 200 && about[0] == "deleted" && about[1].as_str().unwrap().starts_with("closed, "), "{audit}");
    let hub = stack.hub("reconcile").unwrap();
    let id = ConnectionId::parse(connection).unwrap();
    assert!(hub.secrets.read_anew(&id, hub.clock.now()).await.is_err(), "the secret is gone");
}

/// A customer with everything that the table may hold of one.
async fn lever_with_order(stack: &Stack) -> (LeverCustomer<'_>, LeverCandidate) {
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let mapping = json!({"kind": "score", "ats_value": "Amber", "provider_value": "review"});
    assert_eq!(stack.admin("PUT", &path, Some(&mapping)).await.unwrap().0, 200);
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Lea").unwrap();
    customer.advance(&candidate).await.unwrap();
    customer.order(&candidate).unwrap();
    (customer, candidate)
}

#[tokio::test]
async fn a_customer_who_leaves_takes_webhook_tokens_secret_and_data_along() {
    let stack = stack().await;
    let lever = &stack.simulators().unwrap().lever;
    let (stays, other) = lever_with_order(&stack).await;
    let (customer, candidate) = lever_with_order(&stack).await;
    let id = customer.connection.as_str();
    let (_, url) = lever.webhooks(&customer.account).pop().unwrap();

    let (status, problem) = delete(&stack, id, "rev=1").await;
    assert!(status == 409 && problem["title"].as_str().unwrap().contains("Open orders: 1"), "{problem}");
    let (status, problem) = delete(&stack, id, "rev=7&open_orders=acknowledged").await;
    assert_eq!((status, &problem["rev"]), (409, &json!(1)), "{problem}");
    for (query, field) in [("", "rev"), ("rev=one", "rev"), ("rev=1&open_orders=yes", "open_orders"), ("x=1", "x")] {
        let (status, problem) = delete(&stack, id, query).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{query}");
    }
    assert_eq!(lever.webhooks(&customer.account).len(), 1, "nothing was done so far");

    let (status, told) = delete(&stack, id, "rev=1&open_orders=acknowledged").await;
    assert_eq!((status, &told["deleted"], &told["orders"]), (202, &json!(false), &json!(1)), "{told}");
    let by_hand = told["by_hand"].to_string();
    assert!(by_hand.contains("In Lever") && by_hand.contains("At Asurint"), "{by_hand}");
    assert_eq!(lever.webhooks(&customer.account), Vec::new());
    let early = delete(&stack, id, "rev=1").await;
    assert_eq!(early.0, 202, "functions may still remember it: {early:?}");
    assert_eq!(kept_of(&stack, id).await, ["AUDIT", "CONN META"]);
    let unknown = stack.http.post(url.replace(id, "lever-nobody")).body("{}").send().await.unwrap().status();
    stack.clock.advance(MINUTE);
    assert_eq!(stack.http.post(&url).body("{}").send().await.unwrap().status(), unknown);
    check_ends(&stack, id).await;

    customer.advance_again(&candidate).await.unwrap();
    stack.pass(MINUTE * 15).await.unwrap();
    assert_eq!(kept_of(&stack, id).await, ["AUDIT"]);
    assert_eq!(customer.orders(&candidate).unwrap().len(), 1, "nothing is ordered");
    // The other customer's checks go on.
    assert_eq!(lever.webhooks(&stays.account).len(), 1);
    let order = stays.order(&other).unwrap();
    stack.simulators().unwrap().asurint.complete_with(&order.id, Some("Amber"));
    stack.pass(MINUTE).await.unwrap();
    assert_eq!(stays.status_tags(&other).unwrap(), ["Asurint: Completed"]);
    no_violations(&stack);
}

#[tokio::test]
async fn a_customer_of_icims_is_told_what_to_remove_and_its_events_are_a_strangers() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let id = customer.connection.as_str();
    let certn = &stack.simulators().unwrap().certn;
    let (candidate, case) = ordered(&stack, &customer, "Left").await;
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    let shown = row(&customer, &candidate);
    let (status, told) = delete(&stack, id, "rev=1").await;
    assert_eq!((status, &told["orders"]), (202, &json!(1)), "ended orders need no word: {told}");
    let by_hand = told["by_hand"].to_string();
    assert!(by_hand.contains("In iCIMS") && by_hand.contains("At Certn"), "{by_hand}");
    stack.clock.advance(MINUTE);
    let late = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Late").unwrap();
    assert_eq!(customer.advance(&late, TRIGGER).await.unwrap().status, Some(401));
    certn.complete(&case.id, Some("REVIEW"));
    stack.pass(MINUTE * 10).await.unwrap();
    check_ends(&stack, id).await;
    stack.pass(MINUTE * 10).await.unwrap();
    assert_eq!(kept_of(&stack, id).await, ["AUDIT"]);
    assert_eq!((certn.cases().len(), row(&customer, &candidate)), (1, shown));
}

#[tokio::test]
async fn a_wrong_password_does_not_open_the_doors_again_that_were_shut() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Late").unwrap();
    assert_eq!(customer.advance(&candidate, ELSEWHERE).await.unwrap().status, Some(200), "the function keeps it now");
    assert_eq!(delete(&stack, &customer.connection, "rev=1").await.0, 202);
    stack.clock.advance(SignedDuration::from_secs(2));
    let wrong = stack.http.post(&customer.webhook_url).basic_auth(&customer.connection, Some("wrong")).body("{}");
    assert_eq!(wrong.send().await.unwrap().status().as_u16(), 401);
    stack.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(customer.advance(&candidate, TRIGGER).await.unwrap().status, Some(401));
}

#[tokio::test]
async fn while_lever_is_down_what_was_done_stays_and_an_admin_may_go_on_without_it() {
    let stack = stack().await;
    let lever = &stack.simulators().unwrap().lever;
    for force in [false, true] {
        let (customer, _) = lever_with_order(&stack).await;
        let id = customer.connection.as_str();
        lever.harness.arm("/v1/webhooks", 0, Effect::Status { code: 503, retry_after: None, body: None });
        let (status, problem) = delete(&stack, id, "rev=1&open_orders=acknowledged").await;
        assert!(status == 503 && problem["title"].as_str().unwrap().contains("force=true"), "{problem}");
        let (_, audit) = stack.admin("GET", &format!("/admin/connections/{id}/audit"), None).await.unwrap();
        assert_eq!(audit["entries"][0]["about"], "closed, open orders: 1");
        assert!(lever.webhooks(&customer.account).len() == 1, "the tokens are needed to delete it");
        if !force {
            lever.harness.clear_faults();
        }
        let (status, told) = delete(&stack, id, if force { "rev=1&force=true" } else { "rev=1" }).await;
        assert_eq!(status, 202, "{told}");
        assert_eq!(lever.webhooks(&customer.account).len(), usize::from(force));
        check_ends(&stack, id).await;
        lever.harness.clear_faults();
    }
}

/// A call that is given up after so many calls of AWS, as when a function dies. Whether it came that far.
async fn dies_after(stack: &Stack, connection: &str, calls: usize) -> bool {
    let query = [("rev", "1"), ("open_orders", "acknowledged")];
    let call = Call {
        method: "DELETE".parse().unwrap(),
        path: HashMap::from([("connection".to_owned(), connection.to_owned())]),
        query: query.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: Vec::new(),
        body: Vec::new(),
        caller: "arn:aws:iam::000000000000:user/local".to_owned(),
        deadline: Deadline::after(Duration::from_secs(29)),
    };
    let hub = Arc::clone(stack.hub("admin-delete-connection").unwrap());
    let _ = stack.aws.take_calls();
    let mut seen = 0;
    let dies = async {
        while seen < calls {
            seen += stack.aws.take_calls().len();
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = dies => true,
        _ = delete_connection::handle(hub, call) => false,
    }
}

#[tokio::test]
async fn wherever_a_deletion_dies_the_next_call_goes_on_to_the_end() {
    let stack = stack().await;
    let mut died = 0;
    for calls in [1, 3, 5, 8, 11, 14, 17, 20] {
        let (customer, _) = lever_with_order(&stack).await;
        died += usize::from(dies_after(&stack, &customer.connection, calls).await);
        // Its claim on the tokens, where it had one, runs out.
        stack.clock.advance(SignedDuration::from_secs(61));
        let (status, told) = delete(&stack, &customer.connection, "rev=1&open_orders=acknowledged").await;
        assert_eq!(status, 202, "after {calls} calls: {told}");
        assert_eq!(stack.simulators().unwrap().lever.webhooks(&customer.account), Vec::new(), "after {calls} calls");
        check_ends(&stack, &customer.connection).await;
    }
    assert!(died >= 7, "{died}");
}
