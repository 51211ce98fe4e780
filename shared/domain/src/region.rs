//! The regions: one stack each, and nothing crosses from one to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a stack runs and where its clients' data stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Region {
    Ca,
    Uk,
    Au,
}

impl Region {
    pub const ALL: [Self; 3] = [Self::Ca, Self::Uk, Self::Au];

    /// The word in host names, paths and settings.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Uk => "uk",
            Self::Au => "au",
        }
    }

    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.code() == code)
    }
}
