//! The three axes that are never folded into one: how far an order is, what came out, whether the ATS shows it.

use serde::{Deserialize, Serialize};

/// How far an order is; never what came out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// Its place on the way of an order; a provider's truth moves an order only forward, but for [`may_become`].
    ///
    /// [`may_become`]: Self::may_become
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
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            // A dispute re-opens a finished check; checks may be added to a running one; an admin of the provider
            // may invite again after a bounce or an expiry.
            (Self::Completed, Self::InDispute)
            | (Self::InDispute, Self::Completed)
            | (Self::InProgress, Self::ActionRequired | Self::PendingCandidate)
            | (Self::ActionRequired, Self::InProgress)
            | (
                Self::Expired | Self::Undeliverable,
                Self::PendingCandidate | Self::CandidateStarted | Self::InProgress | Self::Completed,
            ) => true,
            _ => !self.is_end() && next.rank() > self.rank() && !matches!(next, Self::Rejected),
        }
    }
}

/// Who must act while an order stands at [`OrderStatus::ActionRequired`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionBy {
    Candidate,
    Client,
}

/// What came out, in our words; never a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// A result: our code, and the provider's or client's own text, which is what the ATS shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderResult {
    pub code: ResultCode,
    pub label: String,
}

/// Whether our latest write reached the ATS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
        in_progress -> pending_candidate
        in_progress -> action_required
        action_required -> in_progress
        completed -> in_dispute
        expired -> pending_candidate
        expired -> candidate_started
        expired -> in_progress
        expired -> completed
        undeliverable -> pending_candidate
        undeliverable -> candidate_started
        undeliverable -> in_progress
        undeliverable -> completed
        ");
    }

    #[test]
    fn an_order_that_ended_for_good_stays_ended() {
        for end in [OrderStatus::Cancelled, OrderStatus::Declined, OrderStatus::Rejected] {
            assert!(OrderStatus::ALL.into_iter().all(|next| !end.may_become(next)), "{}", end.code());
        }
    }
}
