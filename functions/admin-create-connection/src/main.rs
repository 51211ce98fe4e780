//! Connects a customer's ATS to a provider.

use lambda_runtime::Error;
use runtime::handlers::admin::create_connection;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-create-connection", create_connection::handle)
}
