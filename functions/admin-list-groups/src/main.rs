//! Lists the provider's groups.

use lambda_runtime::Error;
use runtime::handlers::admin::list_groups;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-groups", list_groups::handle)
}
