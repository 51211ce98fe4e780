//! What an admin sets for a connection to iCIMS.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::http::https;
use crate::id::AtsId;
use crate::invalid::Invalid;
use crate::reason::Reason;
use crate::region::Region;
use crate::secret::Secret;

/// Where the customer's iCIMS lies. Each customer has exactly one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    #[default]
    Us,
    Eu,
}

impl Host {
    pub(super) fn base(self) -> Url {
        https(match self {
            Self::Us => "api.icims.com",
            Self::Eu => "api-eu.icims.com",
        })
    }

    /// Neither host lies in any of our regions: the EU is not the UK.
    pub(super) const fn keeps_data_outside(self, _: Region) -> bool {
        true
    }
}

/// The profile that carries the package field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    #[default]
    Job,
    Person,
}

/// The node ids of the four values that iCIMS's assessment status has. Public code agrees on the defaults; a customer
/// whose list differs sets its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StatusNodes {
    pub complete: String,
    pub incomplete: String,
    pub in_progress: String,
    pub sent: String,
}

impl Default for StatusNodes {
    fn default() -> Self {
        Self {
            complete: "D37002019001".to_owned(),
            incomplete: "D37002019002".to_owned(),
            in_progress: "D37002019003".to_owned(),
            sent: "D37002019004".to_owned(),
        }
    }
}

/// The iCIMS side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub customer_id: AtsId,
    #[serde(default)]
    pub host: Host,
    /// The statuses that start a check, as bare numbers or as node ids.
    pub trigger_statuses: Vec<AtsId>,
    #[serde(default)]
    pub package_profile: Profile,
    #[serde(default = "default_package_field")]
    pub package_field: String,
    /// A field of the job that names the department, where the customer has one.
    #[serde(default)]
    pub group_field: Option<String>,
    /// The collection on the recruiting workflow that shows the result.
    #[serde(default = "default_collection")]
    pub collection: String,
    /// The entry's name where the customer's list has one fixed value; otherwise the package's name.
    #[serde(default)]
    pub entry_name: Option<String>,
    #[serde(default)]
    pub status_nodes: StatusNodes,
}

fn default_package_field() -> String {
    "bgcpackagetype".to_owned()
}

fn default_collection() -> String {
    "assessmentresults".to_owned()
}

/// The integration user's user name and password, issued by iCIMS.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    pub username: String,
    pub password: Secret,
}

/// A field name of iCIMS: lower case, as iCIMS asks for. It goes into a URL, so nothing else may be in it.
fn is_field_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Fields that no setting may make us read.
const FORBIDDEN: [&str; 12] = [
    "usssn",
    "birthdate",
    "gender",
    "startdate",
    "hiredate",
    "licensecertification",
    "addresses",
    "drivinglicensenumber",
    "drivinglicensestate",
    "salary",
    "education",
    "workexperience",
];

impl Settings {
    /// No setting leaves a place for the provider's name.
    pub(crate) fn naming(self, _: &str) -> Self {
        self
    }

    pub(crate) fn problems(&self, credentials: &Credentials) -> Vec<Invalid> {
        let mut invalid = Vec::new();
        if self.trigger_statuses.is_empty() {
            invalid
                .push(Invalid::new("ats.trigger_statuses", "needs at least one status id, or every move would order"));
        }
        let group_field = self.group_field.as_deref().map(|field| ("ats.group_field", field));
        let fields = [("ats.package_field", self.package_field.as_str()), ("ats.collection", self.collection.as_str())];
        for (name, field) in fields.into_iter().chain(group_field) {
            if !is_field_name(field) {
                invalid.push(Invalid::new(name, "must be an iCIMS field name in lower case"));
            } else if FORBIDDEN.contains(&field) {
                invalid.push(Invalid::new(name, "is personal data that is never read"));
            }
        }
        if credentials.username.is_empty() || credentials.username.contains(':') {
            invalid.push(Invalid::new("ats_credentials.username", "must not be empty, and has no ':' in it"));
        }
        if credentials.password.expose().is_empty() {
            invalid.push(Invalid::new("ats_credentials.password", "must not be empty"));
        }
        invalid
    }

    /// The fields to ask for on the job and on the person: only what an order needs.
    pub(super) fn fields(&self) -> (Vec<&str>, Vec<&str>) {
        let (mut job, mut person) = (Vec::new(), vec!["firstname", "lastname", "email"]);
        match self.package_profile {
            Profile::Job => job.push(self.package_field.as_str()),
            Profile::Person => person.push(self.package_field.as_str()),
        }
        job.extend(self.group_field.as_deref());
        if job.is_empty() {
            // Without `fields` iCIMS sends a default set; one harmless field keeps it from doing so.
            job.push("jobtitle");
        }
        (job, person)
    }

    /// The field that a recruiter must change to cure the refusal, as `profile.field`, where there is one.
    #[must_use]
    pub fn field_at_fault(&self, reason: Reason) -> Option<String> {
        match reason {
            Reason::NoPackage | Reason::UnknownPackage | Reason::MultiplePackages | Reason::PackageNotEnabled => {
                let profile = match self.package_profile {
                    Profile::Job => "job",
                    Profile::Person => "person",
                };
                Some(format!("{profile}.{}", self.package_field))
            }
            Reason::NoEmail | Reason::InvalidEmail => Some("person.email".to_owned()),
            _ => None,
        }
    }

    /// Whether a status starts a check. iCIMS sends bare numbers in events and letter-prefixed node ids in its API; how
    /// the two relate is not documented, so each is also compared without its letter.
    #[must_use]
    pub fn is_trigger(&self, status: &str) -> bool {
        let bare = |id: &str| id.strip_prefix(['C', 'D']).unwrap_or(id).to_owned();
        self.trigger_statuses.iter().any(|trigger| trigger.as_str() == status || bare(trigger.as_str()) == bare(status))
    }
}
