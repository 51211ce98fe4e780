//! Reads JSON that is fuzzed on purpose: PageUp shuffles the properties of every object, adds one whose name and value are
//! random UUIDs, and is not at one with itself about the case of letters.

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::text::clip;

/// The names under which a list, or a single entry, may be wrapped.
const WRAPPERS: [&str; 4] = ["backgroundcheckrequests", "backgroundcheckrequest", "items", "data"];

/// No fact that is looked for is longer. A longer text is cut visibly: it is still there, and no valid id or address.
const LONGEST: usize = 500;

/// The same with all names in lower case and without those that are UUIDs. Of two names that differ only in their case,
/// the first one that has something counts.
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
                if is_nothing(known) {
                    *known = plain(value);
                }
            }
            Value::Object(named)
        }
        other => other,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
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

/// The text or number at the first of the paths that leads to one of a sensible length, or else the first one cut short.
/// Blank is nothing.
pub(super) fn text_at(entry: &Value, paths: &[String]) -> Option<String> {
    let mut texts = paths.iter().filter_map(|path| one_text_at(entry, path));
    let first = texts.next()?;
    let is_sensible = |text: &String| text.chars().count() <= LONGEST;
    let sensible = if is_sensible(&first) { None } else { texts.find(is_sensible) };
    Some(clip(&sensible.unwrap_or(first), LONGEST))
}

fn one_text_at(entry: &Value, path: &str) -> Option<String> {
    let text = match path.split('.').try_fold(entry, |at, name| at.get(name.to_lowercase()))? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 => format!("{whole:.0}"),
            _ => number.to_string(),
        },
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
