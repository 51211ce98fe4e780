//! Which packages a candidate's tags name.

use super::settings::is_same_name;

/// What follows the prefix in a tag that begins with it, in whatever case.
pub(super) fn name_in<'a>(tag: &'a str, prefix: &str) -> Option<&'a str> {
    let (tag, prefix) = (tag.trim(), prefix.trim().to_lowercase());
    let ends = tag.char_indices().map(|(at, _)| at).chain([tag.len()]);
    let (_, name) = ends.filter_map(|at| tag.split_at_checked(at)).find(|(head, _)| head.to_lowercase() == prefix)?;
    Some(name.trim()).filter(|name| !name.is_empty())
}

/// The names in the tags, each once.
fn names(tags: &[String], prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in tags.iter().filter_map(|tag| name_in(tag, prefix)) {
        if !has(&names, name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| is_same_name(known, name))
}

/// The packages that are asked for. A posting hands its tags down to its candidates, so of several on a candidate those
/// count that the posting does not have: somebody chose them for this one.
pub(super) fn chosen(
    on_opportunity: &[String],
    on_posting: &[String],
    prefix: &str,
    default: Option<&str>,
) -> Vec<String> {
    let (own, inherited) = (names(on_opportunity, prefix), names(on_posting, prefix));
    match own.as_slice() {
        [] if inherited.is_empty() => default.map(|name| name.trim().to_owned()).into_iter().collect(),
        [] => inherited,
        [_] => own,
        _ => {
            let deliberate: Vec<String> = own.iter().filter(|name| !has(&inherited, name)).cloned().collect();
            if deliberate.is_empty() { own } else { deliberate }
        }
    }
}
