//! Control routes, by which a person with curl plays the recruiter and the admin.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::bodies::changed;
use super::super::shared::lock;
use super::LeverSimulator;
use super::api::answer;
use super::delivery::Delivery;
use super::model::Applicant;
use super::options::Options;
use super::state::AccountState;
use super::view::{View, view};
use super::webhooks::STAGE_CHANGE;

#[derive(Deserialize)]
struct Advance {
    account: Option<String>,
    opportunity: String,
    /// The id or the name of a stage.
    stage: String,
}

#[derive(Deserialize)]
struct Tag {
    account: Option<String>,
    opportunity: Option<String>,
    posting: Option<String>,
    tag: String,
    #[serde(default)]
    remove: bool,
}

#[derive(Deserialize)]
struct Emails {
    account: Option<String>,
    opportunity: String,
    emails: Vec<String>,
}

#[derive(Deserialize)]
struct Archive {
    account: Option<String>,
    opportunity: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Toggle {
    account: Option<String>,
    event: Option<String>,
    on: bool,
}

#[derive(Deserialize)]
struct Rerun {
    account: Option<String>,
    number: usize,
}

#[derive(Deserialize)]
struct OfAccount {
    account: Option<String>,
}

pub(super) fn routes(simulator: LeverSimulator) -> Router {
    Router::new()
        .route("/_control/apply", post(apply))
        .route("/_control/advance", post(advance))
        .route("/_control/tag", post(tag))
        .route("/_control/emails", post(emails))
        .route("/_control/archive", post(archive))
        .route("/_control/toggle", post(toggle))
        .route("/_control/options", post(options))
        .route("/_control/revoke", post(revoke))
        .route("/_control/ping", post(ping))
        .route("/_control/retry", post(retry))
        .route("/_control/rerun", post(rerun))
        .route("/_control/opportunities", get(opportunities))
        .route("/_control/deliveries", get(deliveries))
        .fallback(answer)
        .with_state(simulator)
}

impl LeverSimulator {
    /// The account that a control request means, where that is clear and `known` holds for it.
    fn meant(&self, named: Option<&str>, known: impl Fn(&AccountState) -> bool) -> Result<String, StatusCode> {
        let state = lock(&self.state);
        let account = match named {
            Some(named) => state.accounts.get(named),
            None if state.accounts.len() == 1 => state.accounts.values().next(),
            None => return Err(StatusCode::UNPROCESSABLE_ENTITY),
        };
        account.filter(|found| known(found)).map(|found| found.account.id.clone()).ok_or(StatusCode::NOT_FOUND)
    }

    /// Takes the account's name out of a request and gives the account that is meant.
    fn taken(&self, request: &mut Map<String, Value>) -> Result<String, StatusCode> {
        let named = request.remove("account");
        self.meant(named.as_ref().and_then(Value::as_str), |_| true)
    }
}

/// Puts a person into the pipeline; what the request does not name is as in the default.
async fn apply(
    State(simulator): State<LeverSimulator>,
    Json(mut request): Json<Map<String, Value>>,
) -> Result<Json<Value>, StatusCode> {
    let account = simulator.taken(&mut request)?;
    let applicant = changed(&Applicant::default(), request)?;
    Ok(Json(json!({ "id": simulator.apply(&account, applicant) })))
}

async fn advance(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<Advance>,
) -> Result<Json<Vec<Delivery>>, StatusCode> {
    let Advance { account, opportunity, stage } = request;
    let account = simulator.meant(account.as_deref(), |found| found.opportunity(&opportunity).is_some())?;
    let stage = simulator.with_account(&account, |state| {
        let mut stages = state.account.stages.iter();
        stages.find(|known| known.id == stage || known.text.eq_ignore_ascii_case(&stage)).map(|known| known.id.clone())
    });
    Ok(Json(simulator.advance(&account, &opportunity, &stage.ok_or(StatusCode::NOT_FOUND)?).await))
}

/// Adds a tag to a posting or an opportunity, or takes it off.
async fn tag(State(simulator): State<LeverSimulator>, Json(request): Json<Tag>) -> Result<StatusCode, StatusCode> {
    let Tag { account, opportunity, posting, tag, remove } = request;
    let account = simulator.meant(account.as_deref(), |found| {
        opportunity.as_ref().is_none_or(|id| found.opportunity(id).is_some())
            && posting.as_ref().is_none_or(|id| found.postings.contains_key(id))
    })?;
    match (&opportunity, &posting) {
        (Some(id), None) if remove => simulator.remove_tags(&account, id, &[&tag]),
        (Some(id), None) => simulator.add_tags(&account, id, &[&tag]),
        (None, Some(id)) if remove => simulator.untag_posting(&account, id, &tag),
        (None, Some(id)) => simulator.tag_posting(&account, id, &tag),
        _ => return Err(StatusCode::UNPROCESSABLE_ENTITY),
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn emails(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<Emails>,
) -> Result<StatusCode, StatusCode> {
    let Emails { account, opportunity, emails } = request;
    let account = simulator.meant(account.as_deref(), |found| found.opportunity(&opportunity).is_some())?;
    simulator.set_emails(&account, &opportunity, &emails.iter().map(String::as_str).collect::<Vec<_>>());
    Ok(StatusCode::NO_CONTENT)
}

async fn archive(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<Archive>,
) -> Result<Json<Vec<Delivery>>, StatusCode> {
    let Archive { account, opportunity, reason } = request;
    let account = simulator.meant(account.as_deref(), |found| found.opportunity(&opportunity).is_some())?;
    Ok(Json(simulator.archive(&account, &opportunity, reason.as_deref()).await))
}

async fn toggle(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<Toggle>,
) -> Result<StatusCode, StatusCode> {
    let account = simulator.meant(request.account.as_deref(), |_| true)?;
    simulator.toggle(&account, request.event.as_deref().unwrap_or(STAGE_CHANGE), request.on);
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the options that the request names, and answers them all.
async fn options(
    State(simulator): State<LeverSimulator>,
    Json(mut request): Json<Map<String, Value>>,
) -> Result<Json<Options>, StatusCode> {
    let account = simulator.taken(&mut request)?;
    let options = changed(&simulator.options(&account), request)?;
    simulator.set_options(&account, options.clone());
    Ok(Json(options))
}

async fn revoke(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<OfAccount>,
) -> Result<StatusCode, StatusCode> {
    simulator.revoke(&simulator.meant(request.account.as_deref(), |_| true)?);
    Ok(StatusCode::NO_CONTENT)
}

async fn ping(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<OfAccount>,
) -> Result<Json<Vec<Delivery>>, StatusCode> {
    let account = simulator.meant(request.account.as_deref(), |_| true)?;
    Ok(Json(simulator.ping(&account).await))
}

async fn retry(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<OfAccount>,
) -> Result<Json<Vec<Delivery>>, StatusCode> {
    let account = simulator.meant(request.account.as_deref(), |_| true)?;
    Ok(Json(simulator.retry_now(&account).await))
}

async fn rerun(
    State(simulator): State<LeverSimulator>,
    Json(request): Json<Rerun>,
) -> Result<Json<Option<Delivery>>, StatusCode> {
    let account = simulator.meant(request.account.as_deref(), |found| found.deliveries.len() > request.number)?;
    Ok(Json(simulator.rerun(&account, request.number).await))
}

async fn opportunities(State(simulator): State<LeverSimulator>) -> Json<Vec<View>> {
    let state = lock(&simulator.state);
    Json(state.accounts.values().map(view).collect())
}

async fn deliveries(State(simulator): State<LeverSimulator>) -> Json<Vec<Vec<Delivery>>> {
    let accounts: Vec<String> = lock(&simulator.state).accounts.keys().cloned().collect();
    Json(accounts.iter().map(|account| simulator.deliveries(account)).collect())
}
