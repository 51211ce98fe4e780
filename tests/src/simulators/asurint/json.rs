//! The JSON API: packages, orders, their lookup.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::shared::lock;
use super::api::header_text;
use super::life::order_json;
use super::model::Status;
use super::placing::{How, Placed};
use super::refusal::Refusal;
use super::state::Simulated;
use super::{AsurintSimulator, order_json as codec, planted};

pub(super) async fn packages(
    State(simulator): State<AsurintSimulator>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let client = simulator.admit("GET /v1/packages", &headers)?;
    let state = lock(&simulator.state);
    let packages = state.clients.get(&client).map(|client| client.packages.iter()).unwrap_or_default();
    let rows = packages.map(|package| {
        json!({ "id": package.id, "name": package.name, "active": package.active, "note": planted::PACKAGE_NOTE })
    });
    Ok(Json(json!({ "packages": rows.collect::<Vec<_>>() })))
}

pub(super) async fn place(
    State(simulator): State<AsurintSimulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let what = "POST /v1/orders";
    let client = simulator.admit(what, &headers)?;
    let body = simulator.read_object(what, &headers, &body)?;
    let new = codec::read(&simulator.harness.violations, &client, &body)?;
    if header_text(&headers, "Idempotency-Key") != Some(new.quote_back.as_str()) {
        simulator.harness.violations.record("order: Idempotency-Key is not the quoteBack");
        return Err(Refusal::field("Idempotency-Key", "invalid", "Idempotency-Key is not the quoteBack"));
    }
    let Placed { order, how, early_event } = simulator.place(&client, new)?;
    if let Some(event) = early_event {
        simulator.deliver_now(&event).await;
    }
    let status = match how {
        How::New => {
            let answer = json!({
                "orderId": order.id,
                "status": order.status,
                "candidateHubInviteSent": true,
                "candidate": planted::candidate(),
            });
            return Ok((StatusCode::CREATED, Json(answer)).into_response());
        }
        How::Known => StatusCode::OK,
        How::Conflict => StatusCode::CONFLICT,
    };
    let state = lock(&simulator.state);
    let client = state.clients.get(&client).ok_or_else(Refusal::unauthorized)?;
    Ok((status, Json(order_json(client, &order))).into_response())
}

/// Those of a client's orders that a read finds, some in the version before the present one.
fn found(state: &mut Simulated, client: &str, id: Option<&str>, quote_back: Option<&str>) -> Option<Value> {
    let stale = state.stale_reads > 0;
    state.stale_reads = state.stale_reads.saturating_sub(1);
    let stored = state.orders.iter().find(|stored| {
        let order = &stored.current;
        order.client == client
            && id.is_none_or(|id| order.id == id)
            && quote_back.is_none_or(|quote_back| order.quote_back == quote_back)
    })?;
    let previous = stored.previous.as_ref().filter(|_| stale);
    Some(order_json(state.clients.get(client)?, previous.unwrap_or(&stored.current)))
}

pub(super) async fn one_order(
    State(simulator): State<AsurintSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let client = simulator.admit("GET /v1/orders/{id}", &headers)?;
    let order = found(&mut lock(&simulator.state), &client, Some(&id), None);
    order.map(Json).ok_or_else(Refusal::not_found)
}

pub(super) async fn by_quote_back(
    State(simulator): State<AsurintSimulator>,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let client = simulator.admit("GET /v1/orders", &headers)?;
    let [(name, quote_back)] = pairs.as_slice() else {
        simulator.harness.violations.record("GET /v1/orders takes one quoteBack and nothing else");
        return Err(Refusal::field("quoteBack", "required", "quoteBack is required"));
    };
    if name != "quoteBack" || quote_back.is_empty() {
        simulator.harness.violations.record(format!("GET /v1/orders takes one quoteBack, not {name}"));
        return Err(Refusal::field("quoteBack", "required", "quoteBack is required"));
    }
    let order = found(&mut lock(&simulator.state), &client, None, Some(quote_back));
    Ok(Json(order.into_iter().collect()))
}

pub(super) async fn report(
    State(simulator): State<AsurintSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let client = simulator.admit("GET /v1/orders/{id}/report", &headers)?;
    simulator.harness.violations.record("the hub read a report, whose content it may not have");
    found(&mut lock(&simulator.state), &client, Some(&id), None).ok_or_else(Refusal::not_found)?;
    let page = format!("{}/r/{id}?page={}", simulator.url(), planted::REPORT_PAGE);
    Ok((StatusCode::FOUND, [(header::LOCATION, page)]).into_response())
}

pub(super) async fn cancel(
    State(simulator): State<AsurintSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let client = simulator.admit("POST /v1/orders/{id}/cancel", &headers)?;
    if !body.is_empty() && !simulator.read_object("cancel", &headers, &body)?.is_empty() {
        simulator.harness.violations.record("cancel came with fields in its body");
    }
    let order = simulator.order(&id).filter(|order| order.client == client).ok_or_else(Refusal::not_found)?;
    if order.stage.has_ended() {
        return Err(Refusal::plain(StatusCode::CONFLICT, "closed", "The order is closed"));
    }
    simulator.set_status(&id, Status::Cancelled);
    Ok(StatusCode::ACCEPTED)
}
