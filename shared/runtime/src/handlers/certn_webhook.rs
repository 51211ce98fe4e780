//! Certn says that a case changed. What it says is only a hint: the worker reads the case itself.

use std::sync::Arc;

use domain::hint::Hint;
use domain::id::ConnectionId;
use domain::provider::{ProviderEvent, ProviderSettings, certn};
use domain::reason::NotForUs;
use domain::trace::Trace;
use domain::webhook::{Unreadable, Webhook};
use http::Method;

use crate::edge::{Answer, Call, answer};
use crate::hub::Hub;
use crate::store::Arrival;

/// Handles the handshake (GET) and the events (POST) of one connection.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    if !call.is_for_webhook() {
        return answer(404, &[], "");
    }
    if call.method == Method::GET {
        return handshake(&call);
    }
    let status = match receive(&hub, call).await {
        Ok(()) => 200,
        Err(status) => status,
    };
    answer(status, &[], "")
}

/// Certn proves that the address is ours by having a value echoed as plain text.
fn handshake(call: &Call) -> Answer {
    let headers = [("content-type", "text/plain"), ("x-content-type-options", "nosniff")];
    match call.query.get("challenge").and_then(|value| certn::challenge(value)) {
        Some(echo) => answer(200, &headers, echo),
        None => answer(400, &headers, "challenge is missing or not of the expected form"),
    }
}

/// Certn comes again only after 408 and 5xx, so a passing trouble is always 503.
async fn receive(hub: &Hub, call: Call) -> Result<(), u16> {
    const UNAVAILABLE: u16 = 503;
    let now = hub.clock.now();
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| 401_u16)?;
    let webhook = Webhook::received(call.headers, call.body, now).map_err(|_| 413_u16)?;
    let connected = hub.connected(&id).await.map_err(|error| {
        tracing::error!(cause = %error, "the connection could not be read");
        UNAVAILABLE
    })?;
    let connected = connected.filter(|c| c.connection.region == hub.config.region).ok_or(401_u16)?;
    #[expect(irrefutable_let_patterns, reason = "Certn is the first provider")]
    let ProviderSettings::Certn(_) = &connected.connection.provider else { return Err(401) };
    let secret = hub.secrets.get(&id, now).await.map_err(|error| {
        tracing::error!(cause = %error, "the secret could not be read");
        UNAVAILABLE
    })?;
    let webhook = webhook.verify(secret.provider.scheme()).map_err(|_| {
        tracing::warn!(connection = %id, "a callback with a wrong signature");
        401_u16
    })?;
    let event = connected.connection.provider.decode(&webhook).map_err(|unreadable| match unreadable {
        Unreadable::TooLarge => 413_u16,
        Unreadable::Malformed(cause) => {
            tracing::warn!(connection = %id, cause, "a callback that cannot be read");
            400
        }
    })?;
    match event {
        ProviderEvent::Changed { order: provider_order, .. } => {
            let hint = Hint::ProviderChanged { connection: id, provider_order, received_at: now };
            hub.queues.send_or_spill(hint, &hub.store, now).await.map_err(|_| UNAVAILABLE)
        }
        ProviderEvent::UnknownType { .. } => {
            let outcome = NotForUs::UnknownEventType.code();
            let arrival =
                Arrival { subject: "provider-events", outcome, trace: &Trace::default(), at: now, left_trigger: false };
            hub.store.record_arrival_or_log(&id, &arrival).await;
            Ok(())
        }
    }
}
