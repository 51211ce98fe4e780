//! Asurint says how an order stands: by JSON only a hint, by XML all that can be known.

use std::sync::Arc;

use domain::provider::ProviderSettings;

use super::provider_webhook;
use crate::edge::{Answer, Call, answer};
use crate::hub::Hub;

/// Handles the postbacks of one connection.
pub async fn handle(hub: Arc<Hub>, call: Call) -> Answer {
    if !call.is_for_webhook() {
        return answer(404, &[], "");
    }
    provider_webhook::handle(&hub, call, |provider| matches!(provider, ProviderSettings::Asurint(_))).await
}
