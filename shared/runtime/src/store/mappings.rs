//! What the words of one side mean on the other, each with a revision of its own.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put as PutItem, TransactWriteItem};
use domain::id::ConnectionId;
use domain::mapping::{self, Mapping, MappingKind};

use super::connections::connection_pk;
use super::items::{self, Item, number, text};
use super::page::{self, ListError, Page};
use super::unmapped::unmapped_key;
use super::{AuditEntry, Store, StoreError};

/// How often a change that somebody else came before is made again, where no revision was asked for.
const TRIES: usize = 5;

/// A mapping as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    pub mapping: Mapping,
    /// Counts up with each change, from 1.
    pub rev: u64,
}

/// What became of setting a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored with this revision.
    Changed(u64),
    /// It was so already.
    Same(u64),
    /// Another revision is stored than was asked for; 0 where there is none.
    Conflict(u64),
}

/// What became of deleting a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    Yes(Mapped),
    NotThere,
    Conflict(u64),
}

fn mapping_sk(kind: MappingKind, ats_value: &str) -> String {
    format!("MAP#{}#{}", kind.code(), mapping::key(ats_value))
}

fn mapped(item: &Item) -> Result<Mapped, StoreError> {
    // One without a revision was stored before mappings had one.
    let rev = items::number_of(item, "rev").and_then(|rev| u64::try_from(rev).ok()).unwrap_or(1);
    Ok(Mapped { mapping: items::data(item)?, rev })
}

/// Whether the transaction was not made because something in it was changed by somebody else.
fn was_second<R>(error: &SdkError<TransactWriteItemsError, R>) -> bool {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
        return false;
    };
    let codes = ["ConditionalCheckFailed", "TransactionConflict"];
    cancelled.cancellation_reasons().iter().any(|reason| reason.code().is_some_and(|code| codes.contains(&code)))
}

impl Store {
    async fn mapping(
        &self,
        connection: &ConnectionId,
        kind: MappingKind,
        ats_value: &str,
    ) -> Result<Option<Mapped>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let key = items::key(&connection_pk(connection), &mapping_sk(kind, ats_value));
        let found = get.set_key(Some(key)).send().await?;
        found.item.as_ref().map(mapped).transpose()
    }

    /// A page of a connection's mappings, of one kind or of all, by kind and word.
    ///
    /// # Errors
    /// [`ListError`]: the cursor is none, or the table cannot be read.
    pub async fn mappings(
        &self,
        connection: &ConnectionId,
        kind: Option<MappingKind>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Mapped>, ListError> {
        let pk = connection_pk(connection);
        let prefix = kind.map_or_else(|| "MAP#".to_owned(), |kind| format!("MAP#{}#", kind.code()));
        let belongs = |key: &Item| {
            key.len() == 2 && items::text_of(key, "pk") == pk && items::text_of(key, "sk").starts_with(&prefix)
        };
        let start = cursor.map(|cursor| page::start(cursor, belongs)).transpose()?;
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
        let query = query.expression_attribute_values(":pk", text(&pk));
        let query = query.expression_attribute_values(":prefix", text(&prefix));
        let query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
        let found = query.send().await?;
        let items = found.items.unwrap_or_default().iter().map(mapped).collect::<Result<_, _>>()?;
        Ok(Page { items, next: found.last_evaluated_key.as_ref().and_then(page::cursor) })
    }

    /// Sets what one word means, with the record of it, and forgets that the word was wanted. `rev` is the revision that
    /// must be stored, 0 for none; without it the latest comer wins.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn put_mapping(
        &self,
        connection: &ConnectionId,
        mapping: &Mapping,
        rev: Option<u64>,
        entry: &AuditEntry,
    ) -> Result<Put, StoreError> {
        for _ in 0..TRIES {
            let stored = self.mapping(connection, mapping.kind, &mapping.ats_value).await?;
            let stored_rev = stored.as_ref().map_or(0, |stored| stored.rev);
            if stored.is_some_and(|stored| stored.mapping == *mapping) {
                return Ok(Put::Same(stored_rev));
            }
            if rev.is_some_and(|rev| rev != stored_rev) {
                return Ok(Put::Conflict(stored_rev));
            }
            let sk = mapping_sk(mapping.kind, &mapping.ats_value);
            let mut item = items::item(&connection_pk(connection), &sk, mapping, None)?;
            item.insert("rev".to_owned(), number(stored_rev + 1));
            let put = PutItem::builder().table_name(&self.table).set_item(Some(item));
            let put = match stored_rev {
                0 => put.condition_expression("attribute_not_exists(pk)"),
                stored_rev => put
                    .condition_expression("attribute_exists(pk) AND (rev = :rev OR attribute_not_exists(rev))")
                    .expression_attribute_values(":rev", number(stored_rev)),
            };
            let put = put.build().map_err(|_| StoreError::new("construction"))?;
            let wanted = unmapped_key(connection, mapping.kind, &mapping.ats_value);
            let forget = Delete::builder().table_name(&self.table).set_key(Some(wanted)).build();
            let forget = forget.map_err(|_| StoreError::new("construction"))?;
            let transaction = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().put(put).build())
                .transact_items(TransactWriteItem::builder().delete(forget).build())
                .transact_items(self.audited(entry)?);
            match transaction.send().await {
                Ok(_) => return Ok(Put::Changed(stored_rev + 1)),
                Err(error) if was_second(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::new("others were first every time"))
    }

    /// Deletes what one word means, with the record of it; `rev` as in [`Self::put_mapping`].
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn delete_mapping(
        &self,
        connection: &ConnectionId,
        kind: MappingKind,
        ats_value: &str,
        rev: Option<u64>,
        entry: &AuditEntry,
    ) -> Result<Deleted, StoreError> {
        for _ in 0..TRIES {
            let Some(stored) = self.mapping(connection, kind, ats_value).await? else { return Ok(Deleted::NotThere) };
            if rev.is_some_and(|rev| rev != stored.rev) {
                return Ok(Deleted::Conflict(stored.rev));
            }
            let key = items::key(&connection_pk(connection), &mapping_sk(kind, ats_value));
            let delete = Delete::builder().table_name(&self.table).set_key(Some(key));
            let delete =
                delete.condition_expression("attribute_exists(pk) AND (rev = :rev OR attribute_not_exists(rev))");
            let delete = delete.expression_attribute_values(":rev", number(stored.rev)).build();
            let delete = delete.map_err(|_| StoreError::new("construction"))?;
            let transaction = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().delete(delete).build())
                .transact_items(self.audited(entry)?);
            match transaction.send().await {
                Ok(_) => return Ok(Deleted::Yes(stored)),
                Err(error) if was_second(&error) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::new("others were first every time"))
    }
}
