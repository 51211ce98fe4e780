//! Lever's admin comes back from the consent page.

use std::sync::Arc;

use domain::access::NoTokens;
use domain::ats::Authorizes;
use domain::authorization::Authorization;
use domain::secret::Secret;
use http::Method;

use super::Answering;
use crate::access;
use crate::edge::{self, Answer, Call, answer};
use crate::hub::Hub;
use crate::store::Connected;

const NOT_STARTED: &str = "This link is not one of ours, was used before, or is older than ten minutes. \
     Ask the operator of the integration for a new authorization link.";
const TRY_AGAIN: &str = "The authorization could not be stored just now. \
     Ask the operator of the integration for a new authorization link.";

/// Handles `GET /api/external/ats/lever/callback`; what it answers is a page for a person.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if call.method != Method::GET {
            return answer(404, &[], "");
        }
        match receive(&hub, &call).await {
            Ok(page) | Err(page) => page,
        }
    })
}

async fn receive(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    let parameter = |name: &str| call.query.get(name).map(String::as_str).unwrap_or_default();
    let unavailable = |cause: &dyn std::fmt::Display| {
        tracing::error!(%cause, "an authorization could not be stored");
        page(503, "Not connected", &[TRY_AGAIN])
    };
    let not_started = || page(400, "Not connected", &[NOT_STARTED]);
    let state = parameter("state");
    let id = Authorization::connection_of(state).ok_or_else(not_started)?;
    hub.forget(&id).await;
    let connected = hub.connected(&id).await.map_err(|error| unavailable(&error))?;
    let connected = connected.filter(|c| c.connection.region == hub.config.region).ok_or_else(not_started)?;
    let authorizes = connected.connection.ats.authorizes().ok_or_else(not_started)?;
    let secret = hub.secrets.get(&id, hub.clock.now()).await.map_err(|error| unavailable(&error))?;

    let mut pending = None;
    let used_up = access::change_authorization(hub, &id, |authorization| {
        pending = authorization.finish(&secret.link_key, state, hub.clock.now()).ok();
        pending.is_some()
    });
    used_up.await.map_err(|trouble| unavailable(trouble.cause()))?;
    let Some(pending) = pending else {
        tracing::warn!(connection = %id, "an answer to a consent page that is not waited for");
        return Err(not_started());
    };
    let code = parameter("code");
    if code.is_empty() {
        tracing::warn!(connection = %id, "the consent was refused");
        let told =
            "Lever says that access was not granted. Nothing was changed. To connect, start again and choose Accept.";
        return Err(page(403, "Not connected", &[told]));
    }
    let exchange = authorizes.exchange(&secret.ats, &Secret::from(code), &pending.redirect, hub.clock.now());
    let tokens = hub.outbound.converse(exchange, &id, call.deadline).await.map_err(|why| {
        tracing::error!(connection = %id, cause = ?why, "the code could not be turned into tokens");
        page(502, "Not connected", &[no_tokens(why)])
    })?;
    let kept = access::keep_grant(hub, &id, tokens, call.deadline).await;
    kept.map_err(|trouble| unavailable(trouble.cause()))?;
    tracing::info!(connection = %id, "the access is granted");
    Ok(connected_page(hub, &connected, authorizes, &pending.root, call).await)
}

const fn no_tokens(why: NoTokens) -> &'static str {
    match why {
        NoTokens::Revoked => {
            "Lever did not take the code of this authorization; each is good once and for a short time. Start again."
        }
        NoTokens::Client => {
            "Lever does not take the integration's own client ID or secret, or gives it no lasting access. \
             The operator of the integration must correct them before you start again."
        }
        NoTokens::Unavailable => "Lever cannot be reached just now. Start again in a few minutes.",
    }
}

/// Makes what must be there at Lever, and says what its admin does next.
async fn connected_page(
    hub: &Hub,
    connected: &Connected,
    authorizes: &dyn Authorizes,
    root: &str,
    call: &Call,
) -> Answer {
    let set_up = access::set_up(hub, connected, authorizes, root, call.deadline).await;
    let next = authorizes.next_steps();
    let mut told: Vec<&str> = Vec::new();
    let title = match &set_up {
        Ok(stages) if !stages.is_empty() => "Connected",
        Ok(_) => {
            told.push(&next.stage);
            "Connected, and a stage is missing"
        }
        Err(trouble) => {
            let id = &connected.connection.id;
            tracing::error!(connection = %id, cause = %trouble.cause(), "the webhook could not be made");
            told.push(
                "The access is granted, but the webhook could not be made yet. It is tried again every ten minutes; \
                 there is nothing to do for you. The operator of the integration sees when it is there.",
            );
            "Connected, and not finished"
        }
    };
    told.push("What you do next:");
    told.extend(next.after.iter().map(String::as_str));
    page(200, title, &told)
}

fn page(status: u16, title: &str, paragraphs: &[&str]) -> Answer {
    let text: String = paragraphs.iter().map(|paragraph| format!("<p>{}</p>\n", escaped(paragraph))).collect();
    let title = escaped(title);
    edge::page(status, &[], &title, &format!("\n<h1>{title}</h1>\n{text}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
