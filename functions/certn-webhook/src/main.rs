//! Takes in Certn's events and its handshake.

use lambda_runtime::Error;
use runtime::handlers::certn_webhook;
use runtime::lambda::{self, Queue};

fn main() -> Result<(), Error> {
    lambda::serve_webhook("certn-webhook", Queue::SyncOrder, certn_webhook::handle)
}
