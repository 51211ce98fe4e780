//! What an admin set for one connection: which word of one side means which thing on the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of word is mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MappingKind {
    /// A package's node id or text in the ATS → a package of the provider.
    Package,
    /// A department of the ATS → a group of the provider.
    Group,
    /// A client's own word for a score at the provider → one of our result codes.
    Score,
    /// A client's own word for a status at the provider → one of our status codes.
    Status,
}

impl MappingKind {
    pub const ALL: [Self; 4] = [Self::Package, Self::Group, Self::Score, Self::Status];

    /// The kind of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Package => "package",
            Self::Group => "group",
            Self::Score => "score",
            Self::Status => "status",
        }
    }
}

/// One word and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mapping {
    pub kind: MappingKind,
    pub ats_value: String,
    pub provider_value: String,
}

/// All mappings of one connection.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Mappings(pub Vec<Mapping>);

impl Mappings {
    /// What the word means: trimmed, and the case of letters does not count.
    #[must_use]
    pub fn get(&self, kind: MappingKind, ats_value: &str) -> Option<&str> {
        let wanted = key(ats_value);
        self.0.iter().find(|m| m.kind == kind && key(&m.ats_value) == wanted).map(|m| m.provider_value.as_str())
    }

    /// The words that mean that thing.
    #[must_use]
    pub fn words_for(&self, kind: MappingKind, provider_value: &str) -> Vec<&str> {
        let of = self.0.iter().filter(|m| m.kind == kind && m.provider_value == provider_value);
        of.map(|m| m.ats_value.as_str()).collect()
    }

    /// These mappings, with others that count before them.
    #[must_use]
    pub fn with(&self, others: Vec<Mapping>) -> Self {
        Self(others.into_iter().chain(self.0.iter().cloned()).collect())
    }
}

/// The form in which two words of an ATS are the same word; also the mapping's key in the table.
#[must_use]
pub fn key(ats_value: &str) -> String {
    ats_value.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_trimmed_and_in_any_case_but_only_among_its_kind() {
        let mapping = |kind, ats: &str, provider: &str| Mapping {
            kind,
            ats_value: ats.to_owned(),
            provider_value: provider.to_owned(),
        };
        let mappings =
            Mappings(vec![mapping(MappingKind::Package, "D100", "p1"), mapping(MappingKind::Group, " Nursing ", "g1")]);
        assert_eq!(mappings.get(MappingKind::Package, "d100 "), Some("p1"));
        assert_eq!(mappings.get(MappingKind::Group, "NURSING"), Some("g1"));
        assert_eq!(mappings.get(MappingKind::Package, "Nursing"), None);
        assert_eq!(mappings.words_for(MappingKind::Group, "g1"), [" Nursing "]);
        let proposed = mappings.with(vec![mapping(MappingKind::Package, "d100", "p2")]);
        assert_eq!(proposed.get(MappingKind::Package, "D100"), Some("p2"));
    }
}
