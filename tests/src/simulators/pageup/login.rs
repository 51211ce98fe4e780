//! The login hosts: which host a request was for, the tokens, and the document that describes them.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::shared::Violations;
use super::api::Call;
use super::fuzz::Dice;
use super::model::Tenant;
use super::state::Token;
use super::{Simulated, planted};

const FORM_FIELDS: [&str; 4] = ["grant_type", "client_id", "client_secret", "scope"];

/// The host that a request was meant for, in lower case.
pub(super) enum Host {
    /// This machine, in place of any host: a person with curl.
    Local(String),
    Named(String),
}

impl Host {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default().to_lowercase();
        let name = value.parse::<Authority>().map(|authority| authority.host().to_owned()).unwrap_or_default();
        if matches!(name.as_str(), "127.0.0.1" | "localhost" | "[::1]") {
            Self::Local(value)
        } else {
            Self::Named(name)
        }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        match self {
            Self::Local(_) => true,
            Self::Named(named) => name.eq_ignore_ascii_case(named),
        }
    }

    fn origin(&self) -> String {
        match self {
            Self::Local(authority) => format!("http://{authority}"),
            Self::Named(name) => format!("https://{name}"),
        }
    }
}

/// The document of OpenID Connect, which is the same for everybody.
pub(super) fn discovery(host: &Host) -> Response {
    let origin = host.origin();
    let token_endpoint = format!("{origin}/connect/token");
    let document = json!({
        "issuer": origin,
        "token_endpoint": token_endpoint,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    });
    Json(document).into_response()
}

/// Answers a request for a token.
pub(super) fn token(call: &Call<'_>, state: &mut Simulated) -> Response {
    match grant(call, state) {
        Ok(granted) => Json(granted).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}

fn grant(call: &Call<'_>, state: &mut Simulated) -> Result<Value, &'static str> {
    let form = form(call, call.violations)?;
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if field("grant_type") != "client_credentials" {
        return Err("unsupported_grant_type");
    }
    let Simulated { tenants, dice } = state;
    let knows = |tenant: &Tenant| {
        let here = call.host.is(&tenant.login_host()) || tenant.token_hosts.iter().any(|host| call.host.is(host));
        here && tenant.client_id == field("client_id") && tenant.client_secret == field("client_secret")
    };
    let found = tenants.values_mut().find(|state| knows(&state.tenant)).ok_or("invalid_client")?;
    let mut scopes: HashSet<String> = field("scope").split_whitespace().map(str::to_owned).collect();
    if scopes.is_empty() {
        scopes.extend(found.tenant.scopes.iter().cloned());
    } else if found.options.tells_scopes {
        scopes.retain(|scope| found.tenant.scopes.contains(scope));
    } else if !scopes.iter().all(|scope| found.tenant.scopes.contains(scope)) {
        return Err("invalid_scope");
    }
    let life = found.options.token_life_secs;
    let expires = call.now.as_second().saturating_add_unsigned(life);
    let value = looking_like_jwt(&found.tenant, call, expires, dice);
    let mut answer = json!({ "access_token": value, "expires_in": life, "token_type": "Bearer" });
    if let Some(fields) = answer.as_object_mut().filter(|_| found.options.tells_scopes) {
        let told: Vec<&str> = scopes.iter().map(String::as_str).collect();
        fields.insert("scope".to_owned(), json!(told.join(" ")));
    }
    found.tokens.insert(value, Token { scopes, expires });
    found.tokens_issued += 1;
    Ok(answer)
}

fn form(call: &Call<'_>, violations: &Violations) -> Result<BTreeMap<String, String>, &'static str> {
    let kind = call.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        violations.record(format!("PageUp was asked for a token with a body of the type {kind:?}, which is no form"));
        return Err("invalid_request");
    }
    if call.parts.uri.query().is_some() {
        violations.record("PageUp was asked for a token with a query");
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(call.body).into_owned().collect();
    for name in form.keys().filter(|name| !FORM_FIELDS.contains(&name.as_str())) {
        violations.record(format!("PageUp was asked for a token with the unexpected field {name}"));
    }
    Ok(form)
}

fn looking_like_jwt(tenant: &Tenant, call: &Call<'_>, expires: i64, dice: &mut Dice) -> String {
    let encoded = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let head = encoded(json!({ "alg": "RS256", "typ": "at+jwt" }));
    let claims = encoded(json!({
        "iss": format!("https://{}", tenant.login_host()),
        "client_id": tenant.client_id,
        "nbf": call.now.as_second(),
        "exp": expires,
        "jti": dice.uuid().to_string(),
    }));
    format!("{head}.{claims}.{}-{}", planted::TOKEN, URL_SAFE_NO_PAD.encode(dice.bytes()))
}
