//! API Gateway's events of payload version 2.0, and the answers that it makes of what a function returns.

use std::collections::BTreeMap;

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::gateway::{LOCAL_ADMIN, MAX_BODY};
use crate::template::Route;

/// The event of a call, or nothing where its body is too large.
pub async fn event(route: &Route, path: &RawPathParams, request: Request) -> Option<Value> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.ok()?;
    let is_text = std::str::from_utf8(&body);
    let query = parts.uri.query().unwrap_or_default();
    let pairs = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| (name.into_owned(), value.into_owned()));
    let path: BTreeMap<&str, &str> = path.iter().collect();
    let key = format!("{} {}", route.method, route.path);
    let headers = joined(&parts.headers);
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": parts.uri.path(),
        "rawQueryString": query,
        "queryStringParameters": commas(pairs),
        "pathParameters": path,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host"),
            "http": {
                "method": route.method,
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent"),
            },
            "requestId": "local",
            "routeKey": key,
            "stage": "$default",
            "timeEpoch": 0,
        },
        "headers": headers,
        "body": is_text.map_or_else(|_| STANDARD.encode(&body), str::to_owned),
        "isBase64Encoded": is_text.is_err(),
    });
    if let Some(context) = event.get_mut("requestContext").filter(|_| route.needs_iam) {
        let iam = json!({"accountId": "000000000000", "callerId": "local", "userArn": LOCAL_ADMIN, "userId": "local"});
        context["authorizer"] = json!({"iam": iam});
    }
    Some(event)
}

/// The function's answer as API Gateway passes it on; nothing where it is none.
pub fn response(answer: &Value) -> Option<Response> {
    let status = answer.get("statusCode").and_then(Value::as_u64)?;
    let mut response = Response::new(Body::from(body_of(answer)?));
    *response.status_mut() = StatusCode::from_u16(u16::try_from(status).ok()?).ok()?;
    let headers = answer.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        let (name, value) = (HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.as_str()?).ok()?);
        response.headers_mut().insert(name, value);
    }
    Some(response)
}

fn body_of(answer: &Value) -> Option<Vec<u8>> {
    let body = answer.get("body").and_then(Value::as_str).unwrap_or_default();
    match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => STANDARD.decode(body).ok(),
        _ => Some(body.as_bytes().to_vec()),
    }
}

/// Headers by their names; those of one name are joined.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| Some((name.to_string(), value.to_str().ok()?.to_owned()));
    commas(headers.iter().filter_map(text))
}

fn commas(pairs: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in pairs {
        joined.entry(name).and_modify(|all| *all = format!("{all},{value}")).or_insert(value);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_returns_is_passed_on_and_what_is_no_answer_is_not() {
        let answer = json!({"statusCode": 201, "headers": {"x": "y"}, "body": "aGk=", "isBase64Encoded": true});
        let passed_on = response(&answer).unwrap();
        assert_eq!((passed_on.status().as_u16(), &passed_on.headers()["x"]), (201, &HeaderValue::from_static("y")));
        assert_eq!(body_of(&answer).unwrap(), b"hi");
        assert!(response(&json!({"errorMessage": "it died"})).is_none());
    }

    #[test]
    fn values_of_one_name_are_joined_as_api_gateway_joins_them() {
        let pairs = [("a", "1"), ("b", "2"), ("a", "3")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            commas(pairs.into_iter()),
            BTreeMap::from([("a".to_owned(), "1,3".to_owned()), ("b".to_owned(), "2".to_owned())])
        );
    }
}
