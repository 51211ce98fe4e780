//! A deployment over work that is under way: what an earlier version left behind, this build brings to its end.
//!
//! Each recording of `upgrade/` is kept for as long as a stack may still hold what it holds. A new one, of this build:
//!
//! ```sh
//! CROSSCHECK_RECORD=2 cargo test -p local-stack --test end_to_end every_version_is_taken_over
//! ```
//!
//! writes `upgrade/v2.json`; add its number to [`VERSIONS`].

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::asurint::Postbacks;
use local_stack::stack::{Options, Stack, WEBHOOK_SECRET};

use super::recording::Recording;
use super::scenario::{World, play};
use crate::support::{MINUTE, items, row, stack, stack_with};

const VERSIONS: [u32; 1] = [1];

/// How much longer the play may have taken when it was recorded: what is at a provider must not be older than the intents.
const SLOWER: SignedDuration = SignedDuration::from_mins(1);

#[tokio::test]
async fn every_version_is_taken_over_with_each_order_once_and_nothing_lost() {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test says whether it records")]
    if let Ok(version) = std::env::var("CROSSCHECK_RECORD") {
        record(version.parse().unwrap()).await;
    }
    for version in VERSIONS {
        take_over(version).await;
    }
}

async fn record(version: u32) {
    let data = std::env::temp_dir().join(format!("crosscheck-recording-{}", std::process::id()));
    let stack = stack_with(Options { data: Some(data.clone()), ..Options::default() }).await;
    let began = stack.now();
    let world = play(&stack).await;
    Recording::of(&stack, &data, &world, began).await.save(version);
    std::fs::remove_dir_all(data).unwrap();
}

async fn take_over(version: u32) {
    // The outside systems come to the same state by the same play; the hub that played it is then cut off.
    let (began, ended) = Recording::times(version);
    let outside = stack().await;
    outside.clock.advance(outside.now().duration_until(began) + SLOWER);
    let world = play(&outside).await;
    for service in [Service::DynamoDb, Service::Sqs, Service::SecretsManager] {
        outside.aws.set_down(service, true);
    }
    outside.clock.advance(outside.now().duration_until(ended.max(outside.now())));
    let recording = Recording::load(version, &outside);
    let hub = recording.resume(&outside).await;
    send_events_to(&hub, &outside, &world, &recording).await;

    for _ in 0..45 {
        pass(&hub, &outside, MINUTE).await;
    }
    world.check_ended(&outside);
    let left = items(&hub).await;
    let of_kind = |kind: &str| left.iter().filter(|item| item["pk"]["S"].as_str().unwrap().starts_with(kind)).count();
    assert_eq!((of_kind("SPILL#"), of_kind("REQ#")), (0, 0));
    for queue in ["PlaceOrderQueue", "SyncOrderQueue"] {
        assert_eq!(hub.aws.queue(queue).unwrap().dead_letters(), 0, "{queue}");
    }
    // Its orders are known by the provider's ids.
    let certn = &outside.simulators().unwrap().certn;
    for case in certn.cases() {
        certn.complete(&case.id, Some("CLEAR"));
    }
    for _ in 0..8 {
        pass(&hub, &outside, MINUTE).await;
    }
    for (name, candidate) in &world.open {
        assert_eq!(row(&world.icims, candidate).result, "Clear", "{name}");
    }
    assert_eq!(outside.violations(), Vec::<String>::new());
}

async fn send_events_to(hub: &Stack, outside: &Stack, world: &World<'_>, recording: &Recording) {
    let all = outside.simulators().unwrap();
    let ([icims, _, lever], [icims_password, asurint_password]) = (&recording.connections, &recording.passwords);
    let there = |url: &str, of: &str, now: &str| url.replace(&outside.url, &hub.url).replace(of, now);
    let url = there(&world.icims.webhook_url, &world.icims.connection, icims);
    all.icims.set_webhook(&world.icims.id, &url, icims, icims_password);
    let url = there(&world.icims.certn_webhook_url, &world.icims.connection, icims);
    assert!(all.certn.set_webhook(&url, WEBHOOK_SECRET).await);
    let url = there(&world.lever.asurint_webhook_url, &world.lever.connection, lever);
    let postbacks = Postbacks {
        url: Some(url),
        username: lever.clone(),
        password: asurint_password.clone(),
        secret: Some("asurint-signing-secret-of-the-local-stack".to_owned()),
    };
    all.asurint.set_postbacks(&world.lever.client, Some(postbacks));
}

async fn pass(hub: &Stack, outside: &Stack, time: SignedDuration) {
    let all = outside.simulators().unwrap();
    outside.clock.advance(time);
    hub.clock.advance(time);
    all.certn.settle().await;
    all.asurint.settle().await;
    hub.tick().await.unwrap();
}
