//! The simulator as a hub meets it, over HTTP.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::{Method, header};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::simulators::shared::loopback_client;

const SCOPES: [&str; 2] = [model::READ_SCOPE, model::WRITE_SCOPE];
const ROOT: &str = "/v3/218/recruitment/backgroundchecks";

struct Hub {
    pageup: PageUpSimulator,
    now: Arc<AtomicI64>,
    http: reqwest::Client,
    token: String,
}

impl Hub {
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1_793_500_000));
        let read = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).unwrap());
        let pageup = PageUpSimulator::start(0, clock).await.unwrap();
        pageup.add_tenant(Tenant {
            id: "218".to_owned(),
            client_id: "client".to_owned(),
            client_secret: "a secret that tells".to_owned(),
            data_centre: "dc2".to_owned(),
            environment: Environment::Live,
            scopes: SCOPES.map(str::to_owned).to_vec(),
            token_hosts: vec!["brand.login.pageuppeople.com".to_owned()],
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = loopback_client().http1_only().timeout(Duration::from_secs(10));
        let mut hub = Self { pageup, now, http: http.build().unwrap(), token: String::new() };
        hub.log_in().await;
        hub
    }

    async fn send(&self, host: &str, method: Method, path: &str, kind: &str, body: String) -> (u16, String) {
        let request = self.http.request(method, format!("{}{path}", self.pageup.url()));
        let request = request.header(header::HOST, host).header(header::CONTENT_TYPE, kind).body(body);
        let answer = request.bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn token(&self, host: &str, secret: &str, scope: &str) -> (u16, String) {
        let form = format!("grant_type=client_credentials&client_id=client&client_secret={secret}{scope}");
        self.send(host, Method::POST, "/connect/token", "application/x-www-form-urlencoded", form).await
    }

    async fn log_in(&mut self) {
        let (status, body) = self.token("login.dc2.pageuppeople.com", "a+secret+that+tells", "").await;
        assert_eq!(status, 200);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&body["expires_in"], &body["token_type"]), (&json!(300), &json!("Bearer")));
        self.token = body["access_token"].as_str().unwrap().to_owned();
        assert!(self.token.contains(planted::TOKEN) && self.token.split('.').count() == 3);
    }

    async fn get(&self) -> (u16, String) {
        self.send("api.dc2.pageuppeople.com", Method::GET, ROOT, "application/json", String::new()).await
    }

    async fn put(&self, id: &str, body: serde_json::Value) -> (u16, String) {
        let path = format!("{ROOT}/{id}/");
        self.send("api.dc2.pageuppeople.com", Method::PUT, &path, "application/json", body.to_string()).await
    }

    fn violations(&self) -> Vec<String> {
        self.pageup.harness.violations.all()
    }
}

#[tokio::test]
async fn a_tenant_is_known_only_on_its_own_hosts() {
    let hub = Hub::new().await;
    let secret = "a+secret+that+tells";
    for (host, status) in [
        ("login.dc2.pageuppeople.com:443", 200),
        ("brand.login.pageuppeople.com", 200),
        ("127.0.0.1:4000", 200),
        ("loginuat.dc2.pageuppeople.com", 400),
        ("login.dc3.pageuppeople.com", 400),
        ("api.dc2.pageuppeople.com", 400),
    ] {
        assert_eq!(hub.token(host, secret, "").await.0, status, "{host}");
    }
    let login = "login.dc2.pageuppeople.com";
    assert_eq!(hub.token(login, "wrong", "").await, (400, r#"{"error":"invalid_client"}"#.to_owned()));
    let scope = "&scope=Public.Document.Write";
    assert_eq!(hub.token(login, secret, scope).await, (400, r#"{"error":"invalid_scope"}"#.to_owned()));
    for (host, status) in [("api.dc2.pageuppeople.com", 200), ("apiuat.dc2.pageuppeople.com", 401)] {
        assert_eq!(hub.send(host, Method::GET, ROOT, "", String::new()).await.0, status, "{host}");
    }
    assert_eq!(hub.pageup.tokens_issued("218"), 4);
    assert_eq!(hub.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_ends_and_a_day_has_a_limit() {
    let mut hub = Hub::new().await;
    hub.pageup.set_options("218", Options { daily_limit: Some(2), empty: Empty::NoContent, ..Options::default() });
    assert_eq!(hub.get().await, (204, String::new()));
    hub.now.fetch_add(300, Ordering::Relaxed);
    assert_eq!(hub.get().await.0, 401);
    hub.log_in().await;
    hub.pageup.revoke_tokens("218");
    assert_eq!(hub.get().await.0, 401);
    hub.pageup.set_scopes("218", &[model::WRITE_SCOPE]);
    hub.log_in().await;
    assert_eq!(hub.get().await.0, 403);
    assert_eq!((hub.get().await.0, hub.pageup.calls_today("218")), (429, 2));
    hub.now.fetch_add(86_400, Ordering::Relaxed);
    hub.pageup.set_scopes("218", &SCOPES);
    hub.log_in().await;
    assert_eq!((hub.get().await.0, hub.pageup.calls_today("218")), (204, 1));
    assert_eq!(hub.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_put_shows_the_state_and_ends_the_waiting() {
    let hub = Hub::new().await;
    let id = hub.pageup.invite("218", Invite::new("a@candidate.example", " package ", "rae@client.example"));
    let (status, body) = hub.get().await;
    assert_eq!(status, 200);
    assert!(body.contains(r#""emailid":"a@candidate.example""#) && body.contains(planted::NOTE), "{body}");
    assert_eq!(hub.pageup.screen("218", &id).unwrap().status, None);
    let link = |url: &str| json!({ "status": "Completed", "result": { "summary": "Clear", "url": url } });
    for _ in 0..2 {
        assert_eq!(hub.put(&id, link("https://client.vendor.example/cases/9f")).await, (200, "{}".to_owned()));
    }
    assert_eq!((hub.pageup.put_count("218", &id), hub.pageup.history("218", &id).len()), (2, 1));
    assert_eq!((hub.pageup.waiting("218").len(), hub.pageup.served("218")), (0, vec![vec![id.clone()]]));
    let refused = |field: &str, message: &str| (400, json!([{ "field": field, "message": message }]).to_string());
    let opens = hub.put(&id, link("https://client.vendor.example/9f.pdf")).await;
    assert_eq!(opens, refused("result.url", "The link must ask for a log-in"));
    assert_eq!(hub.put(&id, json!({ "status": "Done" })).await, refused("status", "status is not valid"));
    assert_eq!(hub.put(&id, json!({ "status": "Failed" })).await, refused("status", "You may not do this now"));
    assert_eq!(hub.violations(), Vec::<String>::new());
    let told = json!({ "status": "Completed", "message": "a@Candidate.example", "pdf": planted::NOTE });
    assert_eq!(hub.put(&id, told).await.0, 200);
    assert_eq!(hub.violations().len(), 3);
    hub.pageup.cancel("218", &id);
    assert_eq!(hub.put(&id, json!({ "status": "Completed" })).await.0, 404);
    assert_eq!(hub.violations().len(), 3);
}

#[tokio::test]
async fn the_sibling_form_takes_notes() {
    let hub = Hub::new().await;
    let id = hub.pageup.invite("218", Invite::default());
    hub.pageup.set_options("218", Options { put_shape: PutShape::WorkCompliance, ..Options::default() });
    let path = format!("/v3/218/workcompliance/invitations/{id}/statuses");
    let body = json!({ "Status": "In Progress", "Notes": ["One.", "Two."] }).to_string();
    let (status, _) = hub.send("localhost", Method::PUT, &path, "application/json", body).await;
    let screen = hub.pageup.screen("218", &id).unwrap();
    assert_eq!((status, screen.message.as_deref()), (200, Some("One.\nTwo.")));
    assert_eq!(hub.violations(), Vec::<String>::new());
    assert_eq!(hub.put(&id, json!({ "status": "Failed" })).await.0, 404);
    assert_eq!(hub.violations().len(), 1);
}

#[tokio::test]
async fn a_person_with_curl_is_the_recruiter() {
    let hub = Hub::new().await;
    let control = async |path: &str, body: serde_json::Value| {
        let path = format!("/_control/{path}");
        hub.send("localhost", Method::POST, &path, "application/json", body.to_string()).await
    };
    let first = json!({ "email": "b@candidate.example", "department": "dep-1", "note": null });
    assert_eq!(control("invite", first).await, (200, json!({ "id": "123456" }).to_string()));
    assert_eq!(control("invite", json!({ "tenant": "218", "package_code": "p" })).await.0, 200);
    assert_eq!(control("invite", json!({ "e_mail": "b@candidate.example" })).await.0, 422);
    let options = json!({
        "casing": "mixed", "wrapping": "items", "wraps_items": true, "numeric_ids": true,
        "department_at": "team", "requester_at": "requested_by",
    });
    assert_eq!(control("options", options).await.0, 200);
    let (status, page) = hub.get().await;
    let lower = page.to_lowercase();
    assert_eq!((status, lower.matches(r#""email":"b@candidate.example""#).count()), (200, 0));
    for (part, times) in [
        (r#""emailid":"b@candidate.example""#, 2),
        (r#""externalid":"dep-1""#, 2),
        (r#""emailaddress":"rae@client.example""#, 2),
        (r#""id":123456"#, 1),
        (r#""backgroundcheckrequest":{"#, 2),
        (r#""items":["#, 1),
        (planted::NOTE, 0),
    ] {
        assert_eq!(lower.matches(part).count(), times, "{part} in {page}");
    }
    assert_eq!(control("cancel", json!({ "id": "123457" })).await.0, 204);
    assert_eq!(control("resend", json!({ "id": "123457", "same_id": true })).await.0, 200);
    assert_eq!(control("resend", json!({ "id": "1" })).await.0, 404);
    assert_eq!(hub.pageup.waiting("218"), ["123456", "123457"]);
    let (status, seen) = hub.send("localhost", Method::GET, "/_control/invitations", "", String::new()).await;
    assert!(status == 200 && seen.contains(r#""waiting":true"#), "{seen}");
    assert_eq!(hub.violations(), Vec::<String>::new());
}
