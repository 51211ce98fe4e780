//! Disconnects a customer: its webhook, tokens, secret and data go.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-delete-connection",
    method: "DELETE",
    path: "/admin/connections/{connection}",
    summary: "Disconnects a customer: its webhook, tokens, secret and data go.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `DELETE /admin/connections/{connection}`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
