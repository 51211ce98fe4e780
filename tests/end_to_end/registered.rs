//! What must go together does: folders, binaries, the template, the local stack, and the events to try them with.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use local_stack::events;
use local_stack::functions::{FUNCTIONS, Function, named};
use local_stack::gateway::NO_ROUTE;
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

/// Every folder of `events/`, beside which there is only the list of what the events are answered with.
fn folders_of_events() -> BTreeSet<String> {
    let mut folders = names_in("events");
    assert!(folders.remove("expected.json"));
    folders
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
    assert_eq!(folders_of_events(), folders, "each has an event to try it with");
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

#[tokio::test]
async fn every_event_is_answered_as_listed() {
    let stack = stack().await;
    let customer = stack.connect(|new| new["ats"]["customer_id"] = "7351".into()).await.unwrap();
    let _ = ordered(&stack, &customer, "Before").await;
    let on_lever = stack.connect_authorized_lever(|_| {}).await.unwrap();
    let filled = [events::of_icims(&customer), events::of_lever(&on_lever).await.unwrap()].concat();
    let files = folders_of_events().into_iter().flat_map(|folder| {
        names_in(&format!("events/{folder}")).into_iter().map(move |file| format!("{folder}/{file}"))
    });
    let expected = events::expected().unwrap();
    assert_eq!(files.collect::<Vec<_>>(), expected.keys().cloned().collect::<Vec<_>>());
    for (file, expected) in expected {
        let text = fs::read_to_string(root().join("events").join(&file)).unwrap();
        let event: Value = serde_json::from_str(&events::fill(&text, &filled)).unwrap();
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
        assert_eq!(answered, expected, "{file}");
        stack.settle().await.unwrap();
    }
}
