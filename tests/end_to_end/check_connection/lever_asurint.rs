//! What may be wrong at Asurint, and with the access to Lever.

use jiff::SignedDuration;
use local_stack::simulators::asurint::AsurintSimulator;
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC, Stack, THOROUGH, by_xml};
use serde_json::{Value, json};

use super::{check_healthy, check_red, checked, found_of, map, red};
use crate::lever_access::{STAGE_CHANGE, lever, moved, moved_unheard};
use crate::support::{MINUTE, stack};

const P: &str = "provider_admin";
const H: &str = "hub_operator";
const A: &str = "ats_admin";

fn asurint(stack: &Stack) -> &AsurintSimulator {
    &stack.simulators().unwrap().asurint
}

fn in_two_steps(new: &mut Value) {
    by_xml(new);
    new["provider"]["gateway"] = json!({"form": "two_step", "base_url": "https://api.asurint.com/gw1"});
    new["provider"]["fallback_requester_email"] = "rae@client.example".into();
}

fn in_one_step(new: &mut Value) {
    by_xml(new);
    new["provider"]["fallback_requester_email"] = "rae@client.example".into();
}

fn in_json(_: &mut Value) {}

const fn status(code: u16) -> Effect {
    Effect::Status { code, retry_after: None, body: None }
}

type Injected = fn(&AsurintSimulator, &str);

/// Each fault alone makes one red line.
async fn check_each(way: fn(&mut Value), faults: &[(&str, Injected, &str, &str)]) {
    for (what, inject, owner, item) in faults {
        let stack = stack().await;
        let customer = stack.connect_authorized_lever(way).await.unwrap();
        map(&stack, &customer.connection, "package", "Basic", BASIC).await;
        check_healthy(&stack, &customer.connection, "before").await;
        inject(asurint(&stack), &customer.client);
        check_red(&stack, &customer.connection, what, owner, item).await;
    }
}

#[tokio::test]
async fn each_fault_in_the_json_api_is_one_red_line() {
    check_each(
        in_json,
        &[
            ("another password", |asurint, client| asurint.set_password(client, "another"), P, "credentials"),
            ("no packages", |asurint, _| asurint.harness.arm("GET /v1/packages", 0, status(403)), P, "rights"),
            ("no orders", |asurint, _| asurint.harness.arm("GET /v1/orders", 0, status(403)), P, "rights"),
            ("nothing", |asurint, _| asurint.harness.arm("GET /v1/", 0, status(403)), P, "rights"),
            ("down", |asurint, _| asurint.harness.arm("GET /v1/", 0, status(503)), H, "answers"),
            ("no answer", |asurint, _| asurint.harness.arm("GET /v1/orders", 0, Effect::ResetBefore), H, "answers"),
            ("no JSON", |asurint, _| asurint.harness.arm("GET /v1/packages", 0, status(200)), H, "answers"),
            ("too many calls", |asurint, client| asurint.set_rate_limit(client, Some(0), true), H, "answers"),
            ("off", |asurint, client| asurint.set_package_active(client, BASIC, false), P, "mapped_packages"),
            ("deleted", |asurint, client| asurint.remove_package(client, BASIC), H, "mapped_packages"),
            (
                "all off",
                |asurint, client| {
                    asurint.set_package_active(client, BASIC, false);
                    asurint.set_package_active(client, THOROUGH, false);
                },
                P,
                "packages",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn each_fault_in_the_xml_gateway_is_one_red_line() {
    check_each(
        in_one_step,
        &[
            ("another password", |asurint, client| asurint.set_password(client, "another"), P, "credentials"),
            (
                "refused within the answer",
                |asurint, client| {
                    asurint.refuse_credentials_in_band(true);
                    asurint.set_password(client, "another");
                },
                P,
                "credentials",
            ),
            ("down", |asurint, _| asurint.harness.arm("POST /oml", 0, status(503)), H, "answers"),
            ("elsewhere", |asurint, _| asurint.harness.arm("POST /oml", 0, status(404)), H, "answers"),
            ("forbidden", |asurint, _| asurint.harness.arm("POST /oml", 0, status(403)), P, "rights"),
            ("off", |asurint, client| asurint.set_package_active(client, BASIC, false), P, "mapped_packages"),
            ("deleted", |asurint, client| asurint.remove_package(client, BASIC), H, "mapped_packages"),
        ],
    )
    .await;
}

#[tokio::test]
async fn in_two_steps_only_the_sign_in_is_tried_and_nothing_is_ordered() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(in_two_steps).await.unwrap();
    let healthy = check_healthy(&stack, &customer.connection, "before").await;
    assert_eq!(found_of(&healthy, P, "credentials"), "good");
    assert_eq!(found_of(&healthy, P, "packages"), "not_told");
    assert!(asurint(&stack).harness.answered("OrderingService").is_empty());
    for in_band in [false, true] {
        asurint(&stack).refuse_credentials_in_band(in_band);
        asurint(&stack).set_password(&customer.client, "another");
        check_red(&stack, &customer.connection, &format!("in band: {in_band}"), P, "credentials").await;
    }
}

#[tokio::test]
async fn packages_that_the_settings_list_are_not_asked_for() {
    for way in [in_json as fn(&mut Value), in_one_step, in_two_steps] {
        let stack = stack().await;
        let listing = |new: &mut Value| {
            way(new);
            new["provider"]["packages"] = json!([{"id": BASIC, "name": "Basic Search"}]);
        };
        let customer = stack.connect_authorized_lever(listing).await.unwrap();
        map(&stack, &customer.connection, "package", "Basic", BASIC).await;
        let healthy = check_healthy(&stack, &customer.connection, "listed").await;
        assert_eq!(found_of(&healthy, P, "packages"), "good");
        assert!(asurint(&stack).harness.answered("/v1/packages").is_empty());
        assert!(asurint(&stack).harness.answered("POST /oml").is_empty());
    }
}

#[tokio::test]
async fn an_access_that_nobody_granted_or_that_was_taken_back_is_the_ats_admins() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let never = check_red(&stack, &customer.connection, "never granted", A, "authorization").await;
    assert!(never.to_string().contains("admin-start-lever-authorization"), "{never}");
    customer.authorize().await.unwrap();
    check_healthy(&stack, &customer.connection, "granted").await;
    customer.revoke().unwrap();
    stack.pass(MINUTE * 90).await.unwrap();
    check_red(&stack, &customer.connection, "lost", A, "authorization").await;
    customer.authorize().await.unwrap();
    check_healthy(&stack, &customer.connection, "granted again").await;
}

#[tokio::test]
async fn a_switch_that_is_off_shows_by_what_was_found_without_an_event() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    stack.pass(MINUTE * 25).await.unwrap();
    check_healthy(&stack, &customer.connection, "nothing happened").await;
    moved_unheard(&stack, &customer, "Unheard").await;
    stack.pass(MINUTE * 12).await.unwrap();
    check_red(&stack, &customer.connection, "unheard", A, "webhook_events").await;
    lever(&stack).toggle(&customer.account, STAGE_CHANGE, true);
    moved(&customer, "Heard").await;
    stack.settle().await.unwrap();
    check_healthy(&stack, &customer.connection, "heard").await;
}

#[tokio::test]
async fn a_webhook_that_could_not_be_made_is_told_after_two_looks() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    lever(&stack).harness.arm("POST /v1/webhooks", 0, status(500));
    customer.authorize().await.unwrap();
    check_healthy(&stack, &customer.connection, "it is tried again").await;
    stack.pass(MINUTE * 25).await.unwrap();
    let red = red(&checked(&stack, &customer.connection).await);
    assert_eq!(red.len(), 1, "{red:?}");
    lever(&stack).harness.clear_faults();
    stack.pass(SignedDuration::from_mins(12)).await.unwrap();
    check_healthy(&stack, &customer.connection, "made").await;
}
