//! Replaces a password that we issued, or what we sign in with.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-rotate-credentials",
    method: "POST",
    path: "/admin/connections/{connection}/credentials",
    summary: "Replaces a password that we issued, or what we sign in with.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `POST /admin/connections/{connection}/credentials`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
