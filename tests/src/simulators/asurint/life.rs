//! What candidates, researchers and people in the portal do to an order.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::shared::lock;
use super::model::{Order, Score, Status};
use super::state::{ClientState, StoredOrder};
use super::{AsurintSimulator, planted};

/// An order as the JSON API shows it, with more than its caller should keep.
pub(super) fn order_json(client: &ClientState, order: &Order) -> Value {
    json!({
        "orderId": order.id,
        "quoteBack": order.quote_back,
        "status": order.status,
        "score": order.score,
        "reportUrl": client.report_url(order),
        "updatedAt": order.updated,
        "candidate": planted::candidate(),
        "findings": planted::findings(),
    })
}

impl AsurintSimulator {
    /// Every order of every client, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        state.orders.iter().map(|stored| stored.current.clone()).collect()
    }

    /// One order, where it exists.
    #[must_use]
    pub fn order(&self, id: &str) -> Option<Order> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        state.order(id).cloned()
    }

    /// The order id and address of every invitation: two for one person and package are a duplicate order.
    #[must_use]
    pub fn invites(&self) -> Vec<(String, String)> {
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        state.invites.clone()
    }

    /// The candidate opens Candidate Hub; nothing is told of it.
    pub fn open_candidate_hub(&self, order: &str) -> bool {
        self.change(order, false, |_, order| order.opened = true)
    }

    /// The candidate completes the forms: the check begins, and its report has a page.
    pub fn complete_forms(&self, order: &str) -> bool {
        self.set_status(order, Status::InProgress)
    }

    /// The candidate refuses the check.
    pub fn decline(&self, order: &str) -> bool {
        self.set_status(order, Status::Declined)
    }

    /// The candidate did not answer in time.
    pub fn expire(&self, order: &str) -> bool {
        self.set_status(order, Status::Expired)
    }

    /// The invitation could not be delivered.
    pub fn bounce(&self, order: &str) -> bool {
        self.set_status(order, Status::Undeliverable)
    }

    /// Somebody cancels the order in the portal.
    pub fn cancel_in_portal(&self, order: &str) -> bool {
        self.set_status(order, Status::Cancelled)
    }

    /// The check ends with the customer's word for this score.
    pub fn complete(&self, order: &str, score: Score) -> bool {
        self.change(order, true, |client, order| {
            order.status = client.status_word(Status::Completed);
            order.stage = Status::Completed;
            order.score = Some(client.score_word(score));
        })
    }

    /// The check ends with any word, or with a score that is still being worked out.
    pub fn complete_with(&self, order: &str, score: Option<&str>) -> bool {
        self.change(order, true, |client, order| {
            order.status = client.status_word(Status::Completed);
            order.stage = Status::Completed;
            order.score = score.map(ToOwned::to_owned);
        })
    }

    /// Gives an order another score, or takes it away.
    pub fn set_score(&self, order: &str, score: Option<&str>) -> bool {
        self.change(order, true, |_, order| order.score = score.map(ToOwned::to_owned))
    }

    /// Opens a closed order again, which loses its score.
    pub fn reopen(&self, order: &str) -> bool {
        self.set_status(order, Status::InProgress)
    }

    /// Moves an order to a status, with the customer's word for it; a status but Completed has no score.
    pub fn set_status(&self, order: &str, status: Status) -> bool {
        self.change(order, true, |client, order| {
            order.status = client.status_word(status);
            order.stage = status;
            if status != Status::Completed {
                order.score = None;
            }
        })
    }

    /// Shows any word for where an order stands; for everything else it stays where it is.
    pub fn show_status(&self, order: &str, word: &str) -> bool {
        self.change(order, true, |_, order| word.clone_into(&mut order.status))
    }

    fn change(&self, id: &str, with_event: bool, change: impl FnOnce(&ClientState, &mut Order)) -> bool {
        let now = self.harness.now();
        let mut state = lock(&self.state);
        self.commit_due(&mut state);
        let state = &mut *state;
        let stored = state.orders.iter_mut().find(|stored| stored.current.id == id);
        let found = stored.and_then(|stored| Some((state.clients.get(&stored.current.client)?, stored)));
        let Some((client, stored)) = found else {
            self.check_named(false, "order", id);
            return false;
        };
        let StoredOrder { current, previous, .. } = stored;
        *previous = Some(current.clone());
        change(client, current);
        let just_after = current.updated.checked_add(SignedDuration::from_millis(1)).unwrap_or(now);
        current.updated = now.max(just_after);
        let order = current.clone();
        if with_event {
            let event = self.record_event(state, &order);
            self.dispatch(state, &event);
        }
        true
    }
}
