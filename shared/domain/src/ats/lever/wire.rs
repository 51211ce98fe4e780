//! The JSON of Lever. Its shapes stand here and nowhere else; only what an order needs is read.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::http::HttpResponse;
use crate::id::AtsId;
use crate::request::Candidate;
use crate::secret::Secret;
use crate::trouble::Trouble;
use crate::webhook::Signed;

/// An event's envelope. What it says in `data` is not signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) event: String,
    pub(super) triggered_at: u64,
    pub(super) data: Map<String, Value>,
}

impl Event {
    /// An id out of `data`.
    pub(super) fn id(&self, name: &str) -> Option<AtsId> {
        AtsId::parse(self.data.get(name)?.as_str()?).ok()
    }
}

/// The part of an event that is signed: the key is known to us, everything else stands in the body.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    token: String,
    triggered_at: u64,
    signature: String,
}

pub(super) fn signed(body: &[u8]) -> Option<Signed> {
    let Proof { token, triggered_at, signature } = serde_json::from_slice(body).ok()?;
    Some(Signed { message: format!("{token}{triggered_at}").into_bytes(), signature, at: None })
}

/// What tells one event from another.
#[derive(Deserialize)]
pub(super) struct Token {
    pub(super) token: String,
}

fn parse<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Trouble> {
    serde_json::from_slice(&response.body).map_err(|_| Trouble::later("lever: an answer that is not the expected JSON"))
}

#[derive(Deserialize)]
struct One<T> {
    data: T,
}

fn data<T: DeserializeOwned>(response: &HttpResponse) -> Result<T, Trouble> {
    parse(response).map(|One { data }| data)
}

/// The entries of a page, and where the next one begins. Lever sometimes leaves out whether there is one.
pub(super) fn page(response: &HttpResponse) -> Result<(Vec<Value>, Option<String>), Trouble> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        data: Vec<Value>,
        next: Option<String>,
        has_next: Option<bool>,
    }
    let Page { data, next, has_next } = parse(response)?;
    Ok((data, next.filter(|next| !next.is_empty() && has_next != Some(false))))
}

/// What stands for an object: its id, or the object where it is expanded.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expandable {
    Id(String),
    Object { id: String, text: Option<String> },
}

impl Expandable {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id, .. } => id,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StageChange {
    to_stage_id: Option<String>,
    user_id: Option<String>,
    updated_at: Option<i64>,
}

/// An application holds answers and traces of a person, of which nothing is taken.
#[derive(Deserialize)]
#[serde(untagged)]
enum Application {
    Expanded { posting: Option<Expandable> },
    Id(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpportunityBody {
    name: Option<Secret>,
    emails: Option<Vec<Option<Secret>>>,
    stage: Option<Expandable>,
    stage_changes: Option<Vec<StageChange>>,
    last_advanced_at: Option<i64>,
    archived: Option<Value>,
    archived_at: Option<Value>,
    is_anonymized: Option<bool>,
    tags: Option<Vec<String>>,
    applications: Option<Vec<Application>>,
}

/// What is known of a candidate on one posting.
pub(super) struct Opportunity {
    pub(super) stage: Option<AtsId>,
    /// The stage's name, where Lever told it.
    pub(super) stage_name: Option<String>,
    /// When the present stage was entered, and who moved the candidate there.
    pub(super) entered_at: Option<Timestamp>,
    pub(super) moved_by: Option<AtsId>,
    pub(super) is_archived: bool,
    pub(super) is_anonymized: bool,
    pub(super) tags: Vec<String>,
    pub(super) posting: Option<AtsId>,
    pub(super) candidate: Candidate,
}

impl Opportunity {
    pub(super) fn read(response: &HttpResponse) -> Result<Self, Trouble> {
        let body: OpportunityBody = data(response)?;
        let stage = body.stage.as_ref().map(Expandable::id);
        let changes = body.stage_changes.unwrap_or_default();
        let here = changes.iter().filter(|change| stage.is_some() && change.to_stage_id.as_deref() == stage);
        // Of two at the same time the later in the list counts.
        let last = here.max_by_key(|change| change.updated_at);
        let entered_at = last.and_then(|change| change.updated_at).or(body.last_advanced_at);
        let postings = body.applications.iter().flatten().filter_map(|application| match application {
            Application::Expanded { posting } => posting.as_ref(),
            Application::Id(_) => None,
        });
        let is_set = |value: Option<Value>| !matches!(value, None | Some(Value::Null | Value::Bool(false)));
        let (given_name, family_name) = names(body.name.as_ref());
        let emails = body.emails.iter().flatten().flatten();
        Ok(Self {
            stage: stage.and_then(|id| AtsId::parse(id).ok()),
            entered_at: entered_at.and_then(|at| Timestamp::from_millisecond(at).ok()),
            moved_by: last.and_then(|change| AtsId::parse(change.user_id.as_deref()?).ok()),
            posting: postings.filter_map(|posting| AtsId::parse(posting.id()).ok()).next(),
            stage_name: match body.stage {
                Some(Expandable::Object { text, .. }) => text,
                _ => None,
            },
            is_archived: is_set(body.archived) || is_set(body.archived_at),
            is_anonymized: body.is_anonymized.unwrap_or_default(),
            tags: body.tags.unwrap_or_default(),
            candidate: Candidate { given_name, family_name, email: emails.filter_map(present).next() },
        })
    }
}

fn present(text: &Secret) -> Option<Secret> {
    Some(text.expose().trim()).filter(|text| !text.is_empty()).map(Secret::from)
}

/// Lever knows a name only as one text: what follows its last space is taken for the family name.
fn names(name: Option<&Secret>) -> (Option<Secret>, Option<Secret>) {
    let Some(name) = name.and_then(present) else { return (None, None) };
    match name.expose().rsplit_once(char::is_whitespace) {
        Some((given, family)) => (Some(Secret::from(given.trim())), Some(Secret::from(family))),
        None => (Some(name), None),
    }
}

/// A stage's id with its name.
pub(super) fn stage(value: Value) -> Option<(AtsId, String)> {
    #[derive(Deserialize)]
    struct Stage {
        id: AtsId,
        text: Option<String>,
    }
    let Stage { id, text } = serde_json::from_value(value).ok()?;
    Some((id, text.unwrap_or_default()))
}

pub(super) fn one_stage(response: &HttpResponse) -> Result<Option<(AtsId, String)>, Trouble> {
    data(response).map(stage)
}

/// Where the opening belongs.
#[derive(Deserialize)]
pub(super) struct Categories {
    pub(super) department: Option<String>,
    pub(super) location: Option<String>,
    pub(super) team: Option<String>,
}

/// An opening.
#[derive(Deserialize)]
pub(super) struct Posting {
    pub(super) tags: Option<Vec<String>>,
    pub(super) categories: Option<Categories>,
}

pub(super) fn posting(response: &HttpResponse) -> Result<Posting, Trouble> {
    data(response)
}

pub(super) fn email_of_user(response: &HttpResponse) -> Result<Option<Secret>, Trouble> {
    #[derive(Deserialize)]
    struct User {
        email: Option<Secret>,
    }
    data(response).map(|user: User| user.email.as_ref().and_then(present))
}

/// The tags out of the answer to a change of them. The rest of it is blank, and never read.
pub(super) fn tags(response: &HttpResponse) -> Result<Vec<String>, Trouble> {
    #[derive(Deserialize)]
    struct Tagged {
        tags: Vec<String>,
    }
    data(response).map(|tagged: Tagged| tagged.tags)
}

/// An opportunity of a list, with its stage.
pub(super) fn listed(value: Value) -> Option<(AtsId, Option<AtsId>)> {
    #[derive(Deserialize)]
    struct Listed {
        id: AtsId,
        stage: Option<Expandable>,
    }
    let Listed { id, stage } = serde_json::from_value(value).ok()?;
    Some((id, stage.and_then(|stage| AtsId::parse(stage.id()).ok())))
}

/// A note with its texts, the oldest first.
pub(super) struct Note {
    pub(super) id: AtsId,
    pub(super) texts: Vec<String>,
}

pub(super) fn note(value: Value) -> Option<Note> {
    #[derive(Deserialize)]
    struct Body {
        id: AtsId,
        value: Option<Value>,
        fields: Option<Vec<Field>>,
    }
    #[derive(Deserialize)]
    struct Field {
        value: Option<Value>,
    }
    let Body { id, value, fields } = serde_json::from_value(value).ok()?;
    let values = value.into_iter().chain(fields.into_iter().flatten().filter_map(|field| field.value));
    let texts = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
    Some(Note { id, texts })
}

pub(super) fn one_note(response: &HttpResponse) -> Result<Option<Note>, Trouble> {
    data(response).map(note)
}

/// The id in the answer to a new note, which is the whole note or names its id alone.
pub(super) fn id_of_note(response: &HttpResponse) -> Option<AtsId> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Written {
        id: Option<AtsId>,
        note_id: Option<AtsId>,
    }
    let written: Written = data(response).ok()?;
    written.id.or(written.note_id)
}

/// A webhook's id and address.
pub(super) fn hook(value: Value) -> Option<(AtsId, String)> {
    #[derive(Deserialize)]
    struct Hook {
        id: AtsId,
        url: String,
    }
    let Hook { id, url } = serde_json::from_value(value).ok()?;
    Some((id, url))
}

/// A webhook as it is set.
pub(super) struct HookState {
    pub(super) id: AtsId,
    pub(super) event: String,
    pub(super) origins: Option<Vec<String>>,
}

pub(super) fn hook_state(value: Value) -> Option<HookState> {
    #[derive(Deserialize)]
    struct Hook {
        id: AtsId,
        event: String,
    }
    let origins = value.pointer("/configuration/conditions/origins").and_then(Value::as_array);
    let origins = origins.map(|origins| origins.iter().filter_map(Value::as_str).map(str::to_owned).collect());
    let Hook { id, event } = serde_json::from_value(value).ok()?;
    Some(HookState { id, event, origins })
}

/// What a look at a user tells.
pub(super) struct UserState {
    pub(super) is_active: bool,
    pub(super) has_email: bool,
}

pub(super) fn user_state(response: &HttpResponse) -> Option<UserState> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct User {
        email: Option<Secret>,
        deactivated_at: Option<Value>,
    }
    let User { email, deactivated_at } = data(response).ok()?;
    Some(UserState {
        is_active: matches!(deactivated_at, None | Some(Value::Null)),
        has_email: email.as_ref().and_then(present).is_some(),
    })
}

/// The scopes that an access token says it has; nothing where it is not of the form that tells.
pub(super) fn scopes_of_token(token: &Secret) -> Option<BTreeSet<String>> {
    let claims = token.expose().split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let scopes: BTreeSet<String> = claims.get("scope")?.as_str()?.split_whitespace().map(str::to_owned).collect();
    (!scopes.is_empty()).then_some(scopes)
}

/// The id of a new webhook, and the key that Lever tells only now. Its reference shows the answer wrapped twice, real
/// answers are wrapped once.
pub(super) fn new_hook(response: &HttpResponse) -> Result<(AtsId, Option<Secret>), Trouble> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Configuration {
        signature_token: Option<Secret>,
    }
    #[derive(Deserialize)]
    struct Hook {
        id: AtsId,
        configuration: Option<Configuration>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wrapped {
        Twice(One<Hook>),
        Once(Hook),
    }
    let (Wrapped::Twice(One { data: hook }) | Wrapped::Once(hook)) = data(response)?;
    let token = hook.configuration.and_then(|configuration| configuration.signature_token);
    Ok((hook.id, token.as_ref().and_then(present)))
}

/// What Lever says about a refused call.
pub(super) struct Error {
    /// Its own code, or a dash.
    pub(super) code: String,
    /// The token belongs to the other environment.
    pub(super) is_of_other_environment: bool,
}

pub(super) fn error(response: &HttpResponse) -> Error {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Body {
        code: String,
        message: String,
    }
    let body: Body = serde_json::from_slice(&response.body).unwrap_or_default();
    let is_code = (1..=40).contains(&body.code.len()) && body.code.bytes().all(|b| b.is_ascii_alphanumeric());
    Error {
        code: if is_code { body.code } else { "-".to_owned() },
        is_of_other_environment: body.message.contains("signing key"),
    }
}

/// The answer of the token endpoint.
#[derive(Deserialize)]
pub(super) struct Granted {
    pub(super) access_token: Secret,
    pub(super) refresh_token: Option<Secret>,
    pub(super) expires_in: Option<Value>,
}

pub(super) fn granted(response: &HttpResponse) -> Option<Granted> {
    serde_json::from_slice(&response.body).ok()
}

/// The token endpoint's own code for why it gives nothing.
pub(super) fn denied(response: &HttpResponse) -> Option<String> {
    #[derive(Deserialize)]
    struct Denied {
        error: String,
    }
    serde_json::from_slice(&response.body).ok().map(|denied: Denied| denied.error)
}
