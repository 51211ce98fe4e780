//! An HTTP call as a handler sees it, whoever received it: API Gateway's, or the local stack's.

use std::collections::HashMap;
use std::time::Duration;

use domain::ats;
use domain::invalid::Invalid;
use domain::secret::Secret;
use http::{HeaderValue, Response, StatusCode};
use schemars::JsonSchema;
use serde::Serialize;

use crate::deadline::Deadline;

/// A call with everything that a handler may look at.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: http::Method,
    /// The template's path parameters by name.
    pub path: HashMap<String, String>,
    pub query: HashMap<String, String>,
    /// Names in lower case.
    pub headers: Vec<(String, Secret)>,
    pub body: Vec<u8>,
    /// Who calls, where the gateway has proven it: the ARN of an admin. Empty on a public route.
    pub caller: String,
    pub deadline: Deadline,
}

impl Call {
    /// Whether the greedy end of the path is `webhook`, with or without a slash: an HTTP API cannot have a route that
    /// ends in one.
    #[must_use]
    pub fn is_for_webhook(&self) -> bool {
        matches!(self.path_parameter("proxy"), "webhook" | "webhook/")
    }

    #[must_use]
    pub fn path_parameter(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }
}

pub type Answer = Response<String>;

/// The answer with that status and content.
#[must_use]
pub fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<String>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            answer.headers_mut().insert(*name, value);
        }
    }
    answer
}

/// What a vendor is told, as a response.
#[must_use]
pub fn to_vendor(told: ats::Answer) -> Answer {
    let headers: Vec<_> = told.content_type.map(|kind| ("content-type", kind)).into_iter().collect();
    answer(told.status, &headers, told.body)
}

/// What keeps an answer to one person from being kept or passed on.
pub const PRIVATE: [(&str, &str); 3] =
    [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")];

/// A page for one person; `title` and `content` are HTML.
#[must_use]
pub fn page(status: u16, extra: &[(&'static str, &str)], title: &str, content: &str) -> Answer {
    let mut headers = PRIVATE.to_vec();
    headers.push(("content-type", "text/html; charset=utf-8"));
    headers.extend(extra);
    let body = format!("<!doctype html><meta charset=\"utf-8\"><title>{title}</title>{content}");
    answer(status, &headers, body)
}

/// JSON for an admin.
#[must_use]
pub fn json_answer(status: u16, body: &impl Serialize) -> Answer {
    let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
    answer(status, &headers, serde_json::to_string(body).unwrap_or_default())
}

/// Problem details (RFC 9457) for an admin.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Problem {
    pub r#type: &'static str,
    /// What is wrong, in a sentence.
    pub title: String,
    pub status: u16,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Invalid>,
    /// What is stored now, where somebody else was first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<u64>,
}

impl Problem {
    #[must_use]
    pub fn answer(&self) -> Answer {
        let headers = [("content-type", "application/problem+json"), ("cache-control", "no-store")];
        answer(self.status, &headers, serde_json::to_string(self).unwrap_or_default())
    }
}

/// [`Problem`] as an answer.
#[must_use]
pub fn problem(status: u16, title: &str, errors: &[Invalid]) -> Answer {
    Problem { r#type: "about:blank", title: title.to_owned(), status, errors: errors.to_vec(), rev: None }.answer()
}

/// It can be done after that time, and not before.
#[must_use]
pub fn not_before(title: &str, after: Duration) -> Answer {
    let mut answer = problem(429, title, &[]);
    answer.headers_mut().insert("retry-after", HeaderValue::from(after.as_secs() + 1));
    answer
}

/// Somebody else changed it first: `rev` is the one to read and to change now.
#[must_use]
pub fn conflict(title: &str, rev: u64) -> Answer {
    let (r#type, title) = ("about:blank", title.to_owned());
    Problem { r#type, title, status: 409, errors: Vec::new(), rev: Some(rev) }.answer()
}
