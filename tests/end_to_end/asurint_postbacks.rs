//! Who may send a postback of Asurint, in which form, and what becomes of one that nobody waits for.

use local_stack::simulators::asurint::{
    Acceptance, BasicForm, Codec, LateCommit, Order, PostbackOptions, SignatureForm, Status, hostile_xml,
};
use local_stack::stack::{LeverCustomer, Stack, by_xml};
use serde_json::{Value, json};

use crate::lever_support::{check_shown, lever, ordered, said, waiting};
use crate::support::{MINUTE, items, no_violations, stack};

/// What Asurint says of an order in JSON.
fn body(order: &Order) -> Value {
    json!({
        "eventId": "4a1f4f5e-7f0d-4c55-9a51-0c8b1f6b1a01",
        "eventType": "ORDER_STATUS_CHANGED",
        "occurredAt": order.updated,
        "clientId": order.client,
        "orderId": order.id,
        "quoteBack": order.quote_back,
        "status": "In Progress",
        "score": null,
        "reportUrl": null,
    })
}

/// Sends these very bytes: they are answered with `status`, and where they are refused nothing is stored or shown.
async fn check(stack: &Stack, customer: &LeverCustomer<'_>, kind: &str, body: &str, status: u16) {
    let before = items(stack).await;
    let answered = stack.simulators().unwrap().asurint.send_raw(&customer.client, kind, body.to_owned()).await;
    let told: String = body.chars().take(300).collect();
    assert_eq!(answered, Some(status), "{told}");
    stack.settle().await.unwrap();
    if status != 200 {
        assert_eq!(items(stack).await, before, "{told}");
    }
}

fn set_options(stack: &Stack, customer: &LeverCustomer<'_>, options: PostbackOptions) {
    stack.simulators().unwrap().asurint.set_postback_options(&customer.client, options);
}

/// A postback with these proofs moves the order, or is refused and does not.
async fn check_form(stack: &Stack, customer: &LeverCustomer<'_>, options: PostbackOptions, accepted: bool) {
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, order) = ordered(stack, customer, "Form").await;
    set_options(stack, customer, options.clone());
    let before = items(stack).await;
    asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    set_options(stack, customer, PostbackOptions::default());
    let status = asurint.deliveries().pop().and_then(|delivery| delivery.last_status);
    assert_eq!(status, Some(if accepted { 200 } else { 401 }), "{options:?}");
    check_shown(customer, &candidate, if accepted { "In Progress" } else { "Pending Candidate" });
    assert_eq!(items(stack).await == before, !accepted, "{options:?}");
}

async fn check_forms(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let (basic, signature) = (|basic| (basic, SignatureForm::Right), |signature| (BasicForm::Right, signature));
    for ((basic, signature), accepted) in [
        (basic(BasicForm::Right), true),
        (basic(BasicForm::Wrong), false),
        (basic(BasicForm::Missing), false),
        (signature(SignatureForm::Wrong), false),
        (signature(SignatureForm::OfAnotherBody), false),
        (signature(SignatureForm::Missing), false),
        (signature(SignatureForm::Aged(3_600)), false),
        (signature(SignatureForm::Aged(-3_600)), false),
        (signature(SignatureForm::Aged(30)), true),
        ((BasicForm::Missing, SignatureForm::Missing), false),
    ] {
        let options = PostbackOptions { basic, signature, ..PostbackOptions::default() };
        check_form(&stack, &customer, options, accepted).await;
    }
    no_violations(&stack);
}

#[tokio::test]
async fn only_a_postback_with_the_password_and_a_fresh_signature_is_taken_in() {
    check_forms(|_| {}).await;
}

#[tokio::test]
async fn the_same_proofs_are_wanted_of_a_postback_in_xml() {
    check_forms(by_xml).await;
}

#[tokio::test]
async fn a_postback_of_another_client_or_that_is_none_leaves_nothing() {
    let stack = stack().await;
    let customer = lever(&stack).await;
    let (candidate, order) = ordered(&stack, &customer, "Other").await;
    let with = |field: &str, value: Value| {
        let mut body = body(&order);
        body[field] = value;
        body.to_string()
    };
    for (body, status) in [
        (with("clientId", json!("ANOTHER")), 400),
        (with("clientId", Value::Null), 400),
        (with("eventType", Value::Null), 400),
        (with("orderId", Value::Null), 400),
        (with("orderId", json!("../../x")), 400),
        ("not json".to_owned(), 400),
        ("{}".to_owned(), 400),
        ("[]".to_owned(), 400),
        (String::new(), 400),
        (with("padding", json!("x".repeat(300 * 1024))), 413),
        (with("eventType", json!("SOMETHING_NEW")), 200),
    ] {
        check(&stack, &customer, "application/json", &body, status).await;
    }
    assert!(stack.aws.dump_table().await.contains("unknown_event_type"));
    check_shown(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

/// Documents that would cost a reader its memory, its stack or its secrets.
fn hostile(order: &Order) -> Vec<(String, u16)> {
    let update = |inside: &str| {
        let (client, id, quote_back) = (&order.client, &order.id, &order.quote_back);
        format!(
            "<OrderStatusUpdate><QuoteBack>{quote_back}</QuoteBack><Identifier><BackgroundCheckOrderNumber>{id}\
             </BackgroundCheckOrderNumber><ClientID>{client}</ClientID></Identifier>{inside}</OrderStatusUpdate>"
        )
    };
    let status = "<OrderStatus>Completed</OrderStatus>";
    let deep = format!("{}{status}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    let mut all: Vec<(String, u16)> = hostile_xml(&order.quote_back).into_iter().map(|xml| (xml, 400)).collect();
    all.extend([
        (update(&deep), 400),
        (update(&format!("{status}{}", "<a/>".repeat(30_000))), 400),
        (update(&format!("{status}{}", "x".repeat(300 * 1024))), 413),
        (update("<OrderStatus>Completed"), 400),
        (update("<OrderStatus>&undeclared;</OrderStatus>"), 400),
        (format!("{}{}", update(status), update(status)), 400),
        (format!("<?xml-stylesheet href=\"http://127.0.0.1:9/\"?>{}", update(status)), 400),
        (update(""), 400),
        ("<".to_owned(), 400),
    ]);
    all
}

#[tokio::test]
async fn hostile_xml_is_refused_and_nothing_happens() {
    let stack = stack().await;
    let (by_json, xml) = (lever(&stack).await, stack.connect_authorized_lever(by_xml).await.unwrap());
    for customer in [&by_json, &xml] {
        let (candidate, order) = ordered(&stack, customer, "Hostile").await;
        for (document, status) in hostile(&order) {
            check(&stack, customer, "text/xml", &document, status).await;
        }
        check_shown(customer, &candidate, "Pending Candidate");
    }
    no_violations(&stack);
}

async fn check_unknown(change: impl FnOnce(&mut Value), codec: Codec) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, order) = ordered(&stack, &customer, "Known").await;
    // Somebody ordered by hand.
    let quote_back = Some("by hand".to_owned());
    set_options(&stack, &customer, PostbackOptions { codec: Some(codec), quote_back, ..PostbackOptions::default() });
    let told = |text: &str| text.replace(&order.id, "A999999").replace(&order.quote_back, "by hand");
    let (kind, unknown) = match codec {
        Codec::Json => ("application/json", told(&body(&order).to_string())),
        Codec::Oml => (
            "text/xml",
            format!(
                "<OrderStatusUpdate><Identifier><BackgroundCheckOrderNumber>A999999</BackgroundCheckOrderNumber>\
                 <ClientID>{}</ClientID></Identifier><OrderStatus>Completed</OrderStatus></OrderStatusUpdate>",
                customer.client
            ),
        ),
    };
    check(&stack, &customer, kind, &unknown, 200).await;
    assert!(stack.aws.dump_table().await.contains("SPILL#"));
    stack.pass(MINUTE * 9).await.unwrap();
    assert!(!stack.aws.dump_table().await.contains("unknown_order"));
    stack.pass(MINUTE * 4).await.unwrap();
    let dump = stack.aws.dump_table().await;
    assert!(dump.contains("provider:A999999") && dump.contains("unknown_order"), "{dump}");
    assert!(!dump.contains("SPILL#"), "{dump}");
    check_shown(&customer, &candidate, "Pending Candidate");
    assert_eq!(asurint.orders().len(), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn a_postback_about_an_order_that_nobody_here_placed_is_kept_ten_minutes_and_then_recorded() {
    check_unknown(|_| {}, Codec::Json).await;
    check_unknown(by_xml, Codec::Oml).await;
}

/// The new order's first postback is answered before the order is, and says what the answer does not.
async fn check_overtakes(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    asurint.set_status_word(&customer.client, Status::PendingCandidate, "Court Delay");
    let on_acceptance = Acceptance::BeforeAnswer;
    set_options(&stack, &customer, PostbackOptions { on_acceptance, ..PostbackOptions::default() });
    let candidate = waiting(&customer, "Fast");
    customer.advance(&candidate).await.unwrap();
    assert_eq!(asurint.deliveries().pop().and_then(|delivery| delivery.last_status), Some(200));
    stack.pass(MINUTE * 2).await.unwrap();
    let note = check_shown(&customer, &candidate, "In Progress");
    assert_eq!(said(&note, "Status"), Some("Court Delay"), "{note}");
    customer.order(&candidate).unwrap();
    no_violations(&stack);
}

#[tokio::test]
async fn a_postback_that_overtakes_its_orders_answer_is_not_lost() {
    check_overtakes(|_| {}).await;
    check_overtakes(by_xml).await;
}

#[tokio::test]
async fn a_postback_settles_an_order_in_xml_whose_answer_was_lost() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(by_xml).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    asurint.commit_late(LateCommit::OnDemand);
    let candidate = waiting(&customer, "Lost");
    customer.advance(&candidate).await.unwrap();
    // Asurint closed the connection, and has the order all the same.
    asurint.commit_pending();
    let order = customer.order(&candidate).unwrap();
    stack.pass(MINUTE * 20).await.unwrap();
    let note = check_shown(&customer, &candidate, "Error (Being Confirmed)");
    assert!(note.contains("(order_outcome_unknown)"), "{note}");
    asurint.complete_forms(&order.id);
    stack.settle().await.unwrap();
    let note = check_shown(&customer, &candidate, "In Progress");
    assert!(note.contains(&format!("Asurint order {}", order.id)), "{note}");
    stack.pass(MINUTE * 30).await.unwrap();
    assert_eq!(customer.order(&candidate).unwrap().id, order.id);
    assert_eq!(asurint.invites().len(), 1);
    no_violations(&stack);
}
