//! When each way in was last used: so that an admin sees whether the other side has switched to a new password, and
//! whether it calls at all.

use domain::id::ConnectionId;
use jiff::Timestamp;

use super::items::{self, number, text};
use super::{Store, StoreError};

/// One way in with its latest use, up to an hour old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// Whose webhook and by which password or key, such as `webhook#` with the beginning of a password's digest.
    pub way: String,
    pub at: Timestamp,
}

impl Store {
    /// Notes a use.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn note_use(&self, connection: &ConnectionId, way: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut item = items::key(&format!("CONN#{connection}"), &format!("USE#{way}"));
        item.insert("last_at".to_owned(), number(now.as_millisecond()));
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// The latest use of each way in.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn last_uses(&self, connection: &ConnectionId) -> Result<Vec<LastUse>, StoreError> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk AND begins_with(sk, :use)");
        let query = query.expression_attribute_values(":pk", text(format!("CONN#{connection}")));
        let found = query.expression_attribute_values(":use", text("USE#")).send().await?;
        let read = |item: &items::Item| {
            let way = items::text_of(item, "sk").strip_prefix("USE#")?.to_owned();
            let at = Timestamp::from_millisecond(items::number_of(item, "last_at")?).ok()?;
            Some(LastUse { way, at })
        };
        Ok(found.items.unwrap_or_default().iter().filter_map(read).collect())
    }
}
