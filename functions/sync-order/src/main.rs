//! Keeps the ATS showing the provider's truth.

use lambda_runtime::Error;
use runtime::handlers::sync_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_queue("sync-order", sync_order::handle)
}
