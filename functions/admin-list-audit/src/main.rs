//! Lists what admins changed.

use lambda_runtime::Error;
use runtime::handlers::admin::list_audit;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-list-audit", list_audit::handle)
}
