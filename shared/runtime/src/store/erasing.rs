//! Erasing what is kept of an application, and what keeps it from coming back.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, DeleteRequest, Put, TransactWriteItem, WriteRequest};
use domain::erasure;
use domain::hint::Hint;
use domain::id::{AtsId, ConnectionId, OrderId, ProviderOrderId};
use domain::order::Order;
use jiff::Timestamp;

use super::inbox::inbox_key;
use super::items::{self, Item, number, text};
use super::orders::order_pk;
use super::requests::request_key;
use super::{AuditEntry, Store, StoreError, spill};

/// How many items one batch deletes.
const BATCH: usize = 25;

/// How often a write that met another one is tried, and the pause between.
const TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// What the table holds of an application.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub orders: Vec<Order>,
    /// The keys of everything else.
    others: Vec<Item>,
}

impl Kept {
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.orders.is_empty() && self.others.is_empty()
    }
}

/// What a hint is about, by the names under which it may have been erased.
pub(super) fn names(hint: &Hint) -> (Option<&ConnectionId>, Vec<String>) {
    let of_provider = |provider_order: &ProviderOrderId, ours: Option<&OrderId>| {
        [erasure::provider_order(provider_order)].into_iter().chain(ours.map(erasure::order)).collect()
    };
    match hint {
        Hint::CheckRequested { connection, subject, .. } | Hint::LeftTrigger { connection, subject, .. } => {
            (Some(connection), vec![subject.application.as_str().to_owned()])
        }
        Hint::ProviderChanged { connection, provider_order, ours, .. } => {
            (Some(connection), of_provider(provider_order, ours.as_ref()))
        }
        Hint::ProviderTold { connection, truth, ours, .. } => {
            (Some(connection), of_provider(&truth.order, ours.as_ref()))
        }
        Hint::Resume { .. } | Hint::Sync { .. } => (None, Vec::new()),
    }
}

fn mark_key(connection: &ConnectionId, name: &str) -> Item {
    items::key(&marks_pk(connection), &erasure::mark(connection, name))
}

pub(super) fn marks_pk(connection: &ConnectionId) -> String {
    format!("ERASED#{connection}")
}

fn construction<T, E>(built: Result<T, E>) -> Result<T, StoreError> {
    built.map_err(|_| StoreError::new("construction"))
}

/// Whether one of a transaction's conditions did not hold, or it met another transaction.
fn has_reason<R>(error: &SdkError<TransactWriteItemsError, R>, code: &str) -> bool {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some(code))
        }
        _ => false,
    }
}

impl Store {
    /// The condition that nothing of that name was erased, to stand in the transaction of a write.
    pub(super) fn unless_erased(&self, connection: &ConnectionId, name: &str) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder().table_name(&self.table).condition_expression("attribute_not_exists(pk)");
        let check = construction(check.set_key(Some(mark_key(connection, name))).build())?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Writes all or nothing; whether every condition held.
    pub(super) async fn write_if(
        &self,
        write: TransactWriteItem,
        besides: Vec<TransactWriteItem>,
    ) -> Result<bool, StoreError> {
        for tried in 1..=TRIES {
            let transaction = self.client.transact_write_items().transact_items(write.clone());
            let all = besides.iter().cloned().fold(transaction, |all, write| all.transact_items(write));
            match all.send().await {
                Ok(_) => return Ok(true),
                Err(error) if has_reason(&error, "ConditionalCheckFailed") => return Ok(false),
                Err(error) if has_reason(&error, "TransactionConflict") && tried < TRIES => {
                    tokio::time::sleep(PAUSE * tried).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::new("TransactionConflict"))
    }

    fn mark(&self, connection: &ConnectionId, name: &str, kept_until: Timestamp) -> Result<Put, StoreError> {
        let mut item = mark_key(connection, name);
        item.insert("expires_at".to_owned(), number(kept_until.as_second()));
        let put = Put::builder().table_name(&self.table).set_item(Some(item));
        construction(put.condition_expression("attribute_not_exists(pk)").build())
    }

    /// Begins an erasure: from now on nothing of that name is stored any more. Written with its entry; both are there
    /// already where it was begun before. Whether it is the first time.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn begin_erasure(&self, entry: &AuditEntry, name: &str) -> Result<bool, StoreError> {
        let mark = self.mark(&entry.connection, name, entry.kept_until)?;
        let mark = TransactWriteItem::builder().put(mark).build();
        self.write_if(mark, vec![self.audited(entry)?]).await
    }

    /// Has nothing of that name stored any more.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn keep_erased(
        &self,
        connection: &ConnectionId,
        name: &str,
        kept_until: Timestamp,
    ) -> Result<(), StoreError> {
        let mark = self.mark(connection, name, kept_until)?;
        self.write_if(TransactWriteItem::builder().put(mark).build(), Vec::new()).await.map(|_| ())
    }

    /// Everything that the table holds of an application, or of an order at the provider that is none of ours.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn kept_of(
        &self,
        connection: &ConnectionId,
        application: Option<&AtsId>,
        provider_order: Option<&ProviderOrderId>,
    ) -> Result<Kept, StoreError> {
        let mut kept = Kept::default();
        if let Some(application) = application {
            kept.orders = self.orders_of_application(connection, application.as_str()).await?;
            let requests = self.requests_of_application(connection, application.as_str()).await?;
            kept.others = requests.iter().map(|kept| request_key(connection, kept.request())).collect();
        }
        let mut subjects: Vec<String> = application.iter().map(|id| id.as_str().to_owned()).collect();
        let of_orders = kept.orders.iter().filter_map(|order| order.provider_order.as_ref());
        subjects.extend(of_orders.chain(provider_order).map(erasure::provider_order));
        subjects.sort();
        subjects.dedup();
        for subject in &subjects {
            let get = self.client.get_item().table_name(&self.table).consistent_read(true);
            let key = inbox_key(connection, subject);
            let found = get.set_key(Some(key.clone())).projection_expression("pk").send().await?;
            kept.others.extend(found.item.map(|_| key));
        }
        subjects.extend(kept.orders.iter().map(|order| erasure::order(&order.id)));
        kept.others.extend(self.spilled_about(connection, |name| subjects.contains(name)).await?);
        Ok(kept)
    }

    /// The keys of the connection's messages that wait in the table and are about what `is_meant` says.
    pub(super) async fn spilled_about(
        &self,
        connection: &ConnectionId,
        is_meant: impl Fn(&String) -> bool,
    ) -> Result<Vec<Item>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").filter_expression("#data.#hint.#connection = :id");
        let query = query.expression_attribute_names("#data", "data").expression_attribute_names("#hint", "hint");
        let query = query.expression_attribute_names("#connection", "connection");
        let query = query.expression_attribute_values(":id", text(connection.as_str()));
        let query = query.expression_attribute_values(":pk", text(spill::PK));
        let mut found = query.into_paginator().items().send();
        let mut keys = Vec::new();
        while let Some(item) = found.next().await {
            let item = item?;
            let message: domain::hint::Message = items::data(&item)?;
            if names(&message.hint).1.iter().any(&is_meant) {
                keys.push(items::key(spill::PK, items::text_of(&item, "sk")));
            }
        }
        Ok(keys)
    }

    /// Erases what was found, each order with its story. What may still be said of the orders is not stored any more.
    ///
    /// # Errors
    /// [`StoreError`]: a part may still be there; all of it can be found and erased again.
    pub async fn erase(&self, kept: &Kept, kept_until: Timestamp) -> Result<(), StoreError> {
        for order in &kept.orders {
            let at_provider = order.provider_order.as_ref().map(erasure::provider_order);
            for name in at_provider.into_iter().chain([erasure::order(&order.id)]) {
                self.keep_erased(&order.connection, &name, kept_until).await?;
            }
            self.delete_order(&order.id).await?;
        }
        self.delete_items(kept.others.clone()).await
    }

    /// Deletes an order with its story. The order itself goes last, so that it is found again after a crash, and what a
    /// worker added meanwhile goes after it.
    pub(super) async fn delete_order(&self, id: &OrderId) -> Result<(), StoreError> {
        let pk = order_pk(id);
        let (order, story): (Vec<Item>, Vec<Item>) =
            self.keys_in(&pk).await?.into_iter().partition(|key| items::text_of(key, "sk") == "META");
        self.delete_items(story).await?;
        self.delete_items(order).await?;
        let late = self.keys_in(&pk).await?;
        self.delete_items(late).await
    }

    /// The key of every item of a partition.
    pub(super) async fn keys_in(&self, pk: &str) -> Result<Vec<Item>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk").projection_expression("pk, sk");
        let query = query.expression_attribute_values(":pk", text(pk)).into_paginator().items();
        let found: Result<Vec<Item>, _> = query.send().collect().await;
        Ok(found?)
    }

    pub(super) async fn delete_items(&self, keys: Vec<Item>) -> Result<(), StoreError> {
        for keys in keys.chunks(BATCH) {
            let mut left = Vec::new();
            for key in keys {
                let delete = construction(DeleteRequest::builder().set_key(Some(key.clone())).build())?;
                left.push(WriteRequest::builder().delete_request(delete).build());
            }
            let mut tried = 0;
            while !left.is_empty() {
                if tried > 0 {
                    tokio::time::sleep(PAUSE * tried).await;
                }
                if tried > TRIES {
                    return Err(StoreError::new("a batch that is not taken"));
                }
                tried += 1;
                let batch = self.client.batch_write_item().request_items(&self.table, left).send().await?;
                left = batch.unprocessed_items.and_then(|mut left| left.remove(&self.table)).unwrap_or_default();
            }
        }
        Ok(())
    }
}
