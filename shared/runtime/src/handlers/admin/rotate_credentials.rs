//! Replaces a password that we issued, or what we sign in with.

use std::sync::Arc;

use domain::ats::AtsCredentials;
use domain::id::ConnectionId;
use domain::invalid::Invalid;
use domain::kinded;
use domain::provider::ProviderCredentials;
use domain::webhook::Ending;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::operation::{Operation, of};
use super::shown::ShownPassword;
use super::{new_credentials, new_password};
use crate::edge::{Answer, Call};
use crate::handlers::Answering;
use crate::hub::Hub;

/// What is replaced, and by what.
#[derive(Debug, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Rotation {
    /// The password that the ATS uses on our webhook.
    WebhookPassword(NewPassword),
    /// The password that the provider uses on our webhook.
    ProviderWebhookPassword(NewPassword),
    /// What we sign in with at the ATS.
    Ats(NewAtsCredentials),
    /// What we sign in with at the provider.
    Provider(NewProviderCredentials),
}

impl<'de> Deserialize<'de> for Rotation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (what, rest) = kinded::split_by("what", deserializer)?;
        match what.as_str() {
            "webhook_password" => kinded::read(rest).map(Self::WebhookPassword),
            "provider_webhook_password" => kinded::read(rest).map(Self::ProviderWebhookPassword),
            "ats" => kinded::read(rest).map(Self::Ats),
            "provider" => kinded::read(rest).map(Self::Provider),
            _ => {
                let known = "webhook_password, provider_webhook_password, ats or provider";
                Err(de::Error::custom(format!("what{}invalid value, expected {known}", kinded::WITHIN)))
            }
        }
    }
}

/// A password that we issue anew.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// The connection's `rev` as it was read, where nobody may have changed it since.
    pub(super) rev: Option<u64>,
    /// For how long the password before it counts as well.
    #[serde(default = "a_day")]
    #[schemars(range(min = 0, max = 720))]
    pub(super) overlap_hours: u16,
    /// Where two count already: which of them ends at once.
    pub(super) end: Option<Ending>,
}

const fn a_day() -> u16 {
    24
}

/// What the ATS gave the integration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAtsCredentials {
    /// The connection's `rev` as it was read, where nobody may have changed it since.
    pub(super) rev: Option<u64>,
    pub(super) credentials: AtsCredentials,
}

/// What the provider gave the integration.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewProviderCredentials {
    /// The connection's `rev` as it was read, where nobody may have changed it since.
    pub(super) rev: Option<u64>,
    pub(super) credentials: ProviderCredentials,
    /// When the newest key was made, where the provider's keys end.
    pub(super) key_created_on: Option<Date>,
}

/// What was replaced.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Rotated {
    pub(super) connection: ConnectionId,
    pub(super) rev: u64,
    pub(super) what: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<ConnectionId>,
    /// A new password, shown this one time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) valid_passwords: Option<Vec<ShownPassword>>,
    pub(super) note: &'static str,
}

pub const OPERATION: Operation = Operation {
    function: "admin-rotate-credentials",
    method: "POST",
    path: "/admin/connections/{connection}/credentials",
    summary: "Replaces a password that we issued, or what we sign in with once it has proven itself.",
    query: &[],
    body: Some(of::<Rotation>()),
    answers: &[(200, of::<Rotated>())],
    problems: &[400, 404, 409, 413, 422, 429, 503],
};

/// Handles `POST /admin/connections/{connection}/credentials`.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        match Box::pin(rotate(&hub, &call)).await {
            Ok(answer) | Err(answer) => answer,
        }
    })
}

async fn rotate(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    super::body::only(call, &[])?;
    let connected = super::connected(hub, call).await?;
    match super::body::body(call)? {
        Rotation::WebhookPassword(new) => new_password::of_ats(hub, call, &connected, &new).await,
        Rotation::ProviderWebhookPassword(new) => new_password::of_provider(hub, call, &connected, &new).await,
        Rotation::Ats(new) => Box::pin(new_credentials::of_ats(hub, call, &connected, new)).await,
        Rotation::Provider(new) => Box::pin(new_credentials::of_provider(hub, call, &connected, new)).await,
    }
}

/// What was sent for something that the connection does not have.
pub(super) fn not_here(why: &str) -> Answer {
    crate::edge::problem(422, "This cannot be replaced.", &[Invalid::new("what", why)])
}
