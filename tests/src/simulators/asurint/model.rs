//! The things that tests name: clients, what support sets up for them, orders and their life.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One customer of Asurint, as the hub knows it: the id that support gave out, and the user that orders.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub username: String,
    pub password: String,
}

/// A bundle of searches; two may have the same name, and a name may end in spaces.
#[derive(Clone, Debug)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub active: bool,
}

/// What orders are booked on, and who sees them.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub active: bool,
    /// The ids of its locations.
    pub locations: Vec<String>,
}

/// A person of the customer in whose name is ordered.
#[derive(Clone, Debug)]
pub struct Requester {
    pub email: String,
    pub active: bool,
}

/// The two vocabularies: the JSON API and the XML order gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    Json,
    Oml,
}

/// Where an order stands, whatever the customer's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    PendingCandidate,
    InProgress,
    Completed,
    Cancelled,
    Expired,
    Undeliverable,
    Declined,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::PendingCandidate,
        Self::InProgress,
        Self::Completed,
        Self::Cancelled,
        Self::Expired,
        Self::Undeliverable,
        Self::Declined,
    ];

    /// The word that a customer sees who chose no other.
    #[must_use]
    pub const fn default_word(self) -> &'static str {
        match self {
            Self::PendingCandidate => "Pending Candidate",
            Self::InProgress => "In Progress",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
            Self::Expired => "Expired",
            Self::Undeliverable => "Undeliverable",
            Self::Declined => "Declined",
        }
    }

    /// Whether an order needs no more work, so that a new one would not be a second one.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::PendingCandidate | Self::InProgress)
    }
}

/// The three scores that every customer has, whatever the words for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Score {
    Eligible,
    Review,
    Ineligible,
}

impl Score {
    /// The word that a customer sees who chose no other.
    #[must_use]
    pub const fn default_word(self) -> &'static str {
        match self {
            Self::Eligible => "Eligible for Hire",
            Self::Review => "Review",
            Self::Ineligible => "Ineligible for Hire",
        }
    }
}

/// One order as Asurint keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    pub id: String,
    pub client: String,
    /// How it was ordered.
    pub codec: Codec,
    pub quote_back: String,
    /// The package's id.
    pub package: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub phone: Option<String>,
    pub reference1: Option<String>,
    pub reference2: Option<String>,
    pub requester: Option<String>,
    pub account: Option<String>,
    pub location: Option<String>,
    pub callback_url: Option<String>,
    pub stage: Status,
    /// The customer's word for where it stands.
    pub status: String,
    /// The customer's word for how it ended.
    pub score: Option<String>,
    /// Whether the candidate opened Candidate Hub.
    pub opened: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// Where `reportUrl` leads to, from the moment that the candidate's forms are complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ReportLink {
    /// To the customer's portal.
    #[default]
    Portal,
    Missing,
    /// To any other address.
    Other(String),
}

/// When the order of a caller appears whose connection was closed.
#[derive(Clone, Copy, Debug)]
pub enum LateCommit {
    /// When the test says so.
    OnDemand,
    /// This much later by the simulator's clock, or earlier when the test says so.
    AfterMs(u32),
}
