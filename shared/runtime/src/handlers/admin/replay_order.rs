//! Has an order, or all that a filter finds, gone on with.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-replay-order",
    method: "POST",
    path: "/admin/orders/{order}/replay",
    summary: "Has an order, or all that a filter finds, gone on with.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

pub const BULK_OPERATION: Operation = Operation {
    function: "admin-replay-order",
    method: "POST",
    path: "/admin/connections/{connection}/replays",
    summary: "Has an order, or all that a filter finds, gone on with.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `POST /admin/orders/{order}/replay`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
