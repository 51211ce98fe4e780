//! The story of one order: every step, why it was decided so, what the ATS shows.

use std::sync::Arc;

use domain::id::{AtsId, ConnectionId, GroupId, OrderId, UserId};
use domain::order::{Event, Order};
use domain::reason::Reason;
use domain::status::{ActionBy, Delivery, OrderResult, OrderStatus};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::body;
use super::operation::{Operation, of};
use super::orders::{AtProvider, NamedPackage, Waits, unknown};
use crate::edge::{Call, json_answer};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::Story;

pub const OPERATION: Operation = Operation {
    function: "admin-get-order",
    method: "GET",
    path: "/admin/orders/{order}",
    summary: "Shows the whole story of an order.",
    query: &[],
    body: None,
    answers: &[(200, of::<Shown>())],
    problems: &[400, 404, 503],
};

/// An order with everything that happened to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    id: OrderId,
    connection: ConnectionId,
    application: AtsId,
    created_at: Timestamp,
    status: OrderStatus,
    status_since: Timestamp,
    action_by: Option<ActionBy>,
    /// Why it waits or was refused.
    reason: Option<Waits>,
    result: Option<OrderResult>,
    package: NamedPackage,
    group: Option<GroupId>,
    ordered_by: Option<UserId>,
    provider_order: AtProvider,
    ats: ShownInAts,
    report_link: Option<Link>,
    /// How often an admin had it gone on with.
    replays: u32,
    /// The order under whose key the request goes on.
    goes_on_as: Option<OrderId>,
    story: Vec<Line>,
}

/// What the ATS shows, and where it does not show the newest state yet, why.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownInAts {
    entry: Option<String>,
    delivery: Delivery,
    shows_newest: bool,
    newest: Option<Newest>,
    waits_for: Option<Waits>,
}

/// What the ATS should show.
#[derive(Debug, Serialize, JsonSchema)]
struct Newest {
    status: &'static str,
    since: Timestamp,
    result: Option<String>,
    reason: Option<Reason>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    expires_at: Timestamp,
    revoked: bool,
}

/// One thing that happened.
#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    at: Timestamp,
    what: String,
    cause: String,
    /// The rules that were tried, what they saw and what came of them.
    trace: Option<Vec<String>>,
}

/// Handles `GET /admin/orders/{order}`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if let Err(answer) = body::only(&call, &[]) {
            return answer;
        }
        let Ok(id) = OrderId::parse(call.path_parameter("order")) else { return unknown() };
        match hub.store.story(&id).await {
            Ok(Some(story)) => json_answer(200, &shown(story)),
            Ok(None) => unknown(),
            Err(error) => super::unavailable(&error),
        }
    })
}

fn shown(Story { order, events }: Story) -> Shown {
    Shown {
        package: NamedPackage::of(&order),
        provider_order: AtProvider::of(&order),
        ats: shown_in_ats(&order),
        reason: order.refusal.as_ref().map(Waits::of),
        id: order.id,
        connection: order.connection,
        application: order.subject.application,
        created_at: order.created_at,
        status: order.status,
        status_since: order.status_at,
        action_by: order.action_by,
        result: order.result,
        group: order.group,
        ordered_by: order.ordered_by,
        report_link: order.report_link.map(|link| Link { expires_at: link.expires_at, revoked: link.revoked }),
        replays: order.replays.count,
        goes_on_as: order.goes_on_as,
        story: events.into_iter().map(line).collect(),
    }
}

fn shown_in_ats(order: &Order) -> ShownInAts {
    ShownInAts {
        entry: order.ats_ref.clone(),
        delivery: order.delivery,
        shows_newest: order.written_rev >= order.desired_rev,
        newest: order.desired.as_ref().map(|view| Newest {
            status: view.status.shown_as(),
            since: view.at,
            result: view.result.as_ref().map(|result| result.label.clone()),
            reason: view.refusal.as_ref().map(|refusal| refusal.reason),
        }),
        waits_for: order.write_refusal.as_ref().map(Waits::of),
    }
}

fn line(event: Event) -> Line {
    let trace = event.trace.as_ref().map(|trace| {
        trace.steps().iter().map(|step| format!("{}: {} → {}", step.rule, step.saw, step.outcome)).collect()
    });
    Line { at: event.at, what: event.what, cause: event.cause, trace }
}
