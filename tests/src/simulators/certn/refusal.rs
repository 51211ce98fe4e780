//! The documented error envelope.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::planted;

/// One refused request; its `detail` always echoes a planted e-mail address.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    detail: &'static str,
    attr: Option<String>,
    retry_after: Option<i64>,
}

impl Refusal {
    pub(super) fn invalid(attr: &str, code: &'static str, detail: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "validation_error",
            code,
            detail,
            attr: Some(attr.to_owned()),
            retry_after: None,
        }
    }

    pub(super) fn client(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, kind: "client_error", code, detail, attr: None, retry_after: None }
    }

    pub(super) fn unauthorized(detail: &'static str) -> Self {
        Self::client(StatusCode::UNAUTHORIZED, "authentication_failed", detail)
    }

    pub(super) fn not_found() -> Self {
        Self::client(StatusCode::NOT_FOUND, "not_found", "Not found.")
    }

    pub(super) fn throttled(retry_after: Option<i64>) -> Self {
        let refusal = Self::client(StatusCode::TOO_MANY_REQUESTS, "throttled", "Request was throttled.");
        Self { retry_after, ..refusal }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let detail = format!("{} ({})", self.detail, planted::ECHOED_EMAIL);
        let body = json!({
            "type": self.kind,
            "errors": [{ "code": self.code, "detail": detail, "attr": self.attr }],
        });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
