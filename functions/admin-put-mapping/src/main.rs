//! Sets what one word of the ATS means at the provider.

use lambda_runtime::Error;
use runtime::handlers::admin::put_mapping;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-put-mapping", put_mapping::handle)
}
