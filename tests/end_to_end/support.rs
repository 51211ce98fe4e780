//! What the tests of this binary share: a stack, its table as JSON, the story of an order.

use local_stack::simulators::certn::Case;
use local_stack::simulators::icims::Entry;
use local_stack::stack::{Candidate, Customer, Options, Stack, TRIGGER};
use serde_json::Value;

/// What the local stack's customers are given; each is a secret that must never be seen.
pub(crate) const API_KEY: &str = "certn-key-of-the-local-stack";
pub(crate) const WEBHOOK_SECRET: &str = "certn-webhook-secret-of-the-local-stack";
pub(crate) const ICIMS_PASSWORD: &str = "icims-password-of-the-local-stack";

pub(crate) async fn stack() -> Stack {
    Stack::start(Options::default()).await.unwrap()
}

/// Every item of the table, as DynamoDB writes it, by its key.
pub(crate) async fn items(stack: &Stack) -> Vec<Value> {
    let dump: Value = serde_json::from_str(&stack.aws.dump_table().await).unwrap();
    let mut items = dump["Items"].as_array().unwrap().clone();
    items.sort_by_key(|item| format!("{} {}", item["pk"], item["sk"]));
    items
}

/// The ids of the candidate's orders, whatever became of them.
pub(crate) async fn orders(stack: &Stack, candidate: &Candidate) -> Vec<String> {
    let of_candidate = |item: &&Value| {
        item["sk"]["S"] == "META" && item["data"]["M"]["subject"]["M"]["application"]["S"] == *candidate.workflow
    };
    let items = items(stack).await;
    let ids = items.iter().filter(of_candidate).map(|item| item["data"]["M"]["id"]["S"].as_str().unwrap().to_owned());
    ids.collect()
}

/// The candidate's only order as an admin sees it.
pub(crate) async fn story(stack: &Stack, candidate: &Candidate) -> Value {
    let orders = orders(stack, candidate).await;
    let [order] = orders.as_slice() else { panic!("one order, not {orders:?}") };
    let (status, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
    assert_eq!(status, 200, "{story}");
    story
}

/// The one row that the recruiter sees for the candidate.
pub(crate) fn row(customer: &Customer<'_>, candidate: &Candidate) -> Entry {
    let entries = customer.entries(candidate).unwrap();
    let [entry] = entries.as_slice() else { panic!("one row, not {entries:?}") };
    entry.clone()
}

/// Moves a new candidate to the trigger status; the hub takes the event in.
pub(crate) async fn advanced(customer: &Customer<'_>, first: &str) -> Candidate {
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, first).unwrap();
    let screen = customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(screen.status, Some(200), "{screen:?}");
    candidate
}

/// Orders a check for a new candidate; gives the candidate with the case.
pub(crate) async fn ordered(stack: &Stack, customer: &Customer<'_>, first: &str) -> (Candidate, Case) {
    let candidate = advanced(customer, first).await;
    let case = stack.simulators().unwrap().certn.cases().pop().unwrap();
    (candidate, case)
}

/// How many cases Certn has for the candidate's address.
pub(crate) fn cases(stack: &Stack, first: &str) -> usize {
    let cases = stack.simulators().unwrap().certn.cases();
    cases.iter().filter(|case| case.email.starts_with(&format!("{}.", first.to_lowercase()))).count()
}

/// Nothing happened that a simulator would hold against the hub.
pub(crate) fn no_violations(stack: &Stack) {
    assert_eq!(stack.violations(), Vec::<String>::new());
}
