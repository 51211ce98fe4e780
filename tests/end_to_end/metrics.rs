//! Each condition that an alarm is for is published where it comes about, and nothing is where all is well.

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::certn::{KeyState, WebhookOptions};
use local_stack::simulators::icims::Right;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Stack, TRIGGER};
use runtime::telemetry::{Metric, Use};
use serde_json::json;

use crate::alarms::{own_alarms, published, set_off};
use crate::lever_access::{lever, moved};
use crate::support::{API_KEY, MINUTE, advanced, cases, invited, no_violations, ordered, orders, stack};

const DOWN: Effect = Effect::Status { code: 503, retry_after: None, body: None };
const NONE: [&str; 0] = [];

/// What the next so many minutes set off.
async fn within(stack: &Stack, minutes: i64) -> Vec<String> {
    let _ = stack.take_published();
    stack.pass(SignedDuration::from_mins(minutes)).await.unwrap();
    set_off(stack)
}

#[tokio::test]
async fn where_all_is_well_nothing_is_set_off_and_where_nothing_runs_that_is() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    stack.connect_pageup(|_| {}).await.unwrap();
    stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.take_certn_webhooks().await.unwrap();
    let (_, case) = ordered(&stack, &customer, "Well").await;
    stack.simulators().unwrap().certn.set_status(&case.id, "APPLICANT_STARTED");
    assert_eq!(within(&stack, 20).await, NONE);
    assert_eq!(set_off(&stack), ["PageupPollStoppedAlarm", "ReconcileStoppedAlarm"]);
    no_violations(&stack);
}

#[tokio::test]
async fn what_is_due_and_not_worked_off_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    ordered(&stack, &customer, "Due").await;
    stack.connect_pageup(|_| {}).await.unwrap();
    let _ = stack.take_published();
    stack.aws.set_down(Service::Sqs, true);
    // An hour after the look that each open order gets once a day.
    stack.clock.advance(SignedDuration::from_hours(25));
    stack.tick().await.unwrap();
    assert_eq!(set_off(&stack), ["OldestDueOrderAlarm", "OldestDuePollAlarm"]);
    stack.aws.set_down(Service::Sqs, false);
    stack.tick().await.unwrap();
    assert_eq!(within(&stack, 2).await, NONE);
}

#[tokio::test]
async fn held_orders_are_told_until_they_are_placed_and_a_key_that_opens_nothing_is() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.set_key_state(API_KEY, KeyState::Expired);
    advanced(&customer, "Held").await;
    assert_eq!(within(&stack, 20).await, ["FailedEventReadsAlarm", "HeldOrdersAlarm"]);
    certn.set_key_state(API_KEY, KeyState::Valid);
    stack.pass(MINUTE * 15).await.unwrap();
    assert_eq!(cases(&stack, "Held"), 1);
    assert_eq!(within(&stack, 5).await, NONE);
}

#[tokio::test]
async fn what_an_admin_paused_waits_without_waking_anybody() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let path = format!("/admin/connections/{}", customer.connection);
    let (status, _) = stack.admin("PATCH", &path, Some(&json!({"rev": 1, "state": "paused"}))).await.unwrap();
    assert_eq!(status, 200);
    stack.clock.advance(MINUTE);
    advanced(&customer, "Paused").await;
    assert_eq!(within(&stack, 30).await, NONE);
    assert_eq!(cases(&stack, "Paused"), 0);
}

#[tokio::test]
async fn an_order_that_only_a_person_can_decide_about_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("order-package", 1, Effect::ResetAfterCommit);
    let candidate = advanced(&customer, "Parked").await;
    customer.set_email(&candidate, Some("moved.elsewhere@example.com")).unwrap();
    stack.pass(MINUTE * 5).await.unwrap();
    assert_eq!(within(&stack, 1).await, ["ParkedOrdersAlarm"]);
    assert_eq!(within(&stack, 60).await, ["ParkedOrdersAlarm"], "for as long as it is so");
    let order = orders(&stack, &candidate).await.pop().unwrap();
    let found = json!({"provider_order": certn.cases().pop().unwrap().id});
    let (status, _) = stack.admin("POST", &format!("/admin/orders/{order}/adopt"), Some(&found)).await.unwrap();
    assert_eq!(status, 200);
    stack.settle().await.unwrap();
    assert_eq!(within(&stack, 2).await, NONE);
}

#[tokio::test]
async fn what_the_ats_does_not_show_for_half_an_hour_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    icims.require_field(&customer.id, Some("field51423"));
    advanced(&customer, "Unshown").await;
    assert_eq!(within(&stack, 29).await, NONE, "it may pass");
    assert_eq!(within(&stack, 5).await, ["UnshownNewsAlarm"]);
    icims.require_field(&customer.id, None);
    stack.pass(MINUTE * 62).await.unwrap();
    assert_eq!(within(&stack, 2).await, NONE);
}

#[tokio::test]
async fn a_provider_that_cannot_be_read_for_half_an_hour_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (_, case) = ordered(&stack, &customer, "Unread").await;
    certn.harness.arm("GET /api/public/cases/", 0, DOWN);
    certn.set_status(&case.id, "APPLICANT_STARTED");
    assert_eq!(within(&stack, 29).await, NONE, "it may pass");
    assert_eq!(within(&stack, 5).await, ["UnreadOrdersAlarm"]);
    certn.harness.clear_faults();
    stack.pass(MINUTE * 5).await.unwrap();
    assert_eq!(within(&stack, 2).await, NONE);
}

#[tokio::test]
async fn a_webhook_that_says_nothing_is_told_and_one_event_that_got_lost_is_not() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (_, case) = ordered(&stack, &customer, "Silent").await;
    let lose = |all: bool| certn.set_webhook_options(WebhookOptions { drop_all: all, ..WebhookOptions::default() });
    certn.set_status(&case.id, "APPLICANT_OPENED");
    stack.settle().await.unwrap();
    lose(true);
    certn.set_status(&case.id, "APPLICANT_STARTED");
    let _ = stack.take_published();
    stack.pass(MINUTE * 7).await.unwrap();
    assert!(!published(&stack).iter().any(|(_, metric, _)| metric == Metric::UntoldNews.name()));
    stack.pass(MINUTE * 120).await.unwrap();
    let _ = stack.take_published();
    for status in ["APPLICANT_SUBMITTED", "APPLICANT_ACTION_REQUIRED", "IN_PROGRESS"] {
        // Just after a look at the list, so that the next comes when a webhook would have.
        stack.pass(MINUTE * 5).await.unwrap();
        certn.set_status(&case.id, status);
        stack.pass(MINUTE * 5).await.unwrap();
    }
    assert_eq!(set_off(&stack), ["SilentWebhookAlarm"]);
    lose(false);
    certn.complete(&case.id, Some("CLEAR"));
    assert_eq!(within(&stack, 10).await, NONE);
}

#[tokio::test]
async fn a_key_is_told_two_weeks_before_its_end() {
    let stack = stack().await;
    let made_days_ago = async |days: i64| {
        let made_on = (stack.now() - SignedDuration::from_hours(24 * days)).to_string()[..10].to_owned();
        stack.connect(|new| new["provider"]["key_created_on"] = made_on.into()).await.unwrap();
        within(&stack, 6).await
    };
    assert_eq!(made_days_ago(345).await, NONE, "there is time");
    assert_eq!(made_days_ago(352).await, ["ProviderKeyAlarm"]);
}

#[tokio::test]
async fn an_ats_that_cannot_be_read_about_what_it_asks_for_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    icims.remove_right(&customer.id, Right::ReadWorkflow);
    let _ = stack.take_published();
    advanced(&customer, "Hidden").await;
    stack.tick().await.unwrap();
    assert_eq!(set_off(&stack), ["RequestsPutOffAlarm"]);
    icims.restore_rights(&customer.id);
    stack.pass(MINUTE * 10).await.unwrap();
    assert_eq!(within(&stack, 2).await, NONE);
}

#[tokio::test]
async fn a_list_that_cannot_be_asked_for_or_understood_is_told() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    pageup.harness.arm("GET /v3/", 0, DOWN);
    assert_eq!(within(&stack, 3).await, ["PageupPollAlarm"]);
    pageup.harness.clear_faults();
    stack.pass(MINUTE * 15).await.unwrap();
    invited(&stack, &customer, "Read").await;
    assert_eq!(within(&stack, 2).await, NONE);
    let odd = stack.connect_pageup(|new| new["ats"]["field_paths"] = json!({"id": ["number"]})).await.unwrap();
    odd.invite(odd.invitation("Unreadable")).unwrap();
    assert_eq!(within(&stack, 2).await, ["UnreadableRequestsAlarm"]);
}

#[tokio::test]
async fn a_lost_access_and_a_look_in_vain_are_told() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    moved(&customer, "First").await;
    lever(&stack).harness.arm("GET /v1/", 0, DOWN);
    assert_eq!(within(&stack, 12).await, ["FailedLooksAlarm"]);
    lever(&stack).harness.clear_faults();
    stack.pass(MINUTE * 12).await.unwrap();
    assert_eq!(within(&stack, 12).await, NONE);
    customer.revoke().unwrap();
    stack.pass(MINUTE * 12).await.unwrap();
    assert_eq!(within(&stack, 2).await, ["LostAccessAlarm"], "for as long as it is so");
}

#[tokio::test]
async fn an_erasure_that_came_while_the_order_was_sent_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    simulators.certn.harness.arm("order-package", 1, Effect::HoldBefore);
    let candidate = customer.candidate(&customer.job(&["Standard"]).unwrap(), "Inflight").unwrap();
    simulators.icims.advance(&customer.id, &candidate.workflow, TRIGGER, customer.recruiter()).await;
    simulators.certn.harness.held.notified().await;
    let path = format!("/admin/connections/{}/erasures", customer.connection);
    let (status, _) = stack.admin("POST", &path, Some(&json!({"application": candidate.workflow}))).await.unwrap();
    assert_eq!(status, 200);
    let _ = stack.take_published();
    simulators.certn.harness.clear_faults();
    stack.settle().await.unwrap();
    stack.tick().await.unwrap();
    assert_eq!(set_off(&stack), ["ErasedWhilePlacedAlarm"]);
}

#[test]
fn each_alarm_on_a_metric_of_ours_is_set_off_in_a_test_above() {
    let tests = include_str!("metrics.rs");
    for alarm in own_alarms() {
        assert!(tests.contains(&format!("\"{}\"", alarm.name)), "{}", alarm.name);
    }
    let watched = Metric::ALL.iter().filter(|metric| metric.used_for() == Use::Alarm).count();
    assert_eq!(watched + 2, own_alarms().len(), "two alarms are about a metric's silence");
}
