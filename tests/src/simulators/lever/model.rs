//! The people and things that tests name: the hub's app, customers, their users, stages, postings, applicants.

use serde::{Deserialize, Serialize};

pub(super) const SUPER_ADMIN_ROLE: &str = "super admin";
pub(super) const CONFIDENTIAL_SCOPE: &str = "confidential:access:admin";
pub(super) const OFFLINE_SCOPE: &str = "offline_access";

/// The user of [`Account::new`] who may authorize apps and toggle webhooks.
pub const SUPER_ADMIN: &str = "f3a9c1d2-4b6e-4c8a-9d10-7e5b2a6c8f01";
/// The user of [`Account::new`] who moves candidates.
pub const RECRUITER: &str = "be12d7a4-90c3-4f5e-8a61-3d2c7b9e4f02";
/// The stage of [`Account::new`] with the name that the provider's set-up asks for.
pub const BACKGROUND_CHECK_STAGE: &str = "7c26e8b1-52d4-4a9f-b3c7-1f0e6d8a9b03";
/// What the hub's app of [`App::new`] may ask for.
pub const SCOPES: [&str; 9] = [
    OFFLINE_SCOPE,
    "opportunities:write:admin",
    "applications:read:admin",
    "notes:write:admin",
    "postings:read:admin",
    "stages:read:admin",
    "tags:read:admin",
    "users:read:admin",
    "webhooks:write:admin",
];

/// The two environments, between which nothing is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    Production,
    Sandbox,
}

impl Environment {
    #[must_use]
    pub fn auth_host(self) -> &'static str {
        match self {
            Self::Production => "auth.lever.co",
            Self::Sandbox => "sandbox-lever.auth0.com",
        }
    }

    #[must_use]
    pub fn api_host(self) -> &'static str {
        match self {
            Self::Production => "api.lever.co",
            Self::Sandbox => "api.sandbox.lever.co",
        }
    }

    /// What an authorization must name for its tokens to open the API.
    #[must_use]
    pub fn audience(self) -> String {
        format!("https://{}/v1/", self.api_host())
    }
}

/// An app that a partner registered, which any customer of its environment may authorize.
#[derive(Clone, Debug)]
pub struct App {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uris: Vec<String>,
    /// What it may ask for; asking for more is a violation, and is not granted.
    pub scopes: Vec<String>,
    pub environment: Environment,
}

impl App {
    #[must_use]
    pub fn new(client_id: &str, client_secret: &str, redirect_uri: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            redirect_uris: vec![redirect_uri.to_owned()],
            scopes: SCOPES.map(str::to_owned).to_vec(),
            environment: Environment::Production,
        }
    }
}

/// One customer.
#[derive(Clone, Debug)]
pub struct Account {
    /// It is in the claims of tokens and nowhere else.
    pub id: String,
    pub environment: Environment,
    pub users: Vec<User>,
    /// In the order of the pipeline.
    pub stages: Vec<Stage>,
}

impl Account {
    /// A customer with a Super Admin, a recruiter, and a pipeline with both kinds of stage ids.
    #[must_use]
    pub fn new(id: &str) -> Self {
        let stages = [
            ("lead-new", "New lead"),
            ("lead-reached-out", "Reached out"),
            ("lead-responded", "Responded"),
            ("applicant-new", "New applicant"),
            ("2f81b6d9-7c05-4e3a-8d94-6b1a0c5e7f04", "Phone interview"),
            (BACKGROUND_CHECK_STAGE, "Asurint Background Check"),
            ("offer", "Offer"),
        ];
        Self {
            id: id.to_owned(),
            environment: Environment::Production,
            users: vec![
                User::new(SUPER_ADMIN, "Odile Marchetti", "odile", SUPER_ADMIN_ROLE),
                User::new(RECRUITER, "Rae Cho", "rae", "team member"),
            ],
            stages: stages.map(|(id, text)| Stage { id: id.to_owned(), text: text.to_owned() }).to_vec(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub name: String,
    /// What follows an `@` in a note to notify them.
    pub username: String,
    pub email: String,
    pub access_role: String,
    pub deactivated: bool,
}

impl User {
    #[must_use]
    pub fn new(id: &str, name: &str, username: &str, access_role: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            username: username.to_owned(),
            email: format!("{username}@client.example"),
            access_role: access_role.to_owned(),
            deactivated: false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Not always a UUID.
    pub id: String,
    pub text: String,
}

/// A job; the tags of its packages are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Posting {
    pub id: String,
    pub text: String,
    pub tags: Vec<String>,
    pub owner: Option<String>,
    pub hiring_manager: Option<String>,
    pub department: String,
    pub location: String,
    pub confidential: bool,
}

impl Posting {
    #[must_use]
    pub fn new(id: &str, text: &str, tags: &[&str]) -> Self {
        Self {
            id: id.to_owned(),
            text: text.to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            owner: Some(RECRUITER.to_owned()),
            hiring_manager: None,
            department: "Nursing".to_owned(),
            location: "Duluth".to_owned(),
            confidential: false,
        }
    }
}

/// A person as they enter the pipeline; of this an opportunity is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Applicant {
    pub name: String,
    pub emails: Vec<String>,
    /// A contact that exists: the same person once more. Its name and addresses stay as they are.
    pub contact: Option<String>,
    /// Nothing for a sourced person, who then has no application.
    pub posting: Option<String>,
    pub stage: String,
    /// Further tags than those that the posting hands on.
    pub tags: Vec<String>,
    pub owner: Option<String>,
    pub origin: String,
    pub confidential: bool,
}

impl Default for Applicant {
    fn default() -> Self {
        Self {
            name: "Ada Moss".to_owned(),
            emails: vec!["ada.moss@candidate.example".to_owned()],
            contact: None,
            posting: None,
            stage: "applicant-new".to_owned(),
            tags: Vec::new(),
            owner: Some(RECRUITER.to_owned()),
            origin: "applied".to_owned(),
            confidential: false,
        }
    }
}

impl Applicant {
    #[must_use]
    pub fn new(name: &str, email: &str, posting: &str) -> Self {
        let emails = vec![email.to_owned()];
        Self { name: name.to_owned(), emails, posting: Some(posting.to_owned()), ..Self::default() }
    }
}
