//! What is kept of an application goes when an admin says so, and does not come back.

use jiff::SignedDuration;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, ELSEWHERE, LeverCustomer, Stack, TRIGGER};
use serde_json::{Value, json};

use crate::support::{
    MINUTE, advanced, cases, invited, looks, no_violations, ordered, orders, orders_of, resting, row, stack,
};

async fn erase(stack: &Stack, connection: &str, whose: &Value) -> Value {
    let path = format!("/admin/connections/{connection}/erasures");
    let (status, erased) = stack.admin("POST", &path, Some(whose)).await.unwrap();
    assert_eq!(status, 200, "{whose}: {erased}");
    erased
}

/// The table names none of them, be it as a value, in a key or in a text.
async fn check_no_trace(stack: &Stack, ids: &[&str]) {
    let table = stack.aws.dump_table().await;
    // An id of digits only may be a part of another number.
    let is_there = |id: &&&str| table.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == **id);
    let found: Vec<_> = ids.iter().filter(is_there).collect();
    assert!(found.is_empty(), "{found:?} in the table");
}

async fn audit(stack: &Stack, connection: &str) -> Vec<Value> {
    let (status, page) = stack.admin("GET", &format!("/admin/connections/{connection}/audit"), None).await.unwrap();
    assert_eq!(status, 200, "{page}");
    let entries = page["entries"].as_array().unwrap();
    entries.iter().filter(|entry| entry["action"] != "create-connection").cloned().collect()
}

/// One entry tells of the erasure, by a digest and nothing else.
async fn check_recorded(stack: &Stack, connection: &str, ids: &[&str]) {
    let entries = audit(stack, connection).await;
    let [entry] = entries.as_slice() else { panic!("one entry, not {entries:?}") };
    assert_eq!(entry["action"], "erase-candidate");
    let about = entry["about"].as_str().unwrap();
    assert!(about.strip_prefix("sha256 ").is_some_and(|digest| digest.len() == 64), "{about}");
    assert!(!ids.iter().any(|id| entry.to_string().contains(id)), "{entry}");
}

const NOTHING: (u64, u64) = (0, 0);

fn counted(erased: &Value) -> (u64, u64) {
    (erased["orders"].as_u64().unwrap(), erased["open_at_provider"].as_u64().unwrap())
}

#[tokio::test]
async fn what_was_erased_leaves_no_trace_and_whatever_arrives_of_it_later_changes_nothing() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (other, other_case) = ordered(&stack, &customer, "Other").await;
    let (candidate, case) = ordered(&stack, &customer, "Erased").await;
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let ids = [&*candidate.workflow, &*case.id, &*order];
    let table = stack.aws.dump_table().await;
    assert!(ids.iter().all(|id| table.contains(id)), "there is something to erase");

    let whose = json!({"application": candidate.workflow});
    let erased = erase(&stack, &customer.connection, &whose).await;
    assert_eq!(counted(&erased), (1, 1), "{erased}");
    assert_eq!(erased["provider_orders"], json!([case.id]));
    assert!(erased["note"].as_str().unwrap().contains("Certn"), "{erased}");
    check_no_trace(&stack, &ids).await;
    check_recorded(&stack, &customer.connection, &ids).await;

    let shown = customer.history(&candidate).unwrap().len();
    // The same event again, one that opens the way for a new order, and whatever Certn says, by its callback and its list.
    customer.advance(&candidate, TRIGGER).await.unwrap();
    check_no_trace(&stack, &ids).await;
    customer.advance(&candidate, ELSEWHERE).await.unwrap();
    check_no_trace(&stack, &ids).await;
    customer.advance(&candidate, TRIGGER).await.unwrap();
    certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    check_no_trace(&stack, &ids).await;
    stack.pass(MINUTE * 15).await.unwrap();
    certn.complete(&case.id, Some("CLEAR"));
    stack.pass(MINUTE * 15).await.unwrap();
    check_no_trace(&stack, &ids).await;
    assert_eq!(cases(&stack, "Erased"), 1, "nothing is ordered again");
    assert_eq!(customer.history(&candidate).unwrap().len(), shown, "nothing is written any more");

    assert_eq!(counted(&erase(&stack, &customer.connection, &whose).await), NOTHING);
    check_recorded(&stack, &customer.connection, &ids).await;
    // Everybody else's checks go on.
    certn.complete(&other_case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    assert!(row(&customer, &other).result.contains("Clear"), "{:?}", row(&customer, &other));
    no_violations(&stack);
}

/// The candidate is in the stage still, and Lever is asked every ten minutes who is.
async fn check_lever(stack: &Stack, customer: &LeverCustomer<'_>, by_provider: bool) {
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Lena").unwrap();
    customer.advance(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    let ids = [&*candidate.opportunity, &*order.id];
    assert!(stack.aws.dump_table().await.contains(&candidate.opportunity));
    let whose =
        if by_provider { json!({"provider_order": order.id}) } else { json!({"application": candidate.opportunity}) };
    assert_eq!(counted(&erase(stack, &customer.connection, &whose).await), (1, 1), "{whose}");
    check_no_trace(stack, &ids).await;
    customer.advance_again(&candidate).await.unwrap();
    stack.simulators().unwrap().asurint.complete_with(&order.id, Some("Eligible for Hire"));
    stack.pass(MINUTE * 25).await.unwrap();
    check_no_trace(stack, &ids).await;
    assert_eq!(customer.orders(&candidate).unwrap().len(), 1, "{whose}");
    assert_eq!(counted(&erase(stack, &customer.connection, &whose).await), NOTHING);
    check_recorded(stack, &customer.connection, &ids).await;
}

#[tokio::test]
async fn an_order_of_the_provider_names_the_application_whose_data_goes() {
    let stack = stack().await;
    for by_provider in [true, false] {
        let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
        check_lever(&stack, &customer, by_provider).await;
    }
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_that_pageup_goes_on_listing_is_not_ordered_again() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let (pageup, certn) = (&stack.simulators().unwrap().pageup, &stack.simulators().unwrap().certn);
    // It leaves PageUp's list with the first status that PageUp takes.
    pageup.harness.arm("PUT /v3/", 0, Effect::Status { code: 503, retry_after: None, body: None });
    let invitation = invited(&stack, &customer, "Ines").await;
    let case = certn.cases().pop().unwrap();
    let order = orders_of(&stack, &customer, &invitation).await.pop().unwrap();
    let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await.unwrap();
    let application = story["application"].as_str().unwrap();
    pageup.harness.clear_faults();
    let erased = erase(&stack, &customer.connection, &json!({"application": application})).await;
    assert_eq!(counted(&erased), (1, 1), "{erased}");
    let before = looks(&stack, &customer).len();
    stack.pass(MINUTE * 10).await.unwrap();
    assert!(looks(&stack, &customer).len() > before + 5, "it is listed again and again");
    check_no_trace(&stack, &[application, &invitation, &case.id, &order]).await;
    assert_eq!((cases(&stack, "Ines"), resting(&stack).await), (1, 0));
    no_violations(&stack);
}

#[tokio::test]
async fn what_is_erased_while_it_is_placed_is_told_to_be_open_and_its_outcome_is_not_stored() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let certn = &simulators.certn;
    certn.harness.arm("order-package", 1, Effect::HoldBefore);
    let candidate = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Inflight").unwrap();
    simulators.icims.advance(&customer.id, &candidate.workflow, TRIGGER, customer.recruiter()).await;
    certn.harness.held.notified().await;
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let erased = erase(&stack, &customer.connection, &json!({"application": candidate.workflow})).await;
    assert_eq!(counted(&erased), (1, 1), "{erased}");
    certn.harness.clear_faults();
    stack.settle().await.unwrap();
    let case = certn.cases().pop().unwrap();
    certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.pass(MINUTE * 15).await.unwrap();
    check_no_trace(&stack, &[&candidate.workflow, &case.id, &order]).await;
    assert_eq!(cases(&stack, "Inflight"), 1);
    assert!(customer.history(&candidate).unwrap().is_empty(), "nothing is written");
    no_violations(&stack);
}

#[tokio::test]
async fn what_waits_in_the_table_until_the_ats_can_be_read_is_erased_and_stays_so() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    icims.harness.arm("GET /customers/", 0, Effect::ResetBefore);
    let candidate = advanced(&customer, "Waits").await;
    assert!(stack.aws.dump_table().await.contains("SPILL#0"), "it waits");
    let whose = json!({"application": candidate.workflow});
    assert_eq!(counted(&erase(&stack, &customer.connection, &whose).await), NOTHING);
    check_no_trace(&stack, &[&candidate.workflow]).await;
    customer.advance(&candidate, TRIGGER).await.unwrap();
    check_no_trace(&stack, &[&candidate.workflow]).await;
    icims.harness.clear_faults();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    stack.pass(MINUTE * 15).await.unwrap();
    check_no_trace(&stack, &[&candidate.workflow]).await;
    assert_eq!(cases(&stack, "Waits"), 0);
    check_recorded(&stack, &customer.connection, &[&candidate.workflow]).await;
}

#[tokio::test]
async fn nothing_is_recorded_of_an_erasure_that_finds_nothing() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Later").unwrap();
    for whose in [json!({"application": candidate.workflow}), json!({"provider_order": "nobodys"})] {
        assert_eq!(counted(&erase(&stack, &customer.connection, &whose).await), NOTHING);
    }
    assert_eq!(audit(&stack, &customer.connection).await, Vec::<Value>::new());
    customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(cases(&stack, "Later"), 1, "a slip of the pen keeps nobody from being checked");
}

#[tokio::test]
async fn an_erasure_that_is_not_clear_is_refused_with_the_fields_at_fault() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let path = format!("/admin/connections/{}/erasures", customer.connection);
    for (body, status, field) in [
        (json!({}), 422, "application"),
        (json!({"application": "1", "provider_order": "2"}), 422, "application"),
        (json!({"application": null}), 400, "application"),
        (json!({"application": 7}), 400, "application"),
        (json!({"application": "a b"}), 400, "application"),
        (json!({"candidate": "1"}), 400, "candidate"),
    ] {
        let (answered, problem) = stack.admin("POST", &path, Some(&body)).await.unwrap();
        assert_eq!((answered, &problem["errors"][0]["field"]), (status, &json!(field)), "{body}: {problem}");
    }
    let (status, problem) = stack.admin("POST", &format!("{path}?now=1"), Some(&json!({}))).await.unwrap();
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("now")));
    let nobodys = "/admin/connections/icims-nobody/erasures";
    assert_eq!(stack.admin("POST", nobodys, Some(&json!({"application": "1"}))).await.unwrap().0, 404);
}

#[tokio::test]
async fn the_audit_is_listed_page_by_page_the_latest_first() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let path = format!("/admin/connections/{}/audit", customer.connection);
    for first in ["Ada", "Bea", "Cai"] {
        let (candidate, _) = ordered(&stack, &customer, first).await;
        erase(&stack, &customer.connection, &json!({"application": candidate.workflow})).await;
        stack.clock.advance(SignedDuration::from_secs(1));
    }
    let all = audit(&stack, &customer.connection).await;
    let times: Vec<_> = all.iter().map(|entry| entry["at"].as_str().unwrap().to_owned()).collect();
    assert!(times.len() == 3 && times.is_sorted_by(|a, b| a > b), "{times:?}");
    assert!(all.iter().all(|entry| entry["by"].as_str().unwrap().starts_with("arn:aws:iam::")), "{all:?}");
    let (mut read, mut next) = (Vec::new(), String::new());
    loop {
        let (status, page) = stack.admin("GET", &format!("{path}?limit=2{next}"), None).await.unwrap();
        assert_eq!(status, 200, "{page}");
        read.extend(page["entries"].as_array().unwrap().clone());
        assert!(read.len() <= 4, "{page}");
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    assert_eq!(read.pop().unwrap()["action"], "create-connection", "the first of all");
    assert_eq!(read, all);
    for (query, field) in [("cursor=x", "cursor"), ("limit=0", "limit"), ("page=2", "page")] {
        let (status, problem) = stack.admin("GET", &format!("{path}?{query}"), None).await.unwrap();
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{query}");
    }
    assert_eq!(stack.admin("GET", "/admin/connections/icims-nobody/audit", None).await.unwrap().0, 404);
}
