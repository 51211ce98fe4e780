//! Takes in Asurint's postbacks: an order changed.

use lambda_runtime::Error;
use runtime::handlers::asurint_webhook;
use runtime::lambda::{self, Queue};

fn main() -> Result<(), Error> {
    lambda::serve_webhook("asurint-webhook", Queue::SyncOrder, asurint_webhook::handle)
}
