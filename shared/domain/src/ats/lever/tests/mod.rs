//! The connector by topic; here what the topics share.

mod access;
mod check;
mod events;
mod reading;
mod settings;
mod writing;

use insta::assert_snapshot;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::access::{HookKey, NoTokens, Tokens};
use crate::ats::AtsCredentials;
use crate::http::{HttpFailure, HttpRequest, NotSent, Sending};
use crate::id::{ConnectionId, OrderId};
use crate::order::LinkKind;
use crate::request::Candidate;
use crate::status::{OrderResult, OrderStatus, ResultCode};
use crate::talk::play;

const STAGE: &str = "7c26";

fn settings(extra: Value) -> Settings {
    serde_json::from_value::<Settings>(extra).unwrap().naming("Certn")
}

fn credentials() -> Credentials {
    Credentials { client_id: "client".to_owned(), client_secret: Secret::from("s e&cret") }
}

fn start() -> Timestamp {
    "2026-11-01T10:00:00Z".parse().unwrap()
}

fn granted() -> Access {
    let tokens = Tokens {
        access: Secret::from("jwt"),
        refresh: Secret::from("refresh-1"),
        expires_at: start(),
        refreshed_at: start(),
    };
    Access { tokens, hook: Some(HookKey { id: "h1".to_owned(), token: Secret::from("lever-test-signature-token") }) }
}

fn connector(extra: Value) -> Connector {
    Connector::new(settings(extra), credentials(), Some(granted()))
}

fn id(text: &str) -> AtsId {
    AtsId::parse(text).unwrap()
}

fn subject() -> Subject {
    Subject { application: id("9a2f"), request: None, requester: None, status: id(STAGE) }
}

fn answer(status: u16, body: &str) -> HttpOutcome {
    Ok(HttpResponse { status, headers: Vec::new(), body: body.into() })
}

fn json_answer(status: u16, body: &Value) -> HttpOutcome {
    answer(status, &body.to_string())
}

fn moved_to(location: &str) -> HttpOutcome {
    let headers = vec![("location".to_owned(), location.to_owned())];
    Ok(HttpResponse { status: 301, headers, body: Vec::new() })
}

fn trouble_line(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Later { cause, after } => {
            format!("later{}: {cause}", after.map_or(String::new(), |after| format!(" after {after:?}")))
        }
        Trouble::Because { refusal, cause } => format!("{refusal} {:?}: {cause}", refusal.about),
    }
}

/// A request as a line, without the API's base.
fn line(request: &HttpRequest) -> String {
    let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = request.url.path().strip_prefix("/v1/").unwrap_or(request.url.path());
    let body = request.body.as_ref().map(|body| format!(" {}", String::from_utf8_lossy(body.expose())));
    format!("{} {path}{query}{}", request.method, body.unwrap_or_default())
}

/// Plays a talk and keeps every request as a line.
fn lines<T>(talk: Talk<T>, mut lever: impl FnMut(&str) -> HttpOutcome) -> (T, Vec<String>) {
    let mut sent = Vec::new();
    let (done, _) = play(talk, |request| {
        let headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, value.expose().as_str())).collect();
        let json = request.body.is_some().then_some(("content-type", "application/json"));
        let expected: Vec<_> = json.into_iter().chain([("authorization", "Bearer jwt")]).collect();
        assert_eq!(headers, expected, "{request:?}");
        assert_eq!((request.system.name, request.system.limit), ("lever", SYSTEM.limit));
        sent.push(line(request));
        lever(sent.last().unwrap())
    });
    (done, sent)
}
