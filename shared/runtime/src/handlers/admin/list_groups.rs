//! Lists the provider's groups, where it has a list of them.

use std::sync::Arc;

use domain::id::GroupId;
use domain::mapping::MappingKind;
use domain::provider::{Group, Provider};
use domain::talk::Talk;
use domain::trouble::Trouble;
use schemars::JsonSchema;
use serde::Serialize;

use super::not_told::not_told;
use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::Connected;

#[derive(Debug, Serialize, JsonSchema)]
struct GroupList {
    /// Whether the provider has a list of groups.
    listed: bool,
    /// Why there is none, where there is none.
    note: Option<String>,
    groups: Vec<ShownGroup>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ShownGroup {
    id: GroupId,
    name: String,
    active: bool,
    /// Whether orders of jobs without a department go into it.
    is_default: bool,
    /// The departments of the ATS that are mapped to it.
    ats_values: Vec<String>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-list-groups",
    method: "GET",
    path: "/admin/connections/{connection}/groups",
    summary: "Lists the provider's groups as they are now, and what is mapped to each.",
    query: &[],
    body: None,
    answers: &[(200, of::<GroupList>())],
    problems: &[400, 404, 409, 429, 503],
};

/// Handles `GET /admin/connections/{connection}/groups`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match list(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

/// The groups, or nothing where the provider lists none.
fn groups(provider: &dyn Provider) -> Talk<Result<Option<Vec<Group>>, Trouble>> {
    match provider.group_list() {
        Some(list) => list.groups().map(|groups| groups.map(Some)),
        None => Talk::Done(Ok(None)),
    }
}

async fn list(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let groups = Box::pin(hub.ask_provider(&connected, call.deadline, groups)).await;
    let list = match groups.map_err(|trouble| not_told(&connected, &trouble))? {
        Some(groups) => {
            let groups = groups.into_iter().map(|group| shown(&connected, group)).collect();
            GroupList { listed: true, note: None, groups }
        }
        None => {
            let provider = connected.connection.provider.shown_as();
            let note = format!("{provider} has no list of groups: what an order goes to is set on the connection.");
            GroupList { listed: false, note: Some(note), groups: Vec::new() }
        }
    };
    Ok(json_answer(200, &list))
}

fn shown(connected: &Connected, group: Group) -> ShownGroup {
    let words = connected.mappings.words_for(MappingKind::Group, group.id.as_str());
    ShownGroup {
        is_default: connected.connection.default_group.as_ref() == Some(&group.id),
        ats_values: words.into_iter().map(str::to_owned).collect(),
        id: group.id,
        name: group.name,
        active: group.active,
    }
}
