//! Has an order, or all that a filter finds, gone on with.

use lambda_runtime::Error;
use runtime::handlers::admin::replay_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-replay-order", replay_order::handle)
}
