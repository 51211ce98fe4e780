//! Lever says that a candidate entered a stage. The body is not signed as a whole, so it is only a hint: the worker
//! reads the opportunity itself.
//!
//! Whom → proven → decoded → not taken in before → one durable write → remembered → 200.

use std::sync::Arc;

use domain::ats::{AtsEvent, AtsSettings, Keys, ReceivesWebhooks as _, lever};
use domain::connection::Connection;
use domain::hint::Hint;
use domain::reason::NotForUs;
use domain::trace::Trace;

use super::Answering;
use super::arrived::{Arrived, UNAVAILABLE, arrived, unavailable, unreadable};
use crate::access::change_authorization;
use crate::edge::{Call, answer};
use crate::hub::Hub;
use crate::store::{Arrival, Connected};

/// By which a use is noted.
const WAY: &str = "webhook";

/// Handles one event of Lever, which reads nothing but the status: any 2xx is taken, anything else comes again five times.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if !call.is_for_webhook() {
            return answer(404, &[], "");
        }
        let status = match receive(&hub, call).await {
            Ok(()) => 200,
            Err(status) => status,
        };
        answer(status, &[], "")
    })
}

async fn receive(hub: &Hub, call: Call) -> Result<(), u16> {
    let now = hub.clock.now();
    let token = call.path_parameter("token").to_owned();
    let is_lever = |connection: &Connection| matches!(connection.ats, AtsSettings::Lever(_));
    let Arrived { id, connected, secret, webhook } = arrived(hub, call, 404, is_lever).await?;
    let AtsSettings::Lever(settings) = &connected.connection.ats else { return Err(404) };
    if !secret.is_path_token(&token) {
        return Err(404);
    }
    let passwords = &connected.connection.webhook_passwords;
    let keys = |access| Keys { connection: &id, passwords, access };
    let verified = match webhook.clone().verify(settings.scheme(keys(secret.access.as_ref()))) {
        Ok(verified) => verified,
        Err(_) => {
            // The webhook may have been made anew a moment ago, in another process.
            let reread = hub.secrets.reread(&id, now).await;
            let reread = reread.map_err(|error| unavailable("the secret could not be read", &error))?;
            let access = reread.as_ref().and_then(|secret| secret.access.as_ref());
            webhook.verify(settings.scheme(keys(access))).map_err(|_| {
                tracing::warn!(connection = %id, "a webhook with a wrong signature");
                401_u16
            })?
        }
    };
    let event = settings.decode(&verified).map_err(|why| unreadable(&id, why))?;
    let Some(delivery) = lever::token_of(&verified) else { return Err(400) };
    let known = hub.store.knows_delivery(&id, &delivery).await;
    if known.map_err(|error| unavailable("the table could not be read", &error))? {
        tracing::info!(connection = %id, outcome = NotForUs::DuplicateDelivery.code(), "not for us");
        return Ok(());
    }
    heard(hub, &connected).await;
    let why = match event {
        AtsEvent::CheckRequested(subject) if may_be_trigger(&connected, subject.status.as_str()) => {
            let hint = Hint::CheckRequested { connection: id.clone(), subject, received_at: now };
            hub.queues.send_or_spill(hint, &hub.store, now).await.map_err(|_| UNAVAILABLE)?;
            // Only now: the retry of a delivery that was not stored must not look like a repetition.
            if let Err(error) = hub.store.remember_delivery(&id, &delivery, now).await {
                tracing::warn!(connection = %id, cause = %error, "a delivery could not be remembered");
            }
            hub.note_use(&id, WAY).await;
            return Ok(());
        }
        AtsEvent::CheckRequested(_) | AtsEvent::LeftTrigger(_) => NotForUs::NotTriggerStatus,
        AtsEvent::NotForUs(why) => why,
    };
    tracing::info!(connection = %id, outcome = why.code(), "not for us");
    let arrival = Arrival {
        subject: Arrival::OTHER_EVENTS,
        outcome: why.code(),
        trace: &Trace::default(),
        at: now,
        left_trigger: false,
    };
    hub.store.record_arrival_or_log(&id, &arrival).await;
    hub.note_use(&id, WAY).await;
    Ok(())
}

/// Whether the stage is one of the trigger stages that Lever had when it was last asked. While none is known, the worker
/// finds out.
fn may_be_trigger(connected: &Connected, stage: &str) -> bool {
    let stages =
        connected.authorization.as_ref().map(|authorization| authorization.stages.as_slice()).unwrap_or_default();
    stages.is_empty() || stages.iter().any(|trigger| trigger.as_str() == stage)
}

/// Notes that the webhook speaks, so that an admin sees that its switch in Lever is on.
async fn heard(hub: &Hub, connected: &Connected) {
    let now = hub.clock.now();
    if connected.authorization.as_ref().is_none_or(|authorization| authorization.was_heard_lately(now)) {
        return;
    }
    let noted = change_authorization(hub, &connected.connection.id, |authorization| authorization.heard(now)).await;
    if let Err(trouble) = noted {
        tracing::warn!(cause = %trouble.cause(), "it could not be noted that the webhook speaks");
    }
}
