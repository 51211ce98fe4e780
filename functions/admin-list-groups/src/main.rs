//! Lists the provider's groups.

use lambda_runtime::Error;
use runtime::handlers::admin::list_groups;
use runtime::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-groups", list_groups::handle).await
}
