//! The JSON of PageUp. Its shapes stand here and nowhere else.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::fuzz::{entries, plain, text_at};
use super::settings::{FieldPaths, PutShape, Settings};
use crate::ats::{Listed, Page};
use crate::http::{AccessToken, HttpResponse, NoToken};
use crate::id::AtsId;
use crate::order::View;
use crate::request::{AtsValue, Candidate, CheckRequest, Subject};
use crate::secret::Secret;
use crate::status::OrderStatus;
use crate::text::{clip, plain as plain_text, quoted};
use crate::trouble::Trouble;

/// How many invitations PageUp gives at once.
const PAGE: usize = 5;

/// How long a token lives whose answer does not say so, as PageUp documents it.
const TOKEN_LIFE: Duration = Duration::from_secs(300);

/// How long before its end a token is not used any more.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// What is kept of an invitation: what an order needs, and nothing else.
#[derive(Serialize, Deserialize)]
struct Kept {
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    package: Option<String>,
    department: Option<String>,
    requester: Option<String>,
}

/// The invitations of an answer.
pub(super) fn page(response: &HttpResponse, paths: &FieldPaths) -> Result<Page, Trouble> {
    if response.body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Page::default());
    }
    let unexpected = || Trouble::later("pageup: an answer that is not the expected JSON");
    let body: Value = serde_json::from_slice(&response.body).map_err(|_| unexpected())?;
    let entries = entries(plain(body)).ok_or_else(unexpected)?;
    let count = entries.len();
    let requests: Vec<Listed> = entries.iter().filter_map(|entry| listed(entry, paths)).collect();
    Ok(Page { unreadable: count - requests.len(), requests, is_full: count >= PAGE })
}

fn listed(entry: &Value, paths: &FieldPaths) -> Option<Listed> {
    let text = |paths: &[String]| text_at(entry, paths);
    let request = AtsId::parse(&text(&paths.id)?).ok()?;
    let application = text(&paths.application).and_then(|id| AtsId::parse(&id).ok());
    let kept = Kept {
        given_name: text(&paths.given_name),
        family_name: text(&paths.family_name),
        email: text(&paths.email),
        package: text(&paths.package),
        department: text(&paths.department),
        requester: text(&paths.requester),
    };
    let status = AtsId::parse("invited").ok()?;
    let application = application.unwrap_or_else(|| request.clone());
    let subject = Subject { application, request: Some(request), requester: None, status };
    Some(Listed { subject, kept: Secret::new(serde_json::to_string(&kept).ok()?) })
}

/// What is asked for, out of what was kept of the invitation.
pub(super) fn check_request(subject: Subject, kept: &Secret) -> Option<CheckRequest> {
    let kept: Kept = serde_json::from_str(kept.expose()).ok()?;
    Some(CheckRequest {
        packages: kept.package.as_deref().and_then(AtsValue::code).into_iter().collect(),
        department: kept.department.as_deref().and_then(AtsValue::code),
        candidate: Candidate {
            given_name: kept.given_name.map(Secret::new),
            family_name: kept.family_name.map(Secret::new),
            email: kept.email.map(Secret::new),
        },
        requester_email: kept.requester.map(Secret::new),
        ..CheckRequest::of_nothing(subject)
    })
}

/// The token of an answer of the token endpoint.
pub(super) fn access_token(response: &HttpResponse) -> Result<AccessToken, NoToken> {
    #[derive(Deserialize)]
    struct Body {
        access_token: Secret,
        #[serde(default)]
        expires_in: Value,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: String,
    }
    match response.status {
        200..=299 => {
            let body: Body = serde_json::from_slice(&response.body).map_err(|_| NoToken::Unavailable)?;
            if body.access_token.expose().is_empty() {
                return Err(NoToken::Unavailable);
            }
            let said =
                body.expires_in.as_str().map_or_else(|| body.expires_in.as_f64(), |text| text.trim().parse().ok());
            let lives = said.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(TOKEN_LIFE);
            Ok(AccessToken { token: body.access_token, lives: lives.saturating_sub(TOKEN_MARGIN) })
        }
        400 | 401 | 403 => {
            let why = serde_json::from_slice(&response.body).map(|refused: Refused| refused.error);
            let scope = why.is_ok_and(|error| error == "invalid_scope") || response.status == 403;
            Err(if scope { NoToken::Permission } else { NoToken::Credentials })
        }
        _ => Err(NoToken::Unavailable),
    }
}

/// The scopes of a token, where its answer names them: a list, or a text with spaces.
pub(super) fn granted_scopes(response: &HttpResponse) -> Option<BTreeSet<String>> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let scopes: BTreeSet<String> = match body.get("scope")? {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(scopes) => scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    (!scopes.is_empty()).then_some(scopes)
}

/// The field that PageUp's list of errors names first; its messages are not read.
pub(super) fn field_at_fault(response: &HttpResponse) -> String {
    let errors = serde_json::from_slice(&response.body).map(plain).unwrap_or_default();
    let field = errors.as_array().and_then(|errors| errors.iter().find_map(|error| error.get("field")?.as_str()));
    quoted(field.unwrap_or_default())
}

/// The words to try as the status, the best first: which ones PageUp knows is not published.
pub(super) fn labels(settings: &Settings, view: &View) -> Vec<String> {
    let known = &settings.status_labels;
    let in_progress = || vec![known.in_progress.clone(), "In Progress".to_owned()];
    let mut labels = match view.status {
        _ if view.was_completed && !settings.reopen_completed => vec![known.completed.clone()],
        OrderStatus::Completed => vec![known.completed.clone()],
        OrderStatus::Rejected
        | OrderStatus::Cancelled
        | OrderStatus::Declined
        | OrderStatus::Expired
        | OrderStatus::Undeliverable => [vec![known.failed.clone()], in_progress()].concat(),
        OrderStatus::Received
        | OrderStatus::Held
        | OrderStatus::PendingCandidate
        | OrderStatus::CandidateStarted
        | OrderStatus::InProgress
        | OrderStatus::ActionRequired
        | OrderStatus::InDispute => in_progress(),
    };
    labels.dedup();
    labels
}

/// The whole state of an order under a status: sending it again changes nothing.
pub(super) fn body(settings: &Settings, view: &View, link: Option<&Url>, status: &str) -> Value {
    let message = message(settings, view);
    let is_over = view.was_completed || view.status == OrderStatus::Completed;
    let summary = is_over.then(|| plain_text(&view.headline()));
    match settings.put_shape {
        PutShape::Backgroundcheck => {
            let items: Vec<Value> = finished(settings, view)
                .map(|name| json!({"name": plain_text(name), "status": settings.status_labels.completed}))
                .collect();
            let mut body = json!({"status": status, "message": message, "externalReferenceId": view.order});
            if is_over || !items.is_empty() {
                let mut result = json!({"items": items});
                if let (Some(summary), Some(fields)) = (summary, result.as_object_mut()) {
                    fields.insert("summary".to_owned(), json!(summary));
                    // Said also where there is none any more: PageUp may keep what is left out.
                    fields.insert("url".to_owned(), json!(link));
                }
                if let Some(fields) = body.as_object_mut() {
                    fields.insert("result".to_owned(), result);
                }
            }
            body
        }
        PutShape::Workcompliance => {
            let notes = [Some(message), summary, link.map(Url::to_string), Some(format!("Order {}", view.order))];
            let mut notes: Vec<String> = notes.into_iter().flatten().filter(|note| !note.is_empty()).collect();
            notes.dedup();
            json!({"Status": status, "Notes": notes})
        }
    }
}

fn finished<'a>(settings: &Settings, view: &'a View) -> impl Iterator<Item = &'a str> {
    let shows = settings.result_items;
    view.checks.iter().filter(move |check| shows && check.finished).map(|check| check.name.as_str())
}

fn message(settings: &Settings, view: &View) -> String {
    let code = view.refusal.as_ref().map(|refusal| format!(" ({})", refusal.reason.code())).unwrap_or_default();
    let done = view.checks.iter().filter(|check| check.finished).count();
    let text = match view.status {
        _ if !view.sentence.is_empty() => view.sentence.clone(),
        OrderStatus::Completed => String::new(),
        OrderStatus::InProgress if done > 0 => format!("{done} of {} checks finished", view.checks.len()),
        _ => view.headline(),
    };
    let room = settings.message_limit.saturating_sub(code.chars().count());
    format!("{}{code}", clip(&plain_text(&text), room))
}
