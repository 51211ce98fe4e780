//! Turns a request for a check into exactly one order.

use lambda_runtime::Error;
use runtime::handlers::place_order;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_queue("place-order", place_order::handle)
}
