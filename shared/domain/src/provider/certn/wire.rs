//! The JSON of Certn. Its shapes stand here and nowhere else; what they do not name is dropped while parsing.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::HttpResponse;
use crate::id::{GroupId, ProviderOrderId, UserId};
use crate::provider::{
    CheckProgress, EventPage, Group, GroupStanding, NewOrder, Package, ProviderEvent, ReportFile, ReportPage, Truth,
};
use crate::reason::{Reason, Refusal};
use crate::secret::Secret;
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};
use crate::text::quoted;
use crate::trouble::{Cause, Trouble};
use crate::webhook::Unreadable;

/// For how long the score of a finished case is waited for; Certn documents that it may come later, not by when.
const SCORE_AWAITED: SignedDuration = SignedDuration::from_hours(24);

fn parse<T: serde::de::DeserializeOwned>(response: &HttpResponse) -> Result<T, Trouble> {
    serde_json::from_slice(&response.body).map_err(|_| Trouble::later("certn: an answer that is not the expected JSON"))
}

/// Reads `null` like a field that is not there.
fn or_default<'de, T: Deserialize<'de> + Default, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn or_yes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<bool>::deserialize(deserializer).map(|value| value.unwrap_or(true))
}

/// The event's id, as the documentation has it (`id`) or as public clients saw it (`event_id`).
fn event_id(body: &Value) -> Option<String> {
    let ids = ["event_id", "id"].into_iter().filter_map(|name| body.get(name)?.as_str());
    ids.map(str::to_owned).find(|id| !id.is_empty())
}

/// What an event says, unless what it needs to say it is missing or odd.
fn interpret(body: &Value) -> Option<ProviderEvent> {
    let event = event_id(body)?;
    let kind = body.get("event_type")?.as_str()?;
    if !matches!(kind, "CASE_STATUS_CHANGED" | "CHECK_STATUS_CHANGED" | "CASE_REPORT_READY") {
        return Some(ProviderEvent::UnknownType { event });
    }
    let mut orders = ["case_id", "object_id"].into_iter().filter_map(|name| body.get(name)?.as_str());
    let order = orders.find_map(|id| ProviderOrderId::parse(id).ok())?;
    Some(ProviderEvent::Changed { event, order, ours: None })
}

pub(super) fn event(body: &Value) -> Result<ProviderEvent, Unreadable> {
    interpret(body).ok_or(Unreadable::Malformed("not an event of Certn"))
}

/// A list in either of its two envelopes.
#[derive(Deserialize)]
struct List<T> {
    results: Vec<T>,
    #[serde(default)]
    pagination: Option<Pagination>,
    #[serde(default)]
    next: Option<Value>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    next_page: Option<Value>,
}

impl<T> List<T> {
    fn has_more(&self) -> bool {
        let next = self.pagination.as_ref().map_or(&self.next, |pagination| &pagination.next_page);
        next.as_ref().is_some_and(|next| !next.is_null() && *next != json!(""))
    }
}

fn list<T: serde::de::DeserializeOwned, U>(
    response: &HttpResponse,
    read: impl Fn(T) -> U,
) -> Result<(Vec<U>, bool), Trouble> {
    let list: List<T> = parse(response)?;
    let has_more = list.has_more();
    Ok((list.results.into_iter().map(read).collect(), has_more))
}

#[derive(Deserialize)]
struct PackageBody {
    id: crate::id::PackageId,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    is_active: bool,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

/// What Certn calls its "Mark this package for ATS use" switch is not published: each plausible name is read, and where
/// none is sent a listed package counts as allowed.
const ATS_SWITCHES: [&str; 4] = ["ats_use", "is_ats_enabled", "is_ats_package", "ats_enabled"];

const fn yes() -> bool {
    true
}

pub(super) fn packages(response: &HttpResponse) -> Result<(Vec<Package>, bool), Trouble> {
    list(response, |package: PackageBody| {
        let mut switches = ATS_SWITCHES.iter().filter_map(|name| package.others.get(*name)?.as_bool());
        let marked = switches.next().map(|first| first && switches.all(|on| on));
        Package {
            id: package.id,
            name: package.name,
            orderable: package.is_active && marked != Some(false),
            marked_for_ats: marked,
            tags: package.others.get("tags").map(tag_names).unwrap_or_default(),
        }
    })
}

/// The names of tags, which come bare or inside objects; what is neither is passed over.
fn tag_names(tags: &Value) -> Vec<String> {
    let name = |tag: &Value| tag.as_str().or_else(|| tag.get("name")?.as_str()).map(quoted);
    tags.as_array().into_iter().flatten().filter_map(name).filter(|name| !name.is_empty()).collect()
}

pub(super) fn groups(response: &HttpResponse) -> Result<(Vec<Group>, bool), Trouble> {
    #[derive(Deserialize)]
    struct Listed {
        id: GroupId,
        #[serde(default, deserialize_with = "or_default")]
        name: String,
        #[serde(default = "yes", deserialize_with = "or_yes")]
        is_active: bool,
    }
    list(response, |group: Listed| Group { id: group.id, name: group.name, active: group.is_active })
}

/// A user of the account; the address is compared and dropped.
#[derive(Deserialize)]
pub(super) struct User {
    id: UserId,
    #[serde(default, deserialize_with = "or_default")]
    email: Secret,
    #[serde(default = "yes", deserialize_with = "or_yes")]
    is_active: bool,
}

pub(super) fn users(response: &HttpResponse) -> Result<(Vec<User>, bool), Trouble> {
    list(response, |user: User| user)
}

/// The one active user with that address; the filter is the provider's, so its answer is checked.
pub(super) fn user_with_email(users: &[User], email: &Secret) -> Option<UserId> {
    users.iter().find(|user| user.is_active && is_same_address(&user.email, email)).map(|user| user.id.clone())
}

fn is_same_address(one: &Secret, other: &Secret) -> bool {
    one.expose().trim().to_lowercase() == other.expose().trim().to_lowercase()
}

pub(super) fn is_among(users: &[User], user: &UserId) -> bool {
    users.iter().any(|one| one.id == *user)
}

/// Whether a single user or group is active; whatever else is told of it is dropped.
pub(super) fn is_active(response: &HttpResponse) -> Result<bool, Trouble> {
    #[derive(Deserialize)]
    struct One {
        #[serde(default = "yes", deserialize_with = "or_yes")]
        is_active: bool,
    }
    parse::<One>(response).map(|one| one.is_active)
}

pub(super) fn group(response: &HttpResponse) -> Result<GroupStanding, Trouble> {
    Ok(if is_active(response)? { GroupStanding::Active } else { GroupStanding::Inactive })
}

/// The body of the only order call: the invitation mode, and of the candidate at most the name.
pub(super) fn order_body(order: &NewOrder) -> Value {
    let candidate = &order.candidate;
    let mut body = json!({
        "package": order.package,
        "email_address": candidate.email.as_ref().map(Secret::expose),
        "group": order.group,
        "send_invite_email": true,
        "return_invite_link": false,
    });
    if let (Some(user), Some(fields)) = (&order.ordered_by, body.as_object_mut()) {
        fields.insert("ordered_by".to_owned(), user.as_str().into());
    }
    if let (Some(given), Some(family), Some(fields)) =
        (&candidate.given_name, &candidate.family_name, body.as_object_mut())
    {
        let name = json!({"given_name": given.expose(), "family_name": family.expose(), "type": "LEGAL"});
        fields.insert("input_claims".to_owned(), json!({"name": name}));
    }
    body
}

#[derive(Deserialize)]
struct Case {
    id: ProviderOrderId,
    #[serde(default)]
    short_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    overall_status: String,
    #[serde(default)]
    overall_score: Option<String>,
    #[serde(default)]
    modified: Option<Timestamp>,
    /// Only its progress is read, so whatever its form is, it is no reason not to read the case.
    #[serde(default)]
    checks: Value,
}

/// How far one check of a case is; what it found is dropped.
fn check_progress(check: &Value) -> Option<CheckProgress> {
    let kind = check.get("type")?.as_str()?;
    // A kind is `CRIMINAL_RECORD_REPORT_1`: its last part is a version.
    let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    let words = quoted(&kind.replace('_', " ").to_lowercase());
    let mut letters = words.chars();
    let name: String = letters.next()?.to_uppercase().chain(letters).collect();
    let status = check.get("status").and_then(Value::as_str).unwrap_or_default();
    Some(CheckProgress { name, finished: matches!(status, "COMPLETE" | "CANCELLED" | "SUPERSEDED") })
}

impl From<Case> for Truth {
    fn from(case: Case) -> Self {
        let (status, action_by) = status(&case.overall_status);
        let score = case.overall_score.filter(|score| !score.trim().is_empty());
        let awaits_score = status == OrderStatus::Completed && score.is_none();
        let result = score.filter(|_| status == OrderStatus::Completed).map(|score| result(&score));
        Self {
            order: case.id,
            short_id: case.short_id,
            status: if awaits_score { OrderStatus::InProgress } else { status },
            status_word: None,
            action_by,
            result,
            awaits_score: awaits_score.then_some(SCORE_AWAITED),
            modified: case.modified,
            checks: case.checks.as_array().into_iter().flatten().filter_map(check_progress).collect(),
            report: ReportPage::ByNumber,
            ask_often: false,
        }
    }
}

/// Certn's status in our words. An unknown one is "in progress", never an error.
fn status(word: &str) -> (OrderStatus, Option<ActionBy>) {
    let status = match word {
        "DRAFT" => OrderStatus::Received,
        "CASE_ORDERED" | "APPLICANT_INVITED" | "APPLICANT_OPENED" => OrderStatus::PendingCandidate,
        "APPLICANT_STARTED" => OrderStatus::CandidateStarted,
        "APPLICANT_ACTION_REQUIRED" => return (OrderStatus::ActionRequired, Some(ActionBy::Candidate)),
        "CLIENT_ACTION_REQUIRED" => return (OrderStatus::ActionRequired, Some(ActionBy::Client)),
        "IN_DISPUTE" => OrderStatus::InDispute,
        "COMPLETE" => OrderStatus::Completed,
        "CANCELLED" => OrderStatus::Cancelled,
        "APPLICANT_DECLINED" => OrderStatus::Declined,
        "APPLICANT_EXPIRED" => OrderStatus::Expired,
        "INVITE_UNDELIVERABLE" => OrderStatus::Undeliverable,
        _ => OrderStatus::InProgress,
    };
    (status, None)
}

/// Certn's score in our words, with the label that the ATS shows. An unknown one counts as review, never as clear.
fn result(score: &str) -> OrderResult {
    let (code, label) = match score {
        "CLEAR" => (ResultCode::Clear, "Clear"),
        "REVIEW" => (ResultCode::Review, "Review"),
        "REJECT" => (ResultCode::Ineligible, "Reject"),
        "NOT_APPLICABLE" => (ResultCode::NotApplicable, "Not applicable"),
        "RESTRICTED" => (ResultCode::Restricted, "Restricted"),
        other => (ResultCode::Custom, other),
    };
    OrderResult { code, label: quoted(label) }
}

pub(super) fn case(response: &HttpResponse) -> Result<Truth, Trouble> {
    parse::<Case>(response).map(Truth::from)
}

/// A case of a list; the address is compared and dropped.
#[derive(Deserialize)]
pub(super) struct FoundCase {
    #[serde(default, deserialize_with = "or_default")]
    email_address: Secret,
    #[serde(flatten)]
    case: Case,
}

impl FoundCase {
    /// The case, unless it names another address: the filter is the provider's, so its answer is checked.
    pub(super) fn of(self, email: &Secret) -> Option<Truth> {
        let unnamed = self.email_address.expose().trim().is_empty();
        (unnamed || is_same_address(&self.email_address, email)).then(|| Truth::from(self.case))
    }
}

pub(super) fn cases(response: &HttpResponse) -> Result<(Vec<FoundCase>, bool), Trouble> {
    list(response, |case: FoundCase| case)
}

pub(super) fn report_body(language: &str) -> Value {
    json!({"language": language})
}

pub(super) fn report_file_id(response: &HttpResponse) -> Result<String, Trouble> {
    #[derive(Deserialize)]
    struct Made {
        case_report_file_id: crate::id::AtsId,
    }
    parse::<Made>(response).map(|made| made.case_report_file_id.into())
}

pub(super) fn report_file(response: &HttpResponse) -> Result<ReportFile, Trouble> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default, deserialize_with = "or_default")]
        status: String,
        #[serde(default)]
        pdf_url: Option<Secret>,
        #[serde(default)]
        url: Option<Secret>,
    }
    let file: File = parse(response)?;
    let url = [file.pdf_url, file.url].into_iter().flatten().find(|url| !url.expose().is_empty());
    Ok(match (file.status.as_str(), url) {
        ("COMPLETE", Some(url)) => ReportFile::Ready(url),
        // A finished file without an address stays without one: only a new file can have it.
        ("FAILED" | "COMPLETE", _) => ReportFile::Failed,
        _ => ReportFile::Preparing,
    })
}

pub(super) fn events(response: &HttpResponse) -> Result<EventPage, Trouble> {
    let (events, has_more) = list(response, |event: Value| event)?;
    // An odd event is passed over, so that it does not keep the others from being seen.
    let cursor = events.iter().rev().find_map(event_id);
    let changed = events
        .iter()
        .filter_map(|event| match interpret(event)? {
            ProviderEvent::Changed { order, .. } => Some(order),
            ProviderEvent::Told { .. } | ProviderEvent::UnknownType { .. } => None,
        })
        .collect();
    Ok(EventPage { changed, cursor, has_more })
}

/// Certn's error body; `detail` may echo a person's data, so it has no field here.
#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    errors: Vec<FieldError>,
}

#[derive(Deserialize)]
struct FieldError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    attr: Option<String>,
}

/// What a refused call means. `order` says that it was the order call, where a 404 is about the package.
fn explain(response: &HttpResponse, order: bool) -> Trouble {
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let first = body.errors.first();
    let code = quoted(first.map_or("", |error| &error.code));
    let attr = quoted(first.and_then(|error| error.attr.as_deref()).unwrap_or(""));
    let cause = format!("certn: HTTP {} type={} code={code} attr={attr}", response.status, quoted(&body.kind));
    let because = |reason| Trouble::because(Refusal::new(reason), cause.clone());
    match response.status {
        401 => because(Reason::ProviderCredentials),
        403 => because(Reason::ProviderPermission),
        404 if order => because(Reason::UnknownPackage),
        408 | 429 | 500.. => Trouble::Later { cause: Cause::new(cause), after: response.retry_after() },
        _ => because(match (attr.as_str(), code.as_str()) {
            ("email_address", _) => Reason::InvalidEmail,
            ("package", _) => Reason::UnknownPackage,
            ("group", _) => Reason::UnknownGroup,
            ("ordered_by", code) if code.contains("group") => Reason::RequesterNotInGroup,
            ("ordered_by", _) => Reason::RequesterUnknown,
            (attr, _) if attr.starts_with("input_claims") => Reason::MissingCandidateData,
            _ => Reason::ProviderRefused,
        }),
    }
}

pub(super) fn trouble(response: &HttpResponse) -> Trouble {
    explain(response, false)
}

pub(super) fn order_trouble(response: &HttpResponse) -> Trouble {
    explain(response, true)
}
