//! Says what of a connection would not work, and who must do what.

use lambda_runtime::Error;
use runtime::handlers::admin::check_connection;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-check-connection", check_connection::handle)
}
