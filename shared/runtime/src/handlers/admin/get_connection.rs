//! Shows a connection with its mappings, what should be mapped, and how asking its ATS goes; never a secret.

use std::sync::Arc;

use domain::poll::Poll;
use serde_json::{Value, json};

use crate::edge::{Answer, Call, json_answer};
use crate::hub::Hub;

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
                fields.insert("polling".to_owned(), poll.as_ref().map_or(Value::Null, polling_json));
            }
            json_answer(200, &shown)
        }
    }
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
