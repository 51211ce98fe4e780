//! Connects a customer's ATS to a provider, and shows the webhook's password this one time.

use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use domain::connection::{Minted, NewConnection};
use domain::id::{ConnectionId, readable_password};
use domain::secret::Secret;
use serde_json::json;

use super::operation::{Operation, of};
use crate::edge::{Answer, Call, json_answer, problem};
use crate::hub::Hub;
use crate::random;

pub const OPERATION: Operation = Operation {
    function: "admin-create-connection",
    method: "POST",
    path: "/admin/connections",
    summary: "Connects a customer's ATS to a provider; shows the webhook's password this one time.",
    query: &[],
    body: Some(of::<NewConnection>()),
    answers: &[(201, of::<serde_json::Value>())],
    problems: &[400, 413, 422, 503],
};

/// Handles `POST /admin/connections`.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    match create(&hub, &call).await {
        Ok(answer) | Err(answer) => answer,
    }
}

async fn create(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    let new: NewConnection = super::body::body(call)?;
    let password = Secret::new(readable_password(&random()?));
    let provider_password = Secret::new(readable_password(&random()?));
    let minted = Minted {
        id: ConnectionId::from_random(new.ats.name(), random()?),
        webhook_password: password.clone(),
        provider_password: provider_password.clone(),
        link_key: Secret::new(BASE32_NOPAD.encode(&random::<32>()?)),
        now: hub.clock.now(),
    };
    let (connection, secret) = new
        .accept(hub.config.region, minted)
        .map_err(|invalid| problem(422, "The connection cannot be saved as it is.", &invalid))?;
    // The secret comes first: a connection without one would refuse every webhook.
    hub.secrets.create(&connection.id, &secret).await.map_err(|error| {
        tracing::error!(cause = %error, "the secret could not be stored");
        problem(503, "The secret store cannot be reached just now. Try again.", &[])
    })?;
    hub.store.create_connection(&connection).await.map_err(|error| super::unavailable(&error))?;
    tracing::info!(connection = %connection.id, "connected");
    let mut shown = super::connection_json(hub, &connection);
    let issued = [
        ("webhook", &password, &connection.webhook_passwords),
        ("provider_webhook", &provider_password, &connection.provider_passwords),
    ];
    for (name, password, hashes) in issued {
        let webhook = shown.get_mut(name).and_then(|webhook| webhook.as_object_mut());
        if let (Some(webhook), false) = (webhook, hashes.is_empty()) {
            webhook.insert("password".to_owned(), json!(password.expose()));
            webhook.insert("note".to_owned(), json!("The password is shown this one time. Hand it over securely."));
        }
    }
    Ok(json_answer(201, &shown))
}

fn random<const N: usize>() -> Result<[u8; N], Answer> {
    random::bytes().map_err(|_| problem(503, "No randomness is to be had just now. Try again.", &[]))
}
