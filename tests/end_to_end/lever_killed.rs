//! Processes of their own: one that is killed with a new pair of tokens in its hands, one that publishes that an access
//! is lost.

use std::process::Stdio;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::SignedDuration;
use local_stack::journeys::killed::Process;
use local_stack::simulators::lever::BACKGROUND_CHECK_STAGE;
use local_stack::simulators::shared::{Effect, bind};
use local_stack::stack::{BASIC_TAG, LeverCustomer, Stack};
use runtime::handlers::reconcile;
use runtime::lambda;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::lever_access::{authorization, check_ordered, lever};
use crate::pageup_killed::Folder;
use crate::support::{MINUTE, no_violations, stack};

/// A tick that does not come.
const NEVER: &str = "86400";

/// Starts a hub in a process of its own, which does nothing by itself but at every tick.
async fn hub(stack: &Stack, folder: &Folder, port: u16, tick: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local-stack"));
    command.args(["--hub-only", "--tick", tick, "--port", &port.to_string(), "--data"]).arg(&folder.0);
    Process::run(command, stack).await.unwrap()
}

/// Waits for the second hub, whose clock is its own, until the access stands so.
async fn comes_to(customer: &LeverCustomer<'_>, done: impl AsyncFn(&Value) -> bool) {
    for _ in 0..150 {
        if done(&authorization(customer).await).await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("it stays {}", authorization(customer).await);
}

/// Kills a hub after Lever gave it a new pair and before it stored that, and starts it again.
async fn check_killed(grace_secs: i64) {
    let (stack, folder) = (stack().await, Folder::new());
    let mut first = hub(&stack, &folder, 0, NEVER).await;
    let customer = stack.connect_lever_at(&first.url, |_| {}).await.unwrap();
    customer.set_options(|options| options.refresh_grace_secs = grace_secs).unwrap();
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    first.tell("pass 7200").await.unwrap();
    stack.clock.advance(MINUTE * 120);
    let harness = &lever(&stack).harness;
    harness.arm("POST /oauth/token", 1, Effect::HoldAfterCommit);
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Killed").unwrap();
    let told = lever(&stack).advance(&customer.account, &candidate.opportunity, BACKGROUND_CHECK_STAGE).await;
    assert_eq!(told[0].status(), Some(200));
    tokio::time::timeout(Duration::from_secs(20), harness.held.notified()).await.unwrap();
    let port = first.port().unwrap();
    drop(first);
    harness.clear_faults();
    assert_eq!(lever(&stack).refreshes(&customer.account), 1, "Lever gave a new pair");

    let mut second = hub(&stack, &folder, port, "1").await;
    // Over the claim of the one that died.
    second.tell("pass 7330").await.unwrap();
    stack.clock.advance(SignedDuration::from_secs(130));
    if grace_secs == 0 {
        comes_to(&customer, async |shown| shown["state"] == "lost").await;
        let calls = harness.answered("").len();
        second.tell("pass 1200").await.unwrap();
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(harness.answered("").len(), calls, "not one further call in two ticks");
        assert_eq!(lever(&stack).refreshes(&customer.account), 1);
        assert_eq!(authorization(&customer).await["waits_for"]["code"], "ats_credentials");
        assert!(customer.orders(&candidate).unwrap().is_empty());
        assert_eq!(customer.authorize().await.unwrap().status, 200);
        second.tell("pass 700").await.unwrap();
    }
    comes_to(&customer, async |_| customer.notes(&candidate).unwrap().len() == 1).await;
    // Whoever else is still at work would order now.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    assert_eq!(authorization(&customer).await["state"], "granted");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 1, "the old pair was tried once more, and only once");
    no_violations(&stack);
}

#[tokio::test]
async fn a_hub_that_is_killed_with_a_new_pair_goes_on_where_lever_forgives_the_old_one() {
    check_killed(600).await;
}

#[tokio::test]
async fn a_hub_that_is_killed_with_a_new_pair_says_that_the_access_is_lost_and_asks_no_more() {
    check_killed(0).await;
}

/// The variable by which the test below starts itself once more, to be the function that runs every minute.
const RUNS: &str = "AWS_LAMBDA_RUNTIME_API";
const ITSELF: &str = "lever_killed::a_lost_access_is_published_with_every_run_for_as_long_as_it_is_lost";

/// The next run is due at once.
async fn next(State(deadline): State<String>) -> Response {
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:local:000000000000:function:reconcile".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, "{}").into_response()
}

/// How often the metric of a lost access is among the first lines that the function publishes in some runs.
async fn published(stack: &Stack) -> usize {
    let (listener, address) = bind(0).await.unwrap();
    let deadline = (stack.now().as_millisecond() + 600_000).to_string();
    let api = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/{what}", post(async || StatusCode::ACCEPTED))
        .with_state(deadline);
    let mut function = Command::new(std::env::current_exe().unwrap());
    function.args(["--exact", ITSELF, "--nocapture"]).envs(stack.environment()).env(RUNS, address.to_string());
    let of_aws = [
        ("AWS_LAMBDA_FUNCTION_NAME", "reconcile"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ];
    let function = function.envs(of_aws).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut function = function.spawn().unwrap();
    let mut lines = BufReader::new(function.stdout.take().unwrap()).lines();
    let (mut runs, mut lost) = (0, 0);
    let read = async {
        while runs < 3 {
            let line = lines.next_line().await.unwrap().unwrap();
            runs += usize::from(line.contains("\"OldestDueOrder\":"));
            lost += usize::from(line.contains("\"LostAccess\":1"));
        }
    };
    tokio::select! {
        _ = axum::serve(listener, api) => panic!("serving ends only with the process"),
        read = tokio::time::timeout(Duration::from_secs(30), read) => read.unwrap(),
    }
    lost
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the environment by which the test starts itself as a function")]
async fn a_lost_access_is_published_with_every_run_for_as_long_as_it_is_lost() {
    if std::env::var(RUNS).is_ok() {
        // It has a runtime of its own, as in its binary.
        let served = std::thread::spawn(|| lambda::serve_schedule("reconcile", reconcile::handle));
        return served.join().unwrap().unwrap();
    }
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.connect_authorized_lever(|_| {}).await.unwrap();
    assert_eq!(published(&stack).await, 0);
    customer.revoke().unwrap();
    stack.pass(MINUTE * 11).await.unwrap();
    assert_eq!(authorization(&customer).await["state"], "lost");
    // Each run begins with another metric, so that the third run's own is not seen any more.
    assert_eq!(published(&stack).await, 2);
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    assert_eq!(published(&stack).await, 0);
}
