//! The people and things that tests and recruiters name: tenants, invitations, what is on a screen.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::planted;

pub(super) const READ_SCOPE: &str = "Public.BackgroundCheck.Read";
pub(super) const WRITE_SCOPE: &str = "Public.BackgroundCheck.Write";
pub(super) const FINAL_STATUS: &str = "Completed";

/// The two environments, between which nothing is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    Live,
    Uat,
}

/// One customer in one data centre and one environment, with the hub's client there.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub id: String,
    pub client_id: String,
    pub client_secret: String,
    /// In the form `dc2`.
    pub data_centre: String,
    pub environment: Environment,
    /// The scopes that the client was granted.
    pub scopes: Vec<String>,
    /// Further hosts, of the older form, that answer the token path for this tenant.
    pub token_hosts: Vec<String>,
}

impl Tenant {
    /// The host that gives this tenant's tokens.
    #[must_use]
    pub fn login_host(&self) -> String {
        self.host("login")
    }

    /// The host of this tenant's API.
    #[must_use]
    pub fn api_host(&self) -> String {
        self.host("api")
    }

    fn host(&self, service: &str) -> String {
        let environment = match self.environment {
            Environment::Live => "",
            Environment::Uat => "uat",
        };
        format!("{service}{environment}.{}.pageuppeople.com", self.data_centre)
    }
}

/// What a recruiter sends: an applicant of a job, and the package that was picked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    pub first_name: Option<String>,
    pub middle_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub mobile: Option<String>,
    pub package_code: Option<String>,
    pub package_name: Option<String>,
    pub department: Option<String>,
    /// The address of the ordering user.
    pub requester: Option<String>,
    pub note: Option<String>,
    pub application: u64,
    pub job: u64,
}

impl Default for Invite {
    fn default() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            first_name: text("Marisol"),
            middle_name: text(planted::MIDDLE_NAME),
            last_name: text("Thistlewood"),
            email: text("marisol.thistlewood@candidate.example"),
            mobile: text(planted::MOBILE),
            package_code: None,
            package_name: text("Criminal + ID"),
            department: None,
            requester: text("rae@client.example"),
            note: text(planted::NOTE),
            application: 4711,
            job: 501,
        }
    }
}

impl Invite {
    /// An invitation of an invented applicant that lacks nothing but a department.
    #[must_use]
    pub fn new(email: &str, package_code: &str, requester: &str) -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self { email: text(email), package_code: text(package_code), requester: text(requester), ..Self::default() }
    }
}

/// One part of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    pub name: String,
    pub status: Option<String>,
    pub result: Option<String>,
}

/// What a recruiter sees of one invitation; an empty text is shown as nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Screen {
    pub id: String,
    /// Nothing until the first PUT.
    pub status: Option<String>,
    pub message: Option<String>,
    pub summary: Option<String>,
    pub link: Option<String>,
    pub items: Vec<Item>,
    pub external_reference: Option<String>,
    /// When this was shown first.
    pub at: Timestamp,
}
