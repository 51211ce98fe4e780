//! Says which order at the provider a parked order is.

use lambda_runtime::Error;
use runtime::handlers::admin::adopt_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-adopt-order", adopt_order::handle)
}
