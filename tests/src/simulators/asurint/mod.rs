//! The simulator of Asurint: a US screening company that invites candidates to its Candidate Hub.
//!
//! It has one book of orders and two vocabularies for it, a JSON API and an XML order gateway, and tells of
//! changes by postbacks. A test adds a client with packages, lets the hub order, plays candidate and researcher,
//! and chooses which postbacks arrive in which order.

mod api;
mod bodies;
mod control;
mod delivery;
mod forbidden;
mod json;
mod life;
mod model;
mod oml;
mod oml_order;
mod order_json;
mod placing;
mod planted;
mod portal;
mod postbacks;
mod refusal;
mod state;
mod support;
#[cfg(test)]
mod tests;
mod validation;
mod xml;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::shared::{Clock, Harness, bind, loopback_client};
use state::Simulated;

pub use bodies::{OML_POSTBACK_PATHS, hostile_xml};
pub use model::{Account, Client, Codec, LateCommit, Order, Package, ReportLink, Requester, Score, Status};
pub use planted::MARKERS;
pub use postbacks::{Acceptance, BasicForm, Delivery, Event, PostbackOptions, Postbacks, SignatureForm};

/// A running Asurint; clones share everything.
#[derive(Clone)]
pub struct AsurintSimulator {
    pub harness: Harness,
    address: SocketAddr,
    state: Arc<Mutex<Simulated>>,
    outgoing: mpsc::UnboundedSender<delivery::Outgoing>,
    settled: Arc<Notify>,
    http: reqwest::Client,
}

impl AsurintSimulator {
    /// Starts Asurint on a loopback port, or on any free one where `port` is 0.
    #[expect(clippy::disallowed_methods, reason = "the simulator serves until the process ends; it is no Lambda")]
    pub async fn start(port: u16, clock: Clock) -> io::Result<Self> {
        let (listener, address) = bind(port).await?;
        // A second installation in the same process fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = loopback_client().http1_only().timeout(Duration::from_secs(10)).build();
        let http = http.map_err(io::Error::other)?;
        let harness = Harness::new(clock);
        let seed = format!("{address} {}", harness.now());
        let (outgoing, queue) = mpsc::unbounded_channel();
        let simulator = Self {
            harness: harness.clone(),
            address,
            state: Arc::new(Mutex::new(Simulated::new(seed))),
            outgoing,
            settled: Arc::default(),
            http,
        };
        tokio::spawn(delivery::run(simulator.clone(), queue));
        tokio::spawn(harness.serve(api::routes(simulator.clone()), listener));
        Ok(simulator)
    }

    /// The origin of everything that Asurint serves, and the base address of its JSON API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the XML gateway, for orders and package lists.
    #[must_use]
    pub fn oml_url(&self) -> String {
        format!("{}/oml", self.url())
    }

    /// The address before `/SecurityService.svc` and `/OrderingService.svc` of the older gateway in two steps.
    #[must_use]
    pub fn gateway_url(&self) -> String {
        format!("{}/gw1", self.url())
    }
}
