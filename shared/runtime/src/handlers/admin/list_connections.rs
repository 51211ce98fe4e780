//! Lists the connections of the region.

use std::sync::Arc;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-list-connections",
    method: "GET",
    path: "/admin/connections",
    summary: "Lists the connections of the region.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections`.
pub async fn handle(_hub: Arc<Hub>, _call: Call) -> Answer {
    problem(501, "Not there yet.", &[])
}
