//! What is arranged at Lever once access is granted: the trigger stage, the webhook, and what a lost event would have
//! said.

use ::http::Method;
use jiff::Timestamp;
use serde_json::json;
use url::Url;

use super::api::{Api, exchange, exchange_all, success};
use super::settings::Settings;
use super::wire;
use crate::access::HookKey;
use crate::http::{HttpOutcome, HttpResponse};
use crate::id::AtsId;
use crate::reason::{Reason, Refusal};
use crate::request::Subject;
use crate::talk::Talk;
use crate::trouble::Trouble;

const WHAT: &str = "webhooks";

/// Every way in which a candidate comes to be one.
pub(super) const ORIGINS: [&str; 6] = ["applied", "sourced", "referred", "university", "agency", "internal"];

/// The stages that start a check by their id or name. Names need not be unique.
pub(super) fn trigger_stages(api: Api, settings: Settings) -> Talk<Result<Vec<AtsId>, Trouble>> {
    api.list(vec!["stages".to_owned()], Vec::new(), "stages", move |value| {
        let (id, name) = wire::stage(value)?;
        settings.is_trigger(id.as_str(), Some(&name)).then_some(id)
    })
}

/// The ids of the webhooks that call the address.
fn known(api: &Api, address: &Url) -> Talk<Result<Vec<AtsId>, Trouble>> {
    let address = address.clone();
    exchange(api.get(&["webhooks"], &[])).map(move |outcome| {
        let (hooks, _) = wire::page(&of_account(outcome)?)?;
        let of_address = hooks.into_iter().filter_map(wire::hook).filter(|(_, url)| url == address.as_str());
        Ok(of_address.map(|(id, _)| id).collect())
    })
}

/// An answer about the account itself, of which nothing can be gone.
fn of_account(outcome: HttpOutcome) -> Result<HttpResponse, Trouble> {
    success(outcome, WHAT).map_err(|trouble| match trouble {
        Trouble::Because { refusal, cause } if refusal.reason == Reason::AtsRecordGone => {
            Trouble::Because { refusal: Refusal::about(Reason::AtsPermission, WHAT), cause }
        }
        other => other,
    })
}

fn delete(api: &Api, ids: &[AtsId]) -> Talk<Result<(), Trouble>> {
    if ids.is_empty() {
        return Talk::Done(Ok(()));
    }
    let requests = ids.iter().map(|id| api.delete(&["webhooks", id.as_str()])).collect();
    exchange_all(requests).map(|outcomes| {
        outcomes.into_iter().try_for_each(|outcome| match success(outcome, WHAT) {
            Err(Trouble::Because { refusal, .. }) if refusal.reason == Reason::AtsRecordGone => Ok(()),
            other => other.map(drop),
        })
    })
}

/// Deletes every webhook that calls the address.
pub(super) fn delete_all(api: Api, address: &Url) -> Talk<Result<(), Trouble>> {
    known(&api, address).then(move |known| match known {
        Ok(ids) => delete(&api, &ids),
        Err(trouble) => Talk::Done(Err(trouble)),
    })
}

/// Makes a webhook. Lever makes a second one where there is one already, and tells a key only when it is new.
pub(super) fn make(api: Api, address: Url) -> Talk<Result<HookKey, Trouble>> {
    delete_all(api.clone(), &address).then(move |deleted| {
        if let Err(trouble) = deleted {
            return Talk::Done(Err(trouble));
        }
        let body = json!({
            "url": address,
            "event": "candidateStageChange",
            "configuration": {"conditions": {"origins": ORIGINS}},
        });
        exchange(api.send(Method::POST, &["webhooks"], &[], &body)).then(move |outcome| {
            match of_account(outcome).and_then(|response| wire::new_hook(&response)) {
                Ok((id, Some(token))) => Talk::Done(Ok(HookKey { id: id.into(), token })),
                Ok((id, None)) => delete(&api, &[id])
                    .map(|deleted| deleted.and(Err(Trouble::later("lever: the new webhook came without its key")))),
                Err(trouble) => Talk::Done(Err(trouble)),
            }
        })
    })
}

/// Asks one stage after the other for whom it got since then.
pub(super) fn entered_since(
    api: Api,
    mut stages: Vec<AtsId>,
    since: Timestamp,
    mut so_far: Vec<Subject>,
) -> Talk<Result<Vec<Subject>, Trouble>> {
    let Some(asked) = stages.pop() else { return Talk::Done(Ok(so_far)) };
    let query = [
        ("stage_id", asked.as_str().to_owned()),
        ("advanced_at_start", since.as_millisecond().to_string()),
        ("archived", "false".to_owned()),
        // Nothing of the person is needed to look at each of them later.
        ("include", "id".to_owned()),
        ("include", "stage".to_owned()),
    ];
    let query = query.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let stage = asked.clone();
    let listed = api.clone().list(vec!["opportunities".to_owned()], query, "opportunities", move |value| {
        let (application, at) = wire::listed(value)?;
        let is_there = at.is_none_or(|at| at == stage);
        is_there.then(|| Subject { application, request: None, requester: None, status: stage.clone() })
    });
    listed.then(move |listed| match listed {
        Ok(subjects) => {
            so_far.extend(subjects);
            entered_since(api, stages, since, so_far)
        }
        Err(trouble) => Talk::Done(Err(trouble)),
    })
}
