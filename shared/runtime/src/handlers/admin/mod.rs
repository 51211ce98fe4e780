//! What an admin may do: one function an operation. API Gateway has proven who it is.

pub mod create_connection;
pub mod end_lever_authorization;
pub mod get_connection;
pub mod get_order;
pub mod put_mapping;
pub mod start_lever_authorization;

use std::sync::Arc;

use domain::ats::Intake;
use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::invalid::Invalid;
use domain::reason::Refusal;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;
use crate::store::{Connected, StoreError};

/// The largest body that an admin may send, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The body as what the operation takes, or problem details that say where it is not. A message of the parser may quote
/// what was sent, so of it only the place is told.
fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Answer> {
    if call.body.len() > MAX_BODY {
        return Err(problem(413, "The body is larger than 64 KiB.", &[]));
    }
    serde_json::from_slice(&call.body).map_err(|error| {
        let text = error.to_string();
        let told = ["unknown field", "missing field", "unknown variant", "duplicate field"];
        let about = if told.iter().any(|start| text.starts_with(start)) {
            text.split(" at line ").next().unwrap_or_default().to_owned()
        } else {
            "is not of the expected form".to_owned()
        };
        let place = format!("line {} column {}", error.line(), error.column());
        problem(400, "The body is not what this operation takes.", &[Invalid::new(place, about)])
    })
}

fn unavailable(error: &StoreError) -> Answer {
    tracing::error!(cause = %error, "the table could not be used");
    problem(503, "The store cannot be reached just now. Try again.", &[])
}

async fn connected(hub: &Hub, call: &Call) -> Result<Arc<Connected>, Answer> {
    let unknown = || problem(404, "There is no such connection in this region.", &[]);
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| unknown())?;
    // An admin sees what is stored, not what is kept.
    hub.forget(&id).await;
    let connected = hub.connected(&id).await.map_err(|error| unavailable(&error))?;
    connected.filter(|connected| connected.connection.region == hub.config.region).ok_or_else(unknown)
}

fn grants_nothing() -> Answer {
    problem(409, "This connection's ATS grants no access on a page of its own: there is nothing to authorize.", &[])
}

/// Why something waits or was refused, and who does what about it.
fn refusal_json(refusal: &Refusal) -> Value {
    let reason = refusal.reason;
    json!({"code": reason.code(), "about": refusal.about, "owner": reason.owner().name(), "cure": reason.cure()})
}

/// A connection as an admin sees it: every setting, no secret, no hash.
fn connection_json(hub: &Hub, connection: &Connection) -> Value {
    let root = hub.config.public_url.as_deref().unwrap_or_default();
    let webhook = match connection.ats.intake() {
        Intake::Webhook(_) if connection.ats.takes_password() => Some(json!({
            "url": format!("{root}/api/external/ats/{}/webhook/", connection.ats.name()),
            "username": connection.id,
            "valid_passwords": connection.webhook_passwords.len(),
        })),
        Intake::Webhook(_) | Intake::Poll(_) => None,
    };
    let mut provider_webhook = json!({"url": hub.provider_webhook(connection)});
    if let (false, Some(fields)) = (connection.provider_passwords.is_empty(), provider_webhook.as_object_mut()) {
        fields.insert("username".to_owned(), json!(connection.id));
        fields.insert("valid_passwords".to_owned(), json!(connection.provider_passwords.len()));
    }
    json!({
        "id": connection.id,
        "region": connection.region,
        "state": connection.state,
        "rev": connection.rev,
        "created_at": connection.created_at,
        "ats": connection.ats,
        "provider": connection.provider,
        "report": connection.report,
        "default_group": connection.default_group,
        "fallback_requester": connection.fallback_requester,
        "webhook": webhook,
        "provider_webhook": provider_webhook,
    })
}
