//! Reads the provider's truth about an order and makes the ATS show it.

use std::sync::Arc;
use std::time::Duration;

use domain::hint::{Hint, Message};
use domain::id::{ConnectionId, OrderId, ProviderOrderId};
use domain::order::{NextStep, Order};
use domain::reason::NotForUs;
use domain::trace::Trace;
use domain::trouble::Trouble;
use jiff::{SignedDuration, Timestamp};

use super::Failed;
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{Arrival, Connected};
use crate::write_back::change_and_write;

/// How long a callback about an order that we do not know is kept: it may have overtaken our own order's answer.
const UNKNOWN_KEPT: SignedDuration = SignedDuration::from_mins(10);
const UNKNOWN_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// Handles one message of the queue.
///
/// # Errors
/// [`Failed`] where it must come again.
pub async fn handle(hub: Arc<Hub>, message: Message, deadline: Deadline) -> Result<(), Failed> {
    match &message.hint {
        Hint::ProviderChanged { connection, provider_order, received_at } => {
            changed(&hub, connection, provider_order, *received_at, &message, deadline).await
        }
        Hint::Sync { order } => sync(&hub, order, deadline).await,
        Hint::CheckRequested { .. } | Hint::LeftTrigger { .. } | Hint::Resume { .. } => {
            tracing::error!("a message of the other queue");
            Ok(())
        }
    }
}

async fn changed(
    hub: &Hub,
    connection: &ConnectionId,
    provider_order: &ProviderOrderId,
    received_at: Timestamp,
    message: &Message,
    deadline: Deadline,
) -> Result<(), Failed> {
    let Some(connected) = hub.connected(connection).await? else { return Ok(()) };
    if let Some(order) = hub.store.order_of_provider(connection, provider_order).await? {
        return look(hub, &connected, order, deadline).await;
    }
    let now = hub.clock.now();
    if received_at.duration_until(now) < UNKNOWN_KEPT {
        let mut later = message.clone();
        later.put_off += 1;
        hub.store.spill(&later, now.saturating_add(UNKNOWN_PAUSE).unwrap_or(now)).await?;
        return Ok(());
    }
    // Ordered by hand at the provider, most likely.
    let outcome = NotForUs::UnknownOrder.code();
    let subject = format!("provider:{provider_order}");
    let arrival = Arrival { subject: &subject, outcome, trace: &Trace::default(), at: now, left_trigger: false };
    hub.store.record_arrival(connection, &arrival).await?;
    Ok(())
}

async fn sync(hub: &Hub, id: &OrderId, deadline: Deadline) -> Result<(), Failed> {
    let Some(order) = hub.store.order(id).await? else { return Ok(()) };
    let Some(connected) = hub.connected(&order.connection).await? else { return Ok(()) };
    match order.next_step(hub.clock.now(), &hub.config.timing) {
        NextStep::Look => look(hub, &connected, order, deadline).await,
        NextStep::Write | NextStep::Settle => settle_and_write(hub, &connected, order, deadline).await,
        NextStep::Place | NextStep::LookUp | NextStep::Nothing => Ok(()),
    }
}

/// Reads the order at the provider and writes what changed.
async fn look(hub: &Hub, connected: &Connected, order: Order, deadline: Deadline) -> Result<(), Failed> {
    let Some(provider_order) = order.provider_order.clone() else { return Ok(()) };
    let mut truth = hub.ask_provider(connected, deadline, |provider| provider.read(&provider_order)).await;
    if let (Ok(Some(truth)), false) = (&mut truth, connected.connection.ats.shows_single_checks()) {
        // What the ATS does not show is not stored either, and no reason for a write.
        truth.checks.clear();
    }
    let now = hub.clock.now();
    let timing = &hub.config.timing;
    if let Err(trouble) = &truth {
        tracing::warn!(order = %order.id, cause = %trouble.cause(), "the provider could not be read");
    }
    if let Ok(Some(truth)) = &truth
        && order.is_up_to_date_with(truth, now, timing)
    {
        return Ok(());
    }
    let order = change_and_write(hub, connected, order, deadline, |order| match &truth {
        Ok(Some(truth)) => order.observed(truth.clone(), now, timing).into_iter().collect(),
        Ok(None) => vec![order.gone_at_provider(now)],
        Err(trouble) => {
            order.not_readable(wait_of(trouble), now);
            Vec::new()
        }
    });
    let order = order.await?;
    tracing::info!(order = %order.id, status = order.status.code(), rev = order.desired_rev, "looked at the provider");
    Ok(())
}

fn wait_of(trouble: &Trouble) -> Option<Duration> {
    match trouble {
        Trouble::Later { after, .. } => *after,
        Trouble::Because { .. } => None,
    }
}

async fn settle_and_write(hub: &Hub, connected: &Connected, order: Order, deadline: Deadline) -> Result<(), Failed> {
    let now = hub.clock.now();
    change_and_write(hub, connected, order, deadline, |order| {
        order.settled(now, &hub.config.timing);
        Vec::new()
    })
    .await?;
    Ok(())
}
