//! Hands on, every minute, whatever is due.

use lambda_runtime::Error;
use runtime::handlers::reconcile;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_schedule("reconcile", reconcile::handle)
}
