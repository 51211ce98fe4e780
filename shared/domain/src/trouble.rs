//! What went wrong with an outside system, grouped by what the caller does next.

use std::fmt;
use std::time::Duration;

use crate::http::{HttpFailure, HttpOutcome, HttpResponse, NotSent};
use crate::reason::{Reason, Refusal};

/// A cause for the log: statuses, codes and attribute names. No text that a vendor wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a call did not give its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It passes: try again, after the given time where the other side or our budget said so.
    Later { cause: Cause, after: Option<Duration> },
    /// It does not pass by itself: the reason says whether to refuse, to wait for a person or to give up.
    Because { refusal: Refusal, cause: Cause },
}

impl Trouble {
    #[must_use]
    pub fn later(cause: impl Into<String>) -> Self {
        Self::Later { cause: Cause::new(cause), after: None }
    }

    #[must_use]
    pub fn because(refusal: Refusal, cause: impl Into<String>) -> Self {
        Self::Because { refusal, cause: Cause::new(cause) }
    }

    #[must_use]
    pub const fn cause(&self) -> &Cause {
        match self {
            Self::Later { cause, .. } | Self::Because { cause, .. } => cause,
        }
    }

    /// Whether the other side was not asked at all, because we had no call or no time left.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        [NO_CALL_LEFT, NO_TIME_LEFT].iter().any(|ours| self.cause().0.ends_with(ours))
    }

    /// Whether another look at the stored secret could cure it.
    #[must_use]
    pub const fn is_about_credentials(&self) -> bool {
        matches!(self, Self::Because { refusal, .. }
            if matches!(refusal.reason, Reason::AtsCredentials | Reason::ProviderCredentials))
    }
}

const NO_CALL_LEFT: &str = "our call budget is spent";
const NO_TIME_LEFT: &str = "not enough time left to ask";

/// The trouble behind a call without a response.
#[must_use]
pub fn no_response(system: &str, failure: &HttpFailure) -> Trouble {
    match failure {
        HttpFailure::NotSent(NotSent::Connect) => Trouble::later(format!("{system}: no connection")),
        HttpFailure::NotSent(NotSent::Deadline) => Trouble::later(format!("{system}: {NO_TIME_LEFT}")),
        HttpFailure::NotSent(NotSent::Budget(wait)) => {
            Trouble::Later { cause: Cause::new(format!("{system}: {NO_CALL_LEFT}")), after: Some(*wait) }
        }
        HttpFailure::NotSent(NotSent::ForeignHost) => Trouble::because(
            Refusal::about(Reason::ProviderRefused, "host"),
            format!("{system}: the host is not on the allow-list"),
        ),
        HttpFailure::NotSent(NotSent::NoToken(why)) => Trouble::later(format!("{system}: no access token ({why:?})")),
        HttpFailure::Unclear(how) => Trouble::later(format!("{system}: {how}")),
    }
}

/// What a POST that must not happen twice came to. Total: every outcome is one of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostOutcome<T> {
    Accepted(T),
    /// It certainly had no effect.
    NoEffect(Trouble),
    /// It may or may not have had one.
    Unclear(Cause),
}

/// Tells apart what a POST came to. `read` takes the answer out of a 2xx; `explain` says what a definite refusal means.
pub fn classify_post<T>(
    system: &str,
    outcome: HttpOutcome,
    read: impl FnOnce(&HttpResponse) -> Option<T>,
    explain: impl FnOnce(&HttpResponse) -> Trouble,
) -> PostOutcome<T> {
    match outcome {
        Err(HttpFailure::Unclear(how)) => PostOutcome::Unclear(Cause::new(format!("{system}: {how}"))),
        Err(not_sent @ HttpFailure::NotSent(_)) => PostOutcome::NoEffect(no_response(system, &not_sent)),
        Ok(response) => match response.status {
            200..=299 => read(&response).map_or_else(
                || PostOutcome::Unclear(Cause::new(format!("{system}: HTTP {} without an id", response.status))),
                PostOutcome::Accepted,
            ),
            400 | 401 | 403 | 404 | 422 | 429 => PostOutcome::NoEffect(explain(&response)),
            status => PostOutcome::Unclear(Cause::new(format!("{system}: HTTP {status}"))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(outcome: HttpOutcome) -> &'static str {
        let read = |r: &HttpResponse| (!r.body.is_empty()).then_some(());
        match classify_post("certn", outcome, read, |r| Trouble::later(r.status.to_string())) {
            PostOutcome::Accepted(()) => "accepted",
            PostOutcome::NoEffect(_) => "no effect",
            PostOutcome::Unclear(_) => "unclear",
        }
    }

    fn answer(status: u16, body: &str) -> HttpOutcome {
        Ok(HttpResponse { status, headers: Vec::new(), body: body.into() })
    }

    #[test]
    fn every_status_has_one_class_and_only_the_listed_ones_have_no_effect() {
        let no_effect: Vec<u16> = (100..1000).filter(|s| class(answer(*s, "")) == "no effect").collect();
        assert_eq!(no_effect, [400, 401, 403, 404, 422, 429]);
        let accepted: Vec<u16> = (100..1000).filter(|s| class(answer(*s, "{}")) == "accepted").collect();
        assert_eq!(accepted, (200..300).collect::<Vec<_>>());
        assert_eq!(class(answer(201, "")), "unclear");
    }

    #[test]
    fn what_we_did_not_ask_is_told_from_what_was_not_answered() {
        let unasked = |failure| no_response("certn", &failure).is_unasked();
        assert!(unasked(HttpFailure::NotSent(NotSent::Deadline)));
        assert!(unasked(HttpFailure::NotSent(NotSent::Budget(Duration::ZERO))));
        assert!(!unasked(HttpFailure::NotSent(NotSent::Connect)) && !unasked(HttpFailure::Unclear("time-out")));
    }

    #[test]
    fn only_what_never_left_is_known_to_have_had_no_effect() {
        for reason in [NotSent::Connect, NotSent::Deadline, NotSent::Budget(Duration::ZERO), NotSent::ForeignHost] {
            assert_eq!(class(Err(HttpFailure::NotSent(reason))), "no effect");
        }
        assert_eq!(class(Err(HttpFailure::Unclear("time-out"))), "unclear");
    }
}
