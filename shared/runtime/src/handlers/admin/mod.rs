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
mod new_credentials;
mod new_password;
mod not_told;
mod orders;
mod shown;

use std::sync::Arc;

use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::reason::Reason;

use self::operation::Operation;
use crate::edge::{Answer, Call, conflict, problem};
use crate::hub::Hub;
use crate::replay;
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

/// Goes on with the orders that waited for what was just cured. Where that cannot be done now, each goes on at the end of
/// its own pause.
async fn go_on_with(hub: &Hub, call: &Call, reasons: &[Reason]) {
    let Ok(connected) = connected(hub, call).await else { return };
    for reason in reasons {
        if let Err(error) = Box::pin(replay::go_on_with(hub, &connected, *reason, call.deadline)).await {
            tracing::warn!(connection = %connected.connection.id, cause = %error, "the orders go on by themselves");
        }
    }
}

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

const CHANGED_MEANWHILE: &str = "Somebody else changed the connection: read it again, and change it as it is now.";

/// Refuses what was decided on a connection that was changed since.
fn is_newest(connection: &Connection, rev: Option<u64>) -> Result<(), Answer> {
    match rev {
        Some(rev) if rev != connection.rev => Err(conflict(CHANGED_MEANWHILE, connection.rev)),
        _ => Ok(()),
    }
}
