//! Connections whose ATS's admin granted the access: what waited for it goes on, and lost triggers are found.

use domain::ats::Authorizes;
use domain::authorization::Authorization;
use domain::connection::{Connection, ConnectionSecret};
use domain::hint::{Hint, Message};
use domain::reason::Reason;
use domain::trouble::Trouble;
use jiff::Timestamp;

use crate::access::{self, change_authorization};
use crate::deadline::Deadline;
use crate::handlers::Failed;
use crate::hub::Hub;
use crate::store::Connected;
use crate::telemetry::Metric;
use crate::write_back::change;

pub(super) async fn watch(hub: &Hub, connection: &Connection, deadline: Deadline) -> Result<(), Failed> {
    let id = &connection.id;
    let Some(connected) = hub.connected(id).await? else { return Ok(()) };
    let Some(authorizes) = connected.connection.ats.authorizes() else { return Ok(()) };
    let Some(authorization) = hub.store.authorization(id).await? else { return Ok(()) };
    if authorization.lost_at.is_some() {
        // Said for as long as it is so, so that the alarm stays on.
        hub.metrics.publish(Metric::LostAccess, 1);
        return Ok(());
    }
    if authorization.to_resume {
        resume(hub, &authorization).await?;
    }
    let now = hub.clock.now();
    let Some(from) = authorization.looks_from(now) else { return Ok(()) };
    let mut claimed = authorization.clone();
    claimed.claim_look(now);
    claimed.to_resume = false;
    claimed.rev += 1;
    if !hub.store.save_authorization(&claimed, authorization.rev).await? {
        return Ok(());
    }
    if let Err(trouble) = look(hub, &connected, authorizes, from, now, deadline).await {
        tracing::warn!(connection = %id, cause = %trouble.cause(), "lost triggers could not be looked for");
        hub.metrics.publish(Metric::FailedLooks, 1);
    }
    Ok(())
}

/// Makes every write due that waited for the access.
async fn resume(hub: &Hub, authorization: &Authorization) -> Result<(), Failed> {
    let now = hub.clock.now();
    let mut resumed = 0_u64;
    for order in hub.store.blocked_orders(&authorization.connection).await? {
        if !order.is_blocked_by(Reason::AtsCredentials) {
            continue;
        }
        change(hub, order, |order| {
            order.unblocked(Reason::AtsCredentials, now);
            Vec::new()
        })
        .await?;
        resumed += 1;
    }
    tracing::info!(connection = %authorization.connection, count = resumed, "writes that waited for the access go on");
    Ok(())
}

/// Finds what webhooks that got lost would have said, as if each had come. Makes the webhook where there is none yet.
async fn look(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    from: Timestamp,
    began: Timestamp,
    deadline: Deadline,
) -> Result<(), Trouble> {
    let id = &connected.connection.id;
    let root = hub.config.public_url.as_deref().ok_or_else(|| Trouble::later("the public address is not set"))?;
    let stages = access::set_up(hub, connected, authorizes, root, deadline).await?;
    if !stages.is_empty() {
        let list = |secret: &ConnectionSecret| Some(authorizes.entered_since(secret.access.as_ref()?, &stages, from));
        for subject in access::ask(hub, connected, authorizes, deadline, list).await? {
            let hint = Hint::CheckRequested { connection: id.clone(), subject, received_at: began };
            let sent = hub.queues.send(&Message::new(hint)).await;
            sent.map_err(|_| Trouble::later("the queue did not take a message"))?;
        }
    }
    change_authorization(hub, id, |authorization| {
        authorization.looked(stages.clone(), began);
        true
    })
    .await
}
