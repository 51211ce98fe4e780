//! PageUp's day has a limit that nobody publishes: where it is reached, that customer waits and loses nothing.

use jiff::SignedDuration;

use crate::support::{MINUTE, cases, check_shown, invited, invited_and_ordered, looks, no_violations, stack, story_of};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_spent_day_stops_one_customer_for_hours_and_loses_nothing() {
    let stack = stack().await;
    let until_midnight = || SignedDuration::from_secs(86_400 - stack.now().as_second().rem_euclid(86_400));
    stack.clock.advance(until_midnight() + HOUR);
    let other = stack.connect_pageup(|_| {}).await.unwrap();
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Spent").await;
    let spent = simulators.pageup.calls_today(&customer.tenant);
    customer.set_options(|options| options.daily_limit = Some(spent)).unwrap();

    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!(story["ats"]["delivery"], "retrying", "{story}");
    assert_eq!(story["ats"]["waits_for"]["code"], "ats_unavailable", "{story}");
    let late = invited(&stack, &customer, "Late").await;
    assert_eq!(looks(&stack, &customer), [200, 429]);
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!(shown["polling"]["waits_for"]["code"], "ats_unavailable", "{shown}");
    let puts = || simulators.pageup.harness.answered(&format!("PUT /v3/{}/", customer.tenant)).len();
    let (written, asked_other) = (puts(), looks(&stack, &other).len());

    let elsewhere = invited(&stack, &other, "Elsewhere").await;
    check_shown(&other, &elsewhere, "In progress", "Invitation sent");
    stack.pass(MINUTE * 115).await.unwrap();
    assert_eq!(looks(&stack, &customer), [200, 429], "not asked for two hours");
    assert_eq!(puts(), written, "nor written to");
    assert!(looks(&stack, &other).len() > asked_other + 30);

    // Two more states, of which the recruiter will see only the newer one.
    simulators.certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    simulators.certn.finish_check(&case.id, "IDENTITY_VERIFICATION_1");
    stack.settle().await.unwrap();
    stack.pass(HOUR * 8).await.unwrap();
    assert!(looks(&stack, &customer).len() <= 7, "every two hours: {:?}", looks(&stack, &customer));
    assert_eq!(simulators.pageup.calls_today(&customer.tenant), spent);
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    assert_eq!(cases(&stack, "Late"), 0);

    stack.clock.advance(until_midnight());
    // What the test left of one day is too little for a whole one.
    customer.set_options(|options| options.daily_limit = Some(500)).unwrap();
    stack.pass(MINUTE * 125).await.unwrap();
    check_shown(&customer, &late, "In progress", "Invitation sent");
    check_shown(&customer, &invitation, "In progress", "1 of 2 checks finished");
    assert_eq!((cases(&stack, "Late"), cases(&stack, "Spent")), (1, 1));
    let told: Vec<_> = customer.history(&invitation).unwrap().into_iter().filter_map(|screen| screen.message).collect();
    assert_eq!(told, ["Invitation sent", "1 of 2 checks finished"]);
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!(shown["polling"]["waits_for"], serde_json::Value::Null, "{shown}");
    no_violations(&stack);
}
