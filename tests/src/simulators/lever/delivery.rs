//! How events travel to the hub, are tried again, and are lost; the history that an admin sees of it.

use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::LeverSimulator;
use super::events::{EventOptions, envelope, signature};
use super::webhooks::Webhook;
use crate::simulators::shared::loopback_client;

/// How long after each failure the next attempt is due; after the last one the event is lost.
const WAITS_SECS: [i64; 5] = [60, 300, 1_800, 7_200, 21_600];
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Held back by the test.
    Held,
    UnderWay,
    Delivered,
    /// Failed so far, to be tried again from then on.
    Waiting {
        due: Timestamp,
    },
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Attempt {
    pub at: Timestamp,
    /// The answer's status; nothing where no answer came.
    pub status: Option<u16>,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivery {
    /// Its place in the history.
    pub number: usize,
    pub webhook: String,
    pub body: Value,
    pub attempts: Vec<Attempt>,
    pub outcome: Outcome,
}

impl Delivery {
    /// The status of the last answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempts.last().and_then(|attempt| attempt.status)
    }
}

#[derive(Clone)]
pub(super) struct Sent {
    delivery: Delivery,
    url: String,
    signature_token: String,
}

impl Sent {
    pub(super) fn new(number: usize, webhook: &Webhook, body: Value, held: bool) -> Self {
        let outcome = if held { Outcome::Held } else { Outcome::UnderWay };
        Self {
            delivery: Delivery { number, webhook: webhook.id.clone(), body, attempts: Vec::new(), outcome },
            url: webhook.url.clone(),
            signature_token: webhook.signature_token.clone(),
        }
    }

    fn ended(&mut self, at: Timestamp, status: Option<u16>) {
        let failures = self.delivery.attempts.len();
        self.delivery.attempts.push(Attempt { at, status });
        let due = WAITS_SECS.get(failures).and_then(|&wait| at.checked_add(SignedDuration::from_secs(wait)).ok());
        self.delivery.outcome = match due {
            _ if status.is_some_and(|status| (200..300).contains(&status)) => Outcome::Delivered,
            Some(due) => Outcome::Waiting { due },
            None => Outcome::Lost,
        };
    }

    fn sign_anew(&mut self, token: String) {
        let triggered_at = self.delivery.body.get("triggeredAt").and_then(Value::as_i64).unwrap_or_default();
        let signature = signature(&self.signature_token, &token, triggered_at);
        if let Some(fields) = self.delivery.body.as_object_mut() {
            fields.insert("token".to_owned(), json!(token));
            fields.entry("signature").and_modify(|value| *value = json!(signature));
        }
    }
}

/// What sends events: it follows no redirects, which are failures.
pub(super) fn sender() -> io::Result<reqwest::Client> {
    // A second installation in the same process fails and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    loopback_client().http1_only().user_agent("Lever-Webhooks").timeout(ANSWER_LIMIT).build().map_err(io::Error::other)
}

impl LeverSimulator {
    /// Sends deliveries, all at once, and gives how they stand then.
    pub(super) async fn send(&self, account: &str, numbers: Vec<usize>) -> Vec<Delivery> {
        let mut sending = JoinSet::new();
        for number in numbers {
            let found = self.with_account(account, |state| {
                let sent = state.deliveries.get_mut(number)?;
                sent.delivery.outcome = Outcome::UnderWay;
                Some((sent.url.clone(), sent.delivery.body.to_string()))
            });
            let Some((url, body)) = found else { continue };
            let request = self.client.post(url).header("Content-Type", "application/json").body(body);
            sending.spawn(async move { (number, request.send().await.ok().map(|answer| answer.status().as_u16())) });
        }
        let mut ended = Vec::new();
        while let Some(answer) = sending.join_next().await {
            let Ok((number, status)) = answer else { continue };
            if status == Some(429) {
                self.harness.violations.record("the hub answered an event of Lever with 429");
            }
            let now = self.harness.now();
            ended.extend(self.with_account(account, |state| {
                let sent = state.deliveries.get_mut(number)?;
                sent.ended(now, status);
                Some(sent.delivery.clone())
            }));
        }
        ended.sort_by_key(|delivery| delivery.number);
        ended
    }

    /// Every delivery so far, oldest first.
    #[must_use]
    pub fn deliveries(&self, account: &str) -> Vec<Delivery> {
        self.with_account(account, |state| state.deliveries.iter().map(|sent| sent.delivery.clone()).collect())
    }

    /// Tries the deliveries again whose wait is over by the clock.
    pub async fn retry_due(&self, account: &str) -> Vec<Delivery> {
        let now = self.harness.now();
        self.retry(account, |due| due <= now).await
    }

    /// Tries every waiting delivery again, as if its wait was over.
    pub async fn retry_now(&self, account: &str) -> Vec<Delivery> {
        self.retry(account, |_| true).await
    }

    async fn retry(&self, account: &str, is_due: impl Fn(Timestamp) -> bool) -> Vec<Delivery> {
        let numbers = self.with_dice(account, |state, dice| {
            let anew = state.options.retry_signs_anew;
            let is_due = |sent: &&mut Sent| matches!(sent.delivery.outcome, Outcome::Waiting { due } if is_due(due));
            let due = state.deliveries.iter_mut().filter(is_due).map(|sent| {
                if anew {
                    sent.sign_anew(dice.hex_token());
                }
                sent.delivery.number
            });
            due.collect()
        });
        self.send(account, numbers).await
    }

    /// Sends what was held, one after the other, in its order or against it.
    pub async fn release(&self, account: &str, newest_first: bool) -> Vec<Delivery> {
        let mut held = self.deliveries(account);
        held.retain(|delivery| delivery.outcome == Outcome::Held);
        if newest_first {
            held.reverse();
        }
        let mut released = Vec::new();
        for delivery in held {
            released.extend(self.send(account, vec![delivery.number]).await);
        }
        released
    }

    /// Sends a delivery of the history once more, as it was: an admin's *Rerun*, or somebody's replay.
    pub async fn rerun(&self, account: &str, number: usize) -> Option<Delivery> {
        let again = self.with_account(account, |state| {
            let sent = state.deliveries.get(number)?.clone();
            Some(add(&mut state.deliveries, sent))
        });
        self.check_named(again.is_some(), "delivery", &number.to_string());
        self.send(account, again.into_iter().collect()).await.pop()
    }

    /// Sends other data under the signature of a delivery, as somebody may who saw it.
    pub async fn forge(&self, account: &str, number: usize, data: Value) -> Option<Delivery> {
        let forged = self.with_account(account, |state| {
            let mut sent = state.deliveries.get(number)?.clone();
            sent.delivery.body.as_object_mut()?.insert("data".to_owned(), data);
            Some(add(&mut state.deliveries, sent))
        });
        self.check_named(forged.is_some(), "delivery", &number.to_string());
        self.send(account, forged.into_iter().collect()).await.pop()
    }

    /// Sends what the button on the settings page does: a signed event without data to every webhook.
    pub async fn ping(&self, account: &str) -> Vec<Delivery> {
        let now = self.harness.now();
        let numbers = self.with_dice(account, |state, dice| {
            let options = EventOptions::default();
            let ping = |webhook: &Webhook| {
                let body = envelope(webhook, (&webhook.event, json!({})), None, &options, now, dice);
                add(&mut state.deliveries, Sent::new(0, webhook, body, false))
            };
            state.webhooks.iter().map(ping).collect()
        });
        self.send(account, numbers).await
    }

    /// Sends any event with any data to the webhooks that want it.
    pub async fn send_event(&self, account: &str, event: &str, data: Value, options: EventOptions) -> Vec<Delivery> {
        let now = self.harness.now();
        let numbers = self.with_dice(account, |state, dice| state.queue((event, data), None, &options, now, dice));
        self.send(account, numbers).await
    }
}

/// Puts a new delivery at the end of the history and gives its number.
fn add(deliveries: &mut Vec<Sent>, mut sent: Sent) -> usize {
    let number = deliveries.len();
    sent.delivery = Delivery { number, attempts: Vec::new(), outcome: Outcome::UnderWay, ..sent.delivery };
    deliveries.push(sent);
    number
}
