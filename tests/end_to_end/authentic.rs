//! Who may send an event of iCIMS, and in which form.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use local_stack::simulators::icims::EventOptions;
use local_stack::stack::{Customer, ELSEWHERE, Stack, TRIGGER};
use serde_json::json;

use crate::support::{cases, items, no_violations, row, stack};

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// A move into the trigger status, as iCIMS would send it.
fn event(customer: &Customer<'_>) -> Vec<u8> {
    let event = json!({
        "eventType": "WorkFlowStatusChangeEvent",
        "customerId": customer.id,
        "systemId": "24680",
        "userId": customer.recruiter(),
        "newStatus": "1822",
    });
    event.to_string().into_bytes()
}

/// Sends these very bytes: they are answered with `status`, and nothing is stored, sent on or ordered.
async fn check(stack: &Stack, customer: &Customer<'_>, headers: &[(&str, &str)], body: Vec<u8>, status: u16) {
    let icims = &stack.simulators().unwrap().icims;
    let before = items(stack).await;
    let sent = stack.aws.bodies().len();
    let answered = icims.send_raw(&customer.id, headers, body).await;
    assert_eq!(answered, status, "{headers:?}");
    stack.settle().await.unwrap();
    assert_eq!(items(stack).await, before, "{headers:?}");
    let written = |body: &&String| body.contains("MessageBody") || body.contains("UpdateExpression");
    assert_eq!(stack.aws.bodies().iter().skip(sent).filter(written).count(), 0, "{headers:?}");
    assert!(stack.simulators().unwrap().certn.cases().is_empty());
    no_violations(stack);
}

#[tokio::test]
async fn whoever_is_not_the_connection_is_refused_and_leaves_nothing() {
    let stack = stack().await;
    let (one, other) = (stack.connect(|_| {}).await.unwrap(), stack.connect(|_| {}).await.unwrap());
    let password = one.webhook_password.as_str();
    for authorization in [
        basic(&one.connection, "wrong"),
        basic(&one.connection, ""),
        basic("icims-nobody", password),
        basic("", password),
        basic(&one.connection, &other.webhook_password),
        basic(&other.connection, password),
        basic("../../etc", password),
        basic("ORD#1", password),
        format!("Bearer {password}"),
        "Basic %%%".to_owned(),
        String::new(),
    ] {
        check(&stack, &one, &[("authorization", &authorization)], event(&one), 401).await;
    }
    check(&stack, &one, &[], event(&one), 401).await;
    // The other connection's own credentials prove the other connection, whose customer this event does not name.
    let authorization = basic(&other.connection, &other.webhook_password);
    check(&stack, &one, &[("authorization", &authorization)], event(&one), 400).await;
}

#[tokio::test]
async fn a_refused_stranger_costs_one_reading_and_then_none() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let authorization = basic("icims-stranger", "guess");
    for expected in [&["dynamodb:Query"][..], &[], &[]] {
        let _ = stack.aws.take_calls();
        check(&stack, &customer, &[("authorization", &authorization)], event(&customer), 401).await;
        assert_eq!(stack.aws.take_calls(), expected);
    }
    // What is no connection's name is not even looked for.
    check(&stack, &customer, &[("authorization", &basic("a b", "guess"))], event(&customer), 401).await;
    assert_eq!(stack.aws.take_calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_body_that_is_too_large_or_not_an_event_is_refused_and_leaves_nothing() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let authorization = stack.simulators().unwrap().icims.webhook_authorization(&customer.id);
    let plain = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let packed = [("authorization", authorization.as_str()), ("content-encoding", "gzip")];
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (headers, body, status) in [
        (&plain[..], vec![b' '; 256 * 1024 + 1], 413),
        (&packed, gzip(&vec![b' '; 8 * 1024 * 1024]), 413),
        (&packed, b"not gzip at all".to_vec(), 400),
        (&packed, gzip(&event(&customer)).into_iter().take(40).collect(), 400),
        (&packed, gzip(b"not json"), 400),
        (&plain, deep.into_bytes(), 400),
        (&plain, b"not json".to_vec(), 400),
        (&plain, b"\xff\xfe".to_vec(), 400),
        (&plain, Vec::new(), 400),
        (&plain, b"[]".to_vec(), 400),
        (&plain, b"{}".to_vec(), 400),
        (&plain, json!({"eventType": "WorkFlowStatusChangeEvent", "customerId": "1"}).to_string().into_bytes(), 400),
    ] {
        check(&stack, &customer, headers, body, status).await;
    }
    // Size is told before anybody is asked for: a stranger's flood is not even decoded.
    check(&stack, &customer, &[], vec![b' '; 256 * 1024 + 1], 413).await;
}

#[tokio::test]
async fn only_the_webhook_path_answers_with_and_without_its_slash() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let authorization = stack.simulators().unwrap().icims.webhook_authorization(&customer.id);
    let body = String::from_utf8(event(&customer)).unwrap().replace("1822", "1701");
    for (path, status) in
        [("webhook", 200), ("webhook/", 200), ("webhooks", 404), ("webhook/x", 404), ("webhook//", 404), ("other", 404)]
    {
        let url = format!("{}/api/external/ats/icims/{path}", stack.url);
        let request = stack.http.post(url).header("authorization", &authorization).body(body.clone());
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{path}");
    }
    let url = format!("{}/api/external/ats/icims/webhook/", stack.url);
    assert_eq!(stack.http.get(url).send().await.unwrap().status().as_u16(), 405);
}

#[tokio::test]
async fn an_event_is_understood_in_every_form_that_icims_sends() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let job = customer.job(&["Standard"]).unwrap();
    let ordinary = EventOptions::default;
    let foreign = simulators.certn.url();
    for (name, options) in [
        ("Plain", ordinary()),
        ("Packed", EventOptions { gzip: true, ..ordinary() }),
        ("Extra", EventOptions { extra_keys: true, ..ordinary() }),
        ("Integer", EventOptions { integer_ids: true, ..ordinary() }),
        ("Letter", EventOptions { letter_status_ids: true, ..ordinary() }),
        // What the API says of the workflow wins over what the event says.
        ("Person", EventOptions { person_id: Some("999".into()), job_id: Some("998".into()), ..ordinary() }),
        ("Links", EventOptions { links_host: Some(foreign), ..ordinary() }),
    ] {
        let candidate = customer.candidate(&job, name).unwrap();
        let recruiter = customer.recruiter();
        let screens =
            simulators.icims.advance_with(&customer.id, &candidate.workflow, TRIGGER, recruiter, options).await;
        assert_eq!(screens.first().and_then(|screen| screen.status), Some(200), "{name}: {screens:?}");
        stack.settle().await.unwrap();
        assert_eq!(cases(&stack, name), 1, "{name}");
        assert_eq!(row(&customer, &candidate).result, "Invitation sent", "{name}");
    }
    assert!(simulators.certn.harness.answered("/customers/").is_empty(), "an event's links are never followed");
    no_violations(&stack);
}

#[tokio::test]
async fn other_events_and_other_statuses_are_taken_in_and_recorded() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let icims = &stack.simulators().unwrap().icims;
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Odd").unwrap();
    for (status, event_type, recorded) in
        [(TRIGGER, Some("OfferAcceptedEvent"), "unknown_event_type"), (ELSEWHERE, None, "not_trigger_status")]
    {
        let options = EventOptions { event_type: event_type.map(str::to_owned), ..EventOptions::default() };
        let recruiter = customer.recruiter();
        let screens = icims.advance_with(&customer.id, &candidate.workflow, status, recruiter, options).await;
        assert_eq!(screens.first().and_then(|screen| screen.status), Some(200));
        stack.settle().await.unwrap();
        let dump = stack.aws.dump_table().await;
        assert!(dump.contains(recorded), "{recorded} in {dump}");
    }
    assert_eq!(cases(&stack, "Odd"), 0);
    assert!(customer.entries(&candidate).unwrap().is_empty());
    no_violations(&stack);
}
