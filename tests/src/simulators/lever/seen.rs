//! What recruiters see of one opportunity.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Number;

/// Who changed something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The hub, in no user's name.
    App,
    /// The hub, in this user's name.
    AppAs(String),
    User(String),
}

impl Actor {
    /// Whom Lever shows.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::App => None,
            Self::AppAs(user) | Self::User(user) => Some(user),
        }
    }

    #[must_use]
    pub fn is_app(&self) -> bool {
        !matches!(self, Self::User(_))
    }
}

/// One line of an opportunity's story; what changed nothing adds none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub at: Timestamp,
    pub by: Actor,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Stage { from: String, to: String },
    TagsAdded(Vec<String>),
    TagsRemoved(Vec<String>),
    LinksAdded(Vec<String>),
    LinksRemoved(Vec<String>),
    NoteAdded { note: String, text: String },
    NoteChanged { note: String, text: String },
    NoteDeleted { note: String },
    Archived { reason: String },
    Unarchived,
}

/// One entry of `stageChanges`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageChange {
    pub stage: String,
    /// Nobody where an app did it.
    pub user: Option<String>,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archived {
    pub reason: String,
    pub at: Timestamp,
}

/// A note with the comments under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    pub id: String,
    pub values: Vec<NoteValue>,
    pub secret: bool,
    /// The interviewer's thumb.
    pub score: Option<Number>,
    pub by: Actor,
    pub notified_followers: bool,
    pub created_at: Timestamp,
    pub completed_at: Timestamp,
}

impl Note {
    /// All of its text, a comment after the other.
    #[must_use]
    pub fn text(&self) -> String {
        let values: Vec<&str> = self.values.iter().map(|value| value.value.as_str()).collect();
        values.join("\n\n")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NoteValue {
    pub value: String,
    pub at: Timestamp,
}
