//! The way of every provider's callback: whom → proven → decoded → one durable write → 200.

use std::sync::Arc;

use domain::connection::{Connection, ConnectionSecret};
use domain::hint::Hint;
use domain::provider::{ProviderEvent, ProviderSettings};
use domain::reason::NotForUs;
use domain::trace::Trace;
use domain::webhook::{Unauthentic, Unverified, Verified, Webhook};

use super::arrived::{Arrived, UNAVAILABLE, arrived, unavailable, unreadable};
use crate::edge::{Answer, Call, answer};
use crate::hub::Hub;
use crate::store::{Arrival, Connected};

/// By which a use is noted.
pub(super) const WAY: &str = "provider_webhook";

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
    let Arrived { id, connected, secret, webhook } =
        arrived(hub, call, 401, |connection| is_of_route(&connection.provider)).await?;
    let (connected, webhook) = match verify(&connected, &secret, webhook.clone()) {
        Ok(webhook) => (connected, webhook),
        Err(_) => prove_anew(hub, &connected, secret, webhook).await?,
    };
    let connection = &connected.connection;
    let event = connection.provider.decode(&webhook).map_err(|why| unreadable(&id, why))?;
    let way = webhook.password().map_or_else(|| WAY.to_owned(), |password| format!("{WAY}#{password}"));
    let hint = match event {
        ProviderEvent::Changed { order: provider_order, ours, .. } => {
            Hint::ProviderChanged { connection: id.clone(), provider_order, ours, received_at: now, listed: false }
        }
        ProviderEvent::Told { truth, ours } => {
            Hint::ProviderTold { connection: id.clone(), truth, ours, received_at: now }
        }
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
            hub.note_use(&id, &way).await;
            return Ok(());
        }
    };
    hub.queues.send_or_spill(hint, &hub.store, now).await.map_err(|_| UNAVAILABLE)?;
    hub.note_use(&id, &way).await;
    Ok(())
}

fn verify(
    connected: &Connected,
    secret: &ConnectionSecret,
    webhook: Webhook<Unverified>,
) -> Result<Webhook<Verified>, Unauthentic> {
    let Connection { id, provider, provider_passwords, .. } = &connected.connection;
    webhook.verify(provider.scheme(&secret.provider, id, provider_passwords).ok_or(Unauthentic)?)
}

/// Looks whether a password or a secret of the provider was replaced a moment ago, in another process.
async fn prove_anew(
    hub: &Hub,
    kept: &Arc<Connected>,
    secret: Arc<ConnectionSecret>,
    webhook: Webhook<Unverified>,
) -> Result<(Arc<Connected>, Webhook<Verified>), u16> {
    let id = &kept.connection.id;
    let connected = if kept.connection.provider.traits().takes_password {
        let connected = hub.connected_lately(id).await;
        connected.map_err(|error| unavailable("the connection could not be read", &error))?.ok_or(401_u16)?
    } else {
        Arc::clone(kept)
    };
    let reread = hub.secrets.reread(id, hub.clock.now()).await;
    let reread = reread.map_err(|error| unavailable("the secret could not be read", &error))?;
    let webhook = verify(&connected, &reread.unwrap_or(secret), webhook).map_err(|_| {
        tracing::warn!(connection = %id, "a callback with a wrong signature");
        401_u16
    })?;
    Ok((connected, webhook))
}
