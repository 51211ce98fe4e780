//! Every request that is no control route: where it goes, and what Lever checks before it looks at it.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::bodies::readable;
use super::super::shared::{Violations, lock};
use super::dice::Dice;
use super::grants::Grants;
use super::host::Host;
use super::model::{App, CONFIDENTIAL_SCOPE, Environment};
use super::refusal::Refusal;
use super::seen::Actor;
use super::state::{AccountState, Opportunity, Simulated};
use super::target::Target;
use super::{LeverSimulator, MARKERS, login};

const BODY_LIMIT: usize = 1 << 20;
const SHORTEST_TELLING_SECRET: usize = 6;
/// On every answer of the API, beside which it names no id of the request.
const HEADERS: [(&str, &str); 3] =
    [("server", "lever-data-api"), ("x-lever-region", "global"), ("x-stream-path", "dapi")];

/// One request, as it came.
pub(super) struct Call<'a> {
    pub(super) parts: &'a Parts,
    pub(super) body: &'a [u8],
    pub(super) host: Host,
    pub(super) now: Timestamp,
    pub(super) violations: &'a Violations,
}

/// A call that was let in, with the customer that it is about.
pub(super) struct Visit<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) account: &'a mut AccountState,
    pub(super) dice: &'a mut Dice,
    pub(super) client_id: String,
    /// The consent of the call's token.
    pub(super) consent: usize,
    pub(super) sees_confidential: bool,
    /// In whose name the call is.
    pub(super) actor: Actor,
}

/// Answers whatever is not a control route.
pub(super) async fn answer(State(simulator): State<LeverSimulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Refusal::bad_request("The body is too long or did not arrive").into_response();
    };
    let harness = &simulator.harness;
    let host = Host::of(&parts.headers);
    let call = Call { parts: &parts, body: &body, host, now: harness.now(), violations: &harness.violations };
    let (response, caused) = {
        let mut state = lock(&simulator.state);
        let response = call.answer(&mut state);
        let caused = state.accounts.iter_mut().map(|(id, found)| (id.clone(), std::mem::take(&mut found.outbox)));
        (response, caused.filter(|(_, outbox)| !outbox.is_empty()).collect::<Vec<_>>())
    };
    for (account, outbox) in caused {
        simulator.send(&account, outbox).await;
    }
    response
}

impl Call<'_> {
    fn answer(&self, state: &mut Simulated) -> Response {
        let path = self.parts.uri.path();
        let auth = [Environment::Production, Environment::Sandbox].iter().any(|found| self.host.is(found.auth_host()));
        match (&self.parts.method, path) {
            (&Method::POST, "/oauth/token") if auth => return login::token(self, state),
            (&Method::GET, "/authorize") if auth => return login::authorize(self, state, ""),
            (&Method::GET, "/authorize/accept") if auth => return login::authorize(self, state, "accept"),
            (&Method::GET, "/authorize/refuse") if auth => return login::authorize(self, state, "refuse"),
            _ => {}
        }
        let mut response = self.api(state).unwrap_or_else(IntoResponse::into_response);
        for (name, value) in HEADERS {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn api(&self, state: &mut Simulated) -> Result<Response, Refusal> {
        let (method, path) = (&self.parts.method, self.parts.uri.path());
        let Simulated { apps, accounts, grants, dice } = state;
        self.scan(apps.values(), grants, accounts.values());
        let segments: Vec<&str> = path.split('/').collect();
        let (target, object, access) = match segments.as_slice() {
            ["", "v1", rest @ ..] => Target::of(method, rest),
            _ => None,
        }
        .ok_or_else(|| {
            self.violations.record(format!("Lever was sent the unexpected {method} {path}"));
            Refusal::not_found()
        })?;
        let header = self.parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| {
            self.violations.record(format!("{method} {path} came without an access token"));
            Refusal::unauthorized()
        })?;
        let (consent, grant) = grants.opened_by(token, self.now.as_second()).ok_or_else(Refusal::unauthorized)?;
        let account = accounts.get_mut(&grant.account).ok_or_else(Refusal::unauthorized)?;
        if let Some(response) = self.elsewhere(account, grant.environment)? {
            return Ok(response);
        }
        let (per_second, burst) = (account.options.rate_per_second, account.options.rate_burst);
        if !account.bucket.take(self.now, per_second, burst) {
            return Err(Refusal::over_limit());
        }
        if !access.is_granted(object, &grant.scopes) {
            return Err(Refusal::missing_scope(&access.scope(object)));
        }
        let sees_confidential = grant.scopes.contains(CONFIDENTIAL_SCOPE);
        let client_id = grant.client_id.clone();
        let visit = Visit { call: self, account, dice, client_id, consent, sees_confidential, actor: Actor::App };
        visit.answer(target, &grant.scopes)
    }

    /// The answer of a host that does not have the account's data.
    fn elsewhere(&self, account: &AccountState, environment: Environment) -> Result<Option<Response>, Refusal> {
        let base = environment.api_host();
        let Host::Named(name) = &self.host else { return Ok(None) };
        match &account.options.moved_to {
            Some(new) if self.host.is(new) => {
                if !new.ends_with(".lever.co") {
                    self.violations.record(format!("the hub followed a redirect of Lever to the host {name}"));
                }
                Ok(None)
            }
            Some(new) if self.host.is(base) => {
                let location = format!("https://{new}{}", self.parts.uri);
                Ok(Some((StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, location)]).into_response()))
            }
            None if self.host.is(base) => Ok(None),
            _ => {
                let known = [Environment::Production, Environment::Sandbox].iter().any(|e| self.host.is(e.api_host()));
                if !known {
                    self.violations.record(format!("the hub sent an access token of Lever to the host {name}"));
                }
                Err(Refusal::foreign_token())
            }
        }
    }

    /// Records whatever may never reach Lever or one of its users.
    fn scan<'s>(
        &self,
        mut apps: impl Iterator<Item = &'s App>,
        grants: &Grants,
        accounts: impl Iterator<Item = &'s AccountState>,
    ) {
        let (method, path) = (&self.parts.method, self.parts.uri.path());
        let text = format!("{} {}", self.parts.uri, readable(self.body));
        for marker in MARKERS.iter().filter(|marker| text.contains(*marker)) {
            self.violations.record(format!("Lever received {marker} in {method} {path}"));
        }
        let tells = |secret: &str| secret.len() >= SHORTEST_TELLING_SECRET && text.contains(secret);
        if apps.any(|app| tells(&app.client_secret)) || grants.tokens().any(tells) {
            self.violations.record(format!("Lever received a secret of the app in {method} {path}"));
        }
        let mut webhooks = accounts.flat_map(|account| &account.webhooks);
        if webhooks.any(|webhook| tells(&webhook.signature_token)) {
            self.violations.record(format!("Lever received a signature token in {method} {path}"));
        }
    }

    /// The body, which must be JSON and say so.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        let kind = self.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.unwrap_or_default().starts_with("application/json") {
            self.violations.record(format!("Lever received a body of the type {kind:?}, not application/json"));
            return Err(Refusal::bad_request("The body is not of the type application/json"));
        }
        serde_json::from_slice(self.body).map_err(|_| {
            let (method, path) = (&self.parts.method, self.parts.uri.path());
            self.violations.record(format!("the body of {method} {path} is not what Lever takes"));
            Refusal::bad_request("The body cannot be read")
        })
    }

    pub(super) fn note_unknown(&self, fields: &Map<String, Value>) {
        for name in fields.keys() {
            let (method, path) = (&self.parts.method, self.parts.uri.path());
            self.violations.record(format!("Lever received the unexpected field {name} in {method} {path}"));
        }
    }
}

impl Visit<'_> {
    /// The opportunity, where there is one that the token may see.
    pub(super) fn opportunity(&self, id: &str) -> Result<&Opportunity, Refusal> {
        let found = self.account.opportunity(id).ok_or_else(Refusal::not_found)?;
        if found.confidential && !self.sees_confidential {
            return Err(Refusal::missing_scope(CONFIDENTIAL_SCOPE));
        }
        Ok(found)
    }

    pub(super) fn opportunity_mut(&mut self, id: &str) -> Result<&mut Opportunity, Refusal> {
        self.opportunity(id)?;
        self.account.opportunity_mut(id).ok_or_else(Refusal::not_found)
    }
}
