//! The environment, read once when a function starts.

use std::collections::HashMap;
use std::fmt;

use domain::order::Timing;
use domain::region::Region;
use jiff::{SignedDuration, Timestamp};
use tracing::Level;
use url::Url;

/// What the stack told this function.
#[derive(Debug, Clone)]
pub struct Config {
    pub region: Region,
    pub table: String,
    pub place_order_queue_url: String,
    pub sync_order_queue_url: String,
    /// The key under which connection secrets are encrypted.
    pub kms_key: Option<String>,
    /// The root of the addresses that we hand out, without a slash at its end.
    ///
    /// The functions behind the public API do not know it: a stack cannot tell them without a cycle.
    pub public_url: Option<String>,
    pub log_level: Level,
    /// The time to which the table was put back, while requests may come again that were ordered after it.
    pub restored_to: Option<Timestamp>,
    pub timing: Timing,
    /// Where the outside systems are instead, by their names. Only in a local stack.
    pub endpoints: HashMap<String, Url>,
}

/// A setting that is missing or cannot be read; the function does not start.
#[derive(Debug)]
pub struct BadConfig(String);

impl fmt::Display for BadConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadConfig {}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`BadConfig`] naming the variable at fault.
    #[expect(clippy::disallowed_methods, reason = "this is the place that reads it")]
    pub fn from_environment() -> Result<Self, BadConfig> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads variables from `get`.
    ///
    /// # Errors
    /// [`BadConfig`] naming the variable at fault.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, BadConfig> {
        let need = |name: &str| get(name).ok_or_else(|| BadConfig(format!("{name} is not set")));
        let region = need("CROSSCHECK_REGION")?;
        let region =
            Region::from_code(&region).ok_or_else(|| BadConfig("CROSSCHECK_REGION must be ca, uk or au".to_owned()))?;
        let mut endpoints = HashMap::new();
        let mut timing = Timing::default();
        if get("CROSSCHECK_LOCAL").as_deref() == Some("true") {
            let systems = domain::ats::REGISTERED.iter().chain(domain::provider::REGISTERED);
            for (name, system) in systems {
                let variable = format!("CROSSCHECK_ENDPOINT_{}", name.to_uppercase());
                let Some(value) = get(&variable) else { continue };
                let url = Url::parse(&value).map_err(|_| BadConfig(format!("{variable} is not a URL")))?;
                endpoints.insert(system.name.to_owned(), url);
            }
            if let Some(seconds) = get("CROSSCHECK_QUIET_WINDOW_SECONDS") {
                let seconds = seconds
                    .parse()
                    .map_err(|_| BadConfig("CROSSCHECK_QUIET_WINDOW_SECONDS is not a number".to_owned()))?;
                timing.quiet_window = SignedDuration::from_secs(seconds);
            }
        }
        let restored_to = get("CROSSCHECK_RESTORED_TO").map(|at| at.parse::<Timestamp>()).transpose();
        let restored_to = restored_to.map_err(|_| BadConfig("CROSSCHECK_RESTORED_TO is not a time".to_owned()))?;
        Ok(Self {
            region,
            table: need("CROSSCHECK_TABLE")?,
            place_order_queue_url: need("CROSSCHECK_PLACE_ORDER_QUEUE_URL")?,
            sync_order_queue_url: need("CROSSCHECK_SYNC_ORDER_QUEUE_URL")?,
            kms_key: get("CROSSCHECK_KMS_KEY"),
            public_url: get("CROSSCHECK_PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
            log_level: get("CROSSCHECK_LOG_LEVEL").and_then(|level| level.parse().ok()).unwrap_or(Level::INFO),
            restored_to,
            timing,
            endpoints,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(extra: &[(&str, &str)]) -> Result<Config, BadConfig> {
        let mut variables = HashMap::from([
            ("CROSSCHECK_REGION", "uk"),
            ("CROSSCHECK_TABLE", "t"),
            ("CROSSCHECK_PLACE_ORDER_QUEUE_URL", "p"),
            ("CROSSCHECK_SYNC_ORDER_QUEUE_URL", "s"),
            ("CROSSCHECK_PUBLIC_URL", "https://hub.example/"),
        ]);
        variables.extend(extra.iter().copied());
        Config::from_variables(|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn a_deployed_stack_ignores_endpoint_overrides_and_shorter_waits() {
        let overrides = [("CROSSCHECK_ENDPOINT_CERTN", "http://127.0.0.1:1"), ("CROSSCHECK_QUIET_WINDOW_SECONDS", "0")];
        let deployed = config(&overrides).unwrap();
        assert!(deployed.endpoints.is_empty());
        assert_eq!(deployed.timing, Timing::default());
        let local = config(&[overrides[0], overrides[1], ("CROSSCHECK_LOCAL", "true")]).unwrap();
        assert_eq!(local.endpoints.len(), 1);
        assert_eq!(local.timing.quiet_window, SignedDuration::ZERO);
    }

    #[test]
    fn a_bad_setting_is_named() {
        let wrong = [("CROSSCHECK_RESTORED_TO", "yesterday")];
        assert!(config(&wrong).unwrap_err().to_string().contains("CROSSCHECK_RESTORED_TO"));
        assert!(config(&[("CROSSCHECK_REGION", "us")]).unwrap_err().to_string().contains("CROSSCHECK_REGION"));
        assert_eq!(config(&[]).unwrap().public_url.as_deref(), Some("https://hub.example"));
    }
}
