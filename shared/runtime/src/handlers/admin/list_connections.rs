//! Lists the connections of the region.

use std::sync::Arc;

use domain::connection::{Connection, ConnectionState};
use domain::id::ConnectionId;
use domain::{ats, provider};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::body;
use super::operation::{CURSOR, LIMIT, Operation, Parameter, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::ListError;

/// One connection of the list; the rest of it is shown by itself.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    id: ConnectionId,
    /// The kind of its ATS.
    ats: &'static str,
    /// The kind of its provider.
    provider: &'static str,
    state: ConnectionState,
    rev: u64,
    created_at: Timestamp,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Connections {
    connections: Vec<Listed>,
    /// The cursor of the next page, where there is one.
    next: Option<String>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-list-connections",
    method: "GET",
    path: "/admin/connections",
    summary: "Lists the connections of the region.",
    query: &[
        LIMIT,
        CURSOR,
        Parameter {
            name: "state",
            about: "Only those in this state.",
            required: false,
            schema: of::<ConnectionState>(),
        },
        Parameter { name: "ats", about: "Only those to this kind of ATS.", required: false, schema: ats_kind },
        Parameter { name: "provider", about: "Only those to this provider.", required: false, schema: provider_kind },
    ],
    body: None,
    answers: &[(200, of::<Connections>())],
    problems: &[400, 503],
};

fn ats_kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": ats_kinds().collect::<Vec<_>>()})
}

fn provider_kind(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "enum": provider_kinds().collect::<Vec<_>>()})
}

fn ats_kinds() -> impl Iterator<Item = &'static str> {
    ats::REGISTERED.iter().map(|(name, _)| *name)
}

fn provider_kinds() -> impl Iterator<Item = &'static str> {
    provider::REGISTERED.iter().map(|(name, _)| *name)
}

/// Handles `GET /admin/connections`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match list(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &["limit", "cursor", "state", "ats", "provider"])?;
    let limit = body::limit(call)?;
    let state = |text: &str| match text {
        "active" => Some(ConnectionState::Active),
        "paused" => Some(ConnectionState::Paused),
        _ => None,
    };
    let state = body::parameter(call, "state", state, "must be active or paused")?;
    let ats = |text: &str| ats_kinds().find(|name| *name == text);
    let ats = body::parameter(call, "ats", ats, "must be a kind of ATS")?;
    let provider = |text: &str| provider_kinds().find(|name| *name == text);
    let provider = body::parameter(call, "provider", provider, "must be a provider")?;
    let keeps = |connection: &Connection| {
        connection.region == hub.config.region
            && state.is_none_or(|state| connection.state == state)
            && ats.is_none_or(|ats| connection.ats.name() == ats)
            && provider.is_none_or(|provider| connection.provider.name() == provider)
    };
    let cursor = call.query.get("cursor").map(String::as_str);
    let page = hub.store.list_connections(limit, cursor, keeps).await.map_err(|error| match error {
        ListError::NoCursor => {
            let invalid = domain::invalid::Invalid::new("cursor", "must be the `next` of the page before");
            problem(400, "A parameter of the query is not as it must be.", &[invalid])
        }
        ListError::Store(error) => super::unavailable(&error),
    })?;
    let listed = |connection: Connection| Listed {
        ats: connection.ats.name(),
        provider: connection.provider.name(),
        state: connection.state,
        rev: connection.rev,
        created_at: connection.created_at,
        id: connection.id,
    };
    let connections = page.items.into_iter().map(listed).collect();
    Ok(json_answer(200, &Connections { connections, next: page.next }))
}
