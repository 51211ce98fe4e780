//! The PUT: what it may hold, and what it changes on the recruiter's screen.

use axum::http::header;
use axum::response::Response;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::bodies::readable;
use super::api::{Call, json_answer};
use super::fuzz::{self, Dice};
use super::links::{links, opens_without_login};
use super::model::{FINAL_STATUS, Invite, Item, Screen};
use super::options::{Options, PutShape};
use super::refusal::Refusal;
use super::rows;
use super::state::TenantState;

#[derive(Deserialize)]
struct BackgroundCheck {
    status: Option<String>,
    message: Option<String>,
    result: Option<Findings>,
    #[serde(rename = "externalReferenceId")]
    external_reference: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Default, Deserialize)]
struct Findings {
    summary: Option<String>,
    url: Option<String>,
    items: Option<Vec<Finding>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct Finding {
    name: String,
    status: Option<String>,
    result: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Deserialize)]
struct WorkCompliance {
    #[serde(rename = "Status")]
    status: Option<String>,
    #[serde(rename = "Notes")]
    notes: Option<Vec<String>>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// Replaces what the recruiter sees; the same PUT once more changes nothing.
pub(super) fn put(
    call: &Call<'_>,
    tenant: &mut TenantState,
    (shape, id): (PutShape, &str),
    dice: &mut Dice,
) -> Result<Response, Refusal> {
    let options = tenant.options.clone();
    if shape != options.put_shape {
        call.violations.record(format!("PageUp was sent a PUT in the form {shape:?}, which this tenant does not have"));
        return Err(Refusal::not_found());
    }
    let found = tenant.invitation_mut(id).filter(|found| !found.cancelled).ok_or_else(Refusal::not_found)?;
    for told in personal_data(&found.invite, &readable(call.body)) {
        call.violations.record(format!("PageUp received {told} in a PUT for the invitation {id}"));
    }
    let read = match shape {
        PutShape::BackgroundCheck => background_check(call)?,
        PutShape::WorkCompliance => work_compliance(call)?,
    };
    let shown = Screen { id: id.to_owned(), at: call.now, ..read };
    check(&shown, found.screen.status.as_deref(), &options)?;
    found.puts += 1;
    if (Screen { at: found.screen.at, ..shown.clone() }) != found.screen {
        found.screen = shown.clone();
        found.history.push(shown);
    }
    let answer = match shape {
        PutShape::BackgroundCheck => "{}".to_owned(),
        PutShape::WorkCompliance => fuzz::write(&rows::compliance_invitation(found), &options, dice),
    };
    tenant.waiting.retain(|waiting| waiting != id);
    Ok(json_answer(answer))
}

fn check(shown: &Screen, before: Option<&str>, options: &Options) -> Result<(), Refusal> {
    let status = shown.status.as_deref().ok_or_else(|| Refusal::field("status", "status is required"))?;
    if !options.statuses.is_empty() && !options.statuses.iter().any(|known| known == status) {
        return Err(Refusal::field("status", "status is not valid"));
    }
    if before == Some(FINAL_STATUS) && status != FINAL_STATUS && !options.allows_back_steps {
        return Err(Refusal::field("status", "You may not do this now"));
    }
    let message = shown.message.as_deref().unwrap_or_default();
    if options.message_limit.is_some_and(|limit| message.chars().count() > limit) {
        return Err(Refusal::field("message", "message is too long"));
    }
    let refused = "The link must ask for a log-in";
    if links(message).any(opens_without_login) {
        return Err(Refusal::field("message", refused));
    }
    match &shown.link {
        Some(link) if opens_without_login(link) => Err(Refusal::field("result.url", refused)),
        _ => Ok(()),
    }
}

fn background_check(call: &Call<'_>) -> Result<Screen, Refusal> {
    let body: BackgroundCheck = read(call)?;
    let result = body.result.unwrap_or_default();
    let findings = result.items.unwrap_or_default();
    note_unknown(call, [&body.unknown, &result.unknown].into_iter().chain(findings.iter().map(|item| &item.unknown)));
    let item = |found: Finding| Item { name: found.name, status: filled(found.status), result: filled(found.result) };
    Ok(Screen {
        status: filled(body.status),
        message: filled(body.message),
        summary: filled(result.summary),
        link: filled(result.url),
        items: findings.into_iter().map(item).collect(),
        external_reference: filled(body.external_reference),
        ..Screen::default()
    })
}

fn work_compliance(call: &Call<'_>) -> Result<Screen, Refusal> {
    let body: WorkCompliance = read(call)?;
    note_unknown(call, [&body.unknown]);
    let message = filled(body.notes.map(|notes| notes.join("\n")));
    Ok(Screen { status: filled(body.status), message, ..Screen::default() })
}

fn read<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, Refusal> {
    let kind = call.parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/json") {
        call.violations.record(format!("PageUp received a PUT of the type {kind:?}, not application/json"));
        return Err(Refusal::bad_request("The body is not of the type application/json"));
    }
    serde_json::from_slice(call.body).map_err(|_| {
        call.violations.record(format!("the body of PUT {} is not what PageUp takes", call.parts.uri.path()));
        Refusal::bad_request("The body cannot be read")
    })
}

fn note_unknown<'m>(call: &Call<'_>, objects: impl IntoIterator<Item = &'m Map<String, Value>>) {
    for name in objects.into_iter().flat_map(Map::keys) {
        call.violations.record(format!("PageUp received the unexpected field {name} in a PUT"));
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Which of the people's data a text tells; PageUp has all of it already, and others read what it is sent.
fn personal_data(invite: &Invite, text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let has_address = |address: &Option<String>| {
        address.as_deref().is_some_and(|a| !a.trim().is_empty() && lower.contains(&a.trim().to_lowercase()))
    };
    let has_name = |name: &Option<String>| name.as_deref().is_some_and(|name| has_words(text, name.trim()));
    let told = [
        ("the applicant's address", has_address(&invite.email)),
        ("the applicant's first name", has_name(&invite.first_name)),
        ("the applicant's last name", has_name(&invite.last_name)),
        ("the ordering user's address", has_address(&invite.requester)),
    ];
    told.into_iter().filter(|(_, told)| *told).map(|(what, _)| what).collect()
}

/// Whether a text has these words, not merely as a part of another one.
fn has_words(text: &str, words: &str) -> bool {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            let (before, from) = text.split_at(at);
            is_edge(before.chars().next_back()) && is_edge(from.chars().nth(words.chars().count()))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_only_as_a_word() {
        let invite = Invite { first_name: Some("Ana".to_owned()), ..Invite::default() };
        assert!(personal_data(&invite, "Analysis in Canada").is_empty());
        assert_eq!(personal_data(&invite, &readable(br#"{"message":"Wait:\nAna"}"#)), ["the applicant's first name"]);
    }
}
