//! Replaces a password that we issued, or what we sign in with.

use lambda_runtime::Error;
use runtime::handlers::admin::rotate_credentials;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("admin-rotate-credentials", rotate_credentials::handle)
}
