//! What iCIMS tells of a customer's configuration: the schema of a profile, as the asking user sees it, and the lists. That
//! both are kept is documented; how they look is assumed: JSON Schema, and lists with their values below them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::answers::Refusal;
use super::model::{CustomerState, Right};
use super::results::STATUSES;

const PERSON: [&str; 6] = ["firstname", "middlename", "lastname", "email", "phones", "addresses"];
const JOB: [&str; 6] = ["jobtitle", "folder", "joblocation", "recruiter", "hiringmanager", "billingcode"];
const WORKFLOW: [&str; 4] = ["baseprofile", "associatedprofile", "status", "source"];
const RESULT: [&str; 7] = [
    "assessmentname",
    "assessmentdate",
    "assessmentstatus",
    "assessmentscore",
    "assessmentresult",
    "assessmentnotes",
    "assessmenturl",
];

fn fields(names: &[&str]) -> Map<String, Value> {
    names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect()
}

/// The fields of a profile that the hub's login group may see.
fn properties(customer: &CustomerState, profile: &str) -> Result<Map<String, Value>, Refusal> {
    if customer.hides_schemas {
        return Err(Refusal::access_denied("profile definitions"));
    }
    let mut shown = match profile {
        "person" => fields(&PERSON),
        "job" => fields(&JOB),
        "submittal" if customer.has(Right::ReadWorkflow) => fields(&WORKFLOW),
        "submittal" => return Err(Refusal::access_denied("applicant workflow")),
        _ => return Err(Refusal::not_found("Profile definition")),
    };
    match profile {
        "person" if !customer.has(Right::ReadEmail) => drop(shown.remove("email")),
        "job" if customer.has(Right::ReadPackages) => {
            shown.insert("bgcpackagetype".to_owned(), json!({ "type": "array" }));
        }
        "submittal" if customer.has(Right::ReadResults) => {
            let of_entry = RESULT.into_iter().filter(|field| !customer.hidden_result_fields.contains(*field));
            let of_entry = fields(&of_entry.collect::<Vec<_>>());
            let items = json!({ "type": "object", "properties": of_entry });
            let read_only = !customer.has(Right::WriteResults);
            let collection = json!({ "type": "array", "items": items, "readOnly": read_only });
            shown.insert("assessmentresults".to_owned(), collection);
        }
        _ => {}
    }
    Ok(shown)
}

pub(super) fn schema(customer: &CustomerState, profile: &str) -> Result<Response, Refusal> {
    let mut shown = properties(customer, profile)?;
    let required: Vec<&String> = customer.required_field.iter().filter(|_| profile == "submittal").collect();
    shown.extend(required.iter().map(|field| ((*field).clone(), json!({ "type": "string" }))));
    let schema = json!({ "type": "object", "properties": shown, "required": required });
    Ok(Json(schema).into_response())
}

pub(super) fn field(customer: &CustomerState, profile: &str, field: &str) -> Result<Response, Refusal> {
    let found = properties(customer, profile)?.remove(field);
    found.map(|schema| Json(schema).into_response()).ok_or_else(|| Refusal::not_found("Field"))
}

/// The names and nodes of the lists that a check has to do with.
pub(super) fn lists(customer: &CustomerState) -> Result<Response, Refusal> {
    if customer.hides_schemas {
        return Err(Refusal::access_denied("lists"));
    }
    let list = |id: &str, name: &str, values: Vec<Value>| json!({ "id": id, "name": name, "values": values });
    let value = |id: &str, value: &str| json!({ "id": id, "value": value });
    let removed = |text: &str| customer.removed_values.contains(text);
    let statuses = STATUSES.iter().filter(|(id, _)| !removed(id)).map(|(id, label)| value(id, label));
    let names = customer.list_values.clone().unwrap_or_else(|| {
        // A customer without limits has every package that is in use.
        customer.jobs.values().flat_map(|job| &job.packages).map(|package| package.value.clone()).collect()
    });
    let names = names.iter().filter(|name| !removed(name));
    let names = names.zip(1..).map(|(name, number)| value(&format!("D37002018{number:03}"), name));
    let moves = customer.statuses.iter().map(|id| value(id, "Status"));
    Ok(Json(json!([
        list("D37002019", "Assessment Status", statuses.collect()),
        list("D37002018", "Assessment Name", names.collect()),
        list("C1000", "Recruiting Workflow Status", moves.collect()),
    ]))
    .into_response())
}
