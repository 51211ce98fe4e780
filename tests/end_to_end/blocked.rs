//! iCIMS does not take what we write, or cannot be read: the order goes on, somebody is told, and it resumes by itself.

use jiff::SignedDuration;
use local_stack::simulators::icims::{IcimsSimulator, Right};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Candidate, Customer, Stack};

use crate::support::{ICIMS_PASSWORD, advanced, cases, no_violations, row, stack, story};

const HOUR: SignedDuration = SignedDuration::from_mins(62);
const WRITES: &str = "/fields/assessmentresults";

async fn check_waits(stack: &Stack, candidate: &Candidate, delivery: &str, code: &str, about: &str) {
    let story = story(stack, candidate).await;
    assert_eq!(story["ats"]["delivery"], delivery, "{story}");
    assert_eq!(story["ats"]["waits_for"]["code"], code, "{story}");
    assert_eq!(story["ats"]["waits_for"]["about"], about, "{story}");
    assert_eq!(story["ats"]["shows_newest"], false, "{story}");
    assert_ne!(story["status"], "rejected", "the order itself goes on");
}

async fn check_delivered(stack: &Stack, customer: &Customer<'_>, candidate: &Candidate, result: &str) {
    let story = story(stack, candidate).await;
    assert_eq!(story["ats"]["delivery"], "delivered", "{story}");
    assert_eq!(story["ats"]["waits_for"], serde_json::Value::Null);
    assert_eq!(row(customer, candidate).result, result);
    no_violations(stack);
}

/// An order is placed although its row cannot be written; `cure` makes the row appear within the hour.
async fn check_blocked(
    name: &str,
    (code, about): (&str, &str),
    block: impl Fn(&IcimsSimulator, &str),
    cure: impl Fn(&IcimsSimulator, &str),
) {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    block(icims, &customer.id);
    let candidate = advanced(&customer, name).await;
    assert_eq!(cases(&stack, name), 1);
    assert!(customer.entries(&candidate).unwrap().is_empty());
    check_waits(&stack, &candidate, "blocked", code, about).await;
    cure(icims, &customer.id);
    stack.pass(HOUR).await.unwrap();
    check_delivered(&stack, &customer, &candidate, "Invitation sent").await;
    assert_eq!(cases(&stack, name), 1);
}

#[tokio::test]
async fn a_required_field_blocks_the_row_names_the_field_and_not_the_order() {
    let block = |icims: &IcimsSimulator, customer: &str| icims.require_field(customer, Some("field51423"));
    let cure = |icims: &IcimsSimulator, customer: &str| icims.require_field(customer, None);
    check_blocked("Required", ("ats_required_field", "field51423"), block, cure).await;
}

#[tokio::test]
async fn a_missing_right_to_write_blocks_the_row_and_not_the_order() {
    let block = |icims: &IcimsSimulator, customer: &str| icims.remove_right(customer, Right::WriteResults);
    let cure = IcimsSimulator::restore_rights;
    check_blocked("Right", ("ats_permission", ""), block, cure).await;
}

#[tokio::test]
async fn a_value_that_the_list_lacks_blocks_the_row_and_not_the_order() {
    let block = |icims: &IcimsSimulator, customer: &str| icims.set_list_values(customer, vec!["Other".to_owned()]);
    let cure = |icims: &IcimsSimulator, customer: &str| icims.set_list_values(customer, vec!["Standard".to_owned()]);
    check_blocked("Value", ("ats_option_missing", "assessmentname"), block, cure).await;
}

#[tokio::test]
async fn a_changed_password_blocks_the_row_until_it_is_right_again() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let candidate = advanced(&customer, "Password").await;
    let case = simulators.certn.cases().pop().unwrap();
    simulators.icims.set_password(&customer.id, "a new one");
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    check_waits(&stack, &candidate, "blocked", "ats_credentials", "").await;
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    simulators.icims.set_password(&customer.id, ICIMS_PASSWORD);
    stack.pass(HOUR).await.unwrap();
    check_delivered(&stack, &customer, &candidate, "Candidate started").await;
}

#[tokio::test]
async fn a_row_that_somebody_deleted_comes_back_as_a_new_one() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let candidate = advanced(&customer, "Deleted").await;
    let first = row(&customer, &candidate);
    simulators.icims.delete_entry(&customer.id, &candidate.workflow, &first.id);
    let case = simulators.certn.cases().pop().unwrap();
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    check_delivered(&stack, &customer, &candidate, "Candidate started").await;
    assert_ne!(row(&customer, &candidate).id, first.id);
    simulators.certn.set_status(&case.id, "IN_PROGRESS");
    stack.settle().await.unwrap();
    check_delivered(&stack, &customer, &candidate, "In progress").await;
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_leaves_one_row() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    icims.harness.arm(WRITES, 1, Effect::ResetAfterCommit);
    let candidate = advanced(&customer, "Lost").await;
    check_delivered(&stack, &customer, &candidate, "Invitation sent").await;
    // The same where iCIMS says that it failed although it wrote.
    icims.harness.arm(WRITES, 1, Effect::StatusAfterCommit { code: 500 });
    let other = advanced(&customer, "Failed").await;
    stack.pass(SignedDuration::from_mins(2)).await.unwrap();
    check_delivered(&stack, &customer, &other, "Invitation sent").await;
}

#[tokio::test]
async fn a_write_is_tried_again_while_icims_is_down() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    for effect in [Effect::Status { code: 503, retry_after: None, body: None }, Effect::ResetBefore] {
        icims.harness.arm(WRITES, 0, effect.clone());
        let name = if matches!(effect, Effect::ResetBefore) { "Gone" } else { "Down" };
        let candidate = advanced(&customer, name).await;
        check_waits(&stack, &candidate, "retrying", "ats_unavailable", "").await;
        stack.pass(SignedDuration::from_mins(5)).await.unwrap();
        check_waits(&stack, &candidate, "retrying", "ats_unavailable", "").await;
        icims.harness.clear_faults();
        stack.pass(SignedDuration::from_mins(10)).await.unwrap();
        check_delivered(&stack, &customer, &candidate, "Invitation sent").await;
        assert_eq!(cases(&stack, name), 1);
    }
}

#[tokio::test]
async fn icims_is_left_alone_until_midnight_once_its_allowance_is_spent() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let until_midnight = || SignedDuration::from_secs(86_400 - stack.now().as_second().rem_euclid(86_400));
    stack.clock.advance(until_midnight() + SignedDuration::from_hours(1));
    // The webhook reads four times, the worker reads four times and writes: that spends it.
    simulators.icims.set_quota(&customer.id, 9);
    let candidate = advanced(&customer, "Quota").await;
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    let case = simulators.certn.cases().pop().unwrap();
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    check_waits(&stack, &candidate, "retrying", "ats_unavailable", "").await;
    let calls = simulators.icims.harness.answered("/customers/").len();
    simulators.certn.set_status(&case.id, "IN_PROGRESS");
    stack.pass(SignedDuration::from_hours(5)).await.unwrap();
    assert_eq!(simulators.icims.harness.answered("/customers/").len(), calls, "not one further call");
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    stack.clock.advance(until_midnight());
    stack.pass(SignedDuration::from_mins(5)).await.unwrap();
    check_delivered(&stack, &customer, &candidate, "In progress").await;
}

/// The webhook cannot read iCIMS: the event is kept, and ordered once iCIMS can be read.
async fn check_unreadable(name: &str, block: impl Fn(&IcimsSimulator, &str), cure: impl Fn(&IcimsSimulator, &str)) {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    block(icims, &customer.id);
    let candidate = advanced(&customer, name).await;
    stack.pass(SignedDuration::from_mins(5)).await.unwrap();
    assert_eq!(cases(&stack, name), 0);
    cure(icims, &customer.id);
    stack.pass(SignedDuration::from_mins(10)).await.unwrap();
    assert_eq!(cases(&stack, name), 1);
    check_delivered(&stack, &customer, &candidate, "Invitation sent").await;
}

#[tokio::test]
async fn a_move_is_kept_while_the_right_to_read_it_is_missing() {
    let block = |icims: &IcimsSimulator, customer: &str| icims.remove_right(customer, Right::ReadWorkflow);
    check_unreadable("Hidden", block, IcimsSimulator::restore_rights).await;
}

#[tokio::test]
async fn a_move_is_kept_while_icims_cannot_be_read() {
    let down = Effect::Status { code: 503, retry_after: None, body: None };
    let block = |icims: &IcimsSimulator, _: &str| icims.harness.arm("GET /customers/", 0, down.clone());
    check_unreadable("Dark", block, |icims, _| icims.harness.clear_faults()).await;
}

#[tokio::test]
async fn an_application_that_is_gone_from_icims_is_given_up() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let candidate = advanced(&customer, "Vanished").await;
    let case = simulators.certn.cases().pop().unwrap();
    let gone =
        Effect::Status { code: 404, retry_after: None, body: Some(r#"{"errors":[{"errorCode":2}]}"#.to_owned()) };
    simulators.icims.harness.arm(WRITES, 0, gone);
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    check_waits(&stack, &candidate, "dead", "ats_record_gone", "").await;
    let calls = simulators.icims.harness.answered("/customers/").len();
    stack.pass(SignedDuration::from_hours(3)).await.unwrap();
    assert_eq!(simulators.icims.harness.answered("/customers/").len(), calls);
    no_violations(&stack);
}
