//! Opens a report by its expiring link.

use lambda_runtime::Error;
use runtime::handlers::report_link;
use runtime::lambda;

fn main() -> Result<(), Error> {
    lambda::serve_http("report-link", report_link::handle)
}
