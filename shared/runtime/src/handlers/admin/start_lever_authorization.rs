//! Begins the authorization: where Lever's Super Admin goes to grant access to their account.

use std::sync::Arc;

use serde_json::json;
use url::Url;

use super::operation::{Operation, of};
use crate::access::change_authorization;
use crate::edge::{Answer, Call, json_answer, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::random;

pub const OPERATION: Operation = Operation {
    function: "admin-start-lever-authorization",
    method: "POST",
    path: "/admin/connections/{connection}/lever-authorization",
    summary: "Gives the address at which a Super Admin allows access to Lever.",
    query: &[],
    body: None,
    answers: &[(200, of::<serde_json::Value>())],
    problems: &[400, 404, 409, 503],
};

/// Handles `POST /admin/connections/{connection}/lever-authorization`. A new link makes the one before useless.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match start(&hub, &call).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn start(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    let connected = super::connected(hub, call).await?;
    let connection = &connected.connection;
    let authorizes = connection.ats.authorizes().ok_or_else(super::grants_nothing)?;
    let unavailable = || problem(503, "The authorization cannot be started just now. Try again.", &[]);
    let root = hub.config.public_url.as_deref().ok_or_else(unavailable)?;
    let redirect = format!("{root}/api/external/ats/{}/callback", connection.ats.name());
    let redirect = Url::parse(&redirect).map_err(|_| unavailable())?;
    let secret = hub.secret(&connection.id).await.map_err(|_| unavailable())?;
    let random = random::bytes().map_err(|_| unavailable())?;
    let (mut state, mut expires_at) = (None, None);
    let started = change_authorization(hub, &connection.id, |authorization| {
        let now = hub.clock.now();
        state = Some(authorization.start(&secret.link_key, random, redirect.clone(), root, now));
        expires_at = authorization.pending.as_ref().map(|pending| pending.expires_at);
        true
    });
    started.await.map_err(|trouble| {
        tracing::error!(cause = %trouble.cause(), "an authorization could not be started");
        unavailable()
    })?;
    let state = state.ok_or_else(unavailable)?;
    let address = authorizes.consent_page(&secret.ats, &redirect, &state).ok_or_else(unavailable)?;
    tracing::info!(connection = %connection.id, "an authorization was started");
    Ok(json_answer(
        200,
        &json!({
            "authorize_url": address,
            "expires_at": expires_at,
            "redirect_uri": redirect,
            "note": "Send this link to the customer's Super Admin. It works once, for ten minutes.",
        }),
    ))
}
