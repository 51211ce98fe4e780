//! Certn's present platform (CertnCentric): one account of one region, its API, its webhooks and the
//! life of its cases.

mod account;
mod api;
mod case_life;
mod control;
mod lists;
mod orders;
mod planted;
mod refusal;
mod reports;
mod state;
mod webhook_delivery;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::shared::{self, Clock, Harness, lock, loopback_client};
use state::AccountState;

pub use account::{Group, Key, KeyState, Package, Tag, User};
pub use case_life::has_ended;
pub use lists::Envelope;
pub use orders::LateCommit;
pub use planted::MARKERS;
pub use reports::ReportOutcome;
pub use state::{Case, Check};
pub use webhooks::{BodyForm, Delivery, SignatureForm, WebhookOptions};

/// A running Certn account; every clone drives the same account.
#[derive(Clone)]
pub struct CertnSimulator {
    pub harness: Harness,
    url: Arc<str>,
    region: Arc<str>,
    state: Arc<Mutex<AccountState>>,
    outgoing: mpsc::UnboundedSender<webhook_delivery::Outgoing>,
    settled: Arc<Notify>,
    http: reqwest::Client,
}

impl CertnSimulator {
    /// Binds a loopback port (0 takes any free one) and serves the account until the process ends.
    #[expect(clippy::disallowed_methods, reason = "a simulator is a long-lived process, never a Lambda")]
    pub async fn start(port: u16, clock: Clock, region: &str) -> std::io::Result<Self> {
        let (listener, address) = shared::bind(port).await?;
        // A second installation in the same process fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = loopback_client().http1_only().timeout(Duration::from_secs(10)).build();
        let http = http.map_err(std::io::Error::other)?;
        let harness = Harness::new(clock);
        let seed = format!("{region} {address} {}", harness.now());
        let (outgoing, queue) = mpsc::unbounded_channel();
        let simulator = Self {
            harness: harness.clone(),
            url: format!("http://{address}").into(),
            region: region.into(),
            state: Arc::new(Mutex::new(AccountState::new(seed))),
            outgoing,
            settled: Arc::default(),
            http,
        };
        tokio::spawn(webhook_delivery::run(simulator.clone(), queue));
        tokio::spawn(harness.serve(api::routes(simulator.clone()), listener));
        Ok(simulator)
    }

    /// The base address that takes the place of `https://api.<region>.certn.co`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.to_string()
    }

    /// The region that this account's data and keys belong to.
    #[must_use]
    pub fn region(&self) -> String {
        self.region.to_string()
    }

    /// Refuses every order with 403, as Certn does for a key whose account may not order.
    pub fn forbid_orders(&self, forbidden: bool) {
        lock(&self.state).orders_forbidden = forbidden;
    }

    /// Lets a second order for the same person and package pass while the first one is open.
    pub fn allow_second_orders(&self, allowed: bool) {
        lock(&self.state).second_orders_allowed = allowed;
    }

    /// Chooses the form of every list answer.
    pub fn set_envelope(&self, envelope: Envelope) {
        lock(&self.state).envelope = envelope;
    }

    /// Changes the rate limits, and whether a 429 says when to come back.
    pub fn set_limits(&self, per_minute: usize, per_day: usize, with_retry_after: bool) {
        lock(&self.state).limits.set(per_minute, per_day, with_retry_after);
    }

    /// How many requests were refused with 429 for a rate limit.
    #[must_use]
    pub fn limit_hits(&self) -> usize {
        lock(&self.state).limits.hits
    }

    /// Makes the next `count` reads of one case answer the version before the present one.
    pub fn serve_stale(&self, count: u32) {
        lock(&self.state).stale_reads = count;
    }
}
