//! What arrived and did not become an order, with its trace: the latest of each application, and how often.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::id::{ConnectionId, OrderId};
use domain::trace::Trace;
use jiff::{SignedDuration, Timestamp};

use super::items::{self, Item, number, text};
use super::{Store, StoreError};

/// How long it is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);

/// Something that arrived.
#[derive(Debug, Clone)]
pub struct Arrival<'a> {
    /// The application at the ATS, or the order at the provider.
    pub subject: &'a str,
    /// The code of the refusal or of the reason why it is not for us.
    pub outcome: &'static str,
    pub trace: &'a Trace,
    pub at: Timestamp,
    /// The application was seen outside the trigger status.
    pub left_trigger: bool,
}

/// What is known of an application's latest arrival.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    pub outcome: String,
    pub last_at: Option<Timestamp>,
    pub seen: i64,
    /// The rules of its decision in one line.
    pub trace: String,
}

impl Arrival<'_> {
    /// The subjects of what names none.
    pub const OTHER_EVENTS: &'static str = "other-events";
    pub const PROVIDER_EVENTS: &'static str = "provider-events";
    pub const UNNAMED: &'static str = "-";

    /// Whether the item is one for all arrivals of its kind: as many at once change it, it must not be in a transaction.
    fn is_shared(subject: &str) -> bool {
        [Self::OTHER_EVENTS, Self::PROVIDER_EVENTS, Self::UNNAMED].contains(&subject)
    }
}

fn inbox_pk(connection: &ConnectionId) -> String {
    format!("INBOX#{connection}")
}

pub(super) fn inbox_key(connection: &ConnectionId, subject: &str) -> Item {
    items::key(&inbox_pk(connection), subject)
}

impl Store {
    /// Records an arrival; nothing where its subject was erased.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn record_arrival(&self, connection: &ConnectionId, arrival: &Arrival<'_>) -> Result<(), StoreError> {
        let left = if arrival.left_trigger { ", left_at = :at" } else { "" };
        let expires_at = arrival.at.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(inbox_key(connection, arrival.subject)))
            .update_expression(format!(
                "SET outcome = :outcome, last_at = :at, trace = :trace, expires_at = :expires{left} ADD seen :one"
            ))
            .expression_attribute_values(":outcome", text(arrival.outcome))
            .expression_attribute_values(":at", number(arrival.at.as_millisecond()))
            .expression_attribute_values(":trace", text(arrival.trace.to_string()))
            .expression_attribute_values(":expires", number(expires_at))
            .expression_attribute_values(":one", number(1));
        self.update_unless_erased(connection, arrival.subject, update).await
    }

    /// Records an arrival for a sender who is answered all the same: the answer is what people see.
    pub async fn record_arrival_or_log(&self, connection: &ConnectionId, arrival: &Arrival<'_>) {
        if let Err(error) = self.record_arrival(connection, arrival).await {
            tracing::error!(cause = %error, outcome = arrival.outcome, "an arrival could not be recorded");
        }
    }

    /// The application's latest refusal that the ATS may show.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn refusal_of(
        &self,
        connection: &ConnectionId,
        application: &str,
    ) -> Result<Option<OrderId>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(inbox_key(connection, application))).send().await?;
        Ok(found.item.as_ref().and_then(|item| OrderId::parse(items::text_of(item, "refusal")).ok()))
    }

    /// Remembers the application's latest refusal; nothing where the application was erased.
    ///
    /// # Errors
    /// [`StoreError`] where it was not stored.
    pub async fn remember_refusal(
        &self,
        connection: &ConnectionId,
        application: &str,
        refusal: &OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let expires_at = now.saturating_add(KEPT).unwrap_or(Timestamp::MAX).as_second();
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(inbox_key(connection, application)))
            .update_expression("SET refusal = :refusal, expires_at = :expires")
            .expression_attribute_values(":refusal", text(refusal.as_str()))
            .expression_attribute_values(":expires", number(expires_at));
        self.update_unless_erased(connection, application, update).await
    }

    async fn update_unless_erased(
        &self,
        connection: &ConnectionId,
        subject: &str,
        update: UpdateBuilder,
    ) -> Result<(), StoreError> {
        let update = update.build().map_err(|_| StoreError::new("construction"))?;
        if Arrival::is_shared(subject) {
            let alone = self.client.update_item().table_name(&self.table).set_key(Some(update.key));
            let alone = alone.update_expression(update.update_expression);
            alone.set_expression_attribute_values(update.expression_attribute_values).send().await?;
            return Ok(());
        }
        let check = self.unless_erased(connection, subject)?;
        self.write_if(TransactWriteItem::builder().update(update).build(), vec![check]).await.map(|_| ())
    }

    /// What last arrived for the application and did not become an order.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn arrived(&self, connection: &ConnectionId, application: &str) -> Result<Option<Arrived>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(items::key(&inbox_pk(connection), application))).send().await?;
        // An item may hold nothing but the latest refusal that the ATS shows.
        let Some(item) = found.item.filter(|item| item.contains_key("outcome")) else { return Ok(None) };
        Ok(Some(Arrived {
            outcome: items::text_of(&item, "outcome").to_owned(),
            last_at: items::number_of(&item, "last_at").and_then(|at| Timestamp::from_millisecond(at).ok()),
            seen: items::number_of(&item, "seen").unwrap_or(0),
            trace: items::text_of(&item, "trace").to_owned(),
        }))
    }

    /// When the application was last seen outside the trigger status.
    ///
    /// # Errors
    /// [`StoreError`] where the table cannot be read.
    pub async fn left_trigger_at(
        &self,
        connection: &ConnectionId,
        application: &str,
    ) -> Result<Option<Timestamp>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(inbox_key(connection, application))).send().await?;
        let left_at = found.item.as_ref().and_then(|item| items::number_of(item, "left_at"));
        Ok(left_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()))
    }
}
