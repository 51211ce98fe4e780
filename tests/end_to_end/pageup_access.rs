//! The way into PageUp: tokens are few and renewed in time, and where PageUp lets nobody in, the right person is told.

use jiff::{SignedDuration, Timestamp};
use local_stack::simulators::pageup::{Environment, Invite, Queue, Tenant};
use local_stack::stack::{PageUpCustomer, Stack};
use serde_json::{Value, json};

use crate::support::{
    MINUTE, PAGEUP_SECRET, cases, check_shown, invited, invited_and_ordered, looks, no_violations, poll, stack,
    story_of,
};

const READ: &str = "Public.BackgroundCheck.Read";
const WRITE: &str = "Public.BackgroundCheck.Write";

fn tokens(stack: &Stack, customer: &PageUpCustomer<'_>) -> usize {
    stack.simulators().unwrap().pageup.tokens_issued(&customer.tenant)
}

#[tokio::test]
async fn a_token_serves_until_half_a_minute_before_its_end() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    for (after, issued) in [(0, 1), (60, 1), (150, 1), (58, 1), (60, 2), (210, 2), (58, 2), (60, 3)] {
        stack.clock.advance(SignedDuration::from_secs(after));
        poll(&stack).await;
        assert_eq!(tokens(&stack, &customer), issued);
    }
    assert_eq!(looks(&stack, &customer), [200; 8]);
    // The settings of an instance that gives tokens for an hour.
    customer.set_options(|options| options.token_life_secs = 3_600).unwrap();
    stack.pass(SignedDuration::from_mins(55)).await.unwrap();
    assert_eq!(tokens(&stack, &customer), 4);
    no_violations(&stack);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writes_at_once_share_one_token_also_where_it_was_just_revoked() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    customer.set_options(|options| options.queue = Queue::Dequeue).unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    // One token of the poller and one of the function that orders, each time.
    for (what, pause, issued) in [("cold", MINUTE, 2), ("revoked", MINUTE, 4), ("expired", MINUTE * 5, 6)] {
        if what == "revoked" {
            pageup.revoke_tokens(&customer.tenant);
        }
        // What is refused is written at once, and Certn is not asked for each.
        let refused = || customer.invite(Invite { email: None, ..customer.invitation("Crowd") }).unwrap();
        let invitations: Vec<_> = (0..20).map(|_| refused()).collect();
        stack.clock.advance(pause);
        stack.tick().await.unwrap();
        for invitation in &invitations {
            assert_eq!(customer.screen(invitation).unwrap().status.as_deref(), Some("Failed"), "{what}");
        }
        assert_eq!(tokens(&stack, &customer), issued, "{what}");
    }
    no_violations(&stack);
}

#[tokio::test]
async fn a_revoked_token_is_replaced_once_and_nobody_is_told() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    stack.pass(MINUTE).await.unwrap();
    stack.simulators().unwrap().pageup.revoke_tokens(&customer.tenant);
    let invitation = invited(&stack, &customer, "Revoked").await;
    assert_eq!(looks(&stack, &customer), [200, 401, 200]);
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!((&shown["polling"]["waits_for"], &shown["polling"]["failing_since"]), (&Value::Null, &Value::Null));
    no_violations(&stack);
}

fn time(polling: &Value, name: &str) -> Timestamp {
    polling[name].as_str().unwrap_or_else(|| panic!("{name} in {polling}")).parse().unwrap()
}

/// PageUp lets nobody in: it is asked every quarter of an hour, an admin reads why, and it goes on by itself.
async fn check_shut_out(
    change: impl FnOnce(&mut Value),
    (code, about): (&str, &str),
    shut: impl FnOnce(&Stack, &PageUpCustomer<'_>),
    cure: impl FnOnce(&Stack, &PageUpCustomer<'_>),
) {
    let stack = stack().await;
    let customer = stack.connect_pageup(change).await.unwrap();
    shut(&stack, &customer);
    let began = stack.now();
    let invitation = invited(&stack, &customer, "Outside").await;
    let shown = customer.shown_to_admin().await.unwrap();
    let polling = &shown["polling"];
    let waits_for = &polling["waits_for"];
    assert_eq!((&waits_for["code"], &waits_for["about"]), (&json!(code), &json!(about)), "{polling}");
    assert_eq!(waits_for["owner"], "ATS administrator", "{polling}");
    let since = time(polling, "failing_since");
    assert!(since >= began && since <= stack.now(), "{polling}");
    let wait = since.duration_until(time(polling, "next_at"));
    assert_eq!(wait, MINUTE * 15, "{polling}");
    let calls = || stack.simulators().unwrap().pageup.harness.answered("").len();
    let before = calls();
    stack.pass(MINUTE * 14).await.unwrap();
    assert_eq!(calls(), before, "{code}: nothing is asked meanwhile");
    stack.pass(MINUTE * 20).await.unwrap();
    assert!(calls() > before && calls() - before <= 8, "{code}: it is tried twice: {}", calls() - before);
    let again = customer.shown_to_admin().await.unwrap();
    assert_eq!(time(&again["polling"], "failing_since"), since, "since the first time");
    assert_eq!(cases(&stack, "Outside"), 0);
    cure(&stack, &customer);
    // A client that moved took no invitation along.
    let moved = customer.screen(&invitation).is_err();
    let invitation = if moved { customer.invite(customer.invitation("Outside")).unwrap() } else { invitation };
    stack.pass(MINUTE * 16).await.unwrap();
    let cured = customer.shown_to_admin().await.unwrap();
    assert_eq!((&cured["polling"]["waits_for"], &cured["polling"]["failing_since"]), (&Value::Null, &Value::Null));
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    assert_eq!(cases(&stack, "Outside"), 1);
    let log = local_stack::logs::kept();
    let told = |line: &&str| line.contains(&customer.connection) && line.contains("the ATS could not be asked");
    assert!(log.lines().filter(told).any(|line| line.contains(code)), "{code} is in the log");
    no_secrets(&stack).await;
    no_violations(&stack);
}

/// Neither the client's secret nor a token is in anything that is kept, sent on or logged.
async fn no_secrets(stack: &Stack) {
    let places = [stack.aws.dump_table().await, stack.aws.bodies().join("\n"), local_stack::logs::kept()];
    for secret in [PAGEUP_SECRET, "another secret", "planted-token", "Bearer "] {
        assert_eq!(places.iter().position(|place| place.contains(secret)), None, "{secret}");
    }
}

#[tokio::test]
async fn a_wrong_secret_is_told_and_cured() {
    let set = |stack: &Stack, customer: &PageUpCustomer<'_>, secret: &str| {
        let pageup = &stack.simulators().unwrap().pageup;
        pageup.set_secret(&customer.tenant, secret);
        pageup.revoke_tokens(&customer.tenant);
    };
    let shut = |stack: &Stack, customer: &PageUpCustomer<'_>| set(stack, customer, "another secret");
    let cure = |stack: &Stack, customer: &PageUpCustomer<'_>| set(stack, customer, PAGEUP_SECRET);
    check_shut_out(|_| {}, ("ats_credentials", ""), shut, cure).await;
}

#[tokio::test]
async fn a_missing_scope_is_told_and_cured() {
    let set = |stack: &Stack, customer: &PageUpCustomer<'_>, scopes: &[&str]| {
        stack.simulators().unwrap().pageup.set_scopes(&customer.tenant, scopes);
    };
    let shut = |stack: &Stack, customer: &PageUpCustomer<'_>| set(stack, customer, &[READ]);
    let cure = |stack: &Stack, customer: &PageUpCustomer<'_>| set(stack, customer, &[READ, WRITE]);
    check_shut_out(|_| {}, ("ats_permission", "scope"), shut, cure).await;
}

/// The customer's client, somewhere else than where the connection looks for it.
fn moves_to(data_centre: &str, environment: Environment) -> impl FnOnce(&Stack, &PageUpCustomer<'_>) {
    let data_centre = data_centre.to_owned();
    move |stack, customer| {
        let tenant = Tenant {
            id: customer.tenant.clone(),
            client_id: format!("crosscheck-{}", customer.tenant),
            client_secret: PAGEUP_SECRET.to_owned(),
            data_centre,
            environment,
            scopes: [READ, WRITE].map(str::to_owned).to_vec(),
            token_hosts: Vec::new(),
        };
        stack.simulators().unwrap().pageup.add_tenant(tenant);
    }
}

#[tokio::test]
async fn a_client_of_the_test_environment_is_told_and_cured() {
    let cure = moves_to("dc2", Environment::Live);
    check_shut_out(|_| {}, ("ats_credentials", ""), moves_to("dc2", Environment::Uat), cure).await;
    let uat = |new: &mut Value| new["ats"]["environment"] = "uat".into();
    let cure = moves_to("dc2", Environment::Uat);
    check_shut_out(uat, ("ats_credentials", ""), moves_to("dc2", Environment::Live), cure).await;
}

#[tokio::test]
async fn a_client_of_another_data_centre_is_told_and_cured() {
    let cure = moves_to("dc2", Environment::Live);
    check_shut_out(|_| {}, ("ats_credentials", ""), moves_to("dc5", Environment::Live), cure).await;
}

#[tokio::test]
async fn a_wrong_tenant_is_told() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|new| new["ats"]["tenant_id"] = "9999".into()).await.unwrap();
    stack.pass(MINUTE).await.unwrap();
    let shown = customer.shown_to_admin().await.unwrap();
    assert_eq!(shown["polling"]["waits_for"]["code"], "ats_credentials", "{shown}");
    no_secrets(&stack).await;
}

#[tokio::test]
async fn a_status_that_pageup_lets_nobody_write_waits_and_is_written_once_it_may_be() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Blocked").await;
    simulators.pageup.set_secret(&customer.tenant, "another secret");
    simulators.pageup.revoke_tokens(&customer.tenant);
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    let story = story_of(&stack, &customer, &invitation).await;
    let ats = &story["ats"];
    assert_eq!((&ats["delivery"], &ats["shows_newest"]), (&json!("blocked"), &json!(false)), "{story}");
    assert_eq!((&ats["waits_for"]["code"], &story["status"]), (&json!("ats_credentials"), &json!("candidate_started")));
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    simulators.pageup.set_secret(&customer.tenant, PAGEUP_SECRET);
    stack.pass(MINUTE * 62).await.unwrap();
    check_shown(&customer, &invitation, "In progress", "Candidate started");
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!((&story["ats"]["delivery"], &story["ats"]["waits_for"]), (&json!("delivered"), &Value::Null));
    no_secrets(&stack).await;
    no_violations(&stack);
}

#[tokio::test]
async fn a_client_that_may_not_write_orders_all_the_same() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|new| new["ats"]["scope"] = "".into()).await.unwrap();
    let pageup = &stack.simulators().unwrap().pageup;
    pageup.set_scopes(&customer.tenant, &[READ]);
    let invitation = invited(&stack, &customer, "Readable").await;
    assert_eq!(cases(&stack, "Readable"), 1);
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!(story["ats"]["waits_for"]["code"], "ats_permission", "{story}");
    pageup.set_scopes(&customer.tenant, &[READ, WRITE]);
    stack.pass(MINUTE * 62).await.unwrap();
    check_shown(&customer, &invitation, "In progress", "Invitation sent");
    assert_eq!(cases(&stack, "Readable"), 1);
    no_violations(&stack);
}

#[tokio::test]
async fn an_invitation_that_the_recruiter_cancelled_is_not_written_to_any_more() {
    let stack = stack().await;
    let customer = stack.connect_pageup(|_| {}).await.unwrap();
    let simulators = stack.simulators().unwrap();
    let (invitation, case) = invited_and_ordered(&stack, &customer, "Cancelled").await;
    simulators.pageup.cancel(&customer.tenant, &invitation);
    simulators.certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    let story = story_of(&stack, &customer, &invitation).await;
    assert_eq!(story["ats"]["delivery"], "dead", "{story}");
    assert_eq!(story["ats"]["waits_for"]["code"], "ats_record_gone", "{story}");
    let puts = || simulators.pageup.harness.answered("PUT /v3/").len();
    let before = puts();
    stack.pass(MINUTE * 180).await.unwrap();
    assert_eq!(puts(), before);
    no_violations(&stack);
}
