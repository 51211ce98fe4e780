//! Lists the connections of the region.

use lambda_runtime::Error;
use runtime::handlers::admin::list_connections;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-connections", list_connections::handle)
}
