//! HTTP requests and responses as values, and what is known after one was tried.

use std::fmt;
use std::time::Duration;

use ::http::Method;
use url::Url;

use crate::limit::Limit;
use crate::region::Region;
use crate::secret::Secret;

/// One outside system: where it may be reached and how much of it may be used.
#[derive(Debug)]
pub struct System {
    /// The word in settings, metrics and logs, such as `certn`.
    pub name: &'static str,
    /// Whether a host is one of the system's that a stack of the region may call.
    pub allows: fn(Region, &str) -> bool,
    /// What one connection may ask of it; `None` where the system itself says how much is left.
    pub limit: Option<Limit>,
}

/// Whether a request may be sent again when its outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    Repeatable,
    /// On a fresh connection, without any automatic repetition: repeating it could cost money.
    Once,
}

/// Which half of a shared budget a request spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    Orders,
    Reads,
}

impl Lane {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Reads => "reads",
        }
    }
}

/// The root of a vendor's host; `host` is a constant with at most a region's code in it.
#[must_use]
pub fn https(host: &str) -> Url {
    Url::parse(&format!("https://{host}/")).unwrap_or_else(|_| unreachable!("a vendor's host is a valid name"))
}

/// A request that a connector wants to have sent. Its `Debug` shows neither query, headers nor body.
#[derive(Clone)]
pub struct HttpRequest {
    pub system: &'static System,
    pub method: Method,
    pub url: Url,
    pub headers: Vec<(&'static str, Secret)>,
    pub body: Option<Secret<Vec<u8>>>,
    pub sending: Sending,
    pub lane: Lane,
    /// The access token that goes with it, where the system asks for one.
    pub grant: Option<Box<Grant>>,
}

/// How an access token is come by. The shell keeps the token for as long as it lives, and fetches another, once, where
/// the system does not take it any more.
#[derive(Clone)]
pub struct Grant {
    pub request: HttpRequest,
    pub read: fn(&HttpResponse) -> Result<AccessToken, NoToken>,
}

/// A token with its life.
#[derive(Debug, Clone)]
pub struct AccessToken {
    pub token: Secret,
    pub lives: Duration,
}

/// Why there is no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoToken {
    /// The credentials are not accepted.
    Credentials,
    /// The credentials may not have what is asked for.
    Permission,
    /// The token endpoint cannot be used just now.
    Unavailable,
}

impl HttpRequest {
    #[must_use]
    pub const fn get(system: &'static System, url: Url) -> Self {
        Self {
            system,
            method: Method::GET,
            url,
            headers: Vec::new(),
            body: None,
            sending: Sending::Repeatable,
            lane: Lane::Reads,
            grant: None,
        }
    }

    /// A request with a JSON body.
    #[must_use]
    pub fn json(system: &'static System, method: Method, url: Url, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type", Secret::from("application/json"))];
        let body = Some(Secret::new(body.to_string().into_bytes()));
        Self { method, headers, body, ..Self::get(system, url) }
    }

    /// A request with a form as its body.
    #[must_use]
    pub fn form(system: &'static System, url: Url, fields: &[(&str, &str)]) -> Self {
        let headers = vec![("content-type", Secret::from("application/x-www-form-urlencoded"))];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { method: Method::POST, headers, body: Some(Secret::new(form.into_bytes())), ..Self::get(system, url) }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: Secret) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same with an access token, which the shell puts in.
    #[must_use]
    pub fn with_token(mut self, grant: Grant) -> Self {
        self.grant = Some(Box::new(grant));
        self
    }
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.url.host_str().unwrap_or_default(), self.url.path())
    }
}

/// A response; header names are in lower case. Its `Debug` shows the status only.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl HttpResponse {
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// The first header of that name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in seconds; its date form is not read, as no vendor here was seen to send it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

/// Why there is no response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFailure {
    /// Not a byte of the request left: it had no effect.
    NotSent(NotSent),
    /// The request may have arrived: nothing is known.
    Unclear(&'static str),
}

/// Why a request was not sent at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// Name resolution, connection or TLS failed.
    Connect,
    /// Our own deadline guard: too little time was left to hear the answer.
    Deadline,
    /// The budget is spent for now; it opens again after this long.
    Budget(Duration),
    /// The host is not one of the system's hosts in this region.
    ForeignHost,
    /// The access token that it needs is not to be had.
    NoToken(NoToken),
}

/// What is known after a request was tried.
pub type HttpOutcome = Result<HttpResponse, HttpFailure>;

#[cfg(test)]
mod tests {
    use super::*;

    static SYSTEM: System = System { name: "test", allows: |_, _| false, limit: None };

    #[test]
    fn a_request_prints_neither_query_nor_headers_nor_body() {
        let url = Url::parse("https://api.example/users/?email=ada@example.com").unwrap();
        let request = HttpRequest::json(&SYSTEM, Method::POST, url, &serde_json::json!({"email": "ada@example.com"}))
            .header("authorization", Secret::from("Api-Key k"));
        assert_eq!(format!("{request:?}"), "POST api.example/users/");
    }
}
