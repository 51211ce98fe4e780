//! Pages of a list, with a cursor that clients hand back as they got it.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;

use super::StoreError;
use super::items::{Item, number, text};

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// What was handed back is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

/// The key after which a page ended, in a form for a URL. Keys are texts and numbers.
pub(super) fn cursor(last: &Item) -> Option<String> {
    let mut parts: HashMap<&str, (&str, &str)> = HashMap::new();
    for (name, value) in last {
        let part = match (value.as_s(), value.as_n()) {
            (Ok(text), _) => ("S", text.as_str()),
            (_, Ok(number)) => ("N", number.as_str()),
            _ => return None,
        };
        parts.insert(name, part);
    }
    Some(BASE64URL_NOPAD.encode(&serde_json::to_vec(&parts).ok()?))
}

/// The key to go on after; `belongs` says whether it lies in the list that is asked for.
///
/// # Errors
/// [`NoCursor`] where it is none, or another list's.
pub(super) fn start(cursor: &str, belongs: impl Fn(&Item) -> bool) -> Result<Item, NoCursor> {
    let bytes = BASE64URL_NOPAD.decode(cursor.as_bytes()).map_err(|_| NoCursor)?;
    let parts: HashMap<String, (String, String)> = serde_json::from_slice(&bytes).map_err(|_| NoCursor)?;
    let value = |kind: &str, value: String| match kind {
        "S" => Ok(text(value)),
        "N" if value.parse::<i64>().is_ok() => Ok(number(value)),
        _ => Err(NoCursor),
    };
    let item = parts.into_iter().map(|(name, (kind, text))| Ok((name, value(&kind, text)?)));
    let item: Item = item.collect::<Result<_, NoCursor>>()?;
    if belongs(&item) { Ok(item) } else { Err(NoCursor) }
}

/// Why a list could not be read.
#[derive(Debug, Clone)]
pub enum ListError {
    NoCursor,
    Store(StoreError),
}

impl From<NoCursor> for ListError {
    fn from(NoCursor: NoCursor) -> Self {
        Self::NoCursor
    }
}

impl<E: Into<StoreError>> From<E> for ListError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_key_and_only_within_its_list() {
        let key = Item::from([("pk".to_owned(), text("A#1")), ("due_at".to_owned(), number(7))]);
        let handed = cursor(&key).unwrap();
        assert_eq!(start(&handed, |_| true), Ok(key));
        assert_eq!(start(&handed, |_| false), Err(NoCursor));
        for none in ["", "x", "bm9uZQ", "W10"] {
            assert_eq!(start(none, |_| true), Err(NoCursor), "{none}");
        }
    }
}
