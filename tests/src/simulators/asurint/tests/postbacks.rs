//! Postbacks: their order, their loss, their repetition.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::super::super::shared::lock;
use super::super::*;
use super::Hub;

#[tokio::test]
async fn postbacks_come_in_any_order_that_a_test_asks_for() {
    let hub = Hub::new().await;
    let options = PostbackOptions { on_acceptance: Acceptance::AfterAnswer, ..PostbackOptions::default() };
    hub.asurint.set_postback_options("ACME01", options);
    hub.asurint.hold_postbacks(true);
    hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    let id = hub.asurint.orders()[0].id.clone();
    hub.asurint.complete_forms(&id);
    hub.asurint.complete_with(&id, None);
    hub.asurint.set_score(&id, Some("Eligible for Hire"));
    hub.asurint.set_postback_options("ACME01", PostbackOptions { codec: Some(Codec::Oml), ..Default::default() });
    hub.asurint.show_status(&id, "Closed");
    assert_eq!(hub.asurint.held_postbacks().len(), 5);
    assert_eq!(hub.asurint.deliver(&[3, 0, 0, 2]).await, [Some(200); 4]);
    let said = |body: &Value| (body["status"].clone(), body["score"].clone(), body["quoteBack"].clone());
    let completed = |score: Value| (json!("Completed"), score, json!("HUB-1"));
    let pending = (json!("Pending Candidate"), json!(null), json!("HUB-1"));
    let expected = [completed(json!("Eligible for Hire")), pending.clone(), pending, completed(json!(null))];
    assert_eq!(hub.bodies().iter().map(said).collect::<Vec<_>>(), expected);
    let (headers, body) = lock(&hub.received)[0].clone();
    assert!(body.contains(planted::FINDING) && headers["authorization"].to_str().unwrap().starts_with("Basic "));
    assert!(headers["x-asurint-signature"].to_str().unwrap().starts_with("t=1793500000,v1="));
    hub.asurint.deliver(&[4]).await;
    let (_, body) = lock(&hub.received)[4].clone();
    let root = xml::read(&body).unwrap();
    assert_eq!((root.text_at("OrderStatus"), root.text_at("OrderScore")), ("Closed", "Eligible for Hire"));
    for (path, _) in OML_POSTBACK_PATHS {
        assert!(!root.text_at(path).is_empty(), "{path} in {body}");
    }
    hub.asurint.forget_held();
    assert_eq!((hub.asurint.held_postbacks().len(), hub.violations()), (0, Vec::new()));
}

#[tokio::test]
async fn postbacks_are_tried_again_for_a_day() {
    let hub = Hub::new().await;
    hub.order("HUB-1", "ada@candidate.example").await.unwrap();
    *lock(&hub.answer) = StatusCode::SERVICE_UNAVAILABLE;
    let id = hub.asurint.orders()[0].id.clone();
    hub.asurint.complete_forms(&id);
    hub.asurint.settle().await;
    assert_eq!(hub.asurint.retry_due().await, 0);
    assert_eq!(lock(&hub.received).len(), 3);
    let first = hub.now.load(Ordering::Relaxed);
    while let Some(due) = hub.asurint.next_retry() {
        hub.now.store(due.as_second(), Ordering::Relaxed);
        assert_eq!(hub.asurint.retry_due().await, 1);
    }
    let waited = hub.now.load(Ordering::Relaxed) - first;
    assert!(waited > 20 * 3600 && waited <= 24 * 3600, "{waited}");
    *lock(&hub.answer) = StatusCode::BAD_REQUEST;
    let before = lock(&hub.received).len();
    hub.asurint.set_postback_options("ACME01", PostbackOptions { duplicate: 1, ..Default::default() });
    hub.asurint.decline(&id);
    hub.asurint.settle().await;
    assert_eq!((lock(&hub.received).len() - before, hub.asurint.next_retry()), (2, None));
    let options = PostbackOptions { drop_percent: 100, basic: BasicForm::Missing, ..Default::default() };
    hub.asurint.set_postback_options("ACME01", options);
    hub.asurint.reopen(&id);
    hub.asurint.settle().await;
    assert_eq!(hub.asurint.deliveries().last().unwrap().attempts, 0);
    assert_eq!(hub.asurint.send_raw("ACME01", "text/plain", "anything".to_owned()).await, Some(400));
    assert_eq!(hub.violations(), Vec::<String>::new());
}
