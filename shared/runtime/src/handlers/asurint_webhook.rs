//! Asurint says how an order stands: by JSON only a hint, by XML all that can be known.

use std::sync::Arc;

use domain::provider::ProviderSettings;

use super::Answering;
use super::provider_webhook;
use crate::edge::{Call, answer};
use crate::hub::Hub;

/// Handles the postbacks of one connection.
pub fn handle(hub: Arc<Hub>, call: Call) -> Answering {
    Box::pin(async move {
        if !call.is_for_webhook() {
            return answer(404, &[], "");
        }
        provider_webhook::handle(&hub, call, |provider| matches!(provider, ProviderSettings::Asurint(_))).await
    })
}
