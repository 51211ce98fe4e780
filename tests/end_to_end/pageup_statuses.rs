//! PageUp shows the provider's latest word on every invitation, and never an older one.

use jiff::SignedDuration;
use local_stack::simulators::certn::{CertnSimulator, WebhookOptions};
use local_stack::simulators::pageup::Screen;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{PageUpCustomer, Stack};
use serde_json::Value;

use crate::support::{MINUTE, check_shown, invited_and_ordered, no_violations, stack, story_of};

/// How a case ends.
type End = fn(&CertnSimulator, &str) -> bool;

/// What the recruiter saw, in turn: the status with the message, or with the result where there is no message.
fn history(customer: &PageUpCustomer<'_>, invitation: &str) -> Vec<String> {
    let line = |screen: Screen| {
        let said = screen.message.or(screen.summary).unwrap_or_default();
        format!("{}: {said}", screen.status.unwrap_or_default())
    };
    customer.history(invitation).unwrap().into_iter().map(line).collect()
}

#[tokio::test]
async fn an_order_that_ends_without_a_result_is_failed_with_a_sentence() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let again = ("In progress", "Invitation sent");
    let ends: [(End, &str, bool); 4] = [
        (CertnSimulator::cancel_in_portal, "The check was cancelled at Certn.", false),
        (CertnSimulator::decline, "The candidate declined the check.", false),
        (CertnSimulator::expire, "The candidate did not complete the form in time. Send again if still needed.", true),
        (
            CertnSimulator::bounce,
            "The invitation could not be delivered. Check the e-mail address, then ask Certn to re-invite or send again.",
            true,
        ),
    ];
    for (end, sentence, may_be_invited_again) in ends {
        let (invitation, case) = invited_and_ordered(&stack, &customer, "Ends").await;
        end(certn, &case.id);
        stack.settle().await.unwrap();
        check_shown(&customer, &invitation, "Failed", sentence);
        certn.reinvite(&case.id);
        stack.settle().await.unwrap();
        let (status, message) = if may_be_invited_again { again } else { ("Failed", sentence) };
        check_shown(&customer, &invitation, status, message);
    }
    no_violations(&stack);
}

/// A completed check is disputed and then settled; what the recruiter saw from the completion on.
async fn disputed(stack: &Stack, customer: &PageUpCustomer<'_>) -> Vec<String> {
    let certn = &stack.simulators().unwrap().certn;
    let (invitation, case) = invited_and_ordered(stack, customer, "Disputed").await;
    certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await.unwrap();
    assert!(customer.screen(&invitation).unwrap().link.is_some());
    certn.dispute(&case.id);
    stack.settle().await.unwrap();
    let contested = customer.screen(&invitation).unwrap();
    assert_eq!(contested.link, None, "no link to a report that is contested");
    assert_eq!(story_of(stack, customer, &invitation).await["ats"]["delivery"], "delivered");
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    assert!(customer.screen(&invitation).unwrap().link.is_some());
    no_violations(stack);
    history(customer, &invitation).split_off(1)
}

#[tokio::test]
async fn a_dispute_leaves_a_completed_check_completed_and_says_so() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let seen = disputed(&stack, &customer).await;
    assert_eq!(seen, ["Completed: Review", "Completed: In dispute", "Completed: Clear"]);
}

#[tokio::test]
async fn a_dispute_reopens_a_completed_check_where_that_is_wanted() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|new| new["ats"]["reopen_completed"] = true.into()).await.unwrap();
    customer.set_options(|options| options.allows_back_steps = true).unwrap();
    let seen = disputed(&stack, &customer).await;
    assert_eq!(seen, ["Completed: Review", "In progress: In dispute", "Completed: Clear"]);
}

#[tokio::test]
async fn events_that_come_out_of_order_show_no_older_state() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Shuffled").await;
    certn.set_webhook_options(WebhookOptions { hold: true, reverse: true, duplicate: 1, ..WebhookOptions::default() });
    certn.set_status(&case.id, "APPLICANT_STARTED");
    certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    certn.flush_webhooks().await;
    stack.settle().await.unwrap();
    certn.finish_check(&case.id, "IDENTITY_VERIFICATION_1");
    certn.flush_webhooks().await;
    stack.settle().await.unwrap();
    // Two events for which Certn's answer is the one before.
    certn.serve_stale(2);
    for _ in 0..2 {
        certn.send_event("CASE_STATUS_CHANGED", &case.id, "CASE");
    }
    certn.flush_webhooks().await;
    stack.settle().await.unwrap();
    certn.complete(&case.id, Some("CLEAR"));
    certn.flush_webhooks().await;
    stack.settle().await.unwrap();
    certn.serve_stale(1);
    certn.send_event("CASE_STATUS_CHANGED", &case.id, "CASE");
    certn.flush_webhooks().await;
    stack.settle().await.unwrap();
    stack.pass(MINUTE * 10).await.unwrap();
    let seen = history(&customer, &invitation);
    let states = [
        "In progress: Invitation sent",
        "In progress: Candidate started",
        "In progress: In progress",
        "In progress: 1 of 2 checks finished",
        "Completed: Clear",
    ];
    let ranks: Vec<_> = seen.iter().map(|seen| states.iter().position(|state| state == seen)).collect();
    assert!(ranks.iter().all(Option::is_some) && ranks.is_sorted(), "{seen:?}");
    assert_eq!(seen.last().map(String::as_str), states.last().copied(), "{seen:?}");
    no_violations(&stack);
}

#[tokio::test]
async fn without_any_event_the_latest_state_is_there_within_minutes() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Unheard").await;
    certn.set_webhook_options(WebhookOptions { drop_all: true, ..WebhookOptions::default() });
    certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await.unwrap();
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    stack.pass(MINUTE * 6).await.unwrap();
    assert_eq!(history(&customer, &invitation), ["In progress: Invitation sent", "Completed: Review"]);
    no_violations(&stack);
}

#[tokio::test]
async fn finished_checks_are_counted_and_named_only_where_that_is_wanted() {
    for (wanted, items) in [(false, 0), (true, 1)] {
        let stack = stack().await;
        let customer = stack.connect_pageup(|new| new["ats"]["result_items"] = wanted.into()).await.unwrap();
        let certn = &stack.simulators().unwrap().certn;
        let (invitation, case) = invited_and_ordered(&stack, &customer, "Partly").await;
        certn.set_status(&case.id, "APPLICANT_SUBMITTED");
        certn.finish_check(&case.id, "IDENTITY_VERIFICATION_1");
        stack.settle().await.unwrap();
        check_shown(&customer, &invitation, "In progress", "1 of 2 checks finished");
        let shown = customer.screen(&invitation).unwrap();
        assert_eq!(shown.items.len(), items, "{shown:?}");
        assert!(shown.items.iter().all(|item| item.result.is_none()), "what was found is nobody's to read: {shown:?}");
        no_violations(&stack);
    }
}

/// PageUp cannot be written to for an hour, while the check goes on.
async fn check_down(down: Effect) {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Down").await;
    simulators.pageup.harness.arm("/", 0, down);
    for status in ["APPLICANT_STARTED", "APPLICANT_SUBMITTED"] {
        simulators.certn.set_status(&case.id, status);
        stack.settle().await.unwrap();
    }
    stack.pass(SignedDuration::from_hours(1)).await.unwrap();
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!((&story["ats"]["delivery"], &story["status"]), (&"retrying".into(), &"in_progress".into()), "{story}");
    assert_eq!(story["ats"]["waits_for"]["code"], "ats_unavailable", "{story}");
    let polling = customer.shown_to_admin().await.unwrap()["polling"].clone();
    assert_eq!(polling["waits_for"]["code"], "ats_unavailable", "{polling}");
    simulators.pageup.harness.clear_faults();
    stack.pass(MINUTE * 12).await.unwrap();
    let polling = customer.shown_to_admin().await.unwrap()["polling"].clone();
    assert_eq!((&polling["waits_for"], &polling["failing_since"]), (&Value::Null, &Value::Null), "{polling}");
    assert_eq!(history(&customer, &invitation), ["In progress: Invitation sent", "In progress: In progress"]);
    no_violations(&stack);
}

#[tokio::test]
async fn the_latest_state_is_written_once_pageup_is_back() {
    check_down(Effect::Status { code: 503, retry_after: None, body: None }).await;
    check_down(Effect::ResetBefore).await;
}

#[tokio::test]
async fn a_state_whose_answer_was_lost_is_shown_once() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    for (first, effect) in [("Reset", Effect::ResetAfterCommit), ("Failed", Effect::StatusAfterCommit { code: 502 })] {
        let (invitation, case) = invited_and_ordered(&stack, &customer, first).await;
        simulators.pageup.harness.arm("PUT /v3/", 1, effect);
        simulators.certn.complete(&case.id, Some("CLEAR"));
        stack.settle().await.unwrap();
        stack.pass(MINUTE * 2).await.unwrap();
        assert_eq!(history(&customer, &invitation), ["In progress: Invitation sent", "Completed: Clear"], "{first}");
        assert_eq!(story_of(&stack, &customer, &invitation).await["ats"]["delivery"], "delivered", "{first}");
    }
    no_violations(&stack);
}
