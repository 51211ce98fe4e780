//! A request for a check, as an ATS asks for it and a provider is asked: what both sides know of, and neither owns.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::AtsId;
use crate::secret::Secret;

/// Which application a check is about: ids of the ATS only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub application: AtsId,
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
}

impl AtsValue {
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

/// What the ATS holds about a requested check, read just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRequest {
    pub subject: Subject,
    /// The application's status by the ATS's own reading is (`Some(true)`) or is not a trigger status.
    pub in_trigger_status: Option<bool>,
    pub packages: Vec<AtsValue>,
    pub department: Option<AtsValue>,
    pub candidate: Candidate,
    pub requester_email: Option<Secret>,
}
