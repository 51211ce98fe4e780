//! Says what would be decided about a request and why; writes and orders nothing.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-explain",
    method: "POST",
    path: "/admin/connections/{connection}/explain",
    summary: "Says what would be decided about a request and why; writes and orders nothing.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `POST /admin/connections/{connection}/explain`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
