//! Decisions: synchronous, total, and explained. The shell gathers facts and does what is decided; it has no choice left.

pub mod explain;
mod package;
mod prerequisites;
pub mod repeat;

use crate::connection::{Connection, ConnectionState};
use crate::id::{GroupId, PackageId, UserId};
use crate::mapping::{MappingKind, Mappings};
use crate::provider::{GroupStanding, NewOrder, Package, RequesterStanding, Standing};
use crate::reason::{Kind, NotForUs, Reason, Refusal};
use crate::request::{Barrier, CheckRequest};
use crate::secret::Secret;
use crate::text::quoted;
use crate::trace::Trace;
use crate::trouble::Trouble;

/// What is to be done about a request for a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Order(NewOrder),
    /// It is not what is ordered from; the ATS says so itself.
    NotForUs(NotForUs),
    /// It is refused; the package is known if it could be told.
    Refuse {
        refusal: Refusal,
        package: Option<Package>,
    },
    /// It waits: for the provider, or for a person.
    Wait {
        trouble: Trouble,
        package: Option<Package>,
    },
}

impl Decision {
    /// The package that it is about, where one could be told; with the request it makes the order's key.
    #[must_use]
    pub const fn package(&self) -> Option<&PackageId> {
        match self {
            Self::Order(order) => Some(&order.package),
            Self::Refuse { package: Some(package), .. } | Self::Wait { package: Some(package), .. } => {
                Some(&package.id)
            }
            Self::NotForUs(_) | Self::Refuse { .. } | Self::Wait { .. } => None,
        }
    }
}

/// Everything that a decision looks at.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub connection: &'a Connection,
    pub mappings: &'a Mappings,
    pub request: &'a CheckRequest,
    pub packages: &'a Result<Vec<Package>, Trouble>,
    pub standing: &'a Result<Standing, Trouble>,
}

/// What the provider is to be asked about a request before it can be decided; nothing where no group can be told that
/// the provider needs.
#[must_use]
pub fn question(
    connection: &Connection,
    mappings: &Mappings,
    request: &CheckRequest,
) -> Option<(Option<GroupId>, Option<Secret>)> {
    let group = group(connection, mappings, request, &mut Trace::default()).ok()?;
    Some((group, request.requester_email.clone()))
}

/// Decides about one request for a check.
#[must_use]
pub fn check(facts: Facts<'_>) -> (Decision, Trace) {
    let mut trace = Trace::default();
    let decision = decide(facts, &mut trace);
    (decision, trace)
}

fn decide(facts: Facts<'_>, trace: &mut Trace) -> Decision {
    let Facts { connection, mappings, request, .. } = facts;
    match &request.barrier {
        Some(Barrier::NotForUs(why)) => {
            trace.note("the ATS's own reading", why.code(), "not for us");
            return Decision::NotForUs(*why);
        }
        Some(Barrier::Refusal(refusal)) => {
            trace.note("the ATS's own reading", refusal.reason.code(), "refused");
            return Decision::Refuse { refusal: refusal.clone(), package: None };
        }
        None => {}
    }
    if let Some(refusal) = prerequisites::missing(facts, trace) {
        return Decision::Refuse { refusal, package: None };
    }
    let package = match package::resolve(&request.packages, mappings, facts.packages, trace) {
        package::Resolved::Package(package) => package,
        package::Resolved::Refused(refusal) => return Decision::Refuse { refusal, package: None },
        package::Resolved::NotNow(trouble) => return Decision::Wait { trouble, package: None },
    };
    let refuse = |refusal| Decision::Refuse { refusal, package: Some(package.clone()) };
    if !package.orderable {
        return refuse(Refusal::about(Reason::PackageNotEnabled, &package.name));
    }
    if request.candidate.email.is_none() {
        trace.note("candidate", "no e-mail address", "refused");
        return refuse(Refusal::new(Reason::NoEmail));
    }
    let named = request.candidate.given_name.is_some() && request.candidate.family_name.is_some();
    if !named && connection.provider.traits().needs_name {
        trace.note("candidate", "no given and family name", "refused");
        return refuse(Refusal::new(Reason::MissingCandidateData));
    }
    trace.note("candidate", "an e-mail address", "ok");
    let group = match group(connection, mappings, request, trace) {
        Ok(group) => group,
        Err(refusal) => return refuse(refusal),
    };
    let ordered_by = match requester(facts, group.as_ref(), trace) {
        Ok(user) => user,
        Err(Trouble::Because { refusal, .. }) if refusal.reason.kind() == Kind::Reject => {
            return refuse(refusal.naming(Some(&package.name), group.as_ref().map(GroupId::as_str)));
        }
        Err(trouble) => return Decision::Wait { trouble, package: Some(package) },
    };
    if connection.state != ConnectionState::Active {
        let saw = if connection.state == ConnectionState::Paused { "paused" } else { "closing" };
        trace.note("connection", saw, "waits");
        let trouble = Trouble::because(Refusal::new(Reason::ConnectionPaused), "the connection is paused");
        return Decision::Wait { trouble, package: Some(package) };
    }
    Decision::Order(NewOrder {
        package: package.id,
        package_name: package.name,
        group,
        ordered_by,
        requester_email: request.requester_email.clone(),
        application: request.subject.application.clone(),
        job: request.job.clone(),
        candidate: request.candidate.clone(),
    })
}

/// The group: the department's, else the connection's default; none where the provider needs none.
fn group(
    connection: &Connection,
    mappings: &Mappings,
    request: &CheckRequest,
    trace: &mut Trace,
) -> Result<Option<GroupId>, Refusal> {
    let Some(department) = &request.department else {
        let group = connection.default_group.clone();
        let outcome = group.as_ref().map_or("none set", |group| group.as_str());
        trace.note("group", "no department", format!("default group: {outcome}"));
        let missing = group.is_none() && connection.provider.traits().needs_group;
        return if missing { Err(Refusal::new(Reason::NoGroup)) } else { Ok(group) };
    };
    let words = [Some(department.text.as_str()), department.id.as_deref()];
    let mapped = words.into_iter().flatten().find_map(|word| mappings.get(MappingKind::Group, word));
    let saw = match mapped.map(GroupId::parse) {
        Some(Ok(group)) => {
            trace.note("group", "a mapped department", group.as_str());
            return Ok(Some(group));
        }
        Some(Err(_)) => "a department with a mapping to something that is not an id",
        None if department.is_code => match GroupId::parse(department.text.trim()) {
            Ok(group) => {
                trace.note("group", "the department's code", group.as_str());
                return Ok(Some(group));
            }
            Err(_) => "a department's code that is not an id",
        },
        None => "a department without a mapping",
    };
    trace.note("group", saw, "refused");
    Err(Refusal::about(Reason::UnknownGroup, department.name()))
}

/// The word of the ATS that a refusal is about because it means nothing at the provider: an admin maps it, or corrects
/// it.
#[must_use]
pub fn unmapped<'a>(decision: &Decision, request: &'a CheckRequest) -> Option<(MappingKind, &'a str)> {
    let Decision::Refuse { refusal, .. } = decision else { return None };
    let (kind, value) = match refusal.reason {
        Reason::UnknownPackage => {
            let refused = request.packages.iter().find(|value| quoted(value.name()) == refusal.about);
            (MappingKind::Package, refused.or(request.packages.first())?)
        }
        Reason::UnknownGroup => (MappingKind::Group, request.department.as_ref()?),
        _ => return None,
    };
    Some((kind, value.name().trim())).filter(|(_, word)| !word.is_empty())
}

fn refuses(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Because { refusal, .. } if refusal.reason.kind() == Kind::Reject)
}

/// The user in whose name the order goes.
fn requester(facts: Facts<'_>, group: Option<&GroupId>, trace: &mut Trace) -> Result<Option<UserId>, Trouble> {
    let refused = |reason, about: &str| Err(Trouble::because(Refusal::about(reason, about), "decided"));
    let standing = match facts.standing {
        Ok(standing) => standing,
        Err(trouble) => {
            let outcome = if refuses(trouble) { "refused" } else { "waits" };
            trace.note("requester and group", trouble.cause().to_string(), outcome);
            return Err(trouble.clone());
        }
    };
    match standing.group {
        GroupStanding::Active => trace.note("group at the provider", "active", "ok"),
        GroupStanding::Inactive => {
            trace.note("group at the provider", "inactive", "refused");
            return refused(Reason::GroupInactive, "");
        }
        GroupStanding::Unknown => {
            trace.note("group at the provider", "unknown", "refused");
            let named = facts
                .request
                .department
                .as_ref()
                .map_or_else(|| group.map_or("", GroupId::as_str), |department| department.name());
            return refused(Reason::UnknownGroup, named);
        }
    }
    let fallback = facts.connection.fallback_requester.clone();
    let (saw, reason) = match &standing.requester {
        Some(RequesterStanding::Member(user)) => {
            trace.note("requester", "a member of the group", "ok");
            return Ok(Some(user.clone()));
        }
        Some(RequesterStanding::NeedsNone) => {
            trace.note("requester", "the provider keeps no users", "ok");
            return Ok(None);
        }
        Some(RequesterStanding::OutsideGroup(_)) => ("not a member of the group", Reason::RequesterNotInGroup),
        Some(RequesterStanding::Unknown) => ("not a user at the provider", Reason::RequesterUnknown),
        None => ("not said by the ATS", Reason::RequesterMissing),
    };
    trace.note("requester", saw, if fallback.is_some() { "the fallback user" } else { "refused" });
    match fallback {
        Some(user) => Ok(Some(user)),
        None => refused(reason, ""),
    }
}

#[cfg(test)]
mod tests;
