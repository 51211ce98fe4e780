//! Lists the provider's packages, as it sells them to the account at this moment.

use std::sync::Arc;

use domain::id::PackageId;
use domain::mapping::MappingKind;
use domain::provider::Package;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

use super::not_told::not_told;
use super::operation::{Operation, of};
use crate::checks;
use crate::edge::{Answer, Call, json_answer};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::Connected;

#[derive(Debug, Serialize, JsonSchema)]
struct PackageList {
    packages: Vec<ShownPackage>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShownPackage {
    id: PackageId,
    name: String,
    /// Whether it can be ordered from here: active, and marked for ATS use where the provider says so.
    orderable: bool,
    /// Whether the provider says that it is marked for ATS use; nothing where it does not say.
    marked_for_ats: Option<bool>,
    /// The labels that the provider puts on each order of it, where it says which.
    tags: Vec<String>,
    /// The tag by which people choose it in the ATS, where the ATS's people choose by tags.
    ats_tag: Option<String>,
    /// The words of the ATS that are mapped to it.
    ats_values: Vec<String>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-list-packages",
    method: "GET",
    path: "/admin/connections/{connection}/packages",
    summary: "Lists the provider's packages as they are now, and what is mapped to each.",
    query: &[],
    body: None,
    answers: &[(200, of::<PackageList>())],
    problems: &[400, 404, 409, 429, 503],
};

/// Handles `GET /admin/connections/{connection}/packages`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match list(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let packages = Box::pin(checks::packages(hub, &connected, call.deadline, SignedDuration::ZERO)).await;
    let packages = packages.map_err(|trouble| not_told(&connected, &trouble))?;
    let packages = packages.into_iter().map(|package| shown(&connected, package)).collect();
    Ok(json_answer(200, &PackageList { packages }))
}

fn shown(connected: &Connected, package: Package) -> ShownPackage {
    let words = connected.mappings.words_for(MappingKind::Package, package.id.as_str());
    ShownPackage {
        ats_values: words.into_iter().map(str::to_owned).collect(),
        ats_tag: connected.connection.ats.package_tag(&package.name),
        id: package.id,
        name: package.name,
        orderable: package.orderable,
        marked_for_ats: package.marked_for_ats,
        tags: package.tags,
    }
}
