//! Changes a connection's settings, pauses it or resumes it.

use lambda_runtime::Error;
use runtime::handlers::admin::update_connection;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-update-connection", update_connection::handle)
}
