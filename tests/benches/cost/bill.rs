//! What a month of a region costs: counts times prices.

use local_stack::stack::Error;
use serde_norway::Value;

use super::counted::Used;
use super::pieces::Scheduled;
use super::prices::Prices;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// What the template says about what is paid.
pub(super) struct Declared {
    resources: Value,
}

impl Declared {
    pub(super) fn read() -> Result<Self, Error> {
        let template: Value = serde_norway::from_str(TEMPLATE)?;
        let resources = template.get("Resources").cloned().ok_or("a template without resources")?;
        Ok(Self { resources })
    }

    /// How many resources of that type there are.
    fn count(&self, kind: &str) -> f64 {
        let all = self.resources.as_mapping().into_iter().flat_map(|all| all.values());
        all.filter(|resource| resource.get("Type").and_then(Value::as_str) == Some(kind)).count() as f64
    }

    /// The memory of the poller; every other function has what the template gives to all.
    fn gigabytes(&self, function: &str) -> f64 {
        let properties = self.resources.get(function).and_then(|function| function.get("Properties"));
        let memory = properties.and_then(|properties| properties.get("MemorySize")).and_then(Value::as_f64);
        memory.unwrap_or(256.0) / 1024.0
    }
}

/// How busy a region is in a month.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) scheduled: Scheduled,
    pub(super) checks: f64,
    /// What all checks use.
    pub(super) work: Used,
    pub(super) connections: f64,
}

pub(super) const PARTS: [&str; 10] = [
    "key",
    "alarms, metrics",
    "secrets, kept",
    "secrets, read",
    "table, requests",
    "table, stored",
    "queues",
    "Lambda",
    "API, schedules",
    "logs",
];

/// USD a month, part by part in the order of [`PARTS`].
pub(super) fn month(load: &Load, declared: &Declared, prices: &Prices) -> Result<[f64; PARTS.len()], Error> {
    let of = |name: &str| prices.of(name);
    let (hours, Load { scheduled, checks, work, connections }) = (of("hours_a_month")?, *load);
    let all = scheduled.reconcile + scheduled.poll + work;
    let ticks = 2.0 * 60.0 * hours;
    let invoked = work.requests + all.messages / of("messages_an_invocation")?;
    let cold = invoked * of("cold_share")?;
    let ms = |used: Used, invoked: f64| -> Result<f64, Error> {
        let waiting = used.aws_calls * of("aws_call_ms")? + used.outside_calls * of("outside_call_ms")?;
        Ok(waiting + invoked * of("own_ms")?)
    };
    let small = ms(scheduled.reconcile + work, ticks / 2.0 + invoked)? + cold * of("init_ms")?;
    let gb_seconds = small / 1e3 * declared.gigabytes("Reconcile")
        + ms(scheduled.poll, ticks / 2.0)? / 1e3 * declared.gigabytes("PageupPoll");
    // A function that starts reads an item and a secret that are not there, to open its connections.
    let (reads, secrets) = (all.reads + 0.5 * cold, all.secrets + cold);
    let empty = of("empty_receives_a_minute")? * 60.0 * hours;
    let stored = checks * of("stored_kb_a_check")? * of("stored_months")? / 1024.0 / 1024.0;
    let metrics = if checks > 0.0 { of("metrics_when_busy")? } else { of("metrics_always")? };
    let logged = (ticks + invoked) * of("log_bytes_an_invocation")? + work.requests * of("log_bytes_a_request")?;
    let key_calls = all.secrets + all.messages * of("key_calls_a_message")? + of("key_calls_of_table_an_hour")? * hours;
    Ok([
        declared.count("AWS::KMS::Key") * of("key_month")? + key_calls * of("key_call")?,
        declared.count("AWS::CloudWatch::Alarm") * of("alarm_month")?
            + declared.count("AWS::CloudWatch::Dashboard") * of("dashboard_month")?
            + metrics * of("metric_month")?,
        connections * of("secret_month")?,
        secrets * of("secret_call")?,
        reads * of("table_read_unit")? + all.writes * of("table_write_unit")?,
        stored * (of("table_gb_month")? + of("table_backup_gb_month")?),
        (all.messages * of("queue_requests_a_message")? + empty) * of("queue_request")?,
        gb_seconds * of("lambda_gb_second")? + (ticks + invoked) * of("lambda_invocation")?,
        work.requests * of("api_request")? + ticks * of("schedule_invocation")?,
        logged / 1e9 * (of("log_gb")? + of("log_gb_month")?),
    ])
}
