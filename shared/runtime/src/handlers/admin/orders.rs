//! What the operations on orders share: which order is meant, and how an admin sees one.

use domain::id::{AtsId, ConnectionId, OrderId, PackageId, ProviderOrderId};
use domain::order::Order;
use domain::reason::{Reason, Refusal};
use domain::status::{Delivery, OrderStatus};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::edge::{Answer, Call, problem};
use crate::hub::Hub;
use crate::store::ListError;

/// Why something waits or was refused, and who does what about it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Waits {
    code: Reason,
    /// What it is about: what was typed, or a field; may be empty.
    about: String,
    owner: &'static str,
    cure: &'static str,
}

impl Waits {
    pub(super) fn of(refusal: &Refusal) -> Self {
        let reason = refusal.reason;
        Self { code: reason, about: refusal.about.clone(), owner: reason.owner().name(), cure: reason.cure() }
    }
}

/// A package as people call it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NamedPackage {
    id: Option<PackageId>,
    name: Option<String>,
}

impl NamedPackage {
    pub(super) fn of(order: &Order) -> Self {
        Self { id: order.package.clone(), name: order.package_name.clone() }
    }
}

/// The order at the provider, once it is known.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AtProvider {
    id: Option<ProviderOrderId>,
    short_id: Option<String>,
}

impl AtProvider {
    pub(super) fn of(order: &Order) -> Self {
        Self { id: order.provider_order.clone(), short_id: order.provider_short_id.clone() }
    }
}

/// One order of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Row {
    id: OrderId,
    connection: ConnectionId,
    application: AtsId,
    status: OrderStatus,
    status_at: Timestamp,
    created_at: Timestamp,
    reason: Option<Waits>,
    /// Whether the ATS shows the newest state.
    delivery: Delivery,
    /// Why the latest write to the ATS waits.
    write_waits: Option<Waits>,
    package: NamedPackage,
    provider_order: AtProvider,
}

impl Row {
    pub(super) fn of(order: &Order) -> Self {
        Self {
            id: order.id.clone(),
            connection: order.connection.clone(),
            application: order.subject.application.clone(),
            status: order.status,
            status_at: order.status_at,
            created_at: order.created_at,
            reason: order.refusal.as_ref().map(Waits::of),
            delivery: order.delivery,
            write_waits: order.write_refusal.as_ref().map(Waits::of),
            package: NamedPackage::of(order),
            provider_order: AtProvider::of(order),
        }
    }
}

pub(super) fn unknown() -> Answer {
    problem(404, "There is no such order in this region.", &[])
}

/// The order that the path names.
pub(super) async fn named(hub: &Hub, call: &Call) -> Result<Order, Answer> {
    let id = OrderId::parse(call.path_parameter("order")).map_err(|_| unknown())?;
    let order = hub.store.order(&id).await.map_err(|error| super::unavailable(&error))?;
    order.ok_or_else(unknown)
}

pub(super) fn not_listed(error: &ListError) -> Answer {
    match error {
        ListError::NoCursor => {
            let invalid = domain::invalid::Invalid::new("cursor", "must be the `next` of the page before");
            problem(400, "The cursor is not one of this list.", &[invalid])
        }
        ListError::Store(error) => super::unavailable(error),
    }
}
