//! A request for a check, as an ATS asks for it and a provider is asked: what both sides know of, and neither owns.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AtsId;
use crate::reason::{NotForUs, Refusal};
use crate::secret::Secret;

/// Which application a check is about: ids of the ATS only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub application: AtsId,
    /// The ATS's own id of the request, where it gives requests one: then two requests of it are never the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<AtsId>,
    /// The person who acted, where the ATS said so.
    #[serde(default)]
    pub requester: Option<AtsId>,
    /// The status or stage that the event named.
    pub status: AtsId,
}

/// A word of the ATS with its id, where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtsValue {
    pub id: Option<String>,
    pub text: String,
    /// It was entered to be the provider's own id: it is compared exactly, and never taken for a name.
    pub is_code: bool,
}

impl AtsValue {
    #[must_use]
    pub const fn word(id: Option<String>, text: String) -> Self {
        Self { id, text, is_code: false }
    }

    /// Nothing where the code is blank.
    #[must_use]
    pub fn code(code: &str) -> Option<Self> {
        let code = code.trim();
        (!code.is_empty()).then(|| Self { id: None, text: code.to_owned(), is_code: true })
    }

    /// What a person calls it: its text, or its id where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.text.trim().is_empty() { self.id.as_deref().unwrap_or_default() } else { &self.text }
    }
}

/// The person to be checked. Never stored, never printed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Candidate {
    pub given_name: Option<Secret>,
    pub family_name: Option<Secret>,
    pub email: Option<Secret>,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |value: &Option<Secret>| if value.is_some() { "present" } else { "absent" };
        write!(
            f,
            "candidate (given name {}, family name {}, e-mail {})",
            has(&self.given_name),
            has(&self.family_name),
            has(&self.email)
        )
    }
}

/// What the ATS itself says against a request, whatever the provider would say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    NotForUs(NotForUs),
    Refusal(Refusal),
}

/// One stay of an application in the trigger status, by the ATS's own history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TriggerEntry {
    /// When it began: tells one request from the next.
    pub at: Timestamp,
    /// Whether a new stay after a completed check asks for another one.
    pub may_reorder: bool,
}

/// What the ATS holds about a requested check, read just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRequest {
    pub subject: Subject,
    /// The opening, where the ATS named one.
    pub job: Option<AtsId>,
    pub barrier: Option<Barrier>,
    /// The application's status by the ATS's own reading is (`Some(true)`) or is not a trigger status.
    pub in_trigger_status: Option<bool>,
    /// The latest stay in the trigger status, where the ATS keeps a history of it.
    pub entry: Option<TriggerEntry>,
    pub packages: Vec<AtsValue>,
    pub department: Option<AtsValue>,
    pub candidate: Candidate,
    pub requester_email: Option<Secret>,
}

impl CheckRequest {
    /// A request of which nothing is known any more but that it came.
    #[must_use]
    pub fn of_nothing(subject: Subject) -> Self {
        Self {
            subject,
            job: None,
            barrier: None,
            in_trigger_status: None,
            entry: None,
            packages: Vec::new(),
            department: None,
            candidate: Candidate::default(),
            requester_email: None,
        }
    }
}
