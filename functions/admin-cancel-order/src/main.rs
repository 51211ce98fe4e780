//! Cancels an order at the provider.

use lambda_runtime::Error;
use runtime::handlers::admin::cancel_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-cancel-order", cancel_order::handle)
}
