//! Taking a whole connection out of the table.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem, Update};
use domain::connection::Connection;
use domain::id::{ConnectionId, OrderId};
use futures::stream::{self, TryStreamExt};
use jiff::Timestamp;

use super::erasing::marks_pk;
use super::items::{self, Item, number, text};
use super::{AuditEntry, Store, StoreError};
use crate::deadline::Deadline;

/// How many orders are deleted at once.
const AT_ONCE: usize = 8;

/// What must be left of the invocation to go on deleting.
const GOES_ON: std::time::Duration = std::time::Duration::from_secs(6);

/// How far deleting a connection's data came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    pub orders: usize,
    /// Nothing of the connection is left but itself.
    pub all: bool,
}

fn connection_key(id: &ConnectionId) -> Item {
    items::key(&format!("CONN#{id}"), "META")
}

impl Store {
    /// How many of the connection's orders are open.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn open_orders(&self, connection: &ConnectionId) -> Result<usize, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list");
        let query = query.key_condition_expression("list_pk = :pk");
        let query = query.expression_attribute_values(":pk", text(format!("ORDERS#{connection}")));
        let mut found = query.into_paginator().items().send();
        let mut open = 0;
        while let Some(item) = found.next().await {
            let order: domain::order::Order = items::data(&item?)?;
            open += usize::from(order.is_open());
        }
        Ok(open)
    }

    /// Shuts the connection's doors, with its entry, if nobody changed it since `rev`. Whether it was stored.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn close_connection(&self, entry: &AuditEntry, rev: u64, now: Timestamp) -> Result<bool, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(connection_key(&entry.connection)))
            .update_expression(
                "SET #data.#state = :closing, #data.closing_since = :now, #data.#rev = :next, #rev = :next",
            )
            .condition_expression("#rev = :rev")
            .expression_attribute_names("#data", "data")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#rev", "rev")
            .expression_attribute_values(":closing", text("closing"))
            .expression_attribute_values(":now", serde_dynamo::to_attribute_value(now)?)
            .expression_attribute_values(":rev", number(rev))
            .expression_attribute_values(":next", number(rev + 1));
        let update = update.build().map_err(|_| StoreError::new("construction"))?;
        let update = TransactWriteItem::builder().update(update).build();
        self.write_if(update, vec![self.audited(entry)?]).await
    }

    /// Deletes everything of the connection but itself, for as long as there is time.
    ///
    /// # Errors
    /// [`StoreError`]: a part may still be there; it is found again.
    pub async fn sweep(&self, connection: &Connection, deadline: Deadline) -> Result<Swept, StoreError> {
        let id = &connection.id;
        let orders = self.order_ids(id).await?;
        let mut swept = Swept::default();
        for some in orders.chunks(AT_ONCE) {
            if deadline.left() < GOES_ON {
                return Ok(swept);
            }
            stream::iter(some.iter().map(Ok)).try_for_each_concurrent(AT_ONCE, |id| self.delete_order(id)).await?;
            swept.orders += some.len();
        }
        let mut partitions: Vec<String> =
            ["INBOX", "UNMAPPED", "REQ", "SEEN"].into_iter().map(|of| format!("{of}#{id}")).collect();
        partitions.push(marks_pk(id));
        let systems = [connection.ats.name(), connection.provider.name()];
        partitions.extend(systems.map(|system| format!("RL#{id}#{system}")));
        partitions.push(format!("CONN#{id}"));
        for pk in partitions {
            let mut keys = self.keys_in(&pk).await?;
            keys.retain(|key| *key != connection_key(id));
            for some in keys.chunks(100) {
                if deadline.left() < GOES_ON {
                    return Ok(swept);
                }
                self.delete_items(some.to_vec()).await?;
            }
        }
        let spilled = self.spilled_about(id, |_| true).await?;
        self.delete_items(spilled).await?;
        swept.all = true;
        Ok(swept)
    }

    async fn order_ids(&self, connection: &ConnectionId) -> Result<Vec<OrderId>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list").projection_expression("pk");
        let query = query.key_condition_expression("list_pk = :pk");
        let query = query.expression_attribute_values(":pk", text(format!("ORDERS#{connection}")));
        let found: Vec<Item> = query.into_paginator().items().send().collect::<Result<_, _>>().await?;
        let id = |item: &Item| OrderId::parse(items::text_of(item, "pk").strip_prefix("ORD#")?).ok();
        Ok(found.iter().filter_map(id).collect())
    }

    /// Deletes the connection itself, with its entry. Whether it was still there.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn remove_connection(&self, entry: &AuditEntry) -> Result<bool, StoreError> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(connection_key(&entry.connection)));
        let delete = delete.condition_expression("attribute_exists(pk)").build();
        let delete = delete.map_err(|_| StoreError::new("construction"))?;
        let delete = TransactWriteItem::builder().delete(delete).build();
        self.write_if(delete, vec![self.audited(entry)?]).await
    }
}
