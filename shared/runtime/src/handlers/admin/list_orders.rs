//! Lists the orders of a connection, the newest first, as far as they are asked for.

use std::sync::Arc;

use domain::id::AtsId;
use domain::invalid::Invalid;
use domain::reason::Reason;
use domain::status::{Delivery, OrderStatus};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::operation::{CURSOR, LIMIT, Operation, Parameter, of};
use super::orders::{Row, not_listed};
use super::{body, connected};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::OrderFilter;

const fn parameter<T: JsonSchema>(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about, required: false, schema: of::<T>() }
}

const QUERY: &[Parameter] = &[
    LIMIT,
    CURSOR,
    parameter::<OrderStatus>("status", "How far the orders are."),
    parameter::<bool>("held", "`true` is short for the status `held`."),
    parameter::<Reason>("reason", "Why the orders wait or were refused, or why their writes to the ATS wait."),
    parameter::<Delivery>("delivery", "Whether the ATS shows the newest state."),
    parameter::<Timestamp>("since", "Created at that time or later."),
    parameter::<Timestamp>("until", "Created before that time."),
    parameter::<AtsId>("application", "The ATS's id of the application."),
];

pub const OPERATION: Operation = Operation {
    function: "admin-list-orders",
    method: "GET",
    path: "/admin/connections/{connection}/orders",
    summary: "Lists the orders of a connection, the newest first. A filtered page may be short and still have a next.",
    query: QUERY,
    body: None,
    answers: &[(200, of::<Listed>())],
    problems: &[400, 404, 503],
};

/// A page of orders.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Listed {
    orders: Vec<Row>,
    /// The `cursor` of the next page.
    next: Option<String>,
}

/// Handles `GET /admin/connections/{connection}/orders`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move { list(&hub, &call).await.unwrap_or_else(|answer| answer) })
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    let names: Vec<_> = QUERY.iter().map(|parameter| parameter.name).collect();
    body::only(call, &names)?;
    let limit = body::limit(call)?;
    let filter = filter(call)?;
    let connected = connected(hub, call).await?;
    let cursor = call.query.get("cursor").map(String::as_str);
    let page = hub.store.orders_of(&connected.connection.id, &filter, limit, cursor).await;
    let page = page.map_err(|error| not_listed(&error))?;
    Ok(json_answer(200, &Listed { orders: page.items.iter().map(Row::of).collect(), next: page.next }))
}

fn word<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(text.into()).ok()
}

fn filter(call: &Call) -> Result<OrderFilter, Answer> {
    let is_held = match body::parameter(call, "held", |text| text.parse().ok(), "must be true or false")? {
        Some(false) => return Err(at_fault("held", "must be true, or left out")),
        held => held.is_some(),
    };
    let status = body::parameter(call, "status", OrderStatus::from_code, "must be a status of the list")?;
    if is_held && status.is_some_and(|status| status != OrderStatus::Held) {
        return Err(at_fault("held", "goes with no other status"));
    }
    Ok(OrderFilter {
        status: if is_held { Some(OrderStatus::Held) } else { status },
        reason: body::parameter(call, "reason", word::<Reason>, "must be a reason code")?,
        delivery: body::parameter(call, "delivery", word::<Delivery>, "must be a delivery of the list")?,
        since: body::parameter(call, "since", |text| text.parse().ok(), "must be a time as in RFC 3339")?,
        until: body::parameter(call, "until", |text| text.parse().ok(), "must be a time as in RFC 3339")?,
        application: body::parameter(call, "application", |text| AtsId::parse(text).ok(), "must be an identifier")?,
    })
}

fn at_fault(field: &str, problem_is: &str) -> Answer {
    problem(400, "A parameter of the query is not as it must be.", &[Invalid::new(field, problem_is)])
}
