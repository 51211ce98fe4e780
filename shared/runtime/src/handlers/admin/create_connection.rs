//! Connects a customer's ATS to a provider, and shows the webhook's password this one time.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use domain::connection::{ConnectionSecret, Minted, NewConnection};
use domain::id::{ConnectionId, readable_password};
use domain::invalid::Invalid;
use domain::secret::Secret;

use super::operation::{Operation, of};
use super::shown::ShownConnection;
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::random;
use crate::secrets::SecretError;
use crate::store::AuditEntry;

pub const OPERATION: Operation = Operation {
    function: "admin-create-connection",
    method: "POST",
    path: "/admin/connections",
    summary: "Connects a customer's ATS to a provider; shows the webhook's password this one time.",
    query: &[],
    body: Some(of::<NewConnection>()),
    answers: &[(200, of::<ShownConnection>()), (201, of::<ShownConnection>())],
    problems: &[400, 409, 413, 422, 503],
};

/// Handles `POST /admin/connections`. With an `Idempotency-Key` it may be repeated.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(create(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn create(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let new: NewConnection = super::body::body(call)?;
    let key = call.headers.iter().find(|(name, _)| name == "idempotency-key").map(|(_, key)| key.expose().as_str());
    let id = match key {
        None => ConnectionId::from_random(new.ats.name(), random()?),
        Some(key) => ConnectionId::from_key(new.ats.name(), key).map_err(|why| {
            let invalid = Invalid::new("Idempotency-Key", why.to_string());
            problem(400, "The key of the request is not of its form.", &[invalid])
        })?,
    };
    let password = Secret::new(readable_password(&random()?));
    let provider_password = Secret::new(readable_password(&random()?));
    let minted = Minted {
        id,
        webhook_password: password.clone(),
        provider_password: provider_password.clone(),
        link_key: Secret::new(BASE32_NOPAD.encode(&random::<32>()?)),
        now: hub.clock.now(),
    };
    let (connection, secret) = new
        .accept(hub.config.region, minted)
        .map_err(|invalid| problem(422, "The connection cannot be saved as it is.", &invalid))?;
    if key.is_some()
        && let Some(there) = made_before(hub, &connection).await?
    {
        return Ok(there);
    }
    // The secret comes first: a connection without one would refuse every webhook.
    store_secret(hub, &connection.id, secret, key.is_some()).await?;
    let what = format!("{} to {}", connection.ats.name(), connection.provider.name());
    let entry = AuditEntry::new(&connection, connection.created_at, &call.caller, "create-connection", what);
    let stored = hub.store.create_connection(&connection, &entry).await.map_err(|error| super::unavailable(&error))?;
    if !stored {
        // The same request was faster.
        let again = || problem(503, "The connection could not be stored. Try again.", &[]);
        return made_before(hub, &connection).await?.ok_or_else(again);
    }
    hub.forget(&connection.id).await;
    tracing::info!(connection = %connection.id, "connected");
    Ok(json_answer(201, &ShownConnection::of(hub, &connection, &[]).issuing(&password, &provider_password)))
}

/// What is answered where the same request made the connection before.
async fn made_before(hub: &Hub, new: &domain::connection::Connection) -> Result<Option<Answer>, Answer> {
    let there = hub.store.connection(&new.id).await.map_err(|error| super::unavailable(&error))?;
    let Some(there) = there.map(|there| there.connection) else { return Ok(None) };
    if (there.ats.customer(), there.provider.name()) != (new.ats.customer(), new.provider.name()) {
        let title = "This Idempotency-Key made another customer's connection: take another key.";
        return Err(problem(409, title, &[]));
    }
    let uses = hub.store.last_uses(&there.id).await.map_err(|error| super::unavailable(&error))?;
    Ok(Some(json_answer(200, &ShownConnection::of(hub, &there, &uses).issued_before())))
}

/// Stores the secret. Where `may_be_there`, one that an earlier attempt left without its connection is taken over with its
/// key.
async fn store_secret(
    hub: &Hub,
    id: &ConnectionId,
    secret: ConnectionSecret,
    may_be_there: bool,
) -> Result<(), Answer> {
    let unavailable = |error: SecretError| {
        tracing::error!(cause = %error, "the secret could not be stored");
        problem(503, "The secret store cannot be reached just now. Try again.", &[])
    };
    match hub.secrets.create(id, &secret).await {
        Err(error) if may_be_there && error.is_there() => {
            let left = hub.secrets.read_anew(id, hub.clock.now()).await.map_err(unavailable)?;
            let taken_over = ConnectionSecret { ats: secret.ats, provider: secret.provider, ..(*left).clone() };
            hub.secrets.replace(id, &taken_over).await.map_err(unavailable)
        }
        Err(error) if may_be_there && error.is_out_of_turn() => {
            let title = "This Idempotency-Key made a connection that was deleted: take another key.";
            Err(problem(409, title, &[]))
        }
        stored => stored.map_err(unavailable),
    }
}

fn random<const N: usize>() -> Result<[u8; N], Answer> {
    random::bytes().map_err(|_| problem(503, "No randomness is to be had just now. Try again.", &[]))
}
