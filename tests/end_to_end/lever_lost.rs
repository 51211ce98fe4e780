//! What is told of an access to Lever that is lost or given back, and who is not held up by it.

use std::time::Duration;

use local_stack::simulators::lever::BACKGROUND_CHECK_STAGE;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, LeverCustomer};

use crate::lever_access::{authorization, lever};
use crate::lever_support::recorded;
use crate::support::{MINUTE, stack};

#[tokio::test]
async fn who_reads_that_an_access_is_lost_is_told_that_it_must_be_granted_again() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.revoke().unwrap();
    stack.pass(MINUTE * 11).await.unwrap();
    let shown = authorization(&customer).await;
    assert_eq!(shown["state"], "lost");
    let cure = shown["waits_for"]["cure"].as_str().unwrap().to_lowercase();
    // There are no credentials that anybody could give: the operator sends a new authorization link.
    assert!(cure.contains("authoriz") || cure.contains("access again"), "{cure}");
}

#[tokio::test]
async fn what_still_waited_when_the_access_was_given_back_is_recorded_as_disconnected_and_orders_nothing() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Late").unwrap();
    let held = Effect::Status { code: 503, retry_after: None, body: None };
    lever(&stack).harness.arm("GET /v1/opportunities/", 0, held);
    customer.advance(&candidate).await.unwrap();
    lever(&stack).harness.clear_faults();
    let path = format!("/admin/connections/{}/lever-authorization", customer.connection);
    assert_eq!(stack.admin("DELETE", &path, None).await.unwrap().0, 200);
    stack.pass(MINUTE * 20).await.unwrap();
    assert!(customer.orders(&candidate).unwrap().is_empty());
    assert_eq!(recorded(&stack, &customer, "disconnected").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_customer_whose_login_fails_does_not_hold_up_the_orders_of_another_one() {
    let stack = stack().await;
    let down = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.clock.advance(MINUTE * 120);
    let other = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let move_in = async |customer: &LeverCustomer<'_>, first: &str| {
        let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), first).unwrap();
        let told = lever(&stack).advance(&customer.account, &candidate.opportunity, BACKGROUND_CHECK_STAGE).await;
        assert_eq!(told[0].status(), Some(200));
        tokio::time::sleep(Duration::from_millis(300)).await;
        candidate
    };
    let failing = Effect::Status { code: 503, retry_after: None, body: None };
    lever(&stack).harness.arm("POST /oauth/token", 0, failing);
    for number in 0..6 {
        move_in(&down, &format!("Down{number}")).await;
    }
    let candidate = move_in(&other, "Other").await;
    for _ in 0..100 {
        if other.order(&candidate).is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("not ordered within twenty seconds: every worker waits for tokens that nobody is fetching");
}
