//! What the words of an ATS mean: set, listed, taken back, each change on record.

use jiff::SignedDuration;
use local_stack::simulators::certn::{KeyState, Package};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Customer, DRIVER, GROUP, NURSING, STANDARD, Stack, TRIGGER};
use serde_json::{Value, json};

use crate::support::{API_KEY, items, no_violations, stack};

fn path(customer: &Customer<'_>) -> String {
    format!("/admin/connections/{}/mappings", customer.connection)
}

async fn put(stack: &Stack, customer: &Customer<'_>, kind: &str, from: &str, to: &str, rev: Value) -> (u16, Value) {
    let mut new = json!({"kind": kind, "ats_value": from, "provider_value": to});
    if !rev.is_null() {
        new["rev"] = rev;
    }
    stack.admin("PUT", &path(customer), Some(&new)).await.unwrap()
}

async fn list(stack: &Stack, customer: &Customer<'_>, query: &str) -> Value {
    let (status, list) = stack.admin("GET", &format!("{}{query}", path(customer)), None).await.unwrap();
    assert_eq!(status, 200, "{list}");
    list
}

fn words(list: &Value, name: &str) -> Vec<String> {
    list[name].as_array().unwrap().iter().map(|one| one["ats_value"].as_str().unwrap().to_owned()).collect()
}

/// What is on record of the connection, oldest first: action, what about, and by whom.
async fn recorded(stack: &Stack, customer: &Customer<'_>) -> Vec<(String, String, String)> {
    let pk = format!("AUDIT#{}", customer.connection);
    let items = items(stack).await;
    let text = |item: &Value, name: &str| item["data"]["M"][name]["S"].as_str().unwrap().to_owned();
    let of_connection = items.iter().filter(|item| item["pk"]["S"] == *pk);
    let entries = of_connection.map(|item| (text(item, "action"), text(item, "about"), text(item, "by")));
    entries.filter(|(action, ..)| action != "create-connection").collect()
}

#[tokio::test]
async fn a_mapping_counts_its_changes_and_whoever_is_second_learns_the_current_revision() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let other = "8b1f2d63-5c8d-4a8f-9b72-000000000001";
    let package = Package { id: other.to_owned(), name: "Other".to_owned(), active: true, ats_use: Some(true) };
    stack.simulators().unwrap().certn.add_package(package);
    for (to, rev, status, stored) in [
        (STANDARD, json!(1), 409, 0),
        (STANDARD, json!(0), 200, 1),
        // A repetition of what was answered is answered in the same way, and changes nothing.
        (STANDARD, json!(0), 200, 1),
        (STANDARD, Value::Null, 200, 1),
        (DRIVER, json!(0), 409, 1),
        (DRIVER, json!(1), 200, 2),
        (STANDARD, Value::Null, 200, 3),
    ] {
        let (answered, answer) = put(&stack, &customer, "package", " D300 ", to, rev.clone()).await;
        assert_eq!((answered, &answer["rev"]), (status, &json!(stored)), "{to} {rev}: {answer}");
        stack.clock.advance(SignedDuration::from_secs(1));
    }
    let (one, two) = futures::join!(
        put(&stack, &customer, "package", "d300", DRIVER, json!(3)),
        put(&stack, &customer, "package", "D300", other, json!(3)),
    );
    let mut answered = [(one.0, one.1["rev"].clone()), (two.0, two.1["rev"].clone())];
    answered.sort_by_key(|(status, _)| *status);
    assert_eq!(answered, [(200, json!(4)), (409, json!(4))]);
    let recorded = recorded(&stack, &customer).await;
    let about: Vec<_> = recorded.iter().map(|(action, about, _)| format!("{action}: {about}")).collect();
    assert_eq!(about[0], format!("put-mapping: package \"D300\" → {STANDARD}"));
    assert_eq!(about.len(), 4, "one line for each change and none for a repetition: {about:?}");
    assert!(recorded.iter().all(|(.., by)| by == "arn:aws:iam::000000000000:user/local"));
    no_violations(&stack);
}

#[tokio::test]
async fn what_was_wanted_is_listed_until_it_is_mapped_and_a_mapping_that_is_taken_back_refuses_again() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let job = customer.job(&["Nurse check"]).unwrap();
    let candidate = customer.candidate(&job, "Wanted").unwrap();
    for _ in 0..2 {
        let screen = customer.advance(&candidate, TRIGGER).await.unwrap();
        assert!(screen.message.unwrap().contains("unknown_package"));
    }
    let listed = list(&stack, &customer, "").await;
    assert_eq!(words(&listed, "unmapped"), ["Nurse check"]);
    assert_eq!((&listed["unmapped"][0]["kind"], &listed["unmapped"][0]["seen"]), (&json!("package"), &json!(2)));
    assert!(listed["unmapped"][0]["last_at"].is_string(), "{listed}");
    assert!(words(&list(&stack, &customer, "?kind=group").await, "unmapped").is_empty());

    assert_eq!(put(&stack, &customer, "package", "nurse CHECK", STANDARD, Value::Null).await.0, 200);
    assert!(words(&list(&stack, &customer, "").await, "unmapped").is_empty());
    assert_eq!(put(&stack, &customer, "group", "Ward 7", NURSING, Value::Null).await.0, 200);
    assert_eq!(put(&stack, &customer, "group", "Office", GROUP, Value::Null).await.0, 200);
    assert_eq!(words(&list(&stack, &customer, "?kind=group").await, "mappings"), ["Office", "Ward 7"]);
    let (mut paged, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = list(&stack, &customer, &query).await;
        paged.extend(words(&page, "mappings"));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(paged, ["Office", "Ward 7", "nurse CHECK"]);

    stack.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(customer.advance(&candidate, TRIGGER).await.unwrap().status, Some(200));
    assert_eq!(stack.simulators().unwrap().certn.cases().len(), 1);

    let delete = |query: &str| format!("{}?kind=package&ats_value=Nurse%20Check{query}", path(&customer));
    let (status, conflict) = stack.admin("DELETE", &delete("&rev=7"), None).await.unwrap();
    assert_eq!((status, &conflict["rev"]), (409, &json!(1)), "{conflict}");
    let (status, deleted) = stack.admin("DELETE", &delete("&rev=1"), None).await.unwrap();
    let was = json!({"kind": "package", "ats_value": "nurse CHECK", "provider_value": STANDARD, "rev": 1});
    assert_eq!((status, deleted), (200, was));
    assert_eq!(stack.admin("DELETE", &delete(""), None).await.unwrap().0, 404);
    let recorded = recorded(&stack, &customer).await;
    let deletions =
        recorded.iter().filter(|(action, about, _)| action == "delete-mapping" && about.contains("Nurse Check"));
    assert_eq!(deletions.count(), 1, "{recorded:?}");
    stack.clock.advance(SignedDuration::from_secs(31));
    let screen = customer.advance(&customer.candidate(&job, "Again").unwrap(), TRIGGER).await.unwrap();
    assert!(screen.message.unwrap().contains("unknown_package"));
}

async fn check_refused(stack: &Stack, method: &str, path: &str, body: Option<&Value>, field: &str) {
    let (status, problem) = stack.admin(method, path, body).await.unwrap();
    assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!(field)), "{method} {path}: {problem}");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_or_a_mapping_is_named_and_nothing_is_stored() {
    let stack = stack().await;
    let (customer, other) = (stack.connect(|_| {}).await.unwrap(), stack.connect(|_| {}).await.unwrap());
    for word in ["One", "Two"] {
        assert_eq!(put(&stack, &other, "group", word, GROUP, Value::Null).await.0, 200);
    }
    let foreign = list(&stack, &other, "?limit=1").await["next"].as_str().unwrap().to_owned();
    let path = path(&customer);
    for (query, field) in [
        ("kind=colour", "kind"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("colour=red", "colour"),
        ("cursor=x", "cursor"),
        (&*format!("cursor={foreign}"), "cursor"),
    ] {
        check_refused(&stack, "GET", &format!("{path}?{query}"), None, field).await;
    }
    for (query, field) in [
        ("kind=group", "ats_value"),
        ("ats_value=a", "kind"),
        ("kind=group&ats_value=%20", "ats_value"),
        ("kind=group&ats_value=a&rev=x", "rev"),
    ] {
        check_refused(&stack, "DELETE", &format!("{path}?{query}"), None, field).await;
    }
    let whole = json!({"kind": "group", "ats_value": "a", "provider_value": GROUP});
    for (name, value) in [("rev", json!(-1)), ("rev", json!("1")), ("ats_value", json!(1)), ("colour", json!("red"))] {
        let mut new = whole.clone();
        new[name] = value;
        check_refused(&stack, "PUT", &path, Some(&new), name).await;
    }
    assert_eq!(list(&stack, &customer, "").await["mappings"], json!([]));
}

#[tokio::test]
async fn while_the_provider_cannot_confirm_a_mapping_it_is_not_saved_and_whoever_can_help_is_named() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("/packages/", 0, Effect::Status { code: 500, retry_after: None, body: None });
    assert_eq!(put(&stack, &customer, "package", "D300", STANDARD, Value::Null).await.0, 503);
    certn.harness.clear_faults();
    certn.set_key_state(API_KEY, KeyState::Expired);
    let (status, problem) = put(&stack, &customer, "group", "Office", GROUP, Value::Null).await;
    let title = problem["title"].as_str().unwrap();
    assert!(status == 409 && title.contains("provider administrator") && title.contains("new key"), "{problem}");
    assert_eq!(list(&stack, &customer, "").await["mappings"], json!([]));
    assert!(recorded(&stack, &customer).await.is_empty());
}
