//! Every minute: whatever is due, whatever was spilled, whatever a provider's lost webhook would have said.

use std::sync::Arc;

use domain::connection::Connection;
use domain::hint::{Hint, Message};
use domain::order::{NextStep, Order};
use domain::provider::EventPage;
use domain::talk::Talk;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};

mod watch_access;
mod watch_orders;

use super::{Failed, Working};
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{Connected, DUE_SHARDS, StoreError};
use crate::telemetry::Metric;

/// How often the event list of a provider is read for one connection: 288 of the 7,220 calls of a day.
const EVENTS_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How many of the orders that do not simply go their way one run hands on; the others are still due in a minute.
const MOST_WATCHED_HANDED_ON: usize = 400;

/// How many pages of events one run reads for one connection.
const EVENT_PAGES: usize = 5;

/// How long a request that was handed on again may take until it is once more.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// From how many days before its end an expiring key is told.
const KEY_WARNING_DAYS: i64 = 30;

/// Handles one tick.
///
/// # Errors
/// [`Failed`] where a part could not be done; each part is tried all the same.
pub fn handle(hub: Arc<Hub>, deadline: Deadline) -> Working {
    Box::pin(async move {
        let due = hand_on_due_orders(&hub).await;
        let spilled = hand_on_spilled(&hub).await;
        let requests = look_after_requests(&hub).await;
        let connections = watch_connections(&hub, deadline).await;
        due.and(spilled).and(requests).and(connections)
    })
}

async fn hand_on_due_orders(hub: &Hub) -> Result<(), Failed> {
    let now = hub.clock.now();
    let watched = hub.store.watched_orders();
    let (watched, shards) =
        futures::join!(watched, join_all((0..DUE_SHARDS).map(|shard| hub.store.due_orders(shard, now))));
    let watched = watched?;
    watch_orders::tell(hub, &watched, now);
    let mut due = watched;
    due.retain(|order| order.due_at(&hub.config.timing).is_some_and(|due| due <= now));
    due.truncate(MOST_WATCHED_HANDED_ON);
    for orders in shards {
        due.extend(orders?);
    }
    let waited = due.iter().filter_map(|order| Some(order.due_at(&hub.config.timing)?.duration_until(now).as_secs()));
    hub.metrics.publish(Metric::OldestDueOrder, waited.max().map_or(0, |oldest| u64::try_from(oldest).unwrap_or(0)));
    for order in due {
        if let Some(hint) = hint_for(&order, hub, now) {
            hub.queues.send(&Message::new(hint)).await.map_err(|_| Failed)?;
        }
    }
    Ok(())
}

fn hint_for(order: &Order, hub: &Hub, now: Timestamp) -> Option<Hint> {
    let order_id = order.id.clone();
    match order.next_step(now, &hub.config.timing) {
        NextStep::Place | NextStep::LookUp => Some(Hint::Resume { order: order_id }),
        NextStep::Look | NextStep::Write | NextStep::Settle => Some(Hint::Sync { order: order_id }),
        NextStep::Nothing => None,
    }
}

async fn hand_on_spilled(hub: &Hub) -> Result<(), Failed> {
    for spilled in hub.store.spilled(hub.clock.now()).await? {
        hub.queues.send(&spilled.message).await.map_err(|_| Failed)?;
        hub.store.remove_spilled(&spilled).await?;
    }
    Ok(())
}

/// Requests that still rest in the table: those that got lost before an order came of them are handed on again, those
/// whose day is over are erased.
async fn look_after_requests(hub: &Hub) -> Result<(), Failed> {
    let now = hub.clock.now();
    for kept in hub.store.due_requests(now).await? {
        let Some(request) = &kept.subject.request else { continue };
        let Some(connected) = hub.connected(&kept.connection).await? else {
            hub.store.erase_request(&kept.connection, request).await?;
            continue;
        };
        let order = hub.store.order(&connected.connection.order_of_request(&kept.subject)).await?;
        let is_answered = order.as_ref().is_some_and(|order| order.is_settled() && order.answers_its_request());
        let is_under_way = order.as_ref().is_some_and(|order| !order.is_settled());
        if !is_answered && !is_under_way {
            let (connection, subject) = (kept.connection.clone(), kept.subject.clone());
            let hint = Hint::CheckRequested { connection, subject, received_at: now };
            hub.queues.send(&Message::new(hint)).await.map_err(|_| Failed)?;
        }
        if is_answered || kept.kept_until <= now {
            hub.store.erase_request(&kept.connection, request).await?;
        } else {
            let again = now.saturating_add(ASKED_AGAIN).unwrap_or(now);
            let later = if is_under_way { kept.kept_until } else { again.min(kept.kept_until) };
            hub.store.put_off_request(&kept, later).await?;
        }
    }
    Ok(())
}

async fn watch_connections(hub: &Hub, deadline: Deadline) -> Result<(), Failed> {
    let connections = hub.store.connections().await?;
    let now = hub.clock.now();
    let watched = connections.iter().filter(|connection| connection.region == hub.config.region);
    let results = join_all(watched.map(|connection| watch(hub, connection, now, deadline))).await;
    results.into_iter().collect()
}

async fn watch(hub: &Hub, connection: &Connection, now: Timestamp, deadline: Deadline) -> Result<(), Failed> {
    let access = match connection.ats.authorizes() {
        Some(_) => watch_access::watch(hub, connection, deadline).await,
        None => Ok(()),
    };
    access.and(watch_provider(hub, connection, now, deadline).await)
}

async fn watch_provider(hub: &Hub, connection: &Connection, now: Timestamp, deadline: Deadline) -> Result<(), Failed> {
    let last = hub.store.event_cursor(&connection.id).await?;
    if last.as_ref().is_some_and(|cursor| cursor.read_at.duration_until(now) < EVENTS_EVERY) {
        return Ok(());
    }
    let first_today = last.as_ref().is_none_or(|cursor| date(cursor.read_at) != date(now));
    tell_expiring_key(hub, connection, first_today, now);
    let Some(connected) = hub.connected(&connection.id).await? else { return Ok(()) };
    let cursor = last.and_then(|cursor| cursor.event);
    Ok(read_events(hub, &connected, cursor, now, deadline).await?)
}

/// Reads what the provider says happened since the last look, as if each event had come as a webhook.
async fn read_events(
    hub: &Hub,
    connected: &Connected,
    mut cursor: Option<String>,
    now: Timestamp,
    deadline: Deadline,
) -> Result<(), StoreError> {
    let connection = &connected.connection.id;
    for _ in 0..EVENT_PAGES {
        let page = hub.ask_provider(connected, deadline, |provider| match provider.event_list() {
            Some(list) => list.events_after(cursor.as_deref()),
            None => Talk::Done(Ok(EventPage::default())),
        });
        let page = page.await;
        let page = match page {
            Ok(page) => page,
            Err(trouble) => {
                tracing::warn!(connection = %connection, cause = %trouble.cause(), "the events could not be read");
                hub.metrics.publish(Metric::FailedEventReads, 1);
                break;
            }
        };
        let mut changed = page.changed;
        changed.sort();
        changed.dedup();
        for provider_order in changed {
            let hint = Hint::ProviderChanged {
                connection: connection.clone(),
                provider_order,
                ours: None,
                received_at: now,
                listed: true,
            };
            if hub.queues.send(&Message::new(hint)).await.is_err() {
                // The cursor stays where it is, so that the next look sees the same events.
                return Ok(());
            }
        }
        cursor = page.cursor.or(cursor);
        if !page.has_more {
            break;
        }
    }
    hub.store.put_event_cursor(connection, cursor.as_deref(), now).await
}

fn date(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Publishes how long an expiring key still works, and says so once a day.
fn tell_expiring_key(hub: &Hub, connection: &Connection, first_today: bool, now: Timestamp) {
    let Some(expires_on) = connection.provider.key_expires_on() else { return };
    let Ok(left) = date(now).until(expires_on) else { return };
    let days = i64::from(left.get_days());
    if days > KEY_WARNING_DAYS {
        return;
    }
    hub.metrics.publish(Metric::ProviderKeyDaysLeft, u64::try_from(days).unwrap_or(0));
    if first_today {
        tracing::warn!(connection = %connection.id, days, "the provider's key stops working soon: make a new one");
    }
}
