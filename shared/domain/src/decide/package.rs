//! Which package a request means.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::id::PackageId;
use crate::mapping::{MappingKind, Mappings};
use crate::provider::Package;
use crate::reason::{Reason, Refusal};
use crate::request::AtsValue;
use crate::trace::Trace;
use crate::trouble::Trouble;

pub(super) enum Resolved {
    Package(Package),
    Refused(Refusal),
    NotNow(Trouble),
}

/// How one value of the ATS was understood.
enum Match<'a> {
    /// By a mapping or by an id in the text; the list of packages, if it is there, confirms it.
    Id(PackageId),
    /// By a mapping to something that is not an id.
    NotAnId,
    SeveralIds,
    Name(&'a Package),
    SeveralOfThatName,
    None,
}

/// Exactly one package: by the mapping of the value's id or text; else, for a code, by the very id; else by a UUID in the
/// text, else by the exact name.
pub(super) fn resolve(
    values: &[AtsValue],
    mappings: &Mappings,
    packages: &Result<Vec<Package>, Trouble>,
    trace: &mut Trace,
) -> Resolved {
    let saw = if values.len() == 1 { "1 value".to_owned() } else { format!("{} values", values.len()) };
    if values.is_empty() {
        trace.note("package", saw, "refused");
        return Resolved::Refused(Refusal::new(Reason::NoPackage));
    }
    let known = packages.as_deref().unwrap_or(&[]);
    let unknown = |value: &AtsValue, why: &str, trace: &mut Trace| {
        trace.note("package", saw.clone(), format!("{why}: refused"));
        Resolved::Refused(Refusal::about(Reason::UnknownPackage, value.name()))
    };
    let mut found: Vec<Package> = Vec::new();
    for value in values {
        let package = match understand(value, mappings, known) {
            Match::Name(package) => package.clone(),
            Match::Id(id) => match (known.iter().find(|package| package.id == id), packages) {
                (Some(package), _) => package.clone(),
                (None, Ok(_)) => return unknown(value, "an id that the provider does not list", trace),
                // Without the list an id is taken at its word: the provider refuses it if it is wrong.
                (None, Err(_)) => Package::new(id, value.name().to_owned(), true),
            },
            Match::NotAnId => return unknown(value, "a mapping to something that is not an id", trace),
            Match::SeveralIds => {
                trace.note("package", saw, "more than one id in one text: refused");
                return Resolved::Refused(Refusal::about(Reason::MultiplePackages, value.name()));
            }
            Match::SeveralOfThatName => {
                trace.note("package", saw, "more than one package of that name: refused");
                return Resolved::Refused(Refusal::about(Reason::MultiplePackages, value.name()));
            }
            Match::None => {
                if let Err(trouble) = packages {
                    trace.note("package", saw, "a name, and the list cannot be read: waits");
                    return Resolved::NotNow(trouble.clone());
                }
                return unknown(value, "no mapping, no id, no package of that name", trace);
            }
        };
        if !found.iter().any(|other| other.id == package.id) {
            found.push(package);
        }
    }
    let several = found.len() > 1;
    match found.pop() {
        Some(package) if !several => {
            let outcome = if package.orderable { "" } else { ", not enabled for ordering: refused" };
            trace.note("package", saw, format!("{}{outcome}", package.id));
            Resolved::Package(package)
        }
        _ => {
            trace.note("package", saw, "more than one package: refused");
            let names: Vec<&str> = values.iter().map(AtsValue::name).collect();
            Resolved::Refused(Refusal::about(Reason::MultiplePackages, &names.join(", ")))
        }
    }
}

fn understand<'a>(value: &AtsValue, mappings: &Mappings, known: &'a [Package]) -> Match<'a> {
    let words = [value.id.as_deref(), Some(value.text.as_str())];
    let mapped = words.into_iter().flatten().find_map(|word| mappings.get(MappingKind::Package, word));
    if let Some(id) = mapped {
        return PackageId::parse(id).map_or(Match::NotAnId, Match::Id);
    }
    if value.is_code {
        return PackageId::parse(value.text.trim()).map_or(Match::None, Match::Id);
    }
    let mut ids = uuids_in(&value.text).into_iter();
    match (ids.next(), ids.next()) {
        (Some(_), Some(_)) => return Match::SeveralIds,
        (Some(id), None) => return Match::Id(id),
        _ => {}
    }
    let wanted = value.text.trim().to_lowercase();
    let mut exactly = known.iter().filter(|package| !wanted.is_empty() && package.name == value.text);
    if let (Some(package), None) = (exactly.next(), exactly.next()) {
        return Match::Name(package);
    }
    let mut of_that_name =
        known.iter().filter(|package| !wanted.is_empty() && package.name.trim().to_lowercase() == wanted);
    match (of_that_name.next(), of_that_name.next()) {
        (Some(_), Some(_)) => Match::SeveralOfThatName,
        (Some(package), None) => Match::Name(package),
        _ => Match::None,
    }
}

/// The different UUIDs in a text such as `Standard (7a0e1c52-…)`.
fn uuids_in(text: &str) -> BTreeSet<PackageId> {
    let is_hex = |c: char| c.is_ascii_hexdigit();
    let found = text.char_indices().filter_map(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let (uuid, after) = rest.split_at_checked(36)?;
        let stands_alone = !before.ends_with(is_hex) && !after.starts_with(is_hex);
        let uuid = Uuid::try_parse(uuid).ok().filter(|_| stands_alone)?;
        PackageId::parse(&uuid.to_string()).ok()
    });
    found.collect()
}
