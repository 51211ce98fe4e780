//! What PageUp lists only once rests in the table: sealed, for a day at most, and not for a moment after the order.

use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::certn::KeyState;
use local_stack::simulators::pageup::{Invite, Queue};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{PageUpCustomer, Stack};
use serde_json::json;

use crate::support::{
    API_KEY, MINUTE, cases, check_shown, invited, no_violations, orders_of, poll, resting, stack, story_of,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const EXPIRED: &str =
    "The order could not be sent in time and its data was removed. Please send it again. (held_expired)";
const QUEUES: [Queue; 2] = [Queue::KeepUntilPut, Queue::Dequeue];

/// A customer whose list works in the given way, where Certn has known a connection before.
async fn customer(stack: &Stack, queue: Queue) -> PageUpCustomer<'_> {
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = queue).unwrap();
    customer
}

fn set_key(stack: &Stack, state: KeyState) {
    stack.simulators().unwrap().certn.set_key_state(API_KEY, state);
}

#[tokio::test]
async fn an_invitation_rests_sealed_until_its_order_is_placed_and_not_longer() {
    let stack = stack().await;
    let customer = customer(&stack, Queue::Dequeue).await;
    set_key(&stack, KeyState::Expired);
    let text = |text: &str| Some(text.to_owned());
    let invitation = Invite {
        first_name: text("Zephyrine"),
        last_name: text("Quillfeather"),
        email: text("zephyrine.quillfeather@candidate.example"),
        ..customer.invitation("Zephyrine")
    };
    let requester = invitation.requester.clone().unwrap();
    let id = customer.invite(invitation).unwrap();
    stack.pass(MINUTE).await.unwrap();
    assert_eq!(resting(&stack).await, 1);
    let check_nothing_to_read = async || {
        let places = [stack.aws.dump_table().await, stack.aws.bodies().join("\n")];
        for word in ["zephyrine", "quillfeather", "candidate.example", &requester] {
            assert_eq!(places.iter().position(|place| place.to_lowercase().contains(word)), None, "{word}");
        }
    };
    check_nothing_to_read().await;
    set_key(&stack, KeyState::Valid);
    stack.pass(MINUTE * 10).await.unwrap();
    check_shown(&customer, &id, "In progress", "Invitation sent");
    assert_eq!((cases(&stack, "zephyrine"), resting(&stack).await), (1, 0));
    check_nothing_to_read().await;
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_that_is_refused_does_not_rest() {
    let stack = stack().await;
    let customer = customer(&stack, Queue::Dequeue).await;
    let refused = customer.invite(Invite { email: None, ..customer.invitation("Nowhere") }).unwrap();
    stack.pass(MINUTE).await.unwrap();
    assert_eq!(customer.screen(&refused).unwrap().status.as_deref(), Some("Failed"));
    assert_eq!(resting(&stack).await, 0);
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_that_could_not_be_ordered_for_a_day_is_erased_and_the_recruiter_sends_it_again() {
    for queue in QUEUES {
        let stack = stack().await;
        let customer = customer(&stack, queue).await;
        set_key(&stack, KeyState::Expired);
        let invitation = invited(&stack, &customer, "Day").await;
        stack.pass(HOUR * 23).await.unwrap();
        assert_eq!(resting(&stack).await, 1, "{queue:?}");
        let (status, message) = crate::support::shown(&customer, &invitation);
        assert!(status == "In progress" && message.ends_with("(provider_credentials)"), "{queue:?}: {message}");
        stack.pass(HOUR * 2).await.unwrap();
        assert_eq!(resting(&stack).await, 0, "{queue:?}");
        check_shown(&customer, &invitation, "Failed", EXPIRED);
        let story = story_of(&stack, &customer, &invitation).await;
        assert_eq!((&story["status"], &story["reason"]["code"]), (&json!("rejected"), &json!("held_expired")));
        set_key(&stack, KeyState::Valid);
        stack.pass(HOUR * 2).await.unwrap();
        assert_eq!(cases(&stack, "Day"), 0, "{queue:?}: nothing of it is left to order");
        stack.simulators().unwrap().pageup.resend_same_id(&customer.tenant, &invitation);
        stack.pass(MINUTE * 6).await.unwrap();
        check_shown(&customer, &invitation, "In progress", "Invitation sent");
        assert_eq!((cases(&stack, "Day"), resting(&stack).await), (1, 0), "{queue:?}");
        no_violations(&stack);
    }
}

#[tokio::test]
async fn an_order_that_may_be_placed_is_parked_when_its_invitation_is_erased() {
    let stack = stack().await;
    let customer = customer(&stack, Queue::Dequeue).await;
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("order-package", 1, Effect::ResetAfterCommit);
    certn.harness.arm("GET /api/public/cases/", 0, Effect::Status { code: 503, retry_after: None, body: None });
    let invitation = invited(&stack, &customer, "Unclear").await;
    stack.pass(HOUR * 23).await.unwrap();
    assert_eq!(resting(&stack).await, 1);
    stack.pass(HOUR * 3).await.unwrap();
    assert_eq!(resting(&stack).await, 0);
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!((&story["status"], &story["reason"]["code"]), (&json!("held"), &json!("order_outcome_unknown")));
    assert!(story["story"].to_string().contains("parked: a person must look"), "{story}");
    certn.harness.clear_faults();
    stack.pass(HOUR * 2).await.unwrap();
    assert_eq!(certn.harness.answered("order-package").len(), 0, "only the one whose answer was lost");
    assert_eq!(cases(&stack, "Unclear"), 1);
    let (status, message) = crate::support::shown(&customer, &invitation);
    assert!(status == "In progress" && message.ends_with("(order_outcome_unknown)"), "{status}: {message}");
    no_violations(&stack);
}

/// An invitation that was stored while the queue could not take it.
async fn stored_only(stack: &Stack, customer: &PageUpCustomer<'_>, first: &str) -> String {
    let invitation = customer.invite(customer.invitation(first)).unwrap();
    stack.aws.set_down(Service::Sqs, true);
    poll(stack).await;
    assert_eq!((resting(stack).await, cases(stack, first)), (1, 0));
    assert_eq!(orders_of(stack, customer, &invitation).await, Vec::<String>::new());
    invitation
}

#[tokio::test]
async fn an_invitation_that_the_queue_did_not_take_is_ordered_two_minutes_later() {
    for queue in QUEUES {
        let stack = stack().await;
        let customer = customer(&stack, queue).await;
        let invitation = stored_only(&stack, &customer, "Stranded").await;
        stack.aws.set_down(Service::Sqs, false);
        stack.pass(MINUTE).await.unwrap();
        assert_eq!(cases(&stack, "Stranded"), 0, "{queue:?}: it may still be on its way");
        stack.pass(MINUTE * 2).await.unwrap();
        check_shown(&customer, &invitation, "In progress", "Invitation sent");
        assert_eq!((cases(&stack, "Stranded"), resting(&stack).await), (1, 0), "{queue:?}");
        no_violations(&stack);
    }
}

#[tokio::test]
async fn an_invitation_that_no_queue_took_for_a_day_is_refused_in_words() {
    let stack = stack().await;
    let customer = customer(&stack, Queue::Dequeue).await;
    let invitation = stored_only(&stack, &customer, "Forgotten").await;
    for hours in [1, 11, 13] {
        stack.clock.advance(HOUR * hours);
        stack.tick().await.unwrap();
        assert_eq!(resting(&stack).await, 1, "it is not erased before somebody knows of it");
    }
    stack.aws.set_down(Service::Sqs, false);
    stack.pass(MINUTE * 5).await.unwrap();
    check_shown(&customer, &invitation, "Failed", EXPIRED);
    assert_eq!((cases(&stack, "Forgotten"), resting(&stack).await), (0, 0));
    no_violations(&stack);
}
