//! What the hub does of a candidate in Lever follows what is true when it looks, and people are told.

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::asurint::{Score, Status};
use local_stack::simulators::lever::{Applicant, BACKGROUND_CHECK_STAGE, EventOptions, RECRUITER};
use local_stack::stack::{BASIC_TAG, LeverCandidate, LeverCustomer, Stack, THOROUGH, THOROUGH_TAG};
use serde_json::Value;

use crate::lever_support::{check_shown, check_untouched, lever, look, ordered, recorded, waiting};
use crate::support::{MINUTE, no_violations, stack};

#[tokio::test]
async fn while_nothing_can_be_stored_an_event_is_refused_and_its_retry_orders_once() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let candidate = waiting(&customer, "Down");
    stack.aws.set_down(Service::DynamoDb, true);
    stack.aws.set_down(Service::Sqs, true);
    let told = lever.advance(&customer.account, &candidate.opportunity, BACKGROUND_CHECK_STAGE).await;
    assert_eq!(told.first().and_then(|told| told.status()), Some(503));
    stack.aws.set_down(Service::DynamoDb, false);
    stack.aws.set_down(Service::Sqs, false);
    check_untouched(&customer, &candidate);
    stack.clock.advance(MINUTE);
    let again = lever.retry_due(&customer.account).await;
    assert_eq!(again.first().and_then(|told| told.status()), Some(200));
    stack.settle().await.unwrap();
    customer.order(&candidate).unwrap();
    stack.pass(MINUTE * 12).await.unwrap();
    customer.order(&candidate).unwrap();
    check_shown(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn an_admin_sees_whether_the_webhook_was_heard_and_a_ping_is_enough() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let note = async || {
        let shown = customer.shown_to_admin().await.unwrap();
        shown["authorization"]["webhook"]["note"].as_str().unwrap_or_default().to_owned()
    };
    lever.toggle(&customer.account, "candidateStageChange", false);
    let candidate = waiting(&customer, "Off");
    assert_eq!(customer.advance(&candidate).await.unwrap(), []);
    assert!(note().await.starts_with("No event was received yet."), "{}", note().await);
    let pinged = lever.ping(&customer.account).await;
    assert_eq!(pinged.iter().map(|ping| ping.status()).collect::<Vec<_>>(), [Some(200)]);
    assert_eq!(note().await, "It was heard.");
    check_untouched(&customer, &candidate);
    // Its switch is off for good, and the candidate is found within ten minutes all the same.
    stack.pass(MINUTE * 11).await.unwrap();
    customer.order(&candidate).unwrap();
    check_shown(&customer, &candidate, "Pending Candidate");
    stack.pass(MINUTE * 30).await.unwrap();
    customer.order(&candidate).unwrap();
    no_violations(&stack);
}

#[tokio::test]
async fn other_moves_and_other_events_are_taken_in_and_order_nothing() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let candidate = waiting(&customer, "Odd");
    for stage in ["lead-responded", "2f81b6d9-7c05-4e3a-8d94-6b1a0c5e7f04", "offer"] {
        let told = lever.advance(&customer.account, &candidate.opportunity, stage).await;
        assert_eq!(told.iter().map(|told| told.status()).collect::<Vec<_>>(), [Some(200)], "{stage}");
    }
    stack.settle().await.unwrap();
    assert!(!recorded(&stack, &customer, "not_trigger_status").await.is_empty());
    check_untouched(&customer, &candidate);
    no_violations(&stack);
}

#[tokio::test]
async fn a_candidate_who_left_the_stage_before_the_worker_looked_is_recorded_and_not_ordered() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let candidate = waiting(&customer, "Left");
    let held = EventOptions { hold: true, ..EventOptions::default() };
    let stage = BACKGROUND_CHECK_STAGE;
    lever.advance_with(&customer.account, &candidate.opportunity, stage, RECRUITER, held.clone()).await;
    lever.advance_with(&customer.account, &candidate.opportunity, "offer", RECRUITER, held).await;
    for released in lever.release(&customer.account, false).await {
        assert_eq!(released.status(), Some(200));
    }
    stack.settle().await.unwrap();
    assert!(!recorded(&stack, &customer, "stale_trigger").await.is_empty());
    stack.pass(MINUTE * 12).await.unwrap();
    check_untouched(&customer, &candidate);
    no_violations(&stack);
}

#[tokio::test]
async fn who_is_archived_or_anonymized_is_refused_for_all_to_see() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let (archived, anonymized) = (waiting(&customer, "Archived"), waiting(&customer, "Anonymized"));
    customer.archive(&archived, "Not now").await.unwrap();
    lever.anonymize(&customer.account, &anonymized.opportunity);
    for (candidate, label) in [(&archived, "Archived"), (&anonymized, "Anonymized")] {
        customer.advance(candidate).await.unwrap();
        check_shown(&customer, candidate, &format!("Error ({label})"));
        assert!(customer.orders(candidate).unwrap().is_empty());
    }
    no_violations(&stack);
}

#[tokio::test]
async fn who_is_confidential_is_recorded_with_the_reason() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let applicant = Applicant { confidential: true, ..Applicant::new("Sec Ret", "secret.one@example.com", &posting) };
    let opportunity = lever.apply(&customer.account, applicant);
    let candidate = LeverCandidate { opportunity, email: "secret.one@example.com".to_owned() };
    customer.advance(&candidate).await.unwrap();
    let found = recorded(&stack, &customer, "candidate_confidential").await;
    assert!(found.iter().any(|item| item.to_string().contains(&candidate.opportunity)), "{found:?}");
    stack.pass(MINUTE * 12).await.unwrap();
    check_untouched(&customer, &candidate);
    no_violations(&stack);
}

/// A new stay after the first order came to this end.
async fn again(stack: &Stack, customer: &LeverCustomer<'_>, end: impl FnOnce(&str)) -> (LeverCandidate, String) {
    let (candidate, order) = ordered(stack, customer, "Again").await;
    end(&order.id);
    stack.settle().await.unwrap();
    customer.advance_again(&candidate).await.unwrap();
    (candidate, order.id)
}

#[tokio::test]
async fn a_new_stay_after_a_completed_check_is_refused_with_the_earlier_orders_number() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, first) = again(&stack, &customer, |order| assert!(asurint.complete(order, Score::Eligible))).await;
    let tags = customer.status_tags(&candidate).unwrap();
    assert_eq!(tags, ["Asurint: Error (Already Ordered)"]);
    let notes = customer.notes(&candidate).unwrap();
    let refusal = notes.iter().find(|note| note.contains("(reorder_not_allowed)")).unwrap();
    assert!(refusal.contains(&first), "{refusal}");
    customer.order(&candidate).unwrap();
    stack.pass(SignedDuration::from_hours(1)).await.unwrap();
    customer.order(&candidate).unwrap();
    assert_eq!(customer.notes(&candidate).unwrap().len(), notes.len());
    no_violations(&stack);
}

#[tokio::test]
async fn a_new_stay_orders_again_where_that_is_allowed_or_the_first_check_came_to_nothing() {
    let stack = stack().await;
    let reorder = |new: &mut Value| new["ats"]["reorder"] = true.into();
    let customer = stack.connect_authorized_lever(reorder).await.unwrap();
    let plain = lever(&stack).await;
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, _) = again(&stack, &customer, |order| assert!(asurint.complete(order, Score::Eligible))).await;
    assert_eq!(customer.orders(&candidate).unwrap().len(), 2);
    for end in [Status::Cancelled, Status::Expired, Status::Declined, Status::Undeliverable] {
        let (candidate, _) = again(&stack, &plain, |order| assert!(asurint.set_status(order, end))).await;
        let orders = plain.orders(&candidate).unwrap();
        assert_eq!(orders.len(), 2, "{end:?}");
        assert_eq!(plain.status_tags(&candidate).unwrap(), ["Asurint: Pending Candidate"], "{end:?}");
    }
    no_violations(&stack);
}

#[tokio::test]
async fn a_new_stay_while_a_check_is_open_changes_nothing() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, first) = again(&stack, &customer, |order| assert!(asurint.complete_forms(order))).await;
    assert_eq!(customer.order(&candidate).unwrap().id, first);
    check_shown(&customer, &candidate, "In Progress");
    no_violations(&stack);
}

#[tokio::test]
async fn nothing_is_left_of_a_refusal_once_package_and_address_are_corrected() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let lever = &stack.simulators().unwrap().lever;
    let mut candidate = waiting(&customer, "Cured");
    let own = ["VIP", "asurint-ish", "Asurint", "Asurint Package"];
    customer.change_tags(&candidate, &[], &own).unwrap();
    customer.set_emails(&candidate, &[]).unwrap();
    lever.add_note(&customer.account, &candidate.opportunity, "Called her.");
    customer.advance(&candidate).await.unwrap();
    let note = check_shown(&customer, &candidate, "Error (No Email)");
    assert!(note.contains("(no_email)"), "{note}");
    candidate.email = format!("cured.{}", candidate.email);
    customer.set_emails(&candidate, &[&candidate.email]).unwrap();
    customer.change_tags(&candidate, &[BASIC_TAG], &[THOROUGH_TAG]).unwrap();
    customer.advance_again(&candidate).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    assert_eq!(order.package, THOROUGH);
    let (tag, note) = look(&customer, &candidate);
    assert_eq!(tag, "Asurint: Pending Candidate");
    assert!(note.contains(&order.id) && !note.contains("no_email"), "{note}");
    let notes = lever.notes(&customer.account, &candidate.opportunity);
    assert_eq!(notes.iter().filter(|note| !note.by.is_app()).count(), 1, "the recruiter's own note is there");
    let mut tags = lever.tags(&customer.account, &candidate.opportunity);
    tags.retain(|tag| *tag != "Asurint: Pending Candidate");
    for tag in own.iter().chain([&THOROUGH_TAG]) {
        assert!(tags.iter().any(|known| known == tag), "{tag} in {tags:?}");
    }
    assert!(!tags.iter().any(|tag| tag.contains("Error")), "{tags:?}");
    stack.pass(MINUTE * 15).await.unwrap();
    assert_eq!(look(&customer, &candidate), (tag, note));
    no_violations(&stack);
}
