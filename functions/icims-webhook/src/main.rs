//! Takes in iCIMS's events: a recruiter moved a candidate.

use lambda_runtime::Error;
use runtime::handlers::icims_webhook;
use runtime::lambda::{self, Queue};

fn main() -> Result<(), Error> {
    lambda::serve_webhook("icims-webhook", Queue::PlaceOrder, icims_webhook::handle)
}
