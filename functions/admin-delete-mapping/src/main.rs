//! Takes a mapping back.

use lambda_runtime::Error;
use runtime::handlers::admin::delete_mapping;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-delete-mapping", delete_mapping::handle)
}
