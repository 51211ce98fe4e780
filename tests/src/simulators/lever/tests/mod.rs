//! The simulator as a hub meets it, over HTTP.

mod calls;
mod events;
mod login;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::{Method, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

use super::*;
use crate::simulators::shared::loopback_client;

const CALLBACK: &str = "https://hub.example/callback";
const AUDIENCE: &str = "https://api.lever.co/v1/";
const PACKAGE: &str = "Asurint Package: Basic";

/// An answer: its status, its headers and its JSON, or nothing.
struct Answer {
    status: u16,
    headers: header::HeaderMap,
    body: Value,
}

/// A hub that one account authorized.
struct Hub {
    lever: LeverSimulator,
    now: Arc<AtomicI64>,
    http: reqwest::Client,
    host: &'static str,
    access: String,
    refresh: String,
}

impl Hub {
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1_793_527_200_000));
        let read = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_millisecond(read.load(Ordering::Relaxed)).unwrap());
        let lever = LeverSimulator::start(0, clock).await.unwrap();
        lever.add_app(App::new("client", "a secret that tells", CALLBACK));
        lever.add_account(Account::new("acme"));
        lever.add_posting("acme", Posting::new("nurse", "Nurse", &[PACKAGE]));
        let http = loopback_client().http1_only();
        let http = http.timeout(Duration::from_secs(10)).build().unwrap();
        let (access, refresh) = (String::new(), String::new());
        let mut hub = Self { lever, now, http, host: "api.lever.co", access, refresh };
        hub.authorize(&SCOPES).await;
        hub
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    fn authorize_url(&self, scopes: &[&str], change: &[(&str, &str)]) -> String {
        let scope = scopes.join(" ");
        let fields = [
            ("client_id", "client"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "s/1"),
            ("audience", AUDIENCE),
            ("scope", &scope),
        ];
        let changed = |name| change.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let fields = fields.map(|(name, value)| (name, changed(name).unwrap_or(value)));
        Url::parse_with_params("https://auth.lever.co/authorize", fields).unwrap().into()
    }

    async fn authorize(&mut self, scopes: &[&str]) {
        let code = code(&self.lever.consent("acme", &self.authorize_url(scopes, &[])).unwrap());
        let answer = self.exchange(&code, CALLBACK).await;
        assert_eq!(answer.status, 200);
        self.keep(&answer);
    }

    fn keep(&mut self, answer: &Answer) {
        answer.body["access_token"].as_str().unwrap().clone_into(&mut self.access);
        answer.body["refresh_token"].as_str().unwrap_or_default().clone_into(&mut self.refresh);
    }

    async fn exchange(&self, code: &str, redirect_uri: &str) -> Answer {
        self.token(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect_uri)]).await
    }

    async fn refreshed(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let client = [("client_id", "client"), ("client_secret", "a secret that tells")];
        let form = Serializer::new(String::new()).extend_pairs(fields.iter().chain(&client)).finish();
        self.send("auth.lever.co", Method::POST, "/oauth/token", "application/x-www-form-urlencoded", form).await
    }

    async fn send(&self, host: &str, method: Method, path: &str, kind: &str, body: String) -> Answer {
        let request = self.http.request(method, format!("{}{path}", self.lever.url()));
        let request = request.header(header::HOST, host).header(header::CONTENT_TYPE, kind).body(body);
        let answer = request.bearer_auth(&self.access).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, body: serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.host, Method::GET, &format!("/v1/{path}"), "", String::new()).await
    }

    async fn write(&self, method: Method, path: &str, body: Value) -> Answer {
        self.send(self.host, method, &format!("/v1/{path}"), "application/json", body.to_string()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.write(Method::POST, path, body).await
    }

    async fn control(&self, path: &str, body: Value) -> Answer {
        let path = format!("/_control/{path}");
        self.send("localhost", Method::POST, &path, "application/json", body.to_string()).await
    }

    /// What the hub did wrong since this was asked last.
    #[track_caller]
    fn assert_violations(&self, count: usize) {
        let all = self.lever.harness.violations.all();
        assert_eq!(all.len(), count, "{all:#?}");
    }
}

fn code(redirect: &str) -> String {
    let url = Url::parse(redirect).unwrap();
    assert!(url.query_pairs().any(|(name, value)| name == "state" && value == "s/1"), "{redirect}");
    url.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}
