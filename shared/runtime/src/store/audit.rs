//! What admins changed: written with the change itself, and never changed or deleted after it.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::connection::Connection;
use domain::id::ConnectionId;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::items::{self, text};
use super::page::{self, ListError, Page};
use super::{Store, StoreError};

/// For how long it is kept: where the provider's reports are subject to the FCRA, longer than its time limit of five
/// years.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 365 * 2);
const KEPT_UNDER_FCRA: SignedDuration = SignedDuration::from_hours(24 * 365 * 6);

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditEntry {
    pub connection: ConnectionId,
    pub at: Timestamp,
    /// The ARN of the admin.
    pub by: String,
    /// What was done, as the operation's name without `admin-`, such as `update-connection`.
    pub action: String,
    /// What it was done to, and the names of what changed: no secret and nothing personal.
    pub about: String,
    /// Until when the entry is kept.
    pub kept_until: Timestamp,
}

impl AuditEntry {
    #[must_use]
    pub fn new(connection: &Connection, now: Timestamp, by: &str, action: &str, about: impl Into<String>) -> Self {
        let kept = if connection.provider.traits().is_under_fcra { KEPT_UNDER_FCRA } else { KEPT };
        Self {
            connection: connection.id.clone(),
            at: now,
            by: by.to_owned(),
            action: action.to_owned(),
            about: about.into(),
            kept_until: now.saturating_add(kept).unwrap_or(Timestamp::MAX),
        }
    }
}

fn audit_pk(connection: &ConnectionId) -> String {
    format!("AUDIT#{connection}")
}

impl Store {
    /// The write of an entry, to stand in the transaction of the change.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be made.
    pub(super) fn audited(&self, entry: &AuditEntry) -> Result<TransactWriteItem, StoreError> {
        let unique = crate::random::bytes::<4>().map_or(0, u32::from_be_bytes);
        let sk = format!("{}#{unique:08x}", items::sortable(entry.at));
        let item = items::item(&audit_pk(&entry.connection), &sk, entry, Some(entry.kept_until))?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        let put = put.map_err(|_| StoreError::new("construction"))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Writes an entry alone, where what was done is no change of the table.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn audit(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.client.transact_write_items().transact_items(self.audited(entry)?).send().await?;
        Ok(())
    }

    /// A page of a connection's entries, the latest first.
    ///
    /// # Errors
    /// [`ListError`]: the cursor is none, or the table cannot be read.
    pub async fn audit_entries(
        &self,
        connection: &ConnectionId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<AuditEntry>, ListError> {
        let pk = audit_pk(connection);
        let belongs = |key: &items::Item| {
            key.len() == 2 && items::text_of(key, "pk") == pk && !items::text_of(key, "sk").is_empty()
        };
        let start = cursor.map(|cursor| page::start(cursor, belongs)).transpose()?;
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", text(&pk)).scan_index_forward(false);
        let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
        let found = query.send().await?;
        let read = found.items.unwrap_or_default();
        let entries = read.iter().map(items::data).collect::<Result<_, _>>()?;
        Ok(Page { items: entries, next: found.last_evaluated_key.as_ref().and_then(page::cursor) })
    }
}
