//! How one postback becomes requests to the hub.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::super::shared::lock;
use super::AsurintSimulator;
use super::bodies::body;
use super::model::Codec;
use super::postbacks::{BasicForm, Delivery, Event, PostbackOptions, Postbacks, SignatureForm};
use super::state::Simulated;

/// The first attempt and two more follow one another at once; later ones wait for the clock.
const ATTEMPTS_AT_ONCE: u32 = 3;
const RETRY_GAP: Duration = Duration::from_millis(50);
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(4);
const RETRIED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// One copy of a postback, ready to send.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) event: Event,
    url: String,
    content_type: String,
    body: String,
    postbacks: Postbacks,
    options: PostbackOptions,
    attempts: u32,
    first: Option<Timestamp>,
    wait: SignedDuration,
    due: Option<Timestamp>,
    not_before: Option<Instant>,
}

/// Sends queued postbacks one after the other, so that they arrive in their order unless a test disturbs it.
pub(super) async fn run(simulator: AsurintSimulator, mut queue: UnboundedReceiver<Outgoing>) {
    while let Some(outgoing) = queue.recv().await {
        if let Some(not_before) = outgoing.not_before {
            tokio::time::sleep_until(not_before).await;
        }
        simulator.send(outgoing).await;
        lock(&simulator.state).postbacks.unfinished -= 1;
        simulator.settled.notify_waiters();
    }
}

impl AsurintSimulator {
    /// Queues or holds the copies of one postback.
    pub(super) fn dispatch(&self, state: &mut Simulated, event: &Event) {
        let copies = prepare(state, event);
        if state.postbacks.hold {
            state.postbacks.held.extend(copies);
            return;
        }
        for mut outgoing in copies {
            outgoing.not_before = Some(Instant::now() + Duration::from_millis(outgoing.options.delay_ms));
            // The queue closes only with the runtime of the process, and nobody waits for deliveries then.
            if self.outgoing.send(outgoing).is_ok() {
                state.postbacks.unfinished += 1;
            }
        }
    }

    /// Sends the copies of one postback and returns when the last one has ended.
    pub(super) async fn deliver_now(&self, event: &Event) {
        let copies = prepare(&mut lock(&self.state), event);
        for outgoing in copies {
            self.send(outgoing).await;
        }
    }

    /// Sends anything as a client's postback, with the proofs that its options say; gives the answer's status.
    pub async fn send_raw(&self, client: &str, content_type: &str, body: String) -> Option<u16> {
        let target = lock(&self.state).clients.get(client).map(|c| (c.postbacks.clone(), c.options.clone()));
        let target = target.and_then(|(postbacks, options)| postbacks.map(|postbacks| (postbacks, options)));
        self.check_named(target.is_some(), "client with postbacks", client);
        let (postbacks, options) = target?;
        let url = postbacks.url.clone()?;
        self.attempt(&url, content_type, &body, &postbacks, &options).await
    }

    /// Tries those postbacks again whose time has come by the clock; gives their number.
    pub async fn retry_due(&self) -> usize {
        let now = self.harness.now();
        let (ready, waiting) = std::mem::take(&mut lock(&self.state).postbacks.retrying)
            .into_iter()
            .partition::<Vec<_>, _>(|outgoing| outgoing.due.is_some_and(|due| due <= now));
        lock(&self.state).postbacks.retrying.extend(waiting);
        let count = ready.len();
        for outgoing in ready {
            self.send(outgoing).await;
        }
        count
    }

    /// When the next postback is tried again that failed so far.
    #[must_use]
    pub fn next_retry(&self) -> Option<Timestamp> {
        lock(&self.state).postbacks.retrying.iter().filter_map(|outgoing| outgoing.due).min()
    }

    pub(super) async fn send(&self, mut outgoing: Outgoing) -> Option<u16> {
        let first = *outgoing.first.get_or_insert_with(|| self.harness.now());
        let mut left = if outgoing.attempts == 0 { ATTEMPTS_AT_ONCE } else { 1 };
        let status = loop {
            outgoing.attempts += 1;
            left -= 1;
            let Outgoing { url, content_type, body, postbacks, options, .. } = &outgoing;
            let status = self.attempt(url, content_type, body, postbacks, options).await;
            if left == 0 || !is_retried(status) {
                break status;
            }
            tokio::time::sleep(RETRY_GAP).await;
        };
        let due = self.harness.now().checked_add(outgoing.wait).ok();
        let due = due.filter(|due| is_retried(status) && due.duration_since(first) <= RETRIED_FOR);
        let mut state = lock(&self.state);
        let delivery = Delivery { retried_later: due.is_some(), ..ended(&outgoing.event, outgoing.attempts, status) };
        state.postbacks.deliveries.push(delivery);
        if due.is_some() {
            let wait = (outgoing.wait * 2).min(LONGEST_WAIT);
            state.postbacks.retrying.push(Outgoing { due, wait, ..outgoing });
        }
        status
    }

    async fn attempt(
        &self,
        url: &str,
        content_type: &str,
        body: &str,
        postbacks: &Postbacks,
        options: &PostbackOptions,
    ) -> Option<u16> {
        let mut request = self.http.post(url).header("Content-Type", content_type).body(body.to_owned());
        let (username, right) = (&postbacks.username, &postbacks.password);
        let password = match options.basic {
            BasicForm::Right => Some(right.as_str()),
            BasicForm::Wrong => Some("another password altogether"),
            BasicForm::Missing => None,
        };
        if let Some(password) = password {
            let basic = BASE64.encode(format!("{username}:{password}").as_bytes());
            request = request.header("Authorization", format!("Basic {basic}"));
        }
        let now = self.harness.now().as_second();
        let signature = postbacks.secret.as_ref().and_then(|secret| match options.signature {
            SignatureForm::Right => sign(secret, now, body),
            SignatureForm::Wrong => sign("another secret altogether", now, body),
            SignatureForm::OfAnotherBody => sign(secret, now, &format!("{body} ")),
            SignatureForm::Aged(seconds) => sign(secret, now - seconds, body),
            SignatureForm::Missing => None,
        });
        if let Some(signature) = signature {
            request = request.header("X-Asurint-Signature", signature);
        }
        request.send().await.ok().map(|answer| answer.status().as_u16())
    }
}

/// No answer in time, or one of those that promise a better one later.
fn is_retried(status: Option<u16>) -> bool {
    status.is_none_or(|status| matches!(status, 408 | 429 | 500..=599))
}

fn ended(event: &Event, attempts: u32, last_status: Option<u16>) -> Delivery {
    Delivery {
        event_id: event.event_id.clone(),
        order: event.order_id.clone(),
        attempts,
        last_status,
        retried_later: false,
    }
}

fn prepare(state: &mut Simulated, event: &Event) -> Vec<Outgoing> {
    let order = state.order(&event.order_id).map(|order| (order.codec, order.callback_url.clone()));
    let (order_codec, callback_url) = order.unwrap_or((Codec::Json, None));
    let Some(client) = state.clients.get_mut(&event.client_id) else { return Vec::new() };
    let Some(postbacks) = client.postbacks.clone() else { return Vec::new() };
    let Some(url) = postbacks.url.clone().or(callback_url) else { return Vec::new() };
    let options = client.options.clone();
    let share = usize::from(options.drop_percent);
    client.drop_counter += 1;
    if client.drop_counter * share / 100 > (client.drop_counter - 1) * share / 100 {
        state.postbacks.deliveries.push(ended(event, 0, None));
        return Vec::new();
    }
    let mut told = event.clone();
    told.client_id = options.client_id.clone().unwrap_or(told.client_id);
    told.quote_back = options.quote_back.clone().unwrap_or(told.quote_back);
    told.report_url = options.report_url.clone().or(told.report_url);
    let (content_type, body) = body(&told, options.codec.unwrap_or(order_codec), options.padding);
    let copies = options.duplicate.saturating_add(1);
    let outgoing = Outgoing {
        event: event.clone(),
        url,
        content_type: content_type.to_owned(),
        body,
        postbacks,
        options,
        attempts: 0,
        first: None,
        wait: FIRST_WAIT,
        due: None,
        not_before: None,
    };
    vec![outgoing; copies]
}

fn sign(secret: &str, at: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{at}.{body}").as_bytes());
    Some(format!("t={at},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_a_known_body() {
        let body = concat!(
            r#"{"eventId":"4a1f4f5e-7f0d-4c55-9a51-0c8b1f6b1a01","eventType":"ORDER_STATUS_CHANGED","#,
            r#""occurredAt":"2026-11-01T10:00:00Z","clientId":"ACME01","orderId":"A123456","quoteBack":"HUB-1","#,
            r#""status":"Completed","score":"Eligible for Hire","#,
            r#""reportUrl":"https://portal.asurint.example/r/A123456"}"#,
        );
        let expected = "t=1793527200,v1=6378af5043c9ece023f04cbbb7f4cd353971feeffa8ce48b4bbdc0f2256f9e06";
        assert_eq!(body.len(), 285);
        assert_eq!(sign("asurint-test-secret", 1_793_527_200, body).as_deref(), Some(expected));
    }
}
