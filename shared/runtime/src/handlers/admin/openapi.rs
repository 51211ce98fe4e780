//! The description of the admin API (OpenAPI 3.1), made of the operations themselves.

use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value, json};

use super::OPERATIONS;
use super::operation::{HEADERS, Operation, SchemaOf, of};
use crate::edge::Problem;

/// The whole document, as JSON.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.to_lowercase(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crosscheck admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Connects customers, shows what became of their checks, and cures what stands in the way. \
                A deployed stack takes requests signed with AWS Signature Version 4 for `execute-api`; a local one takes them as they are.",
        },
        "paths": paths,
    })
}

fn schema(of: SchemaOf, contract: Contract) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.contract = contract;
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut schema = of(&mut generator).to_value();
    // What refers to itself cannot be inlined.
    let definitions = generator.take_definitions(true);
    if let (false, Some(fields)) = (definitions.is_empty(), schema.as_object_mut()) {
        fields.insert("$defs".to_owned(), Value::Object(definitions));
    }
    schema
}

fn described(operation: &Operation) -> Value {
    let in_path = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path.map(|name| {
        let schema = schema(of::<domain::id::ConnectionId>(), Contract::Deserialize);
        json!({"name": name, "in": "path", "required": true, "schema": schema})
    });
    let in_query = operation.query.iter().map(|parameter| {
        json!({
            "name": parameter.name, "in": "query", "required": parameter.required,
            "description": parameter.about, "schema": schema(parameter.schema, Contract::Deserialize),
        })
    });
    let of_function = HEADERS.iter().filter(|(function, _)| *function == operation.function);
    let in_header = of_function.map(|(_, parameter)| {
        json!({
            "name": parameter.name, "in": "header", "required": parameter.required,
            "description": parameter.about, "schema": schema(parameter.schema, Contract::Deserialize),
        })
    });
    let mut responses = Map::new();
    for (status, of) in operation.answers {
        let content = json!({"application/json": {"schema": schema(*of, Contract::Serialize)}});
        responses.insert(status.to_string(), json!({"description": "Done.", "content": content}));
    }
    for status in operation.problems {
        let content = json!({"application/problem+json": {"schema": schema(of::<Problem>(), Contract::Serialize)}});
        responses.insert(status.to_string(), json!({"description": meaning(*status), "content": content}));
    }
    let mut described = json!({
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "parameters": in_path.chain(in_query).chain(in_header).collect::<Vec<_>>(),
        "responses": responses,
    });
    if let (Some(body), Some(fields)) = (operation.body, described.as_object_mut()) {
        let content = json!({"application/json": {"schema": schema(body, Contract::Deserialize)}});
        fields.insert("requestBody".to_owned(), json!({"required": true, "content": content}));
    }
    described
}

const fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is not of the form that the operation takes.",
        404 => "There is no such thing in this region.",
        409 => "It is not as the request supposes, or somebody else was first.",
        413 => "The body is too large.",
        422 => "What was sent could not work; each field at fault is named.",
        429 => {
            "Too soon after the last time, too often, or the calls that the provider allows are spent: see `Retry-After`."
        }
        503 => "Something that is needed cannot be reached just now: try again.",
        _ => "A problem.",
    }
}

/// The function's name; a function's other routes are told apart by the end of their path.
fn operation_id(operation: &Operation) -> String {
    let first = OPERATIONS.iter().find(|other| other.function == operation.function);
    if first.is_none_or(|first| first.path == operation.path) {
        return operation.function.to_owned();
    }
    format!("{}-{}", operation.function, operation.path.rsplit('/').next().unwrap_or_default())
}
