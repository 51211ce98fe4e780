//! What Asurint says of an order, in our words. Its customers choose the words for statuses and scores.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::settings::Settings;
use crate::id::ProviderOrderId;
use crate::mapping::key;
use crate::provider::{ReportPage, Truth};
use crate::status::{OrderResult, OrderStatus, ResultCode};
use crate::text::quoted;

/// For how long the score of a finished order is waited for.
const SCORE_AWAITED: SignedDuration = SignedDuration::from_mins(15);

/// The longest address of a report that is shown to a person.
const LONGEST_ADDRESS: usize = 1_000;

/// The word for an order that was just accepted: the candidate's invitation is sent.
pub(super) const JUST_PLACED: &str = "Pending Candidate";

/// What is said of an order, whichever codec it came in.
pub(super) struct Said {
    pub(super) order: ProviderOrderId,
    pub(super) status: Option<String>,
    pub(super) score: Option<String>,
    pub(super) report: Option<String>,
    pub(super) at: Option<Timestamp>,
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

impl Said {
    pub(super) fn truth(self, settings: &Settings) -> Truth {
        let (status, status_word) = status(self.status.as_deref().unwrap_or_default());
        let score = self.score.filter(|score| !is_blank(score));
        let awaits_score = status == OrderStatus::Completed && score.is_none();
        // A word that means nothing here may be mapped to "completed", and then the score counts.
        let is_unknown = status == OrderStatus::InProgress && status_word.is_some();
        let may_be_finished = status == OrderStatus::Completed || is_unknown;
        Truth {
            order: self.order,
            short_id: None,
            status: if awaits_score { OrderStatus::InProgress } else { status },
            status_word,
            action_by: None,
            result: score.filter(|_| may_be_finished).map(|score| result(&score)),
            awaits_score: awaits_score.then_some(SCORE_AWAITED),
            modified: self.at,
            checks: Vec::new(),
            report: self
                .report
                .and_then(|address| page(&address, settings))
                .map_or(ReportPage::Missing, ReportPage::At),
            ask_often: settings.polls,
        }
    }
}

/// The status, and the word itself where it is not one of the three that every customer has.
fn status(word: &str) -> (OrderStatus, Option<String>) {
    let status = match key(word).as_str() {
        "" => return (OrderStatus::InProgress, None),
        "pending candidate" => return (OrderStatus::PendingCandidate, None),
        "in progress" => return (OrderStatus::InProgress, None),
        "completed" => return (OrderStatus::Completed, None),
        "cancelled" => OrderStatus::Cancelled,
        "expired" => OrderStatus::Expired,
        "undeliverable" => OrderStatus::Undeliverable,
        "declined" => OrderStatus::Declined,
        _ => OrderStatus::InProgress,
    };
    (status, Some(quoted(word)))
}

/// The score as the customer words it; an unknown one counts as review, never as clear.
fn result(score: &str) -> OrderResult {
    let code = match key(score).as_str() {
        "eligible for hire" => ResultCode::Clear,
        "review" => ResultCode::Review,
        "ineligible for hire" => ResultCode::Ineligible,
        _ => ResultCode::Custom,
    };
    OrderResult { code, label: quoted(score) }
}

/// The report's page, if it lies where the settings say that reports lie, and is nothing but the address of a page.
fn page(address: &str, settings: &Settings) -> Option<Url> {
    let url = Url::parse(address.trim()).ok().filter(|url| url.as_str().len() <= LONGEST_ADDRESS)?;
    let host = url.host_str()?;
    let suffix = settings.report_host.as_str();
    let is_ours = host == suffix || host.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.port().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (url.scheme() == "https" && is_ours && is_plain).then_some(url)
}
