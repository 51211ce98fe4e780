//! The way of every provider's callback: whom → proven → decoded → one durable write → 200.

use domain::hint::Hint;
use domain::id::ConnectionId;
use domain::provider::{ProviderEvent, ProviderSettings};
use domain::reason::NotForUs;
use domain::trace::Trace;
use domain::webhook::{Unreadable, Webhook};

use crate::edge::{Answer, Call, answer};
use crate::hub::Hub;
use crate::store::Arrival;

/// Takes a callback of a connection whose provider is the one of the route.
pub(super) async fn handle(hub: &Hub, call: Call, is_of_route: fn(&ProviderSettings) -> bool) -> Answer {
    let status = match receive(hub, call, is_of_route).await {
        Ok(()) => 200,
        Err(status) => status,
    };
    answer(status, &[], "")
}

/// Providers come again only after 408 and 5xx, so a passing trouble is always 503.
async fn receive(hub: &Hub, call: Call, is_of_route: fn(&ProviderSettings) -> bool) -> Result<(), u16> {
    const UNAVAILABLE: u16 = 503;
    let now = hub.clock.now();
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| 401_u16)?;
    let webhook = Webhook::received(call.headers, call.body, now).map_err(|_| 413_u16)?;
    let connected = hub.connected(&id).await.map_err(|error| {
        tracing::error!(cause = %error, "the connection could not be read");
        UNAVAILABLE
    })?;
    let connected = connected.filter(|c| c.connection.region == hub.config.region).ok_or(401_u16)?;
    let connection = &connected.connection;
    if !is_of_route(&connection.provider) {
        return Err(401);
    }
    let secret = hub.secrets.get(&id, now).await.map_err(|error| {
        tracing::error!(cause = %error, "the secret could not be read");
        UNAVAILABLE
    })?;
    let scheme = connection.provider.scheme(&secret.provider, &id, &connection.provider_passwords).ok_or(401_u16)?;
    let webhook = webhook.verify(scheme).map_err(|_| {
        tracing::warn!(connection = %id, "a callback with a wrong signature");
        401_u16
    })?;
    let event = connection.provider.decode(&webhook).map_err(|unreadable| match unreadable {
        Unreadable::TooLarge => 413_u16,
        Unreadable::Malformed(cause) => {
            tracing::warn!(connection = %id, cause, "a callback that cannot be read");
            400
        }
    })?;
    let hint = match event {
        ProviderEvent::Changed { order: provider_order, ours, .. } => {
            Hint::ProviderChanged { connection: id, provider_order, ours, received_at: now }
        }
        ProviderEvent::Told { truth, ours } => Hint::ProviderTold { connection: id, truth, ours, received_at: now },
        ProviderEvent::UnknownType { .. } => {
            let outcome = NotForUs::UnknownEventType.code();
            let arrival =
                Arrival { subject: "provider-events", outcome, trace: &Trace::default(), at: now, left_trigger: false };
            hub.store.record_arrival_or_log(&id, &arrival).await;
            return Ok(());
        }
    };
    hub.queues.send_or_spill(hint, &hub.store, now).await.map_err(|_| UNAVAILABLE)
}
