//! What words of the ATS are mapped to, looked for in the provider's lists.

use super::{Line, listed};
use crate::id::PackageId;
use crate::provider::Package;
use crate::reason::Owner;

/// As many items of a list as are read. What is not among so many may yet be there.
pub const LONGEST: usize = 1_000;

/// What is said of what a list would have told.
pub const UNREAD: &str = "the list could not be read";

/// Whether anything can be ordered, and what words of the ATS are mapped to.
#[must_use]
pub fn packages(mapped: &[PackageId], listed_there: Option<&[Package]>) -> Vec<Line> {
    let Some(there) = listed_there else {
        return ["packages", "mapped_packages"].map(|item| Line::not_told(item, Owner::ProviderAdmin, UNREAD)).to_vec();
    };
    let orderable = there.iter().filter(|package| package.orderable).count();
    let saw = format!("{orderable} of {} can be ordered", there.len());
    if orderable == 0 {
        let sentence = "No package can be ordered from this system: activate one, and mark it for ATS use.";
        let mapped = Line::not_told("mapped_packages", Owner::ProviderAdmin, "no package can be ordered at all");
        return vec![Line::wrong("packages", Owner::ProviderAdmin, saw, sentence), mapped];
    }
    let mut lines = vec![Line::good("packages", Owner::ProviderAdmin, saw)];
    let find = |id: &PackageId| there.iter().find(|package| package.id == *id);
    let (known, gone): (Vec<_>, Vec<_>) = mapped.iter().partition(|id| find(id).is_some());
    let off = known.into_iter().filter(|id| find(id).is_some_and(|package| !package.orderable));
    let off = listed(off.map(PackageId::as_str));
    let mapped = Mapped {
        item: "mapped_packages",
        count: mapped.len(),
        gone: listed(gone.into_iter().map(PackageId::as_str)),
        off,
        is_cut: there.len() >= LONGEST,
    };
    let is_off = "is not enabled for ordering: activate it, and mark it for ATS use";
    lines.extend(mapped.lines("is not among the packages", is_off));
    lines
}

/// What is mapped to, and what of it is not there or cannot be used.
#[derive(Debug)]
pub struct Mapped {
    pub item: &'static str,
    pub count: usize,
    /// The names of those that are not there.
    pub gone: String,
    pub off: String,
    /// There may be more at the provider than were read.
    pub is_cut: bool,
}

impl Mapped {
    /// `is_gone` and `is_off` say what is wrong with such a one.
    #[must_use]
    pub fn lines(self, is_gone: &str, is_off: &str) -> Vec<Line> {
        let Self { item, count, gone, off, is_cut } = self;
        let mut lines = Vec::new();
        if !gone.is_empty() && is_cut {
            lines.push(Line::not_told(item, Owner::HubOperator, format!("not among the first {LONGEST}: {gone}")));
        } else if !gone.is_empty() {
            let sentence = format!(
                "What a word of the ATS is mapped to {is_gone} of the provider any more: {gone}. Map it to another."
            );
            lines.push(Line::wrong(item, Owner::HubOperator, format!("not there: {gone}"), sentence));
        }
        if !off.is_empty() {
            let sentence = format!("What a word of the ATS is mapped to {is_off}: {off}.");
            lines.push(Line::wrong(item, Owner::ProviderAdmin, format!("cannot be used: {off}"), sentence));
        }
        if lines.is_empty() {
            let line = if count == 0 {
                Line::not_told(item, Owner::HubOperator, "nothing is mapped")
            } else {
                Line::good(item, Owner::HubOperator, format!("all {count} can be used"))
            };
            lines.push(line);
        }
        lines
    }
}
