//! The routes, and what Asurint checks before it looks at a request.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use data_encoding::BASE64;
use serde_json::{Map, Value};

use super::super::shared::lock;
use super::refusal::Refusal;
use super::{AsurintSimulator, control, json, oml, planted, portal};

const LONGEST_BODY: usize = 1 << 20;

pub(super) fn routes(simulator: AsurintSimulator) -> Router {
    Router::new()
        .route("/v1/packages", get(json::packages))
        .route("/v1/orders", post(json::place).get(json::by_quote_back))
        .route("/v1/orders/{id}", get(json::one_order))
        .route("/v1/orders/{id}/report", get(json::report))
        .route("/v1/orders/{id}/cancel", post(json::cancel))
        .route("/oml", post(oml::gateway))
        .route("/gw1/SecurityService.svc/xml/authenticate", post(oml::authenticate))
        .route("/gw1/OrderingService.svc/xml/order", put(oml::order_with_token))
        .route("/candidate-hub/{id}", get(portal::candidate_hub))
        .route("/candidate-hub/{id}/{action}", post(portal::candidate_acts))
        .route("/r/{id}", get(portal::report))
        .route("/_control/status", post(control::set_status))
        .route("/_control/orders", get(control::list_orders))
        .route("/_control/invites", get(control::list_invites))
        .route("/_control/retry", post(control::retry))
        .fallback(never_called)
        .method_not_allowed_fallback(never_called)
        .layer(middleware::from_fn_with_state(simulator.clone(), scan))
        .with_state(simulator)
}

async fn never_called(State(simulator): State<AsurintSimulator>, method: Method, uri: Uri) -> Refusal {
    simulator.harness.violations.record(format!("{method} {} is nothing that the hub may call", uri.path()));
    Refusal::not_found()
}

/// Records whatever came back that was planted in an answer or a postback.
async fn scan(State(simulator): State<AsurintSimulator>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return Refusal::plain(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too long").into_response();
    };
    let (method, path) = (&parts.method, parts.uri.path());
    if !path.starts_with("/_control") {
        let text = format!("{} {}", parts.uri, String::from_utf8_lossy(&body));
        for marker in planted::found_in(&text) {
            simulator.harness.violations.record(format!("Asurint received {marker} in {method} {path}"));
        }
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

pub(super) fn header_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The user name and password of a request.
pub(super) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = header_text(headers, header::AUTHORIZATION.as_str())?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?;
    decoded.split_once(':').map(|(username, password)| (username.to_owned(), password.to_owned()))
}

impl AsurintSimulator {
    /// The client that a request of the JSON API is from, where its limit leaves it one more.
    pub(super) fn admit(&self, what: &str, headers: &HeaderMap) -> Result<String, Refusal> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        let Some((username, password)) = basic(headers) else {
            self.harness.violations.record(format!("{what} came without a user name and password"));
            return Err(Refusal::unauthorized());
        };
        let Some(id) = header_text(headers, "X-Asurint-Client-Id") else {
            self.harness.violations.record(format!("{what} came without a Client ID"));
            return Err(Refusal::unauthorized());
        };
        let known = state.clients.get_mut(id);
        let known = known.filter(|known| known.client.username == username && known.client.password == password);
        let known = known.ok_or_else(Refusal::unauthorized)?;
        known.limit.take(self.harness.now())?;
        Ok(id.to_owned())
    }

    /// Records, and refuses, a body of another type.
    pub(super) fn check_type(&self, what: &str, headers: &HeaderMap, wanted: &str) -> Result<(), Refusal> {
        let found = header_text(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
        if found.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(wanted)) {
            return Ok(());
        }
        self.harness.violations.record(format!("{what} came as {found:?}, not {wanted}"));
        Err(Refusal::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Unsupported media type"))
    }

    /// The JSON object in a body.
    pub(super) fn read_object(
        &self,
        what: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Map<String, Value>, Refusal> {
        self.check_type(what, headers, "application/json")?;
        serde_json::from_slice(body).map_err(|_| {
            self.harness.violations.record(format!("the body of {what} is no JSON object"));
            Refusal::plain(StatusCode::BAD_REQUEST, "malformed", "The body is no JSON object")
        })
    }
}
