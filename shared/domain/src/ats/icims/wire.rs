//! The JSON of iCIMS. Its shapes stand here and nowhere else.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::screen;
use super::settings::{Profile, Settings};
use crate::http::HttpResponse;
use crate::id::{AtsId, OrderId};
use crate::order::View;
use crate::request::{AtsValue, Candidate, CheckRequest, Subject};
use crate::secret::Secret;
use crate::trouble::Trouble;

/// Ids are strings in events and integers in the REST API.
#[derive(Deserialize)]
#[serde(untagged)]
enum TextOrNumber {
    Text(String),
    Number(i64),
}

impl TextOrNumber {
    fn text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        }
    }
}

impl TryFrom<TextOrNumber> for AtsId {
    type Error = crate::id::InvalidId;
    fn try_from(value: TextOrNumber) -> Result<Self, Self::Error> {
        Self::parse(value.text().trim())
    }
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<AtsId, D::Error> {
    AtsId::try_from(TextOrNumber::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn optional_id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<AtsId>, D::Error> {
    match Option::<TextOrNumber>::deserialize(deserializer)? {
        Some(value) => {
            let text = value.text();
            if text.trim().is_empty() {
                return Ok(None);
            }
            AtsId::parse(text.trim()).map(Some).map_err(serde::de::Error::custom)
        }
        None => Ok(None),
    }
}

/// An event. Unknown keys are ignored, as iCIMS adds some at any time; `links` are never read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) event_type: String,
    #[serde(deserialize_with = "id")]
    pub(super) customer_id: AtsId,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) system_id: Option<AtsId>,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) user_id: Option<AtsId>,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) new_status: Option<AtsId>,
}

/// The error body that iCIMS shows to the recruiter and logs.
pub(super) fn error_body(user_message: &str, debug: &str) -> String {
    json!({"error": {"userMessage": user_message, "debugErrorMessage": debug}}).to_string()
}

#[derive(Deserialize)]
struct Link {
    #[serde(deserialize_with = "id")]
    id: AtsId,
}

#[derive(Deserialize)]
struct WorkflowBody {
    baseprofile: Option<Link>,
    associatedprofile: Option<Link>,
    status: Option<Link>,
}

/// A recruiting workflow: which job, which person, where it stands.
pub(super) struct Workflow {
    pub(super) job: AtsId,
    pub(super) person: AtsId,
    pub(super) status: Option<AtsId>,
}

impl Workflow {
    pub(super) fn read(response: &HttpResponse) -> Result<Self, Trouble> {
        let body: WorkflowBody = parse(response)?;
        // iCIMS leaves out what the integration user may not see.
        let hidden = |field: &str| {
            Trouble::because(
                crate::reason::Refusal::about(crate::reason::Reason::AtsPermission, field),
                format!("icims: {field} is not in the workflow"),
            )
        };
        Ok(Self {
            job: body.baseprofile.ok_or_else(|| hidden("baseprofile"))?.id,
            person: body.associatedprofile.ok_or_else(|| hidden("associatedprofile"))?.id,
            status: body.status.map(|status| status.id),
        })
    }
}

fn parse<T: serde::de::DeserializeOwned>(response: &HttpResponse) -> Result<T, Trouble> {
    serde_json::from_slice(&response.body).map_err(|_| Trouble::later("icims: an answer that is not the expected JSON"))
}

#[derive(Deserialize)]
struct Person {
    firstname: Option<String>,
    lastname: Option<String>,
    email: Option<String>,
}

fn present(value: Option<String>) -> Option<Secret> {
    value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).map(Secret::new)
}

/// A list value is `{"id","value"}`; a multi-list is an array of these; a text field is plain text.
pub(super) fn list_values(field: Option<&Value>) -> Vec<AtsValue> {
    let one = |value: &Value| -> Option<AtsValue> {
        let text = |key: &str| match value.get(key) {
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let found = match value {
            Value::String(plain) => AtsValue::word(None, plain.trim().to_owned()),
            _ => AtsValue::word(text("id"), text("value").or_else(|| text("formattedvalue")).unwrap_or_default()),
        };
        (!found.text.is_empty() || found.id.is_some()).then_some(found)
    };
    match field {
        Some(Value::Array(values)) => values.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// Puts together what the three profiles say.
pub(super) fn check_request(
    settings: &Settings,
    subject: Subject,
    workflow: &Workflow,
    person: &HttpResponse,
    job: &HttpResponse,
    requester: Option<&HttpResponse>,
) -> Result<CheckRequest, Trouble> {
    let (person_fields, job_fields): (Value, Value) = (parse(person)?, parse(job)?);
    let package_profile = match settings.package_profile {
        Profile::Job => &job_fields,
        Profile::Person => &person_fields,
    };
    let packages = list_values(package_profile.get(&settings.package_field));
    let department =
        settings.group_field.as_ref().and_then(|field| list_values(job_fields.get(field)).into_iter().next());
    let person: Person = parse(person)?;
    let requester_email = match requester {
        Some(response) => present(parse::<Person>(response)?.email),
        None => None,
    };
    Ok(CheckRequest {
        in_trigger_status: workflow.status.as_ref().map(|status| settings.is_trigger(status.as_str())),
        packages,
        department,
        candidate: Candidate {
            given_name: present(person.firstname),
            family_name: present(person.lastname),
            email: present(person.email),
        },
        requester_email,
        ..CheckRequest::of_nothing(subject)
    })
}

/// The entry of the results collection that shows `view`.
pub(super) fn entry(settings: &Settings, view: &View, link: Option<&Url>) -> Value {
    let name = settings.entry_name.as_deref().or(view.package_name.as_deref()).unwrap_or("Background check");
    let mut entry = json!({
        "assessmentname": {"value": name},
        "assessmentdate": view.at.strftime("%Y-%m-%d %I:%M %p").to_string(),
        "assessmentstatus": {"id": screen::node(&settings.status_nodes, view.status)},
        "assessmentresult": screen::result(view),
        "assessmentnotes": screen::notes(view),
    });
    if let (Some(link), Some(fields)) = (link, entry.as_object_mut()) {
        fields.insert("assessmenturl".to_owned(), link.as_str().into());
    }
    entry
}

/// The entry as a change of one that is there: a link that is not part of it any more is deleted, which iCIMS does for
/// `null`.
pub(super) fn without_link_of_before(mut entry: Value) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        fields.entry("assessmenturl").or_insert(Value::Null);
    }
    entry
}

/// `Location: …/fields/{collection}/{entry}`: only the last segment is used, so the host does not matter.
pub(super) fn entry_of_location(response: &HttpResponse) -> Option<String> {
    let entry = response.header("location")?.trim_end_matches('/').rsplit('/').next()?;
    AtsId::parse(entry).ok().map(String::from)
}

/// The entries of a reading of the whole collection.
fn entries(body: &Value) -> &[Value] {
    match body {
        Value::Array(entries) => entries.as_slice(),
        Value::Object(fields) => fields.values().find_map(Value::as_array).map_or(&[][..], Vec::as_slice),
        _ => &[],
    }
}

/// The entry whose notes name the order, from a reading of the whole collection; nothing where there is none.
pub(super) fn entry_of_order(response: &HttpResponse, order: &OrderId) -> Result<Option<String>, Trouble> {
    if response.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let body: Value = parse(response)?;
    let of_order = |entry: &&Value| {
        let notes = entry.get("assessmentnotes").and_then(Value::as_str);
        notes.is_some_and(|notes| screen::names_order(notes, order))
    };
    let entry = entries(&body).iter().find(of_order).and_then(|entry| entry.get("entry"));
    let entry = entry.and_then(|entry| serde_json::from_value::<TextOrNumber>(entry.clone()).ok());
    Ok(entry.and_then(|entry| AtsId::try_from(entry).ok()).map(String::from))
}

/// The names of the entries that show orders of ours, each once.
pub(super) fn names_of_entries(response: &HttpResponse) -> Vec<String> {
    let body: Value = parse(response).unwrap_or_default();
    let ours = |entry: &&Value| {
        let notes = entry.get("assessmentnotes").and_then(Value::as_str);
        notes.is_some_and(|notes| notes.contains("Order "))
    };
    let names = entries(&body).iter().filter(ours).flat_map(|entry| list_values(entry.get("assessmentname")));
    let names: BTreeSet<String> = names.map(|name| name.text).filter(|name| !name.is_empty()).collect();
    names.into_iter().collect()
}

/// Whether a person profile has an e-mail address.
pub(super) fn has_email(response: &HttpResponse) -> bool {
    parse::<Person>(response).is_ok_and(|person| present(person.email).is_some())
}

/// The fields of a profile that the asking user has to do with: a JSON Schema of the customer's own making.
pub(super) struct Schema {
    pub(super) fields: BTreeSet<String>,
    pub(super) required: Vec<String>,
    properties: Map<String, Value>,
}

/// A collection, by the schema of its entries.
pub(super) struct Collection {
    pub(super) fields: BTreeSet<String>,
    pub(super) is_read_only: bool,
}

/// Nothing where it describes no field.
pub(super) fn schema(response: &HttpResponse) -> Option<Schema> {
    #[derive(Deserialize)]
    struct Body {
        properties: Map<String, Value>,
        #[serde(default)]
        required: Vec<String>,
    }
    let Body { properties, required } = serde_json::from_slice(&response.body).ok()?;
    let fields = properties.keys().cloned().collect();
    (!properties.is_empty()).then_some(Schema { fields, required, properties })
}

impl Schema {
    pub(super) fn collection(&self, name: &str) -> Option<Collection> {
        let found = self.properties.get(name)?;
        let of_entries = found.pointer("/items/properties").and_then(Value::as_object);
        let is_set = |path: &str| found.pointer(path).and_then(Value::as_bool) == Some(true);
        Some(Collection {
            fields: of_entries.map(|fields| fields.keys().cloned().collect()).unwrap_or_default(),
            is_read_only: is_set("/readOnly") || is_set("/items/readOnly"),
        })
    }
}

/// A list, or a value of one, with what is below it. How iCIMS nests them is not published, so any nesting is read.
pub(super) struct ListNode {
    id: String,
    name: String,
    below: Vec<Self>,
}

/// The customer's lists; nothing where the answer is of another form.
pub(super) fn lists(response: &HttpResponse) -> Option<Vec<ListNode>> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    response.is_success().then(|| ListNode::below(&body))
}

impl ListNode {
    fn below(value: &Value) -> Vec<Self> {
        match value {
            Value::Array(values) => values.iter().flat_map(Self::read).collect(),
            Value::Object(fields) => fields.values().flat_map(Self::below).collect(),
            _ => Vec::new(),
        }
    }

    fn read(value: &Value) -> Vec<Self> {
        let text = |key: &str| match value.get(key) {
            Some(Value::String(text)) => Some(text.trim().to_owned()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let Some(id) = text("id") else { return Self::below(value) };
        let name = ["value", "name", "title", "formattedvalue"].into_iter().find_map(text).unwrap_or_default();
        vec![Self { id, name, below: Self::below(value) }]
    }

    fn all(nodes: &[Self]) -> Vec<&Self> {
        nodes.iter().flat_map(|node| std::iter::once(node).chain(Self::all(&node.below))).collect()
    }

    pub(super) fn ids(nodes: &[Self]) -> impl Iterator<Item = &str> {
        Self::all(nodes).into_iter().map(|node| node.id.as_str())
    }

    /// The list of that name, where case and spaces do not count.
    pub(super) fn named<'n>(nodes: &'n [Self], name: &str) -> Option<&'n Self> {
        Self::all(nodes).into_iter().find(|node| node.plain_name() == name && !node.below.is_empty())
    }

    fn plain_name(&self) -> String {
        self.name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    }

    /// The names of what is below.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        Self::all(&self.below).into_iter().map(|node| node.name.as_str())
    }

    pub(super) fn holds_workflow_statuses(&self) -> bool {
        let name = self.plain_name();
        name.contains("status") && !name.contains("assessment") && !self.below.is_empty()
    }
}

/// How many calls are left of the day's allowance.
pub(super) fn allowance(response: &HttpResponse) -> Option<(u64, u64)> {
    let number = |name: &str| response.header(name)?.trim().parse().ok();
    Some((number("x-ratelimit-remaining")?, number("x-ratelimit-limit")?))
}

/// What iCIMS says about a refused call.
pub(super) struct Error {
    pub(super) code: Option<i64>,
    /// The field at fault, where it is named: an id of the customer's configuration, not data.
    pub(super) field: String,
}

/// From `X-Error: <code>:<field>:<detail>` or `<code>:<detail>`, else from the body.
pub(super) fn error(response: &HttpResponse) -> Error {
    let header = response.header("x-error").and_then(|value| {
        let mut parts = value.splitn(3, ':').map(str::trim);
        let code = parts.next()?.parse().ok()?;
        let field = match (parts.next(), parts.next()) {
            (Some(field), Some(_)) if AtsId::parse(field).is_ok() => field.to_owned(),
            _ => String::new(),
        };
        Some(Error { code: Some(code), field })
    });
    header.unwrap_or_else(|| {
        let body: Option<Value> = serde_json::from_slice(&response.body).ok();
        let code = body.as_ref().and_then(|b| b.pointer("/errors/0/errorCode")).and_then(Value::as_i64);
        Error { code, field: String::new() }
    })
}

/// How long the daily allowance stays spent: `x-ratelimit-reset` counts the seconds to midnight UTC.
pub(super) fn quota_reset(response: &HttpResponse) -> Option<Duration> {
    response.header("x-ratelimit-reset")?.trim().parse().ok().map(Duration::from_secs)
}
