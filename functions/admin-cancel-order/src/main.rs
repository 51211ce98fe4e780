//! Cancels an order at the provider.

use lambda_runtime::Error;
use runtime::handlers::admin::cancel_order;
use runtime::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::serve_http("admin-cancel-order", cancel_order::handle).await
}
