//! Lists what the words of the ATS mean, and those that mean nothing yet.

use lambda_runtime::Error;
use runtime::handlers::admin::list_mappings;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-mappings", list_mappings::handle)
}
