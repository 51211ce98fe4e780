//! Has an order, or all that a filter finds, gone on with.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{AtsId, OrderId};
use domain::invalid::Invalid;
use domain::order::{NotReplayed, Order};
use domain::reason::Reason;
use domain::status::{Delivery, OrderStatus};
use futures::StreamExt;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operation::{Operation, of};
use super::orders::{named, not_listed};
use super::{body, connected, unavailable};
use crate::deadline::Deadline;
use crate::edge::{Answer, Call, json_answer, not_before, problem};
use crate::handlers::Answering;
use crate::hub::Hub;
use crate::replay::{self, Replayed, Replayer};
use crate::store::{Connected, OrderFilter};

/// How many orders one call of a bulk replay goes through, how many at once, and what must be left to begin another.
const MOST: usize = 200;
const AT_ONCE: usize = 8;
const ONE_NEEDS: Duration = Duration::from_secs(5);

pub const OPERATION: Operation = Operation {
    function: "admin-replay-order",
    method: "POST",
    path: "/admin/orders/{order}/replay",
    summary: "Has an order gone on with, under its own key and with the settings of now.",
    query: &[],
    body: Some(of::<One>()),
    answers: &[(202, of::<Told>())],
    problems: &[400, 404, 409, 413, 429, 503],
};

pub const BULK_OPERATION: Operation = Operation {
    function: "admin-replay-order",
    method: "POST",
    path: "/admin/connections/{connection}/replays",
    summary: "Has all orders that a filter finds gone on with, or counts them.",
    query: &[],
    body: Some(of::<Many>()),
    answers: &[(200, of::<Counts>())],
    problems: &[400, 404, 413, 503],
};

/// How one order is replayed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct One {
    /// Says that another order is wanted: after one that ended, for one that looks like a repetition, or for one that
    /// a person did not find at the provider.
    #[serde(default)]
    force_reorder: bool,
}

/// What was begun; the rest is done in the background.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Told {
    /// The order that goes on: another one where the one named had ended.
    order: OrderId,
    /// What is done now: `decide_again`, `place`, `look_up`, `read_and_show` or `order_again`.
    step: &'static str,
    replays: u32,
}

/// Which orders are replayed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    filter: Meant,
    /// Only counts, unless it is `false`.
    #[serde(default = "yes")]
    dry_run: bool,
    /// The `next` of the call before.
    #[serde(default)]
    #[schemars(length(max = 2000))]
    cursor: Option<String>,
}

const fn yes() -> bool {
    true
}

/// All orders that agree in everything that is said.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Meant {
    #[serde(default)]
    status: Option<OrderStatus>,
    /// Why an order waits or was refused, or why its write to the ATS waits.
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    delivery: Option<Delivery>,
    /// Created at that time or later.
    #[serde(default)]
    since: Option<Timestamp>,
    /// Created before that time.
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    application: Option<AtsId>,
}

/// What became of those that were found.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Counts {
    matched: u32,
    /// How many go on, or would.
    replayed: u32,
    /// How many do not, by the code of why.
    skipped: BTreeMap<&'static str, u32>,
    /// The `cursor` of the next call; nothing where the list is at its end.
    next: Option<String>,
}

/// Handles both operations.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        let answer = if call.path.contains_key("order") { one(&hub, &call).await } else { many(&hub, &call).await };
        answer.unwrap_or_else(|answer| answer)
    })
}

async fn one(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &[])?;
    let order = named(hub, call).await?;
    let One { force_reorder } = body::body(call)?;
    let connected = hub.connected(&order.connection).await.map_err(|error| unavailable(&error))?;
    let connected = connected.ok_or_else(super::orders::unknown)?;
    let replayer = Replayer { hub, connected: &connected, by: &call.caller, force_reorder };
    match Box::pin(replayer.replay(order)).await.map_err(|error| unavailable(&error))? {
        Replayed::On { order, replay } => {
            let replays = order.replays.count;
            Ok(json_answer(202, &Told { order: order.id, step: replay.code(), replays }))
        }
        Replayed::Not(why) => Err(refused(&why)),
        Replayed::Gone => Err(super::orders::unknown()),
    }
}

fn refused(why: &NotReplayed) -> Answer {
    match why {
        NotReplayed::TooSoon { after } => not_before(&why.sentence(), after.unsigned_abs()),
        NotReplayed::TooOften => problem(429, &why.sentence(), &[]),
        _ => problem(409, &why.sentence(), &[]),
    }
}

async fn many(hub: &Hub, call: &Call) -> Result<Answer, Answer> {
    body::only(call, &[])?;
    let connected = connected(hub, call).await?;
    let Many { filter, dry_run, cursor } = body::body(call)?;
    let Meant { status, reason, delivery, since, until, application } = filter;
    let filter = OrderFilter { status, reason, delivery, since, until, application };
    let read = hub.store.orders_of(&connected.connection.id, &filter, MOST, cursor.as_deref()).await;
    let page = read.map_err(|error| match error {
        crate::store::ListError::NoCursor => {
            let invalid = Invalid::new("cursor", "must be the `next` of the call before");
            problem(400, "The body is not what this operation takes.", &[invalid])
        }
        error @ crate::store::ListError::Store(_) => not_listed(&error),
    })?;
    let mut counts = Counts { next: page.next, ..Counts::default() };
    let (now, timing) = (hub.clock.now(), &hub.config.timing);
    if dry_run {
        for order in &page.items {
            counts.count(order.replayable(false, now, timing).map(|_| ()).map_err(|why| why.code()));
        }
        return Ok(json_answer(200, &counts));
    }
    for result in replayed(hub, &connected, &call.caller, page.items, call.deadline).await {
        counts.count(result);
    }
    Ok(json_answer(200, &counts))
}

impl Counts {
    fn count(&mut self, result: Result<(), &'static str>) {
        self.matched += 1;
        match result {
            Ok(()) => self.replayed += 1,
            Err(code) => *self.skipped.entry(code).or_default() += 1,
        }
    }
}

/// What became of each. What no time is left for, or what the table did not take, is counted as such: the same call
/// again comes to it, as those before it rest.
async fn replayed(
    hub: &Hub,
    connected: &Connected,
    by: &str,
    orders: Vec<Order>,
    deadline: Deadline,
) -> Vec<Result<(), &'static str>> {
    let replayer = Replayer { hub, connected, by, force_reorder: false };
    let results = orders.into_iter().map(|order| {
        let replayer = &replayer;
        async move {
            if deadline.left() < ONE_NEEDS {
                return Err("no_time_left");
            }
            match Box::pin(replayer.replay(order)).await {
                Ok(Replayed::On { .. }) => Ok(()),
                Ok(Replayed::Not(why)) => Err(why.code()),
                Ok(Replayed::Gone) => Err("erased"),
                Err(error) => {
                    tracing::error!(cause = %error, "the table could not be used");
                    Err(replay::NOT_STORED)
                }
            }
        }
    });
    futures::stream::iter(results).buffer_unordered(AT_ONCE).collect().await
}
