//! Changes a connection's settings, pauses it or resumes it.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-update-connection",
    method: "PATCH",
    path: "/admin/connections/{connection}",
    summary: "Changes a connection's settings, pauses it or resumes it.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `PATCH /admin/connections/{connection}`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
