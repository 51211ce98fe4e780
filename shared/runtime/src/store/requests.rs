//! Requests of an ATS that lists each only once: sealed, for a day at most, and only until the order is placed.

use domain::id::{AtsId, ConnectionId};
use domain::request::Subject;
use domain::sealed::Sealed;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::items::{self, Item, number, text};
use super::{Store, StoreError};

/// How long a request rests at most. Its data is personal: what could not be ordered by then is refused.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A request as it rests in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRequest {
    pub connection: ConnectionId,
    pub subject: Subject,
    pub sealed: Sealed,
    pub kept_until: Timestamp,
}

impl KeptRequest {
    /// The name under which a request is sealed.
    #[must_use]
    pub fn name(connection: &ConnectionId, request: &AtsId) -> String {
        format!("{connection}#{request}")
    }

    pub(super) fn request(&self) -> &AtsId {
        self.subject.request.as_ref().unwrap_or(&self.subject.application)
    }
}

const DUE: &str = "REQUESTS";

pub(super) fn request_pk(connection: &ConnectionId) -> String {
    format!("REQ#{connection}")
}

pub(super) fn request_key(connection: &ConnectionId, request: &AtsId) -> Item {
    items::key(&request_pk(connection), request.as_str())
}

impl Store {
    /// Stores a request until it is settled; at `due_at` somebody looks whether it got lost on its way. Whether it was
    /// not there yet.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn keep_request(&self, kept: &KeptRequest, due_at: Timestamp) -> Result<bool, StoreError> {
        let pk = request_pk(&kept.connection);
        let mut item = items::item(&pk, kept.request().as_str(), kept, Some(kept.kept_until))?;
        item.insert("due_shard".to_owned(), text(DUE));
        item.insert("due_at".to_owned(), number(due_at.as_millisecond()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Ok(_) => Ok(true),
            Err(error) if items::is_conflict(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The request, if it still rests here.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn kept_request(
        &self,
        connection: &ConnectionId,
        request: &AtsId,
    ) -> Result<Option<KeptRequest>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(request_key(connection, request))).send().await?;
        found.item.as_ref().map(items::data).transpose()
    }

    /// Up to a hundred requests that somebody should look after.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn due_requests(&self, now: Timestamp) -> Result<Vec<KeptRequest>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("due").limit(100);
        let query = query.key_condition_expression("due_shard = :shard AND due_at <= :now");
        let query = query.expression_attribute_values(":shard", text(DUE));
        let query = query.expression_attribute_values(":now", number(now.as_millisecond()));
        items::readable(query, 100).await?.iter().map(items::data).collect()
    }

    /// Has somebody look after it later.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn put_off_request(&self, kept: &KeptRequest, due_at: Timestamp) -> Result<(), StoreError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update.set_key(Some(request_key(&kept.connection, kept.request())));
        let update = update.update_expression("SET due_at = :due").condition_expression("attribute_exists(pk)");
        match update.expression_attribute_values(":due", number(due_at.as_millisecond())).send().await {
            Ok(_) => Ok(()),
            // It was settled meanwhile.
            Err(error) if items::is_conflict(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Erases a request.
    ///
    /// # Errors
    /// [`StoreError`] where it may still be there.
    pub async fn erase_request(&self, connection: &ConnectionId, request: &AtsId) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(request_key(connection, request))).send().await?;
        Ok(())
    }
}
