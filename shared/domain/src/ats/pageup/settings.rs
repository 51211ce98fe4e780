//! What an admin sets for a connection to PageUp. What PageUp does not publish is a setting, with the likeliest default.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::https;
use crate::id::AtsId;
use crate::invalid::Invalid;
use crate::poll::Pace;
use crate::region::Region;
use crate::secret::Secret;

/// One client id of PageUp is one customer in one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    #[default]
    Live,
    Uat,
}

/// The form of a status update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PutShape {
    /// One object with status, message and result.
    #[default]
    Backgroundcheck,
    /// The form of PageUp's work compliance API: a status and notes.
    Workcompliance,
}

/// The words that PageUp accepts as statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusLabels {
    pub in_progress: String,
    pub completed: String,
    pub failed: String,
}

impl Default for StatusLabels {
    fn default() -> Self {
        Self { in_progress: "In progress".to_owned(), completed: "Completed".to_owned(), failed: "Failed".to_owned() }
    }
}

/// Where in an invitation each fact stands: paths with dots, the first one that leads to something counts. The case of
/// letters does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FieldPaths {
    pub id: Vec<String>,
    pub application: Vec<String>,
    pub given_name: Vec<String>,
    pub family_name: Vec<String>,
    pub email: Vec<String>,
    pub package: Vec<String>,
    pub department: Vec<String>,
    pub requester: Vec<String>,
}

impl Default for FieldPaths {
    fn default() -> Self {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        Self {
            id: paths(&["id", "invitationId"]),
            application: paths(&["application.id"]),
            given_name: paths(&["applicant.firstName", "firstName"]),
            family_name: paths(&["applicant.lastName", "lastName"]),
            email: paths(&["applicant.emailid", "applicant.email", "applicant.emailAddress", "email"]),
            package: paths(&["package.code"]),
            department: paths(&[
                "application.job.divisioncode",
                "application.job.department.code",
                "application.job.team.externalId",
            ]),
            requester: paths(&[
                "requester.email",
                "requester.emailAddress",
                "requestedBy.email",
                "requestedBy.emailAddress",
            ]),
        }
    }
}

impl FieldPaths {
    fn all(&self) -> [(&'static str, &[String]); 8] {
        [
            ("id", &self.id),
            ("application", &self.application),
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("email", &self.email),
            ("package", &self.package),
            ("department", &self.department),
            ("requester", &self.requester),
        ]
    }
}

/// The PageUp side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub tenant_id: AtsId,
    /// `dc2` Australia, `dc3` UK and EMEA, `dc4` US, `dc5` South-East Asia; there may be more.
    pub data_centre: String,
    #[serde(default)]
    pub environment: Environment,
    /// Instead of the data centre's token endpoint.
    #[serde(default)]
    pub token_url: Option<Url>,
    /// Instead of the data centre's API host with the tenant: what comes before `background_check_path`.
    #[serde(default)]
    pub api_base: Option<Url>,
    #[serde(default = "default_path")]
    pub background_check_path: String,
    /// Empty asks for whatever the client may have.
    #[serde(default = "default_scope")]
    pub scope: String,
    #[serde(default)]
    pub field_paths: Box<FieldPaths>,
    #[serde(default)]
    pub status_labels: StatusLabels,
    #[serde(default)]
    pub put_shape: PutShape,
    #[serde(default = "default_poll_seconds")]
    pub poll_seconds: u32,
    #[serde(default = "default_max_pages")]
    pub max_pages: u32,
    /// The longest message that PageUp takes, in characters.
    #[serde(default = "default_message_limit")]
    pub message_limit: usize,
    /// Names the finished checks in the result, without what they found. Off: their number stands in the message.
    #[serde(default)]
    pub result_items: bool,
    /// Lets a dispute set a completed check back to in progress.
    #[serde(default)]
    pub reopen_completed: bool,
}

fn default_path() -> String {
    "recruitment/backgroundchecks".to_owned()
}

fn default_scope() -> String {
    "Public.BackgroundCheck.Read Public.BackgroundCheck.Write".to_owned()
}

const fn default_poll_seconds() -> u32 {
    60
}

const fn default_max_pages() -> u32 {
    20
}

const fn default_message_limit() -> usize {
    250
}

/// What PageUp Professional Services gives the customer for the integration.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub client_id: Secret,
    pub client_secret: Secret,
}

pub(super) fn is_data_centre(name: &str) -> bool {
    name.strip_prefix("dc").is_some_and(|n| (1..=2).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()))
}

fn is_brand(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn is_login_host(host: &str) -> bool {
    match host.split('.').collect::<Vec<_>>().as_slice() {
        ["login" | "loginuat", dc, "pageuppeople", "com"] if is_data_centre(dc) => true,
        [brand, "login" | "loginuat", "pageuppeople", "com"] => is_brand(brand),
        _ => false,
    }
}

fn is_api_host(host: &str) -> bool {
    let parts: Vec<_> = host.split('.').collect();
    matches!(parts.as_slice(), ["api" | "apiuat", dc, "pageuppeople", "com"] if is_data_centre(dc))
}

/// The hosts of every data centre, in both environments, and the older login hosts with the customer's name.
pub(super) fn is_host(host: &str) -> bool {
    is_login_host(host) || is_api_host(host)
}

impl Settings {
    /// No setting leaves a place for the provider's name.
    pub(crate) fn naming(self, _: &str) -> Self {
        self
    }

    pub(crate) fn problems(&self, credentials: &Credentials) -> Vec<Invalid> {
        let mut invalid = Vec::new();
        let mut check = |holds: bool, field: &str, problem: &str| {
            if !holds {
                invalid.push(Invalid::new(field, problem));
            }
        };
        check(is_data_centre(&self.data_centre), "ats.data_centre", "must be dc and a number, such as dc2");
        let at = |url: &Url, is_host: fn(&str) -> bool| {
            let nothing_else = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            let nothing_else = nothing_else && url.fragment().is_none() && url.port().is_none();
            nothing_else && url.scheme() == "https" && url.host_str().is_some_and(is_host)
        };
        check(
            self.token_url.as_ref().is_none_or(|url| at(url, is_login_host)),
            "ats.token_url",
            "must be https on a login host of pageuppeople.com, without a user or a query",
        );
        check(
            self.api_base.as_ref().is_none_or(|url| at(url, is_api_host)),
            "ats.api_base",
            "must be https on an API host of pageuppeople.com, without a user or a query",
        );
        let segments = self.background_check_path.split('/');
        let is_segment = |s: &str| {
            !matches!(s, "" | "." | "..") && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        check(
            segments.clone().all(is_segment),
            "ats.background_check_path",
            "must be a path such as a/b, without a slash at its ends",
        );
        let labels = [&self.status_labels.in_progress, &self.status_labels.completed, &self.status_labels.failed];
        check(labels.iter().all(|label| !label.trim().is_empty()), "ats.status_labels", "must not have an empty label");
        for (name, paths) in self.field_paths.all() {
            let bounded = (1..=10).contains(&paths.len()) && paths.iter().all(|path| (1..=200).contains(&path.len()));
            check(bounded, &format!("ats.field_paths.{name}"), "needs one to ten paths");
        }
        check((60..=3_600).contains(&self.poll_seconds), "ats.poll_seconds", "must be between 60 and 3600");
        check((1..=100).contains(&self.max_pages), "ats.max_pages", "must be between 1 and 100");
        check((100..=4_000).contains(&self.message_limit), "ats.message_limit", "must be between 100 and 4000");
        check(!credentials.client_id.expose().trim().is_empty(), "ats_credentials.client_id", "must not be empty");
        check(
            !credentials.client_secret.expose().trim().is_empty(),
            "ats_credentials.client_secret",
            "must not be empty",
        );
        invalid
    }

    pub(super) fn token_url(&self) -> Url {
        let of_data_centre = || {
            let login = match self.environment {
                Environment::Live => "login",
                Environment::Uat => "loginuat",
            };
            let mut url = https(&format!("{login}.{}.pageuppeople.com", self.data_centre));
            url.set_path("connect/token");
            url
        };
        self.token_url.clone().unwrap_or_else(of_data_centre)
    }

    /// The address of something below the tenant.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let of_data_centre = || {
            let api = match self.environment {
                Environment::Live => "api",
                Environment::Uat => "apiuat",
            };
            let mut url = https(&format!("{api}.{}.pageuppeople.com", self.data_centre));
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty().extend(["v3", self.tenant_id.as_str()]);
            }
            url
        };
        let mut url = self.api_base.clone().unwrap_or_else(of_data_centre);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(self.background_check_path.split('/')).extend(path);
        }
        url
    }

    pub(super) fn pace(&self) -> Pace {
        Pace { every: SignedDuration::from_secs(i64::from(self.poll_seconds)), pages: self.max_pages }
    }

    /// Only Australia's data centre is known to lie in one of our regions.
    pub(super) fn lies_outside(&self, region: Region) -> bool {
        let in_australia = |url: Url| url.host_str().is_some_and(|host| host.contains(".dc2."));
        region != Region::Au || !in_australia(self.token_url()) || !in_australia(self.url(&[]))
    }
}
