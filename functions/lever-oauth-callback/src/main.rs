//! Takes in the browser of a Super Admin who was asked for access to Lever.

use lambda_runtime::Error;
use runtime::handlers::lever_oauth_callback;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("lever-oauth-callback", lever_oauth_callback::handle)
}
