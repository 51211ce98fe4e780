//! What keeps something that an admin sent from being saved.

use schemars::JsonSchema;
use serde::Serialize;

/// A field that keeps a connection from being saved, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Invalid {
    pub field: String,
    pub problem: String,
}

impl Invalid {
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}
