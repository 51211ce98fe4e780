//! What travels through the queues: ids that say where to look, never what is true.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ConnectionId, OrderId, ProviderOrderId};
use crate::provider::Truth;
use crate::request::Subject;

/// The two workers' queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queue {
    PlaceOrder,
    SyncOrder,
}

/// A reason to look at something. Losing the queue's promise of order or of one delivery changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hint {
    /// The ATS asks for a check.
    CheckRequested { connection: ConnectionId, subject: Subject, received_at: Timestamp },
    /// The ATS showed an application outside the trigger status.
    LeftTrigger { connection: ConnectionId, subject: Subject, received_at: Timestamp },
    /// An order's placement is due: a retry, or the lookup after an unclear answer.
    Resume { order: OrderId },
    /// The provider says that an order changed.
    ProviderChanged {
        connection: ConnectionId,
        provider_order: ProviderOrderId,
        /// Our own id of the order, where the provider keeps it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ours: Option<OrderId>,
        received_at: Timestamp,
        /// Found in the provider's list of events, and not told by a webhook.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        listed: bool,
    },
    /// The provider, which cannot be asked, says how an order stands: statuses and ids, no person's data.
    ProviderTold { connection: ConnectionId, truth: Box<Truth>, ours: Option<OrderId>, received_at: Timestamp },
    /// An order is due for a look at the provider or for a write to the ATS.
    Sync { order: OrderId },
}

impl Hint {
    #[must_use]
    pub const fn queue(&self) -> Queue {
        match self {
            Self::CheckRequested { .. } | Self::LeftTrigger { .. } | Self::Resume { .. } => Queue::PlaceOrder,
            Self::ProviderChanged { .. } | Self::ProviderTold { .. } | Self::Sync { .. } => Queue::SyncOrder,
        }
    }
}

/// The version of [`Message`] that this build writes. A reader takes every version up to its own.
pub const VERSION: u8 = 1;

/// A hint on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub v: u8,
    pub hint: Hint,
    /// How often the hint was put off because what it points at could not be read.
    #[serde(default)]
    pub put_off: u32,
}

impl Message {
    #[must_use]
    pub const fn new(hint: Hint) -> Self {
        Self { v: VERSION, hint, put_off: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_ids_and_a_version() {
        let hint = Hint::Resume { order: OrderId::parse("abc").unwrap() };
        let json = serde_json::to_string(&Message::new(hint.clone())).unwrap();
        insta::assert_snapshot!(json, @r#"{"v":1,"hint":{"kind":"resume","order":"abc"},"put_off":0}"#);
        let read: Message = serde_json::from_str(r#"{"v":1,"hint":{"kind":"resume","order":"abc"}}"#).unwrap();
        assert_eq!(read.hint, hint);
    }
}
