//! Nobody's data and no secret of Lever and Asurint turns up where it does not belong.

use local_stack::simulators::shared::Effect;
use local_stack::simulators::{asurint, lever};
use local_stack::stack::{BASIC_TAG, LeverCustomer, Stack, by_xml};
use serde_json::Value;

use crate::private::{Place, found, places};
use crate::support::{MINUTE, items, no_violations, stack};

const FIRST: &str = "Zephyrine";

/// What the local stack's customers are given; each is a secret that must never be seen.
const SECRETS: [&str; 3] = [
    "lever-client-secret-of-the-local-stack",
    "asurint-password-of-the-local-stack",
    "asurint-signing-secret-of-the-local-stack",
];

/// Everything that is kept, sent on, logged or shown of the connection's orders.
async fn everywhere(stack: &Stack, customer: &LeverCustomer<'_>, notes: Vec<String>) -> Vec<Place> {
    let of_connection = |item: &Value| {
        let is_order = item["sk"]["S"] == "META" && item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ORD#"));
        is_order && item["data"]["M"]["connection"]["S"] == *customer.connection
    };
    let orders = items(stack).await.into_iter().filter(of_connection);
    let orders: Vec<_> = orders.map(|item| item["data"]["M"]["id"]["S"].as_str().unwrap().to_owned()).collect();
    assert!(orders.len() >= 4, "{orders:?}");
    places(stack, &customer.connection, orders, notes).await
}

async fn check(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (tagged, untagged) = (customer.posting(&[BASIC_TAG]).unwrap(), customer.posting(&[]).unwrap());
    let [done, refused, unclear, echoed, waits] =
        [&tagged, &untagged, &tagged, &tagged, &tagged].map(|posting| customer.candidate(posting, FIRST).unwrap());

    customer.advance(&done).await.unwrap();
    let order = customer.order(&done).unwrap();
    simulators.asurint.complete_forms(&order.id);
    simulators.asurint.complete(&order.id, asurint::Score::Review);
    stack.settle().await.unwrap();
    customer.advance(&refused).await.unwrap();
    simulators.asurint.harness.arm("order", 1, Effect::ResetAfterCommit);
    customer.advance(&unclear).await.unwrap();
    simulators.asurint.harness.clear_faults();
    // The refusal quotes the candidate's address.
    simulators.asurint.refuse_next_order(400, "candidate.email", "invalid");
    customer.advance(&echoed).await.unwrap();
    stack.pass(MINUTE * 5).await.unwrap();
    customer.revoke().unwrap();
    customer.advance(&waits).await.unwrap();
    stack.pass(MINUTE * 11).await.unwrap();

    let all = [done, refused, unclear, echoed, waits];
    let notes = all.iter().flat_map(|candidate| customer.notes(candidate).unwrap()).collect();
    let places = everywhere(&stack, &customer, notes).await;
    let planted = lever::MARKERS.iter().chain(asurint::MARKERS).chain(&SECRETS).copied();
    let headers =
        ["X-Amz-", "authorization: ", "Bearer ", "client_secret", FIRST, "rae@client.example", "RootCredentials"];
    let mut words: Vec<String> = planted.chain(headers).map(str::to_owned).collect();
    words.extend(all.iter().map(|candidate| candidate.email.clone()));
    words.push(customer.asurint_webhook_password.clone());
    words.retain(|word| !word.is_empty());
    assert_eq!(found(&places, &words), Vec::<String>::new());
    no_violations(&stack);
}

#[tokio::test]
async fn nothing_is_seen_of_candidates_and_secrets_in_json() {
    check(|_| {}).await;
}

#[tokio::test]
async fn nothing_is_seen_of_candidates_and_secrets_in_xml() {
    check(by_xml).await;
}
