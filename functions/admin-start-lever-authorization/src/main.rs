//! Gives the address at which a Super Admin allows access to Lever.

use lambda_runtime::Error;
use runtime::handlers::admin::start_lever_authorization;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-start-lever-authorization", start_lever_authorization::handle)
}
