//! A customer of the hub with everything that its admins set up on both sides.

use serde_json::{Value, json};

use super::{Error, Stack};
use crate::simulators::certn::{Group, Key, KeyState, Package, User};
use crate::simulators::icims::{
    Customer as IcimsCustomer, Entry, Job as IcimsJob, ListValue, Person, Screen, Workflow,
};

pub const GROUP: &str = "51c2d1de-3b1f-4d5e-9a51-6d7e8f901234";
/// The group of the department of nursing; its id is the department's code in PageUp.
pub const NURSING: &str = "c0ffee00-1111-4222-8333-444455556666";
pub const STANDARD: &str = "7a0e1c52-4b7c-4f7e-8a61-0c1d2e3f4a5b";
pub const DRIVER: &str = "8b1f2d63-5c8d-4a8f-9b72-1d2e3f4a5b6c";
const RECRUITER: &str = "9d40b3c4-6d9e-4b90-8c83-2e3f4a5b6c7d";
pub const RECRUITER_EMAIL: &str = "rae@client.example";
pub const API_KEY: &str = "certn-key-of-the-local-stack";
pub const WEBHOOK_SECRET: &str = "certn-webhook-secret-of-the-local-stack";

/// The status that starts a check, and one that does not.
pub const TRIGGER: &str = "C1822";
pub const ELSEWHERE: &str = "C1701";

/// A connected customer.
pub struct Customer<'a> {
    stack: &'a Stack,
    /// The customer's id at iCIMS.
    pub id: String,
    pub connection: String,
    pub webhook_url: String,
    pub webhook_password: String,
    pub certn_webhook_url: String,
    recruiter: String,
}

/// A job in iCIMS with its package list.
pub struct Job {
    pub id: String,
}

/// A candidate on a job.
pub struct Candidate {
    pub person: String,
    pub workflow: String,
}

impl Stack {
    /// Connects a new customer as an admin does: the accounts on both sides, then one call of the admin API, then the
    /// webhooks. `change` changes what is sent to the admin API.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect(&self, change: impl FnOnce(&mut Value)) -> Result<Customer<'_>, Error> {
        self.connect_at(&self.url, change).await
    }

    /// The same at another hub that uses this stack's simulators.
    ///
    /// # Errors
    /// The connection is refused.
    pub async fn connect_at(&self, hub: &str, change: impl FnOnce(&mut Value)) -> Result<Customer<'_>, Error> {
        let simulators = self.simulators()?;
        let number = 7351 + self.next_customer();
        let id = number.to_string();
        self.set_up_certn()?;
        let recruiter = format!("{number}90");
        simulators.icims.add_customer(IcimsCustomer {
            id: id.clone(),
            username: "crosscheck-api".to_owned(),
            password: "icims-password-of-the-local-stack".to_owned(),
            webhook_url: String::new(),
            webhook_user: String::new(),
            webhook_password: String::new(),
        });
        let mut new = json!({
            "ats": {"kind": "icims", "customer_id": id, "trigger_statuses": [TRIGGER]},
            "ats_credentials": {
                "kind": "icims", "username": "crosscheck-api", "password": "icims-password-of-the-local-stack",
            },
            "provider": {"kind": "certn"},
            "provider_credentials": {"kind": "certn", "api_keys": [API_KEY], "webhook_secrets": [WEBHOOK_SECRET]},
            "report": {"type": "portal_link"},
            "default_group": GROUP,
            "transfer_acknowledged": true,
        });
        change(&mut new);
        let created = self.create_connection(hub, &new).await?;
        let text = |pointer: &str| created.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let customer = Customer {
            stack: self,
            id,
            connection: text("/id"),
            webhook_url: text("/webhook/url"),
            webhook_password: text("/webhook/password"),
            certn_webhook_url: text("/provider_webhook/url"),
            recruiter,
        };
        simulators.icims.set_webhook(
            &customer.id,
            &customer.webhook_url,
            &customer.connection,
            &customer.webhook_password,
        );
        simulators.icims.add_person(
            &customer.id,
            Person {
                id: customer.recruiter.clone(),
                first: "Rae".to_owned(),
                last: "Cho".to_owned(),
                email: Some(RECRUITER_EMAIL.to_owned()),
            },
        );
        customer.take_certn_webhooks().await?;
        Ok(customer)
    }

    pub(super) async fn create_connection(&self, hub: &str, new: &Value) -> Result<Value, Error> {
        let (status, created) = self.admin_at(hub, "POST", "/admin/connections", Some(new)).await?;
        if status == 201 { Ok(created) } else { Err(format!("the connection was refused: {status} {created}").into()) }
    }

    pub(super) async fn send_certn_webhooks_to(&self, url: &str) -> Result<(), Error> {
        let enabled = self.simulators()?.certn.set_webhook(url, WEBHOOK_SECRET).await;
        if enabled { Ok(()) } else { Err("Certn's handshake with the hub failed".into()) }
    }

    pub(super) fn set_up_certn(&self) -> Result<(), Error> {
        let certn = &self.simulators()?.certn;
        certn.add_key(Key { value: API_KEY.to_owned(), state: KeyState::Valid });
        for (id, name) in [(GROUP, "Head office"), (NURSING, "Nursing")] {
            certn.add_group(Group { id: id.to_owned(), name: name.to_owned(), active: true });
        }
        certn.add_user(User {
            id: RECRUITER.to_owned(),
            email: RECRUITER_EMAIL.to_owned(),
            active: true,
            groups: vec![GROUP.to_owned(), NURSING.to_owned()],
        });
        for (id, name) in [(STANDARD, "Standard"), (DRIVER, "Driver")] {
            certn.add_package(Package { id: id.to_owned(), name: name.to_owned(), active: true, ats_use: Some(true) });
        }
        Ok(())
    }
}

impl Customer<'_> {
    /// Points Certn's webhooks at this customer's connection, with the handshake.
    ///
    /// # Errors
    /// The handshake fails.
    pub async fn take_certn_webhooks(&self) -> Result<(), Error> {
        self.stack.send_certn_webhooks_to(&self.certn_webhook_url).await
    }

    /// A job whose package list has these texts.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn job(&self, packages: &[&str]) -> Result<Job, Error> {
        let id = format!("{}{}", self.id, 100 + self.stack.next_customer());
        let job = IcimsJob { id: id.clone(), title: "Nurse".to_owned(), packages: values(packages) };
        self.stack.simulators()?.icims.add_job(&self.id, job);
        Ok(Job { id })
    }

    /// # Errors
    /// The stack has no simulators.
    pub fn set_packages(&self, job: &Job, packages: &[&str]) -> Result<(), Error> {
        self.stack.simulators()?.icims.set_packages(&self.id, &job.id, values(packages));
        Ok(())
    }

    /// A candidate on the job, with an e-mail address of their own unless it is empty.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn candidate(&self, job: &Job, first: &str) -> Result<Candidate, Error> {
        let icims = &self.stack.simulators()?.icims;
        let number = self.stack.next_customer();
        let candidate =
            Candidate { person: format!("{}5{number}", self.id), workflow: format!("{}7{number}", self.id) };
        let email = format!("{}.{number}@example.com", first.to_lowercase());
        icims.add_person(
            &self.id,
            Person {
                id: candidate.person.clone(),
                first: first.to_owned(),
                last: "Moss".to_owned(),
                email: Some(email),
            },
        );
        icims.add_workflow(
            &self.id,
            Workflow {
                id: candidate.workflow.clone(),
                job: job.id.clone(),
                person: candidate.person.clone(),
                status: ELSEWHERE.to_owned(),
            },
        );
        Ok(candidate)
    }

    /// # Errors
    /// The stack has no simulators.
    pub fn set_email(&self, candidate: &Candidate, email: Option<&str>) -> Result<(), Error> {
        self.stack.simulators()?.icims.set_email(&self.id, &candidate.person, email);
        Ok(())
    }

    /// The recruiter moves the candidate and reads the screen; then everything that this started comes to rest.
    ///
    /// # Errors
    /// The queues do not come to rest.
    pub async fn advance(&self, candidate: &Candidate, status: &str) -> Result<Screen, Error> {
        let icims = &self.stack.simulators()?.icims;
        let screen = icims.advance(&self.id, &candidate.workflow, status, &self.recruiter).await;
        self.stack.settle().await?;
        Ok(screen)
    }

    /// The rows that the recruiter sees for the candidate.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn entries(&self, candidate: &Candidate) -> Result<Vec<Entry>, Error> {
        Ok(self.stack.simulators()?.icims.entries(&self.id, &candidate.workflow))
    }

    /// Everything that the recruiter could ever have seen for the candidate, oldest first.
    ///
    /// # Errors
    /// The stack has no simulators.
    pub fn history(&self, candidate: &Candidate) -> Result<Vec<Entry>, Error> {
        Ok(self.stack.simulators()?.icims.history(&self.id, &candidate.workflow))
    }

    #[must_use]
    pub fn recruiter(&self) -> &str {
        &self.recruiter
    }
}

fn values(packages: &[&str]) -> Vec<ListValue> {
    packages.iter().map(|value| ListValue { id: None, value: (*value).to_owned() }).collect()
}
