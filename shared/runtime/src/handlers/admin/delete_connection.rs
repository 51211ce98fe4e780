//! Disconnects a customer: shuts its doors, then takes its webhook, tokens, secret and data away, and itself last.
//!
//! Each step may be repeated, and none makes a later one impossible: whoever was interrupted calls again.

use std::sync::Arc;

use domain::connection::{Connection, ConnectionState};
use domain::id::ConnectionId;
use domain::invalid::Invalid;
use domain::trouble::Trouble;
use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

use super::operation::{Operation, Parameter, of};
use crate::access::{self, change_authorization};
use crate::edge::{Answer, Call, conflict, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected};

/// For how long functions may act on what they keep of a connection whose doors were shut: half a minute, and the life of
/// whoever read it last.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(2);

const REV: Parameter =
    Parameter { name: "rev", about: "The connection's `rev` as it was read.", required: true, schema: rev };

const OPEN_ORDERS: Parameter = Parameter {
    name: "open_orders",
    about: "Says that it is known that open orders go on at the provider, and that nothing is shown of them any more.",
    required: false,
    schema: acknowledged,
};

const FORCE: Parameter = Parameter {
    name: "force",
    about: "Goes on although the ATS cannot be reached; what is left there is removed by hand.",
    required: false,
    schema: SchemaGenerator::subschema_for::<bool>,
};

fn rev(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer", "minimum": 0, "maximum": 9_007_199_254_740_991_u64})
}

fn acknowledged(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "const": "acknowledged"})
}

/// How far it came.
#[derive(Debug, Serialize, JsonSchema)]
struct Deleted {
    /// Whether everything is gone but the audit.
    deleted: bool,
    /// How many orders this call erased.
    orders: usize,
    note: &'static str,
    /// What the admins of both sides remove themselves, in sentences for them.
    by_hand: Vec<&'static str>,
}

pub const OPERATION: Operation = Operation {
    function: "admin-delete-connection",
    method: "DELETE",
    path: "/admin/connections/{connection}",
    summary: "Disconnects a customer: its webhook, tokens, secret and data go. Called again until it says that all is gone.",
    query: &[REV, OPEN_ORDERS, FORCE],
    body: None,
    answers: &[(200, of::<Deleted>()), (202, of::<Deleted>())],
    problems: &[400, 404, 409, 503],
};

/// Handles `DELETE /admin/connections/{connection}`; goes on where an earlier call ended.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(delete(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn delete(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[REV.name, OPEN_ORDERS.name, FORCE.name])?;
    let rev = super::body::parameter(call, REV.name, |text| text.parse().ok(), "must be a number")?;
    let is_word = |text: &str| (text == "acknowledged").then_some(());
    let acknowledged = super::body::parameter(call, OPEN_ORDERS.name, is_word, "must be acknowledged")?.is_some();
    let force = super::body::parameter(call, FORCE.name, |text| text.parse().ok(), "must be true or false")?;
    let mut connected = stored(hub, call).await?;
    let Some(rev) = rev else {
        let invalid = Invalid::new(REV.name, "is needed: the rev of the connection as it was read");
        return Err(problem(400, "A parameter of the query is missing.", &[invalid]));
    };
    if connected.connection.state != ConnectionState::Closing {
        close(hub, call, &connected.connection, rev, acknowledged).await?;
        connected = stored(hub, call).await?;
    }
    let connection = &connected.connection;
    Box::pin(leave_ats(hub, call, &connected, force.unwrap_or(false))).await?;
    hub.secrets.schedule_deletion(&connection.id).await.map_err(|error| {
        tracing::error!(connection = %connection.id, cause = %error, "the secret could not be deleted");
        problem(503, "The secret store cannot be reached just now. Call again to go on.", &[])
    })?;
    let swept = hub.store.sweep(connection, call.deadline).await.map_err(|error| super::unavailable(&error))?;
    let by_hand = vec![connection.ats.traits().left_behind, connection.provider.traits().left_behind];
    let answered = |status, deleted, note| {
        Ok(json_answer(status, &Deleted { deleted, orders: swept.orders, note, by_hand: by_hand.clone() }))
    };
    if !swept.all {
        return answered(202, false, "There was no time to erase everything: call again to go on.");
    }
    let now = hub.clock.now();
    if connection.closing_since.is_some_and(|since| since.duration_until(now) < REMEMBERED) {
        let note = "The doors are shut, and the data is erased. For two minutes a function may still act on what it \
                    remembers: call again after that, so that nothing is left of it.";
        return answered(202, false, note);
    }
    let entry = AuditEntry::new(connection, now, &call.caller, "delete-connection", "deleted");
    if !hub.store.remove_connection(&entry).await.map_err(|error| super::unavailable(&error))? {
        return Err(super::no_connection());
    }
    hub.forget(&connection.id).await;
    tracing::info!(connection = %connection.id, "deleted");
    answered(200, true, "Everything is gone but the audit. The secret can be brought back for seven days.")
}

/// The connection as it is stored, be it on its way out.
async fn stored(hub: &Hub, call: &Call) -> Result<Connected, Answer> {
    let id = ConnectionId::parse(call.path_parameter("connection")).map_err(|_| super::no_connection())?;
    let connected = hub.store.connection(&id).await.map_err(|error| super::unavailable(&error))?;
    let here = connected.filter(|connected| connected.connection.region == hub.config.region);
    here.ok_or_else(super::no_connection)
}

/// Shuts the doors: from now on nobody finds the connection but who deletes it.
async fn close(hub: &Hub, call: &Call, connection: &Connection, rev: u64, acknowledged: bool) -> Result<(), Answer> {
    let changed = |rev| conflict("The connection was changed since it was read: read it again.", rev);
    if connection.rev != rev {
        return Err(changed(connection.rev));
    }
    let open = hub.store.open_orders(&connection.id).await.map_err(|error| super::unavailable(&error))?;
    if open > 0 && !acknowledged {
        let title = format!(
            "Open orders: {open}. They go on at {} where they were placed, and nothing is shown of them any more. Send \
             open_orders=acknowledged to delete the connection all the same.",
            connection.provider.shown_as()
        );
        return Err(problem(409, &title, &[]));
    }
    let now = hub.clock.now();
    let about = format!("closed, open orders: {open}");
    let entry = AuditEntry::new(connection, now, &call.caller, "delete-connection", about);
    let closed = hub.store.close_connection(&entry, rev, now).await.map_err(|error| super::unavailable(&error))?;
    hub.forget(&connection.id).await;
    if closed { Ok(()) } else { Err(changed(stored(hub, call).await?.connection.rev)) }
}

/// Deletes our webhook at the ATS and forgets the tokens, where there are any.
async fn leave_ats(hub: &Hub, call: &Call, connected: &Connected, force: bool) -> Result<(), Answer> {
    let Some(authorizes) = connected.connection.ats.authorizes() else { return Ok(()) };
    let id = &connected.connection.id;
    let has_any = connected.authorization.as_ref().is_some_and(|authorization| {
        authorization.hook.is_some() || authorization.granted_at.is_some() || authorization.pending.is_some()
    });
    if !has_any {
        return Ok(());
    }
    let left = async {
        if force {
            // The tokens go with the secret.
            return change_authorization(hub, id, |authorization| {
                authorization.ended();
                true
            })
            .await;
        }
        match access::delete_hook(hub, connected, authorizes, call.deadline).await {
            // The ATS does not let us in any more: its admin reads what is left there.
            Ok(()) | Err(Trouble::Because { .. }) => access::forget(hub, id, call.deadline).await,
            Err(later) => Err(later),
        }
    };
    left.await.map_err(|trouble| {
        tracing::error!(connection = %id, cause = %trouble.cause(), "the access could not be given back");
        let title = "The access to the ATS cannot be given back just now. Call again in a minute to go on, or send force=true \
                     to go on without it.";
        problem(503, title, &[])
    })
}
