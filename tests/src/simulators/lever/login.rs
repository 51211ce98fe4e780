//! The auth host: what an authorization asks for, what the customer's admin answers, and the tokens.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::Value;
use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::super::shared::Violations;
use super::api::Call;
use super::grants::Grant;
use super::host::{Host, is_safe};
use super::model::{App, Environment, OFFLINE_SCOPE, SUPER_ADMIN_ROLE};
use super::refusal::Denied;
use super::state::Simulated;

const AUTHORIZE_FIELDS: [&str; 7] =
    ["client_id", "redirect_uri", "response_type", "state", "audience", "scope", "prompt"];
const TOKEN_FIELDS: [&str; 6] = ["grant_type", "client_id", "client_secret", "code", "redirect_uri", "refresh_token"];
/// The most scopes that an app may have.
const MOST_SCOPES: usize = 20;

/// An authorization that the admin may accept or refuse.
pub(super) struct Asked {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    scopes: Vec<String>,
    environment: Environment,
    opens_api: bool,
}

impl Asked {
    /// Reads what follows `/authorize?`; otherwise what the admin's browser shows.
    pub(super) fn read(
        query: &str,
        host: &Host,
        apps: &BTreeMap<String, App>,
        violations: &Violations,
    ) -> Result<Self, String> {
        let fields: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        for name in fields.keys().filter(|name| !AUTHORIZE_FIELDS.contains(&name.as_str())) {
            violations.record(format!("Lever was asked for an authorization with the unexpected field {name}"));
        }
        let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
        let app = apps.get(field("client_id")).ok_or("Unknown client")?;
        if !host.is(app.environment.auth_host()) {
            return Err("Unknown client".to_owned());
        }
        let redirect_uri = field("redirect_uri").to_owned();
        let plain = app.environment == Environment::Production && !is_safe(&redirect_uri);
        if plain || !app.redirect_uris.contains(&redirect_uri) {
            return Err("undefined".to_owned());
        }
        if field("response_type") != "code" {
            return Err("The response type is not supported".to_owned());
        }
        let asked: Vec<&str> = field("scope").split_whitespace().collect();
        if asked.len() > MOST_SCOPES {
            violations.record("Lever was asked for more than 20 scopes");
        }
        for scope in asked.iter().filter(|scope| !app.scopes.iter().any(|known| known == *scope)) {
            violations.record(format!("Lever was asked for the scope {scope}, which the app does not have"));
        }
        let opens_api = field("audience") == app.environment.audience();
        let granted = asked
            .iter()
            .filter(|scope| (opens_api || **scope == OFFLINE_SCOPE) && app.scopes.iter().any(|s| s == *scope));
        let state = Some(field("state").to_owned()).filter(|state| !state.is_empty());
        if state.is_none() {
            violations.record("Lever was asked for an authorization without a state");
        }
        let scopes = granted.map(|&scope| scope.to_owned()).collect();
        let client_id = app.client_id.clone();
        Ok(Self { client_id, redirect_uri, state, scopes, environment: app.environment, opens_api })
    }

    fn back(&self, answer: &[(&str, &str)]) -> String {
        let state = self.state.as_deref().map(|state| ("state", state));
        let pairs = answer.iter().copied().chain(state);
        Url::parse_with_params(&self.redirect_uri, pairs).map(String::from).unwrap_or_default()
    }

    /// Where the admin's browser goes after *Deny*.
    pub(super) fn refuse(&self) -> String {
        self.back(&[("error", "access_denied"), ("error_description", "User did not authorize the request")])
    }

    /// Where the admin's browser goes after *Accept*; otherwise what it shows.
    pub(super) fn accept(
        self,
        state: &mut Simulated,
        account: &str,
        user: Option<&str>,
        now: i64,
    ) -> Result<String, String> {
        let found = state.accounts.get(account).map(|found| &found.account);
        let found = found.filter(|found| found.environment == self.environment).ok_or("Unknown account")?;
        let may = |role: &str| role == SUPER_ADMIN_ROLE;
        let user = found.users.iter().find(|known| match user {
            Some(named) => known.id == named,
            None => may(&known.access_role),
        });
        let user = user.filter(|user| may(&user.access_role)).ok_or("Only a Super Admin may authorize apps")?;
        let grant = Grant {
            account: account.to_owned(),
            client_id: self.client_id.clone(),
            user: user.id.clone(),
            scopes: self.scopes.iter().cloned().collect(),
            environment: self.environment,
            opens_api: self.opens_api,
            since: now,
            refreshable: true,
            access_ended: false,
            refreshes: 0,
            reuses: 0,
        };
        let code = state.grants.code(grant, &self.redirect_uri, &mut state.dice);
        Ok(self.back(&[("code", &code)]))
    }

    /// The page on which an admin of any account of the environment decides.
    fn page(&self, query: &str, state: &Simulated) -> String {
        let mut page =
            format!("<!doctype html><title>Lever</title><h1>Authorize {}</h1><ul>", escaped(&self.client_id));
        for scope in &self.scopes {
            let _ = write!(page, "<li>{}</li>", escaped(scope));
        }
        page.push_str("</ul>");
        let accounts = state.accounts.values().map(|found| &found.account);
        for account in accounts.filter(|account| account.environment == self.environment) {
            let link = |path: &str| {
                let query = Serializer::new(String::new())
                    .append_pair("account", &account.id)
                    .append_pair("to", query)
                    .finish();
                escaped(&format!("/authorize/{path}?{query}"))
            };
            let (id, accept, refuse) = (escaped(&account.id), link("accept"), link("refuse"));
            let _ = write!(page, "<p>{id}: <a href=\"{accept}\">Accept</a> <a href=\"{refuse}\">Deny</a></p>");
        }
        page
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Shows the page of an authorization, or follows one of its two links.
pub(super) fn authorize(call: &Call<'_>, state: &mut Simulated, step: &str) -> Response {
    let query = call.parts.uri.query().unwrap_or_default();
    let answered = match step {
        "" => Asked::read(query, &call.host, &state.apps, call.violations)
            .map(|asked| Html(asked.page(query, state)).into_response()),
        _ => decide(call, state, query, step == "accept").map(|url| Redirect::to(&url).into_response()),
    };
    answered.unwrap_or_else(|shown| (StatusCode::BAD_REQUEST, Html(escaped(&shown))).into_response())
}

fn decide(call: &Call<'_>, state: &mut Simulated, query: &str, accept: bool) -> Result<String, String> {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let asked = Asked::read(field("to"), &call.host, &state.apps, call.violations)?;
    if accept { asked.accept(state, field("account"), None, call.now.as_second()) } else { Ok(asked.refuse()) }
}

/// Answers a request for tokens.
pub(super) fn token(call: &Call<'_>, state: &mut Simulated) -> Response {
    match grant(call, state) {
        Ok(granted) => Json(granted).into_response(),
        Err(denied) => denied.into_response(),
    }
}

fn grant(call: &Call<'_>, state: &mut Simulated) -> Result<Value, Denied> {
    let form = form(call)?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let client_id = field("client_id");
    let knows = |app: &&App| app.client_secret == field("client_secret") && call.host.is(app.environment.auth_host());
    state.apps.get(client_id).filter(knows).ok_or(Denied::WrongSecret)?;
    let (now, Simulated { accounts, grants, dice, .. }) = (call.now.as_second(), state);
    let options = |account: &str| accounts.get(account).map(|found| &found.options);
    let index = match field("grant_type") {
        "authorization_code" => grants.exchange(field("code"), client_id, field("redirect_uri"), now)?,
        "refresh_token" => grants.refresh(field("refresh_token"), client_id, now, options)?,
        other => {
            call.violations.record(format!("Lever was asked for a token by the unexpected grant type {other:?}"));
            return Err(Denied::Malformed);
        }
    };
    let account = grants.grant(index).and_then(|grant| options(&grant.account));
    account.and_then(|options| grants.issue(index, now, options, dice)).ok_or(Denied::Malformed)
}

/// The fields of a request for tokens, which may be a form or JSON.
fn form(call: &Call<'_>) -> Result<BTreeMap<String, String>, Denied> {
    let kind = call.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form: BTreeMap<String, String> = if kind.starts_with("application/x-www-form-urlencoded") {
        form_urlencoded::parse(call.body).into_owned().collect()
    } else if kind.starts_with("application/json") {
        serde_json::from_slice(call.body).map_err(|_| Denied::Malformed)?
    } else {
        call.violations.record(format!("Lever was asked for a token with a body of the type {kind:?}"));
        return Err(Denied::Malformed);
    };
    if call.parts.uri.query().is_some() {
        call.violations.record("Lever was asked for a token with a query");
    }
    for name in form.keys().filter(|name| !TOKEN_FIELDS.contains(&name.as_str())) {
        call.violations.record(format!("Lever was asked for a token with the unexpected field {name}"));
    }
    Ok(form)
}
