//! Erases what is kept of an application or an order.

use lambda_runtime::Error;
use runtime::handlers::admin::erase_candidate;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-erase-candidate", erase_candidate::handle)
}
