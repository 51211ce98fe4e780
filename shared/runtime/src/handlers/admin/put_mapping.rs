//! Sets what one word of the ATS means at the provider, once the provider confirms that it exists there.

use std::sync::Arc;

use domain::id::GroupId;
use domain::invalid::Invalid;
use domain::mapping::{Mapping, MappingKind};
use domain::provider::GroupStanding;
use domain::status::{OrderStatus, ResultCode};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::operation::{Operation, of};
use crate::checks;
use crate::edge::{Answer, Call, json_answer, problem};
use crate::hub::Hub;
use crate::store::Connected;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewMapping {
    kind: MappingKind,
    ats_value: String,
    provider_value: String,
}

pub const OPERATION: Operation = Operation {
    function: "admin-put-mapping",
    method: "PUT",
    path: "/admin/connections/{connection}/mappings",
    summary: "Sets what one word of the ATS means at the provider.",
    query: &[],
    body: Some(of::<NewMapping>()),
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 413, 422, 503],
};

/// Handles `PUT /admin/connections/{connection}/mappings`.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    match put(&hub, &call).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn put(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    let connected = super::connected(hub, call).await?;
    let new: NewMapping = super::body::body(call)?;
    let invalid =
        |field: &str, why: &str| problem(422, "The mapping cannot be saved as it is.", &[Invalid::new(field, why)]);
    let ats_value = new.ats_value.trim();
    if ats_value.is_empty() || ats_value.chars().count() > 200 {
        return Err(invalid("ats_value", "must have 1 to 200 characters"));
    }
    if let Some(why) = unknown_to_provider(hub, &connected, &new, call).await? {
        return Err(invalid("provider_value", why));
    }
    let mapping = Mapping {
        kind: new.kind,
        ats_value: ats_value.to_owned(),
        provider_value: new.provider_value.trim().to_owned(),
    };
    let id = &connected.connection.id;
    hub.store.put_mapping(id, &mapping).await.map_err(|error| super::unavailable(&error))?;
    hub.store
        .forget_unmapped(id, mapping.kind, &mapping.ats_value)
        .await
        .map_err(|error| super::unavailable(&error))?;
    hub.forget(id).await;
    tracing::info!(connection = %id, "mapped");
    Ok(json_answer(200, &json!(mapping)))
}

/// Why the provider would not know what is mapped to, asked of the provider now.
async fn unknown_to_provider(
    hub: &Hub,
    connected: &Connected,
    new: &NewMapping,
    call: &Call,
) -> Result<Option<&'static str>, Answer> {
    let unreachable = |trouble: domain::trouble::Trouble| {
        tracing::warn!(cause = %trouble.cause(), "the provider could not be asked");
        problem(503, "The provider cannot be asked just now whether it knows this. Try again.", &[])
    };
    let value = new.provider_value.trim();
    match new.kind {
        MappingKind::Package => {
            let packages = checks::packages(hub, connected, call.deadline, SignedDuration::ZERO);
            let packages = packages.await.map_err(unreachable)?;
            Ok(match packages.iter().find(|package| package.id.as_str() == value) {
                None => Some("is not the id of a package at the provider"),
                Some(package) if !package.orderable => Some("is a package that is not enabled for ordering"),
                Some(_) => None,
            })
        }
        MappingKind::Group => {
            let Ok(group) = GroupId::parse(value) else { return Ok(Some("is not the id of a group")) };
            let standing = hub.ask_provider(connected, call.deadline, |provider| provider.standing(Some(&group), None));
            Ok(match standing.await.map_err(unreachable)?.group {
                GroupStanding::Active => None,
                GroupStanding::Inactive => Some("is an inactive group"),
                GroupStanding::Unknown => Some("is not the id of a group at the provider"),
            })
        }
        MappingKind::Score => Ok(ResultCode::from_code(value)
            .is_none()
            .then_some("must be clear, review, ineligible, not_applicable, restricted, custom or none")),
        MappingKind::Status => Ok(OrderStatus::from_code(value)
            .is_none_or(|status| matches!(status, OrderStatus::Received | OrderStatus::Held | OrderStatus::Rejected))
            .then_some("must be the code of a status that a provider can say, such as in_progress or in_dispute")),
    }
}
