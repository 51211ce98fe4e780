//! Erases what is kept of an application or an order.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-erase-candidate",
    method: "POST",
    path: "/admin/connections/{connection}/erasures",
    summary: "Erases what is kept of an application or an order.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `POST /admin/connections/{connection}/erasures`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
