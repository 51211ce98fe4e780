//! What simulators share in reading bodies.

use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The base, with those of its fields replaced that a request names.
pub(super) fn changed<T: Serialize + DeserializeOwned>(base: &T, changes: Map<String, Value>) -> Result<T, StatusCode> {
    let mut value = serde_json::to_value(base).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    if let Some(fields) = value.as_object_mut() {
        fields.extend(changes);
    }
    serde_json::from_value(value).map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)
}

/// Everything that a body says, with the escapes of its JSON undone.
pub(super) fn readable(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    if let Ok(value) = serde_json::from_slice(body) {
        append(&value, &mut text);
    }
    text
}

fn append(value: &Value, text: &mut String) {
    match value {
        Value::String(said) => {
            text.push(' ');
            text.push_str(said);
        }
        Value::Array(values) => values.iter().for_each(|value| append(value, text)),
        Value::Object(fields) => fields.values().for_each(|value| append(value, text)),
        _ => {}
    }
}
