//! The answers of the REST API: errors, warnings, and headers.

use axum::Json;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::model::Allowance;

/// The code of a field name that is not in lower case.
const UPPER_CASE_WARNING: u16 = 4;

/// Why iCIMS does not do what it was asked.
pub(super) struct Refusal {
    status: StatusCode,
    code: u16,
    field: Option<String>,
    detail: String,
}

impl Refusal {
    pub(super) fn required_field(field: &str) -> Self {
        Self::of_field(1, field, "This field is required and has no value.")
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: 2, field: None, detail: format!("{what} not found.") }
    }

    /// iCIMS documents 404, not 403, where a right is missing.
    pub(super) fn access_denied(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, code: 3, field: None, detail: format!("Access denied to {what}.") }
    }

    /// iCIMS publishes no code for a bad value; 5 stands for one of the codes that are not public.
    pub(super) fn bad_value(field: &str, detail: &str) -> Self {
        Self::of_field(5, field, detail)
    }

    pub(super) fn bad_request(detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code: 5, field: None, detail: detail.to_owned() }
    }

    fn of_field(code: u16, field: &str, detail: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, field: Some(field.to_owned()), detail: detail.to_owned() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let header = match &self.field {
            Some(field) => format!("{}:{field}:{}", self.code, self.detail),
            None => format!("{}:{}", self.code, self.detail),
        };
        let body = Json(json!({"errors": [{"errorCode": self.code, "errorMessage": self.detail}]}));
        let mut response = (self.status, body).into_response();
        set(&mut response, "x-error", &header);
        response
    }
}

/// The answer to a write that happened, with a body only where there is a warning to carry.
pub(super) fn written(status: StatusCode, location: Option<&str>, warns: bool) -> Response {
    let mut response = if warns {
        let detail = "A field name is not in lower case.";
        let body = Json(json!({"warnings": [{"errorMessage": detail, "errorCode": UPPER_CASE_WARNING}]}));
        let status = if status == StatusCode::NO_CONTENT { StatusCode::OK } else { status };
        let mut response = (status, body).into_response();
        set(&mut response, "x-warning", &format!("{UPPER_CASE_WARNING}:{detail}"));
        response
    } else {
        let mut response = (status, Body::empty()).into_response();
        if status == StatusCode::CREATED {
            set(&mut response, header::CONTENT_TYPE.as_str(), "application/octet-stream");
        }
        response
    };
    if let Some(location) = location {
        set(&mut response, header::LOCATION.as_str(), location);
    }
    response
}

pub(super) fn set_allowance(response: &mut Response, allowance: &Allowance) {
    set(response, "x-ratelimit-limit", &allowance.limit.to_string());
    set(response, "x-ratelimit-remaining", &allowance.remaining.to_string());
    set(response, "x-ratelimit-reset", &allowance.reset.to_string());
}

/// Sets a header; a text that no header can carry is left out.
pub(super) fn set(response: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
    {
        response.headers_mut().insert(name, value);
    }
}
