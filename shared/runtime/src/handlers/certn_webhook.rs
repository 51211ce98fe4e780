//! Certn says that a case changed. What it says is only a hint: the worker reads the case itself.

use std::sync::Arc;

use domain::provider::{ProviderSettings, certn};
use http::Method;

use super::Answering;
use super::provider_webhook;
use crate::edge::{Answer, Call, answer};
use crate::hub::Hub;

/// Handles the handshake (GET) and the events (POST) of one connection.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if !call.is_for_webhook() {
            return answer(404, &[], "");
        }
        if call.method == Method::GET {
            return handshake(&call);
        }
        provider_webhook::handle(&hub, call, |provider| matches!(provider, ProviderSettings::Certn(_))).await
    })
}

/// Certn proves that the address is ours by having a value echoed as plain text.
fn handshake(call: &Call) -> Answer {
    let headers = [("content-type", "text/plain"), ("x-content-type-options", "nosniff")];
    match call.query.get("challenge").and_then(|value| certn::challenge(value)) {
        Some(echo) => answer(200, &headers, echo),
        None => answer(400, &headers, "challenge is missing or not of the expected form"),
    }
}
