//! The events that iCIMS sends to the hub, and what the recruiter then reads.

use std::io::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::super::shared::Violations;
use super::IcimsSimulator;
use super::fields::{bare_status, integer};
use super::model::{Customer, CustomerState, Move, Screen, Workflow};

/// iCIMS documents that it typically waits this long for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const STATUS_CHANGE: &str = "WorkFlowStatusChangeEvent";

/// How an event differs from the ordinary one.
#[derive(Clone, Debug)]
pub struct EventOptions {
    pub gzip: bool,
    /// How many times the event is sent, all at once; 0 loses it.
    pub copies: usize,
    pub extra_keys: bool,
    pub integer_ids: bool,
    /// Keeps the leading letter of status ids, which recorded events do not have.
    pub letter_status_ids: bool,
    /// The origin or host of the event's links, which the hub must never call.
    pub links_host: Option<String>,
    pub customer_id: Option<String>,
    pub person_id: Option<String>,
    pub job_id: Option<String>,
    pub event_type: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub trailing_slash: bool,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self {
            gzip: false,
            copies: 1,
            extra_keys: false,
            integer_ids: false,
            letter_status_ids: false,
            links_host: None,
            customer_id: None,
            person_id: None,
            job_id: None,
            event_type: None,
            user: None,
            password: None,
            trailing_slash: false,
        }
    }
}

/// One event ready to be sent, as often as wanted.
#[derive(Clone)]
struct Message {
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// What the hub answered: nothing where no answer came in time.
struct Answer {
    status: Option<u16>,
    body: Vec<u8>,
}

impl IcimsSimulator {
    /// Moves a candidate as a recruiter does, tells the hub, and returns what the recruiter then reads.
    pub async fn advance(&self, customer: &str, workflow: &str, new_status: &str, by_user: &str) -> Screen {
        let screens = self.advance_with(customer, workflow, new_status, by_user, EventOptions::default()).await;
        screens.into_iter().next_back().unwrap_or_default()
    }

    /// Moves a candidate and sends the event with `options`; one screen for each copy.
    pub async fn advance_with(
        &self,
        customer: &str,
        workflow: &str,
        new_status: &str,
        by_user: &str,
        options: EventOptions,
    ) -> Vec<Screen> {
        let message = self.with_customer(customer, |state| {
            let found = state.workflows.get_mut(workflow)?;
            let old_status = std::mem::replace(&mut found.workflow.status, new_status.to_owned());
            let last_move = Move { old_status, new_status: new_status.to_owned(), user: by_user.to_owned() };
            let message = message(&state.customer, &found.workflow, &last_move, &options);
            found.last_move = Some(last_move);
            Some(message)
        });
        self.send(customer, workflow, message, options.copies).await
    }

    /// Sends the event of the last move once more, whatever the workflow's status is by now.
    pub async fn resend_last(&self, customer: &str, workflow: &str, options: EventOptions) -> Vec<Screen> {
        let message = self.with_customer(customer, |state| {
            let found = state.workflows.get(workflow)?;
            Some(message(&state.customer, &found.workflow, found.last_move.as_ref()?, &options))
        });
        self.send(customer, workflow, message, options.copies).await
    }

    async fn send(&self, customer: &str, workflow: &str, message: Option<Message>, copies: usize) -> Vec<Screen> {
        let Some(message) = message else {
            let violations = &self.harness.violations;
            violations.record(format!("the test names the workflow {workflow}, which is unknown or was never moved"));
            return Vec::new();
        };
        let mut sending = JoinSet::new();
        for _ in 0..copies {
            sending.spawn(post(self.client.clone(), message.clone()));
        }
        let mut screens = Vec::new();
        while let Some(answer) = sending.join_next().await {
            let answer = answer.unwrap_or(Answer { status: None, body: Vec::new() });
            self.check(&answer);
            let screen = self.with_customer(customer, |state| screen(state, &answer, &self.harness.violations));
            self.with_workflow(customer, workflow, |state| state.screens.push(screen.clone()));
            screens.push(screen);
        }
        screens
    }

    /// Sends these very headers and bytes to the customer's webhook; 0 stands for no answer.
    pub async fn send_raw(&self, customer: &str, headers: &[(&str, &str)], body: Vec<u8>) -> u16 {
        let url = self.with_customer(customer, |state| state.customer.webhook_url.clone());
        let message = Message { url, headers: header_map(headers), body };
        post(self.client.clone(), message).await.status.unwrap_or_default()
    }

    /// The `Authorization` value of the customer's webhook, for [`IcimsSimulator::send_raw`].
    #[must_use]
    pub fn webhook_authorization(&self, customer: &str) -> String {
        self.with_customer(customer, |state| basic(&state.customer.webhook_user, &state.customer.webhook_password))
    }

    /// Records what no hub may answer to a well-formed event.
    fn check(&self, answer: &Answer) {
        let text = String::from_utf8_lossy(&answer.body);
        // Field tokens belong into an answer, though never into a request.
        self.scan("an answer to an event", &text.replace("{{", ""));
        let violations = &self.harness.violations;
        match answer.status {
            Some(200) if !answer.body.is_empty() => violations.record("the hub answered an event with 200 and a body"),
            Some(status @ (202 | 429)) => violations.record(format!("the hub answered an event with {status}")),
            Some(400) if user_message(answer).is_none() => {
                violations.record("the hub answered an event with 400 and no userMessage");
            }
            _ => {}
        }
    }
}

async fn post(client: reqwest::Client, message: Message) -> Answer {
    let sent = client.post(message.url).headers(message.headers).body(message.body).timeout(ANSWER_LIMIT).send().await;
    let Ok(response) = sent else { return Answer { status: None, body: Vec::new() } };
    let status = Some(response.status().as_u16());
    match response.bytes().await {
        Ok(body) => Answer { status, body: body.to_vec() },
        Err(_) => Answer { status: None, body: Vec::new() },
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn header_map(headers: &[(&str, &str)]) -> HeaderMap {
    let valid = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    valid.collect()
}

fn user_message(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    body.pointer("/error/userMessage")?.as_str().map(str::to_owned)
}

fn screen(customer: &CustomerState, answer: &Answer, violations: &Violations) -> Screen {
    let mut message = user_message(answer);
    if let Some(text) = &mut message {
        while let Some((before, after)) = text.split_once("{{").map(|(b, a)| (b.to_owned(), a.to_owned())) {
            let (token, rest) = after.split_once("}}").unwrap_or((after.as_str(), ""));
            let label = customer.label(token).unwrap_or_else(|| {
                violations.record(format!("the hub named the field {token:?}, which the customer does not have"));
                token.to_owned()
            });
            *text = format!("{before}{label}{rest}");
        }
    }
    Screen { status: answer.status, message }
}

fn message(customer: &Customer, workflow: &Workflow, last_move: &Move, options: &EventOptions) -> Message {
    let links = links(customer, workflow, last_move, options);
    let link_header: Vec<String> =
        links.iter().map(|(rel, title, url)| format!("<{url}>;rel=\"{rel}\";title=\"{title}\"")).collect();
    let user = options.user.as_ref().unwrap_or(&customer.webhook_user);
    let password = options.password.as_ref().unwrap_or(&customer.webhook_password);
    let mut headers = header_map(&[
        ("authorization", &basic(user, password)),
        ("content-type", "application/json"),
        ("connection", "close"),
        ("user-agent", "Apache-HttpClient/4.5.13 (Java/11.0.20)"),
        ("accept-encoding", "gzip,deflate"),
        ("link", &link_header.join(",")),
    ]);
    let mut body = event(customer, workflow, last_move, &links, options).to_string().into_bytes();
    if let Some(packed) = options.gzip.then(|| gzip(&body)).flatten() {
        body = packed;
        headers.extend(header_map(&[("content-encoding", "gzip")]));
    }
    if options.extra_keys {
        headers.extend(header_map(&[("x-icims-addition", "unannounced")]));
    }
    let mut url = customer.webhook_url.clone();
    if options.trailing_slash && !url.ends_with('/') {
        url.push('/');
    }
    Message { url, headers, body }
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn links(
    customer: &Customer,
    workflow: &Workflow,
    last_move: &Move,
    options: &EventOptions,
) -> Vec<(&'static str, &'static str, String)> {
    let host = options.links_host.as_deref().unwrap_or("api.icims.com");
    let origin = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let base = format!("{origin}/customers/{}", customer.id);
    vec![
        ("applicantWorkflow", "Applicant Workflow", format!("{base}/applicantworkflows/{}", workflow.id)),
        ("job", "Job Profile", format!("{base}/jobs/{}", workflow.job)),
        ("person", "Person Profile", format!("{base}/people/{}", workflow.person)),
        ("user", "Posting User", format!("{base}/people/{}", last_move.user)),
    ]
}

fn event(
    customer: &Customer,
    workflow: &Workflow,
    last_move: &Move,
    links: &[(&'static str, &'static str, String)],
    options: &EventOptions,
) -> Value {
    let id = |id: &str| if options.integer_ids { integer(id) } else { json!(id) };
    let status = |status: &str| id(if options.letter_status_ids { status } else { bare_status(status) });
    let links: Vec<Value> =
        links.iter().map(|(rel, title, url)| json!({"rel": rel, "title": title, "url": url})).collect();
    let mut event = Map::from_iter([
        ("eventType".to_owned(), json!(options.event_type.as_deref().unwrap_or(STATUS_CHANGE))),
        ("customerId".to_owned(), id(options.customer_id.as_ref().unwrap_or(&customer.id))),
        ("systemId".to_owned(), id(&workflow.id)),
        ("personId".to_owned(), id(options.person_id.as_ref().unwrap_or(&workflow.person))),
        ("jobId".to_owned(), id(options.job_id.as_ref().unwrap_or(&workflow.job))),
        ("userId".to_owned(), id(&last_move.user)),
        ("oldStatus".to_owned(), status(&last_move.old_status)),
        ("newStatus".to_owned(), status(&last_move.new_status)),
        ("links".to_owned(), json!(links)),
    ]);
    if options.extra_keys {
        event.insert("tenantRegion".to_owned(), Value::Null);
        event.insert("additions".to_owned(), json!({"unannounced": [1, true, "text"]}));
    }
    Value::Object(event)
}
