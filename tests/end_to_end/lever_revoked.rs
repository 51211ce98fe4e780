//! A customer takes the access back, or we give it back: nothing is lost, nothing is done twice, nobody is called in vain.

use local_stack::simulators::lever::Options;
use local_stack::stack::{BASIC_TAG, LeverCandidate, LeverCustomer, Stack};
use serde_json::{Value, json};

use crate::lever_access::{STAGE_CHANGE, authorization, check_ordered, lever, moved, moved_unheard};
use crate::lever_consent::secret;
use crate::support::{MINUTE, items, no_violations, stack};

/// The opportunity's only order as an admin sees it.
async fn story(stack: &Stack, candidate: &LeverCandidate) -> Value {
    let of_candidate = |item: &&Value| {
        item["sk"]["S"] == "META" && item["data"]["M"]["subject"]["M"]["application"]["S"] == *candidate.opportunity
    };
    let items = items(stack).await;
    let orders: Vec<_> = items.iter().filter(of_candidate).collect();
    let [order] = orders[..] else { panic!("one order, not {orders:?}") };
    let id = order["data"]["M"]["id"]["S"].as_str().unwrap();
    let (status, story) = stack.admin("GET", &format!("/admin/orders/{id}"), None).await.unwrap();
    assert_eq!(status, 200, "{story}");
    story
}

/// How many orders Asurint ever got of the customer.
fn ordered(stack: &Stack, customer: &LeverCustomer<'_>) -> usize {
    let orders = stack.simulators().unwrap().asurint.orders();
    orders.iter().filter(|order| order.client == customer.client).count()
}

fn calls(stack: &Stack) -> usize {
    lever(stack).harness.answered("").len()
}

/// Fifty candidates are moved within some minutes, every other one unheard. What is heard is taken, and ordered later.
async fn fifty_moves(stack: &Stack, customer: &LeverCustomer<'_>) -> Vec<LeverCandidate> {
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let mut meanwhile = Vec::new();
    for number in 0..50 {
        let candidate = customer.candidate(&posting, &format!("Meanwhile{number}")).unwrap();
        let is_told = number % 2 == 0;
        lever(stack).toggle(&customer.account, STAGE_CHANGE, is_told);
        let told = customer.advance(&candidate).await.unwrap();
        assert_eq!(told.len(), usize::from(is_told));
        assert!(told.iter().all(|told| told.status() == Some(200)), "{told:?}");
        if number % 10 == 9 {
            stack.pass(MINUTE).await.unwrap();
        }
        meanwhile.push(candidate);
    }
    lever(stack).toggle(&customer.account, STAGE_CHANGE, true);
    meanwhile
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_moves_while_the_access_is_revoked_become_fifty_orders_once_it_is_granted_again() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let asurint = &stack.simulators().unwrap().asurint;
    let mut before = Vec::new();
    for first in ["Ana", "Bea", "Cal"] {
        let candidate = moved(&customer, first).await;
        before.push((customer.order(&candidate).unwrap(), candidate));
    }
    customer.revoke().unwrap();
    let meanwhile = fifty_moves(&stack, &customer).await;
    for (order, _) in &before {
        assert!(asurint.complete_forms(&order.id));
    }
    stack.settle().await.unwrap();
    for (_, candidate) in &before {
        let story = story(&stack, candidate).await;
        let ats = &story["ats"];
        assert_eq!((&ats["delivery"], &ats["shows_newest"]), (&json!("blocked"), &json!(false)), "{story}");
        assert_eq!((&ats["waits_for"]["code"], &story["status"]), (&json!("ats_credentials"), &json!("in_progress")));
        check_ordered(&customer, candidate, "Pending Candidate");
    }
    assert_eq!(authorization(&customer).await["state"], "lost");
    let before_pause = calls(&stack);
    stack.pass(MINUTE * 20).await.unwrap();
    stack.clock.advance(MINUTE * 70);
    stack.tick().await.unwrap();
    assert_eq!((ordered(&stack, &customer), calls(&stack)), (3, before_pause), "Lever is left alone");

    assert_eq!(customer.authorize().await.unwrap().status, 200);
    // Both what waits to be shown and what waits to be ordered draw on Lever's rate, in no promised order.
    for _ in 0..10 {
        stack.pass(MINUTE).await.unwrap();
        let shown = |(_, candidate): &(_, _)| customer.status_tags(candidate).unwrap() == ["Asurint: In Progress"];
        if before.iter().all(shown) {
            break;
        }
    }
    for (_, candidate) in &before {
        check_ordered(&customer, candidate, "In Progress");
    }
    for _ in 0..6 {
        stack.pass(MINUTE * 10).await.unwrap();
        if ordered(&stack, &customer) == 53 {
            break;
        }
    }
    assert_eq!(ordered(&stack, &customer), 53);
    stack.pass(MINUTE * 11).await.unwrap();
    assert_eq!(ordered(&stack, &customer), 53, "none twice");
    for candidate in &meanwhile {
        check_ordered(&customer, candidate, "Pending Candidate");
    }
    assert_eq!(lever(&stack).webhooks(&customer.account).len(), 1);
    assert_eq!(lever(&stack).limit_hits(&customer.account), 0);
    no_violations(&stack);
}

/// A few moves around a revocation that looks like `change`, up to their orders.
async fn check_resumes(change: impl FnOnce(&mut Options)) {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let before = moved(&customer, "Before").await;
    customer.set_options(change).unwrap();
    customer.revoke().unwrap();
    let unheard = moved_unheard(&stack, &customer, "Unheard").await;
    stack.pass(MINUTE * 5).await.unwrap();
    stack.clock.advance(MINUTE * 70);
    stack.tick().await.unwrap();
    assert_eq!(authorization(&customer).await["state"], "lost");
    let later = moved_unheard(&stack, &customer, "Later").await;
    let order = customer.order(&before).unwrap();
    assert!(stack.simulators().unwrap().asurint.complete_forms(&order.id));
    stack.settle().await.unwrap();
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    stack.pass(MINUTE * 5).await.unwrap();
    check_ordered(&customer, &before, "In Progress");
    for candidate in [&unheard, &later] {
        check_ordered(&customer, candidate, "Pending Candidate");
    }
    let heard = moved(&customer, "Heard").await;
    check_ordered(&customer, &heard, "Pending Candidate");
    assert_eq!(lever(&stack).webhooks(&customer.account).len(), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn a_revocation_that_removes_the_webhook_is_made_good_by_a_new_grant() {
    check_resumes(|options| options.revocation_removes_webhooks = true).await;
}

#[tokio::test]
async fn a_revocation_that_ends_only_the_refreshing_is_made_good_by_a_new_grant() {
    check_resumes(|options| options.revocation_ends_access = false).await;
}

#[tokio::test]
async fn an_access_is_told_as_lost_once_and_since_when() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.revoke().unwrap();
    stack.pass(MINUTE * 25).await.unwrap();
    let log = local_stack::logs::kept();
    let of_us = |line: &&str| line.contains(&customer.connection) && line.contains("the access is lost");
    assert_eq!(log.lines().filter(of_us).count(), 1);
    let shown = authorization(&customer).await;
    assert!(shown["state"] == "lost" && shown["lost_at"].is_string(), "{shown}");
}

fn path(connection: &str) -> String {
    format!("/admin/connections/{connection}/lever-authorization")
}

#[tokio::test]
async fn an_access_that_we_give_back_takes_the_webhook_and_the_tokens_along_and_can_be_granted_anew() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let before = moved(&customer, "Before").await;
    let (_, url) = lever(&stack).webhooks(&customer.account).pop().unwrap();
    assert!(secret(&stack, &customer).await.contains("planted-refresh-token"));
    let (status, ended) = stack.admin("DELETE", &path(&customer.connection), None).await.unwrap();
    assert_eq!((status, &ended["webhook_deleted"]), (200, &json!(true)), "{ended}");
    assert!(lever(&stack).webhooks(&customer.account).is_empty());
    let kept = secret(&stack, &customer).await;
    assert!(!kept.contains("planted-") && kept.contains("client_secret"), "only the tokens are gone");
    assert_eq!(authorization(&customer).await["state"], "not_granted");

    let seen = calls(&stack);
    for _ in 0..2 {
        let (status, ended) = stack.admin("DELETE", &path(&customer.connection), None).await.unwrap();
        assert_eq!((status, &ended["ended"]), (200, &json!(true)), "{ended}");
    }
    // What a function keeps of a secret is forgotten after five minutes.
    stack.clock.advance(MINUTE * 5);
    // An event that was on its way, and one that comes later: the address and the signature are good, or were.
    for number in 0..lever(&stack).deliveries(&customer.account).len() {
        let again = lever(&stack).rerun(&customer.account, number).await.unwrap();
        assert!(matches!(again.status(), Some(401 | 404)), "{again:?}");
    }
    let answer = stack.http.post(&url).header("content-type", "application/json").body("{}").send().await.unwrap();
    assert!(matches!(answer.status().as_u16(), 400..=404), "{}", answer.status());
    let order = customer.order(&before).unwrap();
    assert!(stack.simulators().unwrap().asurint.complete_forms(&order.id));
    stack.pass(MINUTE * 20).await.unwrap();
    stack.clock.advance(MINUTE * 120);
    stack.tick().await.unwrap();
    assert_eq!(calls(&stack), seen, "nothing is called at Lever");

    assert_eq!(customer.authorize().await.unwrap().status, 200);
    stack.pass(MINUTE * 3).await.unwrap();
    check_ordered(&customer, &before, "In Progress");
    let after = moved(&customer, "After").await;
    check_ordered(&customer, &after, "Pending Candidate");
    assert_eq!(lever(&stack).webhooks(&customer.account).len(), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn an_access_that_lever_took_back_first_can_still_be_given_back() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    customer.revoke().unwrap();
    let (status, ended) = stack.admin("DELETE", &path(&customer.connection), None).await.unwrap();
    assert_eq!((status, &ended["webhook_deleted"]), (200, &json!(false)), "{ended}");
    assert!(!secret(&stack, &customer).await.contains("planted-"));
    assert_eq!(authorization(&customer).await["state"], "not_granted");
    assert_eq!(customer.authorize().await.unwrap().status, 200);
    assert_eq!(lever(&stack).webhooks(&customer.account).len(), 1, "the one that was left behind is gone");
    let candidate = moved(&customer, "Again").await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    no_violations(&stack);
}

#[tokio::test]
async fn a_connection_whose_ats_grants_nothing_has_nothing_to_start_or_to_end() {
    let stack = stack().await;
    let pageup = stack.connect_pageup(|_| {}).await.unwrap();
    let icims = stack.connect(|_| {}).await.unwrap();
    for connection in [&pageup.connection, &icims.connection] {
        for method in ["POST", "DELETE"] {
            let (status, problem) = stack.admin(method, &path(connection), None).await.unwrap();
            assert_eq!(status, 409, "{method}: {problem}");
        }
    }
    let (status, _) = stack.admin("POST", &path("nobody"), None).await.unwrap();
    assert_eq!(status, 404);
    no_violations(&stack);
}
