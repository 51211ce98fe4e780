//! Secrets Manager in memory, or in a file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{JSON, failure};
use crate::simulators::shared::lock;

#[derive(Clone)]
pub(super) struct Secrets {
    values: Arc<Mutex<BTreeMap<String, String>>>,
    file: Option<PathBuf>,
}

impl Secrets {
    pub(super) fn open(file: Option<PathBuf>) -> std::io::Result<Self> {
        let kept = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
            None => BTreeMap::new(),
        };
        Ok(Self { values: Arc::new(Mutex::new(kept)), file })
    }

    pub(super) fn answer(&self, operation: &str, body: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let found = match operation {
            "CreateSecret" | "PutSecretValue" => {
                let name = if operation == "CreateSecret" { text("Name") } else { text("SecretId") };
                let mut values = lock(&self.values);
                values.insert(name.clone(), text("SecretString"));
                if let Some(file) = &self.file
                    && serde_json::to_vec(&*values).is_ok_and(|bytes| std::fs::write(file, bytes).is_err())
                {
                    return failure("InternalServiceError");
                }
                Some(json!({"Name": name, "ARN": arn(&name)}))
            }
            "GetSecretValue" => {
                let name = text("SecretId");
                let value = lock(&self.values).get(&name).cloned();
                value.map(|value| json!({"Name": name, "ARN": arn(&name), "SecretString": value}))
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
            None => {
                let body = json!({"__type": "ResourceNotFoundException", "message": "no such secret"});
                (StatusCode::BAD_REQUEST, [("content-type", JSON)], body.to_string()).into_response()
            }
        }
    }
}

fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:local:000000000000:secret:{name}")
}
