//! Changes a connection's settings, pauses it or resumes it.

use std::sync::Arc;

use domain::connection::{Changed, Connection, ConnectionChange, ConnectionState};
use domain::reason::Reason;

use super::operation::{Operation, of};
use super::shown::ShownConnection;
use crate::access::change_authorization;
use crate::edge::{Answer, Call, conflict, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::AuditEntry;

pub const OPERATION: Operation = Operation {
    function: "admin-update-connection",
    method: "PATCH",
    path: "/admin/connections/{connection}",
    summary: "Changes a connection's settings, pauses it or resumes it.",
    query: &[],
    body: Some(of::<ConnectionChange>()),
    answers: &[(200, of::<ShownConnection>())],
    problems: &[400, 404, 409, 413, 422, 503],
};

/// Handles `PATCH /admin/connections/{connection}`. The same change sent again changes nothing and is no conflict, once
/// with the new `rev`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(update(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn update(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let change: ConnectionChange = super::body::body(call)?;
    let was = &connected.connection;
    super::is_newest(was, Some(change.rev))?;
    let secret = hub.secrets.read_anew(&was.id, hub.clock.now()).await.map_err(|error| {
        tracing::error!(cause = %error, "the secret could not be read");
        problem(503, "The secret store cannot be reached just now. Try again.", &[])
    })?;
    let Changed { connection, fields } = was
        .changed(change, &secret)
        .map_err(|invalid| problem(422, "The connection cannot be changed like this.", &invalid))?;
    if !fields.is_empty() {
        let entry = AuditEntry::new(was, hub.clock.now(), &call.caller, "update-connection", fields.join(", "));
        let saved = hub.store.save_connection(&connection, was.rev, &entry).await;
        hub.forget(&was.id).await;
        if !saved.map_err(|error| super::unavailable(&error))? {
            return Err(lost(hub, call).await);
        }
        tracing::info!(connection = %was.id, count = fields.len(), "changed");
        look_for_stages_anew(hub, &connection, &fields).await;
        if (was.state, connection.state) == (ConnectionState::Paused, ConnectionState::Active) {
            super::go_on_with(hub, call, &[Reason::ConnectionPaused]).await;
        }
    }
    let uses = hub.store.last_uses(&was.id).await.map_err(|error| super::unavailable(&error))?;
    Ok(json_answer(200, &ShownConnection::of(hub, &connection, &uses)))
}

/// Somebody else was first.
pub(super) async fn lost(hub: &Hub, call: &Call) -> Answer {
    match super::connected(hub, call).await {
        Ok(connected) => conflict(super::CHANGED_MEANWHILE, connected.connection.rev),
        Err(answer) => answer,
    }
}

/// The stages that are known are those of the old settings: until they are found anew, each event is looked at.
async fn look_for_stages_anew(hub: &Hub, connection: &Connection, fields: &[String]) {
    if connection.ats.authorizes().is_none() || !fields.iter().any(|field| field.starts_with("ats.")) {
        return;
    }
    let now = hub.clock.now();
    let forgotten = change_authorization(hub, &connection.id, |authorization| {
        authorization.stages.clear();
        authorization.look_due_at = now;
        true
    });
    if let Err(trouble) = forgotten.await {
        tracing::warn!(connection = %connection.id, cause = %trouble.cause(), "the next look finds the stages");
    }
}
