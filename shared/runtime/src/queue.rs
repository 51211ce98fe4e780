//! The one durable write of an arrival: the queue, and where it fails the table.

use std::fmt;

use aws_sdk_sqs::Client;
use domain::hint::{Hint, Message, Queue};
use jiff::Timestamp;

use crate::store::Store;
use crate::telemetry::{Metric, Metrics};

/// Neither the queue nor the table took the message: the sender must be told to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotStored;

impl fmt::Display for NotStored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("neither the queue nor the table took the message")
    }
}

impl std::error::Error for NotStored {}

/// The two workers' queues.
#[derive(Debug, Clone)]
pub struct Queues {
    client: Client,
    place_order: String,
    sync_order: String,
    pub(crate) metrics: Metrics,
}

impl Queues {
    #[must_use]
    pub const fn new(client: Client, place_order: String, sync_order: String, metrics: Metrics) -> Self {
        Self { client, place_order, sync_order, metrics }
    }

    /// Opens the connection to the queue's service; an error will show again where it matters.
    pub async fn warm_up(&self, queue: Queue) {
        let _ = self.client.get_queue_attributes().queue_url(self.url(queue)).send().await;
    }

    fn url(&self, queue: Queue) -> &str {
        match queue {
            Queue::PlaceOrder => &self.place_order,
            Queue::SyncOrder => &self.sync_order,
        }
    }

    /// Hands a message to its queue.
    ///
    /// # Errors
    /// [`NotStored`] where the queue did not take it.
    pub async fn send(&self, message: &Message) -> Result<(), NotStored> {
        let url = self.url(message.hint.queue());
        let body = serde_json::to_string(message).map_err(|_| NotStored)?;
        match self.client.send_message().queue_url(url).message_body(body).send().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let cause = aws_sdk_sqs::error::ProvideErrorMetadata::code(&error).unwrap_or("unreachable").to_owned();
                tracing::warn!(cause, "the queue did not take a message");
                Err(NotStored)
            }
        }
    }

    /// Stores a hint durably: in its queue, else in the table, from where `reconcile` hands it on.
    ///
    /// # Errors
    /// [`NotStored`] where neither took it.
    pub async fn send_or_spill(&self, hint: Hint, store: &Store, now: Timestamp) -> Result<(), NotStored> {
        let message = Message::new(hint);
        if self.send(&message).await.is_ok() {
            return Ok(());
        }
        self.metrics.publish(Metric::SpilledMessages, 1);
        let spilled = store.spill(&message, now).await.map_err(|error| {
            tracing::error!(cause = %error, "a message could not be spilled");
            NotStored
        });
        spilled.map(|_| ())
    }
}
