//! Orders and their stories.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use domain::id::{ConnectionId, OrderId, ProviderOrderId};
use domain::order::{Event, KEPT_OPEN, Order, Timing};
use jiff::Timestamp;

use super::items::{self, Item, number, text};
use super::requests::request_key;
use super::{AuditEntry, Store, StoreError};

/// Over how many partitions the due orders are spread.
pub const DUE_SHARDS: u64 = 4;

/// What must still be so for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Rev(u64),
}

/// What became of a conditional write.
#[derive(Debug, Clone)]
pub enum Saved {
    Yes,
    /// Somebody was first; this is what they stored.
    Conflict(Box<Order>),
    /// It was erased meanwhile, or its application was: nothing is to be done about it any more.
    Gone,
}

/// An order with everything that happened to it, oldest first.
#[derive(Debug, Clone)]
pub struct Story {
    pub order: Order,
    pub events: Vec<Event>,
}

pub(super) fn order_pk(order: &OrderId) -> String {
    format!("ORD#{order}")
}

fn pref(connection: &ConnectionId, provider_order: &ProviderOrderId) -> String {
    format!("{connection}#{provider_order}")
}

/// The partition of the orders that do not simply go their way: few, so that all of them are read every minute.
const WATCHED: &str = "WATCHED";

fn due_shard(shard: u64) -> String {
    format!("DUE#{shard}")
}

fn order_item(order: &Order, timing: &Timing) -> Result<Item, StoreError> {
    let mut item = items::item(&order_pk(&order.id), "META", order, Some(order.kept_until()))?;
    item.insert("rev".to_owned(), number(order.rev));
    item.insert("list_pk".to_owned(), text(format!("ORDERS#{}", order.connection)));
    item.insert("list_sk".to_owned(), text(items::sortable(order.created_at)));
    if let Some(provider_order) = &order.provider_order {
        item.insert("pref".to_owned(), text(pref(&order.connection, provider_order)));
    }
    let due_at = order.due_at(timing);
    if order.needs_watching() {
        item.insert("due_shard".to_owned(), text(WATCHED));
        item.insert("due_at".to_owned(), number(due_at.unwrap_or(order.status_at).as_millisecond()));
    } else if let Some(due_at) = due_at {
        let mut hasher = DefaultHasher::new();
        order.id.as_str().hash(&mut hasher);
        item.insert("due_shard".to_owned(), text(due_shard(hasher.finish() % DUE_SHARDS)));
        item.insert("due_at".to_owned(), number(due_at.as_millisecond()));
    }
    Ok(item)
}

fn event_item(order: &Order, n: usize, event: &Event) -> Result<Item, StoreError> {
    let sk = format!("EV#{}#{:06}.{n}", items::sortable(event.at), order.rev);
    items::item(&order_pk(&order.id), &sk, event, event.at.saturating_add(KEPT_OPEN).ok())
}

impl Store {
    /// Stores the order and what just happened to it in one transaction, if `expect` still holds, and a new one only if
    /// its application was not erased. Once placing is over it erases the request that was kept for it.
    ///
    /// The SDK repeats the transaction under one token, so a lost answer does not look like a conflict with ourselves.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn save(
        &self,
        order: &mut Order,
        expect: Expect,
        events: &[Event],
        timing: &Timing,
    ) -> Result<Saved, StoreError> {
        self.save_with(order, expect, events, timing, None).await
    }

    /// The same together with the audit entry of the admin who did it.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn save_with(
        &self,
        order: &mut Order,
        expect: Expect,
        events: &[Event],
        timing: &Timing,
        audit: Option<&AuditEntry>,
    ) -> Result<Saved, StoreError> {
        // The candidate's data goes in the very write that says that it is not needed any more.
        let erases = order.is_settled() && order.request_kept_until.take().is_some();
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(order_item(order, timing)?))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match expect {
            Expect::Absent => put.condition_expression("attribute_not_exists(pk)"),
            Expect::Rev(rev) => put.condition_expression("rev = :rev").expression_attribute_values(":rev", number(rev)),
        };
        let mut writes = vec![put];
        for (n, event) in events.iter().enumerate() {
            writes.push(Put::builder().table_name(&self.table).set_item(Some(event_item(order, n, event)?)));
        }
        let mut transaction = self.client.transact_write_items();
        for put in writes {
            let put = put.build().map_err(|_| StoreError::new("construction"))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        if let (true, Some(request)) = (erases, &order.subject.request) {
            let delete = Delete::builder().table_name(&self.table);
            let delete = delete.set_key(Some(request_key(&order.connection, request))).build();
            let delete = delete.map_err(|_| StoreError::new("construction"))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().delete(delete).build());
        }
        if let Some(entry) = audit {
            transaction = transaction.transact_items(self.audited(entry)?);
        }
        if expect == Expect::Absent {
            let check = self.unless_erased(&order.connection, order.subject.application.as_str())?;
            transaction = transaction.transact_items(check);
        }
        match transaction.send().await {
            Ok(_) => Ok(Saved::Yes),
            Err(error) => match standing_in_the_way(&error) {
                Some(InTheWay::Item(item)) => Ok(Saved::Conflict(Box::new(items::data(item)?))),
                Some(InTheWay::Erasure) => Ok(Saved::Gone),
                None => Err(error.into()),
            },
        }
    }

    /// Adds a line to an order's story without touching the order. Whether it was added: not where the order was erased.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn add_to_story(&self, order: &Order, event: &Event) -> Result<bool, StoreError> {
        let unique = crate::random::bytes::<2>().map_or(0, u16::from_be_bytes);
        let item = event_item(order, 100 + usize::from(unique), event)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        let put = put.map_err(|_| StoreError::new("construction"))?;
        let there = ConditionCheck::builder().table_name(&self.table).condition_expression("attribute_exists(pk)");
        let there = there.set_key(Some(items::key(&order_pk(&order.id), "META"))).build();
        let there = there.map_err(|_| StoreError::new("construction"))?;
        let there = TransactWriteItem::builder().condition_check(there).build();
        self.write_if(TransactWriteItem::builder().put(put).build(), vec![there]).await
    }

    /// The order as it is now.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(items::key(&order_pk(id), "META"))).send().await?;
        found.item.as_ref().map(items::data).transpose()
    }

    /// The order that the provider knows under this identifier; may lag behind by a moment, as an index does.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn order_of_provider(
        &self,
        connection: &ConnectionId,
        provider_order: &ProviderOrderId,
    ) -> Result<Option<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("pref");
        let query = query.key_condition_expression("pref = :pref");
        let found = query.expression_attribute_values(":pref", text(pref(connection, provider_order))).send().await?;
        found.items.unwrap_or_default().first().map(items::data).transpose()
    }

    /// Up to a hundred orders of one shard that are due, the longest waiting first.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn due_orders(&self, shard: u64, now: Timestamp) -> Result<Vec<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("due").limit(100);
        let query = query.key_condition_expression("due_shard = :shard AND due_at <= :now");
        let query = query.expression_attribute_values(":shard", text(due_shard(shard)));
        let query = query.expression_attribute_values(":now", number(now.as_millisecond()));
        items::readable(query, 100).await?.iter().map(items::data).collect()
    }

    /// Every order that does not simply go its way, due or not, the longest due first.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn watched_orders(&self) -> Result<Vec<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("due");
        let query = query.key_condition_expression("due_shard = :shard");
        let query = query.expression_attribute_values(":shard", text(WATCHED));
        items::readable(query, usize::MAX).await?.iter().map(items::data).collect()
    }

    /// The connection's newest order; may lag behind by a moment, as an index does.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn newest_order(&self, connection: &ConnectionId) -> Result<Option<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list").limit(1).scan_index_forward(false);
        let query = query.key_condition_expression("list_pk = :pk");
        let found = query.expression_attribute_values(":pk", text(format!("ORDERS#{connection}"))).send().await?;
        found.items.unwrap_or_default().first().map(items::data).transpose()
    }

    /// The connection's orders whose write to the ATS waits for a person.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn blocked_orders(&self, connection: &ConnectionId) -> Result<Vec<Order>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list");
        let query = query.key_condition_expression("list_pk = :pk").filter_expression("#data.delivery = :blocked");
        let query = query.expression_attribute_names("#data", "data");
        let query = query.expression_attribute_values(":blocked", text("blocked"));
        let query = query.expression_attribute_values(":pk", text(format!("ORDERS#{connection}")));
        items::readable(query, usize::MAX).await?.iter().map(items::data).collect()
    }

    /// The order with its story.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn story(&self, id: &OrderId) -> Result<Option<Story>, StoreError> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", text(order_pk(id))).consistent_read(true);
        let mut pages = query.into_paginator().items().send();
        let (mut order, mut events) = (None, Vec::new());
        while let Some(item) = pages.next().await {
            let item = item?;
            if items::text_of(&item, "sk") == "META" {
                order = Some(items::data(&item)?);
            } else {
                events.push(items::data(&item)?);
            }
        }
        Ok(order.map(|order| Story { order, events }))
    }
}

/// Why a conditional write did not happen.
enum InTheWay<'a> {
    Item(&'a Item),
    /// What should be there is not, or the mark of an erasure is.
    Erasure,
}

fn standing_in_the_way<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<InTheWay<'_>> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.as_service_error()? else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons().iter();
    let mut failed = reasons.filter(|reason| reason.code() == Some("ConditionalCheckFailed"));
    let first = failed.next()?;
    // An erasure counts more than an order that it has not come to yet.
    let items = [first].into_iter().chain(failed).map(|reason| reason.item().filter(|item| !item.is_empty()));
    let items: Option<Vec<&Item>> = items.collect();
    Some(items.and_then(|items| items.first().copied()).map_or(InTheWay::Erasure, InTheWay::Item))
}
