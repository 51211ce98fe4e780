//! What must go together does: folders, binaries, the template, the local stack, and the events to try them with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local_stack::functions::{FUNCTIONS, Function, named};
use local_stack::gateway::NO_ROUTE;
use local_stack::simulators::lever::signature;
use local_stack::stack::Stack;
use local_stack::template::{Template, Trigger};
use runtime::deadline::Deadline;
use runtime::lambda::{Opens, Queue, handle_batch};
use serde_json::Value;

use crate::support::{no_violations, ordered, stack};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_folder_of_a_function_has_its_block_its_binary_and_its_place_in_the_local_stack() {
    let folders = names_in("functions");
    let template = Template::read().unwrap();
    assert_eq!(template.functions.iter().cloned().collect::<BTreeSet<_>>(), folders);
    assert_eq!(template.functions.len(), folders.len(), "one block each");
    assert_eq!(FUNCTIONS.iter().map(|(name, _)| (*name).to_owned()).collect::<BTreeSet<_>>(), folders);
    for folder in &folders {
        let cargo = fs::read_to_string(root().join("functions").join(folder).join("Cargo.toml")).unwrap();
        assert_eq!(cargo.matches(&format!("name = \"{folder}\"")).count(), 2, "package and binary of {folder}");
        let main = fs::read_to_string(root().join("functions").join(folder).join("src/main.rs")).unwrap();
        assert!(main.lines().count() <= 30, "{folder} has more than 30 lines");
        let starts =
            main.contains(&format!("(\"{folder}\", ")) && main.contains(&format!(", {}::handle)", module_of(folder)));
        assert!(starts, "{folder}: {main}");
    }
    assert_eq!(names_in("events"), folders, "each has an event to try it with");
}

/// The handler's module as `main.rs` names it.
fn module_of(folder: &str) -> String {
    folder.strip_prefix("admin-").unwrap_or(folder).replace('-', "_")
}

#[test]
fn every_function_is_started_as_the_local_stack_calls_it() {
    let template = Template::read().unwrap();
    for (name, function) in FUNCTIONS {
        let routed = template.routes.iter().any(|route| route.function == *name);
        let trigger = template.triggers.iter().find(|(function, _)| function == name).map(|(_, trigger)| trigger);
        let right = match function {
            Function::Http(_) => routed && trigger.is_none(),
            Function::Worker(_) => !routed && matches!(trigger, Some(Trigger::Queue(_))),
            Function::Scheduled(_) => !routed && matches!(trigger, Some(Trigger::Schedule)),
        };
        assert!(right, "{name} is {trigger:?}, routed: {routed}");
    }
    for route in &template.routes {
        assert_eq!(route.needs_iam, route.path.starts_with("/admin/"), "{route:?}");
    }
}

/// What the function's binary opens before its first event.
fn opened_by(function: &str) -> Opens {
    let main = fs::read_to_string(root().join("functions").join(function).join("src/main.rs")).unwrap();
    let is = |call: &str| main.contains(&format!("lambda::{call}"));
    match main.split("Queue::").nth(1).map(|rest| rest.split(',').next().unwrap()) {
        Some("PlaceOrder") => Opens::TableSecretsAndQueue(Queue::PlaceOrder),
        Some("SyncOrder") => Opens::TableSecretsAndQueue(Queue::SyncOrder),
        Some(other) => panic!("{other} is no queue"),
        None if is("serve_queue") => Opens::TableAndSecrets,
        None if is("serve_http") => Opens::Table,
        None => Opens::Nothing,
    }
}

#[tokio::test]
async fn every_function_may_open_what_it_opens_before_its_first_event() {
    let stack = stack().await;
    for (function, _) in FUNCTIONS {
        opened_by(function).open(stack.hub(function).unwrap()).await;
    }
    assert!(stack.aws.take_calls().len() > FUNCTIONS.len(), "each but the scheduled ones opens something");
    no_violations(&stack);
}

#[tokio::test]
async fn every_route_of_the_template_reaches_its_function() {
    let stack = stack().await;
    for route in Template::read().unwrap().routes {
        let path = route.path.replace("{proxy+}", "webhook/");
        let path =
            path.replace("{connection}", "icims-nobody").replace("{order}", "nothing").replace("{token}", "none");
        let request = stack.http.request(route.method.parse().unwrap(), format!("{}{path}", stack.url));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let reached = status != 405 && answer.text().await.unwrap() != NO_ROUTE;
        assert!(reached, "{} {path} answered {status}", route.method);
    }
    for (method, path) in [("GET", "/"), ("GET", "/admin/"), ("DELETE", "/admin/connections"), ("GET", "/_control/x")] {
        let request = stack.http.request(method.parse().unwrap(), format!("{}{path}", stack.url));
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 404 | 405), "{method} {path} answered {status}");
    }
}

/// Every file of `events/` with the status that it is answered with; for a worker how many messages come again.
const EVENTS: &[(&str, u16)] = &[
    ("admin-adopt-order/unknown.json", 404),
    ("admin-cancel-order/unknown.json", 404),
    ("admin-check-connection/known.json", 200),
    ("admin-check-connection/unknown.json", 404),
    ("admin-create-connection/new.json", 201),
    ("admin-create-connection/not-acknowledged.json", 422),
    ("admin-delete-connection/changed-meanwhile.json", 409),
    ("admin-delete-connection/unknown.json", 404),
    ("admin-delete-mapping/unknown.json", 404),
    ("admin-end-lever-authorization/unknown.json", 404),
    ("admin-erase-candidate/nothing-kept.json", 200),
    ("admin-erase-candidate/unknown.json", 404),
    ("admin-explain/application.json", 200),
    ("admin-explain/unknown.json", 404),
    ("admin-get-connection/known.json", 200),
    ("admin-get-order/unknown.json", 404),
    ("admin-list-audit/known.json", 200),
    ("admin-list-audit/unknown.json", 404),
    ("admin-list-connections/all.json", 200),
    ("admin-list-groups/known.json", 200),
    ("admin-list-groups/unknown.json", 404),
    ("admin-list-mappings/known.json", 200),
    ("admin-list-mappings/unknown.json", 404),
    ("admin-list-orders/held.json", 200),
    ("admin-list-orders/unknown.json", 404),
    ("admin-list-packages/known.json", 200),
    ("admin-list-packages/unknown.json", 404),
    ("admin-put-mapping/package.json", 200),
    ("admin-replay-order/bulk-dry-run.json", 200),
    ("admin-replay-order/unknown.json", 404),
    ("admin-rotate-credentials/unknown.json", 404),
    ("admin-rotate-credentials/webhook-password.json", 200),
    ("admin-start-lever-authorization/unknown.json", 404),
    ("admin-update-connection/report.json", 200),
    ("admin-update-connection/unknown.json", 404),
    ("asurint-webhook/unknown-connection.json", 401),
    ("asurint-webhook/unsigned.json", 401),
    ("certn-webhook/challenge.json", 200),
    ("certn-webhook/unsigned.json", 401),
    ("icims-webhook/not-json.json", 400),
    ("icims-webhook/status-changed.json", 200),
    ("icims-webhook/wrong-password.json", 401),
    ("lever-oauth-callback/foreign-state.json", 400),
    ("lever-oauth-callback/refused.json", 403),
    ("lever-webhook/stage-changed.json", 200),
    ("lever-webhook/unknown-connection.json", 404),
    ("lever-webhook/wrong-signature.json", 401),
    ("pageup-poll/every-minute.json", 0),
    ("place-order/hint.json", 0),
    ("place-order/newer-version.json", 1),
    ("reconcile/every-minute.json", 0),
    ("report-link/guessed.json", 404),
    ("sync-order/hint.json", 0),
];

/// Plays an HTTP event through the gateway, as API Gateway plays the request that it describes.
async fn played(stack: &Stack, event: &Value) -> u16 {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    assert_eq!(event["version"], "2.0");
    let method = text(&event["requestContext"]["http"]["method"]);
    let mut url = format!("{}{}", stack.url, text(&event["rawPath"]));
    if let Some(query) = event["rawQueryString"].as_str().filter(|query| !query.is_empty()) {
        url = format!("{url}?{query}");
    }
    let route = format!("{method} {}", text(&event["routeKey"]).split_once(' ').unwrap().1);
    assert_eq!(event["routeKey"], route);
    let known = Template::read().unwrap().routes;
    assert!(known.iter().any(|known| format!("{} {}", known.method, known.path) == route), "{route}");
    for (name, value) in event["pathParameters"].as_object().into_iter().flatten() {
        assert!(route.contains(&format!("{{{name}")) && url.contains(&text(value)), "{name} of {url}");
    }
    let mut request = stack.http.request(method.parse().unwrap(), url).body(text(&event["body"]));
    for (name, value) in event["headers"].as_object().unwrap().iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, text(value));
    }
    request.send().await.unwrap().status().as_u16()
}

/// What the events of Lever and Asurint leave open, for a connection that was let into Lever and is asked for anew.
async fn of_lever(stack: &Stack) -> [(&'static str, String); 4] {
    let customer = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let lever = &stack.simulators().unwrap().lever;
    let (webhook, url) = lever.webhooks(&customer.account).pop().unwrap();
    let mut behind = url.split(&format!("/{}/", customer.connection)).nth(1).unwrap().split('/');
    let event = fs::read_to_string(root().join("events/lever-webhook/stage-changed.json")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    let (token, at) = (body["token"].as_str().unwrap(), body["triggeredAt"].as_i64().unwrap());
    let asked = url::Url::parse(&customer.authorize_url().await.unwrap()).unwrap();
    let state = asked.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    [
        ("LEVER_SIGNATURE", signature(&lever.signature_token(&customer.account, &webhook), token, at)),
        ("LEVER_TOKEN", behind.next().unwrap().to_owned()),
        ("LEVER_STATE", state),
        ("LEVER_CONNECTION", customer.connection),
    ]
}

#[tokio::test]
async fn every_event_is_answered_as_listed() {
    let stack = stack().await;
    let customer = stack.connect(|new| new["ats"]["customer_id"] = "7351".into()).await.unwrap();
    let _ = ordered(&stack, &customer, "Before").await;
    let of_lever = of_lever(&stack).await;
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("{}:{password}", customer.connection)));
    let files = names_in("events").into_iter().flat_map(|folder| {
        names_in(&format!("events/{folder}")).into_iter().map(move |file| format!("{folder}/{file}"))
    });
    assert_eq!(files.collect::<Vec<_>>(), EVENTS.iter().map(|(file, _)| (*file).to_owned()).collect::<Vec<_>>());
    for (file, expected) in EVENTS {
        let text = fs::read_to_string(root().join("events").join(file)).unwrap();
        let text = of_lever.iter().fold(text, |text, (open, value)| text.replace(open, value));
        let text = text.replace("WRONG_AUTHORIZATION", &basic("wrong"));
        let text = text.replace("AUTHORIZATION", &basic(&customer.webhook_password));
        let event: Value = serde_json::from_str(&text.replace("CONNECTION", &customer.connection)).unwrap();
        let function = file.split_once('/').unwrap().0;
        let hub = Arc::clone(stack.hub(function).unwrap());
        let deadline = Deadline::after(Duration::from_secs(60));
        let answered = match named(function).unwrap() {
            Function::Http(_) => played(&stack, &event).await,
            Function::Worker(handler) => {
                let event = serde_json::from_value(event).unwrap();
                u16::try_from(handle_batch(hub, event, deadline, handler).await.batch_item_failures.len()).unwrap()
            }
            Function::Scheduled(handler) => u16::from(handler(hub, deadline).await.is_err()),
        };
        assert_eq!(answered, *expected, "{file}");
        stack.settle().await.unwrap();
    }
}
