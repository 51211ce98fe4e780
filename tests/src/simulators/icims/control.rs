//! Control routes, by which a person with curl plays the recruiter.

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::super::shared::lock;
use super::model::{CustomerState, Entry, ListValue, Screen};
use super::rest::answer;
use super::{EventOptions, IcimsSimulator};

#[derive(Deserialize)]
struct Advance {
    customer: Option<String>,
    workflow: String,
    status: String,
    user: Option<String>,
}

#[derive(Deserialize)]
struct Resend {
    customer: Option<String>,
    workflow: String,
    copies: Option<usize>,
}

#[derive(Deserialize)]
struct Email {
    customer: Option<String>,
    person: String,
    email: Option<String>,
}

#[derive(Deserialize)]
struct Packages {
    customer: Option<String>,
    job: String,
    packages: Vec<String>,
}

/// Where the customer's events go from now on, with the credentials that they have.
#[derive(Deserialize)]
struct Webhook {
    customer: Option<String>,
    url: String,
}

/// What a recruiter sees of one workflow.
#[derive(Serialize)]
struct View {
    customer: String,
    workflow: String,
    job: String,
    person: String,
    status: String,
    screen: Option<Screen>,
    entries: Vec<Entry>,
}

pub(super) fn routes(simulator: IcimsSimulator) -> Router {
    Router::new()
        .route("/_control/advance", post(advance))
        .route("/_control/resend", post(resend))
        .route("/_control/email", post(email))
        .route("/_control/packages", post(packages))
        .route("/_control/webhook", post(webhook))
        .route("/_control/workflows", get(workflows))
        .fallback(answer)
        .with_state(simulator)
}

impl IcimsSimulator {
    /// The customer that a control request means, where that is clear and `known` holds for it.
    fn meant(&self, named: Option<String>, known: impl Fn(&CustomerState) -> bool) -> Result<String, StatusCode> {
        let state = lock(&self.state);
        let customer = match named {
            Some(named) => state.customers.get(&named),
            None if state.customers.len() == 1 => state.customers.values().next(),
            None => return Err(StatusCode::UNPROCESSABLE_ENTITY),
        };
        customer.filter(|c| known(c)).map(|c| c.customer.id.clone()).ok_or(StatusCode::NOT_FOUND)
    }

    /// Somebody who is no candidate, to stand for the recruiter who acts.
    fn any_recruiter(&self, customer: &str) -> Option<String> {
        let state = lock(&self.state);
        let customer = state.customers.get(customer)?;
        let is_candidate = |id: &String| customer.workflows.values().any(|w| w.workflow.person == *id);
        customer.people.keys().find(|id| !is_candidate(id)).cloned()
    }
}

async fn advance(
    State(simulator): State<IcimsSimulator>,
    Json(request): Json<Advance>,
) -> Result<Json<Screen>, StatusCode> {
    let customer = simulator.meant(request.customer, |c| c.workflows.contains_key(&request.workflow))?;
    let user = request.user.or_else(|| simulator.any_recruiter(&customer)).ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(Json(simulator.advance(&customer, &request.workflow, &request.status, &user).await))
}

async fn resend(
    State(simulator): State<IcimsSimulator>,
    Json(request): Json<Resend>,
) -> Result<Json<Vec<Screen>>, StatusCode> {
    let moved = |c: &CustomerState| c.workflows.get(&request.workflow).is_some_and(|w| w.last_move.is_some());
    let customer = simulator.meant(request.customer, moved)?;
    let options = EventOptions { copies: request.copies.unwrap_or(1), ..EventOptions::default() };
    Ok(Json(simulator.resend_last(&customer, &request.workflow, options).await))
}

async fn email(State(simulator): State<IcimsSimulator>, Json(request): Json<Email>) -> Result<StatusCode, StatusCode> {
    let customer = simulator.meant(request.customer, |c| c.people.contains_key(&request.person))?;
    simulator.set_email(&customer, &request.person, request.email.as_deref());
    Ok(StatusCode::NO_CONTENT)
}

async fn packages(
    State(simulator): State<IcimsSimulator>,
    Json(request): Json<Packages>,
) -> Result<StatusCode, StatusCode> {
    let customer = simulator.meant(request.customer, |c| c.jobs.contains_key(&request.job))?;
    let packages = request.packages.into_iter().map(|value| ListValue { id: None, value }).collect();
    simulator.set_packages(&customer, &request.job, packages);
    Ok(StatusCode::NO_CONTENT)
}

async fn webhook(
    State(simulator): State<IcimsSimulator>,
    Json(request): Json<Webhook>,
) -> Result<StatusCode, StatusCode> {
    let customer = simulator.meant(request.customer, |_| true)?;
    simulator.with_customer(&customer, |state| state.customer.webhook_url = request.url);
    Ok(StatusCode::NO_CONTENT)
}

async fn workflows(State(simulator): State<IcimsSimulator>) -> Json<Vec<View>> {
    let state = lock(&simulator.state);
    let views = state.customers.values().flat_map(|customer| {
        customer.workflows.values().map(|found| View {
            customer: customer.customer.id.clone(),
            workflow: found.workflow.id.clone(),
            job: found.workflow.job.clone(),
            person: found.workflow.person.clone(),
            status: found.workflow.status.clone(),
            screen: found.screens.last().cloned(),
            entries: found.entries.clone(),
        })
    });
    Json(views.collect())
}
