//! The alarms of the template, and which of them what was published would set off.

use std::collections::BTreeMap;

use local_stack::stack::Stack;
use runtime::telemetry::{Metric, NAMESPACE};
use serde_json::Value as Json;
use serde_norway::Value;

/// The template of this repository.
pub(crate) fn template() -> Value {
    serde_norway::from_str(include_str!("../../template.yaml")).unwrap()
}

/// The value behind CloudFormation's short tags.
pub(crate) fn bare(value: &Value) -> &Value {
    match value {
        Value::Tagged(tagged) => bare(&tagged.value),
        other => other,
    }
}

pub(crate) fn text(value: &Value, name: &str) -> String {
    value.get(name).map(bare).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The resources of one type, by their names.
pub(crate) fn resources<'a>(template: &'a Value, kind: &str) -> BTreeMap<String, &'a Value> {
    let resources = template["Resources"].as_mapping().unwrap().iter();
    let of_kind = resources.filter(|(_, resource)| text(resource, "Type") == kind);
    of_kind.map(|(name, resource)| (name.as_str().unwrap().to_owned(), &resource["Properties"])).collect()
}

/// An alarm on one of our own metrics.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub(crate) name: String,
    pub(crate) metric: String,
    pub(crate) function: String,
    statistic: String,
    comparison: String,
    threshold: f64,
}

/// Every alarm on one of our own metrics.
pub(crate) fn own_alarms() -> Vec<Alarm> {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let own = alarms.into_iter().filter(|(_, alarm)| text(alarm, "Namespace") == NAMESPACE);
    let read = own.map(|(name, alarm)| {
        let dimensions = alarm["Dimensions"].as_sequence().unwrap();
        assert_eq!((dimensions.len(), text(&dimensions[0], "Name").as_str()), (1, "Function"), "{name}");
        Alarm {
            name,
            metric: text(alarm, "MetricName"),
            function: text(&dimensions[0], "Value"),
            statistic: text(alarm, "Statistic"),
            comparison: text(alarm, "ComparisonOperator"),
            threshold: alarm["Threshold"].as_f64().unwrap(),
        }
    });
    read.collect()
}

impl Alarm {
    /// Whether these readings, all of one period, are beyond the threshold.
    #[expect(clippy::cast_precision_loss, reason = "few and small numbers")]
    fn is_set_off_by(&self, readings: &[u64]) -> bool {
        let value = match self.statistic.as_str() {
            "SampleCount" => Some(readings.len() as u64),
            "Sum" if readings.is_empty() => None,
            "Sum" => Some(readings.iter().sum()),
            "Maximum" => readings.iter().copied().max(),
            "Minimum" => readings.iter().copied().min(),
            other => panic!("{}: {other}", self.name),
        };
        let Some(value) = value.map(|value| value as f64) else { return false };
        match self.comparison.as_str() {
            "GreaterThanThreshold" => value > self.threshold,
            "LessThanThreshold" => value < self.threshold,
            "LessThanOrEqualToThreshold" => value <= self.threshold,
            other => panic!("{}: {other}", self.name),
        }
    }
}

/// What was published since the last time: function, metric and value.
pub(crate) fn published(stack: &Stack) -> Vec<(String, String, u64)> {
    let read = |line: String| {
        let line: Json = serde_json::from_str(&line).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!((&directive["Namespace"], &directive["Dimensions"][0][0]), (&NAMESPACE.into(), &"Function".into()));
        let metric = directive["Metrics"][0]["Name"].as_str().unwrap().to_owned();
        let value = line[&metric].as_u64().unwrap();
        let function = line["Function"].as_str().unwrap().to_owned();
        let known = Metric::ALL.iter().find(|known| known.name() == metric).unwrap();
        assert!(known.publishers().is_empty() || known.publishers().contains(&&*function), "{function}: {metric}");
        (function, metric, value)
    };
    stack.take_published().into_iter().map(read).collect()
}

/// The alarms that what was published since the last time sets off, had it all come in one period.
pub(crate) fn set_off(stack: &Stack) -> Vec<String> {
    let published = published(stack);
    let is_set_off = |alarm: &Alarm| {
        let of_alarm =
            published.iter().filter(|(function, metric, _)| (function, metric) == (&alarm.function, &alarm.metric));
        alarm.is_set_off_by(&of_alarm.map(|(.., value)| *value).collect::<Vec<_>>())
    };
    own_alarms().into_iter().filter(is_set_off).map(|alarm| alarm.name).collect()
}
