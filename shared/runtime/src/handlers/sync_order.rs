//! Reads the provider's truth about an order and makes the ATS show it.

use std::sync::Arc;
use std::time::Duration;

use domain::hint::{Hint, Message};
use domain::id::{ConnectionId, OrderId, ProviderOrderId};
use domain::mapping::MappingKind;
use domain::order::{Found, NextStep, Order};
use domain::provider::{Reading, Truth};
use domain::reason::NotForUs;
use domain::status::{OrderStatus, ResultCode};
use domain::trace::Trace;
use domain::trouble::Trouble;
use jiff::{SignedDuration, Timestamp};

mod silent_webhook;

use super::{Failed, Working};
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{Arrival, Connected, StoreError};
use crate::telemetry::Metric;
use crate::write_back::change_and_write;

/// How long a callback about an order that we do not know is kept: it may have overtaken our own order's answer.
const UNKNOWN_KEPT: SignedDuration = SignedDuration::from_mins(10);
const UNKNOWN_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// Handles one message of the queue.
///
/// # Errors
/// [`Failed`] where it must come again.
pub fn handle(hub: Arc<Hub>, message: Message, deadline: Deadline) -> Working {
    Box::pin(async move {
        match &message.hint {
            Hint::ProviderChanged { connection, provider_order, ours, received_at, listed } => {
                let told = if *listed { Told::ByLooking } else { Told::ByWebhook };
                let said = Said { provider_order, ours: ours.as_ref(), truth: None, told, received_at: *received_at };
                changed(&hub, connection, said, &message, deadline).await
            }
            Hint::ProviderTold { connection, truth, ours, received_at } => {
                let said = Said {
                    provider_order: &truth.order,
                    ours: ours.as_ref(),
                    truth: Some(truth),
                    told: Told::ByWebhook,
                    received_at: *received_at,
                };
                changed(&hub, connection, said, &message, deadline).await
            }
            Hint::Sync { order } => sync(&hub, order, deadline).await,
            Hint::CheckRequested { .. } | Hint::LeftTrigger { .. } | Hint::Resume { .. } => {
                tracing::error!("a message of the other queue");
                Ok(())
            }
        }
    })
}

/// How something of an order became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    ByWebhook,
    ByLooking,
}

/// What a provider said about one of its orders.
struct Said<'a> {
    provider_order: &'a ProviderOrderId,
    ours: Option<&'a OrderId>,
    /// How the order stands, where the provider cannot be asked.
    truth: Option<&'a Truth>,
    told: Told,
    received_at: Timestamp,
}

async fn changed(
    hub: &Hub,
    connection: &ConnectionId,
    said: Said<'_>,
    message: &Message,
    deadline: Deadline,
) -> Result<(), Failed> {
    let Some(connected) = hub.connected(connection).await? else { return Ok(()) };
    if let Some(order) = order_of(hub, connection, &said).await? {
        let reading = match said.truth {
            Some(truth) => Ok(Reading::Is(Box::new(truth.clone()))),
            None => read(hub, &connected, said.provider_order, deadline).await,
        };
        return take(hub, &connected, order, reading, said.told, deadline).await;
    }
    let now = hub.clock.now();
    let provider_order = said.provider_order;
    if said.received_at.duration_until(now) < UNKNOWN_KEPT {
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

/// Our order: by the provider's number, or by our own id, which also settles a placement whose answer was lost.
async fn order_of(hub: &Hub, connection: &ConnectionId, said: &Said<'_>) -> Result<Option<Order>, StoreError> {
    if let Some(order) = hub.store.order_of_provider(connection, said.provider_order).await? {
        return Ok(Some(order));
    }
    let Some(ours) = said.ours else { return Ok(None) };
    let order = hub.store.order(ours).await?.filter(|order| order.connection == *connection);
    Ok(order.filter(|order| order.provider_order.as_ref() == Some(said.provider_order) || order.is_unclear()))
}

async fn sync(hub: &Hub, id: &OrderId, deadline: Deadline) -> Result<(), Failed> {
    let Some(order) = hub.store.order(id).await? else { return Ok(()) };
    if let Some(since) = order.replays.fresh_from {
        hub.renew(&order.connection, since).await;
    }
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
    let reading = read(hub, connected, &provider_order, deadline).await;
    take(hub, connected, order, reading, Told::ByLooking, deadline).await
}

async fn read(
    hub: &Hub,
    connected: &Connected,
    provider_order: &ProviderOrderId,
    deadline: Deadline,
) -> Result<Reading, Trouble> {
    hub.ask_provider(connected, deadline, |provider| provider.read(provider_order)).await
}

/// Stores what a reading came to, and writes what changed.
async fn take(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    reading: Result<Reading, Trouble>,
    told: Told,
    deadline: Deadline,
) -> Result<(), Failed> {
    let reading = reading.map(|reading| shown_by(connected, reading));
    let now = hub.clock.now();
    let timing = &hub.config.timing;
    match &reading {
        Err(trouble) => {
            tracing::warn!(order = %order.id, cause = %trouble.cause(), "the provider could not be read");
        }
        Ok(Reading::Is(truth)) => {
            if !order.is_unclear() && order.is_up_to_date_with(truth, now, timing) {
                return Ok(());
            }
            note_own_words(hub, connected, truth).await;
        }
        Ok(Reading::Gone | Reading::OnlyTold) => {}
    }
    let mut moved = false;
    let order = change_and_write(hub, connected, order, deadline, |order| match &reading {
        Ok(Reading::Is(truth)) if order.is_unclear() => {
            vec![order.looked_up(Found::One(truth.clone()), now, timing)]
        }
        Ok(Reading::Is(truth)) => {
            let event = order.observed((**truth).clone(), now, timing);
            moved = event.is_some();
            event.into_iter().collect()
        }
        Ok(Reading::Gone) => vec![order.gone_at_provider(now)],
        Ok(Reading::OnlyTold) => order.only_told(now, timing).into_iter().collect(),
        Err(trouble) => {
            order.not_readable(wait_of(trouble), now);
            Vec::new()
        }
    });
    let Some(order) = order.await? else { return Ok(()) };
    if let (true, Told::ByLooking, Ok(Reading::Is(truth))) = (moved, told, &reading) {
        silent_webhook::tell(hub, &order.connection, truth, now).await;
    }
    tracing::info!(order = %order.id, status = order.status.code(), rev = order.desired_rev, "looked at the provider");
    Ok(())
}

/// The reading with what an admin said that the client's own words mean, and without what the ATS does not show.
pub(super) fn shown_by(connected: &Connected, reading: Reading) -> Reading {
    let Reading::Is(truth) = reading else { return reading };
    let mut truth = truth.mapped(&connected.mappings);
    if !connected.connection.ats.traits().shows_single_checks {
        // Not stored either, and no reason for a write.
        truth.checks.clear();
    }
    Reading::Is(Box::new(truth))
}

/// Remembers a client's own words that no mapping explains, so that an admin sees what to map.
async fn note_own_words(hub: &Hub, connected: &Connected, truth: &Truth) {
    let score = truth.result.as_ref().filter(|result| result.code == ResultCode::Custom).map(|result| &*result.label);
    // A word that says more than "in progress" is one that every customer has.
    let status = truth.status_word.as_deref().filter(|_| truth.status == OrderStatus::InProgress);
    let words = [(MappingKind::Status, status), (MappingKind::Score, score)];
    let id = &connected.connection.id;
    for (kind, word) in words {
        let Some(word) = word.filter(|word| connected.mappings.get(kind, word).is_none()) else { continue };
        hub.metrics.publish(Metric::UnmappedWords, 1);
        hub.store.note_unmapped_or_log(id, kind, word, hub.clock.now()).await;
    }
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
