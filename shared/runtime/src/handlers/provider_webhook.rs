//! The way of every provider's callback: whom → proven → decoded → one durable write → 200.

use domain::hint::Hint;
use domain::provider::{ProviderEvent, ProviderSettings};
use domain::reason::NotForUs;
use domain::trace::Trace;

use super::arrived::{Arrived, UNAVAILABLE, arrived, unreadable};
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

async fn receive(hub: &Hub, call: Call, is_of_route: fn(&ProviderSettings) -> bool) -> Result<(), u16> {
    let now = hub.clock.now();
    let arrived = arrived(hub, call, 401, |connection| is_of_route(&connection.provider)).await?;
    let Arrived { id, connected, secret, webhook } = arrived;
    let connection = &connected.connection;
    let scheme = connection.provider.scheme(&secret.provider, &id, &connection.provider_passwords).ok_or(401_u16)?;
    let webhook = webhook.verify(scheme).map_err(|_| {
        tracing::warn!(connection = %id, "a callback with a wrong signature");
        401_u16
    })?;
    let event = connection.provider.decode(&webhook).map_err(|why| unreadable(&id, why))?;
    let hint = match event {
        ProviderEvent::Changed { order: provider_order, ours, .. } => {
            Hint::ProviderChanged { connection: id, provider_order, ours, received_at: now }
        }
        ProviderEvent::Told { truth, ours } => Hint::ProviderTold { connection: id, truth, ours, received_at: now },
        ProviderEvent::UnknownType { .. } => {
            let outcome = NotForUs::UnknownEventType.code();
            let arrival = Arrival {
                subject: Arrival::PROVIDER_EVENTS,
                outcome,
                trace: &Trace::default(),
                at: now,
                left_trigger: false,
            };
            hub.store.record_arrival_or_log(&id, &arrival).await;
            return Ok(());
        }
    };
    hub.queues.send_or_spill(hint, &hub.store, now).await.map_err(|_| UNAVAILABLE)
}
