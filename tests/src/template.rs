//! What `template.yaml` declares, so that routes, queues and the table are declared once.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value as Json, json};
use serde_norway::Value;

use crate::roles::{self, Role};

/// The template of this repository, as it was when the program was built.
const TEMPLATE: &str = include_str!("../../template.yaml");

/// One route and the function behind it, named by its binary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub method: String,
    /// With `{name}` and `{proxy+}`, as API Gateway has it.
    pub path: String,
    pub function: String,
    pub needs_iam: bool,
    /// How long the function may take.
    pub timeout: Duration,
}

/// What starts a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    Queue(String),
    Schedule,
}

/// The functions with their triggers, and the table.
#[derive(Debug, Clone)]
pub struct Template {
    pub functions: Vec<String>,
    /// The names of the functions' resources, by their binaries.
    pub logical_ids: BTreeMap<String, String>,
    pub routes: Vec<Route>,
    pub triggers: Vec<(String, Trigger)>,
    /// The table as DynamoDB's `CreateTable` takes it.
    pub table: Json,
    /// What each function may do at AWS.
    pub roles: BTreeMap<String, Role>,
}

/// A template that is not of the form that this program reads.
#[derive(Debug)]
pub struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "template.yaml: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

/// The scalar behind CloudFormation's short tags: `!GetAtt Queue.Arn` is `Queue.Arn`.
pub(crate) fn scalar(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Tagged(tagged) => scalar(&tagged.value),
        _ => None,
    }
}

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Unreadable> {
    value.get(name).and_then(scalar).ok_or_else(|| Unreadable(format!("{name} is missing")))
}

impl Template {
    /// Reads the repository's template.
    ///
    /// # Errors
    /// [`Unreadable`] where it has not the expected form.
    pub fn read() -> Result<Self, Unreadable> {
        let template: Value = serde_norway::from_str(TEMPLATE).map_err(|error| Unreadable(error.to_string()))?;
        let resources = template.get("Resources").and_then(Value::as_mapping);
        let resources = resources.ok_or_else(|| Unreadable("Resources is missing".to_owned()))?;
        let mut read = Self {
            functions: Vec::new(),
            logical_ids: BTreeMap::new(),
            routes: Vec::new(),
            triggers: Vec::new(),
            table: Json::Null,
            roles: BTreeMap::new(),
        };
        let mut roles_of = BTreeMap::new();
        for (logical_id, resource) in resources {
            match resource.get("Type").and_then(scalar) {
                Some("AWS::Serverless::Function") => {
                    let (function, role) = read.function(scalar(logical_id).unwrap_or_default(), resource)?;
                    roles_of.insert(function, role);
                }
                Some("AWS::DynamoDB::Table") => read.table = table(resource)?,
                _ => {}
            }
        }
        read.roles = roles::read(resources, &roles_of)?;
        Ok(read)
    }

    /// Gives the function's name, and that of its role.
    fn function(&mut self, logical_id: &str, resource: &Value) -> Result<(String, String), Unreadable> {
        let binary = resource.get("Metadata").and_then(|metadata| metadata.get("BuildProperties"));
        let binary = text(binary.unwrap_or(&Value::Null), "Binary")?.to_owned();
        self.functions.push(binary.clone());
        self.logical_ids.insert(binary.clone(), logical_id.to_owned());
        let of_function = resource.get("Properties").unwrap_or(&Value::Null);
        let timeout = of_function.get("Timeout").and_then(Value::as_u64);
        let timeout = timeout.map(Duration::from_secs).ok_or_else(|| Unreadable("Timeout is missing".to_owned()))?;
        let events = of_function.get("Events");
        for event in events.and_then(Value::as_mapping).into_iter().flat_map(|events| events.values()) {
            let properties = event.get("Properties").unwrap_or(&Value::Null);
            match text(event, "Type")? {
                "HttpApi" => self.routes.push(Route {
                    method: text(properties, "Method")?.to_uppercase(),
                    path: text(properties, "Path")?.to_owned(),
                    function: binary.clone(),
                    needs_iam: text(properties, "ApiId")? == "AdminApi",
                    timeout,
                }),
                "SQS" => {
                    let queue = text(properties, "Queue")?.trim_end_matches(".Arn").to_owned();
                    self.triggers.push((binary.clone(), Trigger::Queue(queue)));
                }
                "ScheduleV2" => self.triggers.push((binary.clone(), Trigger::Schedule)),
                other => return Err(Unreadable(format!("an event of type {other}"))),
            }
        }
        let role = text(of_function, "Role")?.trim_end_matches(".Arn").to_owned();
        Ok((binary, role))
    }
}

fn table(resource: &Value) -> Result<Json, Unreadable> {
    let properties = resource.get("Properties").unwrap_or(&Value::Null);
    let part = |name: &str| -> Result<Json, Unreadable> {
        let part = properties.get(name).ok_or_else(|| Unreadable(format!("{name} is missing")))?;
        serde_norway::from_value(part.clone()).map_err(|error| Unreadable(error.to_string()))
    };
    Ok(json!({
        "TableName": "crosscheck",
        "BillingMode": part("BillingMode")?,
        "AttributeDefinitions": part("AttributeDefinitions")?,
        "KeySchema": part("KeySchema")?,
        "GlobalSecondaryIndexes": part("GlobalSecondaryIndexes")?,
    }))
}
