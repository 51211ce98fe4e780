//! Sets what one word of the ATS means at the provider, once the provider confirms that it exists there.

use std::sync::Arc;

use domain::id::GroupId;
use domain::invalid::Invalid;
use domain::mapping::{Mapping, MappingKind};
use domain::provider::GroupStanding;
use domain::status::{OrderStatus, ResultCode};
use domain::text::quoted;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::not_told::not_told;
use super::operation::{Operation, of};
use crate::checks;
use crate::edge::{Answer, Call, conflict, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected, Mapped, Put};

/// The longest word of an ATS that is mapped, in characters.
pub(super) const LONGEST: usize = 200;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewMapping {
    kind: MappingKind,
    /// The word as the ATS has it; the case of its letters does not count.
    #[schemars(length(min = 1, max = 200))]
    ats_value: String,
    /// The provider's id of the package or the group, or our code of the result or the status.
    #[schemars(length(min = 1, max = 128))]
    provider_value: String,
    /// The revision that must be stored, 0 for none; without it the latest comer wins.
    #[serde(default)]
    rev: Option<u64>,
}

/// A mapping as an admin sees it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShownMapping {
    #[serde(flatten)]
    mapping: Mapping,
    /// Counts up with each change, from 1.
    rev: u64,
}

impl From<Mapped> for ShownMapping {
    fn from(Mapped { mapping, rev }: Mapped) -> Self {
        Self { mapping, rev }
    }
}

pub const OPERATION: Operation = Operation {
    function: "admin-put-mapping",
    method: "PUT",
    path: "/admin/connections/{connection}/mappings",
    summary: "Sets what one word of the ATS means at the provider.",
    query: &[],
    body: Some(of::<NewMapping>()),
    answers: &[(200, of::<ShownMapping>())],
    problems: &[400, 404, 409, 413, 422, 429, 503],
};

/// Handles `PUT /admin/connections/{connection}/mappings`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match put(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn put(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let new: NewMapping = super::body::body(call)?;
    let invalid =
        |field: &str, why: &str| problem(422, "The mapping cannot be saved as it is.", &[Invalid::new(field, why)]);
    let ats_value = new.ats_value.trim();
    if ats_value.is_empty() || ats_value.chars().count() > LONGEST {
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
    let (id, code) = (&connected.connection.id, mapping.kind.code());
    let about = format!("{code} \"{}\" → {}", quoted(ats_value), mapping.provider_value);
    let entry = AuditEntry::new(&connected.connection, hub.clock.now(), &call.caller, "put-mapping", about);
    let put = hub.store.put_mapping(id, &mapping, new.rev, &entry).await.map_err(|error| super::unavailable(&error))?;
    let rev = match put {
        Put::Conflict(0) => return Err(conflict("There is no such mapping: it was deleted, or never there.", 0)),
        Put::Conflict(rev) => return Err(conflict("Somebody else changed this mapping.", rev)),
        Put::Changed(rev) | Put::Same(rev) => rev,
    };
    hub.forget(id).await;
    tracing::info!(connection = %id, rev, "mapped");
    Ok(json_answer(200, &ShownMapping { mapping, rev }))
}

/// Why the provider would not know what is mapped to, asked of the provider now.
async fn unknown_to_provider(
    hub: &Hub,
    connected: &Connected,
    new: &NewMapping,
    call: &Call,
) -> Result<Option<&'static str>, Answer> {
    let told = |trouble| not_told(connected, &trouble);
    let value = new.provider_value.trim();
    match new.kind {
        MappingKind::Package => {
            let packages = checks::packages(hub, connected, call.deadline, SignedDuration::ZERO);
            let packages = Box::pin(packages).await.map_err(told)?;
            Ok(match packages.iter().find(|package| package.id.as_str() == value) {
                None => Some("is not the id of a package at the provider"),
                Some(package) if !package.orderable => Some("is a package that is not enabled for ordering"),
                Some(_) => None,
            })
        }
        MappingKind::Group => {
            let Ok(group) = GroupId::parse(value) else { return Ok(Some("is not the id of a group")) };
            let standing = hub.ask_provider(connected, call.deadline, |provider| provider.standing(Some(&group), None));
            Ok(match Box::pin(standing).await.map_err(told)?.group {
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
