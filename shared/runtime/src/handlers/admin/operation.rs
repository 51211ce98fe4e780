//! What each operation of the admin API takes and answers, as data: the description that clients read is made of it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// The schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
#[must_use]
pub const fn of<T: JsonSchema>() -> SchemaOf {
    SchemaGenerator::subschema_for::<T>
}

/// A parameter of the query.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub about: &'static str,
    pub required: bool,
    pub schema: SchemaOf,
}

/// How many items a page has.
pub const LIMIT: Parameter =
    Parameter { name: "limit", about: "How many items at most: 1 to 200, else 50.", required: false, schema: limit };

/// Where a list goes on.
pub const CURSOR: Parameter = Parameter {
    name: "cursor",
    about: "The `next` of the page before.",
    required: false,
    schema: SchemaGenerator::subschema_for::<String>,
};

/// The headers that an operation takes, by its function.
pub const HEADERS: &[(&str, Parameter)] = &[(
    "admin-create-connection",
    Parameter {
        name: "Idempotency-Key",
        about: "Names the request: sent again with the same one, it answers with the connection that it made before.",
        required: false,
        schema: of::<domain::id::ConnectionId>(),
    },
)];

fn limit(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({"type": "integer", "minimum": 1, "maximum": 200})
}

/// One operation, as its function serves it.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The function's name.
    pub function: &'static str,
    pub method: &'static str,
    /// As in the template, with `{connection}` or `{order}`.
    pub path: &'static str,
    /// What it is for, in a sentence.
    pub summary: &'static str,
    pub query: &'static [Parameter],
    pub body: Option<SchemaOf>,
    /// Each answer that is no problem.
    pub answers: &'static [(u16, SchemaOf)],
    /// The statuses of the problems that it may answer with.
    pub problems: &'static [u16],
}
