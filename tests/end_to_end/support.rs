//! What the tests of this binary share: a stack, its table as JSON, the story of an order.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use jiff::SignedDuration;
use local_stack::embedded_aws::seen;
use local_stack::simulators::certn::Case;
use local_stack::simulators::icims::Entry;
use local_stack::stack::{Candidate, Customer, Options, PageUpCustomer, Stack, TRIGGER, signing_as};
use runtime::deadline::Deadline;
use runtime::handlers::pageup_poll;
use runtime::hub::Hub;
use serde_json::Value;

/// What the local stack's customers are given; each is a secret that must never be seen.
pub(crate) const API_KEY: &str = "certn-key-of-the-local-stack";
pub(crate) const WEBHOOK_SECRET: &str = "certn-webhook-secret-of-the-local-stack";
pub(crate) const ICIMS_PASSWORD: &str = "icims-password-of-the-local-stack";
pub(crate) const PAGEUP_SECRET: &str = "pageup-client-secret-of-the-local-stack";

pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

pub(crate) async fn stack() -> Stack {
    stack_with(Options::default()).await
}

pub(crate) async fn stack_in(region: &str) -> Stack {
    stack_with(Options { region: region.to_owned(), ..Options::default() }).await
}

/// Every stack of these tests starts here, so that what its functions do at AWS is seen.
pub(crate) async fn stack_with(options: Options) -> Stack {
    seen::keep_in(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("grants-used")).unwrap();
    Stack::start(options).await.unwrap()
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
    only_story(stack, &orders(stack, candidate).await).await
}

async fn only_story(stack: &Stack, orders: &[String]) -> Value {
    let [order] = orders else { panic!("one order, not {orders:?}") };
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

/// The recruiter invites a candidate; within a minute PageUp is asked for it.
pub(crate) async fn invited(stack: &Stack, customer: &PageUpCustomer<'_>, first: &str) -> String {
    let invitation = customer.invite(customer.invitation(first)).unwrap();
    stack.pass(MINUTE).await.unwrap();
    invitation
}

/// An invitation that was ordered, with its case.
pub(crate) async fn invited_and_ordered(stack: &Stack, customer: &PageUpCustomer<'_>, first: &str) -> (String, Case) {
    let invitation = invited(stack, customer, first).await;
    check_shown(customer, &invitation, "In progress", "Invitation sent");
    (invitation, stack.simulators().unwrap().certn.cases().pop().unwrap())
}

/// The ids of the invitation's orders, whatever became of them.
pub(crate) async fn orders_of(stack: &Stack, customer: &PageUpCustomer<'_>, invitation: &str) -> Vec<String> {
    let text = |item: &Value, path: &str| item.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let of_invitation = |item: &&Value| {
        text(item, "/sk/S") == "META"
            && text(item, "/data/M/connection/S") == customer.connection
            && text(item, "/data/M/subject/M/request/S") == invitation
    };
    items(stack).await.iter().filter(of_invitation).map(|item| text(item, "/data/M/id/S")).collect()
}

/// The invitation's only order as an admin sees it.
pub(crate) async fn story_of(stack: &Stack, customer: &PageUpCustomer<'_>, invitation: &str) -> Value {
    only_story(stack, &orders_of(stack, customer, invitation).await).await
}

/// The status and the message that the recruiter sees of an invitation.
pub(crate) fn shown(customer: &PageUpCustomer<'_>, invitation: &str) -> (String, String) {
    let screen = customer.screen(invitation).unwrap();
    (screen.status.unwrap_or_default(), screen.message.unwrap_or_default())
}

pub(crate) fn check_shown(customer: &PageUpCustomer<'_>, invitation: &str, status: &str, message: &str) {
    let (shown, told) = shown(customer, invitation);
    assert_eq!((shown.as_str(), told.as_str()), (status, message), "{invitation}");
}

/// How the looks at the customer's list of invitations were answered, in turn.
pub(crate) fn looks(stack: &Stack, customer: &PageUpCustomer<'_>) -> Vec<u16> {
    let answered = stack.simulators().unwrap().pageup.harness.answered(&format!("GET /v3/{}/", customer.tenant));
    answered.iter().map(|answered| answered.status).collect()
}

/// How many invitations rest in the table.
pub(crate) async fn resting(stack: &Stack) -> usize {
    let items = items(stack).await;
    items.iter().filter(|item| item["pk"]["S"].as_str().unwrap_or_default().starts_with("REQ#")).count()
}

/// One tick of the poller, and of nothing else.
pub(crate) async fn poll(stack: &Stack) {
    let hub = Arc::clone(stack.hub("pageup-poll").unwrap());
    pageup_poll::handle(hub, Deadline::after(Duration::from_secs(60))).await.unwrap();
}

/// Nothing happened that a simulator would hold against the hub.
pub(crate) fn no_violations(stack: &Stack) {
    assert_eq!(stack.violations(), Vec::<String>::new());
}

/// Another instance of a function, with a memory and connections of its own.
pub(crate) async fn another_hub(stack: &Stack, function: &str) -> Arc<Hub> {
    let config = stack.hub(function).unwrap().config.clone();
    let sdk = runtime::aws::loader()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .endpoint_url(&stack.aws.url);
    Arc::new(Hub::new(config, stack.clock.clone(), &signing_as(function, &sdk.load().await)).unwrap())
}
