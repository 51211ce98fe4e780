//! The webhook that is made at Lever: one, with a key that nobody else is told, whatever Lever answers.

use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, LeverCustomer, Stack};
use serde_json::Value;

use crate::lever_access::{STAGE_CHANGE, authorization, check_ordered, lever, moved, moved_unheard};
use crate::lever_consent::secret;
use crate::support::{MINUTE, items, no_violations, stack};

const MAKES: &str = "POST /v1/webhooks";

/// The only webhook at Lever, by its id and what it is signed with.
fn only_hook(stack: &Stack, customer: &LeverCustomer<'_>) -> (String, String) {
    let hooks = lever(stack).webhooks(&customer.account);
    let [(id, url)] = hooks.as_slice() else { panic!("one webhook, not {hooks:?}") };
    assert!(url.contains(&customer.connection), "{url}");
    (id.clone(), lever(stack).signature_token(&customer.account, id))
}

#[tokio::test]
async fn a_webhook_is_made_once_and_anew_with_each_consent() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let (first, _) = only_hook(&stack, &customer);
    stack.pass(MINUTE * 21).await.unwrap();
    assert_eq!(only_hook(&stack, &customer).0, first);
    for name in ["Again", "Thrice"] {
        // Past the half minute for which a key that was just read is not read again.
        stack.clock.advance(MINUTE);
        assert_eq!(customer.authorize().await.unwrap().status, 200);
        only_hook(&stack, &customer);
        let candidate = moved(&customer, name).await;
        check_ordered(&customer, &candidate, "Pending Candidate");
    }
    assert_eq!(lever(&stack).harness.answered(MAKES).len(), 3);
    no_violations(&stack);
}

#[tokio::test]
async fn an_event_right_after_a_new_consent_is_taken_by_levers_next_try_at_the_latest() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    moved(&customer, "Before").await;
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    let candidate = customer.candidate(&customer.posting(&[BASIC_TAG]).unwrap(), "Early").unwrap();
    let told = customer.advance(&candidate).await.unwrap();
    assert!(matches!(told[0].status(), Some(200 | 401)), "{told:?}");
    stack.clock.advance(MINUTE);
    let again = lever(&stack).retry_due(&customer.account).await;
    assert!(again.iter().all(|told| told.status() == Some(200)), "{again:?}");
    stack.settle().await.unwrap();
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn a_webhook_of_somebody_else_is_left_alone() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    let elsewhere = format!("{}/somewhere/else", stack.url);
    lever(&stack).add_webhook(&customer.account, STAGE_CHANGE, &elsewhere);
    for _ in 0..2 {
        assert_eq!(customer.authorize().await.unwrap().status, 200);
    }
    let urls: Vec<String> = lever(&stack).webhooks(&customer.account).into_iter().map(|(_, url)| url).collect();
    assert!(urls.len() == 2 && urls.contains(&elsewhere), "{urls:?}");
}

#[tokio::test]
async fn a_new_webhook_that_is_answered_wrapped_twice_is_understood() {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    customer.set_options(|options| options.doubles_created_webhook = true).unwrap();
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    let (_, key) = only_hook(&stack, &customer);
    assert!(secret(&stack, &customer).await.contains(&key));
    let candidate = moved(&customer, "Wrapped").await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

/// Lever fails at the webhook: the access is granted all the same, the page says what is missing, and the next look
/// makes it, once.
async fn check_made_later(effect: Effect) {
    let stack = stack().await;
    let customer = stack.connect_lever(|_| {}).await.unwrap();
    lever(&stack).harness.arm(MAKES, 0, effect);
    let page = customer.authorize().await.unwrap();
    assert_eq!(page.status, 200, "{page:?}");
    for says in ["not finished", "The access is granted", "tried again every ten minutes", "Candidate Stage Change"] {
        assert!(page.html.contains(says), "{says}: {page:?}");
    }
    let shown = authorization(&customer).await;
    assert!(shown["state"] == "granted" && shown["webhook"]["made"] == false, "{shown}");
    lever(&stack).harness.clear_faults();
    let unheard = moved_unheard(&stack, &customer, "Unheard").await;
    stack.pass(MINUTE * 11).await.unwrap();
    only_hook(&stack, &customer);
    assert_eq!(authorization(&customer).await["webhook"]["made"], true);
    check_ordered(&customer, &unheard, "Pending Candidate");
    let heard = moved(&customer, "Heard").await;
    check_ordered(&customer, &heard, "Pending Candidate");
    assert_eq!(authorization(&customer).await["webhook"]["note"], "It was heard.");
    no_violations(&stack);
}

#[tokio::test]
async fn a_webhook_that_lever_fails_to_make_is_made_by_the_next_look() {
    check_made_later(Effect::Status { code: 500, retry_after: None, body: None }).await;
    check_made_later(Effect::ResetBefore).await;
}

#[tokio::test]
async fn a_webhook_that_lever_makes_and_says_it_failed_is_made_anew_and_stays_the_only_one() {
    check_made_later(Effect::StatusAfterCommit { code: 500 }).await;
    check_made_later(Effect::ResetAfterCommit).await;
}

#[tokio::test]
async fn the_key_of_the_webhook_and_the_tokens_are_in_the_secret_and_nowhere_else() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let candidate = moved(&customer, "Quiet").await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    stack.clock.advance(MINUTE * 130);
    stack.tick().await.unwrap();
    lever(&stack).end_access_tokens(&customer.account);
    stack.pass(MINUTE * 11).await.unwrap();
    let page = customer.authorize().await.unwrap();
    customer.revoke().unwrap();
    stack.pass(MINUTE * 11).await.unwrap();
    let (_, key) = only_hook(&stack, &customer);
    let secret = secret(&stack, &customer).await;
    let words = [key.as_str(), "planted-access-token", "planted-refresh-token", "planted-code", "Bearer "];
    assert!(words[..3].iter().all(|word| secret.contains(word)), "the scan knows what it looks for");
    let is_order = |item: &Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ORD#"));
    let of_order = items(&stack).await.into_iter().filter(|item| item["sk"]["S"] == "META" && is_order(item));
    let ids: Vec<String> =
        of_order.filter_map(|item| Some(item["data"]["M"]["id"]["S"].as_str()?.to_owned())).collect();
    let mut places = vec![
        ("the table", stack.aws.dump_table().await),
        ("what the table and the queues were sent", stack.aws.bodies().join("\n")),
        ("the log", local_stack::logs::kept()),
        ("the connection as an admin sees it", customer.shown_to_admin().await.unwrap().to_string()),
        ("the page", page.html),
    ];
    for id in ids {
        places
            .push(("an order", stack.admin("GET", &format!("/admin/orders/{id}"), None).await.unwrap().1.to_string()));
    }
    assert_eq!(places.len(), 6);
    for (place, text) in &places {
        assert!(text.len() > 100, "{place} holds nothing to scan: {text}");
        assert_eq!(words.iter().find(|&&word| text.contains(word)), None, "in {place}");
    }
    no_violations(&stack);
}
