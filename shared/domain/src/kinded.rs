//! Settings whose `kind` says of what they are: read so that an error names the field inside them, which serde's own tagged
//! enums cannot.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

/// Stands in an error's text between the field inside and what is wrong with it.
pub const WITHIN: char = '\u{1f}';

/// The kind, and everything else.
///
/// # Errors
/// It is not an object with a `kind`.
pub(crate) fn split<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(String, Value), D::Error> {
    let mut fields = Map::deserialize(deserializer)?;
    match fields.remove("kind") {
        Some(Value::String(kind)) => Ok((kind, Value::Object(fields))),
        Some(_) => Err(D::Error::custom(format!("kind{WITHIN}invalid type: expected a string"))),
        None => Err(D::Error::missing_field("kind")),
    }
}

/// Reads what belongs to a kind; an error's text begins with the field at fault and [`WITHIN`].
///
/// # Errors
/// It is not of the expected form.
pub(crate) fn read<T: DeserializeOwned, E: Error>(rest: Value) -> Result<T, E> {
    serde_path_to_error::deserialize(rest).map_err(|error| {
        let path = error.path().to_string();
        E::custom(format!("{}{WITHIN}{}", path.trim_start_matches('.'), error.inner()))
    })
}
