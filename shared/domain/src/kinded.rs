//! Settings whose `kind` says of what they are: read so that an error names the field inside them, which serde's own tagged
//! enums cannot.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::{Map, Value};

/// Stands in an error's text between the field inside and what is wrong with it.
pub const WITHIN: char = '\u{1f}';

/// Reads an enum by its field `kind`, which is the name of a module.
macro_rules! read_by_kind {
    ($Type:ident: $($module:ident $Kind:ident),+) => {
        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let (kind, rest) = $crate::kinded::split_by("kind", deserializer)?;
                match kind.as_str() {
                    $(stringify!($module) => $crate::kinded::read(rest).map(Self::$Kind),)+
                    other => Err(serde::de::Error::unknown_variant(other, &[$(stringify!($module)),+])),
                }
            }
        }
    };
}

pub(crate) use read_by_kind;

/// What the field `tag` says, and everything else.
///
/// # Errors
/// It is not an object with such a field.
pub fn split_by<'de, D: Deserializer<'de>>(tag: &'static str, deserializer: D) -> Result<(String, Value), D::Error> {
    let mut fields = Map::deserialize(deserializer)?;
    match fields.remove(tag) {
        Some(Value::String(kind)) => Ok((kind, Value::Object(fields))),
        Some(_) => Err(D::Error::custom(format!("{tag}{WITHIN}invalid type: expected a string"))),
        None => Err(D::Error::missing_field(tag)),
    }
}

/// Reads what belongs to a kind; an error's text begins with the field at fault and [`WITHIN`].
///
/// # Errors
/// It is not of the expected form.
pub fn read<T: DeserializeOwned, E: Error>(rest: Value) -> Result<T, E> {
    serde_path_to_error::deserialize(rest).map_err(|error| {
        let (path, text) = (error.path().to_string(), error.inner().to_string());
        // What is read may itself be of a kind.
        let (within, text) = text.split_once(WITHIN).unwrap_or(("", &text));
        let path = [path.trim_start_matches('.'), within].into_iter().filter(|part| !part.is_empty());
        E::custom(format!("{}{WITHIN}{text}", path.collect::<Vec<_>>().join(".")))
    })
}
