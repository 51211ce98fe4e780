//! The simulator as a hub meets it, over HTTP.

mod gateway;
mod postbacks;

use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::shared::{Effect, lock, loopback_client};
use super::*;

const PACKAGE: &str = "0f4f6d0e-7c1b-4b0e-9a0e-2f7d9f1f5a11";

type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

struct Hub {
    asurint: AsurintSimulator,
    now: Arc<AtomicI64>,
    http: reqwest::Client,
    received: Received,
    answer: Arc<Mutex<StatusCode>>,
}

impl Hub {
    #[expect(clippy::disallowed_methods, reason = "what receives postbacks lives as long as its test")]
    async fn new() -> Self {
        let now = Arc::new(AtomicI64::new(1_793_500_000));
        let read = Arc::clone(&now);
        let clock: Clock = Arc::new(move || Timestamp::from_second(read.load(Ordering::Relaxed)).unwrap());
        let asurint = AsurintSimulator::start(0, clock).await.unwrap();
        let text = str::to_owned;
        asurint.add_client(Client { id: text("ACME01"), username: text("hub"), password: text("pass") });
        asurint.add_package("ACME01", Package { id: text(PACKAGE), name: text("Basic Search "), active: true });
        let (received, answer) = (Received::default(), Arc::new(Mutex::new(StatusCode::OK)));
        let receive = async |State((received, answer)): State<(Received, Arc<Mutex<StatusCode>>)>,
                             headers: HeaderMap,
                             body: Bytes| {
            lock(&received).push((headers, String::from_utf8_lossy(&body).into_owned()));
            *lock(&answer)
        };
        let routes = Router::new().route("/", post(receive)).with_state((Arc::clone(&received), Arc::clone(&answer)));
        let (listener, address) = bind(0).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        asurint.set_postbacks(
            "ACME01",
            Some(Postbacks {
                url: Some(format!("http://{address}/")),
                username: text("asurint"),
                password: text("word"),
                secret: Some(text("secret")),
            }),
        );
        let http = loopback_client().http1_only().timeout(Duration::from_secs(10));
        Self { asurint, now, http: http.build().unwrap(), received, answer }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Option<(u16, String)> {
        let mut request = self.http.request(method, format!("{}{path}", self.asurint.url())).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.unwrap()))
    }

    async fn json(&self, method: Method, path: &str, key: &str, body: Option<Value>) -> Option<(u16, Value)> {
        let headers = [
            ("Authorization", "Basic aHViOnBhc3M="),
            ("X-Asurint-Client-Id", "ACME01"),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", key),
        ];
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let (status, body) = self.send(method, path, &headers, body).await?;
        Some((status, serde_json::from_str(&body).unwrap_or_default()))
    }

    async fn order(&self, quote_back: &str, email: &str) -> Option<(u16, Value)> {
        self.json(Method::POST, "/v1/orders", quote_back, Some(order(quote_back, email))).await
    }

    async fn oml(&self, order: &str) -> (u16, String) {
        self.send(Method::POST, "/oml", &[("Content-Type", "text/xml; charset=utf-8")], order.to_owned()).await.unwrap()
    }

    fn bodies(&self) -> Vec<Value> {
        lock(&self.received).iter().map(|(_, body)| serde_json::from_str(body).unwrap_or_default()).collect()
    }

    fn violations(&self) -> Vec<String> {
        self.asurint.harness.violations.all()
    }
}

fn order(quote_back: &str, email: &str) -> Value {
    json!({
        "clientId": "ACME01", "quoteBack": quote_back, "package": { "id": PACKAGE, "name": "Basic Search" },
        "workflow": "CANDIDATE_HUB", "reference1": "REQ-77", "requester": { "email": "rae@client.example" },
        "candidate": { "firstName": "Ada", "lastName": "Moss", "email": email, "phone": "+15550100100" },
        "permissiblePurpose": "EMPLOYMENT", "callbackUrl": "https://hub.example/asurint/token",
    })
}

#[tokio::test]
async fn an_order_is_taken_once_and_found_again() {
    let hub = Hub::new().await;
    let (status, placed) = hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    assert_eq!((status, &placed["status"]), (201, &json!("Pending Candidate")));
    let id = placed["orderId"].as_str().unwrap().to_owned();
    let (status, again) = hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    assert_eq!((status, &again["orderId"]), (200, &placed["orderId"]));
    let (status, other) = hub.order("HUB-1", "bea@candidate.example").await.unwrap();
    assert_eq!((status, &other["orderId"]), (409, &placed["orderId"]));
    let (_, list) = hub.json(Method::GET, "/v1/orders?quoteBack=HUB-1", "", None).await.unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["orderId"]), (1, &placed["orderId"]));
    let (_, none) = hub.json(Method::GET, "/v1/orders?quoteBack=HUB-2", "", None).await.unwrap();
    assert_eq!(none, json!([]));
    hub.asurint.complete_forms(&id);
    hub.asurint.set_score_word("ACME01", Score::Review, "Hold & see");
    hub.asurint.complete(&id, Score::Review);
    let (_, read) = hub.json(Method::GET, &format!("/v1/orders/{id}"), "", None).await.unwrap();
    assert_eq!((&read["status"], &read["score"]), (&json!("Completed"), &json!("Hold & see")));
    assert_eq!(read["reportUrl"], json!(format!("https://portal.asurint.example/r/{id}")));
    assert_eq!(hub.json(Method::POST, &format!("/v1/orders/{id}/cancel"), "", None).await.unwrap().0, 409);
    assert_eq!((hub.asurint.orders().len(), hub.asurint.invites().len()), (1, 1));
    assert_eq!(hub.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_wrong_with_an_order_is_told_by_field() {
    let hub = Hub::new().await;
    let hidden = Package { id: "old".to_owned(), name: "Old".to_owned(), active: false };
    hub.asurint.add_package("ACME01", hidden);
    hub.asurint.add_requester("ACME01", Requester { email: "rae@client.example".to_owned(), active: true });
    for (pointer, value, status) in [
        ("/candidate/email", json!("ada@nowhere"), 400),
        ("/candidate/firstName", json!(""), 422),
        ("/candidate/lastName", json!("St. John"), 422),
        ("/candidate/phone", json!("(555) 010-0100"), 422),
        ("/package/id", json!("old"), 404),
        ("/requester/email", json!("zed@client.example"), 400),
        ("/permissiblePurpose", json!("TENANCY"), 400),
        ("/callbackUrl", json!("http://hub.example/"), 400),
    ] {
        let mut body = order("HUB-1", "ada@candidate.example");
        *body.pointer_mut(pointer).unwrap() = value;
        let (found, answer) = hub.json(Method::POST, "/v1/orders", "HUB-1", Some(body)).await.unwrap();
        let error = &answer["errors"][0];
        assert_eq!((found, error["field"].as_str()), (status, Some(pointer[1..].replace('/', ".").as_str())));
        assert!(error["message"].as_str().unwrap().contains(planted::ECHOED_EMAIL));
    }
    hub.asurint.refuse_next_order(400, "reference1", "too_long");
    let (status, answer) = hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    assert_eq!((status, &answer["errors"][0]["field"]), (400, &json!("reference1")));
    hub.asurint.forbid_orders("ACME01", true);
    assert_eq!(hub.order("HUB-1", "ada@candidate.example").await.unwrap().0, 403);
    hub.asurint.set_rate_limit("ACME01", Some(0), true);
    assert_eq!(hub.order("HUB-1", "ada@candidate.example").await.unwrap().0, 429);
    hub.asurint.set_password("ACME01", "new");
    assert_eq!(hub.order("HUB-1", "ada@candidate.example").await.unwrap().0, 401);
    assert_eq!((hub.asurint.orders().len(), hub.violations()), (0, Vec::new()));
}

#[tokio::test]
async fn a_lost_answer_leaves_one_order() {
    let hub = Hub::new().await;
    let options = PostbackOptions { on_acceptance: Acceptance::BeforeAnswer, ..PostbackOptions::default() };
    hub.asurint.set_postback_options("ACME01", options);
    hub.asurint.commit_late(LateCommit::AfterMs(100_000));
    assert_eq!(hub.order("HUB-1", "ada@candidate.example").await, None);
    assert_eq!(hub.asurint.orders().len(), 0);
    hub.now.fetch_add(100, Ordering::Relaxed);
    assert_eq!(hub.order("HUB-1", "ada@candidate.example").await.unwrap().0, 200);
    hub.asurint.settle().await;
    assert_eq!(lock(&hub.received).len(), 1);
    hub.asurint.harness.arm("POST /v1/orders", 1, Effect::ResetAfterCommit);
    assert_eq!(hub.order("HUB-2", "bea@candidate.example").await, None);
    assert_eq!(hub.order("HUB-2", "bea@candidate.example").await.unwrap().0, 200);
    assert_eq!((hub.asurint.invites().len(), hub.violations()), (2, Vec::new()));
    let told: Vec<Value> = hub.bodies().iter().map(|body| body["quoteBack"].clone()).collect();
    assert_eq!(told, ["HUB-1", "HUB-2"]);
    assert_eq!(hub.order("HUB-3", "Ada@candidate.example").await.unwrap().0, 201);
    assert_eq!(hub.violations(), ["second order for a person and package that have an open order"]);
}

#[tokio::test]
async fn people_have_pages_and_control_routes() {
    let hub = Hub::new().await;
    hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    let id = hub.asurint.orders()[0].id.clone();
    let browser = ("Accept", "text/html,*/*");
    let (_, page) = hub.send(Method::GET, &format!("/candidate-hub/{id}"), &[browser], String::new()).await.unwrap();
    assert!(page.contains("Decline") && hub.asurint.order(&id).unwrap().opened);
    hub.send(Method::POST, &format!("/candidate-hub/{id}/complete"), &[browser], String::new()).await.unwrap();
    assert_eq!(hub.asurint.order(&id).unwrap().stage, Status::InProgress);
    let report = format!("/r/{id}");
    assert_eq!(hub.send(Method::GET, &report, &[browser], String::new()).await.unwrap().0, 401);
    let login = [browser, ("Authorization", "Basic aHViOnBhc3M=")];
    assert!(hub.send(Method::GET, &report, &login, String::new()).await.unwrap().1.contains(planted::REPORT_PAGE));
    let control = json!({ "order": "HUB-1", "status": "completed", "score": "Review" }).to_string();
    let json_type = ("Content-Type", "application/json");
    assert_eq!(hub.send(Method::POST, "/_control/status", &[json_type], control).await.unwrap().0, 204);
    let (_, orders) = hub.send(Method::GET, "/_control/orders", &[], String::new()).await.unwrap();
    assert!(orders.contains(r#""status":"Completed","score":"Review""#), "{orders}");
    assert_eq!(hub.violations(), Vec::<String>::new());
    hub.send(Method::GET, &report, &[], String::new()).await.unwrap();
    hub.json(Method::GET, &format!("/v1/orders/{id}/report"), "", None).await.unwrap();
    hub.order("HUB-2", planted::ECHOED_EMAIL).await.unwrap();
    assert_eq!(hub.violations().len(), 3, "{:?}", hub.violations());
}
