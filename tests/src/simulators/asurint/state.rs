//! What Asurint keeps of its clients and their orders.

use std::collections::{BTreeMap, HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::PostbackOptions;
use super::model::{Account, Client, LateCommit, Order, Package, ReportLink, Requester, Score, Status};
use super::placing::NewOrder;
use super::postbacks::{PostbackState, Postbacks};
use super::refusal::Refusal;

/// Requests of one client in the last minute.
#[derive(Default)]
pub(super) struct RateLimit {
    pub(super) per_minute: Option<usize>,
    pub(super) with_retry_after: bool,
    accepted: VecDeque<Timestamp>,
    pub(super) hits: usize,
}

impl RateLimit {
    pub(super) fn take(&mut self, now: Timestamp) -> Result<(), Refusal> {
        let Some(limit) = self.per_minute else { return Ok(()) };
        let age = |at: &Timestamp| now.duration_since(*at);
        while self.accepted.front().is_some_and(|at| age(at) >= SignedDuration::from_secs(60)) {
            self.accepted.pop_front();
        }
        if self.accepted.len() < limit {
            self.accepted.push_back(now);
            return Ok(());
        }
        self.hits += 1;
        let wait = self.accepted.front().map_or(60, |at| 60 - age(at).as_secs());
        Err(Refusal::throttled(self.with_retry_after.then_some(wait.max(1))))
    }
}

pub(super) struct ClientState {
    pub(super) client: Client,
    pub(super) packages: Vec<Package>,
    pub(super) accounts: Vec<Account>,
    pub(super) requesters: Vec<Requester>,
    pub(super) status_words: BTreeMap<Status, String>,
    pub(super) score_words: BTreeMap<Score, String>,
    pub(super) report_link: ReportLink,
    pub(super) orders_forbidden: bool,
    pub(super) limit: RateLimit,
    /// An attribute of `Order` that asks for an invitation, where support demanded one.
    pub(super) invitation_flag: Option<(String, String)>,
    pub(super) postbacks: Option<Postbacks>,
    pub(super) options: PostbackOptions,
    pub(super) drop_counter: usize,
}

impl ClientState {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            packages: Vec::new(),
            accounts: Vec::new(),
            requesters: Vec::new(),
            status_words: BTreeMap::new(),
            score_words: BTreeMap::new(),
            report_link: ReportLink::default(),
            orders_forbidden: false,
            limit: RateLimit::default(),
            invitation_flag: None,
            postbacks: None,
            options: PostbackOptions::default(),
            drop_counter: 0,
        }
    }

    pub(super) fn status_word(&self, status: Status) -> String {
        self.status_words.get(&status).cloned().unwrap_or_else(|| status.default_word().to_owned())
    }

    pub(super) fn score_word(&self, score: Score) -> String {
        self.score_words.get(&score).cloned().unwrap_or_else(|| score.default_word().to_owned())
    }

    /// Where the report of an order is, once there is one.
    pub(super) fn report_url(&self, order: &Order) -> Option<String> {
        if !matches!(order.stage, Status::InProgress | Status::Completed) {
            return None;
        }
        match &self.report_link {
            ReportLink::Portal => Some(format!("https://portal.asurint.example/r/{}", order.id)),
            ReportLink::Missing => None,
            ReportLink::Other(url) => Some(url.clone()),
        }
    }
}

pub(super) struct StoredOrder {
    pub(super) current: Order,
    pub(super) previous: Option<Order>,
    /// What was ordered, to tell a repetition from another order with the same quoteback.
    pub(super) content: String,
}

/// An accepted order that does not exist yet.
pub(super) struct PendingOrder {
    pub(super) client: String,
    pub(super) new: NewOrder,
    pub(super) due: Option<Timestamp>,
}

pub(super) struct Simulated {
    seed: String,
    ids_given: u64,
    pub(super) clients: BTreeMap<String, ClientState>,
    pub(super) orders: Vec<StoredOrder>,
    pub(super) pending: Vec<PendingOrder>,
    pub(super) late_commit: Option<LateCommit>,
    pub(super) next_refusal: Option<Refusal>,
    pub(super) invites: Vec<(String, String)>,
    pub(super) second_orders_allowed: bool,
    pub(super) refuses_credentials_in_band: bool,
    pub(super) stale_reads: u32,
    /// The client of each user token of the older gateway, and when the token ends.
    pub(super) tokens: HashMap<String, (String, Timestamp)>,
    pub(super) postbacks: PostbackState,
}

impl Simulated {
    pub(super) fn new(seed: String) -> Self {
        Self {
            seed,
            ids_given: 0,
            clients: BTreeMap::new(),
            orders: Vec::new(),
            pending: Vec::new(),
            late_commit: None,
            next_refusal: None,
            invites: Vec::new(),
            second_orders_allowed: false,
            refuses_credentials_in_band: false,
            stale_reads: 0,
            tokens: HashMap::new(),
            postbacks: PostbackState::default(),
        }
    }

    /// A fresh UUID: it looks random, yet a test repeated on the same address and clock gets the same ones.
    pub(super) fn new_id(&mut self) -> String {
        self.ids_given += 1;
        let digest = Sha256::digest(format!("{} {}", self.seed, self.ids_given));
        let bytes = digest.as_slice().first_chunk::<16>().copied().unwrap_or_default();
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    pub(super) fn order(&self, id: &str) -> Option<&Order> {
        self.orders.iter().map(|stored| &stored.current).find(|order| order.id == id)
    }
}
