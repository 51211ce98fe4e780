//! Tells the story of one order.

use lambda_runtime::Error;
use runtime::handlers::admin::get_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-get-order", get_order::handle)
}
