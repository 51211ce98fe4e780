//! One call budget per connection and system, shared by all functions through the table.
//!
//! For orders a function takes a handful of permits at once and spends them within seconds, so that not every order costs
//! one more write.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use domain::http::{Lane, System};
use domain::id::ConnectionId;
use domain::limit::{self, Bucket, Quota, Rate};
use jiff::{SignedDuration, Timestamp};

use super::items::{self, Item, number};
use super::{Store, StoreError};
use crate::clock::Clock;

/// How many permits are taken at once. What a function does not spend is lost, so only orders, which must not wait for
/// book-keeping, take some ahead.
const fn handful(lane: Lane) -> u32 {
    match lane {
        Lane::Orders => 5,
        Lane::Reads => 1,
    }
}

/// How often a write may lose against other functions before the call waits.
const TRIES: u32 = 8;

type Name = (ConnectionId, &'static str, Lane);

#[derive(Debug, Clone, Copy)]
struct Lease {
    permits: u32,
    until: Timestamp,
    bucket: Bucket,
}

/// The permits that this process holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<Name, Lease>>>);

/// What this process knows of the buckets of rates: one task at a time takes a turn of a connection, so that tasks do
/// not lose against each other.
type Known = Arc<tokio::sync::Mutex<Option<Bucket>>>;

#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<(ConnectionId, &'static str), Known>>>);

impl Turns {
    fn of(&self, connection: &ConnectionId, system: &'static str) -> Known {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry((connection.clone(), system)).or_default())
    }
}

impl Leases {
    /// Spends a permit that was taken before, or tells what was last known of the bucket.
    fn spend(&self, name: &Name, now: Timestamp) -> Result<(), Option<Bucket>> {
        let mut leases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match leases.get_mut(name) {
            Some(lease) if lease.permits > 0 && now < lease.until => {
                lease.permits -= 1;
                Ok(())
            }
            Some(lease) => Err(Some(lease.bucket)),
            None => Err(None),
        }
    }

    fn keep(&self, name: Name, lease: Lease) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, lease);
    }
}

/// What became of storing a bucket.
enum Swap {
    Done,
    /// Somebody was first; this is what the table holds.
    Lost(Option<Bucket>),
}

impl Store {
    /// Takes a permit for one call.
    ///
    /// # Errors
    /// The time to wait where the budget is spent; [`StoreError`] where it cannot be told.
    pub async fn permit(
        &self,
        connection: &ConnectionId,
        system: &'static System,
        quota: Quota,
        lane: Lane,
        now: Timestamp,
    ) -> Result<Result<(), Duration>, StoreError> {
        let name = (connection.clone(), system.name, lane);
        let mut known = match self.leases.spend(&name, now) {
            Ok(()) => return Ok(Ok(())),
            Err(known) => known,
        };
        for _ in 0..TRIES {
            let (granted, bucket) = match limit::take(quota.lane(), known, handful(lane), now) {
                Ok(taken) => taken,
                // What is known may be old: only the table's own word keeps a call waiting.
                Err(wait) => match self.bucket(&name).await? {
                    current if current == known => return Ok(Err(wait)),
                    current => {
                        known = current;
                        continue;
                    }
                },
            };
            match self.swap_bucket(&name, known, bucket).await? {
                Swap::Done => {
                    let until = now.saturating_add(limit::LEASE).unwrap_or(now);
                    self.leases.keep(name, Lease { permits: granted - 1, until, bucket });
                    return Ok(Ok(()));
                }
                Swap::Lost(current) => known = current,
            }
        }
        Ok(Err(quota.interval()))
    }

    /// Takes the next turn for one call: when it is, which is at most `longest` from now.
    ///
    /// # Errors
    /// The time after which to ask again; [`StoreError`] where it cannot be told.
    pub async fn turn(
        &self,
        connection: &ConnectionId,
        system: &'static System,
        rate: Rate,
        longest: Duration,
        clock: &Clock,
    ) -> Result<Result<Timestamp, Duration>, StoreError> {
        let name = (connection.clone(), system.name, Lane::Reads);
        let turns = self.turns.of(connection, system.name);
        let mut known = turns.lock().await;
        for _ in 0..TRIES {
            // Read only here: whoever waited for their turn to take a turn did so for a while.
            let now = clock.now();
            let (wait, bucket) = match limit::turn(rate, *known, longest, now) {
                Ok(turn) => turn,
                Err(after) => match self.bucket(&name).await? {
                    current if current == *known => return Ok(Err(after)),
                    current => {
                        *known = current;
                        continue;
                    }
                },
            };
            match self.swap_bucket(&name, *known, bucket).await? {
                Swap::Done => {
                    *known = Some(bucket);
                    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
                    return Ok(Ok(now.saturating_add(wait).unwrap_or(now)));
                }
                Swap::Lost(current) => *known = current,
            }
        }
        Ok(Err(longest.max(Duration::from_secs(1))))
    }

    /// How many of the day's calls of a lane are left, without taking one.
    ///
    /// # Errors
    /// [`StoreError`] where it cannot be told.
    pub async fn left_today(
        &self,
        connection: &ConnectionId,
        system: &'static System,
        quota: Quota,
        lane: Lane,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let bucket = self.bucket(&(connection.clone(), system.name, lane)).await?;
        Ok(limit::left_today(quota.lane(), bucket, now))
    }

    async fn bucket(&self, name: &Name) -> Result<Option<Bucket>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(limiter_key(name))).send().await?;
        Ok(found.item.as_ref().map(bucket_of))
    }

    /// Stores `bucket` if the table still holds `known`.
    async fn swap_bucket(&self, name: &Name, known: Option<Bucket>, bucket: Bucket) -> Result<Swap, StoreError> {
        let mut item = limiter_key(name);
        item.insert("empty_at".to_owned(), number(bucket.empty_at));
        item.insert("day".to_owned(), number(bucket.day));
        item.insert("used".to_owned(), number(bucket.used));
        item.insert("expires_at".to_owned(), number((bucket.day + 3) * 86_400));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match known {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(known) => put
                .condition_expression("empty_at = :empty_at AND used = :used AND #day = :day")
                .expression_attribute_names("#day", "day")
                .expression_attribute_values(":empty_at", number(known.empty_at))
                .expression_attribute_values(":used", number(known.used))
                .expression_attribute_values(":day", number(known.day)),
        };
        match put.send().await {
            Ok(_) => Ok(Swap::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    Ok(Swap::Lost(failed.item().map(bucket_of)))
                }
                _ => Err(error.into()),
            },
        }
    }
}

fn limiter_key((connection, system, lane): &Name) -> Item {
    items::key(&format!("RL#{connection}#{system}"), &format!("GCRA#{}", lane.name()))
}

fn bucket_of(item: &Item) -> Bucket {
    let number = |name: &str| items::number_of(item, name).unwrap_or(0);
    Bucket { empty_at: number("empty_at"), day: number("day"), used: u32::try_from(number("used")).unwrap_or(0) }
}
