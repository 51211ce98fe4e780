//! The simulator of Lever: an ATS that tells the hub of stage changes and is read and written with OAuth.
//!
//! A test registers an app, adds an account, lets a Super Admin accept with [`LeverSimulator::consent`],
//! moves candidates with [`LeverSimulator::advance`], and looks at [`LeverSimulator::tags`] and
//! [`LeverSimulator::notes`]. One listener is both the login host and the API host of both environments:
//! the `Host` header tells which one a request is for.

mod admin;
mod api;
mod control;
mod delivery;
mod dice;
mod events;
mod grants;
mod host;
mod jwt;
mod login;
mod model;
mod notes;
mod objects;
mod options;
mod planted;
mod query;
mod rate;
mod reads;
mod recruiter;
mod refusal;
mod seen;
mod state;
mod target;
#[cfg(test)]
mod tests;
mod view;
mod webhooks;
mod writes;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::shared::{Clock, Harness, bind, lock};
use dice::Dice;
use state::{AccountState, Simulated};

pub use delivery::{Attempt, Delivery, Outcome};
pub use events::{EventOptions, FromStage, SignatureForm, signature};
pub use model::{
    Account, App, Applicant, BACKGROUND_CHECK_STAGE, Environment, Posting, RECRUITER, SCOPES, SUPER_ADMIN, Stage, User,
};
pub use options::{NotePut, Options, PostingTags};
pub use planted::MARKERS;
pub use seen::{Actor, Archived, Change, Entry, Note, NoteValue, StageChange};

/// A running Lever; clones share everything.
#[derive(Clone)]
pub struct LeverSimulator {
    pub harness: Harness,
    address: SocketAddr,
    client: reqwest::Client,
    state: Arc<Mutex<Simulated>>,
}

impl LeverSimulator {
    /// Starts Lever on a loopback port, or on any free one where `port` is 0.
    #[expect(clippy::disallowed_methods, reason = "the simulator serves until the process ends; it is no Lambda")]
    pub async fn start(port: u16, clock: Clock) -> io::Result<Self> {
        let (listener, address) = bind(port).await?;
        let harness = Harness::new(clock);
        let simulator = Self { harness: harness.clone(), address, client: delivery::sender()?, state: Arc::default() };
        tokio::spawn(harness.serve(control::routes(simulator.clone()), listener));
        Ok(simulator)
    }

    /// The origin that replaces those of all login hosts and API hosts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A name that nobody added is a mistake of the test, so that it must not pass in silence.
    fn check_named(&self, known: bool, kind: &str, id: &str) {
        if !known {
            self.harness.violations.record(format!("the test names the {kind} {id}, which does not exist"));
        }
    }

    fn with_account<T: Default>(&self, id: &str, work: impl FnOnce(&mut AccountState) -> T) -> T {
        self.with_dice(id, |state, _| work(state))
    }

    fn with_dice<T: Default>(&self, id: &str, work: impl FnOnce(&mut AccountState, &mut Dice) -> T) -> T {
        let done = {
            let Simulated { accounts, dice, .. } = &mut *lock(&self.state);
            accounts.get_mut(id).map(|found| work(found, dice))
        };
        self.check_named(done.is_some(), "account", id);
        done.unwrap_or_default()
    }
}
