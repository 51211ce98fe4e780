//! What a call needs to be allowed, as AWS reads it: a transaction needs what its parts need, and whoever uses what is
//! encrypted needs the key.

use serde_json::Value;

use super::Service;
use crate::roles::Need;

const KEY: &str = "Key";
const READ: &str = "kms:Decrypt";
const WRITE: &str = "kms:GenerateDataKey";

/// The needs of one call.
pub(super) fn of_call(service: Service, operation: &str, body: &Value) -> Vec<Need> {
    match service {
        Service::DynamoDb => of_table(operation, body),
        Service::Sqs => {
            let queue = text(body, "QueueUrl").rsplit('/').next().unwrap_or_default();
            let key: &[&str] = if operation == "SendMessage" { &[READ, WRITE] } else { &[] };
            with_key(vec![need("sqs", operation, queue, None)], key)
        }
        Service::SecretsManager => {
            let name = if operation == "CreateSecret" { "Name" } else { "SecretId" };
            let of_connection =
                matches!(text(body, name).split('/').collect::<Vec<_>>()[..], ["crosscheck", _, "connections", _]);
            let resource = if of_connection { "Secrets" } else { "another secret" };
            let key: &[&str] = match operation {
                "GetSecretValue" => &[READ],
                "CreateSecret" | "PutSecretValue" => &[READ, WRITE],
                _ => &[],
            };
            with_key(vec![need("secretsmanager", operation, resource, None)], key)
        }
    }
}

/// What a queue needs of the function that takes its messages: Lambda asks in the function's name.
pub(super) fn of_worker(queue: &str) -> Vec<Need> {
    let asked = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
    with_key(asked.map(|operation| need("sqs", operation, queue, None)).to_vec(), &[READ])
}

fn of_table(operation: &str, body: &Value) -> Vec<Need> {
    let table = match text(body, "IndexName") {
        "" => "Table".to_owned(),
        index => format!("Table/index/{index}"),
    };
    let on_item = |operation: &str, part: &Value| {
        let of_item = ["/Item/pk/S", "/Key/pk/S"].iter().find_map(|path| part.pointer(path)?.as_str());
        need("dynamodb", operation, &table, of_item)
    };
    let needs = match operation {
        "TransactWriteItems" | "TransactGetItems" => parts(body).map(|(kind, part)| {
            let operation = match kind {
                "ConditionCheck" => "ConditionCheckItem".to_owned(),
                other => format!("{other}Item"),
            };
            on_item(&operation, part)
        }),
        _ => return with_key(vec![on_item(operation, body)], &[READ]),
    };
    with_key(needs.collect(), &[READ])
}

/// The parts of a transaction, each with its kind: `Put`, `Update`, `Delete`, `ConditionCheck`, `Get`.
fn parts(body: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let parts = body.get("TransactItems").and_then(Value::as_array);
    parts.into_iter().flatten().filter_map(Value::as_object).flatten().map(|(kind, part)| (kind.as_str(), part))
}

fn with_key(mut needs: Vec<Need>, actions: &[&str]) -> Vec<Need> {
    needs.extend(actions.iter().map(|action| Need {
        action: (*action).to_owned(),
        resource: KEY.to_owned(),
        key: None,
    }));
    needs
}

fn need(service: &str, operation: &str, resource: &str, key: Option<&str>) -> Need {
    Need { action: format!("{service}:{operation}"), resource: resource.to_owned(), key: key.map(str::to_owned) }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
