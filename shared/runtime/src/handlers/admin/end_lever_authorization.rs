//! Gives the access to a Lever account back: our webhook there is deleted, the tokens are forgotten.

use std::sync::Arc;

use serde_json::json;

use super::operation::{Operation, of};
use crate::access;
use crate::edge::{Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-end-lever-authorization",
    method: "DELETE",
    path: "/admin/connections/{connection}/lever-authorization",
    summary: "Gives the access to a Lever account back.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 409, 503],
};

/// Handles `DELETE /admin/connections/{connection}/lever-authorization`; may be repeated.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        let connected = match super::connected(&hub, &call).await {
            Ok(connected) => connected,
            Err(answer) => return answer,
        };
        let id = &connected.connection.id;
        let Some(authorizes) = connected.connection.ats.authorizes() else { return super::grants_nothing() };
        match access::end(&hub, &connected, authorizes, call.deadline).await {
            Ok(webhook_deleted) => {
                tracing::info!(connection = %id, "the access was given back");
                let note = if webhook_deleted {
                    "Our webhook and the tokens are gone. The app stays listed under Authorized Apps until it is revoked there."
                } else {
                    "The tokens are gone. Our webhook could not be deleted: delete it in Lever, or revoke the app there."
                };
                json_answer(200, &json!({"ended": true, "webhook_deleted": webhook_deleted, "note": note}))
            }
            Err(trouble) => {
                tracing::error!(connection = %id, cause = %trouble.cause(), "the access could not be given back");
                problem(503, "The access could not be given back just now. Try again.", &[])
            }
        }
    })
}
