//! What the operator is told about the orders that do not simply go their way.

use std::collections::BTreeMap;

use domain::order::{Order, Placement};
use domain::reason::Reason;
use domain::status::OrderStatus;
use jiff::Timestamp;

use crate::hub::Hub;
use crate::telemetry::Metric;

/// Publishes how many wait and for how long, and names their connections in the log.
pub(super) fn tell(hub: &Hub, orders: &[Order], now: Timestamp) {
    let parked = |order: &&Order| order.placement == Placement::Parked;
    publish_count(hub, Metric::ParkedOrders, orders.iter().filter(parked));
    publish_count(hub, Metric::HeldOrders, orders.iter().filter(|order| is_held(order)));
    publish_oldest(hub, Metric::OldestUnshownNews, orders, now, |order| {
        order.wants_write().then_some(order.unshown_since)?
    });
    publish_oldest(hub, Metric::OldestUnreadOrder, orders, now, |order| order.unread_since);
}

/// What an admin paused waits because somebody wants it to.
fn is_held(order: &Order) -> bool {
    let is_paused = order.refusal.as_ref().is_some_and(|refusal| refusal.reason == Reason::ConnectionPaused);
    order.status == OrderStatus::Held && order.placement != Placement::Parked && !is_paused
}

fn publish_count<'a>(hub: &Hub, metric: Metric, orders: impl Iterator<Item = &'a Order>) {
    let mut by_connection = BTreeMap::new();
    for order in orders {
        *by_connection.entry((order.connection.as_str(), reason(order))).or_insert(0_u64) += 1;
    }
    hub.metrics.publish(metric, by_connection.values().sum());
    for ((connection, reason), count) in by_connection {
        tracing::warn!(connection, reason, count, cause = metric.name(), "orders wait");
    }
}

fn reason(order: &Order) -> &'static str {
    order.refusal.as_ref().map_or("", |refusal| refusal.reason.code())
}

fn publish_oldest(
    hub: &Hub,
    metric: Metric,
    orders: &[Order],
    now: Timestamp,
    since: impl Fn(&Order) -> Option<Timestamp>,
) {
    let oldest = orders.iter().filter_map(|order| Some((since(order)?, order))).min_by_key(|(since, _)| *since);
    let seconds = oldest.map_or(0, |(since, _)| since.duration_until(now).as_secs());
    hub.metrics.publish(metric, u64::try_from(seconds).unwrap_or(0));
    if let Some((_, order)) = oldest {
        tracing::warn!(connection = %order.connection, order = %order.id, cause = metric.name(), "waits longest");
    }
}
