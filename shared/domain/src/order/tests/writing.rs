//! What people see, and who may write it when.

use super::*;

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
fn what_the_ats_lists_again_is_shown_again_but_not_all_the_time() {
    let mut order = placed();
    assert_eq!(order.listed_again(at(1)), None, "the first state is still to be written");
    write(&mut order, 1);
    let shown = order.desired.clone();
    assert_eq!(order.listed_again(at(60)).unwrap().what, "listed again: will be shown again");
    assert_eq!((order.wants_write(), &order.desired), (true, &shown));
    write(&mut order, 61);
    assert_eq!(order.listed_again(at(120)), None);
    assert!(order.listed_again(at(60 + PATIENCE)).is_some());
}

#[test]
fn only_a_refusal_that_the_ats_knows_of_leaves_its_request_unanswered() {
    let mut refused = Order::refuse(planned(), Refusal::new(Reason::NoEmail), at(0), &timing());
    assert!(refused.answers_its_request());
    write(&mut refused, 1);
    assert!(!refused.answers_its_request());
    for order in [intended(), uncertain(), placed()] {
        assert!(order.answers_its_request());
    }
}
