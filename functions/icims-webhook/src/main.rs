//! Takes in iCIMS's events: a recruiter moved a candidate.

use lambda_runtime::Error;
use runtime::handlers::icims_webhook;
use runtime::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda::serve_http("icims-webhook", icims_webhook::handle).await
}
