//! Says what of a connection would not work, and who must do what. It looks and changes nothing: not here, not at the ATS,
//! not at the provider.

use std::sync::Arc;

use domain::checklist::{Allowance, Checklist, Facts, Line, Used};
use domain::connection::{Connection, ConnectionSecret};
use domain::http::Lane;
use domain::limit::Limit;
use domain::order::Order;
use domain::provider;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::operation::{Operation, of};
use crate::deadline::Deadline;
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::store::{Connected, LastUse, StoreError};

/// What an admin reads of a connection's check.
#[derive(Debug, Serialize, JsonSchema)]
struct Checked {
    checked_at: Timestamp,
    #[serde(flatten)]
    list: Checklist,
}

pub const OPERATION: Operation = Operation {
    function: "admin-check-connection",
    method: "GET",
    path: "/admin/connections/{connection}/check",
    summary: "Says what of a connection would not work, and who must do what.",
    query: &[],
    body: None,
    answers: &[(200, of::<Checked>())],
    problems: &[400, 404, 503],
};

/// Handles `GET /admin/connections/{connection}/check`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match check(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn check(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    let id = &connected.connection.id;
    let now = hub.clock.now();
    let read = async {
        futures::try_join!(
            hub.store.poll(id),
            hub.store.last_uses(id),
            hub.store.newest_order(id),
            allowances(hub, &connected.connection, now),
        )
    };
    let (poll, uses, newest_order, allowances) = Box::pin(read).await.map_err(|error| super::unavailable(&error))?;
    // What is stored counts, not what is kept: the secret may just have been replaced.
    let secret = match hub.secrets.read_anew(id, now).await {
        Ok(secret) => Ok(secret),
        Err(error) => Err(error.lasting().ok_or_else(|| {
            tracing::error!(cause = %error, "the secret could not be read");
            problem(503, "The secret store cannot be reached just now. Try again.", &[])
        })?),
    };
    let facts = Facts {
        connection: &connected.connection,
        region: hub.config.region,
        secret: secret.as_deref().map_err(|why| *why),
        authorization: connected.authorization.as_ref(),
        poll: poll.as_ref(),
        ats_heard_at: last(&uses, "webhook"),
        provider_heard_at: last(&uses, "provider"),
        newest_order: newest_order.as_ref(),
        allowances: &allowances,
        now,
    };
    let (ats, provider) = Box::pin(examined(hub, &connected, &facts, call.deadline)).await;
    let list = facts.checklist(ats, provider);
    tracing::info!(connection = %id, count = wrong(&list), "checked");
    Ok(json_answer(200, &Checked { checked_at: now, list }))
}

fn wrong(list: &Checklist) -> usize {
    let lines = [&list.ats_admin, &list.provider_admin, &list.hub_operator].into_iter().flatten();
    lines.filter(|line| line.is_wrong()).count()
}

/// The latest use of any way in of that kind.
fn last(uses: &[LastUse], kind: &str) -> Option<Timestamp> {
    uses.iter().filter(|one| one.way.starts_with(kind)).map(|one| one.at).max()
}

/// Looks at both sides at once, where they may be asked.
async fn examined(hub: &Hub, connected: &Connected, facts: &Facts<'_>, deadline: Deadline) -> (Vec<Line>, Vec<Line>) {
    let Ok(secret) = facts.secret else { return (Vec::new(), Vec::new()) };
    let asks_ats = facts.keeps_from_ats().is_none();
    let asks_provider = facts.keeps_from_provider().is_none();
    let ats = async {
        if asks_ats { ats(hub, &connected.connection, secret, facts.newest_order, deadline).await } else { Vec::new() }
    };
    let provider = async { if asks_provider { provider(hub, connected, secret, deadline).await } else { Vec::new() } };
    futures::join!(Box::pin(ats), Box::pin(provider))
}

async fn ats(
    hub: &Hub,
    connection: &Connection,
    secret: &ConnectionSecret,
    newest_order: Option<&Order>,
    deadline: Deadline,
) -> Vec<Line> {
    let Some(ats) = connection.ats.connector(&secret.ats, secret.access.as_ref()) else { return Vec::new() };
    let talk = ats.examine(newest_order.map(|order| &order.subject));
    hub.outbound.converse(talk, &connection.id, deadline).await
}

async fn provider(hub: &Hub, connected: &Connected, secret: &ConnectionSecret, deadline: Deadline) -> Vec<Line> {
    let Connected { connection, mappings, .. } = connected;
    let Some(provider) = connection.provider.connector(&secret.provider, connection.region) else { return Vec::new() };
    let talk = provider.examine(&Used::by(connection, mappings));
    hub.outbound.converse(talk, &connection.id, deadline).await
}

/// What is left of today's calls to the provider, where it has a quota.
async fn allowances(hub: &Hub, connection: &Connection, now: Timestamp) -> Result<Vec<Allowance>, StoreError> {
    let name = connection.provider.name();
    let Some((_, system)) = provider::REGISTERED.iter().find(|(registered, _)| *registered == name) else {
        return Ok(Vec::new());
    };
    let Some(Limit::Quota(quota)) = system.limit else { return Ok(Vec::new()) };
    let left = |lane| hub.store.left_today(&connection.id, system, quota, lane, now);
    let (orders_left, reads_left) = futures::try_join!(left(Lane::Orders), left(Lane::Reads))?;
    Ok(vec![Allowance { system: system.name, orders_left, reads_left, of: quota.lane().per_day }])
}
