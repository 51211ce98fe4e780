//! Words of an ATS that meant nothing at the provider: what an admin should map, and how often it was wanted.

use domain::id::ConnectionId;
use domain::mapping::{self, MappingKind};
use domain::text;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::items::{self, Item, number};
use super::{Store, StoreError};

/// How long a word is remembered after it was last wanted.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 90);

/// The longest word that is remembered, in characters.
const LONGEST: usize = 200;

/// A word that was wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unmapped {
    pub kind: String,
    pub ats_value: String,
    pub seen: i64,
    pub last_at: Option<Timestamp>,
}

fn unmapped_pk(connection: &ConnectionId) -> String {
    format!("UNMAPPED#{connection}")
}

fn unmapped_key(connection: &ConnectionId, kind: MappingKind, word: &str) -> Item {
    items::key(&unmapped_pk(connection), &format!("{}#{}", kind.code(), mapping::key(word)))
}

impl Store {
    /// Remembers that a word was wanted, where what it was wanted for goes on all the same.
    pub async fn note_unmapped_or_log(&self, connection: &ConnectionId, kind: MappingKind, word: &str, now: Timestamp) {
        if let Err(error) = self.note_unmapped(connection, kind, word, now).await {
            tracing::warn!(connection = %connection, cause = %error, "an unmapped word could not be remembered");
        }
    }

    /// Remembers that a word was wanted.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn note_unmapped(
        &self,
        connection: &ConnectionId,
        kind: MappingKind,
        word: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let word = text::clip(word, LONGEST);
        let expires_at = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second();
        let update = self.client.update_item().table_name(&self.table);
        update
            .set_key(Some(unmapped_key(connection, kind, &word)))
            .update_expression("SET word = :word, kind = :kind, last_at = :at, expires_at = :expires ADD seen :one")
            .expression_attribute_values(":word", items::text(&word))
            .expression_attribute_values(":kind", items::text(kind.code()))
            .expression_attribute_values(":at", number(now.as_millisecond()))
            .expression_attribute_values(":expires", number(expires_at))
            .expression_attribute_values(":one", number(1))
            .send()
            .await?;
        Ok(())
    }

    /// The first hundred words that were wanted.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn unmapped(&self, connection: &ConnectionId) -> Result<Vec<Unmapped>, StoreError> {
        let query = self.client.query().table_name(&self.table).limit(100);
        let query = query.key_condition_expression("pk = :pk");
        let found = query.expression_attribute_values(":pk", items::text(unmapped_pk(connection))).send().await?;
        let read = |item: &Item| Unmapped {
            kind: items::text_of(item, "kind").to_owned(),
            ats_value: items::text_of(item, "word").to_owned(),
            seen: items::number_of(item, "seen").unwrap_or(0),
            last_at: items::number_of(item, "last_at").and_then(|at| Timestamp::from_millisecond(at).ok()),
        };
        Ok(found.items.unwrap_or_default().iter().map(read).collect())
    }

    /// Forgets a word, as it is mapped now.
    ///
    /// # Errors
    /// [`StoreError`] where it may still be there.
    pub async fn forget_unmapped(
        &self,
        connection: &ConnectionId,
        kind: MappingKind,
        word: &str,
    ) -> Result<(), StoreError> {
        let delete = self.client.delete_item().table_name(&self.table);
        delete.set_key(Some(unmapped_key(connection, kind, word))).send().await?;
        Ok(())
    }
}
