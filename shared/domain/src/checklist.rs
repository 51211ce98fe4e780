//! What a connection needs so that its first order works: one line each, with whoever can put it right.

mod answers;
mod facts;
mod mapped;
mod ways_in;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::answers::{Answers, listed};
pub use self::facts::{Allowance, Facts};
pub use self::mapped::{LONGEST, Mapped, UNREAD, packages};
use crate::connection::Connection;
use crate::id::{GroupId, PackageId, UserId};
use crate::mapping::{MappingKind, Mappings};
use crate::reason::Owner;

/// What a look at one thing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Good,
    /// It would keep orders or statuses from going through.
    Wrong,
    /// It could not be told, as nothing was there to look at or something before it is wrong.
    NotTold,
}

/// The line of what we sign in with, in every connector's list: a rotation looks at it alone.
pub const CREDENTIALS: &str = "credentials";

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// What was looked at, in a word or two with `_`.
    pub item: &'static str,
    #[serde(skip)]
    pub owner: Owner,
    pub found: Found,
    /// What was seen: codes, counts and names of fields; nothing personal, no secret.
    pub saw: String,
    /// Where it is wrong: the sentence to send to the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sentence: Option<String>,
}

impl Line {
    #[must_use]
    pub fn good(item: &'static str, owner: Owner, saw: impl Into<String>) -> Self {
        Self { item, owner, found: Found::Good, saw: saw.into(), sentence: None }
    }

    #[must_use]
    pub fn wrong(item: &'static str, owner: Owner, saw: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { item, owner, found: Found::Wrong, saw: saw.into(), sentence: Some(sentence.into()) }
    }

    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        matches!(self.found, Found::Wrong)
    }

    #[must_use]
    pub fn not_told(item: &'static str, owner: Owner, saw: impl Into<String>) -> Self {
        Self { item, owner, found: Found::NotTold, saw: saw.into(), sentence: None }
    }
}

/// All lines of one connection, by who puts them right.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Checklist {
    /// Nothing was found wrong. What could not be told does not count.
    pub healthy: bool,
    pub ats_admin: Vec<Line>,
    pub provider_admin: Vec<Line>,
    pub hub_operator: Vec<Line>,
}

impl Checklist {
    #[must_use]
    pub fn of(lines: Vec<Line>) -> Self {
        let mut list = Self { healthy: !lines.iter().any(Line::is_wrong), ..Self::default() };
        for line in lines {
            match line.owner {
                Owner::AtsAdmin => list.ats_admin.push(line),
                Owner::ProviderAdmin => list.provider_admin.push(line),
                Owner::HubOperator | Owner::Recruiter | Owner::Nobody => list.hub_operator.push(line),
            }
        }
        list
    }
}

/// What a connection uses at its provider, to be looked for there; each once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Used {
    pub default_group: Option<GroupId>,
    pub fallback_requester: Option<UserId>,
    /// What words of the ATS are mapped to.
    pub packages: Vec<PackageId>,
    pub groups: Vec<GroupId>,
}

impl Used {
    #[must_use]
    pub fn by(connection: &Connection, mappings: &Mappings) -> Self {
        let mapped = |kind| mappings.0.iter().filter(move |mapping| mapping.kind == kind);
        let packages = mapped(MappingKind::Package).filter_map(|to| PackageId::parse(&to.provider_value).ok());
        let groups = mapped(MappingKind::Group).filter_map(|to| GroupId::parse(&to.provider_value).ok());
        Self {
            default_group: connection.default_group.clone(),
            fallback_requester: connection.fallback_requester.clone(),
            packages: packages.collect::<BTreeSet<_>>().into_iter().collect(),
            groups: groups.collect::<BTreeSet<_>>().into_iter().collect(),
        }
    }
}
