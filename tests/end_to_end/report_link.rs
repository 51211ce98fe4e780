//! The link that opens a report without a log-in: for whom it works, and what its reader sees where it does not.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::OrderId;
use local_stack::simulators::certn::{Case, ReportOutcome};
use local_stack::stack::{Customer, Stack};
use runtime::deadline::Deadline;
use runtime::edge::Call;
use runtime::store::Expect;
use serde_json::json;

use crate::support::{no_violations, ordered, row, stack};

async fn connect(stack: &Stack) -> Customer<'_> {
    stack.simulators().unwrap().certn.set_report_delay(0);
    let pdf = json!({"type": "pdf", "days": 7});
    stack.connect(|new| new["report"] = pdf).await.unwrap()
}

/// A finished check; gives the link that the ATS shows.
async fn finished(stack: &Stack, customer: &Customer<'_>, first: &str) -> (String, Case) {
    let (candidate, case) = ordered(stack, customer, first).await;
    stack.simulators().unwrap().certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await.unwrap();
    (row(customer, &candidate).url, case)
}

async fn check(stack: &Stack, url: &str, status: u16) -> String {
    let answer = stack.http.get(url).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), status, "{url}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    assert_eq!(answer.headers().contains_key("location"), status == 302);
    let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
    location.unwrap_or(answer.text().await.unwrap())
}

/// The order and the token in a link.
fn parts(url: &str) -> (String, String) {
    let mut parts = url.rsplit('/').map(str::to_owned);
    let token = parts.next().unwrap();
    (parts.next().unwrap(), token)
}

#[tokio::test]
async fn a_link_opens_its_own_report_and_no_other() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let (one, _) = finished(&stack, &customer, "One").await;
    let (other, _) = finished(&stack, &customer, "Other").await;
    let opened = check(&stack, &one, 302).await;
    assert!(opened.starts_with(&stack.simulators().unwrap().certn.url()), "{opened}");
    let ((order, token), (other_order, other_token)) = (parts(&one), parts(&other));
    let guess = if token.starts_with('a') { token.replacen('a', "b", 1) } else { format!("a{}", &token[1..]) };
    let missing = check(&stack, &format!("{}/reports/nothing/{token}", stack.url), 404).await;
    for (order, token) in [
        (&order, &other_token),
        (&other_order, &token),
        (&order, &guess),
        (&order, &token.to_uppercase()),
        (&order, &token[..31].to_owned()),
        (&order, &"a".repeat(32)),
    ] {
        let page = check(&stack, &format!("{}/reports/{order}/{token}", stack.url), 404).await;
        assert_eq!(page, missing, "a wrong link and an order that nobody has look the same");
    }
    no_violations(&stack);
}

#[tokio::test]
async fn a_revoked_link_does_not_open_any_more() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let (url, _) = finished(&stack, &customer, "Revoked").await;
    let store = &stack.hub("report-link").unwrap().store;
    let mut order = store.order(&OrderId::parse(&parts(&url).0).unwrap()).await.unwrap().unwrap();
    order.report_link.as_mut().unwrap().revoked = true;
    let before = order.rev;
    order.rev += 1;
    store.save(&mut order, Expect::Rev(before), &[], &stack.hub("report-link").unwrap().config.timing).await.unwrap();
    check(&stack, &url, 404).await;
}

#[tokio::test]
async fn a_dispute_takes_the_report_back() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let (url, case) = finished(&stack, &customer, "Disputed").await;
    stack.simulators().unwrap().certn.dispute(&case.id);
    stack.settle().await.unwrap();
    check(&stack, &url, 404).await;
}

#[tokio::test]
async fn a_report_that_could_not_be_made_says_so_and_is_made_anew_by_the_next_click() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let certn = &stack.simulators().unwrap().certn;
    let (url, _) = finished(&stack, &customer, "Failed").await;
    certn.set_report_outcome(ReportOutcome::Failed);
    let page = check(&stack, &url, 502).await;
    assert!(page.contains("Open it at Certn"), "{page}");
    certn.set_report_outcome(ReportOutcome::UrlFieldInsteadOfPdfUrl);
    let opened = check(&stack, &url, 302).await;
    assert!(stack.http.get(opened).send().await.unwrap().bytes().await.unwrap().starts_with(b"%PDF"));
    assert_eq!(certn.harness.answered("generate-report").len(), 2);
    check(&stack, &url, 302).await;
    assert_eq!(certn.harness.answered("generate-report").len(), 2, "a file that was made is used again");
    no_violations(&stack);
}

#[tokio::test]
async fn a_report_that_takes_long_shows_a_page_that_asks_again() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let (url, _) = finished(&stack, &customer, "Slow").await;
    stack.simulators().unwrap().certn.set_report_delay(1_000);
    let (order, token) = parts(&url);
    let call = Call {
        method: reqwest::Method::GET,
        path: HashMap::from([("order".to_owned(), order), ("token".to_owned(), token)]),
        query: HashMap::new(),
        headers: Vec::new(),
        body: Vec::new(),
        caller: String::new(),
        // As near the end of the reader's patience as makes no second look possible.
        deadline: Deadline::after(Duration::from_secs(5)),
    };
    let hub = Arc::clone(stack.hub("report-link").unwrap());
    let answer = runtime::handlers::report_link::handle(hub, call).await;
    assert_eq!(answer.status().as_u16(), 202);
    assert_eq!(answer.headers()["refresh"], "5");
    assert!(answer.body().contains("being made"), "{}", answer.body());
    no_violations(&stack);
}

#[tokio::test]
async fn certn_being_down_asks_the_reader_to_come_back() {
    let stack = stack().await;
    let customer = connect(&stack).await;
    let (url, _) = finished(&stack, &customer, "Down").await;
    let down = local_stack::simulators::shared::Effect::Status { code: 503, retry_after: None, body: None };
    let certn = &stack.simulators().unwrap().certn;
    certn.harness.arm("generate-report", 0, down);
    check(&stack, &url, 503).await;
    certn.harness.clear_faults();
    check(&stack, &url, 302).await;
}
