//! The access to an ATS that its own admin granted: tokens that rotate, and the key of the webhook that we made there.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;

/// From how long before its end an access token is replaced.
pub const REFRESH_AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Up to how long before its end an access token is still sent, while another one is being fetched.
const LAST_USE: SignedDuration = SignedDuration::from_secs(30);

/// How long a refresh token may rest: Lever's dies after 90 days without use.
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A pair of tokens; the next pair makes this one useless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    pub access: Secret,
    pub refresh: Secret,
    pub expires_at: Timestamp,
    pub refreshed_at: Timestamp,
}

impl Tokens {
    /// Whether the pair is to be replaced by whoever gets to it first.
    #[must_use]
    pub fn wants_refresh(&self, now: Timestamp) -> bool {
        now.duration_until(self.expires_at) <= REFRESH_AHEAD || self.refreshed_at.duration_until(now) >= LONGEST_REST
    }

    /// Whether the access token may still be sent.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        now.duration_until(self.expires_at) > LAST_USE
    }
}

/// The webhook that we made at the ATS, and what its events are signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookKey {
    pub id: String,
    pub token: Secret,
}

/// What a connection's secret holds of a granted access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    pub tokens: Tokens,
    /// Nothing until the webhook is made.
    #[serde(default)]
    pub hook: Option<HookKey>,
}

/// Why no tokens were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTokens {
    /// The grant is gone, or the code is no good: only the ATS's admin can grant it again.
    Revoked,
    /// The ATS does not take our own client id and secret, so that nobody's grant can be used.
    Client,
    /// Not now; whether the old pair still works is not known.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_replaced_five_minutes_early_or_after_thirty_days_and_used_until_half_a_minute_before_its_end() {
        let at = |seconds: i64| Timestamp::from_second(1_793_527_200 + seconds).unwrap();
        let tokens = Tokens {
            access: Secret::from("a"),
            refresh: Secret::from("r"),
            expires_at: at(3_600),
            refreshed_at: at(0),
        };
        assert!(!tokens.wants_refresh(at(3_299)));
        assert!(tokens.wants_refresh(at(3_300)));
        assert!(tokens.is_usable(at(3_569)) && !tokens.is_usable(at(3_570)));
        let long_lived = Tokens { expires_at: at(365 * 86_400), ..tokens };
        assert!(!long_lived.wants_refresh(at(30 * 86_400 - 1)) && long_lived.wants_refresh(at(30 * 86_400)));
    }
}
