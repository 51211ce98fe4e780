//! How people and things look in answers.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::model::{Posting, User};
use super::planted;
use super::query::Query;
use super::state::{AccountState, Contact, Opportunity};

/// What an answer has of an opportunity beside, or in place of, the usual.
#[derive(Default)]
pub(super) struct Shape {
    expanded: BTreeSet<String>,
    /// Leaves the rest out, unless it is empty.
    included: BTreeSet<String>,
    /// Leaves name, e-mails and phones blank.
    blank: bool,
}

impl Shape {
    pub(super) fn asked(query: &Query) -> Self {
        let all = |name| query.all(name).map(str::to_owned).collect();
        Self { expanded: all("expand"), included: all("include"), blank: false }
    }

    pub(super) fn of_write(account: &AccountState) -> Self {
        Self { blank: !account.options.fills_write_answers, ..Self::default() }
    }

    fn expands(&self, field: &str) -> bool {
        self.expanded.contains(field)
    }
}

pub(super) fn opportunity(account: &AccountState, found: &Opportunity, shape: &Shape) -> Value {
    let contact = account.contacts.get(&found.contact);
    let expand = |field: &str, id: Option<&str>, object: Option<Value>| {
        let object = object.filter(|_| shape.expands(field));
        object.unwrap_or_else(|| json!(id))
    };
    let owner = found.owner.as_deref();
    let stage = account.stage(&found.stage).map(|stage| json!(stage));
    let applications: Vec<Value> = found
        .application
        .iter()
        .map(|id| expand("applications", Some(id), Some(application(account, found, id))))
        .collect();
    let index = |stage: &str| account.account.stages.iter().position(|known| known.id == stage);
    let changes = found.stage_changes.iter().map(|change| {
        json!({
            "toStageId": change.stage,
            "toStageIndex": index(&change.stage),
            "userId": change.user,
            "updatedAt": change.at.as_millisecond(),
        })
    });
    let shown = contact.filter(|_| !shape.blank);
    let mut answer = json!({
        "id": found.id,
        "name": shown.map(|contact| contact.name.as_str()).unwrap_or_default(),
        "headline": planted::HEADLINE,
        "contact": expand("contact", Some(&found.contact), contact.map(contact_object)),
        "emails": shown.map(|contact| contact.emails.as_slice()).unwrap_or_default(),
        "phones": shown.map(phones).unwrap_or_else(|| json!([])),
        "location": planted::LOCATION,
        "links": contact.map(|contact| contact.links.as_slice()).unwrap_or_default(),
        "tags": found.tags,
        "sources": [planted::SOURCE],
        "sourcedBy": null,
        "origin": found.origin,
        "stage": expand("stage", Some(&found.stage), stage),
        "stageChanges": changes.collect::<Vec<_>>(),
        "owner": expand("owner", owner, owner.and_then(|id| account.user(id)).map(user)),
        "followers": [],
        "applications": applications,
        "confidentiality": confidentiality(found.confidential),
        "createdAt": found.created_at.as_millisecond(),
        "updatedAt": found.updated_at.as_millisecond(),
        "lastInteractionAt": found.updated_at.as_millisecond(),
        "lastAdvancedAt": found.advanced_at.as_millisecond(),
        "snoozedUntil": null,
        "urls": {
            "list": "https://hire.lever.co/candidates",
            "show": format!("https://hire.lever.co/candidates/{}", found.id),
        },
        "isAnonymized": contact.is_some_and(|contact| contact.anonymized),
        "dataProtection": null,
    });
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(archived(account, found));
        let keeps = |name: &str| name == "id" || shape.expands(name) || shape.included.contains(name);
        fields.retain(|name, _| shape.included.is_empty() || keeps(name));
    }
    answer
}

fn archived(account: &AccountState, found: &Opportunity) -> Map<String, Value> {
    let at = found.archived.as_ref().map(|archived| archived.at.as_millisecond());
    let reason = found.archived.as_ref().map(|archived| archived.reason.as_str());
    if account.options.flat_archived {
        return Map::from_iter([("archivedAt".to_owned(), json!(at)), ("archiveReason".to_owned(), json!(reason))]);
    }
    let archived = at.map(|at| json!({ "reason": reason, "archivedAt": at }));
    Map::from_iter([("archived".to_owned(), json!(archived))])
}

pub(super) fn confidentiality(confidential: bool) -> &'static str {
    if confidential { "confidential" } else { "non-confidential" }
}

fn phones(contact: &Contact) -> Value {
    if contact.anonymized { json!([]) } else { json!([{ "type": null, "value": planted::PHONE }]) }
}

fn application(account: &AccountState, found: &Opportunity, id: &str) -> Value {
    let contact = account.contacts.get(&found.contact);
    let posting = found.posting.as_ref().and_then(|id| account.postings.get(id));
    json!({
        "id": id,
        "type": "posting",
        "opportunityId": found.id,
        "candidateId": found.id,
        "posting": found.posting,
        "postingHiringManager": posting.and_then(|posting| posting.hiring_manager.as_ref()),
        "postingOwner": posting.and_then(|posting| posting.owner.as_ref()),
        "user": null,
        "name": contact.map(|contact| &contact.name),
        "email": contact.and_then(|contact| contact.emails.first()),
        "phone": { "type": "mobile", "value": planted::PHONE },
        "company": null,
        "links": [],
        "comments": planted::ANSWER,
        "customQuestions": [{ "text": "Screening", "fields": [{ "type": "text", "value": planted::ANSWER }] }],
        "resume": { "ext": "pdf", "name": format!("{}.pdf", planted::RESUME) },
        "createdAt": found.created_at.as_millisecond(),
        "archived": null,
        "requisitionForHire": null,
        "ipAddress": planted::IP_ADDRESS,
        "referer": format!("https://jobs.example/{}", planted::REFERER),
        "userAgent": planted::USER_AGENT,
        "acceptLanguage": "en-US",
        "timezone": "America/Chicago",
    })
}

pub(super) fn contact_object(contact: &Contact) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "headline": planted::HEADLINE,
        "isAnonymized": contact.anonymized,
        "location": { "name": planted::LOCATION },
        "emails": contact.emails,
        "phones": phones(contact),
    })
}

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name,
        "username": user.username,
        "email": user.email,
        "accessRole": user.access_role,
        "photo": null,
        "createdAt": 1_577_836_800_000_i64,
        "deactivatedAt": user.deactivated.then_some(1_767_225_600_000_i64),
        "externalDirectoryId": null,
        "linkedContactIds": [],
        "jobTitle": null,
        "managerId": null,
    })
}

pub(super) fn posting(posting: &Posting) -> Value {
    json!({
        "id": posting.id,
        "text": posting.text,
        "state": "published",
        "tags": posting.tags,
        "owner": posting.owner,
        "hiringManager": posting.hiring_manager,
        "categories": {
            "commitment": "Full-time",
            "department": posting.department,
            "level": null,
            "location": posting.location,
            "team": null,
            "allLocations": [posting.location],
        },
        "content": { "description": planted::POSTING_TEXT },
        "country": "US",
        "confidentiality": confidentiality(posting.confidential),
        "requisitionCodes": [],
        "urls": { "list": "https://jobs.lever.co/client", "show": "https://jobs.lever.co/client/1", "apply": null },
        "workplaceType": "onsite",
    })
}
