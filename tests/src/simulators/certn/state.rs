//! What the account remembers.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::account::Account;
use super::lists::Envelope;
use super::orders::{LateCommit, NewCase};
use super::reports::{ReportFile, ReportSettings};
use super::webhooks::WebhookState;

/// One check of a case.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    pub id: String,
    pub check_type: String,
    pub finished: bool,
}

/// One order as Certn keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    pub id: String,
    pub short_id: String,
    pub package: String,
    pub email: String,
    pub group: Option<String>,
    pub ordered_by: Option<String>,
    pub tags: Vec<String>,
    pub status: String,
    pub score: Option<String>,
    pub created: Timestamp,
    pub modified: Timestamp,
    pub checks: Vec<Check>,
    /// The body of the order as the caller sent it.
    pub order_body: Value,
}

pub(super) struct StoredCase {
    pub(super) current: Case,
    pub(super) previous: Option<Case>,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) event_type: String,
    pub(super) object_id: String,
    pub(super) object_type: String,
    pub(super) case: String,
    pub(super) case_status: Option<String>,
    pub(super) created: Timestamp,
}

pub(super) struct RateLimits {
    per_minute: usize,
    per_day: usize,
    with_retry_after: bool,
    accepted: VecDeque<Timestamp>,
    pub(super) hits: usize,
}

impl RateLimits {
    pub(super) fn set(&mut self, per_minute: usize, per_day: usize, with_retry_after: bool) {
        self.per_minute = per_minute;
        self.per_day = per_day;
        self.with_retry_after = with_retry_after;
    }

    /// Counts one request, or gives the seconds to announce in a 429 (`None` where it announces nothing).
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Option<i64>> {
        let age = |at: &Timestamp| now.duration_since(*at);
        while self.accepted.front().is_some_and(|at| age(at) >= SignedDuration::from_hours(24)) {
            self.accepted.pop_front();
        }
        let minute = SignedDuration::from_secs(60);
        let in_last_minute = self.accepted.iter().rev().take_while(|at| age(at) < minute).count();
        let wait = if self.accepted.len() >= self.per_day {
            self.accepted.front().map_or(86_400, |at| 86_400 - age(at).as_secs())
        } else if in_last_minute >= self.per_minute {
            let oldest = self.accepted.len().checked_sub(in_last_minute).and_then(|index| self.accepted.get(index));
            oldest.map_or(60, |at| 60 - age(at).as_secs())
        } else {
            self.accepted.push_back(now);
            return Ok(());
        };
        self.hits += 1;
        Err(self.with_retry_after.then_some(wait.max(1)))
    }
}

pub(super) struct AccountState {
    seed: String,
    ids_given: u64,
    pub(super) account: Account,
    pub(super) orders_forbidden: bool,
    pub(super) second_orders_allowed: bool,
    pub(super) envelope: Envelope,
    pub(super) limits: RateLimits,
    pub(super) cases: Vec<StoredCase>,
    pub(super) invite_emails: Vec<(String, String)>,
    pub(super) stale_reads: u32,
    pub(super) late_commit: Option<LateCommit>,
    pub(super) pending: Vec<(NewCase, Option<Timestamp>)>,
    pub(super) events: Vec<Event>,
    pub(super) webhook: WebhookState,
    pub(super) report: ReportSettings,
    pub(super) report_files: Vec<ReportFile>,
    pub(super) download_expiry: HashMap<String, Timestamp>,
}

impl AccountState {
    pub(super) fn new(seed: String) -> Self {
        Self {
            seed,
            ids_given: 0,
            account: Account::default(),
            orders_forbidden: false,
            second_orders_allowed: false,
            envelope: Envelope::Pagination,
            limits: RateLimits {
                per_minute: 60,
                per_day: 7_220,
                with_retry_after: true,
                accepted: VecDeque::new(),
                hits: 0,
            },
            cases: Vec::new(),
            invite_emails: Vec::new(),
            stale_reads: 0,
            late_commit: None,
            pending: Vec::new(),
            events: Vec::new(),
            webhook: WebhookState::default(),
            report: ReportSettings::default(),
            report_files: Vec::new(),
            download_expiry: HashMap::new(),
        }
    }

    /// A fresh UUID: it looks random, yet a test repeated on the same address and clock gets the same ones.
    pub(super) fn new_id(&mut self) -> String {
        self.ids_given += 1;
        let digest = Sha256::digest(format!("{} {}", self.seed, self.ids_given));
        let bytes = digest.as_slice().first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    pub(super) fn case(&self, id: &str) -> Option<&StoredCase> {
        self.cases.iter().find(|stored| stored.current.id == id)
    }
}
