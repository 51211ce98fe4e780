//! The pages of people: Candidate Hub, and the report behind a log-in. No program may read them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::super::shared::lock;
use super::api::{basic, header_text};
use super::model::Status;
use super::refusal::Refusal;
use super::xml::escape;
use super::{AsurintSimulator, planted};

impl AsurintSimulator {
    fn check_browser(&self, page: &str, headers: &HeaderMap) {
        let accepted = header_text(headers, header::ACCEPT.as_str()).unwrap_or_default();
        if !accepted.contains("text/html") {
            self.harness.violations.record(format!("something that is no browser read {page}"));
        }
    }
}

pub(super) async fn candidate_hub(
    State(simulator): State<AsurintSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Html<String>, Refusal> {
    simulator.check_browser("Candidate Hub", &headers);
    let order = simulator.order(&id).ok_or_else(Refusal::not_found)?;
    simulator.open_candidate_hub(&id);
    let (name, status) = (escape(order.first_name.as_str()), escape(order.status.as_str()));
    let buttons = if order.stage == Status::PendingCandidate {
        let button = |action: &str, text: &str| {
            format!("<form method=post action=\"/candidate-hub/{id}/{action}\"><button>{text}</button></form>")
        };
        format!("{}{}", button("complete", "Complete the forms"), button("decline", "Decline"))
    } else {
        String::new()
    };
    Ok(Html(format!("<!doctype html><title>Candidate Hub</title><p>Hello {name}. {status}.</p>{buttons}")))
}

pub(super) async fn candidate_acts(
    State(simulator): State<AsurintSimulator>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Redirect, Refusal> {
    simulator.check_browser("Candidate Hub", &headers);
    let order = simulator.order(&id).filter(|order| order.stage == Status::PendingCandidate);
    order.ok_or_else(Refusal::not_found)?;
    match action.as_str() {
        "complete" => simulator.complete_forms(&id),
        "decline" => simulator.decline(&id),
        _ => return Err(Refusal::not_found()),
    };
    Ok(Redirect::to(&format!("/candidate-hub/{id}")))
}

pub(super) async fn report(
    State(simulator): State<AsurintSimulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    simulator.check_browser("the page of a report", &headers);
    let order = simulator.order(&id).ok_or_else(Refusal::not_found)?;
    let known = lock(&simulator.state).clients.get(&order.client).map(|known| known.client.clone());
    let logged_in = basic(&headers)
        .zip(known)
        .is_some_and(|((username, password), client)| username == client.username && password == client.password);
    if !logged_in {
        let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"Asurint portal\"")];
        return Ok((StatusCode::UNAUTHORIZED, challenge, Html("<p>Please log in.</p>")).into_response());
    }
    let (status, score) = (escape(order.status.as_str()), order.score.unwrap_or_default());
    let page = format!(
        "<!doctype html><title>Report {id}</title><p>{status} {}</p><p>{} {}</p>",
        escape(score.as_str()),
        planted::REPORT_PAGE,
        planted::FINDING,
    );
    Ok(Html(page).into_response())
}
