//! The collection of assessment results: what a write may hold, and what it changes.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::super::shared::Violations;
use super::answers::{Refusal, written};
use super::fields::{entry_fields, official_url};
use super::model::{CustomerState, Entry, Right, WorkflowState};

const RESULT_LIMIT: usize = 128;
const NOTES_LIMIT: usize = 192;
const DATE_FORMAT: &str = "%Y-%m-%d %I:%M %p";
const DATE_LENGTH: usize = 19;
pub(super) const STATUSES: &[(&str, &str)] = &[
    ("D37002019001", "Complete"),
    ("D37002019002", "Incomplete"),
    ("D37002019003", "In-Progress"),
    ("D37002019004", "Sent"),
];

/// One request to the collection of one workflow.
pub(super) struct ResultsRequest<'a> {
    pub(super) workflow: &'a str,
    pub(super) body: &'a [u8],
    pub(super) violations: &'a Violations,
}

impl ResultsRequest<'_> {
    pub(super) fn list(&self, customer: &CustomerState) -> Result<Response, Refusal> {
        let state = self.readable(customer)?;
        if state.entries.is_empty() {
            return Ok(Json(json!({})).into_response());
        }
        let entries: Vec<Value> = state.entries.iter().map(entry_fields).collect();
        Ok(Json(json!({"assessmentresults": entries})).into_response())
    }

    pub(super) fn read(&self, customer: &CustomerState, entry: &str) -> Result<Response, Refusal> {
        let state = self.readable(customer)?;
        let found = state.entries.iter().find(|e| e.id == entry).ok_or_else(|| Refusal::not_found("Entry"))?;
        Ok(Json(entry_fields(found)).into_response())
    }

    pub(super) fn create(&self, customer: &mut CustomerState) -> Result<Response, Refusal> {
        let existing = self.writable(customer)?.entries.clone();
        let (mut entry, warns) = self.applied(customer, &Entry::default())?;
        let duplicate = existing.into_iter().find(|e| Entry { id: String::new(), ..e.clone() } == entry);
        let id = if let Some(duplicate) = duplicate {
            duplicate.id
        } else {
            entry.id = customer.next_entry_id();
            let id = entry.id.clone();
            self.show(customer, entry);
            id
        };
        let location = self.location(customer, &id);
        Ok(written(StatusCode::CREATED, Some(&location), warns))
    }

    pub(super) fn update(&self, customer: &mut CustomerState, entry: &str) -> Result<Response, Refusal> {
        let state = self.writable(customer)?;
        let before =
            state.entries.iter().find(|e| e.id == entry).cloned().ok_or_else(|| Refusal::not_found("Entry"))?;
        let (after, warns) = self.applied(customer, &before)?;
        if after != before {
            self.show(customer, after);
        }
        let location = self.location(customer, entry);
        Ok(written(StatusCode::NO_CONTENT, Some(&location), warns))
    }

    fn location(&self, customer: &CustomerState, entry: &str) -> String {
        let path = format!("applicantworkflows/{}/fields/assessmentresults/{entry}", self.workflow);
        official_url(&customer.customer.id, &path)
    }

    fn readable<'c>(&self, customer: &'c CustomerState) -> Result<&'c WorkflowState, Refusal> {
        let state = customer.workflows.get(self.workflow).ok_or_else(|| Refusal::not_found("Applicant workflow"))?;
        match (customer.has(Right::ReadWorkflow), customer.has(Right::ReadResults)) {
            (true, true) => Ok(state),
            (true, false) => Err(Refusal::access_denied("assessmentresults")),
            (false, _) => Err(Refusal::access_denied("applicant workflow")),
        }
    }

    fn writable<'c>(&self, customer: &'c CustomerState) -> Result<&'c WorkflowState, Refusal> {
        let state = customer.workflows.get(self.workflow).ok_or_else(|| Refusal::not_found("Applicant workflow"))?;
        if !customer.has(Right::WriteResults) || !customer.has(Right::ReadResults) {
            return Err(Refusal::access_denied("assessmentresults"));
        }
        match &customer.required_field {
            Some(field) => Err(Refusal::required_field(field)),
            None => Ok(state),
        }
    }

    fn show(&self, customer: &mut CustomerState, entry: Entry) {
        let Some(state) = customer.workflows.get_mut(self.workflow) else { return };
        state.history.push(entry.clone());
        match state.entries.iter_mut().find(|shown| shown.id == entry.id) {
            Some(shown) => *shown = entry,
            None => state.entries.push(entry),
        }
    }

    fn applied(&self, customer: &CustomerState, before: &Entry) -> Result<(Entry, bool), Refusal> {
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(self.body) else {
            self.violations.record("iCIMS received a result that is not a JSON object");
            return Err(Refusal::bad_request("The body is not a JSON object."));
        };
        let mut after = before.clone();
        let mut warns = customer.warns_upper_case;
        for (name, value) in &fields {
            let lower = name.to_lowercase();
            if *name != lower {
                warns = true;
                self.violations.record(format!("iCIMS received the key {name}, which is not in lower case"));
            }
            self.apply(customer, &mut after, &lower, value)?;
        }
        Ok((after, warns))
    }

    fn apply(&self, customer: &CustomerState, entry: &mut Entry, name: &str, value: &Value) -> Result<(), Refusal> {
        if customer.hidden_result_fields.contains(name) {
            return Err(Refusal::access_denied(name));
        }
        match name {
            "assessmentname" => entry.name = list_name(customer, value)?,
            "assessmentstatus" => (entry.status_id, entry.status_label) = status(customer, value)?,
            "assessmentdate" => entry.date = date(value)?,
            "assessmentscore" => entry.score = score(value)?,
            "assessmentresult" => entry.result = text(name, value, RESULT_LIMIT)?,
            "assessmentnotes" => entry.notes = text(name, value, NOTES_LIMIT)?,
            "assessmenturl" => entry.url = text(name, value, usize::MAX)?,
            _ => {
                self.violations.record(format!("iCIMS received the unexpected field {name} in a result"));
                return Err(Refusal::bad_value(name, "There is no such field."));
            }
        }
        Ok(())
    }
}

/// iCIMS documents `null` and the empty text as deleting a value.
fn deletes(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn part<'v>(fields: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    fields.get(key).and_then(Value::as_str)
}

fn list_name(customer: &CustomerState, value: &Value) -> Result<String, Refusal> {
    if deletes(value) {
        return Ok(String::new());
    }
    value
        .as_object()
        .and_then(|fields| part(fields, "value"))
        .filter(|name| customer.knows_list_value(name))
        .map(str::to_owned)
        .ok_or_else(|| Refusal::bad_value("assessmentname", "The value is not in the list."))
}

fn status(customer: &CustomerState, value: &Value) -> Result<(String, String), Refusal> {
    if deletes(value) {
        return Ok((String::new(), String::new()));
    }
    let fields = value.as_object();
    let id = fields.and_then(|fields| part(fields, "id"));
    let label = fields.and_then(|fields| part(fields, "value"));
    STATUSES
        .iter()
        .filter(|known| (id.is_some() || label.is_some()) && !customer.removed_values.contains(known.0))
        .find(|known| id.is_none_or(|id| id == known.0) && label.is_none_or(|label| label == known.1))
        .map(|known| (known.0.to_owned(), known.1.to_owned()))
        .ok_or_else(|| Refusal::bad_value("assessmentstatus", "The value is not in the list."))
}

fn date(value: &Value) -> Result<String, Refusal> {
    if deletes(value) {
        return Ok(String::new());
    }
    value
        .as_str()
        .filter(|text| text.len() == DATE_LENGTH && jiff::fmt::strtime::parse(DATE_FORMAT, text).is_ok())
        .map(str::to_owned)
        .ok_or_else(|| Refusal::bad_value("assessmentdate", "The date is not in the form yyyy-mm-dd hh:mm a."))
}

fn score(value: &Value) -> Result<String, Refusal> {
    if deletes(value) {
        return Ok(String::new());
    }
    let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number
        .map(|number| number.to_string())
        .ok_or_else(|| Refusal::bad_value("assessmentscore", "The value is not a decimal number."))
}

fn text(name: &str, value: &Value, limit: usize) -> Result<String, Refusal> {
    if value.is_null() {
        return Ok(String::new());
    }
    let text = value.as_str().ok_or_else(|| Refusal::bad_value(name, "The value is not a text."))?;
    if text.chars().count() > limit {
        return Err(Refusal::bad_value(name, &format!("The value is longer than {limit} characters.")));
    }
    Ok(text.to_owned())
}
