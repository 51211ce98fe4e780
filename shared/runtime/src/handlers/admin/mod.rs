//! What an admin may do: one function an operation. API Gateway has proven who it is.

pub mod adopt_order;
pub mod cancel_order;
pub mod check_connection;
pub mod create_connection;
pub mod delete_connection;
pub mod delete_mapping;
pub mod end_lever_authorization;
pub mod erase_candidate;
pub mod explain;
pub mod get_connection;
pub mod get_order;
pub mod list_audit;
pub mod list_connections;
pub mod list_groups;
pub mod list_mappings;
pub mod list_orders;
pub mod list_packages;
pub mod openapi;
pub mod operation;
pub mod put_mapping;
pub mod replay_order;
pub mod rotate_credentials;
pub mod start_lever_authorization;
pub mod update_connection;

mod body;
mod catalogue;
mod orders;

use std::sync::Arc;

use domain::ats::Intake;
use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::reason::Refusal;
use serde_json::{Value, json};

use self::operation::Operation;
use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;
use crate::store::{Connected, StoreError};

/// Every operation, as its function serves it.
pub const OPERATIONS: &[Operation] = &[
    adopt_order::OPERATION,
    cancel_order::OPERATION,
    check_connection::OPERATION,
    create_connection::OPERATION,
    delete_connection::OPERATION,
    delete_mapping::OPERATION,
    end_lever_authorization::OPERATION,
    erase_candidate::OPERATION,
    explain::OPERATION,
    get_connection::OPERATION,
    get_order::OPERATION,
    list_audit::OPERATION,
    list_connections::OPERATION,
    list_groups::OPERATION,
    list_mappings::OPERATION,
    list_orders::OPERATION,
    list_packages::OPERATION,
    put_mapping::OPERATION,
    replay_order::OPERATION,
    replay_order::BULK_OPERATION,
    rotate_credentials::OPERATION,
    start_lever_authorization::OPERATION,
    update_connection::OPERATION,
];

fn unavailable(error: &StoreError) -> Answer {
    tracing::error!(cause = %error, "the table could not be used");
    problem(503, "The store cannot be reached just now. Try again.", &[])
}

fn no_connection() -> Answer {
    problem(404, "There is no such connection in this region.", &[])
}

async fn connected(hub: &Hub, call: &Call) -> Result<Arc<Connected>, Answer> {
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| no_connection())?;
    // An admin sees what is stored, not what is kept.
    hub.forget(&id).await;
    let connected = hub.connected(&id).await.map_err(|error| unavailable(&error))?;
    connected.filter(|connected| connected.connection.region == hub.config.region).ok_or_else(no_connection)
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
