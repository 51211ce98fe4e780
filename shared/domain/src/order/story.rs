//! The story of an order: one line for each thing that happened.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// One thing that happened. `cause` holds codes and ids, never a person's data or a vendor's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub at: Timestamp,
    /// What happened, in a few words.
    pub what: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

impl Event {
    #[must_use]
    pub fn new(at: Timestamp, what: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { at, what: what.into(), cause: cause.into(), trace: None }
    }

    #[must_use]
    pub fn explained(mut self, trace: Trace) -> Self {
        self.trace = Some(trace);
        self
    }
}
