//! Shows a connection and its mappings.

use lambda_runtime::Error;
use runtime::handlers::admin::get_connection;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-get-connection", get_connection::handle)
}
