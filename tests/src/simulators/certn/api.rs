//! The routes, and what Certn checks before it looks at a request.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use serde_json::{Map, Value};

use super::super::shared::lock;
use super::refusal::Refusal;
use super::{CertnSimulator, KeyState, control, lists, orders, reports};

pub(super) fn routes(simulator: CertnSimulator) -> Router {
    Router::new()
        .route("/api/public/cases/", get(lists::cases))
        .route("/api/public/cases/order-package/", post(orders::order_package))
        .route("/api/public/cases/order/", any(never_called))
        .route("/api/public/cases/{id}/", get(orders::one_case))
        .route("/api/public/cases/{id}/cancel/", post(orders::cancel))
        .route("/api/public/cases/{id}/generate-report/", post(reports::generate))
        .route("/api/public/cases/report-files/{id}/", get(reports::poll))
        .route("/api/public/packages/", get(lists::packages))
        .route("/api/public/groups/", get(lists::groups))
        .route("/api/public/groups/{id}/", get(lists::one_group))
        .route("/api/public/users/", get(lists::users))
        .route("/api/public/users/{id}/", get(lists::one_user))
        .route("/api/public/events/", get(lists::events))
        .route("/api/public/tags/", get(lists::tags))
        .route("/files/{name}", get(reports::download))
        .route("/_control/status", post(control::set_status))
        .route("/_control/cases", get(control::list_cases))
        .route("/_control/webhook", post(control::set_webhook))
        .route("/_control/report", post(control::set_report))
        .fallback(never_called)
        .method_not_allowed_fallback(never_called)
        .layer(middleware::from_fn_with_state(simulator.clone(), guard))
        .with_state(simulator)
}

async fn never_called(State(simulator): State<CertnSimulator>, method: Method, uri: Uri) -> Refusal {
    simulator.harness.violations.record(format!("{method} {} is nothing that the hub may call", uri.path()));
    Refusal::not_found()
}

async fn guard(State(simulator): State<CertnSimulator>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path.starts_with("/_control") || path.starts_with("/files/") {
        return next.run(request).await;
    }
    match simulator.admit(&request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

impl CertnSimulator {
    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        let (method, path) = (request.method(), request.uri().path());
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        if !path.ends_with('/') {
            self.harness.violations.record(format!("{method} {path} lacks the trailing slash"));
            return Err(Refusal::not_found());
        }
        let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(key) = header.and_then(|value| value.strip_prefix("Api-Key ")) else {
            self.harness.violations.record(format!("{method} {path} came without an Api-Key"));
            return Err(Refusal::unauthorized("Authentication credentials were not provided."));
        };
        let known = state.account.keys.iter().find(|known| known.value == key).map(|known| known.state);
        match known {
            Some(KeyState::Valid) => {}
            Some(KeyState::Expired) => return Err(Refusal::unauthorized("API key has expired.")),
            Some(KeyState::Revoked) => return Err(Refusal::unauthorized("API key has been revoked.")),
            Some(KeyState::WrongRegion) | None => return Err(Refusal::unauthorized("Invalid API key.")),
        }
        state.limits.take(self.harness.now()).map_err(Refusal::throttled)
    }

    /// The JSON object in a body, which may be empty only where `may_be_empty` says so.
    pub(super) fn read_object(
        &self,
        what: &str,
        headers: &HeaderMap,
        body: &[u8],
        may_be_empty: bool,
    ) -> Result<Map<String, Value>, Refusal> {
        if body.is_empty() && may_be_empty {
            return Ok(Map::new());
        }
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !content_type.starts_with("application/json") {
            self.harness.violations.record(format!("{what} came as {content_type:?}, not application/json"));
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Refusal::client(status, "unsupported_media_type", "Unsupported media type."));
        }
        serde_json::from_slice(body).map_err(|_| {
            self.harness.violations.record(format!("the body of {what} is no JSON object"));
            Refusal::client(StatusCode::BAD_REQUEST, "parse_error", "JSON parse error.")
        })
    }
}
