//! The events that webhooks are told of: how they are written and signed, and whom they go to.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::delivery::Sent;
use super::dice::Dice;
use super::state::AccountState;
use super::webhooks::{STAGE_CHANGE, Webhook};

/// How an event is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    #[default]
    Correct,
    /// Well formed, made with another token.
    Wrong,
    Missing,
}

/// How an event names the stage that a candidate left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FromStage {
    #[default]
    Told,
    Null,
    Absent,
}

/// How an event differs from the ordinary one.
#[derive(Clone, Debug, PartialEq)]
pub struct EventOptions {
    /// How many times each webhook is told, all at once; 0 loses the event.
    pub copies: usize,
    pub signature: SignatureForm,
    /// Milliseconds since the epoch, in place of the present.
    pub triggered_at: Option<i64>,
    pub without_id: bool,
    pub from_stage: FromStage,
    /// Stands in place of the true data, which the signature does not cover.
    pub data: Option<Value>,
    /// Sends nothing until held events are released.
    pub hold: bool,
}

impl Default for EventOptions {
    fn default() -> Self {
        Self {
            copies: 1,
            signature: SignatureForm::default(),
            triggered_at: None,
            without_id: false,
            from_stage: FromStage::default(),
            data: None,
            hold: false,
        }
    }
}

/// The signature that is in the body: of a token and a time, not of what happened.
#[must_use]
pub fn signature(signature_token: &str, token: &str, triggered_at: i64) -> String {
    // A key of any length is accepted.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(signature_token.as_bytes()) else { return String::new() };
    mac.update(format!("{token}{triggered_at}").as_bytes());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// One event as one webhook is told of it.
pub(super) fn envelope(
    webhook: &Webhook,
    (event, data): (&str, Value),
    id: Option<&str>,
    options: &EventOptions,
    now: Timestamp,
    dice: &mut Dice,
) -> Value {
    let triggered_at = options.triggered_at.unwrap_or_else(|| now.as_millisecond());
    let token = dice.hex_token();
    let signature = match options.signature {
        SignatureForm::Correct => Some(signature(&webhook.signature_token, &token, triggered_at)),
        SignatureForm::Wrong => Some(signature("another token altogether", &token, triggered_at)),
        SignatureForm::Missing => None,
    };
    let mut body = json!({ "event": event, "triggeredAt": triggered_at, "token": token, "data": data });
    if let Some(fields) = body.as_object_mut() {
        fields.extend(signature.map(|signature| ("signature".to_owned(), json!(signature))));
        fields.extend(id.map(|id| ("id".to_owned(), json!(id))));
    }
    body
}

impl AccountState {
    /// Makes the deliveries of a stage change and gives their numbers.
    pub(super) fn stage_changed(
        &mut self,
        id: &str,
        from: &str,
        options: &EventOptions,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Vec<usize> {
        let Some(found) = self.opportunity(id) else { return Vec::new() };
        let mut data = Map::from_iter([
            ("opportunityId".to_owned(), json!(found.id)),
            ("candidateId".to_owned(), json!(found.id)),
            ("contactId".to_owned(), json!(found.contact)),
            ("toStageId".to_owned(), json!(found.stage)),
        ]);
        let from = match options.from_stage {
            FromStage::Told => Some(json!(from)),
            FromStage::Null => Some(Value::Null),
            FromStage::Absent => None,
        };
        data.extend(from.map(|from| ("fromStageId".to_owned(), from)));
        let origin = found.origin.clone();
        self.queue((STAGE_CHANGE, Value::Object(data)), Some(&origin), options, now, dice)
    }

    /// Makes the deliveries of an event, where its group is switched on, and gives their numbers.
    pub(super) fn queue(
        &mut self,
        (event, data): (&str, Value),
        origin: Option<&str>,
        options: &EventOptions,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Vec<usize> {
        let mut numbers = Vec::new();
        if !self.toggled.contains(event) {
            return numbers;
        }
        let id = Some(dice.uuid()).filter(|_| !options.without_id);
        let data = options.data.clone().unwrap_or(data);
        let wants = |webhook: &&Webhook| {
            let from_anywhere = webhook.origins.is_empty() || origin.is_none();
            webhook.event == event
                && (from_anywhere || webhook.origins.iter().any(|known| Some(known.as_str()) == origin))
        };
        for webhook in self.webhooks.iter().filter(wants) {
            let body = envelope(webhook, (event, data.clone()), id.as_deref(), options, now, dice);
            for _ in 0..options.copies {
                let number = self.deliveries.len();
                self.deliveries.push(Sent::new(number, webhook, body.clone(), options.hold));
                numbers.push(number);
            }
        }
        if options.hold { Vec::new() } else { numbers }
    }
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn signs_known_events() {
        for (key, token, triggered_at, expected) in [
            (
                "73311aed32110cc40e00c672c2e03e1a42fa28a4fabde089",
                "be58f711f349c7780e4579cd7c63341ac6f881e4dccc3154",
                1_431_454_330_072,
                "c3f3a10173019b66802eb72685e954b840a7b256ff7c332fe5ae3307a27d44d5",
            ),
            (
                "lever-test-signature-token",
                "000102030405060708090a0b0c0d0e0f1011121314151617",
                1_793_527_200_000,
                "e535a8f29c02580bbfed018074eb5ddd8f965247c822649e3da47545451b80dc",
            ),
        ] {
            assert_eq!(signature(key, token, triggered_at), expected);
        }
    }
}
