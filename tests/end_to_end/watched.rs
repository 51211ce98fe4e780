//! The template and what the code publishes: neither names what the other does not know.

use std::collections::BTreeSet;

use runtime::telemetry::{Metric, NAMESPACE, Use};
use serde_json::Value as Json;
use serde_norway::Value;

use crate::alarms::{bare, own_alarms, resources, template, text};

/// What AWS publishes, and by which dimension; as far as it is used here.
const OF_AWS: &[(&str, &str, &[&str])] = &[
    ("AWS/ApiGateway", "ApiId", &["4xx", "5xx", "Count", "Latency"]),
    ("AWS/Lambda", "FunctionName", &["ConcurrentExecutions", "Duration", "Errors", "Throttles"]),
    (
        "AWS/SQS",
        "QueueName",
        &["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"],
    ),
    (
        "AWS/DynamoDB",
        "TableName",
        &["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ReadThrottleEvents", "WriteThrottleEvents"],
    ),
];

fn metric(name: &str) -> Option<Metric> {
    Metric::ALL.iter().copied().find(|metric| metric.name() == name)
}

fn publishes(function: &str, metric: Metric) -> bool {
    metric.publishers().is_empty() || metric.publishers().contains(&function)
}

/// The binaries of the template's functions.
fn functions() -> BTreeSet<String> {
    let template = template();
    let resources = template["Resources"].as_mapping().unwrap().values();
    let functions = resources.filter(|resource| text(resource, "Type") == "AWS::Serverless::Function");
    functions.map(|function| text(&function["Metadata"]["BuildProperties"], "Binary")).collect()
}

#[test]
fn each_alarm_is_on_a_metric_that_its_function_publishes_for_alarms_and_each_such_metric_has_one() {
    let alarms = own_alarms();
    for alarm in &alarms {
        let metric = metric(&alarm.metric).unwrap_or_else(|| panic!("{}: {}", alarm.name, alarm.metric));
        assert!(publishes(&alarm.function, metric) && functions().contains(&alarm.function), "{}", alarm.name);
        assert_eq!(metric.used_for(), Use::Alarm, "{}", alarm.name);
    }
    for metric in Metric::ALL.iter().filter(|metric| metric.used_for() == Use::Alarm) {
        assert!(alarms.iter().any(|alarm| alarm.metric == metric.name()), "{} wakes nobody", metric.name());
    }
}

#[test]
fn each_alarm_goes_to_the_topic_and_says_what_it_means_and_the_runbook_what_to_do() {
    let template = template();
    let runbook = read("docs/runbook.md");
    for (name, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let actions = alarm["AlarmActions"].as_sequence().unwrap();
        assert_eq!(actions.iter().map(bare).collect::<Vec<_>>(), ["AlarmTopic"], "{name}");
        let said = text(alarm, "AlarmDescription");
        assert!(said.contains('.') && said.len() > 80, "{name}: {said}");
        assert!(runbook.contains(&format!("**{name}**")), "the runbook does not know {name}");
        assert!(!alarm["TreatMissingData"].is_null(), "{name}");
    }
}

/// The dashboard's widgets, with each reference by its name alone.
fn widgets() -> Vec<Json> {
    let template = template();
    let dashboards = resources(&template, "AWS::CloudWatch::Dashboard");
    let body = text(dashboards.values().next().unwrap(), "DashboardBody");
    let dashboard: Json = serde_json::from_str(&body).unwrap();
    dashboard["widgets"].as_array().unwrap().clone()
}

#[test]
fn each_metric_on_the_dashboard_exists_and_each_of_ours_is_on_it() {
    let mut shown = BTreeSet::new();
    for line in widgets().iter().flat_map(|widget| widget["properties"]["metrics"].as_array().into_iter().flatten()) {
        let line: Vec<&str> = line.as_array().unwrap().iter().filter_map(Json::as_str).collect();
        let [namespace, name, dimension, value, ..] = line[..] else { panic!("{line:?}") };
        if namespace == NAMESPACE {
            let metric = metric(name).unwrap_or_else(|| panic!("{name}"));
            assert!(dimension == "Function" && publishes(value, metric) && functions().contains(value), "{line:?}");
            shown.insert(name.to_owned());
        } else {
            let known = OF_AWS.iter().find(|(of, ..)| *of == namespace).unwrap_or_else(|| panic!("{line:?}"));
            assert!(dimension == known.1 && known.2.contains(&name), "{line:?}");
            let resource = value.trim_start_matches("${").split(['}', '.']).next().unwrap();
            assert!(!template()["Resources"][resource].is_null(), "{line:?}");
        }
    }
    let all: BTreeSet<String> = Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect();
    assert_eq!(shown, all);
}

#[test]
fn each_alarm_is_on_the_dashboard() {
    let of_alarms = |widget: &&Json| widget["type"] == "alarm";
    let widgets = widgets();
    let shown = widgets.iter().find(of_alarms).unwrap()["properties"]["alarms"].as_array().unwrap();
    let shown: BTreeSet<String> = shown.iter().map(|alarm| alarm.as_str().unwrap().to_owned()).collect();
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let all: BTreeSet<String> = alarms.keys().map(|name| format!("${{{name}.Arn}}")).collect();
    assert_eq!(shown, all);
}

/// Every value under a key of that name, wherever it stands.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match bare(value) {
        Value::Mapping(fields) => {
            for (name, value) in fields {
                let is_key = name.as_str() == Some(key);
                match bare(value) {
                    Value::String(text) if is_key => found.push(text),
                    Value::Sequence(items) if is_key => {
                        found.extend(items.iter().filter_map(|item| bare(item).as_str()))
                    }
                    value => under(value, key, found),
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| under(item, key, found)),
        _ => {}
    }
}

#[test]
fn no_permission_is_for_whatever_there_is() {
    let template = template();
    let (mut actions, mut resources) = (Vec::new(), Vec::new());
    for (name, resource) in template["Resources"].as_mapping().unwrap() {
        under(resource, "Action", &mut actions);
        // In a key's own policy "*" is this key, and nothing else can be said.
        if name != "Key" {
            under(resource, "Resource", &mut resources);
        }
    }
    assert!(actions.len() > 100 && resources.len() > 100);
    assert!(actions.iter().all(|action| !action.contains('*')), "{actions:?}");
    // A connection's secret gets its name when the connection is made.
    let may_end_so = |resource: &&str| resource.ends_with(":secret:crosscheck/${Region}/connections/*");
    let open: BTreeSet<&str> = resources.into_iter().filter(|resource| resource.contains('*')).collect();
    assert!(open.iter().all(may_end_so), "{open:?}");
}

#[test]
fn every_log_group_is_kept_for_a_time_and_encrypted_under_the_stacks_key() {
    let template = template();
    for (name, group) in resources(&template, "AWS::Logs::LogGroup") {
        assert_eq!(
            (text(group, "KmsKeyId").as_str(), group["RetentionInDays"].as_u64()),
            ("Key.Arn", Some(30)),
            "{name}"
        );
    }
}

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn each_parameter_and_each_output_is_in_the_way_to_deploy() {
    let readme = read("README.md");
    let way = readme.split("## Deploy a region").nth(1).unwrap().split("\n## ").next().unwrap();
    let template = template();
    for section in ["Parameters", "Outputs"] {
        for name in template[section].as_mapping().unwrap().keys().map(|name| name.as_str().unwrap()) {
            assert!(way.contains(name), "{section}: {name}");
        }
    }
}

#[test]
fn what_checkov_skips_is_three_checks_and_the_template_says_why() {
    let skipped: Value = serde_norway::from_str(&read(".checkov.yaml")).unwrap();
    let skipped = skipped["skip-check"].as_sequence().unwrap();
    assert_eq!(skipped.len(), 3);
    let template = read("template.yaml");
    for check in skipped {
        assert!(template.contains(&format!("# - {}, ", check.as_str().unwrap())), "{check:?}");
    }
}
