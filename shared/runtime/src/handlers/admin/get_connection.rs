//! Shows a connection with its mappings, what should be mapped, and how asking its ATS goes; never a secret.

use std::sync::Arc;

use domain::authorization::Authorization;
use domain::poll::Poll;
use serde_json::{Value, json};

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer};
use crate::hub::Hub;

pub const OPERATION: Operation = Operation {
    function: "admin-get-connection",
    method: "GET",
    path: "/admin/connections/{connection}",
    summary: "Shows a connection; never a secret.",
    query: &[],
    body: None,
    answers: &[(200, of::<Value>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections/{connection}`.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    match super::connected(&hub, &call).await {
        Err(answer) => answer,
        Ok(connected) => {
            let mut shown = super::connection_json(&hub, &connected.connection);
            let id = &connected.connection.id;
            let (poll, unmapped) = match futures::try_join!(hub.store.poll(id), hub.store.unmapped(id)) {
                Ok(read) => read,
                Err(error) => return super::unavailable(&error),
            };
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("mappings".to_owned(), json!(connected.mappings));
                fields.insert("unmapped".to_owned(), json!(unmapped));
                let authorization = connected.authorization.as_ref();
                fields.insert("authorization".to_owned(), authorization.map_or(Value::Null, authorization_json));
                fields.insert("polling".to_owned(), poll.as_ref().map_or(Value::Null, polling_json));
            }
            json_answer(200, &shown)
        }
    }
}

/// Where the access stands that the ATS's admin grants, and who must do what where it cannot be used.
fn authorization_json(authorization: &Authorization) -> Value {
    let state = match (authorization.granted_at, authorization.lost_at) {
        (_, Some(_)) => "lost",
        (Some(_), None) => "granted",
        (None, None) => "not_granted",
    };
    let webhook = match (&authorization.hook, authorization.heard_at) {
        _ if !authorization.is_granted() => "",
        (None, _) => "It could not be made yet; it is tried again every ten minutes.",
        (Some(_), None) => {
            "No event was received yet. In the ATS, its switch may be off: see that \"Candidate Stage Change\" is on."
        }
        (Some(_), Some(_)) => "It was heard.",
    };
    let no_stage = authorization.is_granted() && authorization.stages.is_empty();
    json!({
        "state": state,
        "granted_at": authorization.granted_at,
        "lost_at": authorization.lost_at,
        "cause": authorization.cause,
        "waits_for": authorization.refusal().as_ref().map(super::refusal_json),
        "consent_link_expires_at": authorization.pending.as_ref().map(|pending| pending.expires_at),
        "webhook": {"made": authorization.hook.is_some(), "heard_at": authorization.heard_at, "note": webhook},
        "trigger_stages": authorization.stages,
        "trigger_stage_note": no_stage.then_some("The ATS has no such stage yet: it must be added there."),
        "lost_triggers_looked_for_at": authorization.looked_at,
    })
}

/// How asking an ATS that does not call us goes, and who must do what where it does not.
fn polling_json(poll: &Poll) -> Value {
    json!({
        "last_at": poll.looked_at,
        "next_at": poll.due_at,
        "failing_since": poll.failing_since,
        "cause": poll.cause,
        "waits_for": poll.refusal.as_ref().map(super::refusal_json),
    })
}
