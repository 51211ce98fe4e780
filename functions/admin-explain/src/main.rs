//! Says what would be decided about a request and why; writes and orders nothing.

use lambda_runtime::Error;
use runtime::handlers::admin::explain;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-explain", explain::handle)
}
