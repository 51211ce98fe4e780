//! Which ATSs are to be asked, and who has taken one of them.

use domain::connection::Connection;
use domain::id::ConnectionId;
use domain::poll::Poll;
use jiff::Timestamp;

use super::items::{self, Item, number, text};
use super::{Store, StoreError};

/// One partition is enough: it takes a thousand writes a second, and a claim is two of them.
const DUE: &str = "POLLS";

pub(super) fn poll_item(poll: &Poll) -> Result<Item, StoreError> {
    let mut item = items::item(&format!("CONN#{}", poll.connection), "POLL", poll, None)?;
    item.insert("rev".to_owned(), number(poll.rev));
    item.insert("due_shard".to_owned(), text(DUE));
    item.insert("due_at".to_owned(), number(poll.due_at.as_millisecond()));
    Ok(item)
}

impl Store {
    /// Every connection whose ATS is to be asked now, the longest waiting first.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn due_polls(&self, now: Timestamp) -> Result<Vec<Poll>, StoreError> {
        let query = self.client.query().table_name(&self.table).index_name("due");
        let query = query.key_condition_expression("due_shard = :shard AND due_at <= :now");
        let query = query.expression_attribute_values(":shard", text(DUE));
        let query = query.expression_attribute_values(":now", number(now.as_millisecond()));
        items::readable(query, usize::MAX).await?.iter().map(items::data).collect()
    }

    /// Stores where asking stands, if nobody was first: `rev` is what was read. Whether it was stored.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn save_poll(&self, poll: &Poll, rev: u64) -> Result<bool, StoreError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(poll_item(poll)?));
        let put = put.condition_expression("rev = :rev").expression_attribute_values(":rev", number(rev));
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) if items::is_conflict(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Where asking the connection's ATS stands; nothing where it calls us.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn poll(&self, connection: &ConnectionId) -> Result<Option<Poll>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(items::key(&format!("CONN#{connection}"), "POLL"))).send().await?;
        found.item.as_ref().map(items::data).transpose()
    }
}

/// What a new connection needs beside itself.
pub(super) fn first_poll(connection: &Connection) -> Result<Option<Item>, StoreError> {
    match connection.ats.intake() {
        domain::ats::Intake::Webhook(_) => Ok(None),
        domain::ats::Intake::Poll(_) => poll_item(&Poll::new(connection.id.clone(), connection.created_at)).map(Some),
    }
}
