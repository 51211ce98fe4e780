//! Connections with their mappings.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::authorization::Authorization;
use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::mapping::Mappings;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::authorizations::first_authorization;
use super::items::{self, number, text};
use super::polls::first_poll;
use super::{Store, StoreError};

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

impl Store {
    /// Stores a new connection, and that its ATS is to be asked where it does not call us.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn create_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        let mut item = items::item(&connection_pk(&connection.id), "META", connection, None)?;
        item.insert("rev".to_owned(), number(connection.rev));
        item.insert("list_pk".to_owned(), text("CONNECTIONS"));
        item.insert("list_sk".to_owned(), text(connection.id.as_str()));
        let mut transaction = self.client.transact_write_items();
        for item in [Some(item), first_poll(connection)?, first_authorization(connection)?].into_iter().flatten() {
            let put = Put::builder().table_name(&self.table).set_item(Some(item));
            let put = put.condition_expression("attribute_not_exists(pk)").build();
            let put = put.map_err(|_| StoreError::new("construction"))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        transaction.send().await?;
        Ok(())
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
        let query = query.expression_attribute_values(":pk", text("CONNECTIONS"));
        let mut pages = query.into_paginator().items().send();
        let mut connections = Vec::new();
        while let Some(item) = pages.next().await {
            connections.push(items::data(&item?)?);
        }
        Ok(connections)
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
