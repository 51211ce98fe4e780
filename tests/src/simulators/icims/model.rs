//! What one customer of iCIMS holds: jobs, people, recruiting workflows, and what is shown to recruiters.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

const SECONDS_PER_DAY: i64 = 86_400;
const DOCUMENTED_DAILY_LIMIT: u64 = 10_000;

/// One customer of iCIMS with the credentials of both directions.
#[derive(Clone)]
pub struct Customer {
    pub id: String,
    pub username: String,
    pub password: String,
    pub webhook_url: String,
    pub webhook_user: String,
    pub webhook_password: String,
}

/// One value of a list field; the node id is absent where the consultant typed only a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListValue {
    pub id: Option<String>,
    pub value: String,
}

/// One opening with the packages that its recruiter chose.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub title: String,
    pub packages: Vec<ListValue>,
}

/// One person profile: a candidate, or a recruiter.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub first: String,
    pub last: String,
    pub email: Option<String>,
}

/// One recruiting workflow: a person on a job, in a status.
#[derive(Clone, Debug)]
pub struct Workflow {
    pub id: String,
    pub job: String,
    pub person: String,
    pub status: String,
}

/// A right of the hub's login group; iCIMS answers as if what it covers did not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    ReadEmail,
    ReadPackages,
    WriteResults,
    /// Without it there is no collection of results.
    ReadResults,
    ReadWorkflow,
}

/// One row of the assessment results, as the recruiter sees it; a text is empty where the field is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub id: String,
    pub name: String,
    pub date: String,
    pub status_id: String,
    pub status_label: String,
    pub result: String,
    pub notes: String,
    pub url: String,
    pub score: String,
}

/// What the recruiter's screen says after a move.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Screen {
    /// The status of the hub's answer, or nothing where no answer came within the time limit.
    pub status: Option<u16>,
    /// The sentence for the recruiter, with field tokens replaced by the customer's labels.
    pub message: Option<String>,
}

/// A change of status that was announced to the hub.
#[derive(Clone)]
pub(super) struct Move {
    pub(super) old_status: String,
    pub(super) new_status: String,
    pub(super) user: String,
}

pub(super) struct WorkflowState {
    pub(super) workflow: Workflow,
    pub(super) last_move: Option<Move>,
    pub(super) screens: Vec<Screen>,
    pub(super) entries: Vec<Entry>,
    pub(super) history: Vec<Entry>,
}

impl WorkflowState {
    pub(super) fn new(workflow: Workflow) -> Self {
        Self { workflow, last_move: None, screens: Vec::new(), entries: Vec::new(), history: Vec::new() }
    }
}

/// The daily allowance of requests, which starts anew at midnight UTC.
pub(super) struct Quota {
    limit: u64,
    used: u64,
    day: i64,
}

/// What the rate-limit headers of one answer say.
pub(super) struct Allowance {
    pub(super) limit: u64,
    pub(super) remaining: u64,
    pub(super) reset: i64,
    pub(super) exceeded: bool,
}

impl Quota {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: 0, day: i64::MIN }
    }

    pub(super) fn take(&mut self, now: Timestamp) -> Allowance {
        let day = now.as_second().div_euclid(SECONDS_PER_DAY);
        if day != self.day {
            self.day = day;
            self.used = 0;
        }
        let exceeded = self.used >= self.limit;
        if !exceeded {
            self.used += 1;
        }
        Allowance {
            limit: self.limit,
            remaining: self.limit - self.used.min(self.limit),
            reset: SECONDS_PER_DAY - now.as_second().rem_euclid(SECONDS_PER_DAY),
            exceeded,
        }
    }
}

pub(super) struct CustomerState {
    pub(super) customer: Customer,
    pub(super) jobs: BTreeMap<String, Job>,
    pub(super) people: BTreeMap<String, Person>,
    pub(super) workflows: BTreeMap<String, WorkflowState>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) quota: Quota,
    pub(super) required_field: Option<String>,
    pub(super) removed_rights: BTreeSet<Right>,
    pub(super) list_values: Option<Vec<String>>,
    pub(super) removed_values: BTreeSet<String>,
    pub(super) warns_upper_case: bool,
    pub(super) allows_moves: bool,
    /// The fields of the results that are not shown to the hub.
    pub(super) hidden_result_fields: BTreeSet<String>,
    /// The statuses of workflows, as nodes.
    pub(super) statuses: BTreeSet<String>,
    /// The descriptions of profiles and lists are not part of the hub's rights.
    pub(super) hides_schemas: bool,
    next_entry: u64,
}

impl CustomerState {
    pub(super) fn new(customer: Customer) -> Self {
        Self {
            customer,
            jobs: BTreeMap::new(),
            people: BTreeMap::new(),
            workflows: BTreeMap::new(),
            labels: BTreeMap::new(),
            quota: Quota::new(DOCUMENTED_DAILY_LIMIT),
            required_field: None,
            removed_rights: BTreeSet::new(),
            list_values: None,
            removed_values: BTreeSet::new(),
            warns_upper_case: false,
            allows_moves: false,
            hidden_result_fields: BTreeSet::new(),
            statuses: ["C1701", "C1822"].map(str::to_owned).into(),
            hides_schemas: false,
            next_entry: 88,
        }
    }

    pub(super) fn has(&self, right: Right) -> bool {
        !self.removed_rights.contains(&right)
    }

    pub(super) fn knows_list_value(&self, name: &str) -> bool {
        !self.removed_values.contains(name)
            && self.list_values.as_ref().is_none_or(|values| values.iter().any(|value| value == name))
    }

    pub(super) fn next_entry_id(&mut self) -> String {
        let id = self.next_entry;
        self.next_entry += 1;
        id.to_string()
    }

    /// What this customer calls a field in the form `profile.field`.
    pub(super) fn label(&self, field: &str) -> Option<String> {
        let default = match field {
            "job.bgcpackagetype" => "BGCheck Package",
            "job.jobtitle" => "Job Title",
            "person.email" => "Email",
            "person.firstname" => "First Name",
            "person.lastname" => "Last Name",
            "applicantworkflow.status" => "Status",
            _ => return self.labels.get(field).cloned(),
        };
        Some(self.labels.get(field).cloned().unwrap_or_else(|| default.to_owned()))
    }
}
