//! What a replay, an adoption and a cancellation do to an order, by where its placement stands.

use super::*;
use crate::reason::NotForUs;
use crate::request::{Barrier, CheckRequest, TriggerEntry};

const LATER: i64 = HOUR;

fn refused() -> Order {
    Order::refuse(planned(), Refusal::new(Reason::NoEmail), at(0), &timing())
}

fn waiting() -> Order {
    Order::wait(planned(), &because(Reason::ProviderCredentials), at(0), &timing()).0
}

fn parked() -> Order {
    let mut order = uncertain();
    order.looked_up(Found::Several(2), at(QUIET), &timing());
    order
}

fn repeated() -> Order {
    Order::park(planned(), Refusal::new(Reason::PossibleDuplicate), at(0), &timing())
}

fn completed() -> Order {
    let mut order = placed();
    read(&mut order, truth(OrderStatus::Completed, 10), 20);
    order
}

fn handed_over() -> Order {
    let mut order = refused();
    order.handed_over(&OrderId::parse("other").unwrap(), at(1));
    order
}

fn cancelled_here() -> Order {
    let mut order = waiting();
    order.cancelled_here(at(1), &timing());
    order
}

fn erased() -> Order {
    let mut order = refused();
    order.subject.request = AtsId::parse("9").ok();
    order
}

/// Refused by the provider after an attempt of which nothing was found.
fn refused_late() -> Order {
    let mut order = uncertain();
    order.looked_up(Found::Nothing, at(QUIET), &timing());
    order.refused(Refusal::new(Reason::PackageNotEnabled), at(QUIET), &timing());
    order
}

type Made = (&'static str, fn() -> Order);

const ALL: [Made; 12] = [
    ("refused", refused),
    ("refused late", refused_late),
    ("handed over", handed_over),
    ("request erased", erased),
    ("cancelled here", cancelled_here),
    ("waiting", waiting),
    ("placing", intended),
    ("uncertain", uncertain),
    ("parked", parked),
    ("repeated", repeated),
    ("placed", placed),
    ("completed", completed),
];

#[test]
fn a_replay_goes_on_as_the_placement_says() {
    let told = |order: &mut Order, force: bool, now: i64| match order.replay(force, at(now), &timing()) {
        Ok((replay, _)) => replay.code(),
        Err(why) => why.code(),
    };
    let mut lines = Vec::new();
    for (name, order) in ALL {
        let (mut soon, mut plain, mut forced) = (order(), order(), order());
        let line = [
            told(&mut soon, false, QUIET - 30),
            told(&mut plain, false, LATER),
            told(&mut forced, true, LATER),
            &line(&plain),
        ]
        .join(" | ");
        lines.push(format!("{name}: {line}"));
    }
    assert_snapshot!(lines.join("\n"), @"
    refused: decide_again | decide_again | decide_again | retry after 0 at 3600 s | received (no_email) | rejected (no_email) 1/0
    refused late: look_up | look_up | look_up | uncertain after 0 at 3600 s | received (package_not_enabled) | rejected (package_not_enabled) 1/0
    handed over: goes_on_as_another | goes_on_as_another | goes_on_as_another | refused | rejected (no_email) | rejected (no_email) 1/1
    request erased: request_erased | request_erased | request_erased | refused | rejected (no_email) | rejected (no_email) 1/0
    cancelled here: cancelled | cancelled | decide_again | refused | cancelled | cancelled 1/0
    waiting: place | place | place | retry after 1 at 3600 s | held (provider_credentials) | - 0/0
    placing: unsettled | look_up | look_up | uncertain after 1 at 3600 s | received | - 0/0
    uncertain: unsettled | look_up | look_up | uncertain after 1 at 3600 s | held (order_outcome_unknown) | - 0/0
    parked: look_up | look_up | place | uncertain after 0 at 3600 s | held (order_outcome_unknown) | - 0/0
    repeated: must_be_confirmed | must_be_confirmed | place | parked | held (possible_duplicate) | held (possible_duplicate) 1/0
    placed: read_and_show | read_and_show | still_open | placed | pending_candidate | pending_candidate 2/0
    completed: read_and_show | read_and_show | order_again | placed | completed = Clear | completed 3/0
    ");
}

#[test]
fn a_replay_that_does_nothing_changes_nothing_and_one_that_does_is_counted_and_rests() {
    for (name, order) in ALL {
        let (before, mut after) = (order(), order());
        if after.replay(false, at(LATER), &timing()).is_err() {
            assert_eq!(after, before, "{name}");
            continue;
        }
        assert_eq!(after.replays.count, before.replays.count + 1, "{name}");
        let rests = Err(NotReplayed::TooSoon { after: SignedDuration::from_secs(1) });
        assert_eq!(after.replayable(false, at(LATER + 59), &timing()), rests, "{name}");
        after.replays.count = MOST_REPLAYS;
        assert_eq!(after.replayable(false, at(LATER + 60), &timing()), Err(NotReplayed::TooOften), "{name}");
    }
}

#[test]
fn a_refusal_that_is_asked_for_again_waits_from_then() {
    let mut order = refused();
    let weeks = 30 * DAY;
    order.replay(false, at(weeks), &timing()).unwrap();
    order.still_waits(&later(), at(weeks + 1), &timing());
    assert_eq!((order.status, order.created_at), (OrderStatus::Received, at(0)));
    order.settled(at(weeks + PATIENCE), &timing());
    assert_eq!(order.status, OrderStatus::Held);
    order.settled(at(weeks + 14 * DAY), &timing());
    assert_eq!(order.refusal, Some(Refusal::new(Reason::HeldExpired)));
}

fn request(barrier: Option<Barrier>, in_trigger_status: bool, may_reorder: bool) -> CheckRequest {
    let entry = Some(TriggerEntry { at: at(0), may_reorder });
    let in_trigger_status = Some(in_trigger_status);
    CheckRequest { barrier, in_trigger_status, entry, ..CheckRequest::of_nothing(planned().subject) }
}

#[test]
fn who_is_not_asked_for_any_more_stays_refused_for_the_reason_that_was() {
    let elsewhere = || request(Some(Barrier::NotForUs(NotForUs::StaleTrigger)), false, true);
    assert_eq!(waiting().stays_refused(&elsewhere()), None, "one that waited all along is ordered");
    let mut order = refused();
    order.replay(false, at(LATER), &timing()).unwrap();
    assert_eq!(order.stays_refused(&request(None, true, false)), None);
    assert!(order.stays_refused(&request(None, false, true)).is_some());
    let why = order.stays_refused(&elsewhere()).unwrap();
    order.still_waits(&later(), at(LATER), &timing());
    order.stayed_refused(why, at(LATER), &timing());
    assert_eq!(line(&order), line(&refused()));
}

#[test]
fn where_reordering_is_off_only_force_orders_again() {
    for (force, stays) in [(false, true), (true, false)] {
        let mut order = Order::refuse(planned(), Refusal::new(Reason::ReorderNotAllowed), at(0), &timing());
        order.replay(force, at(LATER), &timing()).unwrap();
        assert_eq!(order.stays_refused(&request(None, true, false)).is_some(), stays, "{force}");
    }
}

#[test]
fn another_order_has_the_next_key_and_nothing_of_the_provider() {
    let ended = completed();
    let next = ended.again(at(LATER));
    assert_ne!(next.id, ended.id);
    assert_eq!(next.id, ended.again(at(2 * LATER)).id, "the same however often it is asked for");
    assert_eq!((next.generation, next.provider_order.as_ref(), next.ats_ref.as_ref()), (1, None, None));
    assert_eq!(next.next_step(at(LATER), &timing()), NextStep::Place);
}

#[test]
fn adopting_and_cancelling_are_open_only_where_they_are_certain() {
    let case = ProviderOrderId::parse("case-1").unwrap();
    let lines = ALL.map(|(name, order)| {
        let order = order();
        let adoption = match order.adoption(&case, at(LATER), &timing()) {
            Adoption::Refused(_) => "refused".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        let cancelling = match order.cancelling() {
            Cancelling::Refused(_) => "refused".to_owned(),
            Cancelling::AtProvider(_) => "at the provider".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        format!("{name}: adopt {adoption}, cancel {cancelling}")
    });
    assert_snapshot!(lines.join("\n"), @"
    refused: adopt refused, cancel refused
    refused late: adopt refused, cancel refused
    handed over: adopt refused, cancel refused
    request erased: adopt refused, cancel refused
    cancelled here: adopt refused, cancel already
    waiting: adopt refused, cancel here
    placing: adopt open, cancel refused
    uncertain: adopt open, cancel refused
    parked: adopt open, cancel refused
    repeated: adopt refused, cancel here
    placed: adopt already, cancel at the provider
    completed: adopt already, cancel refused
    ");
}

#[test]
fn what_was_cancelled_here_is_never_placed_and_answers_its_request() {
    let mut order = cancelled_here();
    assert!(order.answers_its_request() && order.is_settled());
    assert_eq!(order.desired.as_ref().unwrap().status, OrderStatus::Cancelled);
    write(&mut order, 2);
    assert_eq!(order.next_step(at(30 * DAY), &timing()), NextStep::Nothing);
}

#[test]
fn only_what_waited_for_the_cure_is_due_because_of_it() {
    let (mut order, mut other) = (waiting(), waiting());
    assert!(order.cured(Reason::ProviderCredentials, at(1)) && !other.cured(Reason::ConnectionPaused, at(1)));
    assert_eq!(order.next_step(at(1), &timing()), NextStep::Place);
    assert_eq!(other, waiting());
    let mut blocked = placed();
    fail(&mut blocked, because(Reason::AtsPermission), 1);
    assert!(blocked.cured(Reason::AtsPermission, at(2)));
    assert_eq!(blocked.next_step(at(2), &timing()), NextStep::Write);
    assert!([refused(), placed(), parked()].iter_mut().all(|order| !order.cured(Reason::NoEmail, at(1))));
}
