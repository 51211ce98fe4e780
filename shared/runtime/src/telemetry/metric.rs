//! Metrics as lines in CloudWatch's embedded metric format: no call, no agent, and nothing in them but numbers.

use std::fmt;
use std::sync::Arc;

use serde_json::json;

use crate::clock::Clock;

/// The namespace of every metric.
pub const NAMESPACE: &str = "Crosscheck";

/// What a metric is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// An alarm of the stack wakes somebody.
    Alarm,
    /// It is looked at.
    Dashboard,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident, $unit:literal, $use:ident, $publishers:expr;)+) => {
        /// Everything that is published.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Metric {
            pub const ALL: &[Self] = &[$(Self::$name),+];

            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// The unit as CloudWatch knows it.
            #[must_use]
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$name => $unit,)+ }
            }

            #[must_use]
            pub const fn used_for(self) -> Use {
                match self { $(Self::$name => Use::$use,)+ }
            }

            /// The functions that publish it; empty where any function that reaches an ATS or a queue may.
            #[must_use]
            pub const fn publishers(self) -> &'static [&'static str] {
                match self { $(Self::$name => &$publishers,)+ }
            }
        }
    };
}

metrics! {
    /// For how long the order that is due longest has been due; every minute.
    OldestDueOrder, "Seconds", Alarm, ["reconcile"];
    /// Orders that people see as held, but for those of paused connections; every minute.
    HeldOrders, "Count", Alarm, ["reconcile"];
    /// Orders that go on only when a person decides; every minute.
    ParkedOrders, "Count", Alarm, ["reconcile"];
    /// For how long the ATS has not shown what is known here, of the order that waits longest; every minute.
    OldestUnshownNews, "Seconds", Alarm, ["reconcile"];
    /// For how long the provider could not be read, of the order that waits longest; every minute.
    OldestUnreadOrder, "Seconds", Alarm, ["reconcile"];
    /// A provider's list of events that could not be read.
    FailedEventReads, "Count", Alarm, ["reconcile"];
    /// News of a provider that no webhook told, while none came at all.
    UntoldNews, "Count", Alarm, ["sync-order"];
    /// For how many days an expiring key still works; told in its last thirty.
    ProviderKeyDaysLeft, "Count", Alarm, ["reconcile"];
    /// An access to an ATS that was revoked or ran out; for as long as it is so.
    LostAccess, "Count", Alarm, [];
    /// A look for what lost events of an ATS would have said that failed.
    FailedLooks, "Count", Alarm, ["reconcile"];
    /// For how long the ATS that is to be asked longest has waited for it; every minute.
    OldestDuePoll, "Seconds", Alarm, ["pageup-poll"];
    /// An ATS that could not be asked.
    FailedPolls, "Count", Alarm, ["pageup-poll"];
    /// Requests that an ATS lists and that cannot be read.
    UnreadableRequests, "Count", Alarm, ["pageup-poll"];
    /// An order whose candidate was erased while it was sent.
    ErasedWhilePlaced, "Count", Alarm, ["place-order"];
    /// From a list's answer until its requests were stored.
    RequestStoredIn, "Milliseconds", Dashboard, ["pageup-poll"];
    /// Requests that were refused.
    Refusals, "Count", Dashboard, ["icims-webhook", "place-order"];
    /// Requests that could not be read yet and come again.
    RequestsPutOff, "Count", Alarm, ["place-order"];
    /// Requests of an application that was erased.
    ErasedRequests, "Count", Dashboard, ["place-order"];
    /// Writes that an ATS did not take.
    BlockedWrites, "Count", Dashboard, ["place-order", "sync-order"];
    /// Words of a client that no mapping explains.
    UnmappedWords, "Count", Dashboard, ["sync-order"];
    /// Messages that the queue did not take and that wait in the table.
    SpilledMessages, "Count", Dashboard, [];
}

/// Where a function's metrics go.
#[derive(Clone)]
pub struct Metrics {
    function: Arc<str>,
    clock: Clock,
    out: Arc<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metrics").field(&self.function).finish()
    }
}

impl Metrics {
    /// The metrics of one function; `out` takes each line, without its end.
    pub fn new(function: &str, clock: Clock, out: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { function: function.into(), clock, out: Arc::new(out) }
    }

    /// Metrics that nobody reads.
    #[must_use]
    pub fn unread(clock: Clock) -> Self {
        Self::new("", clock, |_| ())
    }

    /// Publishes a reading, or adds to a count.
    pub fn publish(&self, metric: Metric, value: u64) {
        (self.out)(&line(&self.function, self.clock.now().as_millisecond(), metric, value));
    }
}

fn line(function: &str, at_ms: i64, metric: Metric, value: u64) -> String {
    json!({
        "_aws": {
            "Timestamp": at_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Function"]],
                "Metrics": [{"Name": metric.name(), "Unit": metric.unit()}],
            }],
        },
        "Function": function,
        metric.name(): value,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_one_line_that_cloudwatch_reads() {
        let line: serde_json::Value = serde_json::from_str(&line("reconcile", 1, Metric::HeldOrders, 2)).unwrap();
        assert_eq!((&line["Function"], &line["HeldOrders"]), (&json!("reconcile"), &json!(2)));
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0], json!({"Name": "HeldOrders", "Unit": "Count"}));
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0][0], "Function");
    }
}
