//! Who may send an event of Certn, in which form, and what becomes of one that nobody waits for.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use local_stack::simulators::certn::{BodyForm, SignatureForm, WebhookOptions};
use local_stack::stack::{Customer, Stack, TRIGGER};
use serde_json::json;
use sha2::Sha256;

use crate::support::{WEBHOOK_SECRET, cases, items, no_violations, ordered, row, stack};

fn signed(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    HEXLOWER.encode(&mac.chain_update(body).finalize().into_bytes())
}

/// Sends these very bytes: they are answered with `status`, and where they are refused nothing is stored.
async fn check(stack: &Stack, url: &str, signature: Option<&str>, body: &[u8], status: u16) {
    let before = items(stack).await;
    let mut request = stack.http.post(url).body(body.to_vec());
    if let Some(signature) = signature {
        request = request.header("x-signature", signature);
    }
    assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{signature:?}");
    stack.settle().await.unwrap();
    if status != 200 {
        assert_eq!(items(stack).await, before);
    }
}

fn event(case: &str) -> Vec<u8> {
    let event =
        json!({"event_id": "e1", "event_type": "CASE_STATUS_CHANGED", "object_id": case, "object_type": "CASE"});
    event.to_string().into_bytes()
}

#[tokio::test]
async fn a_challenge_is_echoed_as_plain_text_if_it_is_one() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    for (query, expected) in [
        ("?challenge=a-B.c_9~", Some("a-B.c_9~")),
        ("?challenge=", None),
        ("", None),
        ("?challenge=%3Cscript%3E", None),
        ("?challenge=a%0D%0Ab", None),
        (&*format!("?challenge={}", "a".repeat(257)), None),
    ] {
        let answer = stack.http.get(format!("{}{query}", customer.certn_webhook_url)).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), if expected.is_some() { 200 } else { 400 }, "{query}");
        assert_eq!(answer.headers()["content-type"], "text/plain");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let text = answer.text().await.unwrap();
        assert!(expected.map_or(!text.contains("script"), |echo| echo == text), "{text}");
    }
}

/// One event in this form moves the row, or is refused and does not.
async fn check_form(stack: &Stack, customer: &Customer<'_>, options: WebhookOptions, accepted: bool) {
    let certn = &stack.simulators().unwrap().certn;
    let name = format!("Form{}", certn.cases().len());
    let (candidate, case) = ordered(stack, customer, &name).await;
    certn.set_webhook_options(options.clone());
    certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    certn.set_webhook_options(WebhookOptions::default());
    let status = certn.deliveries().pop().and_then(|delivery| delivery.last_status);
    assert_eq!(status, Some(if accepted { 200 } else { 401 }), "{options:?}");
    let shown = if accepted { "Candidate started" } else { "Invitation sent" };
    assert_eq!(row(customer, &candidate).result, shown, "{options:?}");
}

#[tokio::test]
async fn only_an_event_with_a_right_signature_in_hex_is_taken_in() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let ordinary = WebhookOptions::default;
    for (signature, accepted) in [
        (SignatureForm::Hex, true),
        (SignatureForm::Prefixed, true),
        (SignatureForm::Base64, false),
        (SignatureForm::Wrong, false),
        (SignatureForm::Missing, false),
    ] {
        check_form(&stack, &customer, WebhookOptions { signature, ..ordinary() }, accepted).await;
    }
    for body in [BodyForm::Documented, BodyForm::SeenInCode] {
        check_form(&stack, &customer, WebhookOptions { body, ..ordinary() }, true).await;
    }
    let bare = customer.certn_webhook_url.trim_end_matches('/');
    assert!(stack.simulators().unwrap().certn.set_webhook(bare, WEBHOOK_SECRET).await);
    for trailing_slash in [false, true] {
        check_form(&stack, &customer, WebhookOptions { trailing_slash, ..ordinary() }, true).await;
    }
    no_violations(&stack);
}

#[tokio::test]
async fn a_callback_that_is_forged_too_large_or_not_an_event_leaves_nothing() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let url = customer.certn_webhook_url.as_str();
    let body = event("2f64d134-1c54-4028-8e8b-9cfa7bd8011c");
    let large = vec![b' '; 256 * 1024 + 1];
    let odd = br#"{"event_id":"e1","event_type":"CASE_STATUS_CHANGED","object_id":"a b","object_type":"CASE"}"#;
    for (body, signature, status) in [
        (&body[..], Some(signed(b"another body")), 401),
        (&body, Some(signed(&body).chars().take(62).collect()), 401),
        (&body, Some("sha256=".to_owned()), 401),
        (&body, None, 401),
        (&large, Some(signed(&large)), 413),
        (b"not json", Some(signed(b"not json")), 400),
        (b"{}", Some(signed(b"{}")), 400),
        (odd, Some(signed(odd)), 400),
    ] {
        check(&stack, url, signature.as_deref(), body, status).await;
    }
    let nobody = url.replace(&customer.connection, "icims-nobody");
    check(&stack, &nobody, Some(&signed(&body)), &body, 401).await;
    check(&stack, &format!("{}other", url.trim_end_matches("webhook/")), Some(&signed(&body)), &body, 404).await;
    let other = br#"{"event_id":"e2","event_type":"SOMETHING_NEW","object_id":"x","object_type":"CASE"}"#;
    check(&stack, url, Some(&signed(other)), other, 200).await;
    assert!(stack.aws.dump_table().await.contains("unknown_event_type"));
}

#[tokio::test]
async fn an_event_about_a_case_that_nobody_here_ordered_is_kept_a_while_and_then_recorded() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let by_hand = "2f64d134-1c54-4028-8e8b-9cfa7bd8011c";
    let body = event(by_hand);
    check(&stack, &customer.certn_webhook_url, Some(&signed(&body)), &body, 200).await;
    assert!(stack.aws.dump_table().await.contains("SPILL#"));
    stack.pass(SignedDuration::from_mins(9)).await.unwrap();
    assert!(!stack.aws.dump_table().await.contains("unknown_order"));
    stack.pass(SignedDuration::from_mins(4)).await.unwrap();
    let dump = stack.aws.dump_table().await;
    assert!(dump.contains(&format!("provider:{by_hand}")) && dump.contains("unknown_order"), "{dump}");
    assert!(!dump.contains("SPILL#"), "{dump}");
    no_violations(&stack);
}

#[tokio::test]
async fn an_event_that_overtakes_its_orders_answer_is_not_lost() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    certn.set_webhook_options(WebhookOptions { before_order_answer: true, ..WebhookOptions::default() });
    let job = customer.job(&["Standard"]).unwrap();
    let candidate = customer.candidate(&job, "Fast").unwrap();
    customer.advance(&candidate, TRIGGER).await.unwrap();
    certn.set_webhook_options(WebhookOptions { drop_all: true, ..WebhookOptions::default() });
    let case = certn.cases().pop().unwrap();
    certn.set_status(&case.id, "APPLICANT_STARTED");
    // No further event arrives: the early one alone has the case looked at.
    stack.pass(SignedDuration::from_mins(2)).await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Candidate started");
    assert_eq!(cases(&stack, "Fast"), 1);
    no_violations(&stack);
}
