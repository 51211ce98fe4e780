//! Connections with their mappings.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::authorization::Authorization;
use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::mapping::Mappings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::audit::AuditEntry;
use super::authorizations::first_authorization;
use super::items::{self, Item, number, text};
use super::page::{self, ListError, Page};
use super::polls::first_poll;
use super::{Store, StoreError};

/// The partition of the index that lists every connection.
const LIST: &str = "CONNECTIONS";

/// How many readings a page may take where a filter leaves little of each.
const READINGS: usize = 20;

/// A connection with everything that an admin set for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    pub connection: Connection,
    pub mappings: Mappings,
    /// Where the access stands that the ATS's admin grants, where one is granted.
    pub authorization: Option<Authorization>,
}

/// Up to where the provider's event list was read, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    pub event: Option<String>,
    pub read_at: Timestamp,
}

pub(super) fn connection_pk(id: &ConnectionId) -> String {
    format!("CONN#{id}")
}

fn connection_item(connection: &Connection) -> Result<Item, StoreError> {
    let mut item = items::item(&connection_pk(&connection.id), "META", connection, None)?;
    item.insert("rev".to_owned(), number(connection.rev));
    item.insert("list_pk".to_owned(), text(LIST));
    item.insert("list_sk".to_owned(), text(connection.id.as_str()));
    Ok(item)
}

/// Where the list goes on after a connection.
fn list_key(id: &ConnectionId) -> Item {
    let mut key = items::key(&connection_pk(id), "META");
    key.insert("list_pk".to_owned(), text(LIST));
    key.insert("list_sk".to_owned(), text(id.as_str()));
    key
}

fn is_list_key(key: &Item) -> bool {
    ConnectionId::parse(items::text_of(key, "list_sk")).is_ok_and(|id| *key == list_key(&id))
}

impl Store {
    /// Stores a new connection, and that its ATS is to be asked where it does not call us. `false` where there is one of
    /// that name.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn create_connection(&self, connection: &Connection, entry: &AuditEntry) -> Result<bool, StoreError> {
        let mut transaction = self.client.transact_write_items();
        let items = [Some(connection_item(connection)?), first_poll(connection)?, first_authorization(connection)?];
        for item in items.into_iter().flatten() {
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            let put = put.map_err(|_| StoreError::new("construction"))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        match transaction.transact_items(self.audited(entry)?).send().await {
            Ok(_) => Ok(true),
            Err(error) if items::is_cancelled(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a changed connection, if nobody was first: `rev` is what was read. Whether it was stored.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn save_connection(
        &self,
        connection: &Connection,
        rev: u64,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        let put = Put::builder().table_name(&self.table).set_item(Some(connection_item(connection)?));
        let put = put.condition_expression("rev = :rev").expression_attribute_values(":rev", number(rev)).build();
        let put = put.map_err(|_| StoreError::new("construction"))?;
        let change = TransactWriteItem::builder().put(put).build();
        let transaction = self.client.transact_write_items().transact_items(change);
        match transaction.transact_items(self.audited(entry)?).send().await {
            Ok(_) => Ok(true),
            Err(error) if items::is_cancelled(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// A page of the connections that `keeps` says, by their names.
    ///
    /// # Errors
    /// [`ListError`]: the cursor is none, or the table cannot be read.
    pub async fn list_connections(
        &self,
        limit: usize,
        cursor: Option<&str>,
        keeps: impl Fn(&Connection) -> bool,
    ) -> Result<Page<Connection>, ListError> {
        let mut start = cursor.map(|cursor| page::start(cursor, is_list_key)).transpose()?;
        let mut kept: Vec<Connection> = Vec::new();
        for _ in 0..READINGS {
            let query = self.client.query().table_name(&self.table).index_name("list");
            let query = query.key_condition_expression("list_pk = :pk").expression_attribute_values(":pk", text(LIST));
            // One more than is shown tells whether there is more.
            let query = query.limit(i32::try_from(limit + 1).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
            let found = query.send().await?;
            start = found.last_evaluated_key;
            let mut read = found.items.unwrap_or_default().into_iter();
            for item in read.by_ref().filter(|item| !items::is_newer(item)) {
                let connection: Connection = items::data(&item)?;
                if keeps(&connection) {
                    kept.push(connection);
                }
                if kept.len() == limit {
                    break;
                }
            }
            if let (Some(last), true) = (kept.last(), kept.len() == limit) {
                let is_more = start.is_some() || read.next().is_some();
                let next = is_more.then(|| page::cursor(&list_key(&last.id))).flatten();
                return Ok(Page { items: kept, next });
            }
            if start.is_none() {
                break;
            }
        }
        Ok(Page { items: kept, next: start.as_ref().and_then(page::cursor) })
    }

    /// The connection and its mappings in one reading.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn connection(&self, id: &ConnectionId) -> Result<Option<Connected>, StoreError> {
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", text(connection_pk(id))).consistent_read(true);
        let mut pages = query.into_paginator().items().send();
        let (mut connection, mut mappings, mut authorization) = (None, Vec::new(), None);
        while let Some(item) = pages.next().await {
            let item = item?;
            match items::text_of(&item, "sk") {
                "META" => connection = Some(items::data(&item)?),
                "ACCESS" => authorization = Some(items::data(&item)?),
                sk if sk.starts_with("MAP#") => mappings.push(items::data(&item)?),
                _ => {}
            }
        }
        Ok(connection.map(|connection| Connected { connection, mappings: Mappings(mappings), authorization }))
    }

    /// Every connection of the stack.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("list");
        let query = query.key_condition_expression("list_pk = :pk");
        let query = query.expression_attribute_values(":pk", text(LIST));
        items::readable(query, usize::MAX).await?.iter().map(items::data).collect()
    }

    /// Up to where and when the provider's event list was read.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn event_cursor(&self, connection: &ConnectionId) -> Result<Option<EventCursor>, StoreError> {
        let get = self.client.get_item().table_name(&self.table);
        let found = get.set_key(Some(items::key(&connection_pk(connection), "CURSOR#events"))).send().await?;
        found.item.as_ref().map(items::data).transpose()
    }

    /// Remembers up to where the provider's event list was read.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn put_event_cursor(
        &self,
        connection: &ConnectionId,
        event: Option<&str>,
        read_at: Timestamp,
    ) -> Result<(), StoreError> {
        let cursor = EventCursor { event: event.map(str::to_owned), read_at };
        let item = items::item(&connection_pk(connection), "CURSOR#events", &cursor, None)?;
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }
}
