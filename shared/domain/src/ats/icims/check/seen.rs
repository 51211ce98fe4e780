//! What the answers of iCIMS tell, item by item.

use serde_json::{Value, json};

use super::{
    CUSTOMER_ID, DESCRIPTIONS, ITEMS, JOB_FIELDS, PERSON_FIELDS, REQUESTER, REQUIRED_FIELDS, RESULT_NAME,
    RESULT_RIGHTS, RESULT_STATUSES, RESULTS, Sample, TRIGGER_STATUS, WORKFLOW_FIELDS, is_denied,
};
use crate::ats::icims::settings::{Profile, Settings};
use crate::ats::icims::wire::{self, ListNode, Schema};
use crate::ats::look::{CALL_BUDGET, REACHABLE, WAITS, complete, listed};
use crate::checklist::{CREDENTIALS, Line};
use crate::http::HttpOutcome;
use crate::id::AtsId;
use crate::reason::{Owner, Reason};
use crate::text::quoted;
use crate::trouble::Trouble;

/// What we read of a workflow.
const OF_WORKFLOW: [&str; 3] = ["baseprofile", "associatedprofile", "status"];

/// What we write into an entry of the results.
const OF_ENTRY: [&str; 6] =
    ["assessmentname", "assessmentdate", "assessmentstatus", "assessmentresult", "assessmentnotes", "assessmenturl"];

const USER: &str = "the login group of the integration's API user";

const UNTOLD: &str = "neither an application nor iCIMS's schema tells it";

/// What iCIMS says of a profile's fields.
enum Described {
    As(Schema),
    /// The profile is hidden from the API user.
    Denied,
    Unknown,
}

impl Described {
    fn of(outcome: Option<&HttpOutcome>) -> Self {
        match outcome {
            Some(Ok(response)) if response.is_success() => wire::schema(response).map_or(Self::Unknown, Self::As),
            Some(Ok(response)) if is_denied(response) => Self::Denied,
            _ => Self::Unknown,
        }
    }

    fn schema(&self) -> Option<&Schema> {
        match self {
            Self::As(schema) => Some(schema),
            _ => None,
        }
    }
}

/// Everything that was answered.
pub(super) struct Seen<'a> {
    settings: &'a Settings,
    sample: Option<Sample>,
    person: Described,
    job: Described,
    workflow: Described,
    lists: Option<Vec<ListNode>>,
    on_person: Option<Value>,
    on_job: Option<Value>,
    entries: Option<&'a HttpOutcome>,
    requester: Option<&'a HttpOutcome>,
    /// iCIMS knows nothing at all of what was asked for.
    knows_nothing: bool,
    allowance: Option<(u64, u64)>,
}

impl<'a> Seen<'a> {
    pub(super) fn of(
        settings: &'a Settings,
        first: &HttpOutcome,
        outcomes: &'a [HttpOutcome],
        sample: Option<Sample>,
    ) -> Self {
        let answer = |place: usize| outcomes.get(place);
        let body = |place: usize| {
            let response = answer(place)?.as_ref().ok().filter(|response| response.is_success())?;
            serde_json::from_slice(&response.body).ok()
        };
        let [person, job, submittal, lists] = DESCRIPTIONS;
        let mut described = [person, job, submittal].map(|place| Described::of(answer(place)));
        if described.iter().all(|profile| matches!(profile, Described::Denied)) {
            // It is the descriptions that the user may not read.
            described = described.map(|_| Described::Unknown);
        }
        let [person, job, workflow] = described;
        let is_unknown = |outcome: &HttpOutcome| {
            outcome.as_ref().is_ok_and(|response| response.status == 404 && !is_denied(response))
        };
        let told = outcomes.iter().rev().filter_map(|outcome| outcome.as_ref().ok());
        Self {
            settings,
            sample,
            person,
            job,
            workflow,
            lists: answer(lists).and_then(|outcome| outcome.as_ref().ok()).and_then(wire::lists),
            on_person: body(4),
            on_job: body(5),
            entries: answer(6),
            requester: answer(7),
            knows_nothing: is_unknown(first) && outcomes.iter().all(is_unknown),
            allowance: told.filter_map(wire::allowance).min(),
        }
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = vec![
            Line::good(REACHABLE, Owner::HubOperator, "the API answers"),
            Line::good(CREDENTIALS, Owner::AtsAdmin, "the user name and password are taken"),
        ];
        lines.push(self.allowance.map_or_else(
            || Line::not_told(CALL_BUDGET, Owner::AtsAdmin, "iCIMS does not say how many calls are left"),
            |(left, of)| Line::good(CALL_BUDGET, Owner::AtsAdmin, format!("{left} of the day's {of} calls are left")),
        ));
        let customer = self.settings.customer_id.as_str();
        if self.knows_nothing {
            let host = self.settings.host.base();
            let sentence = format!(
                "iCIMS answers \"not found\" to everything that is asked of the customer {customer} at {}. Please compare \
                 ats.customer_id and ats.host of the connection with what iCIMS gave the customer.",
                host.host_str().unwrap_or_default()
            );
            lines.push(Line::wrong(CUSTOMER_ID, Owner::HubOperator, "HTTP 404 to every call", sentence));
            return complete(&ITEMS, lines, WAITS);
        }
        lines.push(Line::good(CUSTOMER_ID, Owner::HubOperator, "known"));
        let (on_job, on_person) = self.settings.fields();
        lines.push(self.workflow_fields());
        lines.push(rights(PERSON_FIELDS, "person", &on_person, &self.person, self.on_person.as_ref()));
        lines.push(rights(JOB_FIELDS, "job", &on_job, &self.job, self.on_job.as_ref()));
        lines.push(self.requester());
        lines.push(self.trigger_status());
        lines.extend(self.results());
        lines.push(self.result_statuses());
        lines.push(self.result_name());
        lines.push(self.required_fields());
        complete(&ITEMS, lines, WAITS)
    }

    fn workflow_fields(&self) -> Line {
        let hidden = |what: &str| {
            let saw = format!("forbidden: {what}");
            Line::wrong(WORKFLOW_FIELDS, Owner::AtsAdmin, saw, hidden_sentence("recruiting workflow", what))
        };
        match (&self.workflow, self.sample.as_ref().map(|sample| &sample.workflow)) {
            (_, Some(Ok(workflow))) if workflow.status.is_some() => {
                Line::good(WORKFLOW_FIELDS, Owner::AtsAdmin, format!("readable: {}", listed(&OF_WORKFLOW)))
            }
            (_, Some(Err(Trouble::Because { refusal, .. }))) if refusal.reason == Reason::AtsPermission => {
                hidden(if refusal.about.is_empty() { "the whole profile" } else { &refusal.about })
            }
            (Described::Denied, _) => hidden("the whole profile"),
            (described, shown) => {
                let shown = shown.and_then(|shown| shown.as_ref().ok());
                let shown = shown.map(|_| json!({"baseprofile": 1, "associatedprofile": 1}));
                rights(WORKFLOW_FIELDS, "recruiting workflow", &OF_WORKFLOW, described, shown.as_ref())
            }
        }
    }

    fn requester(&self) -> Line {
        let not_told = |saw: &str| Line::not_told(REQUESTER, Owner::AtsAdmin, saw);
        match self.requester {
            None => not_told("no user is known yet who started a check"),
            Some(Ok(response)) if response.is_success() => match wire::has_email(response) {
                true => Line::good(REQUESTER, Owner::AtsAdmin, "readable, with an address"),
                false => not_told("the latest user who started a check has no address, or it is hidden"),
            },
            Some(Ok(response)) if is_denied(response) => {
                let sentence = format!(
                    "iCIMS hides the profile of the user who started the latest check from the integration. Please let {USER} \
                     read the e-mail address of the users who start checks."
                );
                Line::wrong(REQUESTER, Owner::AtsAdmin, "forbidden: the user's profile", sentence)
            }
            Some(_) => not_told("the latest user who started a check is not to be found"),
        }
    }

    fn trigger_status(&self) -> Line {
        let is_there = self.sample.as_ref().and_then(|sample| sample.workflow.as_ref().ok()?.status.as_ref());
        if is_there.is_some_and(|status| self.settings.is_trigger(status.as_str())) {
            return Line::good(TRIGGER_STATUS, Owner::AtsAdmin, "the latest known application is in it");
        }
        let lists = self.lists.as_deref().unwrap_or_default();
        let bare = |id: &str| id.strip_prefix(['C', 'D']).unwrap_or(id).to_owned();
        let is_known = |status: &str| ListNode::ids(lists).any(|id| id == status || bare(id) == bare(status));
        let statuses = || self.settings.trigger_statuses.iter().map(AtsId::as_str);
        let missing: Vec<&str> = statuses().filter(|status| !is_known(status)).collect();
        if missing.is_empty() && !lists.is_empty() {
            return Line::good(
                TRIGGER_STATUS,
                Owner::AtsAdmin,
                format!("known: {}", listed(&statuses().collect::<Vec<_>>())),
            );
        }
        if !lists.iter().any(ListNode::holds_workflow_statuses) {
            return Line::not_told(TRIGGER_STATUS, Owner::AtsAdmin, "iCIMS does not list the statuses of workflows");
        }
        let missing = listed(&missing);
        let sentence = format!(
            "iCIMS has no recruiting workflow status with the id {missing}, which is to start a background check. Please \
             tell the operator of the integration the id of the status that recruiters move candidates to, or restore it."
        );
        Line::wrong(TRIGGER_STATUS, Owner::AtsAdmin, format!("unknown: {missing}"), sentence)
    }

    fn results(&self) -> Vec<Line> {
        let name = self.settings.collection.as_str();
        let denied = matches!(self.entries, Some(Ok(response)) if is_denied(response));
        let Some(schema) = self.workflow.schema() else {
            return [RESULTS, RESULT_RIGHTS].map(|item| Line::not_told(item, Owner::AtsAdmin, UNTOLD)).into();
        };
        let Some(collection) = schema.collection(name).filter(|_| !denied) else {
            let sentence = format!(
                "iCIMS shows the integration no collection \"{name}\" on the recruiting workflow, which is where it writes \
                 how a background check stands. Please add the collection, or show its tab to {USER}."
            );
            return vec![Line::wrong(RESULTS, Owner::AtsAdmin, format!("forbidden or not there: {name}"), sentence)];
        };
        let missing: Vec<&str> = OF_ENTRY.into_iter().filter(|field| !collection.fields.contains(*field)).collect();
        if !missing.is_empty() {
            let fields = listed(&missing);
            let sentence = format!(
                "iCIMS shows the integration no field {fields} in the collection \"{name}\" of the recruiting workflow. \
                 Please add what is missing, or show it to {USER}."
            );
            return vec![Line::wrong(RESULTS, Owner::AtsAdmin, format!("forbidden or not there: {fields}"), sentence)];
        }
        let there = Line::good(RESULTS, Owner::AtsAdmin, format!("{name} has every field that is written"));
        if !collection.is_read_only {
            return vec![there, Line::good(RESULT_RIGHTS, Owner::AtsAdmin, format!("{name} may be written"))];
        }
        let sentence = format!(
            "iCIMS lets the integration read the collection \"{name}\" of the recruiting workflow and not write it, so that \
             recruiters do not see how a background check stands. Please let {USER} add and change its entries."
        );
        vec![there, Line::wrong(RESULT_RIGHTS, Owner::AtsAdmin, format!("read only: {name}"), sentence)]
    }

    fn result_statuses(&self) -> Line {
        let nodes = &self.settings.status_nodes;
        let wanted = [&nodes.complete, &nodes.incomplete, &nodes.in_progress, &nodes.sent].map(String::as_str);
        let lists = self.lists.as_deref().unwrap_or_default();
        let (known, missing): (Vec<&str>, Vec<&str>) =
            wanted.into_iter().partition(|node| ListNode::ids(lists).any(|id| id == *node));
        if known.is_empty() {
            return Line::not_told(
                RESULT_STATUSES,
                Owner::AtsAdmin,
                "iCIMS does not list the values of the result's status",
            );
        }
        if missing.is_empty() {
            return Line::good(RESULT_STATUSES, Owner::AtsAdmin, "the four values are there");
        }
        let missing = listed(&missing);
        let sentence = format!(
            "The list of the field assessmentstatus in iCIMS lacks the value {missing}, which the integration writes. Please \
             add it, or tell the operator of the integration which value stands for it."
        );
        Line::wrong(RESULT_STATUSES, Owner::AtsAdmin, format!("missing: {missing}"), sentence)
    }

    /// The names that entries get: the fixed one, those that ours have, or else the packages as iCIMS calls them.
    fn names(&self) -> Vec<String> {
        if let Some(name) = &self.settings.entry_name {
            return vec![name.clone()];
        }
        let entries = self.entries.and_then(|outcome| outcome.as_ref().ok()).filter(|response| response.is_success());
        let written = entries.map(wire::names_of_entries).unwrap_or_default();
        if !written.is_empty() {
            return written;
        }
        let holder = match self.settings.package_profile {
            Profile::Job => self.on_job.as_ref(),
            Profile::Person => self.on_person.as_ref(),
        };
        wire::list_values(holder.and_then(|fields| fields.get(&self.settings.package_field)))
            .into_iter()
            .map(|value| value.text)
            .filter(|text| !text.is_empty())
            .collect()
    }

    fn result_name(&self) -> Line {
        let names = self.names();
        let known = ListNode::named(self.lists.as_deref().unwrap_or_default(), "assessmentname");
        let (Some(known), false) = (known, names.is_empty()) else {
            let saw = "iCIMS does not list the values of the result's name, or no package is known yet";
            return Line::not_told(RESULT_NAME, Owner::AtsAdmin, saw);
        };
        let lower: Vec<String> = known.names().map(str::to_lowercase).filter(|name| !name.is_empty()).collect();
        // A package's text may have its id beside its name.
        let is_known = |name: &&String| lower.iter().any(|known| name.to_lowercase().contains(known));
        let missing: Vec<String> = names.iter().filter(|name| !is_known(name)).map(|name| quoted(name)).collect();
        if missing.is_empty() {
            return Line::good(
                RESULT_NAME,
                Owner::AtsAdmin,
                format!("{} of the list's {} values", names.len(), lower.len()),
            );
        }
        let missing = listed(&missing);
        let sentence = format!(
            "The list of the field assessmentname in iCIMS lacks the value \"{missing}\", so that no result of this package can \
             be shown. Please add the name of every background check package to the list."
        );
        Line::wrong(RESULT_NAME, Owner::AtsAdmin, format!("missing: {missing}"), sentence)
    }

    fn required_fields(&self) -> Line {
        let Some(schema) = self.workflow.schema() else {
            return Line::not_told(REQUIRED_FIELDS, Owner::AtsAdmin, "iCIMS does not describe the workflow");
        };
        let ours = |field: &str| OF_WORKFLOW.contains(&field) || field == self.settings.collection;
        let required: Vec<&str> = schema.required.iter().map(String::as_str).filter(|field| !ours(field)).collect();
        if required.is_empty() {
            return Line::good(REQUIRED_FIELDS, Owner::AtsAdmin, "none");
        }
        let required = listed(&required);
        let sentence = format!(
            "iCIMS refuses every write to a recruiting workflow on which the required field {required} is empty, although the \
             integration does not touch that field. Please make it not required for {USER}."
        );
        Line::wrong(REQUIRED_FIELDS, Owner::AtsAdmin, format!("required: {required}"), sentence)
    }
}

/// Tells for each field whether it can be read: "empty" apart from "forbidden".
fn rights(item: &'static str, profile: &str, wanted: &[&str], described: &Described, shown: Option<&Value>) -> Line {
    let has_value = |field: &str| shown.is_some_and(|shown| shown.get(field).is_some());
    let without: Vec<&str> = wanted.iter().copied().filter(|field| !has_value(field)).collect();
    let readable = wanted.len().saturating_sub(without.len());
    let (empty, forbidden): (Vec<&str>, Vec<&str>) = match described {
        Described::As(schema) => without.iter().partition(|field| schema.fields.contains(**field)),
        Described::Denied => (Vec::new(), without.clone()),
        Described::Unknown if without.is_empty() => (Vec::new(), Vec::new()),
        Described::Unknown if shown.is_some() => {
            let saw = format!("empty or forbidden, which iCIMS's schema does not tell: {}", listed(&without));
            return Line::not_told(item, Owner::AtsAdmin, saw);
        }
        Described::Unknown => return Line::not_told(item, Owner::AtsAdmin, UNTOLD),
    };
    if !forbidden.is_empty() {
        let fields = listed(&forbidden);
        return Line::wrong(item, Owner::AtsAdmin, format!("forbidden: {fields}"), hidden_sentence(profile, &fields));
    }
    let saw = match (shown, empty.as_slice()) {
        (None, _) => format!("shown: {}", listed(wanted)),
        (Some(_), []) => format!("readable: {}", listed(wanted)),
        (Some(_), empty) => format!("{readable} readable, shown and empty: {}", listed(empty)),
    };
    Line::good(item, Owner::AtsAdmin, saw)
}

fn hidden_sentence(profile: &str, fields: &str) -> String {
    format!(
        "iCIMS hides {fields} of the {profile} from the integration, which needs it to order a background check. Please show it \
         to {USER}: a field is hidden, too, where its tab is."
    )
}
