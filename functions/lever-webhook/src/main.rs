//! Takes in Lever's events: a recruiter moved a candidate.

use lambda_runtime::Error;
use runtime::handlers::lever_webhook;
use runtime::lambda::{self, Queue};

fn main() -> Result<(), Error> {
    lambda::serve_webhook("lever-webhook", Queue::PlaceOrder, lever_webhook::handle)
}
