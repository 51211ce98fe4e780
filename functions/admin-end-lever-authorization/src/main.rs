//! Gives up a connection's access to Lever.

use lambda_runtime::Error;
use runtime::handlers::admin::end_lever_authorization;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-end-lever-authorization", end_lever_authorization::handle)
}
