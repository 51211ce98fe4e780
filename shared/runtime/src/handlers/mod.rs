//! What each function does, one module a function. The Lambda binaries and the local stack call the same ones.

pub mod admin;
mod arrived;
pub mod asurint_webhook;
pub mod certn_webhook;
pub mod icims_webhook;
pub mod lever_oauth_callback;
pub mod lever_webhook;
pub mod pageup_poll;
pub mod place_order;
mod provider_webhook;
pub mod reconcile;
pub mod report_link;
pub mod sync_order;

use crate::store::StoreError;

/// The work must come again; why is in the log already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error, "the table could not be used");
        Self
    }
}
