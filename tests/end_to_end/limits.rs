//! More moves at once than Certn allows calls: none is refused there, and each is ordered in its time.

use futures::future::join_all;
use jiff::SignedDuration;
use local_stack::stack::TRIGGER;

use crate::support::{no_violations, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_moves_in_a_minute_stay_within_sixty_calls_and_all_end_ordered() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let job = customer.job(&["Standard"]).unwrap();
    let candidates: Vec<_> = (0..100).map(|n| customer.candidate(&job, &format!("Many{n}")).unwrap()).collect();
    let screens = join_all(candidates.iter().map(|candidate| customer.advance(candidate, TRIGGER))).await;
    assert!(screens.into_iter().all(|screen| screen.unwrap().status == Some(200)));
    for _ in 0..6 {
        stack.pass(SignedDuration::from_mins(10)).await.unwrap();
        if certn.cases().len() == candidates.len() {
            break;
        }
    }
    assert_eq!(certn.cases().len(), candidates.len());
    stack.pass(SignedDuration::from_mins(10)).await.unwrap();
    for candidate in &candidates {
        let entries = customer.entries(candidate).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.result.as_str()).collect::<Vec<_>>(), ["Invitation sent"]);
    }
    assert_eq!(certn.limit_hits(), 0);
    let calls = certn.harness.answered("/api/public/");
    let minute = SignedDuration::from_secs(60);
    let busiest = calls.iter().map(|first| {
        calls.iter().filter(|call| call.at >= first.at && first.at.duration_until(call.at) < minute).count()
    });
    assert!(busiest.clone().max().unwrap() <= 60, "{:?}", busiest.max());
    assert_eq!(certn.harness.answered("order-package").len(), candidates.len(), "each was sent once");
    no_violations(&stack);
}
