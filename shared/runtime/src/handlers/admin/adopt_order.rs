//! Says which order at the provider an order is whose placement was unclear.

use std::sync::Arc;

use domain::hint::Hint;
use domain::id::{OrderId, ProviderOrderId};
use domain::invalid::Invalid;
use domain::order::{Adoption, Order};
use domain::provider::{Reading, Truth};
use domain::status::OrderStatus;
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
    function: "admin-adopt-order",
    method: "POST",
    path: "/admin/orders/{order}/adopt",
    summary: "Says which order at the provider an order is whose placement was unclear.",
    query: &[],
    body: Some(of::<Found>()),
    answers: &[(200, of::<Adopted>())],
    problems: &[400, 404, 409, 413, 422, 429, 503],
};

/// What a person found at the provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The provider's id of the order.
    provider_order: ProviderOrderId,
}

/// The order as it is known now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Adopted {
    order: OrderId,
    provider_order: ProviderOrderId,
    status: OrderStatus,
    /// Whether the provider said so itself. Where it cannot be asked, what was told is taken.
    read_at_provider: bool,
}

/// Handles `POST /admin/orders/{order}/adopt`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move { adopt(&hub, &call).await.unwrap_or_else(|answer| answer) })
}

async fn adopt(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &[])?;
    let order = named(hub, call).await?;
    let Found { provider_order } = body::body(call)?;
    let now = hub.clock.now();
    let timing = &hub.config.timing;
    match order.adoption(&provider_order, now, timing) {
        Adoption::Open => {}
        Adoption::Already => return Ok(adopted(&order, provider_order, true)),
        Adoption::Refused(why) => return Err(problem(409, why, &[])),
    }
    let connected = hub.connected(&order.connection).await.map_err(|error| unavailable(&error))?;
    let connected = connected.ok_or_else(unknown)?;
    let owner = hub.store.order_of_provider(&order.connection, &provider_order).await;
    let owner = owner.map_err(|error| unavailable(&error))?;
    if owner.is_some_and(|owner| owner.id != order.id) {
        return Err(at_fault("belongs to another order"));
    }
    let (truth, was_read) = truth(hub, &connected, &provider_order, call).await?;
    let audit = AuditEntry::new(&connected.connection, now, &call.caller, "adopt-order", format!("order {}", order.id));
    let changed = change_audited(hub, order, &audit, |order| match order.adoption(&provider_order, now, timing) {
        Adoption::Open => Ok(vec![order.adopted(truth.clone(), now, timing)]),
        Adoption::Already => Err(None),
        Adoption::Refused(why) => Err(Some(why)),
    });
    match changed.await.map_err(|error| unavailable(&error))? {
        Changed::Yes(order) => {
            // Where the hint is lost, `reconcile` finds that the order is due.
            let hint = Hint::Sync { order: order.id.clone() };
            let _ = hub.queues.send_or_spill(hint, &hub.store, now).await;
            tracing::info!(order = %order.id, status = order.status.code(), "adopted");
            Ok(adopted(&order, provider_order, was_read))
        }
        // Somebody else said the same at the same time, or the worker found it.
        Changed::Not(None) => Ok(adopted(&named(hub, call).await?, provider_order, was_read)),
        Changed::Gone => Err(unknown()),
        Changed::Not(Some(why)) => Err(problem(409, why, &[])),
    }
}

fn adopted(order: &Order, provider_order: ProviderOrderId, read_at_provider: bool) -> Answer {
    json_answer(200, &Adopted { order: order.id.clone(), provider_order, status: order.status, read_at_provider })
}

fn at_fault(why: &str) -> Answer {
    problem(422, "The order cannot be adopted.", &[Invalid::new("provider_order", why)])
}

/// What the provider holds true about it, or where it cannot be asked, no more than that the candidate is invited.
async fn truth(
    hub: &Hub,
    connected: &Connected,
    provider_order: &ProviderOrderId,
    call: &Call,
) -> Result<(Truth, bool), Answer> {
    let read = hub.ask_provider(connected, call.deadline, |provider| provider.read(provider_order)).await;
    match shown_by(connected, read.map_err(|trouble| not_told(connected, &trouble))?) {
        Reading::Is(truth) if truth.order == *provider_order => Ok((*truth, true)),
        Reading::Is(_) => Err(at_fault("is not the provider's own name of the order")),
        Reading::Gone => Err(at_fault("is not known at the provider")),
        Reading::OnlyTold => Ok((Truth::invited(provider_order.clone()), false)),
    }
}
