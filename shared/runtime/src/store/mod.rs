//! The one table: ids, codes and times. Every write has a condition, so that whoever comes second knows.

mod applications;
mod audit;
mod authorizations;
mod connections;
mod erasing;
mod inbox;
mod items;
mod limiter;
mod mappings;
mod offboarding;
mod order_list;
mod orders;
mod page;
mod polls;
mod requests;
mod spill;
mod unmapped;
mod uses;

use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

pub use self::audit::AuditEntry;
pub use self::authorizations::Claim;
pub use self::connections::{Connected, EventCursor};
pub use self::erasing::Kept;
pub use self::inbox::{Arrival, Arrived};
pub use self::mappings::{Deleted, Mapped, Put};
pub use self::order_list::OrderFilter;
pub use self::orders::{DUE_SHARDS, Expect, Saved, Story};
pub use self::page::{ListError, NoCursor, Page};
pub use self::requests::{KEPT_FOR, KeptRequest};
pub use self::spill::Spilled;
pub use self::unmapped::Unmapped;
pub use self::uses::LastUse;

/// The table could not be used; the caller tries again later. `cause` is the service's error code.
#[derive(Debug, Clone)]
pub struct StoreError {
    cause: String,
}

impl StoreError {
    fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into() }
    }

    /// The table's own cursor is not taken back.
    pub(crate) fn of_list() -> Self {
        Self::new("a cursor that is none")
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cause)
    }
}

impl std::error::Error for StoreError {}

impl<E: ProvideErrorMetadata, R> From<SdkError<E, R>> for StoreError {
    fn from(error: SdkError<E, R>) -> Self {
        let kind = match &error {
            SdkError::ConstructionFailure(_) => "construction",
            SdkError::TimeoutError(_) => "time-out",
            SdkError::DispatchFailure(_) => "dispatch",
            SdkError::ResponseError(_) => "response",
            _ => "service",
        };
        Self::new(error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or(kind))
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(_: serde_dynamo::Error) -> Self {
        Self::new("an item that is not of its form")
    }
}

/// The table with the client that reaches it.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: String,
    leases: limiter::Leases,
    turns: limiter::Turns,
}

impl Store {
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, leases: limiter::Leases::default(), turns: limiter::Turns::default() }
    }

    /// Opens the connection to the service, so that the first request does not wait for it.
    pub async fn warm_up(&self) {
        // Whether the item exists does not matter, and an error will show again where it does.
        let _ = self.client.get_item().table_name(&self.table).set_key(Some(items::key("WARM", "UP"))).send().await;
    }
}
