//! What Asurint says in its customers' own words, with its links, and of orders whose answers were lost.

use jiff::SignedDuration;
use local_stack::simulators::asurint::{LateCommit, ReportLink, Score};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{LeverCustomer, Stack, by_xml};
use serde_json::{Value, json};

use crate::lever_support::{check_shown, lever, ordered, said, waiting};
use crate::support::{MINUTE, no_violations, stack};

/// The words that an admin should map, with their kinds.
async fn unmapped(customer: &LeverCustomer<'_>) -> Vec<(String, String)> {
    let shown = customer.shown_to_admin().await.unwrap();
    let text = |word: &Value, name: &str| word[name].as_str().unwrap_or_default().to_owned();
    let words = shown["unmapped"].as_array().unwrap().iter();
    words.map(|word| (text(word, "kind"), text(word, "ats_value"))).collect()
}

async fn map(stack: &Stack, customer: &LeverCustomer<'_>, kind: &str, word: &str, code: &str) {
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    let mapping = json!({"kind": kind, "ats_value": word, "provider_value": code});
    let (status, answer) = stack.admin("PUT", &path, Some(&mapping)).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

async fn check_words(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let (candidate, order) = ordered(&stack, &customer, "Word").await;
    asurint.show_status(&order.id, "Court Delay");
    stack.settle().await.unwrap();
    let note = check_shown(&customer, &candidate, "In Progress");
    assert_eq!(said(&note, "Status"), Some("Court Delay"), "{note}");
    let word = |kind: &str, word: &str| (kind.to_owned(), word.to_owned());
    assert_eq!(unmapped(&customer).await, [word("status", "Court Delay")]);

    asurint.complete_with(&order.id, Some("Needs A Second Look"));
    stack.settle().await.unwrap();
    let note = check_shown(&customer, &candidate, "Completed");
    assert_eq!(said(&note, "Score"), Some("Needs A Second Look"), "{note}");
    let mut words = unmapped(&customer).await;
    words.sort();
    assert_eq!(words, [word("score", "Needs A Second Look"), word("status", "Court Delay")]);

    map(&stack, &customer, "status", "COURT delay", "undeliverable").await;
    map(&stack, &customer, "score", "NEEDS a second look", "clear").await;
    assert_eq!(unmapped(&customer).await, []);
    // The order that is shown stays as it is until it changes; the next one follows the mapping, once the functions
    // have forgotten what they keep of the connection.
    stack.clock.advance(MINUTE);
    check_shown(&customer, &candidate, "Completed");
    let (next, order) = ordered(&stack, &customer, "Next").await;
    asurint.complete_with(&order.id, Some("Needs A Second Look"));
    stack.settle().await.unwrap();
    let (status, story) = {
        let orders = crate::support::items(&stack).await;
        let ours = orders.iter().find(|item| item["sk"]["S"] == "META" && item.to_string().contains(&order.id));
        let id = ours.unwrap()["data"]["M"]["id"]["S"].as_str().unwrap().to_owned();
        stack.admin("GET", &format!("/admin/orders/{id}"), None).await.unwrap()
    };
    assert_eq!((status, &story["result"]["code"]), (200, &json!("clear")), "{story}");
    let note = check_shown(&customer, &next, "Completed");
    assert_eq!(said(&note, "Score"), Some("Needs A Second Look"), "{note}");
    let (undelivered, order) = ordered(&stack, &customer, "Undelivered").await;
    asurint.show_status(&order.id, "Court Delay");
    stack.settle().await.unwrap();
    check_shown(&customer, &undelivered, "Not Delivered");
    assert_eq!(unmapped(&customer).await, []);
    no_violations(&stack);
}

#[tokio::test]
async fn a_customers_own_words_are_shown_listed_and_mapped() {
    check_words(|_| {}).await;
}

#[tokio::test]
async fn a_customers_own_words_are_shown_listed_and_mapped_in_xml_too() {
    check_words(by_xml).await;
}

async fn check_without_score(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let (scored, late) = (ordered(&stack, &customer, "Scored").await, ordered(&stack, &customer, "Late").await);
    let never = ordered(&stack, &customer, "Never").await;
    for (_, order) in [&scored, &late, &never] {
        asurint.complete_with(&order.id, None);
    }
    stack.settle().await.unwrap();
    for (candidate, _) in [&scored, &late, &never] {
        check_shown(&customer, candidate, "In Progress");
    }
    asurint.set_score(&scored.1.id, Some("Review"));
    stack.settle().await.unwrap();
    assert_eq!(said(&check_shown(&customer, &scored.0, "Completed"), "Score"), Some("Review"));
    stack.pass(MINUTE * 13).await.unwrap();
    check_shown(&customer, &never.0, "In Progress");
    stack.pass(MINUTE * 5).await.unwrap();
    for candidate in [&late.0, &never.0] {
        let note = check_shown(&customer, candidate, "Completed");
        assert_eq!(said(&note, "Score"), Some("No result given"), "{note}");
    }
    asurint.set_score(&late.1.id, Some("Ineligible for Hire"));
    stack.settle().await.unwrap();
    assert_eq!(said(&check_shown(&customer, &late.0, "Completed"), "Score"), Some("Ineligible for Hire"));
    no_violations(&stack);
}

#[tokio::test]
async fn a_completed_check_without_a_score_is_completed_after_a_quarter_of_an_hour() {
    check_without_score(|_| {}).await;
}

#[tokio::test]
async fn a_completed_check_without_a_score_is_completed_after_a_quarter_of_an_hour_in_xml_too() {
    check_without_score(by_xml).await;
}

async fn check_links(change: impl FnOnce(&mut Value)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(change).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let own = "https://portal.asurint.example/r/";
    for (link, is_shown) in [
        (ReportLink::Portal, true),
        (ReportLink::Missing, false),
        (ReportLink::Other("https://asurint.example.evil.example/r/1".to_owned()), false),
        (ReportLink::Other("https://notasurint.example/r/1".to_owned()), false),
        (ReportLink::Other(format!("{own}1?token=secret")), false),
        (ReportLink::Other(format!("{own}1#secret")), false),
        (ReportLink::Other("http://portal.asurint.example/r/1".to_owned()), false),
        (ReportLink::Other("https://user:word@portal.asurint.example/r/1".to_owned()), false),
        (ReportLink::Other("https://portal.asurint.example:8443/r/1".to_owned()), false),
        (ReportLink::Other("javascript:alert(1)".to_owned()), false),
    ] {
        asurint.set_report_link(&customer.client, link.clone());
        let (candidate, order) = ordered(&stack, &customer, "Link").await;
        asurint.complete(&order.id, Score::Eligible);
        stack.settle().await.unwrap();
        let note = check_shown(&customer, &candidate, "Completed");
        assert_eq!(note.contains("://"), is_shown, "{link:?}: {note}");
        let sentence = note.lines().any(|line| line.contains("Asurint") && !line.starts_with('['));
        assert_eq!(sentence, !is_shown, "the note says where to look: {link:?}: {note}");
        assert!(!note.contains("secret") && !note.contains("javascript"), "{note}");
    }
    let dump = stack.aws.dump_table().await;
    assert!(
        !dump.contains("token=secret") && !dump.contains("evil.example"),
        "what may open without a log-in is stored"
    );
    no_violations(&stack);
}

#[tokio::test]
async fn a_foreign_report_link_is_not_shown_and_the_note_says_to_look_at_asurint() {
    check_links(|_| {}).await;
    check_links(by_xml).await;
}

/// An order whose answer is lost is found by our id: there is one, and it is shown as any other.
async fn check_found(lose: impl FnOnce(&Stack)) {
    let stack = stack().await;
    let customer = lever(&stack).await;
    ordered(&stack, &customer, "Warm").await;
    let asurint = &stack.simulators().unwrap().asurint;
    lose(&stack);
    let candidate = waiting(&customer, "Lost");
    customer.advance(&candidate).await.unwrap();
    asurint.commit_pending();
    stack.pass(MINUTE * 5).await.unwrap();
    let order = customer.order(&candidate).unwrap();
    let note = check_shown(&customer, &candidate, "Pending Candidate");
    assert!(note.contains(&order.id), "{note}");
    stack.pass(SignedDuration::from_hours(1)).await.unwrap();
    customer.order(&candidate).unwrap();
    assert_eq!(asurint.invites().len(), 2);
    no_violations(&stack);
}

#[tokio::test]
async fn an_order_in_json_whose_answer_was_lost_is_found_by_its_quote_back() {
    check_found(|stack| stack.simulators().unwrap().asurint.commit_late(LateCommit::OnDemand)).await;
    for effect in [Effect::ResetAfterCommit, Effect::StatusAfterCommit { code: 500 }, Effect::ResetBefore] {
        check_found(|stack| stack.simulators().unwrap().asurint.harness.arm("POST /v1/orders", 1, effect)).await;
    }
}
