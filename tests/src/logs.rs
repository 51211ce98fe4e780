//! The log lines of every function in this process, kept so that they can be shown and scanned.

use std::io::Write;
use std::sync::{Mutex, Once};

use runtime::telemetry::JsonLines;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::simulators::shared::lock;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static STARTED: Once = Once::new();

#[derive(Clone, Copy)]
struct Kept;

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        lock(&LINES).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps every line from now on, down to the finest.
pub fn keep() {
    STARTED.call_once(|| {
        // It fails only where another subscriber was set before; then that one has the lines.
        let _ = tracing_subscriber::registry().with(JsonLines::new(|| Kept, Level::DEBUG)).try_init();
    });
}

/// Everything that was logged.
#[must_use]
pub fn kept() -> String {
    String::from_utf8_lossy(&lock(&LINES)).into_owned()
}
