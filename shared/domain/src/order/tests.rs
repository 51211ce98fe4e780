use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::id::AtsId;
use crate::provider::{CheckProgress, Truth};
use crate::reason::{Kind, Reason};
use crate::status::ResultCode;
use crate::trouble::{Cause, PostOutcome, Trouble};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const QUIET: i64 = 120;
const PATIENCE: i64 = 15 * MINUTE;

fn timing() -> Timing {
    Timing::default()
}

/// So many seconds after the start of the order.
fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-11-01T10:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(seconds)
}

/// The first whole second that is not before the moment.
fn seconds(moment: Timestamp) -> i64 {
    i64::try_from((at(0).duration_until(moment).as_nanos() + 999_999_999).div_euclid(1_000_000_000)).unwrap()
}

fn planned() -> Planned {
    let id = |text: &str| AtsId::parse(text).unwrap();
    Planned {
        id: OrderId::parse("abcdefghijklmnopqrstuvwxyz").unwrap(),
        connection: ConnectionId::parse("icims-test").unwrap(),
        ats: "icims".to_owned(),
        subject: Subject { application: id("24680"), request: None, requester: Some(id("5566")), status: id("1822") },
        generation: 0,
        package: PackageId::parse("p1").ok(),
        package_name: Some("Standard".to_owned()),
        group: GroupId::parse("g1").ok(),
        ordered_by: UserId::parse("u1").ok(),
        candidate_mark: Some("mark".to_owned()),
        status_ids_agree: true,
        request_kept_until: None,
    }
}

fn unnamed() -> Planned {
    Planned { package: None, package_name: None, group: None, ordered_by: None, ..planned() }
}

/// The provider's truth with the time at which it was changed, in seconds.
fn truth(status: OrderStatus, modified: i64) -> Truth {
    let result = OrderResult { code: ResultCode::Clear, label: "Clear".to_owned() };
    Truth {
        order: ProviderOrderId::parse("case-1").unwrap(),
        short_id: Some("C1".to_owned()),
        status,
        action_by: (status == OrderStatus::ActionRequired).then_some(ActionBy::Candidate),
        result: (status == OrderStatus::Completed).then_some(result),
        awaits_score: false,
        modified: Some(at(modified)),
        checks: Vec::new(),
    }
}

fn without_score(modified: i64) -> Truth {
    Truth { awaits_score: true, ..truth(OrderStatus::InProgress, modified) }
}

fn later() -> Trouble {
    Trouble::later("certn: HTTP 503")
}

fn because(reason: Reason) -> Trouble {
    Trouble::because(Refusal::new(reason), "certn: HTTP 4xx")
}

fn no_effect(trouble: Trouble) -> PostOutcome<Truth> {
    PostOutcome::NoEffect(trouble)
}

fn unclear() -> PostOutcome<Truth> {
    PostOutcome::Unclear(Cause::new("certn: time-out"))
}

fn intended() -> Order {
    Order::intend(planned(), at(0))
}

/// An order that the provider has had since the start.
fn placed() -> Order {
    let mut order = intended();
    order.answered(PostOutcome::Accepted(truth(OrderStatus::PendingCandidate, 0)), at(0), &timing());
    order
}

fn uncertain() -> Order {
    let mut order = intended();
    order.answered(unclear(), at(20), &timing());
    order
}

fn read(order: &mut Order, truth: Truth, now: i64) -> Option<Event> {
    order.observed(truth, at(now), &timing())
}

/// Claims the write that is due and has it end well.
fn write(order: &mut Order, now: i64) {
    assert!(order.claim_write(at(now)), "{order:?}");
    order.wrote(Wrote { rev: order.desired_rev, outcome: Ok("88".to_owned()) }, at(now));
}

/// Claims the write that is due and has it fail.
fn fail(order: &mut Order, trouble: Trouble, now: i64) -> Event {
    assert!(order.claim_write(at(now)), "{order:?}");
    order.wrote(Wrote { rev: order.desired_rev, outcome: Err(trouble) }, at(now))
}

/// Placement | what is visible, and why | what the ATS should show, with the desired and the written revision.
fn line(order: &Order) -> String {
    let due = |due_at: Timestamp| format!("at {} s", seconds(due_at));
    let placement = match &order.placement {
        Placement::Refused => "refused".to_owned(),
        Placement::Placing { attempt, intent_at } => format!("placing {attempt} since {} s", seconds(*intent_at)),
        Placement::Retry { attempt, due_at } => format!("retry after {attempt} {}", due(*due_at)),
        Placement::Uncertain { attempt, due_at } => format!("uncertain after {attempt} {}", due(*due_at)),
        Placement::Parked => "parked".to_owned(),
        Placement::Placed => "placed".to_owned(),
    };
    let reason = |refusal: &Option<Refusal>| refusal.as_ref().map_or(String::new(), |r| format!(" ({r})"));
    let result = order.result.as_ref().map_or(String::new(), |result| format!(" = {}", result.label));
    let shows = order.desired.as_ref().map_or("-".to_owned(), |v| format!("{}{}", v.status.code(), reason(&v.refusal)));
    let (status, why) = (order.status.code(), reason(&order.refusal));
    format!("{placement} | {status}{why}{result} | {shows} {}/{}", order.desired_rev, order.written_rev)
}

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
    assert_snapshot!(check(Found::One(truth(OrderStatus::CandidateStarted, 5))), @"placed | candidate_started | candidate_started 1/0 | placed: found at the provider");
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
    order.looked_up(Found::One(truth(OrderStatus::InProgress, 5)), at(30 * DAY), &timing());
    assert_eq!(order.status, OrderStatus::InProgress);
}

#[test]
fn each_change_of_what_people_see_is_one_revision_and_no_other_change_is() {
    let mut order = intended();
    let mut lines = vec![line(&order)];
    order.answered(no_effect(later()), at(1), &timing());
    lines.push(line(&order));
    order.intend_again(planned(), at(PATIENCE));
    order.answered(no_effect(later()), at(PATIENCE), &timing());
    lines.push(line(&order));
    write(&mut order, PATIENCE);
    lines.push(line(&order));
    order.intend_again(planned(), at(PATIENCE + 60));
    order.answered(
        PostOutcome::Accepted(truth(OrderStatus::PendingCandidate, PATIENCE + 60)),
        at(PATIENCE + 60),
        &timing(),
    );
    lines.push(line(&order));
    read(&mut order, truth(OrderStatus::CandidateStarted, 1000), 1000);
    read(&mut order, truth(OrderStatus::CandidateStarted, 1001), 1001);
    read(&mut order, truth(OrderStatus::CandidateStarted, 1001), 1002);
    lines.push(line(&order));
    write(&mut order, 1002);
    order.settled(at(1003), &timing());
    lines.push(line(&order));
    assert_snapshot!(lines.join("\n"), @"
    placing 1 since 0 s | received | - 0/0
    retry after 1 at 15 s | received | - 0/0
    retry after 2 at 919 s | held (provider_unavailable) | held (provider_unavailable) 1/0
    retry after 2 at 919 s | held (provider_unavailable) | held (provider_unavailable) 1/1
    placed | pending_candidate | pending_candidate 2/1
    placed | candidate_started | candidate_started 3/1
    placed | candidate_started | candidate_started 3/3
    ");
    assert_eq!((order.delivery, order.ats_ref.as_deref()), (Delivery::Delivered, Some("88")));
}

#[test]
fn every_status_of_the_provider_has_its_view() {
    let check = |status: OrderStatus, action_by: Option<ActionBy>| {
        let mut order = placed();
        read(&mut order, Truth { action_by, ..truth(status, 5) }, 5);
        let view = order.desired.unwrap().named("Certn");
        assert_eq!((view.status, seconds(view.at)), (order.status, seconds(order.status_at)));
        format!("{} {:?} {:?} {}", view.status.code(), view.link, view.action_by, view.sentence)
    };
    let mut lines: Vec<String> = OrderStatus::ALL.into_iter().map(|status| check(status, None)).collect();
    lines.extend([ActionBy::Candidate, ActionBy::Client].map(|by| check(OrderStatus::ActionRequired, Some(by))));
    assert_snapshot!(lines.join("\n"), @"
    pending_candidate None None 
    pending_candidate None None 
    pending_candidate None None 
    pending_candidate None None 
    candidate_started None None 
    in_progress None None 
    action_required None None Certn is waiting for the candidate.
    in_dispute None None 
    completed Report None 
    cancelled None None The check was cancelled at Certn.
    declined None None The candidate declined the check.
    expired None None The candidate did not complete the form in time. Send again if still needed.
    undeliverable None None The invitation could not be delivered. Check the e-mail address, then ask Certn to re-invite or send again.
    action_required None Some(Candidate) Certn is waiting for the candidate.
    action_required None Some(Client) Certn is waiting for you.
    ");
}

/// What must be the same however the readings came. Whether people ever saw it completed depends on just that.
fn state(order: &Order) -> String {
    let view = order.desired.clone().map(|view| View { at: at(0), was_completed: false, ..view });
    format!(
        "{:?} {:?} {:?} {:?} {:?} looked at {}",
        order.status,
        order.action_by,
        order.result,
        view,
        order.provider_modified,
        order.look_at.is_some()
    )
}

fn permutations<T: Clone>(of: &[T]) -> Vec<Vec<T>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |n: usize| {
        let mut rest = of.to_vec();
        let first = rest.remove(n);
        permutations(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..of.len()).flat_map(with_first).collect()
}

/// Reads the life in every order in which its readings can arrive, and writes whenever there is something to write.
fn check_life(life: &[OrderStatus]) {
    let readings: Vec<Truth> = (1..).zip(life).map(|(n, status)| truth(*status, n * 10)).collect();
    let orders = permutations(&readings);
    let expected = |order: &mut Order| {
        readings.iter().for_each(|truth| {
            read(order, truth.clone(), 100);
        });
        state(order)
    };
    let expected = expected(&mut placed());
    let last = *life.last().unwrap();
    assert!(expected.starts_with(&format!("{last:?} ")), "{life:?} ends as {expected}");
    for readings in orders {
        let (mut order, mut written) = (placed(), Vec::new());
        for (n, truth) in (0..).zip(&readings) {
            if !order.is_up_to_date_with(truth, at(100 + n), &timing()) {
                read(&mut order, truth.clone(), 100 + n);
            }
            if order.claim_write(at(100 + n)) {
                written.push((order.provider_modified, order.status));
                order.wrote(Wrote { rev: order.desired_rev, outcome: Ok("88".to_owned()) }, at(100 + n));
            }
        }
        assert_eq!(state(&order), expected, "{readings:?}");
        assert!(written.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{written:?} of {readings:?}");
        assert_eq!(order.written_rev, order.desired_rev);
    }
}

#[test]
fn a_life_ends_the_same_in_whichever_order_it_is_read() {
    use OrderStatus as S;
    check_life(&[S::PendingCandidate, S::CandidateStarted, S::InProgress, S::ActionRequired, S::Completed]);
    check_life(&[S::CandidateStarted, S::InProgress, S::ActionRequired, S::InProgress, S::PendingCandidate]);
    check_life(&[S::InProgress, S::Completed, S::InDispute, S::Completed, S::InDispute]);
    check_life(&[S::InProgress, S::Completed, S::InDispute, S::Completed, S::Cancelled]);
    check_life(&[S::Expired, S::PendingCandidate, S::Undeliverable, S::CandidateStarted, S::Declined]);
    check_life(&[S::Undeliverable, S::PendingCandidate, S::CandidateStarted, S::Expired, S::Cancelled]);
    check_life(&[S::InProgress, S::PendingCandidate, S::CandidateStarted, S::InProgress, S::InDispute]);
    check_life(&[S::CandidateStarted, S::InProgress, S::PendingCandidate, S::Expired, S::ActionRequired]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_life_the_provider_tells_it_ends_the_same(choices in prop::collection::vec(any::<prop::sample::Index>(), 5)) {
        let (mut life, mut status) = (Vec::new(), OrderStatus::PendingCandidate);
        for choice in choices {
            let next: Vec<_> = OrderStatus::ALL.into_iter().filter(|next| status.may_become(*next)).collect();
            if next.is_empty() {
                break;
            }
            status = *choice.get(&next);
            life.push(status);
        }
        check_life(&life);
    }
}

#[test]
fn without_a_time_of_change_an_order_only_moves_forward() {
    let undated = |status| Truth { modified: None, ..truth(status, 0) };
    let check = |from: OrderStatus, to: OrderStatus, expected: OrderStatus| {
        let mut order = intended();
        order.answered(PostOutcome::Accepted(undated(from)), at(0), &timing());
        read(&mut order, undated(to), 5);
        assert_eq!(order.status, expected, "{from:?} then {to:?}");
    };
    use OrderStatus as S;
    check(S::PendingCandidate, S::InProgress, S::InProgress);
    check(S::InProgress, S::PendingCandidate, S::InProgress);
    check(S::InProgress, S::Completed, S::Completed);
    check(S::Completed, S::InDispute, S::Completed);
    check(S::Expired, S::PendingCandidate, S::Expired);
    check(S::InDispute, S::Completed, S::Completed);
}

#[test]
fn a_newer_reading_is_stored_even_where_it_looks_the_same() {
    let mut order = placed();
    read(&mut order, truth(OrderStatus::InProgress, 10), 10);
    write(&mut order, 10);
    assert!(order.is_up_to_date_with(&truth(OrderStatus::InProgress, 10), at(11), &timing()));
    // Otherwise a slow reading from in between could still win.
    assert!(!order.is_up_to_date_with(&truth(OrderStatus::InProgress, 30), at(31), &timing()));
    assert_eq!(read(&mut order, truth(OrderStatus::InProgress, 30), 31), None);
    read(&mut order, truth(OrderStatus::PendingCandidate, 20), 32);
    assert_eq!(order.status, OrderStatus::InProgress);
    assert!(!order.wants_write());
}

#[test]
fn a_missing_score_is_looked_for_ever_more_rarely_and_given_up_after_a_day() {
    let mut order = placed();
    let (mut now, mut looks) = (1000, Vec::new());
    read(&mut order, without_score(1000), now);
    while let Some(look) = order.look_at.map(seconds) {
        assert_eq!((order.status, &order.result), (OrderStatus::InProgress, &None), "{now}");
        looks.push(look - 1000);
        assert_eq!(order.clone().tap(|order| write(order, look)).next_step(at(look), &timing()), NextStep::Look);
        now = look;
        read(&mut order, without_score(1000), now);
        assert!(looks.len() < 50);
    }
    assert_eq!(looks[..5], [MINUTE, 5 * MINUTE, 15 * MINUTE, 15 * MINUTE + HOUR, 15 * MINUTE + 2 * HOUR]);
    assert_eq!((looks.len(), looks.last().copied()), (27, Some(DAY)));
    let none = OrderResult { code: ResultCode::None, label: "No result given".to_owned() };
    assert_eq!((order.status, order.result.as_ref()), (OrderStatus::Completed, Some(&none)));
    assert_eq!(order.desired.as_ref().unwrap().result, Some(none));
    // The score may still come.
    read(&mut order, truth(OrderStatus::Completed, 2000), now + DAY);
    assert_eq!(order.result.as_ref().map(|result| result.code), Some(ResultCode::Clear));
    assert_eq!(order.look_at, None);
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl Tap for Order {}

#[test]
fn a_score_that_comes_in_time_ends_the_waiting() {
    let mut order = placed();
    read(&mut order, without_score(10), 10);
    assert_eq!(order.score_awaited_since, Some(at(10)));
    read(&mut order, truth(OrderStatus::Completed, 20), 70);
    assert_eq!(line(&order), "placed | completed = Clear | completed 3/0");
    assert_eq!((order.score_awaited_since, order.look_at), (None, None));
}

#[test]
fn a_result_stands_although_a_later_reading_has_no_score() {
    let mut order = placed();
    read(&mut order, truth(OrderStatus::Completed, 10), 10);
    for (n, now) in (1..).zip([20, DAY, 2 * DAY, 3 * DAY]) {
        read(&mut order, without_score(10 + n), now);
        assert_eq!(line(&order), "placed | completed = Clear | completed 2/0");
        assert_eq!(order.look_at, None);
    }
}

#[test]
fn an_older_reading_does_not_put_off_the_next_look() {
    let mut order = placed();
    read(&mut order, without_score(100), 100);
    assert_eq!(order.look_at.map(seconds), Some(160));
    read(&mut order, truth(OrderStatus::InProgress, 50), 110);
    assert_eq!(order.look_at.map(seconds), Some(160));
}

#[test]
fn a_dispute_opens_a_finished_order_again_and_takes_the_result_back() {
    let mut order = placed();
    let mut lines = Vec::new();
    let life = [OrderStatus::Completed, OrderStatus::InDispute, OrderStatus::Completed];
    for (n, status) in (1..).zip(life) {
        let event = read(&mut order, truth(status, n * 10), n * 10).unwrap();
        let view = order.desired.clone().unwrap();
        lines.push(format!("{} | {:?} open {} | {}", line(&order), view.link, order.is_open(), event.what));
    }
    assert_snapshot!(lines.join("\n"), @"
    placed | completed = Clear | completed 2/0 | Report open false | pending_candidate → completed, result Clear
    placed | in_dispute | in_dispute 3/0 | None open true | completed → in_dispute
    placed | completed = Clear | completed 4/0 | Report open false | in_dispute → completed, result Clear
    ");
    let mut without_score_yet = placed();
    read(&mut without_score_yet, truth(OrderStatus::Completed, 10), 10);
    read(&mut without_score_yet, truth(OrderStatus::InDispute, 20), 20);
    read(&mut without_score_yet, without_score(30), 30);
    assert_eq!(without_score_yet.status, OrderStatus::InDispute);
    assert_eq!(without_score_yet.look_at.map(seconds), Some(90));
}

#[test]
fn an_open_order_is_looked_at_once_a_day_and_an_ended_one_never() {
    let mut order = placed();
    assert_eq!(order.look_at.map(seconds), Some(DAY));
    read(&mut order, truth(OrderStatus::InProgress, 10), 500);
    assert_eq!(order.look_at.map(seconds), Some(500 + DAY));
    for (n, end) in (1..).zip(OrderStatus::ALL.into_iter().filter(|s| s.is_end() && *s != OrderStatus::Rejected)) {
        let mut ended = order.clone();
        for (modified, now) in [(20, 600), (20, 700), (15, 800)] {
            read(&mut ended, truth(end, modified), now + n);
            assert_eq!((ended.status, ended.look_at), (end, None), "{modified}");
        }
    }
    let mut gone = order.clone();
    gone.gone_at_provider(at(600));
    assert_eq!((gone.look_at, gone.status), (None, OrderStatus::InProgress));
}

#[test]
fn an_unreadable_provider_is_asked_again_after_a_minute_or_when_it_says() {
    let check = |wait: Option<u64>| {
        let mut order = placed();
        order.not_readable(wait.map(Duration::from_secs), at(100));
        seconds(order.look_at.unwrap()) - 100
    };
    assert!((60..=120).contains(&check(None)));
    assert_eq!(check(Some(1)), check(None));
    assert_eq!(check(Some(1800)), 1800);
}

#[test]
fn one_worker_alone_may_write_until_its_claim_runs_out() {
    let mut order = placed();
    assert!(order.claim_write(at(0)));
    for now in [0, 1, 89] {
        assert!(!order.claim_write(at(now)), "{now}");
        assert_eq!(order.next_step(at(now), &timing()), NextStep::Nothing, "{now}");
    }
    assert_eq!(order.due_at(&timing()).map(seconds), Some(90));
    assert_eq!(order.next_step(at(90), &timing()), NextStep::Write);
    assert!(order.claim_write(at(90)));
    assert!(!order.claim_write(at(91)));
    order.wrote(Wrote { rev: 1, outcome: Ok("88".to_owned()) }, at(95));
    assert!(!order.claim_write(at(96)));
    assert_eq!((order.claimed_until, order.wants_write()), (None, false));
}

#[test]
fn a_state_that_changed_during_a_write_is_written_next() {
    let mut order = placed();
    assert!(order.claim_write(at(0)));
    read(&mut order, truth(OrderStatus::InProgress, 5), 5);
    assert!(!order.claim_write(at(6)));
    order.wrote(Wrote { rev: 1, outcome: Ok("88".to_owned()) }, at(7));
    assert_eq!((order.desired_rev, order.written_rev, order.delivery), (2, 1, Delivery::Pending));
    assert!(order.claim_write(at(7)));
    order.wrote(Wrote { rev: 2, outcome: Ok("88".to_owned()) }, at(8));
    // An answer that was long under way takes nothing back.
    order.wrote(Wrote { rev: 1, outcome: Ok("88".to_owned()) }, at(200));
    assert_eq!((order.written_rev, order.delivery), (2, Delivery::Delivered));
}

#[test]
fn a_failed_write_is_tried_again_or_waits_for_a_person_or_is_given_up() {
    let check = |trouble: Trouble| {
        let mut order = placed();
        let event = fail(&mut order, trouble, 0);
        let next = order.due_at(&timing()).map_or(0, seconds);
        let refusal = order.write_refusal.as_ref().unwrap();
        format!("{:?} {refusal}, next {next} s, {}", order.delivery, event.cause)
    };
    let waits = Trouble::Later { cause: Cause::new("icims: HTTP 429"), after: Some(Duration::from_secs(7200)) };
    assert_snapshot!(check(Trouble::later("icims: HTTP 503")), @"Retrying ats_unavailable, next 14 s, ats_unavailable · icims: HTTP 503");
    assert_snapshot!(check(waits), @"Retrying ats_unavailable, next 7200 s, ats_unavailable · icims: HTTP 429");
    assert_snapshot!(check(because(Reason::AtsPermission)), @"Blocked ats_permission, next 3600 s, ats_permission · certn: HTTP 4xx");
    assert_snapshot!(check(because(Reason::AtsRecordGone)), @"Dead ats_record_gone, next 86400 s, ats_record_gone · certn: HTTP 4xx");
}

#[test]
fn a_blocked_write_resumes_by_itself_and_a_dead_one_only_with_something_new_to_show() {
    let mut blocked = placed();
    fail(&mut blocked, because(Reason::AtsCredentials), 0);
    assert!(!blocked.claim_write(at(HOUR - 1)));
    write(&mut blocked, HOUR);
    assert_eq!((blocked.delivery, blocked.write_refusal, blocked.write_attempts), (Delivery::Delivered, None, 0));
    let mut dead = placed();
    fail(&mut dead, because(Reason::AtsRecordGone), 0);
    assert!(!dead.wants_write() && !dead.claim_write(at(DAY)));
    assert_eq!(dead.next_step(at(HOUR), &timing()), NextStep::Nothing);
    read(&mut dead, truth(OrderStatus::InProgress, 10), 2 * HOUR);
    assert!(dead.claim_write(at(2 * HOUR)));
}

#[test]
fn the_pauses_of_a_failing_write_grow_and_a_new_state_is_tried_at_once() {
    let (mut order, mut now, mut pauses) = (placed(), 0, Vec::new());
    for _ in 0..8 {
        fail(&mut order, Trouble::later("icims: HTTP 503"), now);
        let next = seconds(order.due_at(&timing()).unwrap());
        pauses.push(next - now);
        now = next;
    }
    assert!(pauses[0] <= 15 && pauses[7] >= 300 && pauses.iter().all(|pause| *pause <= 600), "{pauses:?}");
    fail(&mut order, Trouble::later("icims: HTTP 503"), now);
    read(&mut order, truth(OrderStatus::InProgress, 5), now + 1);
    assert!(order.claim_write(at(now + 1)));
}

#[test]
fn a_write_without_a_known_outcome_may_have_made_an_entry_until_one_is_known() {
    let check = |order: &Order, expected: bool| assert_eq!(order.may_have_entry(), expected, "{order:?}");
    let mut order = placed();
    check(&order, false);
    assert!(order.claim_write(at(0)));
    check(&order, false);
    order.wrote(Wrote { rev: 1, outcome: Err(Trouble::later("icims: time-out")) }, at(20));
    check(&order, true);
    // A new state is a new beginning of the attempts, not of the doubt.
    read(&mut order, truth(OrderStatus::InProgress, 30), 30);
    assert_eq!(order.write_attempts, 0);
    check(&order, true);
    let mut replaced = order.replaced_by(Order::refuse(planned(), Refusal::new(Reason::NoEmail), at(40), &timing()));
    check(&replaced, true);
    write(&mut replaced, 50);
    check(&replaced, false);
    write(&mut order, 50);
    check(&order, false);
    // A writer that never came back may have written as well.
    let mut abandoned = placed();
    assert!(abandoned.claim_write(at(0)));
    read(&mut abandoned, truth(OrderStatus::InProgress, 30), 30);
    assert!(abandoned.claim_write(at(90)));
    check(&abandoned, true);
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

#[test]
fn an_order_is_kept_half_a_year_after_its_end_and_two_years_while_open() {
    let mut order = placed();
    assert_eq!(seconds(order.kept_until()), 730 * DAY);
    read(&mut order, truth(OrderStatus::Completed, 10), 3 * DAY);
    assert_eq!(seconds(order.kept_until()), 183 * DAY);
}

/// An order with everything that one can have at once, but for its placement.
fn full(placement: Placement) -> Order {
    let refusal = || Some(Refusal::about(Reason::UnknownPackage, "Standart"));
    let result = || Some(OrderResult { code: ResultCode::Review, label: "Review".to_owned() });
    let Planned { id, connection, ats, subject, generation, package, package_name, group, ordered_by, .. } = planned();
    Order {
        id: id.clone(),
        connection,
        ats,
        subject,
        generation,
        package,
        package_name: package_name.clone(),
        group,
        ordered_by,
        candidate_mark: Some("mark".to_owned()),
        rev: 3,
        created_at: at(0),
        placement,
        first_intent_at: Some(at(0)),
        unclear_attempts: 1,
        status_ids_agree: true,
        status: OrderStatus::ActionRequired,
        status_at: at(1),
        action_by: Some(ActionBy::Client),
        refusal: refusal(),
        result: result(),
        provider_order: ProviderOrderId::parse("case-1").ok(),
        provider_short_id: Some("C1".to_owned()),
        provider_modified: Some(at(2)),
        score_awaited_since: Some(at(3)),
        look_at: Some(at(4)),
        checks: vec![CheckProgress { name: "Identity verification".to_owned(), finished: true }],
        was_completed: true,
        request_kept_until: Some(at(11)),
        desired: Some(View {
            order: id,
            status: OrderStatus::ActionRequired,
            action_by: Some(ActionBy::Client),
            refusal: refusal(),
            result: result(),
            sentence: "Wait.".to_owned(),
            package_name,
            link: LinkKind::Report,
            checks: vec![CheckProgress { name: "Identity verification".to_owned(), finished: true }],
            was_completed: true,
            at: at(5),
        }),
        desired_rev: 2,
        written_rev: 1,
        delivery: Delivery::Blocked,
        write_attempts: 4,
        write_at: Some(at(6)),
        claimed_until: Some(at(7)),
        write_refusal: refusal(),
        ats_ref: Some("88".to_owned()),
        report_link: Some(ReportLink { serial: 1, expires_at: at(8), revoked: true }),
        report_file: Some("f1".to_owned()),
    }
}

fn placements() -> Vec<Placement> {
    let (attempt, due_at, intent_at) = (2, at(9), at(10));
    vec![
        Placement::Refused,
        Placement::Placing { attempt, intent_at },
        Placement::Retry { attempt, due_at },
        Placement::Uncertain { attempt, due_at },
        Placement::Parked,
        Placement::Placed,
    ]
}

fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let separator = if path.is_empty() { "" } else { "." };
                paths(value, &format!("{path}{separator}{name}"), found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| paths(value, &format!("{path}[]"), found)),
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn a_stored_order_has_these_attributes_and_no_other() {
    let mut found = BTreeSet::new();
    for placement in placements() {
        paths(&serde_json::to_value(full(placement)).unwrap(), "", &mut found);
    }
    assert_snapshot!(found.into_iter().collect::<Vec<_>>().join("\n"), @"
    action_by
    ats
    ats_ref
    candidate_mark
    checks[].finished
    checks[].name
    claimed_until
    connection
    created_at
    delivery
    desired.action_by
    desired.at
    desired.checks[].finished
    desired.checks[].name
    desired.link
    desired.order
    desired.package_name
    desired.refusal.about
    desired.refusal.reason
    desired.result.code
    desired.result.label
    desired.sentence
    desired.status
    desired.was_completed
    desired_rev
    first_intent_at
    generation
    group
    id
    look_at
    ordered_by
    package
    package_name
    placement.attempt
    placement.due_at
    placement.intent_at
    placement.state
    provider_modified
    provider_order
    provider_short_id
    refusal.about
    refusal.reason
    report_file
    report_link.expires_at
    report_link.revoked
    report_link.serial
    request_kept_until
    result.code
    result.label
    rev
    score_awaited_since
    status
    status_at
    status_ids_agree
    subject.application
    subject.requester
    subject.status
    unclear_attempts
    was_completed
    write_at
    write_attempts
    write_refusal.about
    write_refusal.reason
    written_rev
    ");
}

fn round_trip(order: &Order) {
    let stored = serde_json::to_string(order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&stored).unwrap(), *order, "{stored}");
}

#[test]
fn a_stored_order_is_read_as_it_was_and_also_without_what_was_added_later() {
    placements().into_iter().for_each(|placement| round_trip(&full(placement)));
    [intended(), placed(), uncertain()].iter().for_each(round_trip);
    let mut stored = serde_json::to_value(placed()).unwrap();
    for added in ["candidate_mark", "unclear_attempts", "status_ids_agree", "report_link", "report_file"] {
        stored.as_object_mut().unwrap().remove(added);
    }
    let read: Order = serde_json::from_value(stored).unwrap();
    assert_eq!((read.candidate_mark, read.unclear_attempts, read.status_ids_agree), (None, 0, false));
}

/// A provider that may have taken an order although its answer was lost, and the choices of one run.
struct World {
    choices: Vec<u8>,
    now: i64,
    orders: u32,
    modified: i64,
}

impl World {
    fn choose(&mut self, among: u8) -> u8 {
        self.choices.pop().unwrap_or(0) % among
    }

    fn trouble(&mut self) -> Trouble {
        let n = usize::from(self.choose(8));
        [Reason::ProviderCredentials, Reason::ConnectionPaused, Reason::AtsPermission, Reason::InvalidEmail]
            .get(n)
            .map_or_else(later, |reason| because(*reason))
    }

    fn truth(&mut self) -> Truth {
        let status = OrderStatus::ALL[usize::from(self.choose(13))];
        self.modified += 10;
        let modified = self.modified - 15 * i64::from(self.choose(3));
        if self.choose(5) == 0 { without_score(modified) } else { truth(status, modified) }
    }

    fn send(&mut self, order: &mut Order) {
        assert_eq!(self.orders, 0, "a second order would be placed: {}", line(order));
        let outcome = match self.choose(6) {
            0 => {
                self.orders += 1;
                PostOutcome::Accepted(self.truth())
            }
            1 => {
                self.orders += 1;
                unclear()
            }
            2 => unclear(),
            // The sender is gone, before or after the provider took the order.
            3 => {
                self.orders += 1;
                return;
            }
            4 => return,
            _ => no_effect(self.trouble()),
        };
        self.now += 5;
        order.answered(outcome, at(self.now), &timing());
    }

    fn look_up(&mut self, order: &mut Order) {
        let found = match (self.choose(5), self.orders) {
            (0, _) => Found::NotNow(self.trouble()),
            (1, _) => Found::Several(2),
            (_, 0) => Found::Nothing,
            _ => Found::One(self.truth()),
        };
        order.looked_up(found, at(self.now), &timing());
    }

    fn write(&mut self, order: &mut Order) {
        let claimed = order.claim_write(at(self.now));
        assert!(claimed, "{order:?}");
        let rev = order.desired_rev;
        let outcome = match self.choose(6) {
            0 => return,
            1 => Err(Trouble::later("icims: HTTP 503")),
            2 => Err(because(Reason::AtsPermission)),
            3 => Err(because(Reason::AtsRecordGone)),
            _ => Ok("88".to_owned()),
        };
        if self.choose(3) == 0 && order.placement == Placement::Placed {
            order.observed(self.truth(), at(self.now), &timing());
        }
        order.wrote(Wrote { rev, outcome }, at(self.now + 1));
    }

    fn step(&mut self, order: &mut Order) {
        match order.next_step(at(self.now), &timing()) {
            NextStep::Place => match self.choose(4) {
                0 => {
                    let trouble = self.trouble();
                    order.still_waits(&trouble, at(self.now), &timing());
                }
                _ => {
                    order.intend_again(planned(), at(self.now));
                    self.send(order);
                }
            },
            NextStep::LookUp => self.look_up(order),
            NextStep::Look => match self.choose(4) {
                0 => order.not_readable(None, at(self.now)),
                _ => {
                    order.observed(self.truth(), at(self.now), &timing());
                }
            },
            NextStep::Write => self.write(order),
            NextStep::Settle => order.settled(at(self.now), &timing()),
            NextStep::Nothing if order.placement == Placement::Placed && self.choose(2) == 0 => {
                order.observed(self.truth(), at(self.now), &timing());
            }
            NextStep::Nothing => {
                let due = order.due_at(&timing()).map_or(self.now + DAY, seconds);
                assert!(due > self.now || order.due_at(&timing()) > Some(at(self.now)), "{}", line(order));
                self.now = due + i64::from(self.choose(3));
            }
        }
    }
}

/// What is true of every order at every moment.
fn check_sound(order: &Order, now: i64) {
    use OrderStatus as S;
    let why = line(order);
    assert!(order.written_rev <= order.desired_rev, "{why}");
    assert_eq!(order.refusal.is_some(), matches!(order.status, S::Held | S::Rejected), "{why}");
    let unplaced = matches!(order.status, S::Received | S::Held | S::Rejected);
    assert_eq!(order.placement == Placement::Placed, !unplaced, "{why}");
    assert_eq!(order.provider_order.is_some(), !unplaced, "{why}");
    assert_eq!(order.status == S::Rejected, order.placement == Placement::Refused, "{why}");
    assert_eq!(order.result.is_some(), order.status == S::Completed, "{why}");
    assert!(order.unclear_attempts <= 5, "{why}");
    assert!(!order.status.is_end() || order.look_at.is_none(), "{why}");
    let early = order.created_at.duration_until(at(now)) < timing().patience;
    if let (true, Some(View { status: S::Held, refusal, .. })) = (early, &order.desired) {
        assert!(refusal.as_ref().is_some_and(|refusal| refusal.reason.is_recruiters()), "{why}");
    }
    let due = order.due_at(&timing()).is_some_and(|due| due <= at(now));
    assert_eq!(due, order.next_step(at(now), &timing()) != NextStep::Nothing, "{why}");
    round_trip(order);
}

proptest! {
    #[test]
    fn whatever_happens_an_order_is_placed_at_most_once_and_stays_sound(choices in prop::collection::vec(any::<u8>(), 10..200)) {
        let mut world = World { choices, now: 0, orders: 0, modified: 0 };
        let mut order = match world.choose(3) {
            0 => {
                let trouble = world.trouble();
                Order::wait(planned(), &trouble, at(0), &timing()).0
            }
            _ => {
                let mut order = intended();
                world.send(&mut order);
                order
            }
        };
        while !world.choices.is_empty() {
            let before = (order.desired_rev, order.written_rev, order.provider_modified);
            world.step(&mut order);
            let after = (order.desired_rev, order.written_rev, order.provider_modified);
            prop_assert!(before.0 <= after.0 && before.1 <= after.1 && before.2 <= after.2);
            check_sound(&order, world.now);
        }
    }
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
    found.looked_up(Found::One(truth(OrderStatus::InProgress, 5)), at(3 * DAY), &timing());
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

/// A reading in which so many of three checks are finished.
fn with_checks(status: OrderStatus, modified: i64, finished: usize) -> Truth {
    let names = ["Identity verification", "Criminal record report", "Credit report"];
    let check = |(n, name): (usize, &str)| CheckProgress { name: name.to_owned(), finished: n < finished };
    Truth { checks: names.into_iter().enumerate().map(check).collect(), ..truth(status, modified) }
}

#[test]
fn a_finished_check_is_news_and_an_older_reading_does_not_take_it_back() {
    let mut order = placed();
    let mut told = Vec::new();
    let readings = [
        with_checks(OrderStatus::InProgress, 10, 0),
        with_checks(OrderStatus::InProgress, 20, 0),
        with_checks(OrderStatus::InProgress, 30, 2),
        with_checks(OrderStatus::InProgress, 25, 1),
        with_checks(OrderStatus::InProgress, 30, 2),
        with_checks(OrderStatus::Completed, 40, 3),
        with_checks(OrderStatus::InProgress, 35, 2),
    ];
    for (now, truth) in (50..).zip(readings) {
        let up_to_date = order.is_up_to_date_with(&truth, at(now), &timing());
        let event = read(&mut order, truth, now).map_or("-".to_owned(), |event| event.what);
        let shown = order.desired.as_ref().unwrap().checks.iter().filter(|check| check.finished).count();
        told.push(format!("{event} | {shown} of 3 in revision {}, {up_to_date}", order.desired_rev));
        if order.wants_write() {
            write(&mut order, now);
        }
    }
    assert_snapshot!(told.join("\n"), @"
    pending_candidate → in_progress, 0 of 3 checks finished | 0 of 3 in revision 2, false
    - | 0 of 3 in revision 2, false
    in_progress → in_progress, 2 of 3 checks finished | 2 of 3 in revision 3, false
    - | 2 of 3 in revision 3, true
    - | 2 of 3 in revision 3, true
    in_progress → completed, result Clear, 3 of 3 checks finished | 3 of 3 in revision 4, false
    - | 3 of 3 in revision 4, true
    ");
}

#[test]
fn what_follows_a_completed_check_is_shown_as_a_correction_of_it() {
    let mut order = placed();
    let mut shown = Vec::new();
    use OrderStatus as S;
    for (n, status) in (1..).zip([S::InProgress, S::InDispute, S::Completed, S::InDispute, S::Cancelled]) {
        read(&mut order, truth(status, n * 10), n * 10);
        let view = order.desired.as_ref().unwrap();
        shown.push((view.status, view.was_completed));
    }
    let expected = [
        (S::InProgress, false),
        (S::InDispute, false),
        (S::Completed, true),
        (S::InDispute, true),
        (S::Cancelled, true),
    ];
    assert_eq!(shown, expected);
    let mut without_score_at_first = placed();
    read(&mut without_score_at_first, without_score(10), 10);
    assert!(!without_score_at_first.desired.unwrap().was_completed);
}

#[test]
fn a_reading_without_a_time_takes_no_finished_check_back() {
    let mut order = placed();
    read(&mut order, with_checks(OrderStatus::InProgress, 10, 2), 10);
    read(&mut order, Truth { modified: None, ..with_checks(OrderStatus::InProgress, 0, 1) }, 11);
    assert_eq!(order.checks.iter().filter(|check| check.finished).count(), 2);
}
