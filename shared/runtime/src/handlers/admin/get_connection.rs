//! Shows a connection with its mappings; never a secret.

use std::sync::Arc;

use serde_json::json;

use crate::edge::{Answer, Call, json_answer};
use crate::hub::Hub;

/// Handles `GET /admin/connections/{connection}`.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    match super::connected(&hub, &call).await {
        Err(answer) => answer,
        Ok(connected) => {
            let mut shown = super::connection_json(&hub, &connected.connection);
            if let Some(fields) = shown.as_object_mut() {
                fields.insert("mappings".to_owned(), json!(connected.mappings));
            }
            json_answer(200, &shown)
        }
    }
}
