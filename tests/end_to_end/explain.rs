//! Why a check started or did not, told without a trace: by application, by order, by event.

use jiff::SignedDuration;
use local_stack::simulators::certn::KeyState;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, Customer, ELSEWHERE, GROUP, STANDARD, Stack, TRIGGER};
use serde_json::{Value, json};

use crate::support::{API_KEY, MINUTE, advanced, invited, items, no_violations, ordered, orders, orders_of, stack};

/// Everything that must stay as it is: the table but for the call budget, and what was ever sent to the outside but reads.
async fn state(stack: &Stack) -> (Vec<Value>, Vec<String>) {
    let mut items = items(stack).await;
    items.retain(|item| !item["pk"]["S"].as_str().unwrap().starts_with("RL#"));
    let simulators = stack.simulators().unwrap();
    let harnesses = [
        &simulators.icims.harness,
        &simulators.pageup.harness,
        &simulators.lever.harness,
        &simulators.certn.harness,
        &simulators.asurint.harness,
    ];
    let sent = harnesses.iter().flat_map(|harness| harness.answered(""));
    let changes = sent.filter(|sent| sent.method != "GET").map(|sent| format!("{} {}", sent.method, sent.path));
    (items, changes.collect())
}

/// Asks, and sees that nothing was changed by it.
async fn explained(stack: &Stack, connection: &str, question: &Value) -> Value {
    let before = state(stack).await;
    let path = format!("/admin/connections/{connection}/explain");
    let (status, explained) = stack.admin("POST", &path, Some(question)).await.unwrap();
    assert_eq!(status, 200, "{question}: {explained}");
    stack.settle().await.unwrap();
    let after = state(stack).await;
    assert_eq!(before, after, "{question}");
    for personal in ["@", "Moss", "Diaz"] {
        assert!(!explained.to_string().contains(personal), "{explained}");
    }
    for (name, answer) in [("the answer", &explained), ("with the proposal", &explained["with_proposed"])] {
        if answer.is_object() {
            assert!(answer["in_words"].as_str().unwrap().len() > 20, "{name}: {answer}");
        }
    }
    explained
}

async fn of_application(stack: &Stack, customer: &Customer<'_>, workflow: &str) -> Value {
    let question = json!({"application": workflow, "requester": customer.recruiter()});
    explained(stack, &customer.connection, &question).await
}

async fn of_order(stack: &Stack, connection: &str, order: &str) -> Value {
    explained(stack, connection, &json!({"order": order})).await
}

/// The verdict with the code of its reason.
fn verdict(explained: &Value) -> (&str, &str) {
    (explained["verdict"].as_str().unwrap(), explained["reason"]["code"].as_str().unwrap_or(""))
}

#[tokio::test]
async fn an_unknown_package_is_refused_and_a_proposed_mapping_shows_that_it_would_be_ordered() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let job = customer.job(&["Nurse check"]).unwrap();
    let candidate = customer.candidate(&job, "Proposed").unwrap();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let mapping = json!({"kind": "package", "ats_value": "nurse check", "provider_value": STANDARD});
    let mut question = json!({
        "application": candidate.workflow, "requester": customer.recruiter(), "proposed_mappings": [mapping],
    });
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("refuse", "unknown_package"));
    let reason = &told["reason"];
    assert_eq!((&reason["about"], &reason["owner"]), (&json!("Nurse check"), &json!("ATS administrator")), "{told}");
    assert!(reason["cure"].as_str().unwrap().contains("map it"), "{told}");
    assert!(reason["sentence"].as_str().unwrap().contains("is not known to Certn"), "{told}");
    assert_eq!((&told["would_order"], &told["orders"]), (&Value::Null, &json!([])));
    assert_eq!((&told["arrived"]["outcome"], &told["arrived"]["seen"]), (&json!("unknown_package"), &json!(1)));
    let proposed = &told["with_proposed"];
    assert_eq!(verdict(proposed), ("order", ""), "{proposed}");
    assert_eq!(proposed["would_order"]["package"], json!({"id": STANDARD, "name": "Standard"}));
    assert_eq!(proposed["would_order"]["group"], GROUP);
    assert!(
        proposed["would_order"]["ordered_by"].is_string()
            && proposed["in_words"].as_str().unwrap().contains("Standard")
    );

    let path = format!("/admin/connections/{}/mappings", customer.connection);
    assert_eq!(stack.admin("PUT", &path, Some(&mapping)).await.unwrap().0, 200);
    question["proposed_mappings"] = json!([]);
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!((verdict(&told), &told["with_proposed"]), (("order", ""), &Value::Null), "a cure is seen at once");
    assert!(stack.simulators().unwrap().certn.cases().is_empty());
    no_violations(&stack);
}

#[tokio::test]
async fn an_application_of_icims_is_explained_by_where_it_is_and_who_would_ask() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Elsewhere").unwrap();
    let told = of_application(&stack, &customer, &candidate.workflow).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("not_trigger_status")));
    assert!(told["in_words"].as_str().unwrap().contains("the recruiter moves it there"), "{told}");
    let mut question = json!({"application": candidate.workflow, "requester": customer.recruiter(), "status": TRIGGER});
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("order", ""), "{told}");
    question["status"] = json!(ELSEWHERE);
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("not_trigger_status")));
    let told = explained(&stack, &customer.connection, &json!({"application": candidate.workflow})).await;
    assert_eq!(verdict(&told), ("refuse", "requester_missing"));
    assert!(told["in_words"].as_str().unwrap().contains("`requester`"), "{told}");
    let told = of_application(&stack, &customer, "424242").await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", "ats_record_gone"), &json!("unreadable")));
}

#[tokio::test]
async fn who_cannot_be_read_is_what_it_waits_for_and_a_cure_is_seen_at_once() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let candidate = advanced(&customer, "Waiting").await;
    let order = orders(&stack, &candidate).await.remove(0);
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("duplicate_open_order")));
    assert_eq!(
        (&told["repetition"]["of"], &told["repetition"]["makes"]),
        (&json!(order), &json!("duplicate_open_order"))
    );
    assert_eq!((&told["orders"][0]["id"], &told["orders"][0]["status"]), (&json!(order), &json!("pending_candidate")));

    let other = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Other").unwrap();
    simulators.certn.set_key_state(API_KEY, KeyState::Expired);
    customer.advance(&other, TRIGGER).await.unwrap();
    let told = of_application(&stack, &customer, &other.workflow).await;
    assert_eq!(verdict(&told), ("wait", "provider_credentials"));
    assert_eq!(told["orders"][0]["reason"]["owner"], "provider administrator");
    simulators.certn.set_key_state(API_KEY, KeyState::Valid);
    let told = of_application(&stack, &customer, &other.workflow).await;
    assert_eq!(verdict(&told), ("order", ""), "{told}");
    assert!(told["in_words"].as_str().unwrap().contains("with its next try"), "{told}");
    simulators.certn.harness.arm("GET /", 0, Effect::ResetBefore);
    assert_eq!(verdict(&of_application(&stack, &customer, &other.workflow).await), ("wait", "provider_unavailable"));
    simulators.certn.harness.clear_faults();
    for (code, reason) in [(401, "ats_credentials"), (403, "ats_permission"), (500, "ats_unavailable")] {
        let effect = Effect::Status { code, retry_after: None, body: None };
        simulators.icims.harness.arm("GET /customers/", 0, effect);
        assert_eq!(verdict(&of_application(&stack, &customer, &other.workflow).await), ("wait", reason));
        simulators.icims.harness.clear_faults();
    }
}

#[tokio::test]
async fn what_a_person_must_settle_is_explained_by_its_own_reason() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (candidate, case) = ordered(&stack, &customer, "Twice").await;
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    let told = of_application(&stack, &customer, &candidate.workflow).await;
    assert_eq!(verdict(&told), ("wait", "possible_duplicate"), "{told}");
    assert_eq!(told["repetition"]["makes"], "next_order_held");
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let held = orders(&stack, &candidate).await;
    assert_eq!(held.len(), 2);
    for order in &held {
        let told = of_order(&stack, &customer.connection, order).await;
        let is_first = told["repetition"].is_object();
        let expected = if is_first { ("not_for_us", "") } else { ("wait", "possible_duplicate") };
        assert_eq!(verdict(&told), expected, "{told}");
    }
    assert_eq!(verdict(&of_application(&stack, &customer, &candidate.workflow).await), ("wait", "possible_duplicate"));

    certn.harness.arm("order-package", 1, Effect::ResetAfterCommit);
    let unclear = advanced(&customer, "Unclear").await;
    let told = of_application(&stack, &customer, &unclear.workflow).await;
    assert_eq!(verdict(&told), ("wait", "order_outcome_unknown"), "{told}");
    assert_eq!(told["reason"]["owner"], "hub operator");
    assert!(told["reason"]["cure"].as_str().unwrap().contains("adopt"), "{told}");
}

#[tokio::test]
async fn an_order_whose_time_is_over_is_said_to_be_expired_before_anybody_wrote_that() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    stack.simulators().unwrap().certn.set_key_state(API_KEY, KeyState::Expired);
    let candidate = advanced(&customer, "Late").await;
    let order = orders(&stack, &candidate).await.remove(0);
    assert_eq!(verdict(&of_order(&stack, &customer.connection, &order).await), ("wait", "provider_credentials"));
    stack.clock.advance(SignedDuration::from_hours(24 * 15));
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!((verdict(&told), &told["orders"][0]["status"]), (("refuse", "held_expired"), &json!("held")), "{told}");
    assert_eq!(verdict(&of_application(&stack, &customer, &candidate.workflow).await), ("refuse", "held_expired"));

    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let invitation = invited(&stack, &customer, "Later").await;
    let order = orders_of(&stack, &customer, &invitation).await.remove(0);
    assert_eq!(verdict(&of_order(&stack, &customer.connection, &order).await), ("wait", "provider_credentials"));
    stack.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(verdict(&of_order(&stack, &customer.connection, &order).await), ("refuse", "held_expired"));
}

#[tokio::test]
async fn an_order_that_the_ats_does_not_show_is_explained_with_what_its_write_waits_for() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    icims.require_field(&customer.id, Some("field51423"));
    let (candidate, _) = ordered(&stack, &customer, "Blocked").await;
    let told = of_application(&stack, &customer, &candidate.workflow).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("duplicate_open_order")));
    let waits = &told["write_waits"];
    assert_eq!((&waits["code"], &waits["about"]), (&json!("ats_required_field"), &json!("field51423")), "{told}");
    assert_eq!(waits["owner"], "ATS administrator");
    icims.require_field(&customer.id, None);
    stack.pass(SignedDuration::from_hours(2)).await.unwrap();
    assert_eq!(of_application(&stack, &customer, &candidate.workflow).await["write_waits"], Value::Null);
}

#[tokio::test]
async fn a_check_that_was_completed_is_not_ordered_again_where_that_is_off() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Done").unwrap();
    customer.advance(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    stack.simulators().unwrap().asurint.complete_with(&order.id, Some("Eligible for Hire"));
    stack.settle().await.unwrap();
    let question = json!({"application": candidate.opportunity});
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("duplicate_delivery")), "{told}");
    stack.clock.advance(SignedDuration::from_mins(1));
    customer.advance_again(&candidate).await.unwrap();
    stack.clock.advance(SignedDuration::from_secs(10));
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("refuse", "reorder_not_allowed"), "{told}");
    assert_eq!(told["orders"].as_array().unwrap().len(), 2);
    assert!(told["reason"]["cure"].as_str().unwrap().contains("Allow re-ordering"), "{told}");
}

#[tokio::test]
async fn a_refused_order_of_lever_is_decided_anew_and_keeps_its_old_reason_beside() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let posting = customer.posting(&[]).unwrap();
    let candidate = customer.candidate(&posting, "Untagged").unwrap();
    let told = explained(&stack, &customer.connection, &json!({"application": candidate.opportunity})).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("not_trigger_status")));
    customer.advance(&candidate).await.unwrap();
    let question = json!({"application": candidate.opportunity});
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("refuse", "no_package"), "{told}");
    let order = told["orders"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(verdict(&of_order(&stack, &customer.connection, &order).await), ("refuse", "no_package"));
    customer.change_tags(&candidate, &[], &[BASIC_TAG]).unwrap();
    stack.clock.advance(SignedDuration::from_secs(10));
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!(verdict(&told), ("order", ""), "{told}");
    assert_eq!(told["orders"][0]["reason"]["code"], "no_package");
    assert!(told["in_words"].as_str().unwrap().contains("replayed"), "{told}");
    stack.simulators().unwrap().lever.anonymize(&customer.account, &candidate.opportunity);
    stack.clock.advance(SignedDuration::from_secs(10));
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!(verdict(&told), ("refuse", "candidate_anonymized"), "{told}");
    no_violations(&stack);
}

#[tokio::test]
async fn without_an_access_to_lever_it_says_so_and_does_not_replace_a_token() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Early").unwrap();
    let question = json!({"application": candidate.opportunity});
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("not_for_us", "ats_credentials"), "{told}");
    assert_eq!((&told["outcome"], &told["setup"]["owner"]), (&json!("disconnected"), &json!("ATS administrator")));
    customer.authorize().await.unwrap();
    stack.clock.advance(SignedDuration::from_hours(24 * 3));
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!((verdict(&told), &told["setup"]), (("wait", "ats_unavailable"), &Value::Null), "{told}");
    assert!(told["trace"].to_string().contains("tokens are too old"), "{told}");
    stack.pass(SignedDuration::from_mins(11)).await.unwrap();
    customer.advance(&candidate).await.unwrap();
    customer.revoke().unwrap();
    stack.pass(SignedDuration::from_mins(11)).await.unwrap();
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!((verdict(&told), &told["setup"]["code"]), (("wait", "ats_credentials"), &json!("ats_credentials")));
}

#[tokio::test]
async fn an_invitation_of_pageup_is_read_while_it_is_kept_and_said_to_be_gone_after_that() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.set_key_state(API_KEY, KeyState::Expired);
    let mut waiting = customer.invitation("Kept");
    waiting.application = 991;
    let invitation = customer.invite(waiting).unwrap();
    stack.pass(MINUTE).await.unwrap();
    let question = json!({"application": "991"});
    let told = explained(&stack, &customer.connection, &question).await;
    assert_eq!(verdict(&told), ("wait", "provider_credentials"), "{told}");
    assert!(!told.to_string().to_lowercase().contains("kept."), "nothing of the person: {told}");
    certn.set_key_state(API_KEY, KeyState::Valid);
    let told = explained(&stack, &customer.connection, &json!({"application": "991", "request": invitation})).await;
    assert_eq!(verdict(&told), ("order", ""), "{told}");

    let mut unknown = customer.invitation("Unknown");
    unknown.department = Some("NUR-01".to_owned());
    let unknown = customer.invite(unknown).unwrap();
    stack.pass(MINUTE).await.unwrap();
    let order = orders_of(&stack, &customer, &unknown).await.remove(0);
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!(verdict(&told), ("refuse", "unknown_group"), "{told}");
    assert!(told["in_words"].as_str().unwrap().contains("sent again"), "{told}");
    let told = explained(&stack, &customer.connection, &json!({"application": "1", "request": "2"})).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &Value::Null));

    let placed = invited(&stack, &customer, "Placed").await;
    let order = orders_of(&stack, &customer, &placed).await.remove(0);
    let told = of_order(&stack, &customer.connection, &order).await;
    assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!("duplicate_delivery")), "{told}");
    no_violations(&stack);
}

#[tokio::test]
async fn an_event_is_explained_as_the_hub_would_take_it() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.job(&["Driver"]).unwrap(), "Event").unwrap();
    let event = |status: &str, kind: &str| {
        json!({"event": {
            "eventType": kind, "customerId": customer.id, "systemId": candidate.workflow, "newStatus": status,
            "userId": customer.recruiter(), "personId": candidate.person,
        }})
    };
    let bare = TRIGGER.trim_start_matches('C');
    let told = explained(&stack, &customer.connection, &event(bare, "WorkFlowStatusChangeEvent")).await;
    assert_eq!(verdict(&told), ("order", ""), "{told}");
    assert_eq!(told["would_order"]["package"]["name"], "Driver");
    for (question, outcome) in [
        (event("1701", "WorkFlowStatusChangeEvent"), "not_trigger_status"),
        (event(bare, "SomethingElse"), "unknown_event_type"),
    ] {
        let told = explained(&stack, &customer.connection, &question).await;
        assert_eq!((verdict(&told), &told["outcome"]), (("not_for_us", ""), &json!(outcome)));
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_is_refused_with_its_field() {
    let stack = stack().await;
    let (customer, other) = (stack.connect(|_| {}).await.unwrap(), stack.connect(|_| {}).await.unwrap());
    let pageup = stack.connect_pageup(|_| {}).await.unwrap();
    let candidate = advanced(&customer, "Foreign").await;
    let order = orders(&stack, &candidate).await.remove(0);
    let proposed = json!([{"kind": "colour", "ats_value": "a", "provider_value": "b"}]);
    for (connection, question, status, field) in [
        (&customer, json!({}), 400, "body"),
        (&customer, json!({"order": order, "application": "1"}), 400, "body"),
        (&customer, json!({"order": order, "status": "1"}), 400, "status"),
        (&customer, json!({"order": "a b"}), 400, "order"),
        (&customer, json!({"colour": "red"}), 400, "colour"),
        (&customer, json!({"order": order, "proposed_mappings": proposed}), 400, "proposed_mappings[0].kind"),
        (&customer, json!({"application": "1", "request": "2"}), 422, "request"),
        (&customer, json!({"event": {}}), 422, "event"),
    ] {
        let path = format!("/admin/connections/{}/explain", connection.connection);
        let (answered, problem) = stack.admin("POST", &path, Some(&question)).await.unwrap();
        assert_eq!((answered, &problem["errors"][0]["field"]), (status, &json!(field)), "{question}: {problem}");
    }
    let path = format!("/admin/connections/{}/explain", other.connection);
    assert_eq!(stack.admin("POST", &path, Some(&json!({"order": order}))).await.unwrap().0, 404, "another's order");
    let path = format!("/admin/connections/{}/explain", pageup.connection);
    let (status, problem) = stack.admin("POST", &path, Some(&json!({"event": {"id": 1}}))).await.unwrap();
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("event")), "{problem}");
}
