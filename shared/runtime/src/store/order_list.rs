//! The orders of a connection, the newest first, and which of them are meant.

use domain::id::{AtsId, ConnectionId};
use domain::order::Order;
use domain::reason::Reason;
use domain::status::{Delivery, OrderStatus};
use jiff::{SignedDuration, Timestamp};

use super::items::{self, Item, text};
use super::page::{self, ListError, Page};
use super::{Store, StoreError};

/// How many orders are read at once, and how many for one page: where few of them are meant, a page is short.
const AT_ONCE: usize = 100;
const MOST_READ: usize = 1_000;

/// The latest time that the index can name.
const LATEST: i64 = 999_999_999_999_999;

/// Which orders are meant: all that agree in everything that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    pub status: Option<OrderStatus>,
    /// Why the order waits or is refused, or why its write to the ATS waits.
    pub reason: Option<Reason>,
    pub delivery: Option<Delivery>,
    /// Created at that time or later.
    pub since: Option<Timestamp>,
    /// Created before that time.
    pub until: Option<Timestamp>,
    pub application: Option<AtsId>,
}

impl OrderFilter {
    /// Whether the order is one of those, whenever it was created.
    #[must_use]
    pub fn means(&self, order: &Order) -> bool {
        let has = |reason: Reason| {
            let refusals = [&order.refusal, &order.write_refusal];
            refusals.into_iter().flatten().any(|refusal| refusal.reason == reason)
        };
        self.status.is_none_or(|status| order.status == status)
            && self.reason.is_none_or(has)
            && self.delivery.is_none_or(|delivery| order.delivery == delivery)
            && self.application.as_ref().is_none_or(|application| order.subject.application == *application)
    }

    /// The first and the last key of the index that are meant; nothing where there is none between.
    fn bounds(&self) -> Option<(String, String)> {
        let first = self.since.map_or_else(|| items::sortable(Timestamp::UNIX_EPOCH), items::sortable);
        let before = |until: Timestamp| until.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(until);
        let last = self.until.map_or_else(|| LATEST.to_string(), |until| items::sortable(before(until)));
        let empty = first > last || self.until.is_some_and(|until| until <= Timestamp::UNIX_EPOCH);
        (!empty).then_some((first, last))
    }
}

fn list_pk(connection: &ConnectionId) -> String {
    format!("ORDERS#{connection}")
}

/// The place of an item in the index.
fn place_of(item: &Item) -> Item {
    let names = ["pk", "sk", "list_pk", "list_sk"];
    names.into_iter().filter_map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}

impl Store {
    /// A page of a connection's orders, the newest first. It may be short, or empty, and still have a next one.
    ///
    /// # Errors
    /// [`ListError`]: the cursor is none, or the table cannot be read.
    pub async fn orders_of(
        &self,
        connection: &ConnectionId,
        filter: &OrderFilter,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Order>, ListError> {
        let pk = list_pk(connection);
        let is_place = |key: &Item| {
            items::text_of(key, "list_pk") == pk
                && key.len() == 4
                && ["pk", "sk", "list_sk"].iter().all(|name| !items::text_of(key, name).is_empty())
        };
        let mut start = cursor.map(|cursor| page::start(cursor, is_place)).transpose()?;
        let Some((first, last)) = filter.bounds() else { return Ok(Page { items: Vec::new(), next: None }) };
        let mut found = Vec::new();
        let mut read = 0;
        loop {
            let query = self.client.query().table_name(&self.table).index_name("list").scan_index_forward(false);
            let query = query.key_condition_expression("list_pk = :pk AND list_sk BETWEEN :first AND :last");
            let query = query.expression_attribute_values(":pk", text(&pk));
            let query = query.expression_attribute_values(":first", text(&first));
            let query = query.expression_attribute_values(":last", text(&last));
            let query = query.limit(i32::try_from(AT_ONCE).unwrap_or(i32::MAX)).set_exclusive_start_key(start);
            let answer = query.send().await.map_err(StoreError::from)?;
            for item in answer.items.unwrap_or_default() {
                read += 1;
                if items::is_newer(&item) {
                    continue;
                }
                let order: Order = items::data(&item)?;
                if filter.means(&order) {
                    found.push(order);
                }
                if found.len() >= limit {
                    return Ok(Page { items: found, next: page::cursor(&place_of(&item)) });
                }
            }
            let Some(last_key) = answer.last_evaluated_key else { return Ok(Page { items: found, next: None }) };
            if read >= MOST_READ {
                return Ok(Page { items: found, next: page::cursor(&last_key) });
            }
            start = Some(last_key);
        }
    }
}
