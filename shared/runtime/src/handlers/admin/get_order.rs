//! The story of one order: every step, why it was decided so, what the ATS shows.

use std::sync::Arc;

use domain::id::OrderId;
use domain::order::{Event, Order};
use serde_json::{Value, json};

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::hub::Hub;
use crate::store::Story;

pub const OPERATION: Operation = Operation {
    function: "admin-get-order",
    method: "GET",
    path: "/admin/orders/{order}",
    summary: "Shows the whole story of an order.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/orders/{order}`.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    let unknown = || problem(404, "There is no such order in this region.", &[]);
    let Ok(id) = OrderId::parse(call.path_parameter("order")) else { return unknown() };
    match hub.store.story(&id).await {
        Ok(Some(story)) => json_answer(200, &story_json(&story)),
        Ok(None) => unknown(),
        Err(error) => super::unavailable(&error),
    }
}

fn story_json(Story { order, events }: &Story) -> Value {
    json!({
        "id": order.id,
        "connection": order.connection,
        "application": order.subject.application,
        "status": order.status.code(),
        "status_since": order.status_at,
        "action_by": order.action_by,
        "reason": order.refusal.as_ref().map(super::refusal_json),
        "result": order.result,
        "package": {"id": order.package, "name": order.package_name},
        "group": order.group,
        "ordered_by": order.ordered_by,
        "provider_order": {"id": order.provider_order, "short_id": order.provider_short_id},
        "ats": ats_json(order),
        "report_link": order.report_link.as_ref().map(|link| {
            json!({"expires_at": link.expires_at, "revoked": link.revoked})
        }),
        "story": events.iter().map(event_json).collect::<Vec<_>>(),
    })
}

/// What the ATS shows, and where it does not show the newest state yet, why.
fn ats_json(order: &Order) -> Value {
    json!({
        "entry": order.ats_ref,
        "delivery": order.delivery,
        "shows_newest": order.written_rev >= order.desired_rev,
        "newest": order.desired.as_ref().map(|view| json!({
            "status": view.status.shown_as(),
            "since": view.at,
            "result": view.result.as_ref().map(|result| &result.label),
            "reason": view.refusal.as_ref().map(|refusal| refusal.reason.code()),
        })),
        "waits_for": order.write_refusal.as_ref().map(super::refusal_json),
    })
}

fn event_json(event: &Event) -> Value {
    json!({
        "at": event.at,
        "what": event.what,
        "cause": event.cause,
        "trace": event.trace.as_ref().map(|trace| {
            trace.steps().iter().map(|step| format!("{}: {} → {}", step.rule, step.saw, step.outcome)).collect::<Vec<_>>()
        }),
    })
}
