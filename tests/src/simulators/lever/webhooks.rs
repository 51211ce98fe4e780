//! Webhooks: a subscription each, never de-duplicated, whose signature token is told once.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::Visit;
use super::host::is_safe;
use super::query::data;
use super::refusal::Refusal;

pub(super) const STAGE_CHANGE: &str = "candidateStageChange";
pub(super) const ARCHIVE_CHANGE: &str = "candidateArchiveChange";
pub(super) const DELETED: &str = "candidateDeleted";
pub(super) const ORIGINS: [&str; 6] = ["applied", "sourced", "referred", "university", "agency", "internal"];
const EVENTS: [&str; 10] = [
    STAGE_CHANGE,
    ARCHIVE_CHANGE,
    DELETED,
    "applicationCreated",
    "candidateHired",
    "interviewCreated",
    "interviewUpdated",
    "interviewDeleted",
    "contactCreated",
    "contactUpdated",
];

#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) url: String,
    /// None at all means that the origin does not matter.
    pub(super) origins: Vec<String>,
    pub(super) signature_token: String,
    /// The app and the consent that it was made with; nothing where an admin made it.
    pub(super) made_with: Option<(String, usize)>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl Webhook {
    fn object(&self, with_token: bool) -> Value {
        let mut configuration = Map::from_iter([("conditions".to_owned(), json!({ "origins": self.origins }))]);
        configuration.extend(with_token.then(|| ("signatureToken".to_owned(), json!(self.signature_token))));
        json!({
            "id": self.id,
            "event": self.event,
            "url": self.url,
            "configuration": configuration,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        })
    }
}

#[derive(Deserialize)]
struct New {
    url: String,
    event: String,
    #[serde(default)]
    configuration: Configuration,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Configuration {
    #[serde(default)]
    conditions: Conditions,
    #[serde(rename = "verifyConnection")]
    _verify: Option<bool>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Conditions {
    origins: Option<Vec<String>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct Changes {
    data: Vec<Changed>,
}

#[derive(Deserialize)]
struct Changed {
    id: String,
    url: Option<String>,
    event: Option<String>,
    configuration: Option<Configuration>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl Configuration {
    fn origins(self, visit: &Visit<'_>) -> Result<Vec<String>, Refusal> {
        visit.call.note_unknown(&self.unknown);
        visit.call.note_unknown(&self.conditions.unknown);
        let origins = self.conditions.origins.unwrap_or_else(|| ORIGINS.map(str::to_owned).to_vec());
        if origins.iter().any(|origin| !ORIGINS.contains(&origin.as_str())) {
            return Err(Refusal::bad_request("There is no such origin"));
        }
        Ok(origins)
    }
}

fn check(url: Option<&str>, event: Option<&str>) -> Result<(), Refusal> {
    if url.is_some_and(|url| !is_safe(url)) {
        return Err(Refusal::bad_request("The URL of a webhook must be of the scheme https"));
    }
    if event.is_some_and(|event| !EVENTS.contains(&event)) {
        return Err(Refusal::bad_request("There is no such event"));
    }
    Ok(())
}

impl Visit<'_> {
    /// Whether the present token lists and changes a webhook.
    fn is_own(&self, webhook: &Webhook) -> bool {
        webhook.made_with.as_ref().is_some_and(|(client, consent)| {
            *client == self.client_id && (*consent == self.consent || !self.account.options.lists_own_consent_only)
        })
    }

    /// Never says whether there is a next page.
    pub(super) fn webhooks(&self) -> Response {
        let own = self.account.webhooks.iter().filter(|webhook| self.is_own(webhook));
        data(&own.map(|webhook| webhook.object(false)).collect())
    }

    pub(super) fn new_webhook(&mut self) -> Result<Response, Refusal> {
        let New { url, event, configuration, unknown } = self.call.json()?;
        self.call.note_unknown(&unknown);
        check(Some(&url), Some(&event))?;
        let origins = configuration.origins(self)?;
        let now = self.call.now.as_millisecond();
        let webhook = Webhook {
            id: self.dice.uuid(),
            event,
            url,
            origins,
            signature_token: self.dice.hex_token(),
            made_with: Some((self.client_id.clone(), self.consent)),
            created_at: now,
            updated_at: now,
        };
        let mut answer = json!({ "data": webhook.object(true) });
        if self.account.options.doubles_created_webhook {
            answer = json!({ "data": answer });
        }
        self.account.webhooks.push(webhook);
        Ok((StatusCode::CREATED, Json(answer)).into_response())
    }

    pub(super) fn change_webhooks(&mut self) -> Result<Response, Refusal> {
        let Changes { data: changes } = self.call.json()?;
        let now = self.call.now.as_millisecond();
        let mut changed = Vec::new();
        for Changed { id, url, event, configuration, unknown } in changes {
            self.call.note_unknown(&unknown);
            check(url.as_deref(), event.as_deref())?;
            let origins = configuration.map(|configuration| configuration.origins(self)).transpose()?;
            let own = self.account.webhooks.iter().position(|webhook| webhook.id == id && self.is_own(webhook));
            let found = own.and_then(|index| self.account.webhooks.get_mut(index)).ok_or_else(Refusal::not_found)?;
            found.url = url.unwrap_or_else(|| found.url.clone());
            found.event = event.unwrap_or_else(|| found.event.clone());
            found.origins = origins.unwrap_or_else(|| found.origins.clone());
            found.updated_at = now;
            changed.push(found.object(false));
        }
        Ok(data(&changed.into()))
    }

    pub(super) fn delete_webhook(&mut self, id: &str) -> Result<Response, Refusal> {
        let own = self.account.webhooks.iter().position(|webhook| webhook.id == id && self.is_own(webhook));
        self.account.webhooks.remove(own.ok_or_else(Refusal::not_found)?);
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}
