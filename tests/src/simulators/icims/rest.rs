//! The REST API: authentication, allowance, routing, and what the hub must never send.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, Version, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::shared::{Violations, lock};
use super::IcimsSimulator;
use super::answers::{Refusal, set, set_allowance, written};
use super::described;
use super::fields::{MARKERS, Profile, job_fields, person_fields, select, workflow_fields};
use super::model::{Customer, CustomerState, Right};
use super::results::ResultsRequest;

const BODY_LIMIT: usize = 1 << 20;
const SHORTEST_TELLING_SECRET: usize = 6;

/// What the path of a request names, below a customer.
#[derive(Clone, Copy)]
enum Target<'a> {
    Person(&'a str),
    Job(&'a str),
    Workflow(&'a str),
    Results(&'a str),
    Entry(&'a str, &'a str),
    Schema(&'a str),
    FieldSchema(&'a str, &'a str),
    Lists,
}

impl<'a> Target<'a> {
    fn of(path: &[&'a str]) -> Option<Self> {
        match *path {
            ["people", id] => Some(Self::Person(id)),
            ["jobs", id] => Some(Self::Job(id)),
            ["applicantworkflows", id] => Some(Self::Workflow(id)),
            ["applicantworkflows", id, "fields", "assessmentresults"] => Some(Self::Results(id)),
            ["applicantworkflows", id, "fields", "assessmentresults", entry] => Some(Self::Entry(id, entry)),
            ["profiledefinitions", "v1", profile, "schema"] => Some(Self::Schema(profile)),
            ["profiledefinitions", "v1", profile, field, "schema"] => Some(Self::FieldSchema(profile, field)),
            ["v2", "lists"] => Some(Self::Lists),
            _ => None,
        }
    }
}

/// One request to a known customer.
struct Call<'a> {
    parts: &'a Parts,
    body: &'a [u8],
    violations: &'a Violations,
}

/// Answers whatever is not a control route.
pub(super) async fn answer(State(simulator): State<IcimsSimulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match to_bytes(body, BODY_LIMIT).await {
        Ok(body) => simulator.answer(&parts, &body),
        Err(_) => Refusal::bad_request("The body is too long or did not arrive.").into_response(),
    };
    let transaction = lock(&simulator.state).next_transaction();
    set(&mut response, "x-transaction", &transaction);
    response
}

impl IcimsSimulator {
    fn answer(&self, parts: &Parts, body: &[u8]) -> Response {
        if parts.version != Version::HTTP_11 {
            return StatusCode::HTTP_VERSION_NOT_SUPPORTED.into_response();
        }
        let violations = &self.harness.violations;
        let path: Vec<&str> = parts.uri.path().trim_start_matches('/').split('/').collect();
        let (customer, target) = match path.as_slice() {
            ["customers", customer, rest @ ..] => (*customer, Target::of(rest)),
            _ => ("", None),
        };
        let mut state = lock(&self.state);
        self.scan(&format!("{} {}", parts.method, parts.uri.path()), &readable(&parts.uri, body));
        for customer in state.customers.values() {
            scan_for_secrets(violations, &customer.customer, body);
        }
        let Some(target) = target else {
            violations.record(format!("iCIMS was asked for the unexpected path {}", parts.uri.path()));
            return Refusal::not_found("Resource").into_response();
        };
        if !state.customers.contains_key(customer) {
            return Refusal::not_found("Customer").into_response();
        }
        let Some(customer) = state.customers.get_mut(customer).filter(|c| knows(&c.customer, &parts.headers)) else {
            return StatusCode::UNAUTHORIZED.into_response();
        };
        let allowance = customer.quota.take(self.harness.now());
        let mut response = if allowance.exceeded {
            StatusCode::TOO_MANY_REQUESTS.into_response()
        } else {
            Call { parts, body, violations }.answer(customer, target).unwrap_or_else(IntoResponse::into_response)
        };
        set_allowance(&mut response, &allowance);
        response
    }

    /// Records whatever may never reach iCIMS or one of its users.
    pub(super) fn scan(&self, place: &str, text: &str) {
        for marker in MARKERS.iter().chain(&["X-Amz-", "{{"]) {
            if text.contains(marker) {
                self.harness.violations.record(format!("iCIMS received {marker} in {place}"));
            }
        }
    }
}

/// Everything that a request says, with the escapes of its query undone.
fn readable(uri: &Uri, body: &[u8]) -> String {
    let mut text = uri.path().to_owned();
    for (name, value) in query(uri) {
        text.push_str(&format!(" {name}={value}"));
    }
    text.push(' ');
    text.push_str(&String::from_utf8_lossy(body));
    text
}

fn query(uri: &Uri) -> BTreeMap<String, String> {
    Query::try_from_uri(uri).map(|Query(query)| query).unwrap_or_default()
}

fn scan_for_secrets(violations: &Violations, customer: &Customer, body: &[u8]) {
    let text = String::from_utf8_lossy(body);
    for secret in [&customer.password, &customer.webhook_password] {
        if secret.len() >= SHORTEST_TELLING_SECRET && text.contains(secret.as_str()) {
            violations.record(format!("iCIMS received a password of the customer {} in a body", customer.id));
        }
    }
}

fn knows(customer: &Customer, headers: &HeaderMap) -> bool {
    headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value == format!("Basic {}", STANDARD.encode(format!("{}:{}", customer.username, customer.password)))
    })
}

impl Call<'_> {
    fn answer(&self, customer: &mut CustomerState, target: Target<'_>) -> Result<Response, Refusal> {
        let method = &self.parts.method;
        if matches!(*method, Method::POST | Method::PATCH) {
            self.check_body_headers();
        }
        match target {
            Target::Person(_) | Target::Job(_) | Target::Workflow(_) if *method == Method::GET => {
                self.read(customer, target)
            }
            Target::Schema(profile) if *method == Method::GET => described::schema(customer, profile),
            Target::FieldSchema(profile, field) if *method == Method::GET => described::field(customer, profile, field),
            Target::Lists if *method == Method::GET => described::lists(customer),
            Target::Workflow(id) if *method == Method::PATCH => self.move_candidate(customer, id),
            Target::Results(id) if *method == Method::GET => self.results(id).list(customer),
            Target::Results(id) if *method == Method::POST => self.results(id).create(customer),
            Target::Entry(id, entry) if *method == Method::GET => self.results(id).read(customer, entry),
            Target::Entry(id, entry) if *method == Method::PATCH => self.results(id).update(customer, entry),
            _ => {
                self.violation(format!("iCIMS was sent the unexpected {method} {}", self.parts.uri.path()));
                Ok(StatusCode::METHOD_NOT_ALLOWED.into_response())
            }
        }
    }

    fn results<'b>(&'b self, workflow: &'b str) -> ResultsRequest<'b> {
        ResultsRequest { workflow, body: self.body, violations: self.violations }
    }

    fn violation(&self, what: String) {
        self.violations.record(what);
    }

    fn check_body_headers(&self) {
        let headers = &self.parts.headers;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/json") {
            self.violation(format!("iCIMS received a body of the type {kind:?}, not application/json"));
        }
        if !headers.contains_key(header::CONTENT_LENGTH) {
            self.violation("iCIMS received a body without Content-Length".to_owned());
        }
    }

    /// The fields that the request names; one that the hub has no business with is a violation.
    fn named_fields(&self, profile: Profile) -> Option<Vec<String>> {
        let mut query = query(&self.parts.uri);
        let fields: Option<Vec<String>> =
            query.remove("fields").map(|fields| fields.split(',').map(str::to_owned).collect());
        let unexpected_fields = fields.iter().flatten().filter(|f| !profile.allowed_fields().contains(&f.as_str()));
        for name in unexpected_fields.chain(query.keys()) {
            self.violation(format!("iCIMS was asked for the unexpected {name} of {}", self.parts.uri.path()));
        }
        fields
    }

    fn read(&self, customer: &CustomerState, target: Target<'_>) -> Result<Response, Refusal> {
        let (profile, all) = match target {
            Target::Schema(_) | Target::FieldSchema(..) | Target::Lists => return Err(Refusal::not_found("Profile")),
            Target::Person(id) => {
                let person = customer.people.get(id).ok_or_else(|| Refusal::not_found("Person"))?;
                (Profile::Person, person_fields(customer, person))
            }
            Target::Job(id) => {
                let job = customer.jobs.get(id).ok_or_else(|| Refusal::not_found("Job"))?;
                (Profile::Job, job_fields(customer, job))
            }
            Target::Workflow(id) | Target::Results(id) | Target::Entry(id, _) => {
                let found = customer.workflows.get(id).ok_or_else(|| Refusal::not_found("Applicant workflow"))?;
                if !customer.has(Right::ReadWorkflow) {
                    return Err(Refusal::access_denied("applicant workflow"));
                }
                (Profile::Workflow, workflow_fields(customer, &found.workflow, &found.entries))
            }
        };
        let named = self.named_fields(profile);
        if named.is_none() && matches!(profile, Profile::Person) {
            self.violation("iCIMS was asked for a person without naming fields".to_owned());
        }
        let wanted: Vec<&str> = match &named {
            Some(named) => named.iter().map(String::as_str).collect(),
            None => profile.default_fields().to_vec(),
        };
        Ok(Json(select(all, &wanted)).into_response())
    }

    fn move_candidate(&self, customer: &mut CustomerState, id: &str) -> Result<Response, Refusal> {
        if !customer.allows_moves {
            self.violation(format!("the hub moved the candidate of the workflow {id}"));
            return Err(Refusal::access_denied("status"));
        }
        let found = customer.workflows.get_mut(id).ok_or_else(|| Refusal::not_found("Applicant workflow"))?;
        if let Some(field) = &customer.required_field {
            return Err(Refusal::required_field(field));
        }
        let body: Value = serde_json::from_slice(self.body).unwrap_or_default();
        let status = body.pointer("/status/id").and_then(Value::as_str).map(str::to_owned);
        match status {
            Some(status) if body == json!({"status": {"id": status}}) => {
                found.workflow.status = status;
                Ok(written(StatusCode::NO_CONTENT, None, customer.warns_upper_case))
            }
            _ => {
                self.violation(format!("iCIMS received an unexpected body for the workflow {id}"));
                Err(Refusal::bad_request("The body is not a status."))
            }
        }
    }
}
