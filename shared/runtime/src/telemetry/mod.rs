//! What the operator may see: log lines out of an allow-list of fields, and metrics as CloudWatch's embedded format.

mod log;
mod metric;

pub use self::log::{ALLOWED_FIELDS, JsonLines, start};
pub(crate) use self::metric::publish_for;
pub use self::metric::{count, gauge};
