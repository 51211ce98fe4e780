//! The three axes that are never folded into one: how far an order is, what came out, whether the ATS shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far an order is; never what came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Received,
    Held,
    Rejected,
    PendingCandidate,
    CandidateStarted,
    InProgress,
    ActionRequired,
    InDispute,
    Completed,
    Cancelled,
    Declined,
    Expired,
    Undeliverable,
}

impl OrderStatus {
    pub const ALL: [Self; 13] = [
        Self::Received,
        Self::Held,
        Self::Rejected,
        Self::PendingCandidate,
        Self::CandidateStarted,
        Self::InProgress,
        Self::ActionRequired,
        Self::InDispute,
        Self::Completed,
        Self::Cancelled,
        Self::Declined,
        Self::Expired,
        Self::Undeliverable,
    ];

    /// What a person reads.
    #[must_use]
    pub const fn shown_as(self) -> &'static str {
        match self {
            Self::Received => "Received",
            Self::Held => "On hold",
            Self::Rejected => "Not ordered",
            Self::PendingCandidate => "Pending candidate",
            Self::CandidateStarted => "Candidate started",
            Self::InProgress => "In progress",
            Self::ActionRequired => "Action required",
            Self::InDispute => "In dispute",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
            Self::Declined => "Candidate declined",
            Self::Expired => "Invitation expired",
            Self::Undeliverable => "Invitation not delivered",
        }
    }

    /// The code in the API, the table and the logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::PendingCandidate => "pending_candidate",
            Self::CandidateStarted => "candidate_started",
            Self::InProgress => "in_progress",
            Self::ActionRequired => "action_required",
            Self::InDispute => "in_dispute",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Undeliverable => "undeliverable",
        }
    }

    /// The status of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Its place on the way of an order; without a time of change a provider's truth moves an order only forward.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Received | Self::Held => 0,
            Self::PendingCandidate => 10,
            Self::CandidateStarted => 20,
            Self::InProgress | Self::ActionRequired => 30,
            Self::InDispute => 40,
            Self::Rejected
            | Self::Completed
            | Self::Cancelled
            | Self::Declined
            | Self::Expired
            | Self::Undeliverable => 50,
        }
    }

    #[must_use]
    pub const fn is_end(self) -> bool {
        self.rank() == 50
    }

    /// Whether a provider's newer truth may move an order from this status to `next`.
    ///
    /// Readings skip what happened in between, so whatever may be reached in several steps may be reached in one.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            // What only we know, the provider does not say.
            (_, Self::Received | Self::Held | Self::Rejected)
            | (Self::Rejected | Self::Cancelled | Self::Declined, _) => false,
            // A dispute re-opens a finished check, and ends with its result or with the check.
            (Self::Completed, next) => matches!(next, Self::InDispute | Self::Cancelled),
            (Self::InDispute, next) => matches!(next, Self::Completed | Self::Cancelled),
            // Checks may be added to a running one, so that the candidate is asked again; an admin of the provider may
            // invite again after a bounce or an expiry.
            _ => self as u8 != next as u8,
        }
    }
}

/// Who must act while an order stands at [`OrderStatus::ActionRequired`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionBy {
    Candidate,
    Client,
}

/// What came out, in our words; never a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultCode {
    Clear,
    Review,
    Ineligible,
    NotApplicable,
    Restricted,
    /// A word that the provider's table does not have; counts as review, never as clear.
    Custom,
    /// Finished without a score.
    None,
}

impl ResultCode {
    pub const ALL: [Self; 7] =
        [Self::Clear, Self::Review, Self::Ineligible, Self::NotApplicable, Self::Restricted, Self::Custom, Self::None];

    /// The code in the API, the table and the logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Review => "review",
            Self::Ineligible => "ineligible",
            Self::NotApplicable => "not_applicable",
            Self::Restricted => "restricted",
            Self::Custom => "custom",
            Self::None => "none",
        }
    }

    /// The result of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|result| result.code() == code)
    }
}

/// A result: our code, and the provider's or client's own text, which is what the ATS shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderResult {
    pub code: ResultCode,
    pub label: String,
}

/// Whether our latest write reached the ATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    Pending,
    /// A passing failure; the next attempt is known.
    Retrying,
    Delivered,
    /// Needs a named person; resumes by itself once cured.
    Blocked,
    /// Refused for good: there is nothing left to write to.
    Dead,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_only_ways_back_are_the_listed_ones() {
        use OrderStatus as S;
        let mut back = Vec::new();
        for from in S::ALL {
            for to in S::ALL {
                if from != to && from.may_become(to) && to.rank() <= from.rank() {
                    back.push(format!("{} -> {}", from.code(), to.code()));
                }
            }
        }
        insta::assert_snapshot!(back.join("\n"), @"
        candidate_started -> pending_candidate
        in_progress -> pending_candidate
        in_progress -> candidate_started
        in_progress -> action_required
        action_required -> pending_candidate
        action_required -> candidate_started
        action_required -> in_progress
        completed -> in_dispute
        completed -> cancelled
        expired -> pending_candidate
        expired -> candidate_started
        expired -> in_progress
        expired -> action_required
        expired -> in_dispute
        expired -> completed
        expired -> cancelled
        expired -> declined
        expired -> undeliverable
        undeliverable -> pending_candidate
        undeliverable -> candidate_started
        undeliverable -> in_progress
        undeliverable -> action_required
        undeliverable -> in_dispute
        undeliverable -> completed
        undeliverable -> cancelled
        undeliverable -> declined
        undeliverable -> expired
        ");
    }

    #[test]
    fn what_may_be_reached_in_steps_may_be_reached_at_once() {
        let all = OrderStatus::ALL;
        for (from, by, to) in all.iter().flat_map(|a| all.iter().flat_map(move |b| all.map(|c| (*a, *b, c)))) {
            if from.may_become(by) && by.may_become(to) && from != to {
                assert!(from.may_become(to), "{} -> {} -> {}", from.code(), by.code(), to.code());
            }
        }
    }

    #[test]
    fn an_order_that_ended_for_good_stays_ended() {
        for end in [OrderStatus::Cancelled, OrderStatus::Declined, OrderStatus::Rejected] {
            assert!(OrderStatus::ALL.into_iter().all(|next| !end.may_become(next)), "{}", end.code());
        }
    }
}
