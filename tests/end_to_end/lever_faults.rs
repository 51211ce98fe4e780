//! What goes wrong while tokens are replaced or given: an answer that is lost, a store or a login that is down, an app
//! whose secret is wrong, two browsers at once.

use std::time::Duration;

use futures::future::join_all;
use local_stack::embedded_aws::Service;
use local_stack::simulators::shared::Effect;
use local_stack::stack::BASIC_TAG;

use crate::lever_access::{another_worker, authorization, check_ordered, lever, moved, moved_unheard, told};
use crate::support::{MINUTE, no_violations, stack};

const TOKENS: &str = "POST /oauth/token";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lost_answer_twenty_workers_do_not_try_the_old_pair_one_after_the_other() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.set_options(|options| options.refresh_grace_secs = 300).unwrap();
    let workers = join_all((0..20).map(|_| another_worker(&stack))).await;
    stack.clock.advance(MINUTE * 120);
    let candidate = moved_unheard(&stack, &customer, "Unclear").await;
    lever(&stack).harness.arm(TOKENS, 1, Effect::ResetAfterCommit);
    join_all(workers.iter().map(|worker| told(&stack, &customer, &candidate, worker, 30))).await;
    let account = &customer.account;
    assert_eq!((lever(&stack).refreshes(account), lever(&stack).refresh_reuses(account)), (1, 0));
    stack.pass(MINUTE * 12).await.unwrap();
    assert_eq!((lever(&stack).refreshes(account), lever(&stack).refresh_reuses(account)), (2, 1), "once more");
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn a_new_pair_is_stored_as_soon_as_the_store_is_there_again() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.clock.advance(MINUTE * 120);
    let candidate = moved_unheard(&stack, &customer, "Stored").await;
    let harness = &lever(&stack).harness;
    harness.arm(TOKENS, 1, Effect::HoldAfterCommit);
    let worker = another_worker(&stack).await;
    let breaks = async {
        harness.held.notified().await;
        stack.aws.set_down(Service::SecretsManager, true);
        harness.clear_faults();
        tokio::time::sleep(Duration::from_secs(3)).await;
        stack.aws.set_down(Service::SecretsManager, false);
    };
    tokio::join!(told(&stack, &customer, &candidate, &worker, 60), breaks);
    check_ordered(&customer, &candidate, "Pending Candidate");
    let next = moved(&customer, "Next").await;
    check_ordered(&customer, &next, "Pending Candidate");
    let account = &customer.account;
    assert_eq!((lever(&stack).refreshes(account), lever(&stack).refresh_reuses(account)), (1, 0));
    no_violations(&stack);
}

#[tokio::test]
async fn a_login_that_is_down_for_hours_costs_no_access() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let harness = &lever(&stack).harness;
    stack.clock.advance(MINUTE * 120);
    let before = harness.answered(TOKENS).len();
    harness.arm(TOKENS, 0, Effect::Status { code: 503, retry_after: None, body: None });
    for _ in 0..10 {
        stack.tick().await.unwrap();
        stack.clock.advance(MINUTE * 60);
    }
    assert_eq!(authorization(&customer).await["state"], "granted");
    assert_eq!(harness.answered(TOKENS).len() - before, 10, "once in each look");
    let candidate = moved_unheard(&stack, &customer, "Down").await;
    harness.clear_faults();
    stack.pass(MINUTE * 12).await.unwrap();
    check_ordered(&customer, &candidate, "Pending Candidate");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
    no_violations(&stack);
}

#[tokio::test]
async fn a_wrong_secret_of_our_own_app_loses_no_access_and_is_cured_by_the_right_one() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let app = customer.account.replace("lever-account", "crosscheck");
    lever(&stack).set_secret(&app, "another secret of the app");
    stack.clock.advance(MINUTE * 120);
    let before = lever(&stack).harness.answered(TOKENS).len();
    let candidate = moved(&customer, "Client").await;
    stack.pass(MINUTE * 30).await.unwrap();
    let asked = lever(&stack).harness.answered(TOKENS).len() - before;
    assert!((1..=31).contains(&asked), "{asked}");
    assert_eq!(authorization(&customer).await["state"], "granted");
    lever(&stack).set_secret(&app, "lever-client-secret-of-the-local-stack");
    stack.pass(MINUTE * 12).await.unwrap();
    check_ordered(&customer, &candidate, "Pending Candidate");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
    no_violations(&stack);
}

#[tokio::test]
async fn of_several_browsers_that_come_back_at_once_with_one_state_one_is_let_in() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let back = lever(&stack).consent(&customer.account, &customer.authorize_url().await.unwrap()).unwrap();
    let pages = join_all((0..8).map(|_| customer.come_back(&back))).await;
    let mut statuses: Vec<u16> = pages.into_iter().map(|page| page.unwrap().status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400, 400, 400, 400, 400, 400, 400]);
    assert_eq!(lever(&stack).harness.answered(TOKENS).len(), 1);
    assert_eq!(lever(&stack).webhooks(&customer.account).len(), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn where_lever_hides_the_webhook_of_an_earlier_consent_each_candidate_is_ordered_for_once() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    customer.set_options(|options| options.lists_own_consent_only = true).unwrap();
    for _ in 0..2 {
        assert_eq!(customer.authorize().await.unwrap().status, 200);
        stack.clock.advance(MINUTE);
    }
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Hidden").unwrap();
    let told = customer.advance(&candidate).await.unwrap();
    assert!(told.iter().any(|told| told.status() == Some(200)), "{told:?}");
    for _ in 0..5 {
        stack.pass(MINUTE * 2).await.unwrap();
        lever(&stack).retry_now(&customer.account).await;
        stack.settle().await.unwrap();
    }
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}
