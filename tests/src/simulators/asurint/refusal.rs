//! What Asurint answers in place of doing what it was asked, in both vocabularies.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::planted;
use super::xml::escape;

/// One refused request; its text always echoes a planted e-mail address.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: String,
    field: Option<String>,
    message: String,
    retry_after: Option<i64>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &str, field: Option<&str>, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            field: field.map(ToOwned::to_owned),
            message: format!("{message} ({})", planted::ECHOED_EMAIL),
            retry_after: None,
        }
    }

    /// A field that is missing or unusable.
    pub(super) fn field(field: &str, code: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, Some(field), message)
    }

    /// A field of the candidate whose content Asurint does not take.
    pub(super) fn candidate(field: &str, code: &str, message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, Some(field), message)
    }

    pub(super) fn plain(status: StatusCode, code: &str, message: &str) -> Self {
        Self::new(status, code, None, message)
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "unauthorized", "User name or password is wrong")
    }

    pub(super) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN, "forbidden", "This user may not order")
    }

    pub(super) fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "not_found", "There is no such order")
    }

    pub(super) fn throttled(retry_after: Option<i64>) -> Self {
        let refusal = Self::plain(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
        Self { retry_after, ..refusal }
    }

    /// The refusal as the XML gateway tells it: in an answer with this status.
    pub(super) fn into_acknowledgement(self, status: StatusCode) -> Response {
        let body = format!(
            "<ApplicationAcknowledgement><PayloadDisposition><EntityDisposition><EntityStatus>Fatal</EntityStatus>\
             <EntityException><Exception><ExceptionMessage>{}</ExceptionMessage></Exception></EntityException>\
             </EntityDisposition></PayloadDisposition></ApplicationAcknowledgement>",
            escape(self.message.as_str()),
        );
        self.with_retry_after(xml_answer(status, body))
    }

    fn with_retry_after(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

pub(super) fn xml_answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], body).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({ "errors": [{ "code": self.code, "field": self.field, "message": self.message }] });
        self.with_retry_after((self.status, Json(body)).into_response())
    }
}
