//! Disconnects a customer: its webhook, tokens, secret and data go.

use lambda_runtime::Error;
use runtime::handlers::admin::delete_connection;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-delete-connection", delete_connection::handle)
}
