//! The fields of the profiles: how they look in answers, and which of them the hub may ask for.

use serde_json::{Map, Value, json};

use super::model::{CustomerState, Entry, Job, ListValue, Person, Right, Workflow};

/// The values planted in every person profile; finding one outside the simulator is a leak.
pub const MARKERS: &[&str] = &[
    SOCIAL_SECURITY_NUMBER,
    BIRTH_DATE,
    GENDER,
    PHONE,
    STREET,
    CITY,
    POSTAL_CODE,
    SALARY,
    DRIVING_LICENCE,
    SCHOOL,
    EMPLOYER,
    CUSTOM_FIELD,
];

const SOCIAL_SECURITY_NUMBER: &str = "planted-usssn-q7x2";
const BIRTH_DATE: &str = "planted-birthdate-m4k9";
const GENDER: &str = "planted-gender-w8t5";
const PHONE: &str = "planted-phone-r3c6";
const STREET: &str = "planted-street-h5v1";
const CITY: &str = "planted-city-z9d4";
const POSTAL_CODE: &str = "planted-postal-j2n8";
const SALARY: &str = "planted-salary-b6y3";
const DRIVING_LICENCE: &str = "planted-licence-g1f7";
const SCHOOL: &str = "planted-school-l8s2";
const EMPLOYER: &str = "planted-employer-p4u9";
const CUSTOM_FIELD: &str = "planted-custom-e3a5";

const PERSON_FIELDS: &[&str] = &["firstname", "middlename", "lastname", "email"];
const JOB_FIELDS: &[&str] = &["jobtitle", "bgcpackagetype", "joblocation", "recruiter", "hiringmanager", "billingcode"];
const WORKFLOW_FIELDS: &[&str] = &["baseprofile", "associatedprofile", "status", "assessmentresults"];
const PERSON_DEFAULT_FIELDS: &[&str] = &["firstname", "lastname", "email", "folder", "phones", "addresses"];
const JOB_DEFAULT_FIELDS: &[&str] = &["jobtitle", "folder", "bgcpackagetype"];
const WORKFLOW_DEFAULT_FIELDS: &[&str] = &["baseprofile", "associatedprofile", "status", "source", "links"];

/// The kinds of profile that the hub reads.
#[derive(Clone, Copy)]
pub(super) enum Profile {
    Person,
    Job,
    Workflow,
}

impl Profile {
    pub(super) fn allowed_fields(self) -> &'static [&'static str] {
        match self {
            Self::Person => PERSON_FIELDS,
            Self::Job => JOB_FIELDS,
            Self::Workflow => WORKFLOW_FIELDS,
        }
    }

    /// What iCIMS returns where no fields are named.
    pub(super) fn default_fields(self) -> &'static [&'static str] {
        match self {
            Self::Person => PERSON_DEFAULT_FIELDS,
            Self::Job => JOB_DEFAULT_FIELDS,
            Self::Workflow => WORKFLOW_DEFAULT_FIELDS,
        }
    }
}

/// The address that iCIMS itself gives for a path below a customer, whatever host the hub called.
pub(super) fn official_url(customer: &str, path: &str) -> String {
    format!("https://api.icims.com/customers/{customer}/{path}")
}

/// Ids are integers in the REST API and strings in events.
pub(super) fn integer(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| json!(id), |number| json!(number))
}

/// A status id as events carry it.
pub(super) fn bare_status(status: &str) -> &str {
    status.strip_prefix(['C', 'D']).unwrap_or(status)
}

/// A status id as the REST API carries it.
pub(super) fn node_status(status: &str) -> String {
    if status.starts_with(['C', 'D']) { status.to_owned() } else { format!("C{status}") }
}

/// Keeps the named fields that have a value, as iCIMS does.
pub(super) fn select(all: Value, wanted: &[&str]) -> Value {
    let Value::Object(all) = all else { return all };
    Value::Object(all.into_iter().filter(|(key, value)| wanted.contains(&key.as_str()) && has_value(value)).collect())
}

fn has_value(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

pub(super) fn person_fields(customer: &CustomerState, person: &Person) -> Value {
    let email = person.email.as_ref().filter(|_| customer.has(Right::ReadEmail));
    json!({
        "firstname": person.first,
        "lastname": person.last,
        "email": email,
        "folder": {"id": "D32006", "value": "Cand:Unreviewed", "formattedvalue": "Cand:Unreviewed"},
        "phones": [{"entry": 5305, "phonetype": {"id": "D83005", "value": "Mobile"}, "phonenumber": PHONE}],
        "addresses": [{
            "entry": 4128,
            "addresstype": {"id": "D84002", "value": "Home"},
            "addressstreet1": STREET,
            "addresscity": CITY,
            "addresszip": POSTAL_CODE,
            "addressstate": {"id": "D41001035", "abbrev": "NY", "value": "New York"},
            "addresscountry": {"id": "D41001", "abbrev": "US", "value": "United States"},
        }],
        "usssn": SOCIAL_SECURITY_NUMBER,
        "birthdate": BIRTH_DATE,
        "gender": {"id": "D31001", "value": GENDER},
        "salary": SALARY,
        "drivinglicensenumber": DRIVING_LICENCE,
        "education": [{"entry": 611, "school": SCHOOL}],
        "workexperience": [{"entry": 712, "workemployer": EMPLOYER}],
        "field51423": CUSTOM_FIELD,
    })
}

pub(super) fn job_fields(customer: &CustomerState, job: &Job) -> Value {
    let packages: Vec<Value> =
        if customer.has(Right::ReadPackages) { job.packages.iter().map(list_value).collect() } else { Vec::new() };
    json!({
        "jobtitle": job.title,
        "folder": {"id": "D31001", "value": "Approved", "formattedvalue": "Approved"},
        "bgcpackagetype": packages,
    })
}

fn list_value(value: &ListValue) -> Value {
    let mut fields = Map::new();
    if let Some(id) = &value.id {
        fields.insert("id".to_owned(), json!(id));
    }
    fields.insert("value".to_owned(), json!(value.value));
    fields.insert("formattedvalue".to_owned(), json!(value.value));
    Value::Object(fields)
}

pub(super) fn workflow_fields(customer: &CustomerState, workflow: &Workflow, entries: &[Entry]) -> Value {
    let id = &customer.customer.id;
    let job = customer.jobs.get(&workflow.job);
    let person = customer.people.get(&workflow.person);
    let status = bare_status(&workflow.status);
    json!({
        "baseprofile": {
            "id": integer(&workflow.job),
            "value": job.map(|job| job.title.clone()),
            "profile": official_url(id, &format!("jobs/{}", workflow.job)),
        },
        "associatedprofile": {
            "id": integer(&workflow.person),
            "value": person.map(|person| format!("{} {}", person.first, person.last)),
            "profile": official_url(id, &format!("people/{}", workflow.person)),
        },
        "status": {
            "id": node_status(&workflow.status),
            "value": format!("Status {status}"),
            "formattedvalue": format!("Offer: Status {status}"),
        },
        "source": "Portal",
        "links": [{
            "rel": "self",
            "title": "The current profile being viewed.",
            "url": official_url(id, &format!("applicantworkflows/{}", workflow.id)),
        }],
        "assessmentresults": entries.iter().map(entry_fields).collect::<Vec<Value>>(),
    })
}

pub(super) fn entry_fields(entry: &Entry) -> Value {
    let score = entry.score.parse::<f64>().ok();
    let name = (!entry.name.is_empty()).then(|| json!({"value": entry.name, "formattedvalue": entry.name}));
    let status = (!entry.status_id.is_empty())
        .then(|| json!({"id": entry.status_id, "value": entry.status_label, "formattedvalue": entry.status_label}));
    let all = json!({
        "entry": integer(&entry.id),
        "assessmentname": name,
        "assessmentdate": entry.date,
        "assessmentstatus": status,
        "assessmentscore": score,
        "assessmentresult": entry.result,
        "assessmentnotes": entry.notes,
        "assessmenturl": entry.url,
    });
    let Value::Object(all) = all else { return all };
    Value::Object(all.into_iter().filter(|(_, value)| has_value(value)).collect())
}
