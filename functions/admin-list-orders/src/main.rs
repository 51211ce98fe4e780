//! Lists the orders of a connection.

use lambda_runtime::Error;
use runtime::handlers::admin::list_orders;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-orders", list_orders::handle)
}
