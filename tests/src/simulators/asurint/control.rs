//! Control routes for a person with curl.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::model::{Score, Status};
use super::{AsurintSimulator, Order};

#[derive(Deserialize)]
pub(super) struct StatusOrder {
    /// An order id or a quoteback; the newest order where it is left out or `last`.
    order: Option<String>,
    /// One of Asurint's words, or any other.
    status: String,
    /// One of the default scores, which is shown in the customer's word, or any other; only with `Completed`.
    score: Option<String>,
}

/// Whether two words are the same, spelt as names or as words.
fn same(word: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace(['_', ' '], "").to_lowercase();
    plain(word) == plain(other)
}

pub(super) async fn set_status(
    State(simulator): State<AsurintSimulator>,
    Json(wanted): Json<StatusOrder>,
) -> StatusCode {
    let orders = simulator.orders();
    let found = match wanted.order.as_deref().filter(|order| *order != "last") {
        None => orders.last(),
        Some(id) => orders.iter().find(|order| order.id == id || order.quote_back == id),
    };
    let Some(Order { id, .. }) = found else { return StatusCode::NOT_FOUND };
    let status = Status::ALL.into_iter().find(|status| same(status.default_word(), &wanted.status));
    match (status, wanted.score.as_deref()) {
        (Some(Status::Completed), score) => {
            let all = [Score::Eligible, Score::Review, Score::Ineligible];
            match all.into_iter().find(|known| score.is_some_and(|score| same(known.default_word(), score))) {
                Some(score) => simulator.complete(id, score),
                None => simulator.complete_with(id, score),
            }
        }
        (Some(status), _) => simulator.set_status(id, status),
        (None, _) => simulator.show_status(id, &wanted.status),
    };
    StatusCode::NO_CONTENT
}

pub(super) async fn list_orders(State(simulator): State<AsurintSimulator>) -> Json<Vec<Order>> {
    Json(simulator.orders())
}

/// Every invitation with the page that its candidate opens.
pub(super) async fn list_invites(State(simulator): State<AsurintSimulator>) -> Json<Vec<Value>> {
    let page = |id: &str| format!("{}/candidate-hub/{id}", simulator.url());
    let invites = simulator.invites();
    Json(invites.iter().map(|(id, email)| json!({ "order": id, "email": email, "page": page(id) })).collect())
}

pub(super) async fn retry(State(simulator): State<AsurintSimulator>) -> Json<Value> {
    simulator.release_held().await;
    Json(json!({ "retried": simulator.retry_due().await }))
}
