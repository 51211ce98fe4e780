//! Lists what admins changed, the latest first; of a connection that is gone, too.

use std::sync::Arc;

use domain::id::ConnectionId;
use domain::invalid::Invalid;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{CURSOR, LIMIT, Operation, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{AuditEntry, ListError};

/// A page of entries.
#[derive(Debug, Serialize, JsonSchema)]
struct Entries {
    entries: Vec<AuditEntry>,
    /// The `cursor` of the next page; nothing where this is the last.
    next: Option<String>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-list-audit",
    method: "GET",
    path: "/admin/connections/{connection}/audit",
    summary: "Lists what admins changed, the latest first; of a deleted connection, too.",
    query: &[LIMIT, CURSOR],
    body: None,
    answers: &[(200, of::<Entries>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections/{connection}/audit`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match list(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[LIMIT.name, CURSOR.name])?;
    let limit = super::body::limit(call)?;
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| super::no_connection())?;
    let page = hub.store.audit_entries(&id, limit, call.query.get(CURSOR.name).map(String::as_str)).await;
    let page = page.map_err(|error| match error {
        ListError::NoCursor => {
            let invalid = Invalid::new(CURSOR.name, "must be the next of the page before");
            problem(400, "A parameter of the query is not as it must be.", &[invalid])
        }
        ListError::Store(error) => super::unavailable(&error),
    })?;
    if page.items.is_empty() && !call.query.contains_key(CURSOR.name) {
        // Nothing was changed yet, or there never was such a connection.
        super::connected(hub, call).await?;
    }
    Ok(json_answer(200, &Entries { entries: page.items, next: page.next }))
}
