//! Takes back what one word of the ATS means.

use std::sync::Arc;

use domain::invalid::Invalid;
use domain::mapping::MappingKind;
use domain::text::quoted;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::body;
use super::operation::{Operation, Parameter, of};
use super::put_mapping::{LONGEST, ShownMapping};
use crate::edge::{Answer, Call, conflict, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{AuditEntry, Deleted};

const KIND: Parameter = Parameter {
    name: "kind",
    about: "The mapping's kind.",
    required: true,
    schema: SchemaGenerator::subschema_for::<MappingKind>,
};

const ATS_VALUE: Parameter =
    Parameter { name: "ats_value", about: "The word as the ATS has it.", required: true, schema: ats_value };

const REV: Parameter = Parameter {
    name: "rev",
    about: "The revision that must be stored; without it whichever is.",
    required: false,
    schema: SchemaGenerator::subschema_for::<u64>,
};

fn ats_value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": LONGEST})
}

pub const OPERATION: Operation = Operation {
    function: "admin-delete-mapping",
    method: "DELETE",
    path: "/admin/connections/{connection}/mappings",
    summary: "Takes back what one word of the ATS means; the answer is what it meant.",
    query: &[KIND, ATS_VALUE, REV],
    body: None,
    answers: &[(200, of::<ShownMapping>())],
    problems: &[400, 404, 409, 503],
};

/// Handles `DELETE /admin/connections/{connection}/mappings`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match delete(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn delete(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &["kind", "ats_value", "rev"])?;
    let connected = super::connected(hub, call).await?;
    let missing =
        |name: &str| problem(400, "The query does not say which mapping.", &[Invalid::new(name, "is needed")]);
    let kind = body::parameter(call, "kind", MappingKind::from_code, "must be package, group, score or status")?;
    let kind = kind.ok_or_else(|| missing("kind"))?;
    let is_word = |text: &str| (1..=LONGEST).contains(&text.trim().chars().count()).then(|| text.trim().to_owned());
    let ats_value = body::parameter(call, "ats_value", is_word, "must have 1 to 200 characters")?;
    let ats_value = ats_value.ok_or_else(|| missing("ats_value"))?;
    let rev = body::parameter(call, "rev", |text| text.parse().ok(), "must be a number")?;
    let (id, code) = (&connected.connection.id, kind.code());
    let about = format!("{code} \"{}\"", quoted(&ats_value));
    let entry = AuditEntry::new(&connected.connection, hub.clock.now(), &call.caller, "delete-mapping", about);
    let deleted = hub.store.delete_mapping(id, kind, &ats_value, rev, &entry).await;
    match deleted.map_err(|error| super::unavailable(&error))? {
        Deleted::NotThere => Err(problem(404, "This connection has no such mapping.", &[])),
        Deleted::Conflict(rev) => Err(conflict("Somebody else changed this mapping.", rev)),
        Deleted::Yes(mapped) => {
            hub.forget(id).await;
            tracing::info!(connection = %id, "not mapped any more");
            Ok(json_answer(200, &ShownMapping::from(mapped)))
        }
    }
}
