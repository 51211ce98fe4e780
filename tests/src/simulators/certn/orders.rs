//! Ordering by package, reading one case, cancelling.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::super::shared::lock;
use super::case_life::{CHECK_TYPES, case_json, has_ended};
use super::refusal::Refusal;
use super::state::{AccountState, Event, StoredCase};
use super::{Case, CertnSimulator, Check};

/// When the case of an order appears whose connection was closed.
#[derive(Clone, Copy, Debug)]
pub enum LateCommit {
    /// When the test says so.
    OnDemand,
    /// This much later by the simulator's clock, or earlier when the test says so.
    AfterMs(u32),
}

/// An accepted order that is not a case yet.
#[derive(Clone, Debug)]
pub(super) struct NewCase {
    package: String,
    email: String,
    group: Option<String>,
    ordered_by: Option<String>,
    tags: Vec<String>,
    order_body: Value,
}

const ORDER_FIELDS: [&str; 10] = [
    "package",
    "email_address",
    "group",
    "ordered_by",
    "tag_ids",
    "send_invite_email",
    "return_invite_link",
    "input_claims",
    "permissible_purpose",
    "applicant_language",
];
const NAME_FIELDS: [&str; 4] = ["given_name", "family_name", "additional_name", "type"];

/// The field and what is wrong with it, for everything that the hub must never order with.
fn forbidden_in_order(body: &Map<String, Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut forbid = |field: &str, what: &str| found.push((field.to_owned(), format!("order: {field} {what}")));
    for field in body.keys().filter(|field| !ORDER_FIELDS.contains(&field.as_str())) {
        forbid(field, "is no field that the hub may send");
    }
    if body.get("send_invite_email") != Some(&Value::Bool(true)) {
        forbid("send_invite_email", "is not true: Certn must invite, the hub holds no consents");
    }
    if !matches!(body.get("return_invite_link"), None | Some(Value::Bool(false))) {
        forbid("return_invite_link", "is not false: the hub hands out no invitation");
    }
    if !matches!(body.get("applicant_language").map(Value::as_str), None | Some(Some("en-CA" | "fr-CA"))) {
        forbid("applicant_language", "is no known language");
    }
    match body.get("input_claims") {
        None => {}
        Some(Value::Object(claims)) => {
            for claim in claims.keys().filter(|claim| *claim != "name") {
                forbid(&format!("input_claims.{claim}"), "is more than a name");
            }
            let name = claims.get("name").and_then(Value::as_object);
            if name.is_none() && claims.contains_key("name") {
                forbid("input_claims.name", "is no object");
            }
            for field in name.into_iter().flat_map(Map::keys).filter(|field| !NAME_FIELDS.contains(&field.as_str())) {
                forbid(&format!("input_claims.name.{field}"), "is no part of a name");
            }
        }
        Some(_) => forbid("input_claims", "is no object"),
    }
    found
}

fn looks_like_email(value: &str) -> bool {
    let plain = !value.contains(char::is_whitespace) && value.matches('@').count() == 1;
    plain
        && value.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
        })
}

fn optional_text(body: &Map<String, Value>, field: &'static str) -> Result<Option<String>, Refusal> {
    match body.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::invalid(field, "invalid", "Not a valid string.")),
    }
}

fn required_text(body: &Map<String, Value>, field: &'static str) -> Result<String, Refusal> {
    optional_text(body, field)?.ok_or_else(|| Refusal::invalid(field, "required", "This field is required."))
}

fn check_name(body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(name) = body.get("input_claims").and_then(|claims| claims.get("name")) else { return Ok(()) };
    let filled = |field: &str| name.get(field).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
    let additional_is_text = name.get("additional_name").is_none_or(Value::is_string);
    let legal = name.get("type").is_none_or(|kind| kind == "LEGAL");
    if filled("given_name") && filled("family_name") && additional_is_text && legal {
        return Ok(());
    }
    Err(Refusal::invalid("input_claims", "invalid", "A name needs a given and a family name."))
}

impl AccountState {
    fn validate_order(&self, body: &Map<String, Value>) -> Result<NewCase, Refusal> {
        let email = required_text(body, "email_address")?;
        if !looks_like_email(&email) {
            return Err(Refusal::invalid("email_address", "invalid", "Enter a valid email address."));
        }
        let package = required_text(body, "package")?;
        match self.account.packages.iter().find(|known| known.id == package) {
            None => return Err(Refusal::invalid("package", "does_not_exist", "Package does not exist.")),
            Some(known) if !known.active || known.ats_use == Some(false) => {
                return Err(Refusal::invalid("package", "invalid", "Package can not be ordered."));
            }
            Some(_) => {}
        }
        let group = optional_text(body, "group")?;
        if group.as_ref().is_some_and(|id| !self.account.group(id).is_some_and(|group| group.active)) {
            return Err(Refusal::invalid("group", "does_not_exist", "Group does not exist or is inactive."));
        }
        let ordered_by = optional_text(body, "ordered_by")?;
        if let Some(id) = &ordered_by {
            let Some(user) = self.account.user(id).filter(|user| user.active) else {
                return Err(Refusal::invalid("ordered_by", "does_not_exist", "User does not exist or is inactive."));
            };
            if group.as_ref().is_some_and(|group| !user.groups.contains(group)) {
                return Err(Refusal::invalid("ordered_by", "invalid", "User does not belong to the group."));
            }
        }
        let no_tags = Vec::new();
        let tags = match body.get("tag_ids") {
            None => &no_tags,
            Some(Value::Array(tags)) => tags,
            Some(_) => return Err(Refusal::invalid("tag_ids", "not_a_list", "Expected a list of items.")),
        };
        let tag_is_known = |id: &str| self.account.tags.iter().any(|tag| tag.id == id && tag.active);
        let tags: Option<Vec<String>> =
            tags.iter().map(|tag| tag.as_str().filter(|id| tag_is_known(id)).map(ToOwned::to_owned)).collect();
        let tags = tags.ok_or_else(|| Refusal::invalid("tag_ids", "does_not_exist", "Tag does not exist."))?;
        check_name(body)?;
        Ok(NewCase { package, email, group, ordered_by, tags, order_body: Value::Object(body.clone()) })
    }
}

pub(super) async fn order_package(
    State(simulator): State<CertnSimulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let body = simulator.read_object("order", &headers, &body, false)?;
    let (case, early_event) = simulator.accept_order(&body)?;
    if let Some(event) = early_event {
        simulator.deliver_now(&event).await;
    }
    Ok((StatusCode::CREATED, Json(case_json(&case))).into_response())
}

pub(super) async fn one_case(
    State(simulator): State<CertnSimulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let mut state = lock(&simulator.state);
    let stale = state.stale_reads > 0;
    state.stale_reads = state.stale_reads.saturating_sub(1);
    let stored = state.case(&id).ok_or_else(Refusal::not_found)?;
    let previous = stored.previous.as_ref().filter(|_| stale);
    Ok(Json(case_json(previous.unwrap_or(&stored.current))))
}

pub(super) async fn cancel(
    State(simulator): State<CertnSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body = simulator.read_object("cancel", &headers, &body, true)?;
    if !body.is_empty() {
        simulator.harness.violations.record("cancel came with fields in its body");
    }
    let status = lock(&simulator.state).case(&id).map(|stored| stored.current.status.clone());
    match status {
        None => Err(Refusal::not_found()),
        Some(status) if has_ended(&status) => {
            Err(Refusal::client(StatusCode::CONFLICT, "conflict", "Case is already closed."))
        }
        Some(_) => {
            simulator.set_status(&id, "CANCELLED");
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

/// Closes the connection without an answer: unwinding the connection's task drops its socket.
fn close_connection() -> ! {
    std::panic::resume_unwind(Box::new("the order is taken, its answer is lost"))
}

impl CertnSimulator {
    /// Closes the connection of the next good order, whose case appears only later.
    pub fn commit_late(&self, when: LateCommit) {
        lock(&self.state).late_commit = Some(when);
    }

    /// Makes the cases of all orders that were taken late; gives their ids.
    pub fn commit_pending(&self) -> Vec<String> {
        let mut state = lock(&self.state);
        let pending = std::mem::take(&mut state.pending);
        pending.into_iter().map(|(new, due)| self.commit(&mut state, new, due).id).collect()
    }

    /// Makes the cases of those late orders whose time has come.
    pub(super) fn commit_due(&self, state: &mut AccountState) {
        let now = self.harness.now();
        let (ready, waiting) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition::<Vec<_>, _>(|(_, due)| due.is_some_and(|due| due <= now));
        state.pending = waiting;
        for (new, due) in ready {
            self.commit(state, new, due);
        }
    }

    fn accept_order(&self, body: &Map<String, Value>) -> Result<(Case, Option<Event>), Refusal> {
        let mut state = lock(&self.state);
        if state.orders_forbidden {
            return Err(Refusal::client(StatusCode::FORBIDDEN, "permission_denied", "You may not order."));
        }
        let forbidden = forbidden_in_order(body);
        for (_, what) in &forbidden {
            self.harness.violations.record(what);
        }
        if let Some((field, _)) = forbidden.first() {
            return Err(Refusal::invalid(field, "invalid", "This field is not allowed."));
        }
        let new = state.validate_order(body)?;
        if let Some(when) = state.late_commit.take() {
            let due = match when {
                LateCommit::OnDemand => None,
                LateCommit::AfterMs(ms) => {
                    self.harness.now().checked_add(SignedDuration::from_millis(i64::from(ms))).ok()
                }
            };
            state.pending.push((new, due));
            drop(state);
            close_connection();
        }
        let case = self.commit(&mut state, new, None);
        let early_event =
            state.webhook.options.before_order_answer.then(|| self.record_status_event(&mut state, &case));
        Ok((case, early_event))
    }

    fn commit(&self, state: &mut AccountState, new: NewCase, due: Option<Timestamp>) -> Case {
        let second = state.cases.iter().map(|stored| &stored.current).any(|case| {
            case.package == new.package && case.email.eq_ignore_ascii_case(&new.email) && !has_ended(&case.status)
        });
        if second && !state.second_orders_allowed {
            self.harness.violations.record("second order for a person and package that have an open case");
        }
        let now = self.harness.now();
        let created = due.map_or(now, |due| due.min(now));
        let check = |check_type: &str, id| Check { id, check_type: check_type.to_owned(), finished: false };
        let case = Case {
            id: state.new_id(),
            short_id: format!("C{}", state.cases.len() + 101),
            package: new.package,
            email: new.email,
            group: new.group,
            ordered_by: new.ordered_by,
            tags: new.tags,
            status: "CASE_ORDERED".to_owned(),
            score: None,
            created,
            modified: created,
            checks: CHECK_TYPES.iter().map(|check_type| check(check_type, state.new_id())).collect(),
            order_body: new.order_body,
        };
        state.invite_emails.push((case.id.clone(), case.email.clone()));
        state.cases.push(StoredCase { current: case.clone(), previous: None });
        case
    }
}
