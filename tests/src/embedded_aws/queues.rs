//! A queue in memory, or in a file: at least once, in no promised order, with a dead-letter queue behind it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::simulators::shared::lock;

/// How often a message is handed out before it is put aside, as in the template.
const MAX_RECEIVES: u32 = 5;

/// How soon a message that failed comes again; on AWS it is the visibility time-out.
const AGAIN: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    id: String,
    body: String,
    receives: u32,
    #[serde(skip)]
    taken: bool,
    #[serde(skip)]
    not_before: Option<Instant>,
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    waiting: Vec<Message>,
    dead: Vec<Message>,
}

/// A queue with its dead letters.
#[derive(Clone)]
pub struct LocalQueue {
    state: Arc<Mutex<State>>,
    file: Option<PathBuf>,
    arrived: Arc<Notify>,
}

/// Up to ten messages as a function gets them.
pub struct Batch {
    pub event: SqsEvent,
    ids: Vec<String>,
}

impl LocalQueue {
    pub(super) fn open(file: Option<PathBuf>) -> std::io::Result<Self> {
        let kept = match file.as_ref().filter(|file| file.exists()) {
            Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
            None => State::default(),
        };
        Ok(Self { state: Arc::new(Mutex::new(kept)), file, arrived: Arc::default() })
    }

    fn keep(&self, state: &State) -> std::io::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let part = file.with_extension("part");
        std::fs::write(&part, serde_json::to_vec(state)?)?;
        std::fs::rename(part, file)
    }

    pub(super) fn send(&self, body: &str) -> std::io::Result<String> {
        let id = Uuid::from_u128(rand()).to_string();
        let message = Message { id: id.clone(), body: body.to_owned(), receives: 0, taken: false, not_before: None };
        let mut state = lock(&self.state);
        state.waiting.push(message);
        self.keep(&state)?;
        drop(state);
        self.arrived.notify_one();
        Ok(id)
    }

    /// Waits for messages and takes up to ten of them.
    pub async fn take(&self) -> Batch {
        loop {
            if let Some(batch) = self.try_take() {
                return batch;
            }
            // Messages that come again have no arrival to wake us.
            let _ = tokio::time::timeout(AGAIN / 2, self.arrived.notified()).await;
        }
    }

    fn try_take(&self) -> Option<Batch> {
        let mut state = lock(&self.state);
        let now = Instant::now();
        let mut batch = Batch { event: SqsEvent::default(), ids: Vec::new() };
        let ready = |message: &&mut Message| !message.taken && message.not_before.is_none_or(|at| at <= now);
        for message in state.waiting.iter_mut().filter(ready).take(10) {
            message.taken = true;
            message.receives += 1;
            let mut record = SqsMessage::default();
            record.message_id = Some(message.id.clone());
            record.body = Some(message.body.clone());
            batch.event.records.push(record);
            batch.ids.push(message.id.clone());
        }
        (!batch.ids.is_empty()).then_some(batch)
    }

    /// Removes what was handled; what failed comes again, or is put aside after the last time.
    pub fn settle(&self, ids: Vec<String>, response: &SqsBatchResponse) {
        let failed: Vec<&str> = response.batch_item_failures.iter().map(|f| f.item_identifier.as_str()).collect();
        let mut state = lock(&self.state);
        for id in ids {
            let Some(at) = state.waiting.iter().position(|message| message.id == id) else { continue };
            let mut message = state.waiting.remove(at);
            if !failed.contains(&id.as_str()) {
                continue;
            }
            message.taken = false;
            if message.receives >= MAX_RECEIVES {
                state.dead.push(message);
            } else {
                message.not_before = Some(Instant::now() + AGAIN);
                state.waiting.push(message);
            }
        }
        // Where the file cannot be written, the messages come again after a restart, which is allowed.
        let _ = self.keep(&state);
    }

    #[must_use]
    pub fn is_idle(&self) -> bool {
        lock(&self.state).waiting.is_empty()
    }

    #[must_use]
    pub fn dead_letters(&self) -> usize {
        lock(&self.state).dead.len()
    }
}

impl Batch {
    /// The event for the function and the ids to settle afterwards.
    #[must_use]
    pub fn into_parts(self) -> (SqsEvent, Vec<String>) {
        (self.event, self.ids)
    }
}

fn rand() -> u128 {
    runtime::random::bytes::<16>().map_or(0, u128::from_be_bytes)
}
