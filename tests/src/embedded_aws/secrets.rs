//! Secrets Manager in memory, or in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{JSON, failure};
use crate::simulators::shared::lock;

/// Which version of a secret is in use, and which waits to be with what it holds.
#[derive(Default)]
struct Versions {
    current: String,
    pending: Option<(String, String)>,
}

#[derive(Clone)]
pub(super) struct Secrets {
    values: Arc<Mutex<BTreeMap<String, String>>>,
    versions: Arc<Mutex<BTreeMap<String, Versions>>>,
    file: Option<PathBuf>,
}

impl Secrets {
    pub(super) fn open(file: Option<PathBuf>) -> std::io::Result<Self> {
        let kept = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
            None => BTreeMap::new(),
        };
        Ok(Self { values: Arc::new(Mutex::new(kept)), versions: Arc::default(), file })
    }

    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let found = match operation {
            "CreateSecret" | "PutSecretValue" => {
                let name = if operation == "CreateSecret" { text("Name") } else { text("SecretId") };
                let is_there = lock(&self.values).contains_key(&name);
                if is_there && operation == "CreateSecret" {
                    return refused("ResourceExistsException");
                }
                let version = text("ClientRequestToken");
                if request.pointer("/VersionStages/0").and_then(Value::as_str) == Some("AWSPENDING") {
                    let pending = Some((version.clone(), text("SecretString")));
                    lock(&self.versions).entry(name.clone()).or_default().pending = pending;
                } else if self.keep(&name, text("SecretString")) {
                    lock(&self.versions).entry(name.clone()).or_default().current.clone_from(&version);
                } else {
                    return failure("InternalServiceError");
                }
                Some(json!({"Name": name, "ARN": arn(&name), "VersionId": version}))
            }
            "UpdateSecretVersionStage" => {
                let name = text("SecretId");
                let mut versions = lock(&self.versions);
                let versions = versions.entry(name.clone()).or_default();
                let pending = versions.pending.as_ref().filter(|(version, _)| *version == text("MoveToVersionId"));
                let Some((version, value)) = pending.cloned() else { return refused("ResourceNotFoundException") };
                if versions.current != text("RemoveFromVersionId") || text("VersionStage") != "AWSCURRENT" {
                    return refused("InvalidParameterException");
                }
                if !self.keep(&name, value) {
                    return failure("InternalServiceError");
                }
                versions.current = version;
                Some(json!({"Name": name, "ARN": arn(&name)}))
            }
            "GetSecretValue" => {
                let name = text("SecretId");
                let value = lock(&self.values).get(&name).cloned();
                let version = lock(&self.versions).entry(name.clone()).or_default().current.clone();
                value.map(|value| json!({"Name": name, "ARN": arn(&name), "SecretString": value, "VersionId": version}))
            }
            "DeleteSecret" => {
                let name = text("SecretId");
                let mut values = lock(&self.values);
                let deleted = values.remove(&name);
                if let Some(file) = &self.file
                    && serde_json::to_vec(&*values).is_ok_and(|bytes| std::fs::write(file, bytes).is_err())
                {
                    return failure("InternalServiceError");
                }
                deleted.map(|_| json!({"Name": name, "ARN": arn(&name), "DeletionDate": 0}))
            }
            _ => None,
        };
        match found {
            Some(answer) => (StatusCode::OK, [("content-type", JSON)], answer.to_string()).into_response(),
            None => refused("ResourceNotFoundException"),
        }
    }

    /// Puts a value in use; `false` where it cannot be written.
    fn keep(&self, name: &str, value: String) -> bool {
        let mut values = lock(&self.values);
        values.insert(name.to_owned(), value);
        let written = self.file.as_ref().map(|file| (file, serde_json::to_vec(&*values)));
        written.is_none_or(|(file, bytes)| bytes.is_ok_and(|bytes| std::fs::write(file, bytes).is_ok()))
    }
}

fn refused(code: &str) -> Response {
    let body = json!({"__type": code, "message": "the local stack says so"});
    (StatusCode::BAD_REQUEST, [("content-type", JSON)], body.to_string()).into_response()
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:local:000000000000:secret:{name}")
}
