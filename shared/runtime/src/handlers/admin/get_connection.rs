//! Shows a connection with its mappings, what should be mapped, and how asking its ATS goes; never a secret.

use std::sync::Arc;

use domain::authorization::Authorization;
use domain::id::AtsId;
use domain::mapping::Mapping;
use domain::poll::Poll;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, of};
use super::shown::{ShownConnection, ShownRefusal};
use crate::edge::{Answer, Call, json_answer};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::Unmapped;

/// A connection with what belongs to it.
#[derive(Debug, Serialize, JsonSchema)]
struct WithState {
    #[serde(flatten)]
    connection: ShownConnection,
    mappings: Vec<Mapping>,
    /// Words of the ATS that were wanted and meant nothing at the provider.
    unmapped: Vec<Unmapped>,
    /// Where the access is granted by the ATS's own admin.
    authorization: Option<ShownAuthorization>,
    /// Where the ATS does not call us.
    polling: Option<ShownPoll>,
}

/// Where the access stands that the ATS's admin grants, and who must do what where it cannot be used.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownAuthorization {
    state: AccessState,
    granted_at: Option<Timestamp>,
    lost_at: Option<Timestamp>,
    cause: String,
    waits_for: Option<ShownRefusal>,
    consent_link_expires_at: Option<Timestamp>,
    webhook: MadeWebhook,
    trigger_stages: Vec<AtsId>,
    trigger_stage_note: Option<&'static str>,
    lost_triggers_looked_for_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum AccessState {
    NotGranted,
    Granted,
    Lost,
}

/// The webhook that we made at the ATS.
#[derive(Debug, Serialize, JsonSchema)]
struct MadeWebhook {
    made: bool,
    heard_at: Option<Timestamp>,
    note: &'static str,
}

/// How asking an ATS that does not call us goes, and who must do what where it does not.
#[derive(Debug, Serialize, JsonSchema)]
struct ShownPoll {
    last_at: Option<Timestamp>,
    next_at: Timestamp,
    failing_since: Option<Timestamp>,
    cause: String,
    waits_for: Option<ShownRefusal>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-get-connection",
    method: "GET",
    path: "/admin/connections/{connection}",
    summary: "Shows a connection; never a secret.",
    query: &[],
    body: None,
    answers: &[(200, of::<WithState>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections/{connection}`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match get(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn get(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let id = &connected.connection.id;
    let read = futures::try_join!(hub.store.poll(id), hub.store.unmapped(id), hub.store.last_uses(id));
    let (poll, unmapped, uses) = read.map_err(|error| super::unavailable(&error))?;
    let shown = WithState {
        connection: ShownConnection::of(hub, &connected.connection, &uses),
        mappings: connected.mappings.0.clone(),
        unmapped,
        authorization: connected.authorization.as_ref().map(authorization),
        polling: poll.map(polling),
    };
    Ok(json_answer(200, &shown))
}

fn authorization(authorization: &Authorization) -> ShownAuthorization {
    let state = match (authorization.granted_at, authorization.lost_at) {
        (_, Some(_)) => AccessState::Lost,
        (Some(_), None) => AccessState::Granted,
        (None, None) => AccessState::NotGranted,
    };
    let note = match (&authorization.hook, authorization.heard_at) {
        _ if !authorization.is_granted() => "",
        (None, _) => "It could not be made yet; it is tried again every ten minutes.",
        (Some(_), None) => {
            "No event was received yet. In the ATS, its switch may be off: see that \"Candidate Stage Change\" is on."
        }
        (Some(_), Some(_)) => "It was heard.",
    };
    let no_stage = authorization.is_granted() && authorization.stages.is_empty();
    ShownAuthorization {
        state,
        granted_at: authorization.granted_at,
        lost_at: authorization.lost_at,
        cause: authorization.cause.clone(),
        waits_for: authorization.refusal().as_ref().map(ShownRefusal::of),
        consent_link_expires_at: authorization.pending.as_ref().map(|pending| pending.expires_at),
        webhook: MadeWebhook { made: authorization.hook.is_some(), heard_at: authorization.heard_at, note },
        trigger_stages: authorization.stages.clone(),
        trigger_stage_note: no_stage.then_some("The ATS has no such stage yet: it must be added there."),
        lost_triggers_looked_for_at: authorization.looked_at,
    }
}

fn polling(poll: Poll) -> ShownPoll {
    ShownPoll {
        last_at: poll.looked_at,
        next_at: poll.due_at,
        failing_since: poll.failing_since,
        cause: poll.cause,
        waits_for: poll.refusal.as_ref().map(ShownRefusal::of),
    }
}
