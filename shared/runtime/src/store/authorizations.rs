//! Where granted accesses stand, who is replacing a pair of tokens just now, and which deliveries were taken in.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use domain::authorization::Authorization;
use domain::connection::Connection;
use domain::id::ConnectionId;
use jiff::{SignedDuration, Timestamp};

use super::items::{self, Item, number, text};
use super::{Store, StoreError};

/// How long a delivery is remembered: longer than the two weeks in which Lever can send it again.
const DELIVERY_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

fn connection_pk(connection: &ConnectionId) -> String {
    format!("CONN#{connection}")
}

fn authorization_item(authorization: &Authorization) -> Result<Item, StoreError> {
    let mut item = items::item(&connection_pk(&authorization.connection), "ACCESS", authorization, None)?;
    item.insert("rev".to_owned(), number(authorization.rev));
    Ok(item)
}

/// Whether the right to change an access was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    Taken,
    /// Somebody is changing it just now.
    Busy,
    /// It could not be changed a moment ago.
    RestsUntil(Timestamp),
}

fn claim_item(connection: &ConnectionId, owner: &str, until: Timestamp) -> Item {
    let mut item = items::key(&connection_pk(connection), "ACCESS#claim");
    item.insert("owner".to_owned(), text(owner));
    item.insert("until".to_owned(), number(until.as_millisecond()));
    item
}

/// What a new connection needs beside itself.
pub(super) fn first_authorization(connection: &Connection) -> Result<Option<Item>, StoreError> {
    let authorizes = connection.ats.authorizes().is_some();
    let new = authorizes.then(|| Authorization::new(connection.id.clone(), connection.created_at));
    new.as_ref().map(authorization_item).transpose()
}

impl Store {
    /// Where the connection's access stands; nothing where none is granted.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn authorization(&self, connection: &ConnectionId) -> Result<Option<Authorization>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(items::key(&connection_pk(connection), "ACCESS"))).send().await?;
        found.item.as_ref().map(items::data).transpose()
    }

    /// Stores where the access stands, if nobody was first: `rev` is what was read. Whether it was stored.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn save_authorization(&self, authorization: &Authorization, rev: u64) -> Result<bool, StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(authorization_item(authorization)?));
        let put = put.condition_expression("rev = :rev").expression_attribute_values(":rev", number(rev));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if items::is_conflict(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the right to change the connection's access until `until`, if nobody has it. After a failure it rests: for
    /// everybody, or with `despite_failure` for nobody.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn claim_access(
        &self,
        connection: &ConnectionId,
        owner: &str,
        now: Timestamp,
        until: Timestamp,
        despite_failure: bool,
    ) -> Result<Claim, StoreError> {
        let free = "attribute_not_exists(pk) OR #until <= :now OR #owner = :owner";
        let condition = if despite_failure { format!("{free} OR attribute_exists(failed)") } else { free.to_owned() };
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(claim_item(connection, owner, until)));
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = put.condition_expression(condition);
        let put = put.expression_attribute_names("#until", "until").expression_attribute_names("#owner", "owner");
        let put = put.expression_attribute_values(":owner", text(owner));
        match put.expression_attribute_values(":now", number(now.as_millisecond())).send().await {
            Ok(_) => Ok(Claim::Taken),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let rests = failed.item().filter(|item| item.contains_key("failed"));
                    let until =
                        rests.and_then(|item| Timestamp::from_millisecond(items::number_of(item, "until")?).ok());
                    Ok(until.map_or(Claim::Busy, Claim::RestsUntil))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Says that what the right was taken for failed, so that nobody tries again before `until`.
    ///
    /// # Errors
    /// [`StoreError`]: it runs out by itself.
    pub async fn rest_access(
        &self,
        connection: &ConnectionId,
        owner: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = claim_item(connection, owner, until);
        item.insert("failed".to_owned(), AttributeValue::Bool(true));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.condition_expression("#owner = :owner").expression_attribute_names("#owner", "owner");
        match put.expression_attribute_values(":owner", text(owner)).send().await {
            Ok(_) => Ok(()),
            Err(error) if items::is_conflict(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives that right back, if it is still there to be given.
    ///
    /// # Errors
    /// [`StoreError`]: it runs out by itself.
    pub async fn release_access(&self, connection: &ConnectionId, owner: &str) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(items::key(&connection_pk(connection), "ACCESS#claim")));
        let delete = delete.condition_expression("#owner = :owner").expression_attribute_names("#owner", "owner");
        match delete.expression_attribute_values(":owner", text(owner)).send().await {
            Ok(_) => Ok(()),
            Err(error) if items::is_conflict(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the delivery was taken in before.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn knows_delivery(&self, connection: &ConnectionId, delivery: &str) -> Result<bool, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(items::key(&format!("SEEN#{connection}"), delivery))).send().await?;
        Ok(found.item.is_some())
    }

    /// Remembers a delivery that was taken in.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn remember_delivery(
        &self,
        connection: &ConnectionId,
        delivery: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = items::key(&format!("SEEN#{connection}"), delivery);
        let expires_at = now.saturating_add(DELIVERY_KEPT).unwrap_or(Timestamp::MAX);
        item.insert("expires_at".to_owned(), number(expires_at.as_second()));
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }
}
