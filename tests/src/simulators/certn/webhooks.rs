//! The webhook of the account: its set-up in the portal, and how tests disturb it.

use std::time::Duration;

use axum::http::header;
use serde_json::{Value, json};

use super::super::shared::lock;
use super::state::{AccountState, Event};
use super::webhook_delivery::Outgoing;
use super::{Case, CertnSimulator};

/// How `X-Signature` is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    #[default]
    Hex,
    /// `sha256=` before the hex digits.
    Prefixed,
    Base64,
    /// Well formed, made with another secret.
    Wrong,
    Missing,
}

/// Which of the two known bodies an event has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyForm {
    /// The published one: `id`, `event_type`, `object_id`, `object_type`.
    Documented,
    /// The one that public clients read: `event_id`, `created`, and `case_status` on case events.
    #[default]
    SeenInCode,
}

/// How events travel from now on; those already queued keep the options of their time.
#[derive(Clone, Debug, Default)]
pub struct WebhookOptions {
    pub signature: SignatureForm,
    pub body: BodyForm,
    /// Sends to the configured address with a slash added at the end.
    pub trailing_slash: bool,
    /// How many more times each event is sent, whatever the answer.
    pub duplicate: usize,
    /// Loses this share of the events, evenly spread: the same ones in every run.
    pub drop_percent: u8,
    pub drop_all: bool,
    pub delay_ms: u64,
    /// Buffers events; a flush sends the newest first.
    pub reverse: bool,
    /// Buffers events until a flush.
    pub hold: bool,
    /// Sends an event about a new case, and waits for its answer, before the order itself is answered.
    pub before_order_answer: bool,
    /// Puts the id of the report file into `CASE_REPORT_READY` in place of the case's.
    pub report_file_as_object: bool,
}

/// One copy of an event and how it ended; no attempts means that it was lost on purpose.
#[derive(Clone, Debug)]
pub struct Delivery {
    pub event_id: String,
    pub event_type: String,
    /// The case that the event is about, or its bare object where that is no case of this account.
    pub case: String,
    pub attempts: u32,
    /// The last answer's status; `None` where no answer came.
    pub last_status: Option<u16>,
}

pub(super) struct WebhookState {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) enabled: bool,
    pub(super) options: WebhookOptions,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) buffered: Vec<Outgoing>,
    pub(super) unfinished: usize,
    handshake_limit: Duration,
    drop_counter: usize,
}

impl Default for WebhookState {
    fn default() -> Self {
        Self {
            url: String::new(),
            secret: String::new(),
            enabled: false,
            options: WebhookOptions::default(),
            deliveries: Vec::new(),
            buffered: Vec::new(),
            unfinished: 0,
            handshake_limit: Duration::from_secs(10),
            drop_counter: 0,
        }
    }
}

impl WebhookState {
    pub(super) fn loses_next(&mut self) -> bool {
        if self.options.drop_all {
            return true;
        }
        let share = usize::from(self.options.drop_percent);
        self.drop_counter += 1;
        self.drop_counter * share / 100 > (self.drop_counter - 1) * share / 100
    }
}

impl Event {
    pub(super) fn to_json(&self, form: BodyForm) -> Value {
        if form == BodyForm::Documented {
            return json!({
                "id": self.id,
                "event_type": self.event_type,
                "object_id": self.object_id,
                "object_type": self.object_type,
            });
        }
        let mut body = json!({
            "created": self.created,
            "event_id": self.id,
            "event_type": self.event_type,
            "object_id": self.object_id,
            "object_type": self.object_type,
        });
        if let (Some(status), Some(fields)) = (&self.case_status, body.as_object_mut()) {
            fields.insert("case_status".to_owned(), json!(status));
        }
        body
    }
}

impl CertnSimulator {
    /// Sets the webhook as in the portal: delivery is enabled only if the address passes the challenge.
    pub async fn set_webhook(&self, url: &str, secret: &str) -> bool {
        let (challenge, limit) = {
            let mut state = lock(&self.state);
            let challenge = format!("{}._~{}", state.new_id(), state.new_id().replace('-', ""));
            (challenge, state.webhook.handshake_limit)
        };
        let enabled = self.passes_challenge(url, &challenge, limit).await;
        let webhook = &mut lock(&self.state).webhook;
        url.clone_into(&mut webhook.url);
        secret.clone_into(&mut webhook.secret);
        webhook.enabled = enabled;
        enabled
    }

    /// Shortens the 10 seconds that the answer to the challenge may take.
    pub fn set_handshake_limit(&self, limit: Duration) {
        lock(&self.state).webhook.handshake_limit = limit;
    }

    /// Changes how events travel from now on.
    pub fn set_webhook_options(&self, options: WebhookOptions) {
        lock(&self.state).webhook.options = options;
    }

    /// Every finished delivery, in the order in which they ended.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.state).webhook.deliveries.clone()
    }

    /// Sends what was buffered and waits until every delivery has ended.
    pub async fn flush_webhooks(&self) {
        {
            let mut state = lock(&self.state);
            let mut buffered = std::mem::take(&mut state.webhook.buffered);
            if state.webhook.options.reverse {
                buffered.reverse();
            }
            for outgoing in buffered {
                self.enqueue(&mut state, outgoing);
            }
        }
        self.settle().await;
    }

    /// Waits until no delivery is under way; buffered events stay buffered.
    pub async fn settle(&self) {
        loop {
            let settled = self.settled.notified();
            if lock(&self.state).webhook.unfinished == 0 {
                return;
            }
            settled.await;
        }
    }

    /// Sends any event, known or unknown, about any object; gives the event's id.
    pub fn send_event(&self, event_type: &str, object_id: &str, object_type: &str) -> String {
        let mut state = lock(&self.state);
        let case = state
            .cases
            .iter()
            .map(|stored| &stored.current)
            .find(|case| case.id == object_id || case.checks.iter().any(|check| check.id == object_id));
        let case = case.map_or_else(|| object_id.to_owned(), |case| case.id.clone());
        let event = self.record_event(&mut state, event_type, (object_id, object_type), case, None);
        let id = event.id.clone();
        self.dispatch(&mut state, &event);
        id
    }

    /// Puts an event into the events list without sending it.
    pub(super) fn record_event(
        &self,
        state: &mut AccountState,
        event_type: &str,
        (object_id, object_type): (&str, &str),
        case: String,
        case_status: Option<String>,
    ) -> Event {
        let event = Event {
            id: state.new_id(),
            event_type: event_type.to_owned(),
            object_id: object_id.to_owned(),
            object_type: object_type.to_owned(),
            case,
            case_status,
            created: self.harness.now(),
        };
        state.events.push(event.clone());
        event
    }

    pub(super) fn record_status_event(&self, state: &mut AccountState, case: &Case) -> Event {
        let status = Some(case.status.clone());
        self.record_event(state, "CASE_STATUS_CHANGED", (&case.id, "CASE"), case.id.clone(), status)
    }

    async fn passes_challenge(&self, url: &str, challenge: &str, limit: Duration) -> bool {
        let separator = if url.contains('?') { '&' } else { '?' };
        let request = self.http.get(format!("{url}{separator}challenge={challenge}")).timeout(limit);
        let Ok(answer) = request.send().await else { return false };
        let header_is = |name: header::HeaderName, allowed: fn(&str) -> bool| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(allowed)
        };
        let plain_text = header_is(header::CONTENT_TYPE, |value| {
            value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/plain"))
        });
        if !header_is(header::X_CONTENT_TYPE_OPTIONS, |value| value.eq_ignore_ascii_case("nosniff")) {
            self.harness.violations.record("the answer to the challenge lacks X-Content-Type-Options: nosniff");
        }
        let accepted = answer.status() == reqwest::StatusCode::OK && plain_text;
        accepted && answer.text().await.is_ok_and(|body| body == challenge)
    }
}
