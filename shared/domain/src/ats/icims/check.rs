//! What can be told about a connection to iCIMS by reading alone.
//!
//! iCIMS leaves out of an answer what has no value and what is hidden alike. Its schema of a profile is taken to be that of
//! the asking user: a field that is missing there is hidden, one that is there and not in an answer is empty.

mod seen;

use self::seen::Seen;
use super::wire::{self, Workflow};
use super::{Connector, SYSTEM, success};
use crate::ats::look::{CALL_BUDGET, Item, REACHABLE, WAITS, complete, out_of_reach, unanswered};
use crate::checklist::{CREDENTIALS, Line};
use crate::http::{HttpFailure, HttpOutcome, HttpRequest, HttpResponse, NotSent};
use crate::reason::Owner;
use crate::request::Subject;
use crate::talk::Talk;
use crate::trouble::Trouble;

const CUSTOMER_ID: &str = "customer_id";
const WORKFLOW_FIELDS: &str = "workflow_fields";
const PERSON_FIELDS: &str = "person_fields";
const JOB_FIELDS: &str = "job_fields";
const REQUESTER: &str = "requester";
const TRIGGER_STATUS: &str = "trigger_status";
const RESULTS: &str = "results_collection";
const RESULT_RIGHTS: &str = "results_rights";
const RESULT_STATUSES: &str = "result_statuses";
const RESULT_NAME: &str = "result_name";
const REQUIRED_FIELDS: &str = "required_fields";

const ITEMS: [Item; 14] = [
    (REACHABLE, Owner::HubOperator),
    (CALL_BUDGET, Owner::AtsAdmin),
    (CREDENTIALS, Owner::AtsAdmin),
    (CUSTOMER_ID, Owner::HubOperator),
    (WORKFLOW_FIELDS, Owner::AtsAdmin),
    (PERSON_FIELDS, Owner::AtsAdmin),
    (JOB_FIELDS, Owner::AtsAdmin),
    (REQUESTER, Owner::AtsAdmin),
    (TRIGGER_STATUS, Owner::AtsAdmin),
    (RESULTS, Owner::AtsAdmin),
    (RESULT_RIGHTS, Owner::AtsAdmin),
    (RESULT_STATUSES, Owner::AtsAdmin),
    (RESULT_NAME, Owner::AtsAdmin),
    (REQUIRED_FIELDS, Owner::AtsAdmin),
];

/// The places of the answers that describe the customer: person, job, workflow, lists.
const DESCRIPTIONS: [usize; 4] = [0, 1, 2, 3];

pub(super) fn examine(connector: Connector, sample: Option<Subject>) -> Talk<Vec<Line>> {
    // One small call first: a wrong password is not tried many times over.
    let first = match &sample {
        Some(sample) => connector.get(&["applicantworkflows", sample.application.as_str()], &[]),
        None => connector.get(&["profiledefinitions", "v1", "person", "email", "schema"], &[]),
    };
    Talk::ask(first, move |outcome| {
        if let Some(line) = stopped(&connector, &outcome) {
            return Talk::Done(complete(&ITEMS, vec![line], WAITS));
        }
        let sample = sample.map(|sample| Sample {
            workflow: success(outcome.clone()).and_then(|response| Workflow::read(&response)),
            subject: sample,
        });
        go_on(connector, outcome, sample)
    })
}

/// An application that we know of.
struct Sample {
    subject: Subject,
    workflow: Result<Workflow, Trouble>,
}

impl Sample {
    fn requests(&self, connector: &Connector) -> Vec<HttpRequest> {
        let Ok(workflow) = &self.workflow else { return Vec::new() };
        let (on_job, on_person) = connector.settings.fields();
        let user = self.subject.requester.as_ref().map(|user| connector.get(&["people", user.as_str()], &["email"]));
        let collection = connector.collection(&self.subject, None);
        let collection = HttpRequest::get(&SYSTEM, collection).header("authorization", connector.authorization.clone());
        [
            connector.get(&["people", workflow.person.as_str()], &on_person),
            connector.get(&["jobs", workflow.job.as_str()], &on_job),
            collection,
        ]
        .into_iter()
        .chain(user)
        .collect()
    }
}

fn go_on(connector: Connector, first: HttpOutcome, sample: Option<Sample>) -> Talk<Vec<Line>> {
    let schema = |profile: &str| connector.get(&["profiledefinitions", "v1", profile, "schema"], &[]);
    let mut requests = vec![schema("person"), schema("job"), schema("submittal"), connector.get(&["v2", "lists"], &[])];
    requests.extend(sample.as_ref().map(|sample| sample.requests(&connector)).unwrap_or_default());
    Talk::ask_all(requests, move |outcomes| {
        // A large description that does not arrive in time says nothing about the connection.
        let stopper = outcomes.iter().enumerate().find_map(|(place, outcome)| {
            let may_fail = DESCRIPTIONS.contains(&place) && matches!(outcome, Err(HttpFailure::Unclear(_)));
            if may_fail { None } else { stopped(&connector, outcome) }
        });
        if let Some(line) = stopper {
            return Talk::Done(complete(&ITEMS, vec![line], WAITS));
        }
        Talk::Done(Seen::of(&connector.settings, &first, &outcomes, sample).lines())
    })
}

/// iCIMS answers 404 with a code of its own where a right is missing.
fn is_denied(response: &HttpResponse) -> bool {
    response.status == 403 || (response.status == 404 && wire::error(response).code == Some(3))
}

/// The only line of a look that cannot go on.
fn stopped(connector: &Connector, outcome: &HttpOutcome) -> Option<Line> {
    let status = outcome.as_ref().map_or(0, |response| response.status);
    let is_spent = status == 429 || matches!(outcome, Err(HttpFailure::NotSent(NotSent::Budget(_))));
    if is_spent {
        let sentence = "The calls that iCIMS allows the integration in a day are used up, and it is shut out until midnight \
                        UTC. Please look which integrations of this customer use the allowance, or ask iCIMS for a larger one.";
        return Some(Line::wrong(CALL_BUDGET, Owner::AtsAdmin, "none of the day's calls is left", sentence));
    }
    if status == 401 {
        let host = connector.settings.host.base();
        let sentence = format!(
            "iCIMS does not accept the user name and password of the integration for the customer {} at {}. Please ask iCIMS \
             for valid credentials of the integration's API user, and whether the customer lies in the EU, and give both to \
             the operator of the integration.",
            connector.settings.customer_id,
            host.host_str().unwrap_or_default()
        );
        return Some(Line::wrong(CREDENTIALS, Owner::AtsAdmin, "HTTP 401", sentence));
    }
    unanswered("icims", outcome).map(|cause| out_of_reach("iCIMS", &cause))
}
