//! How an invitation looks in an answer.

use serde_json::{Value, json};

use super::model::{Invite, Screen};
use super::options::{DepartmentAt, Options, RequesterAt, Wrapping};
use super::planted;
use super::state::Invitation;

/// The answer to a GET that has rows, or none in an array.
pub(super) fn page(rows: Vec<Value>, options: &Options) -> Value {
    let rows: Vec<Value> = if options.wraps_items {
        rows.into_iter().map(|row| json!({ "backgroundCheckRequest": row })).collect()
    } else {
        rows
    };
    match options.wrapping {
        Wrapping::Bare => rows.into(),
        Wrapping::BackgroundCheckRequests => json!({ "backgroundCheckRequests": rows }),
        Wrapping::Items => json!({ "items": rows }),
        Wrapping::Data => json!({ "data": rows }),
    }
}

pub(super) fn row(invitation: &Invitation, options: &Options) -> Value {
    let invite = &invitation.invite;
    let mut row = json!({
        "id": id(&invitation.screen.id, options),
        "status": "Requested",
        "note": invite.note,
        "package": { "code": invite.package_code, "name": invite.package_name },
        "applicant": {
            "id": invite.application + 10_000,
            "firstName": invite.first_name,
            "middleName": invite.middle_name,
            "lastName": invite.last_name,
            "emailid": invite.email,
            "mobile": invite.mobile,
            "address": { "street": planted::STREET, "country": "AU" },
        },
        "application": { "id": invite.application, "job": job(invite, options) },
    });
    let (name, requester) = requester(invite, options);
    set(&mut row, name, requester);
    row
}

fn id(id: &str, options: &Options) -> Value {
    match id.parse::<u64>() {
        Ok(number) if options.numeric_ids => number.into(),
        _ => id.into(),
    }
}

fn job(invite: &Invite, options: &Options) -> Value {
    let mut job = json!({ "id": invite.job, "jobNumber": invite.job.to_string(), "title": planted::JOB_TITLE });
    let code = &invite.department;
    let (name, department) = match options.department_at {
        DepartmentAt::DivisionCode => ("divisioncode", json!(code)),
        DepartmentAt::Department => ("department", json!({ "code": code, "name": "Ward 7" })),
        DepartmentAt::Team => ("team", json!({ "externalId": code, "title": "Ward 7" })),
    };
    set(&mut job, name, department);
    job
}

fn requester(invite: &Invite, options: &Options) -> (&'static str, Value) {
    let (name, address) = match options.requester_at {
        RequesterAt::Requester => ("requester", "email"),
        RequesterAt::RequestedBy => ("requestedBy", "emailAddress"),
    };
    let requester =
        invite.requester.as_ref().map(|email| json!({ "firstName": "Rae", "lastName": "Cho", address: email }));
    (name, requester.unwrap_or_default())
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

/// What the sibling interface answers to a PUT: the invitation with the statuses it went through.
pub(super) fn compliance_invitation(invitation: &Invitation) -> Value {
    let invite = &invitation.invite;
    let status = |screen: &Screen| {
        let notes = screen.message.as_ref().map(|message| message.lines().collect::<Vec<_>>());
        json!({ "status": screen.status, "notes": notes.unwrap_or_default(), "created": screen.at })
    };
    json!({
        "invitationId": invitation.screen.id,
        "firstName": invite.first_name,
        "lastName": invite.last_name,
        "email": invite.email,
        "isPending": false,
        "statuses": invitation.history.iter().map(status).collect::<Vec<_>>(),
    })
}
