//! Erases what is kept of an application: its orders with their stories, what arrived of it, what waits of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::erasure;
use domain::id::{AtsId, OrderId, ProviderOrderId};
use domain::invalid::Invalid;
use domain::order::Order;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected};

/// After which time whatever was stored before the erasure began can be found by an index.
const FOUND_AFTER: Duration = Duration::from_secs(1);

/// Whose data is erased: one of the two is given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["application"]}, {"required": ["provider_order"]}]))]
struct Erasure {
    /// The application's id at the ATS.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "AtsId")]
    application: Option<AtsId>,
    /// The id of one of its orders at the provider.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "ProviderOrderId")]
    provider_order: Option<ProviderOrderId>,
}

/// A field that may be left out, and is not `null` where it is there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// What was erased here, and what is left for others to do.
#[derive(Debug, Serialize, JsonSchema)]
struct Erased {
    /// How many orders were erased.
    orders: usize,
    /// How many of them go on at the provider, or may do so: their placement had no known outcome.
    open_at_provider: usize,
    /// Their ids at the provider, by which to ask it for erasing its copy.
    provider_orders: Vec<ProviderOrderId>,
    note: String,
}

pub const OPERATION: Operation = Operation {
    function: "admin-erase-candidate",
    method: "POST",
    path: "/admin/connections/{connection}/erasures",
    summary: "Erases what is kept of an application, by its id or by that of one of its orders at the provider.",
    query: &[],
    body: Some(of::<Erasure>()),
    answers: &[(200, of::<Erased>())],
    problems: &[400, 404, 413, 422, 503],
};

/// Handles `POST /admin/connections/{connection}/erasures`; may be repeated.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(erase(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn erase(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let asked: Erasure = super::body::body(call)?;
    let at_fault = |why: &str| {
        let fields = ["application", "provider_order"].map(|field| Invalid::new(field, why));
        problem(422, "It is not clear whose data to erase.", &fields)
    };
    let id = &connected.connection.id;
    let (application, provider_order) = match (asked.application, asked.provider_order) {
        (Some(application), None) => (Some(application), None),
        (None, Some(provider_order)) => {
            let order = hub.store.order_of_provider(id, &provider_order).await;
            let order = order.map_err(|error| super::unavailable(&error))?;
            (order.map(|order| order.subject.application), Some(provider_order))
        }
        (None, None) => return Err(at_fault("one of the two is needed")),
        (Some(_), Some(_)) => return Err(at_fault("only one of the two can be given")),
    };
    let name = match (&application, &provider_order) {
        (Some(application), _) => application.as_str().to_owned(),
        (None, Some(provider_order)) => erasure::provider_order(provider_order),
        (None, None) => return Err(at_fault("one of the two is needed")),
    };
    let about = format!("sha256 {}", erasure::mark(id, &name));
    let entry = AuditEntry::new(&connected.connection, hub.clock.now(), &call.caller, "erase-candidate", about);
    let mut erased: BTreeMap<OrderId, Order> = BTreeMap::new();
    for look in 0..2 {
        if look > 0 {
            tokio::time::sleep(FOUND_AFTER).await;
        }
        let kept = hub.store.kept_of(id, application.as_ref(), provider_order.as_ref()).await;
        let kept = kept.map_err(|error| super::unavailable(&error))?;
        if look == 0 && kept.is_nothing() {
            // Also so after an erasure: then it is neither begun nor recorded once more.
            break;
        }
        if look == 0 {
            // From here on nothing new of it is stored, and a worker that comes back finds nothing to write.
            hub.store.begin_erasure(&entry, &name).await.map_err(|error| super::unavailable(&error))?;
        }
        let gone = hub.store.erase(&kept, entry.kept_until).await;
        gone.map_err(|error| super::unavailable(&error))?;
        erased.extend(kept.orders.into_iter().map(|order| (order.id.clone(), order)));
    }
    tracing::info!(connection = %id, count = erased.len(), "erased");
    Ok(json_answer(200, &told(&connected, erased)))
}

fn told(connected: &Connected, erased: BTreeMap<OrderId, Order>) -> Erased {
    let provider = connected.connection.provider.shown_as();
    let goes_on = |order: &&Order| order.is_unclear() || (order.provider_order.is_some() && order.is_open());
    let open_at_provider = erased.values().filter(goes_on).count();
    let note = if erased.is_empty() {
        "No order of it is kept.".to_owned()
    } else {
        format!(
            "Nothing of it is written to the ATS any more, and it cannot be ordered again. What {provider} keeps is the \
             client's to erase there, and an open order goes on there until it is cancelled."
        )
    };
    Erased {
        orders: erased.len(),
        open_at_provider,
        provider_orders: erased.into_values().filter_map(|order| order.provider_order).collect(),
        note,
    }
}
