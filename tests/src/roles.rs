//! What the template lets each function do at AWS.

use std::collections::BTreeMap;
use std::fmt;

use serde_norway::Value;

use crate::template::{Unreadable, scalar, text};

/// The secrets of all connections of a region, as the template names them.
const SECRETS: &str =
    "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:crosscheck/${Region}/connections/*";

/// One action on one resource, such as `dynamodb:Query` on `Table/index/due`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    pub action: String,
    /// The resource's logical name; `Secrets` for those of the connections.
    pub resource: String,
    /// With what the key of each item must begin, if it must.
    pub leading_key: Option<String>,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.resource)?;
        self.leading_key.as_ref().map_or(Ok(()), |key| write!(f, " {key}*"))
    }
}

/// What one call wants to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub action: String,
    pub resource: String,
    /// The key of the item that it is about, where it is about one.
    pub key: Option<String>,
}

/// The grants of one function.
#[derive(Debug, Clone, Default)]
pub struct Role(pub Vec<Grant>);

impl Role {
    /// The grant by which a call may be made.
    #[must_use]
    pub fn grant_for(&self, need: &Need) -> Option<&Grant> {
        self.0.iter().find(|grant| {
            let begins = |with: &String| need.key.as_ref().is_some_and(|key| key.starts_with(with.as_str()));
            grant.action == need.action
                && grant.resource == need.resource
                && grant.leading_key.as_ref().is_none_or(begins)
        })
    }
}

/// The role of each function, by the name of its binary; `roles_of` gives the logical name of a function's role.
pub(crate) fn read(
    resources: &serde_norway::Mapping,
    roles_of: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Role>, Unreadable> {
    let mut roles = BTreeMap::new();
    for (function, name) in roles_of {
        let role = resources.get(name.as_str()).ok_or_else(|| Unreadable::new(format!("{name} is missing")))?;
        let policies = role.get("Properties").and_then(|properties| properties.get("Policies"));
        let policies = policies.and_then(Value::as_sequence).into_iter().flatten();
        let statements = policies.filter_map(|policy| policy.get("PolicyDocument")?.get("Statement")?.as_sequence());
        let mut grants = Vec::new();
        for statement in statements.flatten() {
            grants.extend(grants_of(statement)?);
        }
        roles.insert(function.clone(), Role(grants));
    }
    Ok(roles)
}

fn grants_of(statement: &Value) -> Result<Vec<Grant>, Unreadable> {
    if text(statement, "Effect")? != "Allow" {
        return Err(Unreadable::new("a statement that does not allow"));
    }
    let leading_key = match statement.get("Condition") {
        None => None,
        Some(condition) => Some(leading_key(condition)?),
    };
    let mut grants = Vec::new();
    for resource in all(statement, "Resource") {
        let resource = resource_named(resource)?;
        for action in all(statement, "Action") {
            let (action, resource, leading_key) = (action.to_owned(), resource.clone(), leading_key.clone());
            grants.push(Grant { action, resource, leading_key });
        }
    }
    Ok(grants)
}

/// One text, or each of a list.
fn all<'a>(value: &'a Value, name: &str) -> Vec<&'a str> {
    match value.get(name) {
        Some(Value::Sequence(list)) => list.iter().filter_map(scalar).collect(),
        Some(one) => scalar(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn leading_key(condition: &Value) -> Result<String, Unreadable> {
    let keys = condition.get("ForAllValues:StringLike").and_then(|like| like.get("dynamodb:LeadingKeys"));
    let key = keys.and_then(Value::as_sequence).and_then(|keys| scalar(keys.first()?)?.strip_suffix('*'));
    key.map(str::to_owned).ok_or_else(|| Unreadable::new("a condition that is not about leading keys"))
}

fn resource_named(resource: &str) -> Result<String, Unreadable> {
    if resource == SECRETS {
        return Ok("Secrets".to_owned());
    }
    let name = resource.replace("${", "").replace('}', "").replace(".Arn", "");
    if name.contains(['*', ':']) {
        return Err(Unreadable::new(format!("{resource} is more than one resource")));
    }
    Ok(name)
}
