//! The simulator of PageUp: an ATS that is polled for waiting invitations and told of their progress.
//!
//! A test adds a tenant, sends invitations as a recruiter does with [`PageUpSimulator::invite`], lets the
//! hub poll, and looks at [`PageUpSimulator::screen`]. One listener is both the login host and the API
//! host: the `Host` header tells which data centre and which environment a request is for.

mod api;
mod control;
mod fuzz;
mod links;
mod login;
mod model;
mod options;
mod planted;
mod recruiter;
mod refusal;
mod rows;
mod state;
#[cfg(test)]
mod tests;
mod writes;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::shared::{Clock, Harness, bind, lock};
use fuzz::Dice;
use state::TenantState;

pub use model::{Environment, Invite, Item, Screen, Tenant};
pub use options::{Casing, DepartmentAt, Empty, Options, PutShape, Queue, RequesterAt, Wrapping};
pub use planted::MARKERS;

/// A running PageUp; clones share everything.
#[derive(Clone)]
pub struct PageUpSimulator {
    pub harness: Harness,
    address: SocketAddr,
    state: Arc<Mutex<Simulated>>,
}

#[derive(Default)]
struct Simulated {
    tenants: BTreeMap<String, TenantState>,
    dice: Dice,
}

impl PageUpSimulator {
    /// Starts PageUp on a loopback port, or on any free one where `port` is 0.
    #[expect(clippy::disallowed_methods, reason = "the simulator serves until the process ends; it is no Lambda")]
    pub async fn start(port: u16, clock: Clock) -> io::Result<Self> {
        let (listener, address) = bind(port).await?;
        let harness = Harness::new(clock);
        let simulator = Self { harness: harness.clone(), address, state: Arc::default() };
        tokio::spawn(harness.serve(control::routes(simulator.clone()), listener));
        Ok(simulator)
    }

    /// The origin that replaces those of all login hosts and API hosts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a tenant with the default options and without invitations.
    pub fn add_tenant(&self, tenant: Tenant) {
        lock(&self.state).tenants.insert(tenant.id.clone(), TenantState::new(tenant));
    }

    /// Changes the secret of the hub's client; tokens that were issued stay valid.
    pub fn set_secret(&self, tenant: &str, secret: &str) {
        self.with_tenant(tenant, |state| secret.clone_into(&mut state.tenant.client_secret));
    }

    /// Replaces the scopes granted to the hub's client; tokens that were issued keep theirs.
    pub fn set_scopes(&self, tenant: &str, scopes: &[&str]) {
        self.with_tenant(tenant, |state| state.tenant.scopes = scopes.iter().map(|&scope| scope.to_owned()).collect());
    }

    /// Makes every token that was issued so far invalid.
    pub fn revoke_tokens(&self, tenant: &str) {
        self.with_tenant(tenant, |state| state.tokens.clear());
    }

    /// Changes how the tenant behaves from now on.
    pub fn set_options(&self, tenant: &str, options: Options) {
        self.with_tenant(tenant, |state| state.options = options);
    }

    /// How the tenant behaves now.
    #[must_use]
    pub fn options(&self, tenant: &str) -> Options {
        self.with_tenant(tenant, |state| state.options.clone())
    }

    /// How many tokens were ever issued to the hub's client.
    #[must_use]
    pub fn tokens_issued(&self, tenant: &str) -> usize {
        self.with_tenant(tenant, |state| state.tokens_issued)
    }

    /// How many GETs and PUTs with a valid token were let through on this day of UTC.
    #[must_use]
    pub fn calls_today(&self, tenant: &str) -> u64 {
        let now = self.harness.now();
        self.with_tenant(tenant, |state| state.calls.today(now))
    }

    /// A name that nobody added is a mistake of the test, so that it must not pass in silence.
    fn check_named(&self, known: bool, kind: &str, id: &str) {
        if !known {
            self.harness.violations.record(format!("the test names the {kind} {id}, which does not exist"));
        }
    }

    fn with_tenant<T: Default>(&self, id: &str, work: impl FnOnce(&mut TenantState) -> T) -> T {
        let done = lock(&self.state).tenants.get_mut(id).map(work);
        self.check_named(done.is_some(), "tenant", id);
        done.unwrap_or_default()
    }
}
