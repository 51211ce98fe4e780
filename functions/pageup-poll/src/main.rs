//! Asks PageUp, every minute, for the invitations that wait.

use lambda_runtime::Error;
use runtime::handlers::pageup_poll;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_schedule("pageup-poll", pageup_poll::handle)
}
