//! Placing an order, whichever vocabulary it came in.

use jiff::SignedDuration;

use super::super::shared::lock;
use super::AsurintSimulator;
use super::model::{Codec, LateCommit, Order, Status};
use super::postbacks::{Acceptance, Event};
use super::refusal::Refusal;
use super::state::{PendingOrder, Simulated, StoredOrder};

/// What an order says, read out of JSON or XML and free of anything forbidden.
#[derive(Clone, Debug)]
pub(super) struct NewOrder {
    pub(super) codec: Codec,
    pub(super) quote_back: String,
    pub(super) package: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) phone: Option<String>,
    pub(super) reference1: Option<String>,
    pub(super) reference2: Option<String>,
    pub(super) requester: Option<String>,
    pub(super) account: Option<String>,
    pub(super) location: Option<String>,
    pub(super) callback_url: Option<String>,
    /// The whole order, to tell a repetition from another order with the same quoteback.
    pub(super) content: String,
}

/// An order that was not refused.
pub(super) struct Placed {
    pub(super) order: Order,
    pub(super) how: How,
    /// What the hub is told before its order is answered.
    pub(super) early_event: Option<Event>,
}

/// How an order came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    New,
    /// The same order came before.
    Known,
    /// Another order came before with the same quoteback.
    Conflict,
}

/// Closes the connection without an answer: unwinding the connection's task drops its socket.
fn close_connection() -> ! {
    std::panic::resume_unwind(Box::new("the order is taken, its answer is lost"))
}

impl AsurintSimulator {
    pub(super) fn place(&self, client: &str, new: NewOrder) -> Result<Placed, Refusal> {
        let mut state = lock(&self.state);
        let known_client = state.clients.get(client).ok_or_else(Refusal::unauthorized)?;
        if known_client.orders_forbidden {
            return Err(Refusal::forbidden());
        }
        let same_quote_back =
            |stored: &&StoredOrder| stored.current.client == client && stored.current.quote_back == new.quote_back;
        if let Some(stored) = state.orders.iter().find(same_quote_back) {
            if new.codec == Codec::Json {
                let order = stored.current.clone();
                let same = stored.content == new.content;
                let how = if same { How::Known } else { How::Conflict };
                return Ok(Placed { order, how, early_event: None });
            }
            if !state.second_orders_allowed {
                self.harness.violations.record("the XML gateway got a second order with the same QuoteBack");
            }
        }
        known_client.check(&new)?;
        let before_answer = known_client.options.on_acceptance == Acceptance::BeforeAnswer && !state.postbacks.hold;
        if let Some(refusal) = state.next_refusal.take() {
            return Err(refusal);
        }
        if let Some(when) = state.late_commit.take() {
            let due = match when {
                LateCommit::OnDemand => None,
                LateCommit::AfterMs(ms) => {
                    self.harness.now().checked_add(SignedDuration::from_millis(i64::from(ms))).ok()
                }
            };
            state.pending.push(PendingOrder { client: client.to_owned(), new, due });
            drop(state);
            close_connection();
        }
        let order = self.commit(&mut state, PendingOrder { client: client.to_owned(), new, due: None });
        let early_event = before_answer.then(|| self.record_event(&mut state, &order));
        if !before_answer {
            self.tell_of_new(&mut state, &order);
        }
        Ok(Placed { order, how: How::New, early_event })
    }

    fn tell_of_new(&self, state: &mut Simulated, order: &Order) {
        let client = state.clients.get(&order.client);
        if client.is_some_and(|client| client.options.on_acceptance != Acceptance::Silent) {
            let event = self.record_event(state, order);
            self.dispatch(state, &event);
        }
    }

    fn commit_late_one(&self, state: &mut Simulated, pending: PendingOrder) -> String {
        let order = self.commit(state, pending);
        self.tell_of_new(state, &order);
        order.id
    }

    /// Makes all orders that were taken late; gives their ids.
    pub fn commit_pending(&self) -> Vec<String> {
        let mut state = lock(&self.state);
        let pending = std::mem::take(&mut state.pending);
        pending.into_iter().map(|order| self.commit_late_one(&mut state, order)).collect()
    }

    /// Makes those late orders whose time has come.
    pub(super) fn commit_due(&self, state: &mut Simulated) {
        let now = self.harness.now();
        let (ready, waiting) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition::<Vec<_>, _>(|order| order.due.is_some_and(|due| due <= now));
        state.pending = waiting;
        for order in ready {
            self.commit_late_one(state, order);
        }
    }

    fn commit(&self, state: &mut Simulated, PendingOrder { client, new, due }: PendingOrder) -> Order {
        let second = state.orders.iter().map(|stored| &stored.current).any(|order| {
            order.client == client
                && order.package.eq_ignore_ascii_case(&new.package)
                && order.email.eq_ignore_ascii_case(&new.email)
                && !order.stage.has_ended()
        });
        if second && !state.second_orders_allowed {
            self.harness.violations.record("second order for a person and package that have an open order");
        }
        let now = self.harness.now();
        let created = due.map_or(now, |due| due.min(now));
        let stage = Status::PendingCandidate;
        let word = state.clients.get(&client).map(|client| client.status_word(stage));
        let order = Order {
            id: format!("A{}", 123_456 + state.orders.len()),
            client,
            codec: new.codec,
            quote_back: new.quote_back,
            package: new.package,
            first_name: new.first_name,
            last_name: new.last_name,
            email: new.email,
            phone: new.phone,
            reference1: new.reference1,
            reference2: new.reference2,
            requester: new.requester,
            account: new.account,
            location: new.location,
            callback_url: new.callback_url,
            stage,
            status: word.unwrap_or_else(|| stage.default_word().to_owned()),
            score: None,
            opened: false,
            created,
            updated: created,
        };
        state.invites.push((order.id.clone(), order.email.clone()));
        state.orders.push(StoredOrder { current: order.clone(), previous: None, content: new.content });
        order
    }
}
