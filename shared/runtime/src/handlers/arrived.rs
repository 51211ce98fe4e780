//! The beginning of the way of a webhook whose address names its connection.

use std::fmt::Display;
use std::sync::Arc;

use domain::connection::{Connection, ConnectionSecret};
use domain::id::ConnectionId;
use domain::webhook::{Unreadable, Unverified, Webhook};

use crate::edge::Call;
use crate::hub::Hub;
use crate::store::Connected;

/// Senders come again after it, so a passing trouble is always this.
pub(super) const UNAVAILABLE: u16 = 503;

/// What arrived, for whom, and with what its sender is proven.
pub(super) struct Arrived {
    pub(super) id: ConnectionId,
    pub(super) connected: Arc<Connected>,
    pub(super) secret: Arc<ConnectionSecret>,
    pub(super) webhook: Webhook<Unverified>,
}

/// Finds the connection of the address. `unknown` is what a sender is told whose connection is none of the route's here.
pub(super) async fn arrived(
    hub: &Hub,
    call: Call,
    unknown: u16,
    is_of_route: impl Fn(&Connection) -> bool,
) -> Result<Arrived, u16> {
    let now = hub.clock.now();
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| unknown)?;
    let webhook = Webhook::received(call.headers, call.body, now).map_err(|_| 413_u16)?;
    let connected =
        hub.connected(&id).await.map_err(|error| unavailable("the connection could not be read", &error))?;
    let connected = connected.filter(|c| c.connection.region == hub.config.region).ok_or(unknown)?;
    if !is_of_route(&connected.connection) {
        return Err(unknown);
    }
    let secret =
        hub.secrets.get(&id, now).await.map_err(|error| unavailable("the secret could not be read", &error))?;
    Ok(Arrived { id, connected, secret, webhook })
}

/// Says what could not be read, and gives what the sender is told.
pub(super) fn unavailable(what: &str, cause: &dyn Display) -> u16 {
    tracing::error!(%cause, "{what}");
    UNAVAILABLE
}

/// What the proven sender of something unreadable is told.
pub(super) fn unreadable(id: &ConnectionId, unreadable: Unreadable) -> u16 {
    match unreadable {
        Unreadable::TooLarge => 413,
        Unreadable::Malformed(cause) => {
            tracing::warn!(connection = %id, cause, "an event that cannot be read");
            400
        }
    }
}
