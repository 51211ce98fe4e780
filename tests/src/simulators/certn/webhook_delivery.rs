//! How one event becomes requests to the hub.

use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::super::shared::lock;
use super::CertnSimulator;
use super::state::{AccountState, Event};
use super::webhooks::{Delivery, SignatureForm, WebhookState};

/// The first attempt and three more.
const MOST_ATTEMPTS: u32 = 4;
const RETRY_GAP: Duration = Duration::from_millis(50);
const RETRIED_STATUSES: [u16; 5] = [408, 500, 502, 503, 504];

/// One copy of an event, ready to send.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    event: Event,
    url: String,
    body: String,
    signature: Option<String>,
    delay: Duration,
    due: Option<Instant>,
}

/// Sends queued events one after the other, so that they arrive in their order unless a test disturbs it.
pub(super) async fn run(simulator: CertnSimulator, mut queue: UnboundedReceiver<Outgoing>) {
    while let Some(outgoing) = queue.recv().await {
        if let Some(due) = outgoing.due {
            tokio::time::sleep_until(due).await;
        }
        simulator.deliver(outgoing).await;
        lock(&simulator.state).webhook.unfinished -= 1;
        simulator.settled.notify_waiters();
    }
}

impl CertnSimulator {
    /// Queues or buffers the copies of one event.
    pub(super) fn dispatch(&self, state: &mut AccountState, event: &Event) {
        let copies = prepare(&mut state.webhook, event);
        let options = &state.webhook.options;
        if options.hold || options.reverse {
            state.webhook.buffered.extend(copies);
            return;
        }
        for outgoing in copies {
            self.enqueue(state, outgoing);
        }
    }

    pub(super) fn enqueue(&self, state: &mut AccountState, outgoing: Outgoing) {
        let due = Some(Instant::now() + outgoing.delay);
        // The queue closes only with the runtime of the process, and nobody waits for deliveries then.
        if self.outgoing.send(Outgoing { due, ..outgoing }).is_ok() {
            state.webhook.unfinished += 1;
        }
    }

    /// Sends the copies of one event and returns when the last one has ended.
    pub(super) async fn deliver_now(&self, event: &Event) {
        let copies = prepare(&mut lock(&self.state).webhook, event);
        for outgoing in copies {
            self.deliver(outgoing).await;
        }
    }

    async fn deliver(&self, outgoing: Outgoing) {
        let mut attempts = 0;
        let last_status = loop {
            attempts += 1;
            let mut request =
                self.http.post(&outgoing.url).header("Content-Type", "application/json").body(outgoing.body.clone());
            if let Some(signature) = &outgoing.signature {
                request = request.header("X-Signature", signature);
            }
            let status = request.send().await.ok().map(|answer| answer.status().as_u16());
            let try_again = status.is_some_and(|status| RETRIED_STATUSES.contains(&status));
            if !try_again || attempts == MOST_ATTEMPTS {
                break status;
            }
            tokio::time::sleep(RETRY_GAP).await;
        };
        let delivery = ended(&outgoing.event, attempts, last_status);
        lock(&self.state).webhook.deliveries.push(delivery);
    }
}

fn ended(event: &Event, attempts: u32, last_status: Option<u16>) -> Delivery {
    Delivery {
        event_id: event.id.clone(),
        event_type: event.event_type.clone(),
        case: event.case.clone(),
        attempts,
        last_status,
    }
}

fn prepare(webhook: &mut WebhookState, event: &Event) -> Vec<Outgoing> {
    if !webhook.enabled {
        return Vec::new();
    }
    if webhook.loses_next() {
        webhook.deliveries.push(ended(event, 0, None));
        return Vec::new();
    }
    let options = &webhook.options;
    let body = event.to_json(options.body).to_string();
    let slash = if options.trailing_slash { "/" } else { "" };
    let outgoing = Outgoing {
        event: event.clone(),
        url: format!("{}{slash}", webhook.url),
        signature: signature(options.signature, &webhook.secret, &body),
        body,
        delay: Duration::from_millis(options.delay_ms),
        due: None,
    };
    vec![outgoing; options.duplicate.saturating_add(1)]
}

fn signature(form: SignatureForm, secret: &str, body: &str) -> Option<String> {
    let digest = |secret: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(body.as_bytes());
        Some(mac.finalize().into_bytes())
    };
    match form {
        SignatureForm::Hex => Some(HEXLOWER.encode(&digest(secret.as_bytes())?)),
        SignatureForm::Prefixed => Some(format!("sha256={}", HEXLOWER.encode(&digest(secret.as_bytes())?))),
        SignatureForm::Base64 => Some(BASE64.encode(&digest(secret.as_bytes())?)),
        SignatureForm::Wrong => Some(HEXLOWER.encode(&digest(b"another secret altogether")?)),
        SignatureForm::Missing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_a_known_body() {
        let body = concat!(
            r#"{"created":"2026-11-01T10:00:00Z","event_id":"e50b8c4f-9a95-40a0-886a-37aa21ea078e","#,
            r#""event_type":"CASE_STATUS_CHANGED","object_id":"2f64d134-1c54-4028-8e8b-9cfa7bd8011c","#,
            r#""object_type":"CASE","case_status":"COMPLETE"}"#,
        );
        let expected = "edb08e12ef79b1f7957c5a538851f56f3277ddac5faec64327228a71aac41a6f";
        assert_eq!(signature(SignatureForm::Hex, "test-webhook-secret", body).as_deref(), Some(expected));
    }
}
