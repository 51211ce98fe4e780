//! Messages that wait in the table: because the queue did not take them, or because it is too early for them.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::hint::Message;
use jiff::Timestamp;

use super::items::{self, text};
use super::{Store, StoreError, erasing};

/// A message with the key by which it is removed.
#[derive(Debug, Clone)]
pub struct Spilled {
    pub message: Message,
    sk: String,
}

pub(super) const PK: &str = "SPILL#0";

impl Store {
    /// Keeps the message until `due_at`, unless what it is about was erased. Whether it was kept.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn spill(&self, message: &Message, due_at: Timestamp) -> Result<bool, StoreError> {
        let unique: [u8; 8] = crate::random::bytes().map_err(|_| StoreError::new("no randomness"))?;
        let sk = format!("{}#{:016x}", items::sortable(due_at), u64::from_be_bytes(unique));
        let item = items::item(PK, &sk, message, None)?;
        let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
        let put = put.map_err(|_| StoreError::new("construction"))?;
        let (connection, names) = erasing::names(&message.hint);
        let checks = connection.into_iter().flat_map(|id| names.iter().map(|name| self.unless_erased(id, name)));
        self.write_if(TransactWriteItem::builder().put(put).build(), checks.collect::<Result<_, _>>()?).await
    }

    /// Up to a hundred messages that are due, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn spilled(&self, now: Timestamp) -> Result<Vec<Spilled>, StoreError> {
        let query = self.client.query().table_name(&self.table).limit(100).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND sk < :now");
        let query = query.expression_attribute_values(":pk", text(PK));
        let until = format!("{}~", items::sortable(now));
        let found = items::readable(query.expression_attribute_values(":now", text(until)), 100).await?;
        let read = |item| Ok(Spilled { message: items::data(item)?, sk: items::text_of(item, "sk").to_owned() });
        found.iter().map(read).collect()
    }

    /// Removes a message that was handed on.
    ///
    /// # Errors
    /// [`StoreError`] where it may still be there; it will then be handed on twice, which is harmless.
    pub async fn remove_spilled(&self, spilled: &Spilled) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(items::key(PK, &spilled.sk))).send().await?;
        Ok(())
    }
}
