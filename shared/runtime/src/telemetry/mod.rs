//! What the operator may see: log lines out of an allow-list of fields, and metrics as CloudWatch's embedded format.

mod log;
mod metric;

pub use self::log::{ALLOWED_FIELDS, JsonLines, start};
pub use self::metric::{Metric, Metrics, NAMESPACE, Use};
