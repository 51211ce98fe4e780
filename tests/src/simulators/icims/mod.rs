//! The simulator of iCIMS: an ATS that pushes events to the hub and is read and written through REST.
//!
//! A test arranges a customer with jobs, people and recruiting workflows, moves a candidate with
//! [`IcimsSimulator::advance`], and looks at what the recruiter sees. Packages live in the job's
//! `bgcpackagetype`, results in the workflow's `assessmentresults`.

mod answers;
mod control;
mod described;
mod events;
mod fields;
mod model;
mod rest;
mod results;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use super::shared::{Clock, Harness, bind, lock, loopback_client};

pub use events::EventOptions;
pub use fields::MARKERS;
pub use model::{Customer, Entry, Job, ListValue, Person, Right, Screen, Workflow};
use model::{CustomerState, Quota, WorkflowState};

/// A running iCIMS; clones share everything.
#[derive(Clone)]
pub struct IcimsSimulator {
    pub harness: Harness,
    address: SocketAddr,
    client: reqwest::Client,
    state: Arc<Mutex<Simulated>>,
}

#[derive(Default)]
struct Simulated {
    customers: BTreeMap<String, CustomerState>,
    transactions: u64,
}

impl Simulated {
    fn next_transaction(&mut self) -> String {
        self.transactions += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.transactions)
    }
}

impl IcimsSimulator {
    /// Starts iCIMS on a loopback port, or on any free one where `port` is 0.
    #[expect(clippy::disallowed_methods, reason = "the simulator serves until the process ends; it is no Lambda")]
    pub async fn start(port: u16, clock: Clock) -> io::Result<Self> {
        let (listener, address) = bind(port).await?;
        let harness = Harness::new(clock);
        let simulator = Self { harness: harness.clone(), address, client: event_sender()?, state: Arc::default() };
        tokio::spawn(harness.serve(control::routes(simulator.clone()), listener));
        Ok(simulator)
    }

    /// The origin that replaces `https://api.icims.com`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a customer without jobs, people or workflows.
    pub fn add_customer(&self, customer: Customer) {
        lock(&self.state).customers.insert(customer.id.clone(), CustomerState::new(customer));
    }

    /// Changes where and with which credentials the customer's events go.
    pub fn set_webhook(&self, customer: &str, url: &str, user: &str, password: &str) {
        self.with_customer(customer, |state| {
            url.clone_into(&mut state.customer.webhook_url);
            user.clone_into(&mut state.customer.webhook_user);
            password.clone_into(&mut state.customer.webhook_password);
        });
    }

    /// Changes the password of the hub's API user.
    pub fn set_password(&self, customer: &str, password: &str) {
        self.with_customer(customer, |state| password.clone_into(&mut state.customer.password));
    }

    /// Adds or replaces a job.
    pub fn add_job(&self, customer: &str, job: Job) {
        self.with_customer(customer, |state| {
            state.jobs.insert(job.id.clone(), job);
        });
    }

    /// Changes the packages chosen on a job.
    pub fn set_packages(&self, customer: &str, job: &str, packages: Vec<ListValue>) {
        let known = self
            .with_customer(customer, |state| state.jobs.get_mut(job).map(|found| found.packages = packages).is_some());
        self.check_named(known, "job", job);
    }

    /// Adds or replaces a person: a candidate, or a recruiter.
    pub fn add_person(&self, customer: &str, person: Person) {
        self.with_customer(customer, |state| {
            state.people.insert(person.id.clone(), person);
        });
    }

    /// Changes or empties a person's e-mail address.
    pub fn set_email(&self, customer: &str, person: &str, email: Option<&str>) {
        let known = self.with_customer(customer, |state| {
            state.people.get_mut(person).map(|found| found.email = email.map(str::to_owned)).is_some()
        });
        self.check_named(known, "person", person);
    }

    /// Adds or replaces a recruiting workflow.
    pub fn add_workflow(&self, customer: &str, workflow: Workflow) {
        self.with_customer(customer, |state| {
            state.workflows.insert(workflow.id.clone(), WorkflowState::new(workflow));
        });
    }

    /// Changes what the customer calls a field in the form `job.bgcpackagetype`.
    pub fn set_label(&self, customer: &str, field: &str, label: &str) {
        self.with_customer(customer, |state| {
            state.labels.insert(field.to_owned(), label.to_owned());
        });
    }

    /// The rows that the recruiter sees now.
    #[must_use]
    pub fn entries(&self, customer: &str, workflow: &str) -> Vec<Entry> {
        self.with_workflow(customer, workflow, |state| state.entries.clone())
    }

    /// Every version of every row that was ever shown, in order; a write that changed nothing adds none.
    #[must_use]
    pub fn history(&self, customer: &str, workflow: &str) -> Vec<Entry> {
        self.with_workflow(customer, workflow, |state| state.history.clone())
    }

    /// Deletes a row, as a recruiter may.
    pub fn delete_entry(&self, customer: &str, workflow: &str, entry: &str) {
        self.with_workflow(customer, workflow, |state| state.entries.retain(|shown| shown.id != entry));
    }

    /// The workflow's status as it was last set.
    #[must_use]
    pub fn workflow_status(&self, customer: &str, workflow: &str) -> String {
        self.with_workflow(customer, workflow, |state| state.workflow.status.clone())
    }

    /// What the recruiter read after the last event of the workflow.
    #[must_use]
    pub fn screen(&self, customer: &str, workflow: &str) -> Option<Screen> {
        self.with_workflow(customer, workflow, |state| state.screens.last().cloned())
    }

    /// Makes every write fail because this field, which the hub never touches, is required and empty.
    pub fn require_field(&self, customer: &str, field: Option<&str>) {
        self.with_customer(customer, |state| state.required_field = field.map(str::to_owned));
    }

    /// Takes a right from the hub's login group.
    pub fn remove_right(&self, customer: &str, right: Right) {
        self.with_customer(customer, |state| {
            state.removed_rights.insert(right);
        });
    }

    /// Gives all rights back.
    pub fn restore_rights(&self, customer: &str) {
        self.with_customer(customer, |state| state.removed_rights.clear());
    }

    /// Allows only these assessment names; before the first call any name is accepted.
    pub fn set_list_values(&self, customer: &str, values: Vec<String>) {
        self.with_customer(customer, |state| {
            state.removed_values.clear();
            state.list_values = Some(values);
        });
    }

    /// Refuses this assessment name, or this node of the assessment status, from now on.
    pub fn remove_list_value(&self, customer: &str, name: &str) {
        self.with_customer(customer, |state| {
            state.removed_values.insert(name.to_owned());
        });
    }

    /// Hides a field of the results from the hub's login group.
    pub fn hide_result_field(&self, customer: &str, field: &str) {
        self.with_customer(customer, |state| {
            state.hidden_result_fields.insert(field.to_owned());
        });
    }

    /// Deletes a status of workflows, by its node.
    pub fn remove_status(&self, customer: &str, node: &str) {
        self.with_customer(customer, |state| {
            state.statuses.remove(node);
        });
    }

    /// Keeps the descriptions of profiles and lists from the hub's login group.
    pub fn hide_schemas(&self, customer: &str) {
        self.with_customer(customer, |state| state.hides_schemas = true);
    }

    /// Starts a new allowance of requests per day, counted by the simulator's clock.
    pub fn set_quota(&self, customer: &str, limit: u64) {
        self.with_customer(customer, |state| state.quota = Quota::new(limit));
    }

    /// Makes every successful write carry the warning about keys that are not in lower case.
    pub fn warn_upper_case(&self, customer: &str, warns: bool) {
        self.with_customer(customer, |state| state.warns_upper_case = warns);
    }

    /// Lets the hub change statuses of workflows, which is a violation otherwise.
    pub fn allow_moves(&self, customer: &str) {
        self.with_customer(customer, |state| state.allows_moves = true);
    }

    /// A name that nobody added is a mistake of the test, so that it must not pass in silence.
    fn check_named(&self, known: bool, kind: &str, id: &str) {
        if !known {
            self.harness.violations.record(format!("the test names the {kind} {id}, which does not exist"));
        }
    }

    fn with_customer<T: Default>(&self, id: &str, work: impl FnOnce(&mut CustomerState) -> T) -> T {
        let done = lock(&self.state).customers.get_mut(id).map(work);
        self.check_named(done.is_some(), "customer", id);
        done.unwrap_or_default()
    }

    fn with_workflow<T: Default>(&self, customer: &str, id: &str, work: impl FnOnce(&mut WorkflowState) -> T) -> T {
        let done = self.with_customer(customer, |state| state.workflows.get_mut(id).map(work));
        self.check_named(done.is_some(), "workflow", id);
        done.unwrap_or_default()
    }
}

/// A client as iCIMS is one: HTTP/1.1, one connection for each event, no retry, no redirect followed.
fn event_sender() -> io::Result<reqwest::Client> {
    // Building a client panics without a provider; one that is installed already stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    loopback_client()
        .http1_only()
        .http1_title_case_headers()
        .pool_max_idle_per_host(0)
        .retry(reqwest::retry::never())
        .build()
        .map_err(io::Error::other)
}
