//! Postbacks: what they say, how tests disturb them, which ones are held.

use jiff::Timestamp;
use serde::Serialize;

use super::super::shared::lock;
use super::AsurintSimulator;
use super::delivery::Outgoing;
use super::model::{Codec, Order};
use super::state::Simulated;

/// Where the postbacks of a client go, and what they prove themselves with.
#[derive(Clone, Debug)]
pub struct Postbacks {
    /// The one address of all orders; without it each postback goes to the `callbackUrl` of its order.
    pub url: Option<String>,
    pub username: String,
    pub password: String,
    /// Signs postbacks; without it they come with a user name and password only.
    pub secret: Option<String>,
}

/// The user name and password of a postback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasicForm {
    #[default]
    Right,
    Wrong,
    Missing,
}

/// The signature of a postback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    #[default]
    Right,
    /// Well formed, made with another secret.
    Wrong,
    /// Right for another body.
    OfAnotherBody,
    /// Right, and this many seconds old; negative for one from the future.
    Aged(i64),
    Missing,
}

/// Whether a new order is told of, as any other change is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    #[default]
    Silent,
    /// The postback has been answered before the order is.
    BeforeAnswer,
    AfterAnswer,
}

/// How postbacks travel.
#[derive(Clone, Debug, Default)]
pub struct PostbackOptions {
    /// The vocabulary; without it, that of the order.
    pub codec: Option<Codec>,
    pub basic: BasicForm,
    pub signature: SignatureForm,
    pub on_acceptance: Acceptance,
    /// How many more times each postback is sent, whatever the answer.
    pub duplicate: usize,
    /// Loses this share of the postbacks, evenly spread: the same ones in every run.
    pub drop_percent: u8,
    pub delay_ms: u64,
    /// Says these in place of the right values.
    pub client_id: Option<String>,
    pub quote_back: Option<String>,
    pub report_url: Option<String>,
    /// Adds this many bytes to the body.
    pub padding: usize,
}

/// One change of an order, as it was then.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    pub event_id: String,
    pub event_type: String,
    pub occurred_at: Timestamp,
    pub client_id: String,
    pub order_id: String,
    pub quote_back: String,
    pub status: String,
    pub score: Option<String>,
    pub report_url: Option<String>,
}

/// One copy of a postback and how it ended; no attempts means that it was lost on purpose.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub event_id: String,
    pub order: String,
    pub attempts: u32,
    /// The last answer's status; `None` where no answer came.
    pub last_status: Option<u16>,
    /// Whether it will be tried again.
    pub retried_later: bool,
}

#[derive(Default)]
pub(super) struct PostbackState {
    pub(super) events: Vec<Event>,
    pub(super) hold: bool,
    pub(super) held: Vec<Outgoing>,
    pub(super) retrying: Vec<Outgoing>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) unfinished: usize,
}

impl AsurintSimulator {
    /// Holds all postbacks to come until the test delivers them, or no longer; those held stay held.
    pub fn hold_postbacks(&self, hold: bool) {
        lock(&self.state).postbacks.hold = hold;
    }

    /// What is held, in the order in which it happened.
    #[must_use]
    pub fn held_postbacks(&self) -> Vec<Event> {
        lock(&self.state).postbacks.held.iter().map(|outgoing| outgoing.event.clone()).collect()
    }

    /// Sends held postbacks by their places, in this order, each after the answer to the one before.
    ///
    /// A place may come twice. What is held stays held, so that places stay the same. Gives the answers' statuses.
    pub async fn deliver(&self, places: &[usize]) -> Vec<Option<u16>> {
        let mut answers = Vec::new();
        for place in places {
            let outgoing = lock(&self.state).postbacks.held.get(*place).cloned();
            self.check_named(outgoing.is_some(), "held postback", &place.to_string());
            answers.push(match outgoing {
                Some(outgoing) => self.send(outgoing).await,
                None => None,
            });
        }
        answers
    }

    /// Loses everything that is held.
    pub fn forget_held(&self) {
        lock(&self.state).postbacks.held.clear();
    }

    /// Sends what is held in the order in which it happened, and holds nothing any more.
    pub async fn release_held(&self) {
        let held = {
            let mut state = lock(&self.state);
            state.postbacks.hold = false;
            std::mem::take(&mut state.postbacks.held)
        };
        for outgoing in held {
            self.send(outgoing).await;
        }
    }

    /// Every change of every order, told or not, in the order in which they happened.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        lock(&self.state).postbacks.events.clone()
    }

    /// Every finished delivery, in the order in which they ended.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.state).postbacks.deliveries.clone()
    }

    /// Waits until no delivery is under way; held postbacks stay held, and retries wait for their time.
    pub async fn settle(&self) {
        loop {
            let settled = self.settled.notified();
            if lock(&self.state).postbacks.unfinished == 0 {
                return;
            }
            settled.await;
        }
    }

    pub(super) fn record_event(&self, state: &mut Simulated, order: &Order) -> Event {
        let event = Event {
            event_id: state.new_id(),
            event_type: "ORDER_STATUS_CHANGED".to_owned(),
            occurred_at: order.updated,
            client_id: order.client.clone(),
            order_id: order.id.clone(),
            quote_back: order.quote_back.clone(),
            status: order.status.clone(),
            score: order.score.clone(),
            report_url: state.clients.get(&order.client).and_then(|client| client.report_url(order)),
        };
        state.postbacks.events.push(event.clone());
        event
    }
}
