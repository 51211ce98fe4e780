//! Control routes for a person with curl.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::shared::lock;
use super::{Case, CertnSimulator, ReportOutcome};

#[derive(Deserialize)]
pub(super) struct StatusOrder {
    case: Option<String>,
    status: String,
    score: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ReportOrder {
    outcome: ReportOutcome,
}

#[derive(Deserialize)]
pub(super) struct WebhookOrder {
    url: String,
}

pub(super) async fn set_status(State(simulator): State<CertnSimulator>, Json(order): Json<StatusOrder>) -> StatusCode {
    let cases = simulator.cases();
    let wanted = order.case.as_deref().filter(|case| *case != "last");
    let found = match wanted {
        None => cases.last(),
        Some(wanted) => cases.iter().find(|case| case.id == wanted || case.short_id == wanted),
    };
    let Some(case) = found else { return StatusCode::NOT_FOUND };
    if order.status == "COMPLETE" {
        simulator.complete(&case.id, order.score.as_deref());
    } else {
        simulator.set_status(&case.id, &order.status);
    }
    StatusCode::NO_CONTENT
}

pub(super) async fn list_cases(State(simulator): State<CertnSimulator>) -> Json<Vec<Case>> {
    Json(simulator.cases())
}

pub(super) async fn set_report(State(simulator): State<CertnSimulator>, Json(order): Json<ReportOrder>) -> StatusCode {
    simulator.set_report_outcome(order.outcome);
    StatusCode::NO_CONTENT
}

/// Sends the events elsewhere, with the secret that they have, if the address passes the challenge.
pub(super) async fn set_webhook(
    State(simulator): State<CertnSimulator>,
    Json(order): Json<WebhookOrder>,
) -> StatusCode {
    let secret = lock(&simulator.state).webhook.secret.clone();
    if simulator.set_webhook(&order.url, &secret).await { StatusCode::NO_CONTENT } else { StatusCode::CONFLICT }
}
