//! From a request to a placed, refused or parked order.

use super::*;

#[test]
fn every_answer_to_an_attempt_has_one_placement() {
    let check = |outcome: PostOutcome<Truth>| {
        let mut order = intended();
        let event = order.answered(outcome, at(20), &timing());
        format!("{} | {}", line(&order), event.what)
    };
    let waits = Trouble::Later { cause: Cause::new("certn: HTTP 429"), after: Some(Duration::from_secs(300)) };
    assert_snapshot!(line(&intended()), @"placing 1 since 0 s | received | - 0/0");
    assert_snapshot!(check(PostOutcome::Accepted(truth(OrderStatus::PendingCandidate, 0))), @"placed | pending_candidate | pending_candidate 1/0 | placed: accepted");
    assert_snapshot!(check(PostOutcome::Accepted(truth(OrderStatus::Received, 0))), @"placed | pending_candidate | pending_candidate 1/0 | placed: accepted");
    assert_snapshot!(check(PostOutcome::Accepted(truth(OrderStatus::Undeliverable, 0))), @"placed | undeliverable | undeliverable 1/0 | placed: accepted");
    assert_snapshot!(check(PostOutcome::Accepted(truth(OrderStatus::Completed, 0))), @"placed | completed = Clear | completed 1/0 | placed: accepted");
    assert_snapshot!(check(no_effect(later())), @"retry after 1 at 34 s | received | - 0/0 | not placed: will try again");
    assert_snapshot!(check(no_effect(waits)), @"retry after 1 at 320 s | received | - 0/0 | not placed: will try again");
    assert_snapshot!(check(no_effect(because(Reason::InvalidEmail))), @"refused | rejected (invalid_email) | rejected (invalid_email) 1/0 | refused by the provider");
    assert_snapshot!(check(no_effect(because(Reason::ProviderCredentials))), @"retry after 1 at 34 s | held (provider_credentials) | - 0/0 | not placed: will try again");
    assert_snapshot!(check(no_effect(because(Reason::AtsPermission))), @"retry after 1 at 34 s | held (provider_unavailable) | - 0/0 | not placed: will try again");
    assert_snapshot!(check(unclear()), @"uncertain after 1 at 120 s | held (order_outcome_unknown) | - 0/0 | outcome unclear: will look it up");
}

#[test]
fn every_lookup_has_one_placement() {
    let check = |found: Found| {
        let mut order = uncertain();
        let event = order.looked_up(found, at(QUIET), &timing());
        format!("{} | {}", line(&order), event.what)
    };
    let budget = Trouble::Later { cause: Cause::new("certn: budget"), after: Some(Duration::from_secs(300)) };
    assert_snapshot!(line(&uncertain()), @"uncertain after 1 at 120 s | held (order_outcome_unknown) | - 0/0");
    assert_snapshot!(check(Found::One(Box::new(truth(OrderStatus::CandidateStarted, 5)))), @"placed | candidate_started | candidate_started 1/0 | placed: found at the provider");
    assert_snapshot!(check(Found::Nothing), @"retry after 1 at 120 s | held (order_outcome_unknown) | - 0/0 | not at the provider: will place it again");
    assert_snapshot!(check(Found::Several(2)), @"parked | held (order_outcome_unknown) | - 0/0 | parked: a person must look");
    assert_snapshot!(check(Found::Impossible(Cause::new("no address"))), @"parked | held (order_outcome_unknown) | - 0/0 | parked: a person must look");
    assert_snapshot!(check(Found::NotNow(later())), @"uncertain after 1 at 134 s | held (order_outcome_unknown) | - 0/0 | could not be looked up yet");
    assert_snapshot!(check(Found::NotNow(budget)), @"uncertain after 1 at 420 s | held (order_outcome_unknown) | - 0/0 | could not be looked up yet");
    assert_snapshot!(check(Found::NotNow(because(Reason::ProviderCredentials))), @"uncertain after 1 at 134 s | held (order_outcome_unknown) | - 0/0 | could not be looked up yet");
}

#[test]
fn a_lookup_goes_back_to_the_first_intent_and_a_little_further() {
    let mut order = intended();
    order.answered(no_effect(later()), at(1), &timing());
    order.intend_again(planned(), at(60));
    assert_eq!(seconds(order.lookup_from()), -10);
    let (waited, _) = Order::wait(planned(), &later(), at(0), &timing());
    assert_eq!((waited.first_intent_at, seconds(waited.lookup_from())), (None, -10));
}

#[test]
fn what_a_reason_does_to_an_order_is_its_kind() {
    let check = |reason: Reason, order: &Order| {
        let told = |reason: Reason| Some(Refusal::new(reason).naming(Some("Standard"), Some("g1")));
        let retries = matches!(order.placement, Placement::Retry { .. });
        let expected = match reason.kind() {
            Kind::Reject => (false, OrderStatus::Rejected, told(reason)),
            Kind::Hold => (true, OrderStatus::Held, told(reason)),
            Kind::Block | Kind::Dead | Kind::ReportOnly => (true, OrderStatus::Held, told(Reason::ProviderUnavailable)),
        };
        assert_eq!((retries, order.status, order.refusal.clone()), expected, "{}", reason.code());
    };
    for reason in Reason::ALL.iter().copied() {
        let mut answered = intended();
        answered.answered(no_effect(because(reason)), at(1), &timing());
        check(reason, &answered);
        let (mut waiting, _) = Order::wait(planned(), &because(reason), at(0), &timing());
        check(reason, &waiting);
        if matches!(waiting.placement, Placement::Retry { .. }) {
            waiting.still_waits(&because(reason), at(60), &timing());
            check(reason, &waiting);
        }
    }
}

#[test]
fn a_refusal_that_the_provider_left_unnamed_names_what_was_ordered() {
    let check = |reason: Reason, expected: &str| {
        let mut order = intended();
        order.answered(no_effect(because(reason)), at(1), &timing());
        let shown = order.desired.clone().unwrap().named("Certn").sentence;
        assert_eq!(shown, order.refusal.unwrap().sentence("Certn"));
        assert!(shown.starts_with(expected), "{shown}");
    };
    check(Reason::UnknownPackage, "The package \"Standard\" is not known to Certn.");
    check(Reason::PackageNotEnabled, "The package \"Standard\" is not enabled");
    check(Reason::UnknownGroup, "The department code \"g1\" is not a Certn group.");
    let mut typed = intended();
    let trouble = Trouble::because(Refusal::about(Reason::UnknownPackage, "Standart"), "certn: HTTP 400");
    typed.answered(no_effect(trouble), at(1), &timing());
    assert_eq!(typed.refusal.unwrap().about, "Standart");
    let nameless = Planned { package_name: Some(String::new()), ..planned() };
    let mut nameless = Order::intend(nameless, at(0));
    nameless.answered(no_effect(because(Reason::UnknownPackage)), at(1), &timing());
    assert_eq!(nameless.refusal.unwrap().about, "p1");
}

#[test]
fn no_sentence_of_an_orders_life_names_nothing() {
    let check = |order: &Order| {
        let shown = order.desired.clone().map(|view| view.named("Certn").sentence);
        let refusals = [&order.refusal, &order.write_refusal].into_iter().flatten();
        let told = refusals.map(|refusal| refusal.sentence("Certn"));
        for sentence in shown.into_iter().chain(told) {
            assert!(!["\"\"", ": .", "{", "  "].iter().any(|odd| sentence.contains(odd)), "{sentence}");
        }
    };
    for (reason, planned) in Reason::ALL.iter().flat_map(|reason| [(*reason, planned()), (*reason, unnamed())]) {
        let refusal = Refusal::new(reason);
        check(&Order::refuse(planned.clone(), refusal.clone(), at(0), &timing()));
        check(&Order::park(planned.clone(), refusal.clone(), at(0), &timing()));
        let mut order = Order::intend(planned.clone(), at(0));
        order.answered(no_effect(because(reason)), at(PATIENCE), &timing());
        check(&order);
        if order.wants_write() {
            fail(&mut order, because(reason), PATIENCE);
            check(&order);
        }
        let (mut waiting, _) = Order::wait(planned, &because(reason), at(0), &timing());
        check(&waiting);
        waiting.refused(refusal, at(PATIENCE), &timing());
        check(&waiting);
    }
}

#[test]
fn a_wait_is_shown_after_a_quarter_of_an_hour_and_at_once_where_the_recruiter_can_act() {
    let check = |mut order: Order, at_once: bool| {
        let shows = |order: &Order| order.desired.as_ref().is_some_and(|view| view.status == OrderStatus::Held);
        let why = line(&order);
        assert_eq!((shows(&order), order.wants_write()), (at_once, at_once), "{why}");
        order.settled(at(PATIENCE - 1), &timing());
        assert_eq!(shows(&order), at_once, "{why}");
        order.settled(at(PATIENCE), &timing());
        assert!(shows(&order) && order.wants_write(), "{why}");
        assert_eq!(order.desired_rev, 1, "{why}");
        assert_eq!(order.desired.unwrap().refusal, order.refusal, "{why}");
    };
    let holds = Reason::ALL.iter().copied().filter(|reason| reason.kind() == Kind::Hold);
    for reason in holds {
        check(Order::wait(planned(), &because(reason), at(0), &timing()).0, reason == Reason::PossibleDuplicate);
        check(Order::park(planned(), Refusal::new(reason), at(0), &timing()), reason == Reason::PossibleDuplicate);
    }
    check(Order::wait(planned(), &later(), at(0), &timing()).0, false);
    check(uncertain(), false);
}

#[test]
fn a_parked_order_settles_when_the_recruiter_is_to_be_told() {
    let mut order = Order::park(planned(), Refusal::new(Reason::ConnectionPaused), at(0), &timing());
    assert_eq!(order.next_step(at(PATIENCE - 1), &timing()), NextStep::Nothing);
    assert_eq!(order.due_at(&timing()).map(seconds), Some(PATIENCE));
    assert_eq!(order.next_step(at(PATIENCE), &timing()), NextStep::Settle);
    order.settled(at(PATIENCE), &timing());
    assert_eq!(order.next_step(at(PATIENCE), &timing()), NextStep::Write);
    write(&mut order, PATIENCE);
    assert_eq!((order.next_step(at(DAY), &timing()), order.due_at(&timing())), (NextStep::Nothing, None));
}

#[test]
fn a_wait_tells_its_latest_cause() {
    let check = |order: &mut Order, trouble: Trouble, now: i64, expected: &str| {
        order.intend_again(planned(), at(now));
        order.answered(no_effect(trouble), at(now), &timing());
        let (status, why) = (order.status.code(), order.refusal.as_ref().map_or("-", |r| r.reason.code()));
        assert_eq!(format!("{status} {why}"), expected, "after {now} s");
    };
    let (mut order, _) = Order::wait(planned(), &because(Reason::ProviderCredentials), at(0), &timing());
    check(&mut order, later(), 60, "received -");
    check(&mut order, because(Reason::ProviderPermission), 120, "held provider_permission");
    check(&mut order, later(), PATIENCE, "held provider_unavailable");
    let since = order.status_at;
    check(&mut order, later(), PATIENCE + 60, "held provider_unavailable");
    check(&mut order, because(Reason::ProviderCredentials), PATIENCE + 120, "held provider_credentials");
    assert_eq!(order.status_at, since);
    let mut looked_up = uncertain();
    looked_up.looked_up(Found::Nothing, at(QUIET), &timing());
    check(&mut looked_up, later(), QUIET + 1, "received -");
}

#[test]
fn whoever_parks_an_order_leaves_it_being_confirmed() {
    for found in [Found::Several(2), Found::Impossible(Cause::new("no address"))] {
        let (mut order, _) = Order::wait(planned(), &because(Reason::ProviderCredentials), at(0), &timing());
        order.intend_again(planned(), at(60));
        order.looked_up(found, at(60 + QUIET), &timing());
        assert_eq!(order.refusal.map(|refusal| refusal.reason), Some(Reason::OrderOutcomeUnknown));
    }
}

#[test]
fn nothing_is_placed_or_looked_up_before_the_quiet_window_has_passed() {
    let check = |order: &Order, intent_at: i64| {
        for second in intent_at..intent_at + QUIET {
            assert_eq!(order.next_step(at(second), &timing()), NextStep::Nothing, "{second} {}", line(order));
        }
        assert_eq!(order.next_step(at(intent_at + QUIET), &timing()), NextStep::LookUp);
        assert_eq!(order.due_at(&timing()).map(seconds), Some(intent_at + QUIET));
    };
    check(&intended(), 0);
    for answered_at in [0, 1, 20, 90, QUIET - 1] {
        let mut order = intended();
        order.answered(unclear(), at(answered_at), &timing());
        check(&order, 0);
    }
    let mut again = intended();
    again.answered(no_effect(later()), at(1), &timing());
    again.intend_again(planned(), at(30));
    check(&again, 30);
    again.answered(unclear(), at(50), &timing());
    check(&again, 30);
}

#[test]
fn after_five_attempts_without_a_known_outcome_a_person_looks() {
    let (mut order, mut now, mut attempts) = (intended(), 0, 1);
    loop {
        // Attempts that certainly had no effect do not count.
        for _ in 0..3 {
            order.answered(no_effect(later()), at(now + 1), &timing());
            order.intend_again(planned(), at(now + 2));
        }
        order.answered(unclear(), at(now + 20), &timing());
        now = seconds(order.due_at(&timing()).unwrap());
        assert_eq!(order.next_step(at(now), &timing()), NextStep::LookUp);
        order.looked_up(Found::Nothing, at(now), &timing());
        if order.placement == Placement::Parked {
            break;
        }
        assert_eq!(order.next_step(at(now), &timing()), NextStep::Place);
        order.intend_again(planned(), at(now));
        attempts += 1;
    }
    assert_eq!((attempts, order.unclear_attempts, order.status), (5, 5, OrderStatus::Held));
    assert_eq!(order.refusal.as_ref().map(|refusal| refusal.reason), Some(Reason::OrderOutcomeUnknown));
    order.settled(at(PATIENCE), &timing());
    write(&mut order, PATIENCE);
    assert_eq!(order.next_step(at(30 * DAY), &timing()), NextStep::Nothing);
}

#[test]
fn what_certainly_had_no_effect_is_tried_for_two_weeks_and_then_refused() {
    let check = |trouble: Trouble, told: Reason| {
        let (mut order, mut now, mut attempts) = (intended(), 0, 1);
        loop {
            order.answered(no_effect(trouble.clone()), at(now), &timing());
            assert_eq!(order.placement == Placement::Refused, now >= 14 * DAY, "{}", line(&order));
            let Some(due) = order.placement.due_at(&timing()).map(seconds) else { break };
            assert!(due > now && due <= now + 601, "{} to {due}", line(&order));
            if now > PATIENCE {
                assert_eq!(order.refusal.as_ref().map(|refusal| refusal.reason), Some(told));
            }
            now = due;
            assert_eq!(order.next_step(at(now), &timing()), NextStep::Place);
            order.intend_again(planned(), at(now));
            attempts += 1;
        }
        assert!(attempts > 14 * 24 * 6, "{attempts}");
        assert_eq!((order.status, order.refusal), (OrderStatus::Rejected, Some(Refusal::new(Reason::HeldExpired))));
        assert_eq!(order.desired.unwrap().status, OrderStatus::Rejected);
    };
    check(later(), Reason::ProviderUnavailable);
    check(because(Reason::ProviderCredentials), Reason::ProviderCredentials);
}

#[test]
fn an_order_that_may_exist_is_never_called_expired() {
    let mut order = uncertain();
    for day in 1..30 {
        order.looked_up(Found::NotNow(later()), at(day * DAY), &timing());
        assert!(matches!(order.placement, Placement::Uncertain { .. }));
        assert_eq!(order.status, OrderStatus::Held);
    }
    order.looked_up(Found::One(Box::new(truth(OrderStatus::InProgress, 5))), at(30 * DAY), &timing());
    assert_eq!(order.status, OrderStatus::InProgress);
}

#[test]
fn a_request_that_replaces_a_refusal_starts_afresh_in_the_same_entry() {
    let mut refused = Order::refuse(planned(), Refusal::new(Reason::NoEmail), at(0), &timing());
    write(&mut refused, 0);
    refused.rev = 7;
    let replaced = refused.replaced_by(Order::intend(planned(), at(20 * DAY)));
    assert_eq!((replaced.rev, replaced.ats_ref.as_deref()), (8, Some("88")));
    assert_eq!(line(&replaced), format!("placing 1 since {} s | received | - 1/1", 20 * DAY));
    assert!(!replaced.wants_write());
    // Its waits count from the new request.
    let mut waits = replaced.clone();
    waits.answered(no_effect(later()), at(20 * DAY), &timing());
    assert_eq!((waits.status, waits.created_at), (OrderStatus::Received, at(20 * DAY)));
    let mut ordered = replaced;
    let accepted = PostOutcome::Accepted(truth(OrderStatus::PendingCandidate, 20 * DAY));
    ordered.answered(accepted, at(20 * DAY), &timing());
    assert_eq!((ordered.desired_rev, ordered.written_rev, ordered.wants_write()), (2, 1, true));
    let again = Order::refuse(planned(), Refusal::new(Reason::InvalidEmail), at(20 * DAY), &timing());
    let again = refused.replaced_by(again);
    assert_eq!((again.desired_rev, again.written_rev, again.wants_write()), (2, 1, true));
}

#[test]
fn a_claim_outlives_the_replacement_of_the_order_that_is_being_written() {
    let mut refused = Order::refuse(planned(), Refusal::new(Reason::NoEmail), at(0), &timing());
    assert!(refused.claim_write(at(0)));
    let mut again =
        refused.replaced_by(Order::refuse(planned(), Refusal::new(Reason::InvalidEmail), at(10), &timing()));
    assert!(!again.claim_write(at(10)));
    again.wrote(Wrote { rev: 1, outcome: Ok("88".to_owned()) }, at(12));
    assert_eq!((again.ats_ref.as_deref(), again.desired_rev, again.written_rev), (Some("88"), 2, 1));
    assert!(again.claim_write(at(12)));
}

#[test]
fn an_order_that_was_handed_over_writes_nothing_more() {
    let next = OrderId::parse("next").unwrap();
    let check = |mut order: Order| {
        let before = line(&order);
        let event = order.handed_over(&next, at(PATIENCE));
        assert_eq!((event.cause.as_str(), order.ats_ref.as_deref()), ("next", None));
        for now in [PATIENCE, PATIENCE + 1, 15 * DAY] {
            order.settled(at(now), &timing());
            assert!(!order.wants_write() && !order.claim_write(at(now)), "{before}");
            assert_eq!(order.next_step(at(now), &timing()), NextStep::Nothing, "{before}");
            assert_eq!(order.delivery, Delivery::Delivered, "{before}");
        }
        assert!(!order.is_open());
    };
    let mut refused = Order::refuse(unnamed(), Refusal::new(Reason::NoPackage), at(0), &timing());
    check(refused.clone());
    write(&mut refused, 0);
    check(refused);
    let mut failed = Order::refuse(unnamed(), Refusal::new(Reason::NoPackage), at(0), &timing());
    fail(&mut failed, Trouble::later("icims: HTTP 503"), 0);
    check(failed);
    check(Order::wait(planned(), &later(), at(0), &timing()).0);
    let (mut held, _) = Order::wait(planned(), &because(Reason::ProviderCredentials), at(0), &timing());
    check(held.clone());
    held.settled(at(PATIENCE), &timing());
    check(held);
}

#[test]
fn a_waiting_order_that_turns_out_to_be_wrong_is_refused() {
    let (mut order, _) = Order::wait(planned(), &later(), at(0), &timing());
    order.refused(Refusal::new(Reason::NoEmail), at(60), &timing());
    assert_eq!(line(&order), "refused | rejected (no_email) | rejected (no_email) 1/0");
    assert_eq!((order.is_to_be_placed(), order.is_open()), (false, false));
}

#[test]
fn another_attempt_goes_with_what_is_set_now() {
    let (mut order, _) = Order::wait(unnamed(), &later(), at(0), &timing());
    assert!(order.is_to_be_placed());
    order.intend_again(planned(), at(60));
    assert_eq!(line(&order), "placing 2 since 60 s | received | - 0/0");
    assert_eq!((order.package_name.as_deref(), order.first_intent_at), (Some("Standard"), Some(at(60))));
    assert_eq!(order.key_without_package(), OrderId::derive(&order.connection, "icims", &order.subject, "", 0));
}

fn kept_until(seconds: i64) -> Planned {
    Planned { request_kept_until: Some(at(seconds)), ..planned() }
}

#[test]
fn a_waiting_order_whose_request_is_not_kept_any_more_is_refused() {
    let check = |trouble: Trouble| {
        let (mut order, _) = Order::wait(kept_until(DAY), &trouble, at(0), &timing());
        order.settled(at(DAY - 1), &timing());
        assert!(matches!(order.placement, Placement::Retry { .. }), "{}", line(&order));
        let mut tried_once_more = order.clone();
        tried_once_more.intend_again(planned(), at(DAY - 1));
        tried_once_more.answered(no_effect(trouble), at(DAY), &timing());
        order.settled(at(DAY), &timing());
        assert_eq!(line(&order), "refused | rejected (held_expired) | rejected (held_expired) 2/0");
        assert_eq!((tried_once_more.placement, tried_once_more.refusal), (order.placement, order.refusal));
    };
    check(later());
    check(because(Reason::ProviderCredentials));
    // What cannot be read again says that its record is gone.
    check(because(Reason::AtsRecordGone));
    let (mut without, _) = Order::wait(planned(), &later(), at(0), &timing());
    without.settled(at(13 * DAY), &timing());
    assert!(matches!(without.placement, Placement::Retry { .. }));
}

#[test]
fn an_order_that_may_exist_outlives_its_request_and_is_parked_when_it_cannot_be_looked_up() {
    let mut order = Order::intend(kept_until(DAY), at(0));
    order.answered(unclear(), at(20), &timing());
    order.settled(at(2 * DAY), &timing());
    assert_eq!(
        line(&order),
        "uncertain after 1 at 120 s | held (order_outcome_unknown) | held (order_outcome_unknown) 1/0"
    );
    order.looked_up(Found::NotNow(later()), at(2 * DAY), &timing());
    assert!(matches!(order.placement, Placement::Uncertain { .. }), "{}", line(&order));
    let mut found = order.clone();
    found.looked_up(Found::One(Box::new(truth(OrderStatus::InProgress, 5))), at(3 * DAY), &timing());
    assert_eq!(found.status, OrderStatus::InProgress);
    order.looked_up(Found::Impossible(Cause::new("no address")), at(3 * DAY), &timing());
    order.settled(at(30 * DAY), &timing());
    assert_eq!(line(&order), "parked | held (order_outcome_unknown) | held (order_outcome_unknown) 1/0");
    // Certainly not placed, it is one that waits, and for that it is too late.
    let mut nowhere = Order::intend(kept_until(DAY), at(0));
    nowhere.answered(unclear(), at(20), &timing());
    nowhere.looked_up(Found::Nothing, at(2 * DAY), &timing());
    assert_eq!(line(&nowhere), "refused | rejected (held_expired) | rejected (held_expired) 1/0");
}

#[test]
fn placing_is_over_where_an_order_is_placed_or_refused() {
    let settled = placements().into_iter().filter(|placement| full(placement.clone()).is_settled());
    assert_eq!(settled.collect::<Vec<_>>(), [Placement::Refused, Placement::Placed]);
    let mut handed_over = Order::wait(planned(), &later(), at(0), &timing()).0;
    handed_over.handed_over(&OrderId::parse("next").unwrap(), at(1));
    assert!(handed_over.is_settled());
}
