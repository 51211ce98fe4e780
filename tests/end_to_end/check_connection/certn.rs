//! What may be wrong at Certn.

use jiff::SignedDuration;
use local_stack::simulators::certn::{CertnSimulator, Envelope, Group, Key, KeyState, Package, User};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{Customer, DRIVER, GROUP, NURSING, RECRUITER_EMAIL, STANDARD, Stack, TRIGGER};
use serde_json::{Value, json};

use super::{check_healthy, check_red, map};
use crate::support::{API_KEY, advanced, stack};

const USER: &str = "9d40b3c4-6d9e-4b90-8c83-2e3f4a5b6c7d";
const NOBODY: &str = "9d40b3c4-6d9e-4b90-8c83-000000000000";
const P: &str = "provider_admin";
const H: &str = "hub_operator";

fn certn(stack: &Stack) -> &CertnSimulator {
    &stack.simulators().unwrap().certn
}

/// A customer who uses everything that can be looked for at Certn.
async fn customer(stack: &Stack) -> Customer<'_> {
    let customer = stack.connect(|new| new["fallback_requester"] = USER.into()).await.unwrap();
    let mappings = [("package", "S", STANDARD), ("package", "D", DRIVER), ("package", "Driver", DRIVER)];
    for (kind, ats_value, provider_value) in mappings.into_iter().chain([("group", "Ward", NURSING)]) {
        map(stack, &customer.connection, kind, ats_value, provider_value).await;
    }
    // So that each function has its calls again.
    stack.clock.advance(SignedDuration::from_mins(2));
    customer
}

type Injected = fn(&CertnSimulator);

/// Each fault alone makes one red line.
async fn check_each(faults: &[(&str, Injected, &str, &str)]) {
    for (what, inject, owner, item) in faults {
        let stack = stack().await;
        let customer = customer(&stack).await;
        inject(certn(&stack));
        check_red(&stack, &customer.connection, what, owner, item).await;
    }
}

fn package(id: &str, active: bool, ats_use: Option<bool>) -> Package {
    Package { id: id.to_owned(), name: "Standard".to_owned(), active, ats_use }
}

fn group(id: &str) -> Group {
    Group { id: id.to_owned(), name: "Closed".to_owned(), active: false }
}

fn user(active: bool, groups: &[&str]) -> User {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    User { id: USER.to_owned(), email: RECRUITER_EMAIL.to_owned(), active, groups }
}

#[tokio::test]
async fn a_key_that_certn_does_not_take_is_the_providers_to_make_anew() {
    check_each(&[
        ("revoked", |certn| certn.set_key_state(API_KEY, KeyState::Revoked), P, "credentials"),
        ("expired", |certn| certn.set_key_state(API_KEY, KeyState::Expired), P, "credentials"),
        ("of another region", |certn| certn.set_key_state(API_KEY, KeyState::WrongRegion), P, "credentials"),
    ])
    .await;
}

#[tokio::test]
async fn one_of_two_keys_is_enough_and_the_other_one_is_told_of() {
    let stack = stack().await;
    let keys = json!([API_KEY, "second"]);
    let customer = stack.connect(|new| new["provider_credentials"]["api_keys"] = keys).await.unwrap();
    let certn = certn(&stack);
    let saw = |checked: &Value| {
        let lines = checked[P].as_array().unwrap();
        lines.iter().find(|line| line["item"] == "credentials").unwrap()["saw"].as_str().unwrap().to_owned()
    };
    let unknown = check_healthy(&stack, &customer.connection, "the second is not known").await;
    assert_eq!(saw(&unknown), "1 of the 2 keys is refused, and the other one is used");
    certn.add_key(Key { value: "second".to_owned(), state: KeyState::Valid });
    let both = check_healthy(&stack, &customer.connection, "both").await;
    assert_eq!(saw(&both), "each of the 2 keys is accepted");
    certn.set_key_state(API_KEY, KeyState::Expired);
    stack.clock.advance(SignedDuration::from_mins(5));
    let first = check_healthy(&stack, &customer.connection, "the first has ended").await;
    assert_eq!(saw(&first), "1 of the 2 keys is refused, and the other one is used");
    certn.set_key_state("second", KeyState::Revoked);
    check_red(&stack, &customer.connection, "neither", P, "credentials").await;
}

#[tokio::test]
async fn a_right_that_is_missing_is_one_line_however_often_it_shows() {
    fn forbid(certn: &CertnSimulator, on: &str) {
        certn.harness.arm(on, 0, Effect::Status { code: 403, retry_after: None, body: None });
    }
    check_each(&[
        ("cases", |certn| forbid(certn, "GET /api/public/cases/"), P, "rights"),
        ("packages", |certn| forbid(certn, "GET /api/public/packages/"), P, "rights"),
        ("groups", |certn| forbid(certn, "GET /api/public/groups/"), P, "rights"),
        ("users", |certn| forbid(certn, "GET /api/public/users/"), P, "rights"),
        ("events", |certn| forbid(certn, "GET /api/public/events/"), P, "rights"),
        ("everything", |certn| forbid(certn, "GET /api/public/"), P, "rights"),
    ])
    .await;
}

#[tokio::test]
async fn what_passes_by_itself_is_the_operators_to_watch() {
    fn arm(certn: &CertnSimulator, on: &str, effect: Effect) {
        certn.harness.arm(on, 0, effect);
    }
    const fn status(code: u16) -> Effect {
        Effect::Status { code, retry_after: None, body: None }
    }
    check_each(&[
        ("no answer", |certn| arm(certn, "GET /api/public/", Effect::ResetBefore), H, "answers"),
        ("broken off", |certn| arm(certn, "GET /api/public/events/", Effect::ResetAfterCommit), H, "answers"),
        ("down", |certn| arm(certn, "GET /api/public/", status(503)), H, "answers"),
        ("packages down", |certn| arm(certn, "GET /api/public/packages/", status(500)), H, "answers"),
        ("groups gone", |certn| arm(certn, "GET /api/public/groups/", status(404)), H, "answers"),
        ("users down", |certn| arm(certn, "GET /api/public/users/", status(502)), H, "answers"),
        ("no JSON", |certn| arm(certn, "GET /api/public/cases/", status(200)), H, "answers"),
        ("no JSON of packages", |certn| arm(certn, "GET /api/public/packages/", status(200)), H, "answers"),
        ("too many calls", |certn| certn.set_limits(0, 0, true), H, "answers"),
    ])
    .await;
}

#[tokio::test]
async fn a_package_that_cannot_be_ordered_is_told_to_whoever_can_cure_it() {
    check_each(&[
        ("switched off", |certn| certn.add_package(package(STANDARD, false, Some(true))), P, "mapped_packages"),
        ("not for ATS use", |certn| certn.add_package(package(STANDARD, true, Some(false))), P, "mapped_packages"),
        ("deleted", |certn| certn.remove_package(DRIVER), H, "mapped_packages"),
        (
            "all off",
            |certn| {
                certn.add_package(package(STANDARD, true, Some(false)));
                certn.add_package(package(DRIVER, false, None));
            },
            P,
            "packages",
        ),
        (
            "none",
            |certn| {
                certn.remove_package(STANDARD);
                certn.remove_package(DRIVER);
            },
            P,
            "packages",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_group_that_cannot_be_used_is_told_to_whoever_can_cure_it() {
    check_each(&[
        ("default inactive", |certn| certn.add_group(group(GROUP)), P, "default_group"),
        ("mapped inactive", |certn| certn.add_group(group(NURSING)), P, "mapped_groups"),
        ("mapped deleted", |certn| certn.remove_group(NURSING), H, "mapped_groups"),
    ])
    .await;
    let stack = stack().await;
    let customer = stack.connect(|new| new["default_group"] = NOBODY.into()).await.unwrap();
    check_red(&stack, &customer.connection, "default unknown", H, "default_group").await;
}

#[tokio::test]
async fn a_fallback_requester_who_cannot_order_is_told_to_whoever_can_cure_it() {
    check_each(&[
        ("inactive", |certn| certn.add_user(user(false, &[GROUP])), P, "fallback_requester"),
        ("outside the group", |certn| certn.add_user(user(true, &[NURSING])), P, "fallback_requester"),
        ("deleted", |certn| certn.remove_user(USER), H, "fallback_requester"),
    ])
    .await;
}

#[tokio::test]
async fn lists_are_read_to_their_end_in_either_envelope() {
    for envelope in [Envelope::Count, Envelope::Pagination] {
        let stack = stack().await;
        let customer = customer(&stack).await;
        let certn = certn(&stack);
        certn.set_envelope(envelope);
        for number in 0..120 {
            let id = format!("00000000-0000-4000-8000-{number:012}");
            certn.add_package(package(&id, true, None));
            certn.add_group(Group { active: true, ..group(&id) });
        }
        // What is used comes last.
        certn.add_package(package(STANDARD, true, None));
        certn.add_group(Group { active: true, ..group(NURSING) });
        check_healthy(&stack, &customer.connection, "on the second page").await;
    }
}

#[tokio::test]
async fn a_key_is_red_from_thirty_days_before_its_end() {
    let stack = stack().await;
    for (age, is_red) in [(0, false), (335, false), (336, true), (365, true), (500, true)] {
        let made_on = (stack.now() - SignedDuration::from_hours(24 * age)).to_string()[..10].to_owned();
        let customer = stack.connect(|new| new["provider"]["key_created_on"] = made_on.into()).await.unwrap();
        if is_red {
            check_red(&stack, &customer.connection, &format!("{age} days old"), P, "key_expiry").await;
        } else {
            check_healthy(&stack, &customer.connection, &format!("{age} days old")).await;
        }
        stack.clock.advance(SignedDuration::from_mins(1));
    }
    // Where Certn does not take it any more, its age is no second fault.
    let made_on = (stack.now() - SignedDuration::from_hours(24 * 400)).to_string()[..10].to_owned();
    let customer = stack.connect(|new| new["provider"]["key_created_on"] = made_on.into()).await.unwrap();
    certn(&stack).set_key_state(API_KEY, KeyState::Expired);
    check_red(&stack, &customer.connection, "ended", P, "credentials").await;
}

#[tokio::test]
async fn what_only_an_order_shows_is_told_of_the_newest_order() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    certn(&stack).forbid_orders(true);
    check_healthy(&stack, &customer.connection, "nothing was ordered yet").await;
    let candidate = advanced(&customer, "Forbidden").await;
    check_red(&stack, &customer.connection, "forbidden", P, "newest_order").await;
    certn(&stack).forbid_orders(false);
    stack.pass(SignedDuration::from_mins(20)).await.unwrap();
    check_healthy(&stack, &customer.connection, "ordered meanwhile").await;
    customer.advance(&candidate, TRIGGER).await.unwrap();
}
