//! What a hub had stored and what was on its way, as files; and a hub that begins with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use local_stack::stack::{Options, Stack};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::scenario::World;
use crate::support::{items, stack_with};

const QUEUES: [&str; 2] = ["PlaceOrderQueue", "SyncOrderQueue"];

/// Everything that a version left behind. People in it are invented.
#[derive(Serialize, Deserialize)]
pub(super) struct Recording {
    pub(super) began: Timestamp,
    pub(super) ended: Timestamp,
    /// The ids that the providers gave, in the order in which they gave them; they are others each time.
    given: Vec<String>,
    /// The connections of iCIMS, PageUp and Lever, and the passwords that were issued for the first and the last.
    pub(super) connections: [String; 3],
    pub(super) passwords: [String; 2],
    items: Vec<Value>,
    /// The messages that were sent and not done with.
    messages: Vec<(String, String)>,
    secrets: HashMap<String, String>,
}

fn file(version: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("end_to_end/upgrade/v{version}.json"))
}

fn given(stack: &Stack) -> Vec<String> {
    let all = stack.simulators().unwrap();
    let cases = all.certn.cases().into_iter().flat_map(|case| [case.id, case.short_id]);
    cases.chain(all.asurint.orders().into_iter().map(|order| order.id)).collect()
}

impl Recording {
    pub(super) async fn of(stack: &Stack, data: &Path, world: &World<'_>, began: Timestamp) -> Self {
        let read = |name: &str| std::fs::read(data.join(name)).unwrap();
        let mut messages = Vec::new();
        for queue in QUEUES {
            let kept: Value = serde_json::from_slice(&read(&format!("queue-{queue}.json"))).unwrap();
            let bodies = kept["waiting"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap());
            messages.extend(bodies.map(|body| (queue.to_owned(), body.to_owned())));
        }
        let World { icims, pageup, lever, .. } = world;
        Self {
            began,
            ended: stack.now(),
            given: given(stack),
            connections: [&icims.connection, &pageup.connection, &lever.connection].map(Clone::clone),
            passwords: [&icims.webhook_password, &lever.asurint_webhook_password].map(Clone::clone),
            items: items(stack).await,
            messages,
            secrets: serde_json::from_slice(&read("secrets.json")).unwrap(),
        }
    }

    pub(super) fn save(&self, version: u32) {
        std::fs::write(file(version), serde_json::to_string_pretty(self).unwrap() + "\n").unwrap();
    }

    /// The recording, as if the providers of this stack had given the ids in it.
    pub(super) fn load(version: u32, stack: &Stack) -> Self {
        let mut text = std::fs::read_to_string(file(version)).unwrap();
        let recorded: Self = serde_json::from_str(&text).unwrap();
        let now = given(stack);
        assert_eq!(recorded.given.len(), now.len(), "the same was ordered as when it was recorded");
        // By way of names that occur nowhere, as one id may be both an old and a new one.
        for (n, id) in recorded.given.iter().enumerate() {
            text = text
                .replace(&format!("{id}\""), &format!("<{n}>\""))
                .replace(&format!("{id}\\\""), &format!("<{n}>\\\""));
            text = text.replace(&format!("{id}/"), &format!("<{n}>/"));
        }
        for (n, id) in now.iter().enumerate() {
            text = text.replace(&format!("<{n}>"), id);
        }
        serde_json::from_str(&text).unwrap()
    }

    pub(super) fn times(version: u32) -> (Timestamp, Timestamp) {
        let recorded: Self = serde_json::from_slice(&std::fs::read(file(version)).unwrap()).unwrap();
        (recorded.began, recorded.ended)
    }

    /// A hub of this build that has the recording's table, queues and secrets, beside the systems of `outside`.
    pub(super) async fn resume(&self, outside: &Stack) -> Stack {
        let outside = outside.environment().into_iter().filter(|(name, _)| name.starts_with("CROSSCHECK_ENDPOINT_"));
        let hub = stack_with(Options { outside: outside.collect(), ..Options::default() }).await;
        hub.clock.advance(hub.now().duration_until(self.ended));
        for (name, secret) in &self.secrets {
            let new = json!({"Name": name, "SecretString": secret, "ClientRequestToken": "recorded"});
            call(&hub, "secretsmanager.CreateSecret", &new).await;
        }
        for item in &self.items {
            call(&hub, "DynamoDB_20120810.PutItem", &json!({"TableName": "crosscheck", "Item": item})).await;
        }
        for (queue, body) in &self.messages {
            let send = json!({"QueueUrl": hub.aws.queue_url(queue), "MessageBody": body});
            call(&hub, "AmazonSQS.SendMessage", &send).await;
        }
        hub
    }
}

async fn call(stack: &Stack, target: &str, body: &Value) {
    let request = stack.http.post(&stack.aws.url).header("x-amz-target", target).body(body.to_string());
    assert!(request.send().await.unwrap().status().is_success(), "{target}");
}
