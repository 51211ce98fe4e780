//! What a provider sells and where orders can go, as an admin sees it at this moment.

use local_stack::simulators::certn::{Group, KeyState, Package};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC, BASIC_TAG, DRIVER, GROUP, NURSING, STANDARD, Stack};
use serde_json::{Value, json};

use crate::support::{API_KEY, no_violations, stack};

async fn listed(stack: &Stack, connection: &str, what: &str) -> Value {
    let (status, list) = stack.admin("GET", &format!("/admin/connections/{connection}/{what}"), None).await.unwrap();
    assert_eq!(status, 200, "{list}");
    list
}

fn one<'a>(list: &'a Value, what: &str, id: &str) -> &'a Value {
    list[what].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap_or_else(|| panic!("{id} in {list}"))
}

#[tokio::test]
async fn packages_are_listed_as_they_are_now_with_what_keeps_them_off_and_what_is_mapped_to_them() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    for word in ["D300", "Nurse check"] {
        let new = json!({"kind": "package", "ats_value": word, "provider_value": DRIVER});
        assert_eq!(stack.admin("PUT", &path, Some(&new)).await.unwrap().0, 200);
    }
    let (off, unsaid) = ("8b1f2d63-5c8d-4a8f-9b72-00000000000a", "8b1f2d63-5c8d-4a8f-9b72-00000000000b");
    certn.add_package(Package { id: off.to_owned(), name: "Off".to_owned(), active: true, ats_use: Some(false) });
    certn.add_package(Package { id: unsaid.to_owned(), name: "Unsaid".to_owned(), active: false, ats_use: None });
    certn.rename_package(STANDARD, "Standard 2027");
    let list = listed(&stack, &customer.connection, "packages").await;
    for (id, name, orderable, marked, words) in [
        (STANDARD, "Standard 2027", true, json!(true), json!([])),
        (DRIVER, "Driver", true, json!(true), json!(["D300", "Nurse check"])),
        (off, "Off", false, json!(false), json!([])),
        (unsaid, "Unsaid", false, Value::Null, json!([])),
    ] {
        let expected = json!({
            "id": id, "name": name, "orderable": orderable, "marked_for_ats": marked,
            "tags": [], "ats_tag": null, "ats_values": words,
        });
        assert_eq!(one(&list, "packages", id), &expected);
    }
    certn.remove_package(off);
    assert!(!listed(&stack, &customer.connection, "packages").await.to_string().contains(off));
    no_violations(&stack);
}

#[tokio::test]
async fn groups_are_listed_where_the_provider_has_a_list_of_them() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let closed = "51c2d1de-3b1f-4d5e-9a51-00000000000a";
    let group = Group { id: closed.to_owned(), name: "Closed".to_owned(), active: false };
    stack.simulators().unwrap().certn.add_group(group);
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let new = json!({"kind": "group", "ats_value": "Ward 7", "provider_value": NURSING});
    assert_eq!(stack.admin("PUT", &path, Some(&new)).await.unwrap().0, 200);
    let list = listed(&stack, &customer.connection, "groups").await;
    assert_eq!((&list["listed"], &list["note"]), (&json!(true), &Value::Null));
    let group = |id: &str| one(&list, "groups", id).clone();
    let told = |group: &Value| (group["active"] == true, group["is_default"] == true, group["ats_values"].to_string());
    assert_eq!(told(&group(GROUP)), (true, true, "[]".to_owned()));
    assert_eq!(told(&group(NURSING)), (true, false, "[\"Ward 7\"]".to_owned()));
    assert_eq!((told(&group(closed)), &group(closed)["name"]), ((false, false, "[]".to_owned()), &json!("Closed")));

    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let list = listed(&stack, &customer.connection, "groups").await;
    assert_eq!((&list["listed"], &list["groups"]), (&json!(false), &json!([])));
    assert!(list["note"].as_str().unwrap().starts_with("Asurint has no list of groups"), "{list}");
    let list = listed(&stack, &customer.connection, "packages").await;
    let basic = one(&list, "packages", BASIC);
    assert_eq!((&basic["ats_tag"], &basic["marked_for_ats"]), (&json!(BASIC_TAG), &Value::Null));
    no_violations(&stack);
}

#[tokio::test]
async fn a_provider_that_does_not_tell_is_to_be_asked_again_or_needs_the_person_that_is_named() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    for what in ["packages", "groups"] {
        let path = format!("/admin/connections/{}/{what}", customer.connection);
        certn.harness.arm(&format!("/{what}/"), 0, Effect::ResetBefore);
        assert_eq!(stack.admin("GET", &path, None).await.unwrap().0, 503);
        certn.harness.clear_faults();
        certn.set_key_state(API_KEY, KeyState::Revoked);
        let (status, problem) = stack.admin("GET", &path, None).await.unwrap();
        let title = problem["title"].as_str().unwrap();
        assert!(
            status == 409 && title.contains("provider_credentials") && title.contains("provider administrator"),
            "{problem}"
        );
        assert!(!problem.to_string().contains(API_KEY));
        certn.set_key_state(API_KEY, KeyState::Valid);
        let (status, problem) = stack.admin("GET", &format!("{path}?colour=red"), None).await.unwrap();
        assert_eq!((status, &problem["errors"][0]["field"]), (400, &json!("colour")));
    }
}
