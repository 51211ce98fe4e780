//! How a decision came about: each rule that was tried, what it saw and what it made of it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One rule. `saw` holds ids, codes and counts, never a person's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    pub rule: String,
    pub saw: String,
    pub outcome: String,
}

/// The rules of one decision, in the order in which they were tried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Trace(Vec<Step>);

impl Trace {
    pub fn note(&mut self, rule: &str, saw: impl Into<String>, outcome: impl Into<String>) {
        self.0.push(Step { rule: rule.to_owned(), saw: saw.into(), outcome: outcome.into() });
    }

    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// The one-line form: `package: 1 value → p1; e-mail: present → ok`.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { "; " };
            write!(f, "{separator}{}: {} → {}", step.rule, step.saw, step.outcome)?;
        }
        Ok(())
    }
}
