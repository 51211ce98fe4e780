//! Reads JSON that is fuzzed on purpose: PageUp shuffles the properties of every object, adds one whose name and value are
//! random UUIDs, and is not at one with itself about the case of letters.

use serde_json::{Map, Value};
use uuid::Uuid;

/// The names under which a list, or a single entry, may be wrapped.
const WRAPPERS: [&str; 4] = ["backgroundcheckrequests", "backgroundcheckrequest", "items", "data"];

/// A longer text is none of the facts that are looked for.
const LONGEST: usize = 500;

/// The same with all names in lower case and without those that are UUIDs. Of two names that differ only in their case,
/// the one that has something counts.
pub(super) fn plain(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(plain).collect()),
        Value::Object(fields) => {
            let mut named = Map::new();
            for (name, value) in fields {
                if Uuid::try_parse(&name).is_ok() {
                    continue;
                }
                let known = named.entry(name.to_lowercase()).or_insert(Value::Null);
                if known.is_null() {
                    *known = plain(value);
                }
            }
            Value::Object(named)
        }
        other => other,
    }
}

/// The entries of a plain answer: a list, bare or wrapped, of entries, bare or wrapped; or a single entry.
pub(super) fn entries(plain: Value) -> Option<Vec<Value>> {
    match plain {
        Value::Array(entries) => Some(entries.into_iter().map(unwrapped).collect()),
        Value::Object(mut fields) => match WRAPPERS.iter().find_map(|name| fields.remove(*name)) {
            Some(inner) => entries(inner),
            None if fields.is_empty() => None,
            None => Some(vec![Value::Object(fields)]),
        },
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

fn unwrapped(entry: Value) -> Value {
    match entry {
        Value::Object(mut fields) => match fields.remove("backgroundcheckrequest") {
            Some(inner @ Value::Object(_)) => inner,
            _ => Value::Object(fields),
        },
        other => other,
    }
}

/// The text or number at the first of the paths that leads to one. Blank is nothing.
pub(super) fn text_at(entry: &Value, paths: &[String]) -> Option<String> {
    paths.iter().find_map(|path| {
        let found = path.split('.').try_fold(entry, |at, name| at.get(name.to_lowercase()))?;
        let text = match found {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        (1..=LONGEST).contains(&text.chars().count()).then_some(text)
    })
}
