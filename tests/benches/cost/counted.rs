//! What a piece of work used, counted where it was used: the calls that the embedded AWS and the simulators answered.

use std::ops::{Add, Mul, Sub};

use local_stack::stack::{Error, Stack};
use serde_json::Value;

/// What AWS charges for, and what takes a function's time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Used {
    pub(super) reads: f64,
    pub(super) writes: f64,
    pub(super) secrets: f64,
    pub(super) messages: f64,
    pub(super) aws_calls: f64,
    pub(super) outside_calls: f64,
    /// Requests to the public API.
    pub(super) requests: f64,
}

impl Used {
    fn both(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            reads: of(self.reads, other.reads),
            writes: of(self.writes, other.writes),
            secrets: of(self.secrets, other.secrets),
            messages: of(self.messages, other.messages),
            aws_calls: of(self.aws_calls, other.aws_calls),
            outside_calls: of(self.outside_calls, other.outside_calls),
            requests: of(self.requests, other.requests),
        }
    }
}

impl Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.both(other, |a, b| a + b)
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.both(other, |a, b| a - b)
    }
}

impl Mul<f64> for Used {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        self.both(self, |a, _| a * times)
    }
}

/// Reads what a stack used since the last time.
pub(super) struct Meter<'a> {
    stack: &'a Stack,
    bodies: usize,
    outside: usize,
    delivered: usize,
}

impl<'a> Meter<'a> {
    pub(super) fn start(stack: &'a Stack) -> Result<Self, Error> {
        let mut meter = Self { stack, bodies: 0, outside: 0, delivered: 0 };
        meter.take()?;
        Ok(meter)
    }

    /// What was used since the last time. An event of a provider is a request to the public API; one of an ATS is not
    /// seen here.
    pub(super) fn take(&mut self) -> Result<Used, Error> {
        let calls = self.stack.aws.take_calls();
        let mut used = Used { aws_calls: calls.len() as f64, ..Used::default() };
        used.secrets = calls.iter().filter(|call| call.starts_with("secretsmanager:")).count() as f64;
        let bodies = self.stack.aws.bodies();
        let others = calls.iter().filter(|call| !call.starts_with("secretsmanager:"));
        for (call, body) in others.zip(bodies.iter().skip(self.bodies)) {
            let (reads, writes) = units(call, &serde_json::from_str(body)?)?;
            used.reads += reads;
            used.writes += writes;
            used.messages += f64::from(u8::from(call == "sqs:SendMessage"));
        }
        self.bodies = bodies.len();
        let all = self.stack.simulators()?;
        let harnesses =
            [&all.icims.harness, &all.pageup.harness, &all.lever.harness, &all.certn.harness, &all.asurint.harness];
        let outside: usize = harnesses.map(|harness| harness.answered("").len()).iter().sum();
        used.outside_calls = (outside - self.outside) as f64;
        let delivered = all.certn.deliveries().len() + all.asurint.deliveries().len();
        used.requests = (delivered - self.delivered) as f64;
        (self.outside, self.delivered) = (outside, delivered);
        Ok(used)
    }
}

/// The units that DynamoDB charges for a call: read and written. What is read is taken to be 4 kB at the most.
fn units(call: &str, body: &Value) -> Result<(f64, f64), Error> {
    let is_consistent = body.get("ConsistentRead").and_then(Value::as_bool) == Some(true);
    Ok(match call {
        "dynamodb:GetItem" | "dynamodb:Query" => (if is_consistent { 1.0 } else { 0.5 }, 0.0),
        "dynamodb:PutItem" => (0.0, written(body.get("Item"), 1.0)),
        "dynamodb:UpdateItem" | "dynamodb:DeleteItem" => (0.0, 1.0),
        "dynamodb:TransactWriteItems" => {
            let actions = body.get("TransactItems").and_then(Value::as_array).ok_or("a transaction without items")?;
            (0.0, actions.iter().map(|action| written(action.pointer("/Put/Item"), 2.0)).sum())
        }
        other if other.starts_with("sqs:") => (0.0, 0.0),
        other => return Err(format!("what does {other} cost?").into()),
    })
}

/// The units of one write, with those of the indexes. An item in the index of what is due moves in it; of a write that
/// is no put only the table is charged.
fn written(item: Option<&Value>, factor: f64) -> f64 {
    let Some(item) = item else { return factor };
    let kilobytes = (size_of(item) as f64 / 1024.0).ceil();
    let has = |name: &str| f64::from(u8::from(item.get(name).is_some()));
    kilobytes * (factor + 2.0 * has("due_shard") + has("list_pk") + has("pref"))
}

/// About what a value takes in the table: names and texts.
fn size_of(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + size_of(value)).sum(),
        Value::Array(values) => values.iter().map(size_of).sum(),
        Value::String(text) => text.len(),
        _ => 1,
    }
}
