//! The tokens of a granted access: many workers replace a pair once, a death in between ends well or is told, and an
//! access that nobody uses lives on.

use std::sync::Arc;
use std::time::Duration;

use domain::hint::{Hint, Message};
use domain::id::{AtsId, ConnectionId};
use domain::request::Subject;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use local_stack::simulators::lever::{BACKGROUND_CHECK_STAGE, LeverSimulator};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, LeverCandidate, LeverCustomer, Stack};
use runtime::deadline::Deadline;
use runtime::handlers::place_order;
use runtime::hub::Hub;
use serde_json::{Value, json};

use crate::support::{MINUTE, another_hub, no_violations, stack};

pub(crate) const STAGE_CHANGE: &str = "candidateStageChange";
pub(crate) const DAY: SignedDuration = SignedDuration::from_hours(24);
const TOKENS: &str = "POST /oauth/token";

pub(crate) fn lever(stack: &Stack) -> &LeverSimulator {
    &stack.simulators().unwrap().lever
}

/// How often Lever was asked for tokens, whatever it answered.
fn asked_for_tokens(stack: &Stack) -> usize {
    lever(stack).harness.answered(TOKENS).len()
}

/// What an admin sees of the access.
pub(crate) async fn authorization(customer: &LeverCustomer<'_>) -> Value {
    customer.shown_to_admin().await.unwrap()["authorization"].clone()
}

/// A candidate whose stage change the hub is not told of.
pub(crate) async fn moved_unheard(stack: &Stack, customer: &LeverCustomer<'_>, first: &str) -> LeverCandidate {
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), first).unwrap();
    lever(stack).toggle(&customer.account, STAGE_CHANGE, false);
    assert!(customer.advance(&candidate).await.unwrap().is_empty(), "nobody is told");
    lever(stack).toggle(&customer.account, STAGE_CHANGE, true);
    candidate
}

/// A candidate whose stage change is told, and taken with 200.
pub(crate) async fn moved(customer: &LeverCustomer<'_>, first: &str) -> LeverCandidate {
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), first).unwrap();
    let told = customer.advance(&candidate).await.unwrap();
    assert_eq!(told.iter().map(|told| told.status()).collect::<Vec<_>>(), [Some(200)], "{first}");
    candidate
}

/// One order, shown in Lever by one tag and one note.
pub(crate) fn check_ordered(customer: &LeverCustomer<'_>, candidate: &LeverCandidate, status: &str) {
    let email = &candidate.email;
    let order = customer.order(candidate).unwrap_or_else(|wrong| panic!("{email}: {wrong}"));
    assert_eq!(customer.status_tags(candidate).unwrap(), [format!("Asurint: {status}")], "{email}");
    let notes = customer.notes(candidate).unwrap();
    assert!(notes.len() == 1 && notes[0].contains(&order.id), "{email}: {notes:?}");
}

/// Another instance of the function that orders, with a memory and connections of its own.
pub(crate) async fn another_worker(stack: &Stack) -> Arc<Hub> {
    another_hub(stack, "place-order").await
}

/// Has a worker handle what the webhook would have said of a candidate.
pub(crate) async fn told(
    stack: &Stack,
    customer: &LeverCustomer<'_>,
    candidate: &LeverCandidate,
    worker: &Arc<Hub>,
    time: u64,
) {
    let subject = Subject {
        application: AtsId::parse(&candidate.opportunity).unwrap(),
        request: None,
        requester: None,
        status: AtsId::parse(BACKGROUND_CHECK_STAGE).unwrap(),
    };
    let connection = ConnectionId::parse(&customer.connection).unwrap();
    let hint = Hint::CheckRequested { connection, subject, received_at: stack.now() };
    let deadline = Deadline::after(Duration::from_secs(time));
    place_order::handle(Arc::clone(worker), Message::new(hint), deadline).await.unwrap();
}

/// Twenty workers are told of a candidate each at the same time: the pair is replaced once, and each candidate ordered
/// for.
async fn check_twenty(stack: &Stack, customer: &LeverCustomer<'_>, workers: &[Arc<Hub>], what: &str) {
    let (lever, account) = (lever(stack), &customer.account);
    let (refreshed, asked) = (lever.refreshes(account), asked_for_tokens(stack));
    let mut candidates = Vec::new();
    for number in 0..workers.len() {
        candidates.push(moved_unheard(stack, customer, &format!("{what}{number}")).await);
    }
    assert_eq!(lever.refreshes(account), refreshed, "{what}: nobody needed a new pair before");
    let at_once = workers.iter().zip(&candidates);
    join_all(at_once.map(|(worker, candidate)| told(stack, customer, candidate, worker, 60))).await;
    assert_eq!((lever.refreshes(account) - refreshed, asked_for_tokens(stack) - asked), (1, 1), "{what}");
    // Who found no turn within Lever's rate was put off; and the look finds all of them once more.
    stack.pass(MINUTE * 20).await.unwrap();
    for candidate in &candidates {
        check_ordered(customer, candidate, "Pending Candidate");
    }
    assert_eq!((lever.refreshes(account) - refreshed, lever.refresh_reuses(account)), (1, 0), "{what}");
    assert_eq!(authorization(customer).await["state"], "granted", "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_workers_at_once_replace_a_pair_once_and_all_get_their_work_done() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let workers = join_all((0..20).map(|_| another_worker(&stack))).await;
    stack.clock.advance(SignedDuration::from_hours(2));
    // The others wait for it.
    lever(&stack).harness.arm(TOKENS, 1, Effect::DelayAfterCommitMs(1_500));
    check_twenty(&stack, &customer, &workers, "Expired").await;
    // 20 minutes are over since then; 57 in all.
    stack.clock.advance(MINUTE * 37);
    check_twenty(&stack, &customer, &workers, "Ending").await;
    assert_eq!(refused(&stack), 0, "no token was sent that Lever does not take");
    lever(&stack).end_access_tokens(&customer.account);
    check_twenty(&stack, &customer, &workers, "Refused").await;
    no_violations(&stack);
}

/// How many calls Lever refused for their token.
fn refused(stack: &Stack) -> usize {
    lever(stack).harness.answered("/v1/").iter().filter(|answered| answered.status == 401).count()
}

#[tokio::test]
async fn an_access_token_that_lever_refuses_before_its_end_is_replaced_once_and_work_goes_on() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let before = moved(&customer, "Before").await;
    let order = customer.order(&before).unwrap();
    lever(&stack).end_access_tokens(&customer.account);
    // A candidate to be read and an order to be shown, each by a function of its own.
    stack.simulators().unwrap().asurint.complete_forms(&order.id);
    let after = moved(&customer, "After").await;
    check_ordered(&customer, &before, "In Progress");
    check_ordered(&customer, &after, "Pending Candidate");
    let account = &customer.account;
    assert_eq!((lever(&stack).refreshes(account), lever(&stack).refresh_reuses(account)), (1, 0));
    assert_eq!(authorization(&customer).await["state"], "granted");
    no_violations(&stack);
}

/// A worker dies after Lever gave it a new pair and before it stored that: it is not heard of again.
async fn dies_with_the_pair(stack: &Stack, customer: &LeverCustomer<'_>, candidate: &LeverCandidate) {
    let harness = &lever(stack).harness;
    harness.arm(TOKENS, 1, Effect::HoldAfterCommit);
    let worker = another_worker(stack).await;
    tokio::select! {
        () = told(stack, customer, candidate, &worker, 60) => panic!("it did not ask for a new pair"),
        () = harness.held.notified() => {}
    }
    harness.clear_faults();
    assert_eq!(lever(stack).refreshes(&customer.account), 1, "Lever gave a new pair");
}

#[tokio::test]
async fn a_pair_that_died_with_its_worker_is_got_again_where_lever_forgives_the_old_one() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.set_options(|options| options.refresh_grace_secs = 180).unwrap();
    stack.clock.advance(SignedDuration::from_hours(2));
    let candidate = moved_unheard(&stack, &customer, "Forgiven").await;
    dies_with_the_pair(&stack, &customer, &candidate).await;
    // Nobody tries while the first one may still be at it.
    told(&stack, &customer, &candidate, &another_worker(&stack).await, 6).await;
    assert_eq!(lever(&stack).refreshes(&customer.account), 1);
    assert!(customer.orders(&candidate).unwrap().is_empty());
    stack.pass(MINUTE * 20).await.unwrap();
    check_ordered(&customer, &candidate, "Pending Candidate");
    assert_eq!(authorization(&customer).await["state"], "granted");
    let account = &customer.account;
    assert_eq!((lever(&stack).refreshes(account), lever(&stack).refresh_reuses(account)), (2, 1));
    no_violations(&stack);
}

fn time(shown: &Value, name: &str) -> Timestamp {
    shown[name].as_str().unwrap_or_else(|| panic!("{name} in {shown}")).parse().unwrap()
}

/// The admin sees since when and why there is no access, and Lever is left alone, however much time passes.
async fn check_lost_for_good(stack: &Stack, customer: &LeverCustomer<'_>, began: Timestamp) {
    let shown = authorization(customer).await;
    assert_eq!((&shown["state"], &shown["cause"]), (&json!("lost"), &json!("the refresh token is refused")), "{shown}");
    let lost_at = time(&shown, "lost_at");
    assert!(lost_at >= began && lost_at <= stack.now(), "{shown}");
    assert_eq!(shown["waits_for"]["code"], "ats_credentials", "{shown}");
    assert!(shown["waits_for"]["cure"].as_str().is_some_and(|cure| !cure.is_empty()), "{shown}");
    let refreshes = lever(stack).refreshes(&customer.account);
    let calls = lever(stack).harness.answered("").len();
    stack.pass(MINUTE * 20).await.unwrap();
    for _ in 0..30 {
        stack.clock.advance(DAY / 4);
        stack.tick().await.unwrap();
    }
    assert_eq!(lever(stack).harness.answered("").len(), calls, "not one further call");
    assert_eq!(lever(stack).refreshes(&customer.account), refreshes);
    assert_eq!(time(&authorization(customer).await, "lost_at"), lost_at, "since the first time");
}

#[tokio::test]
async fn a_pair_that_died_with_its_worker_is_told_as_lost_and_never_asked_for_in_a_loop() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.clock.advance(SignedDuration::from_hours(2));
    let candidate = moved_unheard(&stack, &customer, "Lost").await;
    let began = stack.now();
    dies_with_the_pair(&stack, &customer, &candidate).await;
    stack.pass(MINUTE * 10).await.unwrap();
    assert!(customer.orders(&candidate).unwrap().is_empty());
    check_lost_for_good(&stack, &customer, began).await;
    let later = moved_unheard(&stack, &customer, "Later").await;
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    stack.pass(MINUTE * 10).await.unwrap();
    check_ordered(&customer, &later, "Pending Candidate");
    assert_eq!(authorization(&customer).await["state"], "granted");
    no_violations(&stack);
}

#[tokio::test]
async fn an_access_that_nobody_uses_for_a_hundred_days_lives_on() {
    // Tokens of an hour, and tokens that live so long that only their rest makes them old.
    for (life, looks_every, least, most) in [(3_600, 1, 100, 101), (200 * 86_400, 5, 2, 4)] {
        let stack = stack().await;
        let customer = stack.connect_lever(|_| {}).await.unwrap();
        customer.set_options(|options| options.access_token_secs = life).unwrap();
        assert_eq!(customer.authorize().await.unwrap().status, 200);
        for _ in 0..100 / looks_every {
            stack.clock.advance(DAY * looks_every);
            stack.tick().await.unwrap();
        }
        let refreshes = lever(&stack).refreshes(&customer.account);
        assert!((least..=most).contains(&refreshes), "{life}: {refreshes}");
        lever(&stack).end_access_tokens(&customer.account);
        let candidate = moved(&customer, "Idle").await;
        check_ordered(&customer, &candidate, "Pending Candidate");
        assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
        no_violations(&stack);
    }
}
