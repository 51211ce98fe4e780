//! Metrics as lines in CloudWatch's embedded metric format: no call, no agent.

use std::io::Write;
use std::sync::OnceLock;

use serde_json::json;

static FUNCTION: OnceLock<String> = OnceLock::new();
static CLOCK: OnceLock<crate::clock::Clock> = OnceLock::new();

/// Names the function that the metrics are of; called once in Init. Without it nothing is published.
pub(crate) fn publish_for(function: &str, clock: crate::clock::Clock) {
    let _ = FUNCTION.set(function.to_owned());
    let _ = CLOCK.set(clock);
}

/// Adds to a counter.
pub fn count(name: &'static str, value: u64) {
    publish(name, value, "Count");
}

/// Publishes a reading in seconds, days or whatever `unit` CloudWatch knows.
pub fn gauge(name: &'static str, value: u64, unit: &'static str) {
    publish(name, value, unit);
}

fn publish(name: &str, value: u64, unit: &str) {
    let (Some(function), Some(clock)) = (FUNCTION.get(), CLOCK.get()) else { return };
    let mut text = line(function, clock.now().as_millisecond(), name, value, unit);
    text.push('\n');
    // A metric that cannot be written has nowhere to say so.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

fn line(function: &str, at_ms: i64, name: &str, value: u64, unit: &str) -> String {
    json!({
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [{
                "Namespace": "Crosscheck",
                "Dimensions": [["Function"]],
                "Metrics": [{"Name": name, "Unit": unit}],
            }],
        },
        "Function": function,
        name: value,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_metric_is_one_line_that_cloudwatch_reads() {
        let line: serde_json::Value = serde_json::from_str(&super::line("place-order", 1, "Held", 2, "Count")).unwrap();
        assert_eq!(line["Held"], 2);
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "Held");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0], "Function");
    }
}
