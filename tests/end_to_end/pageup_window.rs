//! Between a page of PageUp, which may forget it with its answer, and its rows in the table: as little as can be.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::pageup::Queue;
use local_stack::simulators::shared::Effect;
use local_stack::stack::Stack;
use runtime::deadline::Deadline;
use runtime::handlers::pageup_poll;

use crate::support::{MINUTE, cases, check_shown, no_violations, poll, resting, stack};

/// Before and after PageUp gave a page, which calls of AWS the poller made. `meanwhile` happens in between.
async fn calls_around_a_page(stack: &Stack, meanwhile: impl FnOnce()) -> (Vec<String>, Vec<String>) {
    let harness = &stack.simulators().unwrap().pageup.harness;
    harness.arm("GET /v3/", 1, Effect::HoldAfterCommit);
    let _ = stack.aws.take_calls();
    let page_is_out = async {
        harness.held.notified().await;
        let before = stack.aws.take_calls();
        meanwhile();
        harness.clear_faults();
        before
    };
    let ((), before) = futures::join!(poll(stack), page_is_out);
    (before, stack.aws.take_calls())
}

/// Between the page and its rows in the table lies nothing: neither with cold caches nor where what is kept grows old.
async fn check_window(pauses: &[SignedDuration], page_takes: SignedDuration) {
    const ROWS: usize = 3;
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = Queue::Dequeue).unwrap();
    for pause in pauses {
        for _ in 0..ROWS {
            customer.invite(customer.invitation("Window")).unwrap();
        }
        stack.clock.advance(*pause);
        let (before, after) = calls_around_a_page(&stack, || stack.clock.advance(page_takes)).await;
        assert!(before.contains(&"dynamodb:PutItem".to_owned()), "{pause}: taken first: {before:?}");
        assert_eq!(after[..ROWS], ["dynamodb:PutItem"; ROWS], "{pause}: {after:?}");
        stack.settle().await.unwrap();
    }
    stack.pass(MINUTE * 3).await.unwrap();
    assert_eq!((cases(&stack, "Window"), resting(&stack).await), (ROWS * pauses.len(), 0));
    no_violations(&stack);
}

#[tokio::test]
async fn the_first_call_after_a_page_stores_its_rows() {
    check_window(&[MINUTE, MINUTE, MINUTE * 10], SignedDuration::ZERO).await;
}

#[tokio::test]
async fn the_first_call_after_a_page_stores_its_rows_also_where_the_secret_grew_old_meanwhile() {
    // A secret is kept for five minutes, and PageUp may take ten seconds to answer.
    check_window(&[MINUTE, SignedDuration::from_secs(285)], SignedDuration::from_secs(8)).await;
}

#[tokio::test]
async fn a_table_that_fails_for_some_seconds_after_a_page_loses_no_row() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = Queue::Dequeue).unwrap();
    let invitation = customer.invite(customer.invitation("Row")).unwrap();
    let harness = &stack.simulators().unwrap().pageup.harness;
    harness.arm("GET /v3/", 1, Effect::HoldAfterCommit);
    let fails_for_a_while = async {
        harness.held.notified().await;
        let _ = stack.aws.take_calls();
        stack.aws.set_down(Service::DynamoDb, true);
        harness.clear_faults();
        // The SDK gives up after three tries.
        let mut tries = 0;
        while tries < 5 {
            tries += stack.aws.take_calls().len();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stack.aws.set_down(Service::DynamoDb, false);
        std::future::pending::<()>().await;
    };
    let hub = Arc::clone(stack.hub("pageup-poll").unwrap());
    let looked = tokio::select! {
        looked = pageup_poll::handle(hub, Deadline::after(Duration::from_secs(60))) => looked,
        () = fails_for_a_while => unreachable!(),
    };
    assert_eq!(looked, Ok(()));
    stack.pass(MINUTE * 3).await.unwrap();
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    no_violations(&stack);
}
