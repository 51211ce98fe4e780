//! An order that waits: whoever waits for it is told, whatever changes meanwhile, and it ends once.

use jiff::SignedDuration;
use local_stack::simulators::shared::Effect;
use local_stack::stack::TRIGGER;

use crate::support::{cases, items, no_violations, orders, row, stack};

fn down() -> Effect {
    Effect::Status { code: 503, retry_after: None, body: None }
}

/// A refusal for now: it certainly orders nothing.
fn throttled() -> Effect {
    Effect::Status { code: 429, retry_after: None, body: None }
}

#[tokio::test]
async fn the_recruiter_is_told_also_where_certn_was_down_before_anything_was_known_of_it() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("/api/public/", 0, down());
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Cold").unwrap();
    let screen = customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(screen.status, Some(200));
    assert!(customer.entries(&candidate).unwrap().is_empty());
    stack.pass(SignedDuration::from_mins(30)).await.unwrap();
    let told = row(&customer, &candidate);
    assert!(told.notes.contains("(provider_unavailable)"), "{told:?}");
    certn.harness.clear_faults();
    stack.pass(SignedDuration::from_mins(15)).await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    assert_eq!(cases(&stack, "Cold"), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_that_waited_for_another_package_ends_where_the_first_one_is_open() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Back").unwrap();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    // The other package has to wait; meanwhile the recruiter goes back to the first.
    customer.set_packages(&job, &["Driver"]).unwrap();
    simulators.certn.harness.arm("order-package", 1, throttled());
    customer.advance(&candidate, TRIGGER).await.unwrap();
    assert_eq!(orders(&stack, &candidate).await.len(), 2);
    customer.set_packages(&job, &["Standard"]).unwrap();
    stack.pass(SignedDuration::from_mins(15)).await.unwrap();
    assert_eq!(cases(&stack, "Back"), 1);
    let due =
        items(&stack).await.into_iter().filter(|item| item["data"]["M"]["placement"]["M"]["state"]["S"] == "retry");
    assert_eq!(due.count(), 0, "nothing waits any more");
    let asked = simulators.icims.harness.answered("GET /customers/").len();
    stack.pass(SignedDuration::from_mins(30)).await.unwrap();
    assert_eq!(simulators.icims.harness.answered("GET /customers/").len(), asked);
    assert_eq!(row(&customer, &candidate).result, "Invitation sent");
    no_violations(&stack);
}

#[tokio::test]
async fn a_key_that_expires_soon_is_told_once_a_day() {
    let stack = stack().await;
    let created = stack.now() - SignedDuration::from_hours(24 * 350);
    let created_on = created.to_string().split('T').next().unwrap().to_owned();
    let customer = stack.connect(|new| new["provider"]["key_created_on"] = created_on.into()).await.unwrap();
    let told = || {
        let about = |line: &&str| line.contains("stops working soon") && line.contains(&customer.connection);
        local_stack::logs::kept().lines().filter(about).count()
    };
    stack.pass(SignedDuration::from_mins(30)).await.unwrap();
    let first_day = told();
    // Midnight may have passed meanwhile.
    assert!((1..=2).contains(&first_day), "{first_day}");
    stack.pass(SignedDuration::from_hours(24)).await.unwrap();
    assert_eq!(told(), first_day + 1);
}
