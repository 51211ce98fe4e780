//! Keeps the ATS showing the provider's truth.

use lambda_runtime::Error;
use runtime::handlers::sync_order;
use runtime::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::serve_queue("sync-order", sync_order::handle).await
}
