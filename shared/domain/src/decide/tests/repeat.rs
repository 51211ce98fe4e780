//! Whether a request is a repetition, a second try or a new order.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::decide::repeat::{Asked, Repeat, judge};
use crate::id::{OrderId, ProviderOrderId};
use crate::order::{Order, Planned, Timing};
use crate::provider::{ReportPage, Truth};
use crate::request::TriggerEntry;
use crate::status::OrderStatus;
use crate::trouble::{Cause, PostOutcome};

fn start() -> Timestamp {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

fn planned(status_ids_agree: bool) -> Planned {
    Planned {
        id: OrderId::parse("order").unwrap(),
        connection: crate::connection::tests::connection().0.id,
        ats: "icims".to_owned(),
        subject: subject(),
        generation: 0,
        package: PackageId::parse(STANDARD).ok(),
        package_name: Some("Standard".to_owned()),
        group: GroupId::parse("g1").ok(),
        ordered_by: None,
        candidate_mark: None,
        status_ids_agree,
        entered_at: None,
        request_kept_until: None,
    }
}

fn ended(status: OrderStatus, status_ids_agree: bool) -> Order {
    let mut order = Order::intend(planned(status_ids_agree), start());
    let truth = Truth {
        order: ProviderOrderId::parse("case").unwrap(),
        short_id: None,
        status,
        action_by: None,
        result: None,
        status_word: None,
        awaits_score: None,
        modified: None,
        checks: Vec::new(),
        report: ReportPage::ByNumber,
        ask_often: false,
    };
    order.answered(PostOutcome::Accepted(truth), start(), &Timing::default());
    assert_eq!(order.status, status);
    order
}

fn parked(reason: Reason) -> Order {
    Order::park(planned(true), Refusal::new(reason), start(), &Timing::default())
}

fn judged(existing: &Order, in_trigger_status: Option<bool>, left_after_minutes: Option<i64>) -> Repeat {
    let mut trace = Trace::default();
    let left = left_after_minutes.map(|minutes| start() + SignedDuration::from_mins(minutes));
    let asked = Asked { in_trigger_status, left_trigger_at: left, ..Asked::default() };
    let repeat = judge(existing, asked, &mut trace);
    assert_eq!(trace.steps().len(), 1);
    assert!(trace.to_string().ends_with(&format!("{repeat:?}")), "{trace}");
    repeat
}

#[test]
fn a_request_after_a_refusal_is_evaluated_afresh() {
    let refused = Order::refuse(planned(true), Refusal::new(Reason::NoEmail), start(), &Timing::default());
    for in_trigger in [None, Some(true), Some(false)] {
        for left in [None, Some(-5), Some(5)] {
            assert_eq!(judged(&refused, in_trigger, left), Repeat::Afresh);
        }
    }
}

#[test]
fn an_open_order_makes_a_request_a_duplicate_wherever_the_application_was() {
    let mut unclear = Order::intend(planned(true), start());
    unclear.answered(PostOutcome::Unclear(Cause::new("certn: time-out")), start(), &Timing::default());
    let open = [
        Order::intend(planned(true), start()),
        unclear,
        ended(OrderStatus::InProgress, true),
        ended(OrderStatus::InDispute, true),
        parked(Reason::OrderOutcomeUnknown),
    ];
    for order in open {
        for in_trigger in [None, Some(true), Some(false)] {
            for left in [None, Some(5)] {
                let judged = judged(&order, in_trigger, left);
                assert_eq!(judged, Repeat::NotForUs(NotForUs::DuplicateOpenOrder), "{order:?}");
            }
        }
    }
}

#[test]
fn an_unconfirmed_repetition_is_taken_afresh_once_the_application_left_the_trigger_status() {
    let parked = parked(Reason::PossibleDuplicate);
    assert_eq!(judged(&parked, Some(true), Some(5)), Repeat::Afresh);
    for left in [None, Some(-5), Some(0)] {
        assert_eq!(judged(&parked, Some(true), left), Repeat::NotForUs(NotForUs::DuplicateOpenOrder));
    }
}

#[test]
fn a_new_order_after_an_ended_one_needs_a_look_outside_the_trigger_status() {
    use Repeat::{NextGeneration, NextGenerationHeld, NotForUs as Not};
    let check = |agree, in_trigger, left, expected| {
        for status in OrderStatus::ALL.into_iter().filter(|s| s.is_end() && *s != OrderStatus::Rejected) {
            assert_eq!(
                judged(&ended(status, agree), in_trigger, left),
                expected,
                "{status:?} {agree} {in_trigger:?} {left:?}"
            );
        }
    };
    check(true, Some(true), Some(5), NextGeneration);
    check(true, Some(true), Some(0), NextGenerationHeld);
    check(true, Some(true), Some(-5), NextGenerationHeld);
    check(true, Some(true), None, NextGenerationHeld);
    check(true, None, Some(5), NextGeneration);
    check(true, None, None, NextGenerationHeld);
    check(true, Some(false), None, Not(NotForUs::StaleTrigger));
    check(true, Some(false), Some(5), Not(NotForUs::StaleTrigger));
    check(false, Some(false), Some(5), NextGeneration);
    check(false, Some(false), None, NextGenerationHeld);
}

#[test]
fn a_request_with_an_id_of_its_own_is_ordered_once_and_never_again() {
    let of_its_own = |mut order: Order| {
        order.subject.request = AtsId::parse("9").ok();
        order
    };
    let refused = Order::refuse(planned(true), Refusal::new(Reason::NoEmail), start(), &Timing::default());
    let (waiting, _) = Order::wait(planned(true), &Trouble::later("certn: HTTP 500"), start(), &Timing::default());
    let taken = OrderStatus::ALL
        .into_iter()
        .filter(|status| !matches!(status, OrderStatus::Received | OrderStatus::Held | OrderStatus::Rejected));
    let ordered = taken.map(|status| ended(status, true));
    let open = [waiting, Order::intend(planned(true), start()), parked(Reason::OrderOutcomeUnknown)];
    for in_trigger in [None, Some(true), Some(false)] {
        for left in [None, Some(-5), Some(5)] {
            for order in ordered.clone().chain(open.clone()).map(of_its_own) {
                let judged = judged(&order, in_trigger, left);
                assert_eq!(judged, Repeat::NotForUs(NotForUs::DuplicateDelivery), "{order:?}");
            }
            assert_eq!(judged(&of_its_own(refused.clone()), in_trigger, left), Repeat::Afresh);
        }
    }
}

/// How a stay that began so many minutes after the order's is judged.
fn stay(mut existing: Order, after_minutes: i64, may_reorder: bool, refusal: Option<&Refusal>) -> Repeat {
    existing.entered_at = Some(start());
    let at = start() + SignedDuration::from_mins(after_minutes);
    let asked = Asked { entry: Some(TriggerEntry { at, may_reorder }), refusal, ..Asked::default() };
    judge(&existing, asked, &mut Trace::default())
}

#[test]
fn the_same_stay_in_the_trigger_stage_is_the_same_request_whatever_became_of_it() {
    let duplicate = Repeat::NotForUs(NotForUs::DuplicateDelivery);
    for status in OrderStatus::ALL.into_iter().filter(|s| s.rank() >= 10 && *s != OrderStatus::Rejected) {
        assert_eq!(stay(ended(status, true), 0, true, None), duplicate, "{status:?}");
    }
    assert_eq!(stay(Order::intend(planned(true), start()), 0, true, None), duplicate);
    assert_eq!(stay(parked(Reason::OrderOutcomeUnknown), 0, true, None), duplicate);
}

#[test]
fn a_new_stay_waits_for_an_open_order_and_follows_an_ended_one_after_a_completed_one_only_where_that_is_set() {
    use Repeat::{NextGeneration, NextGenerationRefused, NotForUs as Not};
    for status in OrderStatus::ALL.into_iter().filter(|s| s.rank() >= 10 && *s != OrderStatus::Rejected) {
        let (open, completed) = (!status.is_end(), status == OrderStatus::Completed);
        for may_reorder in [false, true] {
            let expected = match () {
                () if open => Not(NotForUs::DuplicateOpenOrder),
                () if completed && !may_reorder => NextGenerationRefused,
                () => NextGeneration,
            };
            assert_eq!(stay(ended(status, true), 5, may_reorder, None), expected, "{status:?} {may_reorder}");
        }
        assert_eq!(stay(ended(status, true), -5, true, None), Not(NotForUs::StaleTrigger), "{status:?}");
    }
}

#[test]
fn the_same_refusal_of_the_same_stay_is_told_once_and_anything_else_is_evaluated_afresh() {
    let refusal = Refusal::new(Reason::NoEmail);
    let refused = || Order::refuse(planned(true), refusal.clone(), start(), &Timing::default());
    assert_eq!(stay(refused(), 0, false, Some(&refusal)), Repeat::NotForUs(NotForUs::DuplicateDelivery));
    assert_eq!(stay(refused(), 5, false, Some(&refusal)), Repeat::Afresh);
    assert_eq!(stay(refused(), 0, false, Some(&Refusal::new(Reason::NoPackage))), Repeat::Afresh);
    assert_eq!(stay(refused(), 0, false, None), Repeat::Afresh);
}
