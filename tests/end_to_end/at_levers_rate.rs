//! Lever allows an account ten calls a second and twenty at once. Five hundred changes at once stay within that, however
//! many workers there are, and none is lost.
//!
//! Lever's bucket goes by the stack's clock: the machine's time, plus what the test moved it forward. A call that waits
//! for its turn sleeps by the machine's time, so the clock is moved only while nothing is under way; then both buckets,
//! Lever's and the hub's, are as rested as they would be after such a minute.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{self, Either, join_all};
use jiff::SignedDuration;
use local_stack::simulators::asurint::{Score, Status};
use local_stack::simulators::lever::BACKGROUND_CHECK_STAGE;
use local_stack::stack::{BASIC_TAG, LeverCandidate, LeverCustomer, Stack};
use runtime::deadline::Deadline;
use runtime::handlers::sync_order;
use runtime::lambda::handle_batch;

use crate::lever_support::{REST, check_shown, lever, look, said};
use crate::support::{MINUTE, another_hub, no_violations, stack};

const MANY: usize = 500;

/// The calls of how many candidates a rested bucket gives at once: an order takes five, a change three.
const ORDERED_AT_ONCE: usize = 2;
const CHANGED_AT_ONCE: usize = 3;

/// How many more instances of the worker help with the queue, each with a book of turns of its own.
const HELPERS: usize = 3;

/// Many completed orders, made as slowly as Lever's limit wants it, on a clock that does not wait.
async fn completed(stack: &Stack, customer: &LeverCustomer<'_>) -> Vec<(LeverCandidate, String)> {
    let simulators = stack.simulators().unwrap();
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let all: Vec<_> = (0..MANY).map(|n| customer.candidate(&posting, &format!("Many{n}")).unwrap()).collect();
    let stage = BACKGROUND_CHECK_STAGE;
    for few in all.chunks(ORDERED_AT_ONCE) {
        stack.clock.advance(REST);
        let moves = few.iter().map(|one| simulators.lever.advance(&customer.account, &one.opportunity, stage));
        join_all(moves).await;
        stack.settle().await.unwrap();
    }
    let orders = simulators.asurint.orders();
    assert_eq!(orders.len(), MANY);
    let order = |one: &LeverCandidate| orders.iter().find(|order| order.email == one.email).unwrap().id.clone();
    let all: Vec<_> = all.into_iter().map(|one| (order(&one), one)).map(|(order, one)| (one, order)).collect();
    for few in all.chunks(CHANGED_AT_ONCE) {
        stack.clock.advance(REST);
        few.iter().for_each(|(_, order)| assert!(simulators.asurint.complete(order, Score::Review)));
        stack.settle().await.unwrap();
    }
    all
}

/// Takes messages of the queue with a hub of its own, for as long as it is asked to.
async fn help(stack: &Stack) {
    let (hub, queue) = (another_hub(stack, "sync-order").await, stack.aws.queue("SyncOrderQueue").unwrap());
    loop {
        let (event, ids) = queue.take().await.into_parts();
        let deadline = Deadline::after(Duration::from_secs(60));
        let response = handle_batch(Arc::clone(&hub), event, deadline, sync_order::handle).await;
        queue.settle(ids, &response);
    }
}

/// How many candidates Lever does not show the newest state of.
fn behind(customer: &LeverCustomer<'_>, all: &[(LeverCandidate, String)]) -> usize {
    let score = |one: &LeverCandidate| said(&look(customer, one).1, "Score").map(str::to_owned);
    all.iter().filter(|(one, _)| score(one).as_deref() != Some("Eligible for Hire")).count()
}

/// Waits until nothing is under way, however long the calls wait for their turns.
async fn quiet(stack: &Stack) {
    for _ in 0..10 {
        if stack.settle().await.is_ok() {
            return;
        }
    }
    panic!("the queues do not become empty");
}

/// When the calls came that led to the first refusal, in milliseconds before it.
fn before_first_refusal(stack: &Stack) -> Vec<i128> {
    let calls = stack.simulators().unwrap().lever.harness.answered("/v1/");
    let Some(refused) = calls.iter().find(|call| call.status == 429).map(|call| call.at) else { return Vec::new() };
    let times = calls.iter().map(|call| call.at.duration_until(refused).as_millis());
    times.filter(|before| (0..4_000).contains(before)).collect()
}

/// The most calls that Lever saw within any time of this length.
fn busiest(stack: &Stack, length: SignedDuration) -> usize {
    let calls = stack.simulators().unwrap().lever.harness.answered("/v1/");
    let ends = |first: usize| calls[first..].partition_point(|call| calls[first].at.duration_until(call.at) < length);
    (0..calls.len()).map(ends).max().unwrap_or_default()
}

async fn all_at_once(stack: &Stack, customer: &LeverCustomer<'_>, all: &[(LeverCandidate, String)]) {
    let asurint = &stack.simulators().unwrap().asurint;
    stack.clock.advance(REST);
    asurint.hold_postbacks(true);
    all.iter().for_each(|(_, order)| assert!(asurint.set_score(order, Some("Eligible for Hire"))));
    let places: Vec<_> = (0..MANY).collect();
    let answers = join_all(places.chunks(50).map(|some| asurint.deliver(some))).await.concat();
    assert!(answers.iter().all(|answer| *answer == Some(200)), "{answers:?}");
    let mut left = Vec::new();
    for _ in 0..60 {
        quiet(stack).await;
        left.push(behind(customer, all));
        if left.last() == Some(&0) {
            break;
        }
        // The tick may end before its calls do.
        let _ = stack.pass(MINUTE).await;
    }
    assert_eq!(left.last(), Some(&0), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_changes_at_once_stay_within_levers_limit_and_all_are_shown() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let simulators = stack.simulators().unwrap();
    let all = completed(&stack, &customer).await;
    assert_eq!(simulators.lever.limit_hits(&customer.account), 0);
    let helpers = join_all((0..HELPERS).map(|_| help(&stack)));
    let work = all_at_once(&stack, &customer, &all);
    let Either::Left(_) = future::select(Box::pin(work), Box::pin(helpers)).await else { panic!("they never end") };
    let hits = simulators.lever.limit_hits(&customer.account);
    assert_eq!(hits, 0, "{:?}", before_first_refusal(&stack));
    assert!(busiest(&stack, SignedDuration::from_secs(1)) <= 30, "{}", busiest(&stack, SignedDuration::from_secs(1)));
    let queue = stack.aws.queue("SyncOrderQueue").unwrap();
    assert_eq!(queue.dead_letters(), 0);
    for (candidate, order) in &all {
        let (tag, _) = look(&customer, candidate);
        assert_eq!(tag, "Asurint: Completed");
        assert_eq!(customer.order(candidate).unwrap().id, *order);
    }
    let open = simulators.asurint.orders().into_iter().filter(|order| order.stage != Status::Completed);
    assert_eq!(open.count(), 0);
    no_violations(&stack);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_moves_whose_webhooks_were_lost_are_caught_up_within_levers_limit() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let simulators = stack.simulators().unwrap();
    simulators.lever.toggle(&customer.account, "candidateStageChange", false);
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let all: Vec<_> = (0..100).map(|n| customer.candidate(&posting, &format!("Lost{n}")).unwrap()).collect();
    for one in &all {
        simulators.lever.advance(&customer.account, &one.opportunity, BACKGROUND_CHECK_STAGE).await;
    }
    let mut minutes = 0;
    let shown = |one: &LeverCandidate| customer.notes(one).unwrap().len() == 1;
    while !all.iter().all(shown) {
        assert!(minutes < 40, "{} are shown", all.iter().filter(|one| shown(one)).count());
        minutes += 1;
        // The tick may end before its calls do.
        let _ = stack.pass(MINUTE).await;
        quiet(&stack).await;
    }
    assert_eq!(simulators.lever.limit_hits(&customer.account), 0, "{:?}", before_first_refusal(&stack));
    for one in &all {
        customer.order(one).unwrap();
        check_shown(&customer, one, "Pending Candidate");
    }
    no_violations(&stack);
}
