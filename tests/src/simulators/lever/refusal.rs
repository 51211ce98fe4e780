//! The two forms in which Lever refuses: its API's and its login's.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why the API does not do what it was asked.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequestError", message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UnauthorizedError", "The access token is invalid or has expired")
    }

    pub(super) fn foreign_token() -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenError", "Unable to find a signing key that matches")
    }

    pub(super) fn missing_scope(scope: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenError", format!("The token lacks the scope {scope}"))
    }

    pub(super) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenError", message)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", "Resource was not found")
    }

    pub(super) fn not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedError", "PUT is not allowed")
    }

    pub(super) fn over_limit() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequests", "The limit of calls is exceeded")
    }

    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code, "message": self.message }))).into_response()
    }
}

/// Why the login host gives no token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Denied {
    WrongSecret,
    DeadRefreshToken,
    BadCode,
    Malformed,
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let (status, error, description) = match self {
            Self::WrongSecret => (StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"),
            Self::DeadRefreshToken => (StatusCode::FORBIDDEN, "invalid_grant", "Unknown or invalid refresh token."),
            Self::BadCode => (StatusCode::FORBIDDEN, "invalid_grant", "Invalid authorization code"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "invalid_request", "The request cannot be read"),
        };
        (status, Json(json!({ "error": error, "error_description": description }))).into_response()
    }
}
