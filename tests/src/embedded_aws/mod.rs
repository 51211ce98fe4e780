//! AWS's part on one loopback port: DynamoDB embedded, SQS and Secrets Manager in memory. The functions reach it by the
//! real SDK, so what runs here is what is deployed.

mod needs;
mod queues;
mod secrets;
pub mod seen;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dynoxide::Database;
use serde_json::{Value, json};

pub use self::queues::{Batch, LocalQueue};
use crate::roles::{Need, Role};
use crate::simulators::shared::{bind, lock, loopback_client};

/// One of the services; a fault takes a whole service down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    DynamoDb,
    Sqs,
    SecretsManager,
}

#[derive(Default)]
struct Watch {
    calls: Vec<String>,
    /// What a sink test scans: every body that was sent to a service, but for the secret store's.
    bodies: Vec<String>,
    down: Vec<Service>,
    /// How many more calls are let through before the process dies, and whether the last one still has its effect.
    exit_after: Option<(u32, bool)>,
    /// What each function may do; whoever is not in it may do everything.
    roles: BTreeMap<String, Role>,
    denied: Vec<String>,
}

impl Watch {
    fn allows(&mut self, function: &str, needs: &[Need]) -> bool {
        let Some(role) = self.roles.get(function) else { return true };
        for need in needs {
            match role.grant_for(need) {
                Some(grant) => seen::note(function, grant),
                None => {
                    let denied = format!("{function} may not {} on {}", need.action, need.resource);
                    self.denied.push(denied);
                    return false;
                }
            }
        }
        true
    }
}

/// The embedded services.
#[derive(Clone)]
pub struct EmbeddedAws {
    pub url: String,
    queues: BTreeMap<String, LocalQueue>,
    secrets: secrets::Secrets,
    watch: Arc<Mutex<Watch>>,
    database: String,
    http: reqwest::Client,
}

impl EmbeddedAws {
    /// Starts the services with one table and the named queues. With a folder, all three keep what they hold there.
    ///
    /// # Errors
    /// A port cannot be bound, or the folder cannot be used.
    pub async fn start(table: &Value, queues: &[&str], data: Option<&Path>) -> Result<Self, crate::stack::Error> {
        let database = match data {
            Some(folder) => {
                std::fs::create_dir_all(folder)?;
                Database::new(&folder.join("table.sqlite").to_string_lossy())?
            }
            None => Database::memory()?,
        };
        let (listener, address) = bind(0).await?;
        spawn(dynoxide::server::serve_on(listener, database));
        let mut by_name = BTreeMap::new();
        for name in queues {
            let file = data.map(|folder| folder.join(format!("queue-{name}.json")));
            by_name.insert((*name).to_owned(), LocalQueue::open(file)?);
        }
        let (front, front_address) = bind(0).await?;
        let aws = Self {
            url: format!("http://{front_address}"),
            queues: by_name,
            secrets: secrets::Secrets::open(data.map(|folder| folder.join("secrets.json")))?,
            watch: Arc::default(),
            database: format!("http://{address}"),
            http: loopback_client().build()?,
        };
        let app = Router::new().route("/", post(answer)).with_state(aws.clone());
        spawn(async move {
            // Serving ends only with the process.
            let _ = axum::serve(front, app).await;
        });
        let created = aws.forward("DynamoDB_20120810.CreateTable", table.to_string().into()).await;
        // A kept table is there already.
        if created.status() != StatusCode::OK && created.status() != StatusCode::BAD_REQUEST {
            return Err("the table could not be created".into());
        }
        Ok(aws)
    }

    #[must_use]
    pub fn queue(&self, name: &str) -> Option<&LocalQueue> {
        self.queues.get(name)
    }

    #[must_use]
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    /// Has each function do only what its role allows. A function is known by the access key that it signs with.
    pub fn enforce(&self, roles: BTreeMap<String, Role>) {
        lock(&self.watch).roles = roles;
    }

    /// What functions wanted to do that their roles do not allow.
    #[must_use]
    pub fn denied(&self) -> Vec<String> {
        lock(&self.watch).denied.clone()
    }

    /// Whether a function may have the messages of a queue, which Lambda fetches in its name.
    #[must_use]
    pub fn lets_work(&self, function: &str, queue: &str) -> bool {
        lock(&self.watch).allows(function, &needs::of_worker(queue))
    }

    /// Every call since the last time this was asked, such as `dynamodb:Query`.
    #[must_use]
    pub fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.watch).calls)
    }

    /// Every body that the table and the queues were ever sent.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        lock(&self.watch).bodies.clone()
    }

    /// Takes a service down, or brings it back.
    pub fn set_down(&self, service: Service, down: bool) {
        let mut watch = lock(&self.watch);
        watch.down.retain(|other| *other != service);
        if down {
            watch.down.push(service);
        }
    }

    /// Has the process die at the given call: before its effect, or after it and before the answer.
    pub fn exit_after(&self, calls: u32, with_effect: bool) {
        lock(&self.watch).exit_after = Some((calls, with_effect));
    }

    /// Everything that the table holds, as text.
    pub async fn dump_table(&self) -> String {
        let scan = json!({"TableName": "crosscheck"}).to_string();
        let response = self.forward("DynamoDB_20120810.Scan", scan.into()).await;
        let body = axum::body::to_bytes(response.into_body(), 64 * 1024 * 1024).await.unwrap_or_default();
        String::from_utf8_lossy(&body).into_owned()
    }

    async fn forward(&self, target: &str, body: Bytes) -> Response {
        let request = self
            .http
            .post(&self.database)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=local/20260101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
            )
            .header("x-amz-date", "20260101T000000Z")
            .body(body);
        match request.send().await {
            Err(_) => failure("InternalServerError"),
            Ok(answer) => {
                let (status, crc) = (answer.status(), answer.headers().get("x-amz-crc32").cloned());
                let mut response = (status, answer.bytes().await.unwrap_or_default()).into_response();
                response.headers_mut().insert("content-type", HeaderValue::from_static(JSON));
                if let Some(crc) = crc {
                    response.headers_mut().insert("x-amz-crc32", crc);
                }
                response
            }
        }
    }

    /// Counts down to the planned death. `true` where this call must die after its effect.
    fn dies_now(&self) -> bool {
        let mut watch = lock(&self.watch);
        let Some((left, with_effect)) = watch.exit_after.as_mut() else { return false };
        if *left > 0 {
            *left -= 1;
            return false;
        }
        if !*with_effect {
            std::process::exit(137);
        }
        true
    }
}

const JSON: &str = "application/x-amz-json-1.0";

#[expect(clippy::disallowed_methods, reason = "the services of a local stack run beside the functions, as AWS's do")]
fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

/// Whose key signed the request.
fn access_key(headers: &HeaderMap) -> &str {
    let signature = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let key = signature.split_once("Credential=").and_then(|(_, rest)| rest.split('/').next());
    key.unwrap_or_default()
}

fn denied() -> Response {
    let body = json!({"__type": "AccessDeniedException", "message": "the function's role does not allow this"});
    (StatusCode::BAD_REQUEST, [("content-type", JSON)], body.to_string()).into_response()
}

fn failure(code: &str) -> Response {
    let body = json!({"__type": format!("com.amazonaws#{code}"), "message": "the local stack says so"});
    (StatusCode::SERVICE_UNAVAILABLE, [("content-type", JSON)], body.to_string()).into_response()
}

async fn answer(State(aws): State<EmbeddedAws>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (prefix, operation) = target.split_once('.').unwrap_or_default();
    let (service, name) = match prefix {
        "DynamoDB_20120810" => (Service::DynamoDb, "dynamodb"),
        "AmazonSQS" => (Service::Sqs, "sqs"),
        _ => (Service::SecretsManager, "secretsmanager"),
    };
    let needs = needs::of_call(service, operation, &serde_json::from_slice(&body).unwrap_or_default());
    let (is_down, is_allowed) = {
        let mut watch = lock(&aws.watch);
        watch.calls.push(format!("{name}:{operation}"));
        if service != Service::SecretsManager {
            watch.bodies.push(String::from_utf8_lossy(&body).into_owned());
        }
        (watch.down.contains(&service), watch.allows(access_key(&headers), &needs))
    };
    if !is_allowed {
        return denied();
    }
    if is_down {
        return failure("ServiceUnavailable");
    }
    let dies = aws.dies_now();
    let response = match service {
        Service::DynamoDb => aws.forward(&target, body).await,
        Service::Sqs if operation == "SendMessage" => aws.send_message(&body),
        Service::Sqs => (StatusCode::OK, [("content-type", JSON)], "{}").into_response(),
        Service::SecretsManager => aws.secrets.answer(operation, &body),
    };
    if dies {
        std::process::exit(137);
    }
    response
}

impl EmbeddedAws {
    fn send_message(&self, body: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
        let queue = text("QueueUrl").rsplit('/').next().and_then(|name| self.queue(name));
        match queue.map(|queue| queue.send(text("MessageBody"))) {
            Some(Ok(id)) => {
                (StatusCode::OK, [("content-type", JSON)], json!({"MessageId": id}).to_string()).into_response()
            }
            _ => failure("QueueDoesNotExist"),
        }
    }
}
