//! What an admin sets for a connection to Lever. Texts may name the provider as `{provider}`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::packages::name_in;
use crate::http::https;
use crate::id::AtsId;
use crate::invalid::Invalid;
use crate::reason::Reason;
use crate::secret::Secret;
use crate::status::OrderStatus;

/// The most scopes that one app of Lever may ask for.
const MOST_SCOPES: usize = 20;

/// The longest text that is taken, in characters.
const LONGEST_TEXT: usize = 200;

/// Lever keeps the two apart: each has its own apps, customers and hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    #[default]
    Production,
    Sandbox,
}

impl Environment {
    pub(super) const fn login_host(self) -> &'static str {
        match self {
            Self::Production => "auth.lever.co",
            Self::Sandbox => "sandbox-lever.auth0.com",
        }
    }

    /// What an access is for. Without the slash at its end Lever grants nothing.
    pub(super) const fn audience(self) -> &'static str {
        match self {
            Self::Production => "https://api.lever.co/v1/",
            Self::Sandbox => "https://api.sandbox.lever.co/v1/",
        }
    }

    const fn api_host(self) -> &'static str {
        match self {
            Self::Production => "api.lever.co",
            Self::Sandbox => "api.sandbox.lever.co",
        }
    }
}

/// The category of the posting that names the group of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupFrom {
    #[default]
    None,
    Department,
    Location,
    Team,
}

/// The word of each status in the tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusWords {
    pub pending_candidate: String,
    pub candidate_started: String,
    pub in_progress: String,
    pub action_required: String,
    pub in_dispute: String,
    pub completed: String,
    pub cancelled: String,
    pub declined: String,
    pub expired: String,
    pub undeliverable: String,
    /// Of an order that waits or is refused: `{reason}` is the reason in a word or two.
    pub error: String,
}

impl Default for StatusWords {
    fn default() -> Self {
        Self {
            pending_candidate: "Pending Candidate".to_owned(),
            candidate_started: "Pending Candidate".to_owned(),
            in_progress: "In Progress".to_owned(),
            action_required: "In Progress".to_owned(),
            in_dispute: "In Progress".to_owned(),
            completed: "Completed".to_owned(),
            cancelled: "Cancelled".to_owned(),
            declined: "Declined".to_owned(),
            expired: "Expired".to_owned(),
            undeliverable: "Not Delivered".to_owned(),
            error: "Error ({reason})".to_owned(),
        }
    }
}

impl StatusWords {
    /// The word of a status; an order that waits or is refused has its reason in it.
    pub(super) fn word(&self, status: OrderStatus, reason: Option<Reason>) -> String {
        match status {
            OrderStatus::Received | OrderStatus::PendingCandidate => self.pending_candidate.clone(),
            OrderStatus::CandidateStarted => self.candidate_started.clone(),
            OrderStatus::InProgress => self.in_progress.clone(),
            OrderStatus::ActionRequired => self.action_required.clone(),
            OrderStatus::InDispute => self.in_dispute.clone(),
            OrderStatus::Completed => self.completed.clone(),
            OrderStatus::Cancelled => self.cancelled.clone(),
            OrderStatus::Declined => self.declined.clone(),
            OrderStatus::Expired => self.expired.clone(),
            OrderStatus::Undeliverable => self.undeliverable.clone(),
            OrderStatus::Held | OrderStatus::Rejected => {
                self.error.replace("{reason}", reason.map_or_else(|| status.shown_as(), Reason::label))
            }
        }
    }

    /// Every word that there is.
    pub(super) fn all(&self) -> impl Iterator<Item = String> {
        let reasons = || Reason::ALL.iter().copied().map(Some).chain([None]);
        OrderStatus::ALL.into_iter().flat_map(move |status| reasons().map(move |reason| self.word(status, reason)))
    }

    fn each(&mut self) -> [&mut String; 11] {
        [
            &mut self.pending_candidate,
            &mut self.candidate_started,
            &mut self.in_progress,
            &mut self.action_required,
            &mut self.in_dispute,
            &mut self.completed,
            &mut self.cancelled,
            &mut self.declined,
            &mut self.expired,
            &mut self.undeliverable,
            &mut self.error,
        ]
    }
}

/// The Lever side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    pub environment: Environment,
    /// Instead of the environment's API host: what comes before `opportunities`.
    pub api_base: Option<Url>,
    /// The stage that starts a check: its id, or its name as recruiters see it.
    pub trigger_stage: String,
    /// What the tags that choose a package begin with.
    pub package_prefix: String,
    /// The package of a candidate without such a tag.
    pub default_package: Option<String>,
    /// The tag that shows how an order stands; `{status}` is the word of its status.
    pub status_tag: String,
    pub status_words: Box<StatusWords>,
    pub group_from: GroupFrom,
    /// Shows notes only to users who may see sensitive information.
    pub secret_notes: bool,
    /// Tells the followers of a candidate of a note that is new when the check is completed.
    pub notify_followers: bool,
    /// The user in whose name tags and notes are written.
    pub perform_as: Option<AtsId>,
    /// Lets a candidate who enters the stage again after a completed check be checked again.
    pub reorder: bool,
    /// How old an event may be that an order comes of.
    pub max_age_hours: u32,
    pub scopes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let scopes = [
            "offline_access",
            "opportunities:write:admin",
            "applications:read:admin",
            "notes:write:admin",
            "postings:read:admin",
            "stages:read:admin",
            "tags:read:admin",
            "users:read:admin",
            "webhooks:write:admin",
        ];
        Self {
            environment: Environment::default(),
            api_base: None,
            trigger_stage: "{provider} Background Check".to_owned(),
            package_prefix: "{provider} Package:".to_owned(),
            default_package: None,
            status_tag: "{provider}: {status}".to_owned(),
            status_words: Box::default(),
            group_from: GroupFrom::None,
            secret_notes: false,
            notify_followers: false,
            perform_as: None,
            reorder: false,
            max_age_hours: 72,
            scopes: scopes.map(str::to_owned).to_vec(),
        }
    }
}

/// The OAuth app that Lever registered for us.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub client_id: String,
    pub client_secret: Secret,
}

/// The hosts of Lever's own domain.
pub(super) fn is_host(host: &str) -> bool {
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    host == "lever.co" || host.strip_suffix(".lever.co").is_some_and(|name| name.split('.').all(is_label))
}

/// Whether an address is of Lever, over TLS, and names no user or port.
pub(super) fn is_levers(url: &Url) -> bool {
    let nothing_else = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    nothing_else && url.scheme() == "https" && url.host_str().is_some_and(is_host)
}

/// Whether two names are the same to a person.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

impl Settings {
    /// Puts the provider's name where the texts leave a place for it.
    pub(crate) fn naming(mut self, provider: &str) -> Self {
        let texts = [&mut self.trigger_stage, &mut self.package_prefix, &mut self.status_tag].into_iter();
        for text in texts.chain(self.default_package.as_mut()).chain(self.status_words.each()) {
            *text = text.replace("{provider}", provider);
        }
        self
    }

    pub(crate) fn problems(&self, credentials: &Credentials) -> Vec<Invalid> {
        let mut invalid = Vec::new();
        let mut check = |holds: bool, field: &str, problem: &str| {
            if !holds {
                invalid.push(Invalid::new(field, problem));
            }
        };
        let is_base = |url: &Url| is_levers(url) && url.query().is_none() && url.fragment().is_none();
        check(
            self.api_base.as_ref().is_none_or(is_base),
            "ats.api_base",
            "must be https under lever.co, without a user, a port or a query",
        );
        let is_text = |text: &str| {
            !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control)
        };
        check(is_text(&self.trigger_stage), "ats.trigger_stage", "must be a stage's id or name");
        check(is_text(&self.package_prefix), "ats.package_prefix", "must be what the tags of packages begin with");
        check(
            self.default_package.as_deref().is_none_or(is_text),
            "ats.default_package",
            "must be a package's name, or not be there",
        );
        check(
            is_text(&self.status_tag) && self.status_tag.contains("{status}"),
            "ats.status_tag",
            "must have {status} in it",
        );
        check(
            !is_text(&self.package_prefix) || name_in(&self.status_tag, &self.package_prefix).is_none(),
            "ats.status_tag",
            "must not begin as the tags of packages do",
        );
        check(self.status_words.all().all(|word| is_text(&word)), "ats.status_words", "must not have an empty word");
        check((1..=336).contains(&self.max_age_hours), "ats.max_age_hours", "must be between 1 and 336");
        let is_scope = |scope: &String| {
            let named = scope.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-'));
            named && (scope == "offline_access" || scope.ends_with(":admin"))
        };
        check(
            self.scopes.len() <= MOST_SCOPES && self.scopes.iter().all(is_scope),
            "ats.scopes",
            "must be at most 20 scopes that end in :admin, and offline_access",
        );
        check(
            self.scopes.iter().any(|scope| scope == "offline_access"),
            "ats.scopes",
            "must have offline_access among them, or the access would end after an hour",
        );
        check(!credentials.client_id.trim().is_empty(), "ats_credentials.client_id", "must not be empty");
        check(
            !credentials.client_secret.expose().trim().is_empty(),
            "ats_credentials.client_secret",
            "must not be empty",
        );
        invalid
    }

    pub(super) fn base(&self) -> Url {
        let of_environment = || {
            let mut url = https(self.environment.api_host());
            url.set_path("v1");
            url
        };
        self.api_base.clone().unwrap_or_else(of_environment)
    }

    /// Whether a stage is the one that starts a check, by its id or its name.
    pub(super) fn is_trigger(&self, id: &str, name: Option<&str>) -> bool {
        id == self.trigger_stage.trim() || name.is_some_and(|name| is_same_name(name, &self.trigger_stage))
    }

    fn tag_of(&self, word: &str) -> String {
        self.status_tag.replace("{status}", word).trim().to_owned()
    }

    /// The tag that shows a status.
    pub(super) fn tag(&self, status: OrderStatus, reason: Option<Reason>) -> String {
        self.tag_of(&self.status_words.word(status, reason))
    }

    /// The tags among `present` that show a status other than `tag` does. People and Lever may have changed their case.
    pub(super) fn outdated(&self, present: Vec<String>, tag: &str) -> Vec<String> {
        let ours: Vec<String> = self.status_words.all().map(|word| self.tag_of(&word).to_lowercase()).collect();
        present.into_iter().filter(|known| known != tag && ours.contains(&known.trim().to_lowercase())).collect()
    }
}
