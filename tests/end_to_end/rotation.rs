//! Passwords and credentials are replaced while everything goes on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::id::ConnectionId;
use domain::secret::Secret;
use futures::future::join_all;
use jiff::SignedDuration;
use local_stack::embedded_aws::Service;
use local_stack::simulators::certn::{Key, KeyState};
use local_stack::simulators::shared::Effect;
use local_stack::stack::{BASIC_TAG, Customer, Stack};
use runtime::deadline::Deadline;
use runtime::edge::Call;
use runtime::handlers::icims_webhook;
use runtime::hub::Hub;
use serde_json::{Value, json};

use crate::lever_access::{another_worker, check_ordered, lever, moved, moved_unheard, told};
use crate::support::{API_KEY, WEBHOOK_SECRET, another_hub, no_violations, ordered, row, stack};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn rotate(stack: &Stack, connection: &str, what: &Value) -> (u16, Value) {
    stack.admin("POST", &format!("/admin/connections/{connection}/credentials"), Some(what)).await.unwrap()
}

async fn shown(stack: &Stack, connection: &str) -> Value {
    let (status, shown) = stack.admin("GET", &format!("/admin/connections/{connection}"), None).await.unwrap();
    assert_eq!(status, 200, "{shown}");
    shown
}

/// The status with which one instance of the function answers an event that starts nothing.
async fn posted(hub: &Arc<Hub>, customer: &str, connection: &str, password: &str) -> u16 {
    let authorization = format!("Basic {}", STANDARD.encode(format!("{connection}:{password}")));
    let event = json!({
        "eventType": "WorkFlowStatusChangeEvent", "customerId": customer, "systemId": "24680", "newStatus": "1701",
    });
    let call = Call {
        method: http::Method::POST,
        path: HashMap::from([("proxy".to_owned(), "webhook/".to_owned())]),
        query: HashMap::new(),
        headers: vec![("authorization".to_owned(), Secret::new(authorization))],
        body: event.to_string().into_bytes(),
        caller: String::new(),
        deadline: Deadline::after(Duration::from_secs(15)),
    };
    icims_webhook::handle(Arc::clone(hub), call).await.status().as_u16()
}

/// The passwords that the ATS may use just now, and what came of using them.
struct Traffic {
    passwords: Mutex<Vec<String>>,
    ended: AtomicBool,
    taken: AtomicUsize,
    refused: Mutex<Vec<String>>,
}

impl Traffic {
    /// One instance of the function takes an event after another, with each of the passwords in turn.
    async fn flows(&self, hub: &Arc<Hub>, customer: &Customer<'_>) {
        while !self.ended.load(Ordering::Relaxed) {
            let passwords = self.passwords.lock().unwrap().clone();
            for password in passwords {
                let status = posted(hub, &customer.id, &customer.connection, &password).await;
                self.taken.fetch_add(1, Ordering::Relaxed);
                let still = self.passwords.lock().unwrap().contains(&password);
                if status != 200 && still {
                    self.refused.lock().unwrap().push(format!("{status} for {password}"));
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn for_a_while(&self) {
        let before = self.taken.load(Ordering::Relaxed);
        while self.taken.load(Ordering::Relaxed) < before + 60 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_valid_webhook_is_refused_while_passwords_are_replaced_and_each_dies_at_the_end_of_its_overlap() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let hubs = join_all((0..4).map(|_| another_hub(&stack, "icims-webhook"))).await;
    let traffic = Traffic {
        passwords: Mutex::new(vec![customer.webhook_password.clone()]),
        ended: AtomicBool::new(false),
        taken: AtomicUsize::new(0),
        refused: Mutex::new(Vec::new()),
    };
    let rotations = async {
        for _ in 0..3 {
            traffic.for_a_while().await;
            let (status, answer) =
                rotate(&stack, &customer.connection, &json!({"what": "webhook_password", "overlap_hours": 1})).await;
            assert_eq!(status, 200, "{answer}");
            let new = answer["password"].as_str().unwrap().to_owned();
            let old = traffic.passwords.lock().unwrap()[0].clone();
            traffic.passwords.lock().unwrap().push(new.clone());
            traffic.for_a_while().await;
            // To the last minute of the overlap, with everything forgotten that was kept.
            stack.clock.advance(HOUR - SignedDuration::from_secs(60));
            traffic.for_a_while().await;
            *traffic.passwords.lock().unwrap() = vec![new.clone()];
            stack.clock.advance(SignedDuration::from_secs(60));
            for hub in &hubs {
                assert_eq!(posted(hub, &customer.id, &customer.connection, &old).await, 401);
                assert_eq!(posted(hub, &customer.id, &customer.connection, &new).await, 200);
            }
        }
        traffic.ended.store(true, Ordering::Relaxed);
    };
    futures::join!(rotations, join_all(hubs.iter().map(|hub| traffic.flows(hub, &customer))));
    assert_eq!(*traffic.refused.lock().unwrap(), Vec::<String>::new());
    stack.settle().await.unwrap();
    no_violations(&stack);
}

#[tokio::test]
async fn an_admin_sees_which_password_is_used_and_never_more_than_two_count() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let hub = stack.hub("icims-webhook").unwrap();
    let connection = customer.connection.as_str();
    let issue = async |end: Option<&str>| {
        let mut what = json!({"what": "webhook_password", "overlap_hours": 24});
        end.into_iter().for_each(|end| what["end"] = json!(end));
        rotate(&stack, connection, &what).await
    };
    let used = async || {
        let shown = shown(&stack, connection).await;
        let passwords = shown["webhook"]["valid_passwords"].as_array().unwrap().clone();
        passwords.iter().map(|one| !one["last_used_at"].is_null()).collect::<Vec<_>>()
    };
    assert_eq!(used().await, [false]);
    assert_eq!(posted(hub, &customer.id, connection, &customer.webhook_password).await, 200);
    assert_eq!(used().await, [true]);
    let (_, second) = issue(None).await;
    assert_eq!(second["valid_passwords"].as_array().unwrap().len(), 2, "{second}");
    let until: jiff::Timestamp = second["valid_passwords"][0]["valid_until"].as_str().unwrap().parse().unwrap();
    let day = stack.now().duration_until(until) - HOUR * 24;
    assert!(day.abs() < SignedDuration::from_secs(30), "{second}");
    assert_eq!(used().await, [true, false]);

    let (status, problem) = issue(None).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (409, &json!("end")), "{problem}");
    // The second one was lost on its way to the customer.
    let (_, third) = issue(Some("newest")).await;
    let (second, third) = (second["password"].as_str().unwrap(), third["password"].as_str().unwrap());
    assert_eq!(posted(hub, &customer.id, connection, third).await, 200);
    assert_eq!(posted(hub, &customer.id, connection, second).await, 401);
    assert_eq!(posted(hub, &customer.id, connection, &customer.webhook_password).await, 200);
    assert_eq!(used().await, [true, true]);
    let (_, fourth) = issue(Some("oldest")).await;
    let fourth = fourth["password"].as_str().unwrap();
    assert_eq!(posted(hub, &customer.id, connection, fourth).await, 200);
    assert_eq!(posted(hub, &customer.id, connection, third).await, 200);
    assert_eq!(posted(hub, &customer.id, connection, &customer.webhook_password).await, 401);

    let table = stack.aws.dump_table().await;
    for password in [second, third, fourth] {
        assert!(!table.contains(password) && !shown(&stack, connection).await.to_string().contains(password));
    }
    no_violations(&stack);
}

#[tokio::test]
async fn a_use_is_noted_once_an_hour_and_what_keeps_it_from_being_noted_harms_nobody() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let hub = stack.hub("icims-webhook").unwrap();
    let post = async || posted(hub, &customer.id, &customer.connection, &customer.webhook_password).await;
    let last = async || shown(&stack, &customer.connection).await["webhook"]["last_used_at"].clone();
    assert_eq!(post().await, 200);
    let first = last().await;
    stack.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(post().await, 200);
    assert_eq!(last().await, first);
    stack.clock.advance(SignedDuration::from_mins(2));
    assert_eq!(post().await, 200);
    assert_ne!(last().await, first);
    // The settings are kept, the queue takes the event in, and the table cannot be written.
    stack.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(hub.connected(&ConnectionId::parse(&customer.connection).unwrap()).await.unwrap().iter().count(), 1);
    stack.aws.set_down(Service::DynamoDb, true);
    assert_eq!(post().await, 200);
    stack.aws.set_down(Service::DynamoDb, false);
}

#[tokio::test]
async fn a_stranger_who_knows_the_user_name_costs_one_reading_a_second_at_most() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let hub = stack.hub("icims-webhook").unwrap();
    let guess = async || posted(hub, &customer.id, &customer.connection, "guess").await;
    assert_eq!(guess().await, 401);
    let _ = stack.aws.take_calls();
    stack.clock.advance(SignedDuration::from_secs(2));
    for _ in 0..5 {
        assert_eq!(guess().await, 401);
    }
    let calls = stack.aws.take_calls();
    assert!((1..=2).contains(&calls.len()) && calls.iter().all(|call| call == "dynamodb:Query"), "{calls:?}");
}

fn certn_credentials(key: &str, secrets: &[&str]) -> Value {
    json!({"what": "provider", "credentials": {"kind": "certn", "api_keys": [key], "webhook_secrets": secrets}})
}

#[tokio::test]
async fn a_key_is_used_only_once_the_provider_takes_it_and_until_then_the_old_one_is() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let certn = &stack.simulators().unwrap().certn;
    let (status, problem) = rotate(&stack, &customer.connection, &certn_credentials("no-such-key", &["s"])).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("credentials")), "{problem}");
    assert!(!problem.to_string().contains("no-such-key"), "{problem}");
    assert_eq!(shown(&stack, &customer.connection).await["rev"], 1);
    ordered(&stack, &customer, "Still").await;

    certn.add_key(Key { value: "the-new-key".to_owned(), state: KeyState::Valid });
    certn.harness.arm("packages", 0, Effect::Status { code: 503, retry_after: None, body: None });
    let mut new = certn_credentials("the-new-key", &["the-new-secret", WEBHOOK_SECRET]);
    new["key_created_on"] = json!("2026-11-20");
    let (status, problem) = rotate(&stack, &customer.connection, &new).await;
    assert_eq!(status, 503, "{problem}");
    assert_eq!(shown(&stack, &customer.connection).await["provider"]["key_created_on"], Value::Null);
    certn.harness.clear_faults();
    let (status, rotated) = rotate(&stack, &customer.connection, &new).await;
    assert_eq!((status, &rotated["rev"]), (200, &json!(2)), "{rotated}");
    assert_eq!(shown(&stack, &customer.connection).await["provider"]["key_created_on"], "2026-11-20");
    certn.set_key_state(API_KEY, KeyState::Revoked);
    // Functions that hold the old key read the new one where it is refused, if they did not just read it.
    stack.clock.advance(SignedDuration::from_secs(31));
    let (_, case) = ordered(&stack, &customer, "Anew").await;
    assert!(certn.set_webhook(&customer.certn_webhook_url, "the-new-secret").await);
    certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    let callbacks = shown(&stack, &customer.connection).await["provider_webhook"]["last_used_at"].clone();
    assert!(callbacks.is_string(), "the callback signed with the new secret was taken: {callbacks}");
    for secret in ["the-new-key", "the-new-secret", "no-such-key"] {
        assert!(!stack.aws.dump_table().await.contains(secret));
    }
}

#[tokio::test]
async fn the_password_of_icims_is_replaced_and_orders_go_on() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    ordered(&stack, &customer, "Before").await;
    stack.simulators().unwrap().icims.set_password(&customer.id, "the new password of iCIMS");
    let credentials = json!({
        "kind": "icims", "username": "crosscheck-api", "password": "the new password of iCIMS",
    });
    let (status, rotated) =
        rotate(&stack, &customer.connection, &json!({"what": "ats", "credentials": credentials})).await;
    assert_eq!((status, &rotated["what"]), (200, &json!("ats")), "{rotated}");
    stack.clock.advance(SignedDuration::from_secs(31));
    ordered(&stack, &customer, "After").await;
}

#[tokio::test]
async fn what_could_not_be_shown_without_the_new_password_is_shown_as_soon_as_it_is_told() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let (candidate, case) = ordered(&stack, &customer, "Waits").await;
    stack.simulators().unwrap().icims.set_password(&customer.id, "the new password of iCIMS");
    stack.simulators().unwrap().certn.set_status(&case.id, "APPLICANT_STARTED");
    stack.settle().await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Invitation sent", "the old one does not work any more");
    let credentials = json!({"kind": "icims", "username": "crosscheck-api", "password": "the new password of iCIMS"});
    assert_eq!(rotate(&stack, &customer.connection, &json!({"what": "ats", "credentials": credentials})).await.0, 200);
    stack.settle().await.unwrap();
    assert_eq!(row(&customer, &candidate).result, "Candidate started");
}

#[tokio::test]
async fn a_secret_that_somebody_else_replaced_in_between_is_not_overwritten() {
    let stack = stack().await;
    let customer = stack.connect(|_| {}).await.unwrap();
    let secrets = &stack.hub("admin-rotate-credentials").unwrap().secrets;
    let id = ConnectionId::parse(&customer.connection).unwrap();
    let read = secrets.read_to_replace(&id).await.unwrap();
    let pending = secrets.put_pending(&id, &read.secret).await.unwrap();
    let mut other = read.secret.clone();
    other.link_key = Secret::from("somebody else's");
    secrets.replace(&id, &other).await.unwrap();
    assert!(secrets.make_current(&id, pending, &read).await.unwrap_err().is_out_of_turn());
    let stored = secrets.read_anew(&id, stack.now()).await.unwrap();
    assert_eq!(stored.link_key.expose(), "somebody else's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_pair_of_tokens_is_lost_while_the_secret_that_holds_it_is_replaced() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let workers = join_all((0..6).map(|_| another_worker(&stack))).await;
    stack.clock.advance(HOUR * 2);
    let mut candidates = Vec::new();
    for number in 0..workers.len() {
        candidates.push(moved_unheard(&stack, &customer, &format!("Both{number}")).await);
    }
    // Many want a new pair at the moment in which the provider's credentials are replaced in the same secret.
    let credentials = json!({
        "kind": "asurint", "username": customer.client, "password": "asurint-password-of-the-local-stack",
        "signing_secrets": ["the next signing secret", "asurint-signing-secret-of-the-local-stack"],
    });
    let rotation = json!({"what": "provider", "credentials": credentials});
    let at_once = workers.iter().zip(&candidates);
    let work = join_all(at_once.map(|(worker, candidate)| told(&stack, &customer, candidate, worker, 60)));
    let (rotated, _) = futures::join!(rotate(&stack, &customer.connection, &rotation), work);
    assert_eq!(rotated.0, 200, "{rotated:?}");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
    let secrets = &stack.hub("admin-rotate-credentials").unwrap().secrets;
    let stored = secrets.read_anew(&ConnectionId::parse(&customer.connection).unwrap(), stack.now()).await.unwrap();
    let stored = serde_json::to_string(&*stored).unwrap();
    assert!(stored.contains("the next signing secret"));
    stack.clock.advance(HOUR * 2);
    let candidate = moved(&customer, "Later").await;
    check_ordered(&customer, &candidate, "Pending Candidate");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
}

#[tokio::test]
async fn the_app_of_lever_is_replaced_only_where_lever_gives_tokens_for_it() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let app = customer.account.replace("lever-account", "crosscheck");
    let credentials = |secret: &str| json!({"what": "ats", "credentials": {"kind": "lever", "client_id": app, "client_secret": secret}});
    let (status, problem) = rotate(&stack, &customer.connection, &credentials("a wrong secret")).await;
    assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("credentials")), "{problem}");
    stack.clock.advance(HOUR * 2);
    check_ordered(&customer, &moved(&customer, "Still").await, "Pending Candidate");

    lever(&stack).set_secret(&app, "the next secret");
    let (status, rotated) = rotate(&stack, &customer.connection, &credentials("the next secret")).await;
    assert_eq!(status, 200, "{rotated}");
    stack.clock.advance(HOUR * 2);
    check_ordered(&customer, &moved(&customer, "After").await, "Pending Candidate");
    assert_eq!(lever(&stack).refresh_reuses(&customer.account), 0);
    assert_eq!(customer.shown_to_admin().await.unwrap()["authorization"]["state"], "granted");
    no_violations(&stack);
}

#[tokio::test]
async fn the_password_of_asurints_postbacks_is_replaced_and_the_old_one_counts_for_the_overlap() {
    let stack = stack().await;
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let posting = customer.posting(&[BASIC_TAG]).unwrap();
    let candidate = customer.candidate(&posting, "Ana").unwrap();
    customer.advance(&candidate).await.unwrap();
    let (status, rotated) =
        rotate(&stack, &customer.connection, &json!({"what": "provider_webhook_password", "overlap_hours": 1})).await;
    assert_eq!(status, 200, "{rotated}");
    let new = rotated["password"].as_str().unwrap();
    let send = async |password: &str| {
        let body = "{}";
        let request = stack.http.post(&customer.asurint_webhook_url).basic_auth(&customer.connection, Some(password));
        let at = stack.now().as_second();
        let mut mac =
            <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(b"asurint-signing-secret-of-the-local-stack")
                .unwrap();
        hmac::Mac::update(&mut mac, format!("{at}.{body}").as_bytes());
        let signature = data_encoding::HEXLOWER.encode(&hmac::Mac::finalize(mac).into_bytes());
        let signed = request.header("x-asurint-signature", format!("t={at},v1={signature}"));
        signed.body(body).send().await.unwrap().status().as_u16()
    };
    // Proven, and then found to be no postback.
    assert_eq!((send(new).await, send(&customer.asurint_webhook_password).await), (400, 400));
    stack.clock.advance(HOUR);
    assert_eq!((send(new).await, send(&customer.asurint_webhook_password).await), (400, 401));
}
