//! Goes on with orders because an admin says so, or because what they waited for was cured.

use std::time::Duration;

use domain::hint::{Hint, Message};
use domain::order::{Event, NotReplayed, Order, Replay};
use domain::reason::Reason;

use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{AuditEntry, Connected, Expect, ListError, OrderFilter, Saved, StoreError};
use crate::write_back::{Changed, change, change_audited};

/// How a bulk replay counts an order whose change was not stored.
pub const NOT_STORED: &str = "not_stored";

/// How many orders are read at once, and what must be left to read more.
const A_PAGE: usize = 100;
const A_PAGE_NEEDS: Duration = Duration::from_secs(5);

/// Who replays orders of which connection, and how.
#[derive(Debug, Clone, Copy)]
pub struct Replayer<'a> {
    pub hub: &'a Hub,
    pub connected: &'a Connected,
    /// The ARN of the admin.
    pub by: &'a str,
    pub force_reorder: bool,
}

/// What a replay came to.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// This order goes on: another one where a new one follows one that ended.
    On {
        order: Box<Order>,
        replay: Replay,
    },
    Not(NotReplayed),
    /// It was erased, or its application was.
    Gone,
}

impl Replayer<'_> {
    /// Stores that the order goes on, with the audit entry, and hands it to its worker.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is known of the write.
    pub async fn replay(&self, order: Order) -> Result<Replayed, StoreError> {
        let Self { hub, force_reorder, .. } = *self;
        let (now, timing) = (hub.clock.now(), &hub.config.timing);
        match order.replayable(force_reorder, now, timing) {
            Err(why) => return Ok(Replayed::Not(why)),
            Ok(Replay::Reorder) => return self.order_again(&order).await,
            Ok(_) => {}
        }
        let audit = self.audit(&order, if force_reorder { "forced" } else { "" });
        let mut done = None;
        let changed = change_audited(hub, order, &audit, |order| {
            if matches!(order.replayable(force_reorder, now, timing), Ok(Replay::Reorder)) {
                // It ended at this very moment.
                return Err(NotReplayed::StillOpen);
            }
            let (replay, event) = order.replay(force_reorder, now, timing)?;
            done = Some(replay);
            Ok(vec![event])
        });
        let order = match changed.await? {
            Changed::Yes(order) => order,
            Changed::Not(why) => return Ok(Replayed::Not(why)),
            Changed::Gone => return Ok(Replayed::Gone),
        };
        let replay = done.unwrap_or(Replay::Show);
        let order_id = order.id.clone();
        let hint = match replay {
            Replay::Show => Hint::Sync { order: order_id },
            _ => Hint::Resume { order: order_id },
        };
        self.hand_on(hint).await;
        tracing::info!(order = %order.id, step = replay.code(), "replayed");
        Ok(Replayed::On { order, replay })
    }

    /// Stores the order that follows one that ended: under the next key, so that there is one of it however often it
    /// is asked for.
    async fn order_again(&self, ended: &Order) -> Result<Replayed, StoreError> {
        let hub = self.hub;
        let now = hub.clock.now();
        let mut next = ended.again(now);
        let event = Event::new(now, "ordered again by an admin", format!("after {}", ended.id));
        let audit = self.audit(ended, &format!("ordered again as {}", next.id));
        match hub.store.save_with(&mut next, Expect::Absent, &[event], &hub.config.timing, Some(&audit)).await? {
            Saved::Conflict(existing) => Ok(Replayed::Not(NotReplayed::FollowedBy(existing.id))),
            Saved::Gone => Ok(Replayed::Gone),
            Saved::Yes => {
                let event = Event::new(now, "ordered again by an admin", next.id.as_str());
                if let Err(error) = hub.store.add_to_story(ended, &event).await {
                    tracing::warn!(order = %ended.id, cause = %error, "a line of the story is missing");
                }
                self.hand_on(Hint::Resume { order: next.id.clone() }).await;
                Ok(Replayed::On { order: Box::new(next), replay: Replay::Reorder })
            }
        }
    }

    fn audit(&self, order: &Order, how: &str) -> AuditEntry {
        let about = if how.is_empty() { format!("order {}", order.id) } else { format!("order {}, {how}", order.id) };
        AuditEntry::new(&self.connected.connection, self.hub.clock.now(), self.by, "replay-order", about)
    }

    /// Where the queue does not take it, `reconcile` finds that the order is due.
    async fn hand_on(&self, hint: Hint) {
        let _ = self.hub.queues.send(&Message::new(hint)).await;
    }
}

/// Makes every order of the connection due that waits with that reason, and hands it on: what they waited for is cured.
/// How many there were. Where no time is left for some, they go on by themselves within their usual pause.
///
/// # Errors
/// [`StoreError`] where the orders cannot be read or one cannot be changed; they go on by themselves, too.
pub async fn go_on_with(
    hub: &Hub,
    connected: &Connected,
    reason: Reason,
    deadline: Deadline,
) -> Result<usize, StoreError> {
    let connection = &connected.connection.id;
    let filter = OrderFilter { reason: Some(reason), ..OrderFilter::default() };
    let now = hub.clock.now();
    let (mut cursor, mut count): (Option<String>, usize) = (None, 0);
    while deadline.left() > A_PAGE_NEEDS {
        let page = hub.store.orders_of(connection, &filter, A_PAGE, cursor.as_deref()).await;
        let page = page.map_err(|error| match error {
            ListError::Store(error) => error,
            ListError::NoCursor => StoreError::of_list(),
        })?;
        for order in page.items {
            if !order.clone().cured(reason, now) {
                continue;
            }
            if deadline.left() < A_PAGE_NEEDS {
                break;
            }
            let mut waited = false;
            let order = change(hub, order, |order| {
                waited = order.cured(reason, now);
                Vec::new()
            })
            .await?;
            if let (true, Some(order)) = (waited, order) {
                count += 1;
                let order_id = order.id.clone();
                let hint = if order.is_to_be_placed() {
                    Hint::Resume { order: order_id }
                } else {
                    Hint::Sync { order: order_id }
                };
                let _ = hub.queues.send(&Message::new(hint)).await;
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    tracing::info!(connection = %connection, reason = reason.code(), count, "orders go on");
    Ok(count)
}
