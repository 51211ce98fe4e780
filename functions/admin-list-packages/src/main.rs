//! Lists the provider's packages.

use lambda_runtime::Error;
use runtime::handlers::admin::list_packages;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-packages", list_packages::handle)
}
