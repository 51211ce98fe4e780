//! The documented array of errors.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why PageUp does not do what it was asked.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    field: Option<String>,
    message: String,
}

impl Refusal {
    pub(super) fn field(field: &str, message: &str) -> Self {
        let field = Some(field.to_owned());
        Self { status: StatusCode::BAD_REQUEST, field, message: message.to_owned() }
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "The key is invalid or has expired")
    }

    pub(super) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN, "You do not have the permission to do this")
    }

    pub(super) fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "There is no such resource")
    }

    pub(super) fn over_daily_limit() -> Self {
        Self::plain(StatusCode::TOO_MANY_REQUESTS, "The daily limit of calls is exceeded")
    }

    fn plain(status: StatusCode, message: &str) -> Self {
        Self { status, field: None, message: message.to_owned() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = match self.field {
            Some(field) => json!({ "field": field, "message": self.message }),
            None => json!({ "message": self.message }),
        };
        (self.status, Json(json!([error]))).into_response()
    }
}
