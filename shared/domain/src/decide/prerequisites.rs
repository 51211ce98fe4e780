//! What a connection must have before anything can be ordered at all.

use super::Facts;
use crate::reason::{Reason, Refusal};
use crate::trace::Trace;

/// Names everything that is missing, where nothing could be ordered whatever the recruiter did. What is missing for one
/// job or one candidate only has a reason of its own.
pub(super) fn missing(facts: Facts<'_>, trace: &mut Trace) -> Option<Refusal> {
    // Without the list nothing can be said about it.
    let packages = facts.packages.as_ref().ok()?;
    if packages.iter().any(|package| package.orderable) {
        return None;
    }
    let mut missing = vec!["a package for ATS use"];
    let needs_group = facts.connection.provider.traits().needs_group;
    if needs_group && facts.connection.default_group.is_none() && facts.request.department.is_none() {
        missing.push("a group");
    }
    let missing = missing.join(", ");
    trace.note("prerequisites", format!("missing: {missing}"), "refused");
    Some(Refusal::about(Reason::SetupIncomplete, &missing))
}
