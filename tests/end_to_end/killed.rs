//! The hub dies at every call to AWS that one order makes, before and after the call has its effect.

use futures::stream::{self, StreamExt};
use local_stack::journeys::killed::{CALLS, Death, dies_at};
use local_stack::stack::TRIGGER;

use crate::support::stack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_the_process_is_killed_one_order_is_placed_and_nothing_is_lost() {
    let deaths = (0..CALLS).flat_map(|call| [true, false].map(|with_effect| Death { call, with_effect }));
    let outcomes = stream::iter(deaths)
        .map(|death| async move {
            // A stack of its own: the simulators hold every order that they ever got against us.
            let stack = stack().await;
            dies_at(&stack, death).await.map_err(|wrong| wrong.to_string())
        })
        .buffer_unordered(6)
        .collect::<Vec<_>>()
        .await;
    let wrong: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_deaths_cover_every_call_of_an_order() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Noa").unwrap();
    let _ = stack.aws.take_calls();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    let calls = stack.aws.take_calls();
    assert!(calls.len() <= CALLS as usize, "{calls:?}");
}
