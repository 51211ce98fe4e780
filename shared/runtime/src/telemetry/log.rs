//! Log lines as JSON. A field that is not on the list is left out: nobody's data gets in by a slip.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write;
use std::sync::Once;

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Ids, codes, statuses, counts and durations; nothing that a person or a vendor wrote.
pub const ALLOWED_FIELDS: &[&str] = &[
    "attempt",
    "bytes",
    "cause",
    "code",
    "connection",
    "count",
    "days",
    "delivery",
    "field",
    "function",
    "hint",
    "message",
    "method",
    "order",
    "outcome",
    "owner",
    "place",
    "put_off",
    "reason",
    "requestId",
    "rev",
    "route",
    "status",
    "system",
    "trace",
    "transaction",
];

/// Writes each event of this project as one line of JSON.
#[derive(Debug, Clone)]
pub struct JsonLines<W> {
    out: W,
    level: Level,
}

impl<W> JsonLines<W> {
    pub const fn new(out: W, level: Level) -> Self {
        Self { out, level }
    }
}

#[derive(Default)]
struct Allowed(BTreeMap<&'static str, Value>);

impl Allowed {
    fn put(&mut self, field: &Field, value: Value) {
        if ALLOWED_FIELDS.contains(&field.name()) && value != json!("") {
            self.0.insert(field.name(), value);
        }
    }
}

impl Visit for Allowed {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
}

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &tracing::span::Attributes<'_>, id: &tracing::Id, context: Context<'_, S>) {
        let mut allowed = Allowed::default();
        attributes.record(&mut allowed);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(allowed);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Other crates' lines are not ours to vouch for: an HTTP library logs addresses with their queries.
        let ours = event.metadata().target().starts_with("runtime");
        if !ours || *event.metadata().level() > self.level {
            return;
        }
        let mut line = Allowed::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Allowed>() {
                line.0.extend(fields.0.iter().map(|(name, value)| (*name, value.clone())));
            }
        }
        event.record(&mut line);
        let level = event.metadata().level().as_str();
        let mut text = json!({"level": level, "fields": line.0}).to_string();
        text.push('\n');
        // A log that cannot be written has nowhere to say so.
        let _ = self.out.make_writer().write_all(text.as_bytes());
    }
}

static STARTED: Once = Once::new();

/// Starts logging to standard output, and has a panic say where it happened but not what it held.
pub fn start(level: Level) {
    STARTED.call_once(|| {
        let layer = JsonLines::new(std::io::stdout, level);
        // It fails only where a test has set another one before.
        let _ = tracing_subscriber::registry().with(layer).try_init();
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(place, "panicked");
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_only_fields_of_the_list() {
        let captured = Captured::default();
        let out = captured.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::new(move || out.clone(), Level::INFO));
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(order = "abc", email = "ada@example.com", status = 201, "placed");
            tracing::debug!(order = "abc", "too fine");
            tracing::info!(target: "hyper", url = "https://x/?email=ada@example.com", "not ours");
        });
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "{\"fields\":{\"message\":\"placed\",\"order\":\"abc\",\"status\":201},\"level\":\"INFO\"}\n");
    }
}
