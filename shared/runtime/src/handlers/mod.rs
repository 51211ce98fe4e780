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

use std::sync::Arc;

use domain::hint::Message;
use futures::future::BoxFuture;

use crate::deadline::Deadline;
use crate::edge::{Answer, Call};
use crate::hub::Hub;
use crate::store::StoreError;

/// The handler of an HTTP function. Its future is boxed, as are the others', so that it is compiled here and not once more
/// in each binary and in the local stack.
pub type Http = fn(Arc<Hub>, Call) -> Answering;
/// The handler of a queue's messages, one at a time.
pub type Worker = fn(Arc<Hub>, Message, Deadline) -> Working;
/// The handler of a tick of the schedule.
pub type Scheduled = fn(Arc<Hub>, Deadline) -> Working;

pub type Answering = BoxFuture<'static, Answer>;
pub type Working = BoxFuture<'static, Result<(), Failed>>;

/// The work must come again; why is in the log already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error, "the table could not be used");
        Self
    }
}
