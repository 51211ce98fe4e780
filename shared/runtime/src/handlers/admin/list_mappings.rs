//! Lists what the words of the ATS mean, and those that mean nothing yet.

use std::sync::Arc;

use domain::mapping::MappingKind;
use schemars::JsonSchema;
use serde::Serialize;

use super::body;
use super::operation::{CURSOR, LIMIT, Operation, Parameter, of};
use super::put_mapping::ShownMapping;
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{ListError, Unmapped};

const KIND: Parameter = Parameter {
    name: "kind",
    about: "Only what is of this kind.",
    required: false,
    schema: schemars::SchemaGenerator::subschema_for::<MappingKind>,
};

#[derive(Debug, Serialize, JsonSchema)]
struct MappingList {
    mappings: Vec<ShownMapping>,
    /// Words that were wanted and mean nothing yet, a hundred at most, whichever page this is.
    unmapped: Vec<Unmapped>,
    /// Where the list goes on: the `cursor` of the next page.
    next: Option<String>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-list-mappings",
    method: "GET",
    path: "/admin/connections/{connection}/mappings",
    summary: "Lists what the words of the ATS mean, and those that mean nothing yet.",
    query: &[KIND, LIMIT, CURSOR],
    body: None,
    answers: &[(200, of::<MappingList>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections/{connection}/mappings`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match list(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &["kind", "limit", "cursor"])?;
    let connected = super::connected(hub, call).await?;
    let kind = body::parameter(call, "kind", MappingKind::from_code, "must be package, group, score or status")?;
    let limit = body::limit(call)?;
    let id = &connected.connection.id;
    let page = hub.store.mappings(id, kind, limit, call.query.get("cursor").map(String::as_str));
    let page = page.await.map_err(|error| match error {
        ListError::NoCursor => {
            let invalid = domain::invalid::Invalid::new("cursor", "must be the next of the page before, as it was");
            problem(400, "A parameter of the query is not as it must be.", &[invalid])
        }
        ListError::Store(error) => super::unavailable(&error),
    })?;
    let mut unmapped = hub.store.unmapped(id).await.map_err(|error| super::unavailable(&error))?;
    // What was mapped since by another name of it is not wanted any more.
    unmapped.retain(|wanted| {
        let of_kind = MappingKind::from_code(&wanted.kind);
        let is_mapped = of_kind.is_some_and(|kind| connected.mappings.get(kind, &wanted.ats_value).is_some());
        !is_mapped && (kind.is_none() || kind == of_kind)
    });
    let mappings = page.items.into_iter().map(ShownMapping::from).collect();
    Ok(json_answer(200, &MappingList { mappings, unmapped, next: page.next }))
}
