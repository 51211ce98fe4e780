//! The life of an order, by topic; here what the topics share.

mod life;
mod placing;
mod replaying;
mod stored;
mod truth;
mod writing;

use std::collections::BTreeSet;
use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::id::AtsId;
use crate::provider::{CheckProgress, ReportPage, Truth};
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
        entered_at: None,
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
        status_word: None,
        awaits_score: None,
        modified: Some(at(modified)),
        checks: Vec::new(),
        report: ReportPage::ByNumber,
        ask_often: false,
    }
}

fn without_score(modified: i64) -> Truth {
    Truth { awaits_score: Some(SignedDuration::from_hours(24)), ..truth(OrderStatus::InProgress, modified) }
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
        replays: Replays { count: 1, last_at: Some(at(14)), asked_again_at: Some(at(14)), fresh_from: Some(at(14)) },
        goes_on_as: OrderId::parse("zyxwvutsrqponmlkjihgfedcba").ok(),
        placement,
        first_intent_at: Some(at(0)),
        doubted_from: Some(at(15)),
        unclear_attempts: 1,
        status_ids_agree: true,
        entered_at: Some(at(13)),
        status: OrderStatus::ActionRequired,
        status_at: at(1),
        status_word: Some("Waits".to_owned()),
        action_by: Some(ActionBy::Client),
        refusal: refusal(),
        result: result(),
        provider_order: ProviderOrderId::parse("case-1").ok(),
        provider_short_id: Some("C1".to_owned()),
        provider_modified: Some(at(2)),
        score_awaited_since: Some(at(3)),
        look_at: Some(at(4)),
        unread_since: Some(at(16)),
        checks: vec![CheckProgress { name: "Identity verification".to_owned(), finished: true }],
        was_completed: true,
        request_kept_until: Some(at(11)),
        listed_again_at: Some(at(12)),
        desired: Some(View {
            order: id,
            status: OrderStatus::ActionRequired,
            action_by: Some(ActionBy::Client),
            refusal: refusal(),
            result: result(),
            sentence: "Wait.".to_owned(),
            package_name,
            reference: Some("C1".to_owned()),
            status_word: Some("Waits".to_owned()),
            provider: String::new(),
            link: LinkKind::Report,
            checks: vec![CheckProgress { name: "Identity verification".to_owned(), finished: true }],
            was_completed: true,
            at: at(5),
        }),
        desired_rev: 2,
        written_rev: 1,
        unshown_since: Some(at(17)),
        delivery: Delivery::Blocked,
        write_attempts: 4,
        write_at: Some(at(6)),
        claimed_until: Some(at(7)),
        write_refusal: refusal(),
        ats_ref: Some("88".to_owned()),
        report_page: ReportPage::At("https://portal.example/r/1".parse().unwrap()),
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

fn round_trip(order: &Order) {
    let stored = serde_json::to_string(order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&stored).unwrap(), *order, "{stored}");
}
