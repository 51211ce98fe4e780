//! The events of `events/`: what each is answered with, and what they leave open for a connection to fill in.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::simulators::lever::signature;
use crate::stack::{Customer, Error, LeverCustomer};

/// Each file with the status that it is answered with; for a worker how many messages come again, for a scheduled function 0.
const EXPECTED: &str = include_str!("../../events/expected.json");
const STAGE_CHANGED: &str = include_str!("../../events/lever-webhook/stage-changed.json");

/// A word that an event has in place of what only a connection can say, and that.
pub type Filled = (&'static str, String);

/// Each file with what it is answered with.
///
/// # Errors
/// The list is not of the form that this program reads.
pub fn expected() -> Result<BTreeMap<String, u16>, Error> {
    Ok(serde_json::from_str(EXPECTED)?)
}

/// What a customer of iCIMS fills in.
#[must_use]
pub fn of_icims(customer: &Customer<'_>) -> Vec<Filled> {
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("{}:{password}", customer.connection)));
    vec![
        ("WRONG_AUTHORIZATION", basic("wrong")),
        ("AUTHORIZATION", basic(&customer.webhook_password)),
        ("CONNECTION", customer.connection.clone()),
    ]
}

/// What a customer of Lever fills in that let the hub in and is asked for access anew.
///
/// # Errors
/// Lever has no webhook of ours, or the hub does not ask for access.
pub async fn of_lever(customer: &LeverCustomer<'_>) -> Result<Vec<Filled>, Error> {
    let lever = customer.lever()?;
    let (webhook, url) = lever.webhooks(&customer.account).pop().ok_or("Lever has no webhook of ours")?;
    let token = url.split(&format!("/{}/", customer.connection)).nth(1).and_then(|end| end.split('/').next());
    let event: Value = serde_json::from_str(STAGE_CHANGED)?;
    let body: Value = serde_json::from_str(event.get("body").and_then(Value::as_str).unwrap_or_default())?;
    let once = body.get("token").and_then(Value::as_str).unwrap_or_default();
    let at = body.get("triggeredAt").and_then(Value::as_i64).unwrap_or_default();
    let asked = url::Url::parse(&customer.authorize_url().await?)?;
    let state = asked.query_pairs().find(|(name, _)| name == "state").ok_or("the hub asks without a state")?.1;
    Ok(vec![
        ("LEVER_CONNECTION", customer.connection.clone()),
        ("LEVER_SIGNATURE", signature(&lever.signature_token(&customer.account, &webhook), once, at)),
        ("LEVER_STATE", state.into_owned()),
        ("LEVER_TOKEN", token.unwrap_or_default().to_owned()),
    ])
}

/// The event with everything filled in, the longer words first: one may contain another.
#[must_use]
pub fn fill(event: &str, filled: &[Filled]) -> String {
    let mut words: Vec<_> = filled.iter().collect();
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    words.into_iter().fold(event.to_owned(), |event, (word, value)| event.replace(word, value))
}
