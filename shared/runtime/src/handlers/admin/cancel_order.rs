//! Cancels an order: at the provider, or here where it was never sent.

use std::sync::Arc;

use domain::hint::Hint;
use domain::id::{OrderId, ProviderOrderId};
use domain::order::{Cancelling, Order};
use domain::provider::{Cancelled as AtProvider, Reading};
use domain::status::OrderStatus;
use domain::talk::Talk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::not_told::not_told;
use super::operation::{Operation, of};
use super::orders::{named, unknown};
use super::{body, unavailable};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::handlers::sync_order::shown_by;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected};
use crate::write_back::{Changed, change_audited};

pub const OPERATION: Operation = Operation {
    function: "admin-cancel-order",
    method: "POST",
    path: "/admin/orders/{order}/cancel",
    summary: "Cancels an order at the provider, or here where it was never sent.",
    query: &[],
    body: None,
    answers: &[(200, of::<Cancelled>())],
    problems: &[400, 404, 409, 429, 503],
};

/// The order as it is known now.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    order: OrderId,
    /// `cancelled`, or for a moment still what it was where the provider takes its time.
    status: OrderStatus,
}

/// Handles `POST /admin/orders/{order}/cancel`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move { cancel(&hub, &call).await.unwrap_or_else(|answer| answer) })
}

async fn cancel(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &[])?;
    let order = named(hub, call).await?;
    let connected = hub.connected(&order.connection).await.map_err(|error| unavailable(&error))?;
    let connected = connected.ok_or_else(unknown)?;
    match order.cancelling() {
        Cancelling::Already => Ok(cancelled(&order)),
        Cancelling::Refused(why) => Err(problem(409, why, &[])),
        Cancelling::Here => here(hub, &connected, order, call).await,
        Cancelling::AtProvider(provider_order) => {
            Box::pin(at_provider(hub, &connected, order, &provider_order, call)).await
        }
    }
}

fn cancelled(order: &Order) -> Answer {
    json_answer(200, &Cancelled { order: order.id.clone(), status: order.status })
}

fn audit(hub: &Hub, connected: &Connected, order: &Order, call: &Call, how: &str) -> AuditEntry {
    let about = format!("order {}, {how}", order.id);
    AuditEntry::new(&connected.connection, hub.clock.now(), &call.caller, "cancel-order", about)
}

async fn here(hub: &Hub, connected: &Connected, order: Order, call: &Call) -> Result<Answer, Answer> {
    let (now, timing) = (hub.clock.now(), &hub.config.timing);
    let audit = audit(hub, connected, &order, call, "never sent");
    let changed = change_audited(hub, order, &audit, |order| match order.cancelling() {
        Cancelling::Here => Ok(vec![order.cancelled_here(now, timing)]),
        Cancelling::Already => Err(None),
        Cancelling::AtProvider(_) | Cancelling::Refused(_) => {
            Err(Some("It is being placed at this moment. Try again."))
        }
    });
    match changed.await.map_err(|error| unavailable(&error))? {
        Changed::Yes(order) => {
            show(hub, &order).await;
            Ok(cancelled(&order))
        }
        Changed::Gone => Err(unknown()),
        Changed::Not(None) => Ok(cancelled(&named(hub, call).await?)),
        Changed::Not(Some(why)) => Err(problem(409, why, &[])),
    }
}

async fn at_provider(
    hub: &Hub,
    connected: &Connected,
    order: Order,
    provider_order: &ProviderOrderId,
    call: &Call,
) -> Result<Answer, Answer> {
    let asked = hub.ask_provider(connected, call.deadline, |provider| match provider.cancels() {
        Some(provider) => provider.cancel(provider_order).map(|done| done.map(Some)),
        None => Talk::Done(Ok(None)),
    });
    let provider = connected.connection.provider.shown_as();
    let Some(done) = asked.await.map_err(|trouble| not_told(connected, &trouble))? else {
        let title = format!("{provider} takes no cancellation by this connection: cancel the order in its portal.");
        return Err(problem(409, &title, &[]));
    };
    // How the order stands now, only the provider knows; where it does not say now, it is asked again in a while.
    let read = hub.ask_provider(connected, call.deadline, |provider| provider.read(provider_order)).await;
    let read = read.map(|reading| shown_by(connected, reading));
    let (now, timing) = (hub.clock.now(), &hub.config.timing);
    let how = if done == AtProvider::Taken { "told the provider" } else { "closed at the provider already" };
    let audit = audit(hub, connected, &order, call, how);
    let changed = change_audited(hub, order, &audit, |order| {
        let mut events = vec![order.cancel_asked(done, now)];
        match &read {
            Ok(Reading::Is(truth)) => events.extend(order.observed((**truth).clone(), now, timing)),
            Ok(Reading::Gone) => events.push(order.gone_at_provider(now)),
            Ok(Reading::OnlyTold) => {}
            Err(_) => order.not_readable(None, now),
        }
        order.look_soon(now);
        Ok::<_, std::convert::Infallible>(events)
    });
    let order = match changed.await.map_err(|error| unavailable(&error))? {
        Changed::Yes(order) => order,
        Changed::Not(never) => match never {},
        Changed::Gone => return Err(unknown()),
    };
    show(hub, &order).await;
    tracing::info!(order = %order.id, status = order.status.code(), "cancelled");
    match done {
        AtProvider::Gone => Err(problem(409, &format!("{provider} does not have the order any more."), &[])),
        _ if order.status.is_end() && order.status != OrderStatus::Cancelled => {
            Err(problem(409, "It had ended already.", &[]))
        }
        AtProvider::Taken | AtProvider::Closed => Ok(cancelled(&order)),
    }
}

/// Has the ATS show it. Where the hint is lost, `reconcile` finds that the order is due.
async fn show(hub: &Hub, order: &Order) {
    let hint = Hint::Sync { order: order.id.clone() };
    let _ = hub.queues.send_or_spill(hint, &hub.store, hub.clock.now()).await;
}
