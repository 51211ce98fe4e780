//! What the ATS should show of an order, in no ATS's words.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Order, Timing};
use crate::id::OrderId;
use crate::provider::{CheckProgress, ReportPage};
use crate::reason::{Reason, Refusal};
use crate::status::{ActionBy, OrderResult, OrderStatus, ResultCode};

/// Which link goes with it. The address itself is made at the moment of writing and stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    None,
    /// As the connection says: our expiring link to the PDF, or the provider's page.
    Report,
    /// There should be one, and the provider gave none that can be shown.
    Missing,
}

/// One state of an order as people see it. It holds nothing of the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub order: OrderId,
    pub status: OrderStatus,
    pub action_by: Option<ActionBy>,
    pub refusal: Option<Refusal>,
    pub result: Option<OrderResult>,
    /// What the reader does next; empty where there is nothing to do. `{provider}` is filled in when it is written.
    pub sentence: String,
    pub package_name: Option<String>,
    /// The order as people name it at the provider.
    #[serde(default)]
    pub reference: Option<String>,
    /// The client's own word for the status.
    #[serde(default)]
    pub status_word: Option<String>,
    /// The provider's name as people know it; filled in when it is written.
    #[serde(skip)]
    pub provider: String,
    pub link: LinkKind,
    #[serde(default)]
    pub checks: Vec<CheckProgress>,
    /// It was completed before, so that this is a correction of what the reader knows.
    #[serde(default)]
    pub was_completed: bool,
    /// Since when it is so.
    pub at: Timestamp,
}

impl View {
    /// What is shown in a few words: the provider's own words at the end, ours before.
    #[must_use]
    pub fn headline(&self) -> String {
        match (&self.refusal, &self.result) {
            (Some(refusal), _) => refusal.reason.label().to_owned(),
            (None, Some(result)) if self.status == OrderStatus::Completed => match result.code {
                ResultCode::None => "No result given".to_owned(),
                _ => result.label.clone(),
            },
            _ => match (self.status, self.action_by) {
                (OrderStatus::PendingCandidate, _) => "Invitation sent".to_owned(),
                (OrderStatus::ActionRequired, Some(ActionBy::Client)) => "Waiting for you".to_owned(),
                (OrderStatus::ActionRequired, _) => "Waiting for candidate".to_owned(),
                (status, _) => status.shown_as().to_owned(),
            },
        }
    }

    /// Whether a reader would see no difference; the time does not count.
    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        Self { at: other.at, ..self.clone() } == *other
    }

    /// The view with the provider's name in its sentence.
    #[must_use]
    pub fn named(mut self, provider: &str) -> Self {
        self.sentence = match &self.refusal {
            Some(refusal) => refusal.sentence(provider),
            None if self.link == LinkKind::Missing => Refusal::new(Reason::ReportFailed).sentence(provider),
            None => self.sentence.replace("{provider}", provider),
        };
        provider.clone_into(&mut self.provider);
        self
    }
}

impl Order {
    /// What the ATS should show now, or nothing where it should show nothing new.
    pub(super) fn view(&self, now: Timestamp, timing: &Timing) -> Option<View> {
        let impatient = self.asked_at().duration_until(now) >= timing.patience;
        let worth_showing = match self.status {
            OrderStatus::Received => false,
            // A wait that passes by itself is told only when it lasts.
            OrderStatus::Held => impatient || self.refusal.as_ref().is_some_and(|r| r.reason.is_recruiters()),
            _ => true,
        };
        worth_showing.then(|| self.shown())
    }

    /// The order as people name it at the provider, once it is there.
    #[must_use]
    pub fn provider_reference(&self) -> Option<String> {
        let order = self.provider_order.as_ref().map(|order| order.as_str().to_owned());
        self.provider_short_id.clone().or(order)
    }

    fn link(&self) -> LinkKind {
        match (&self.report_page, self.status == OrderStatus::Completed) {
            (ReportPage::At(_), _) | (ReportPage::ByNumber, true) => LinkKind::Report,
            (ReportPage::Missing, true) => LinkKind::Missing,
            (ReportPage::ByNumber | ReportPage::Missing, false) => LinkKind::None,
        }
    }

    /// The order as people would see it now.
    pub(super) fn shown(&self) -> View {
        View {
            order: self.id.clone(),
            status: self.status,
            action_by: self.action_by,
            refusal: self.refusal.clone(),
            result: self.result.clone(),
            sentence: if self.was_cancelled_here() { NEVER_SENT } else { sentence(self.status, self.action_by) }
                .to_owned(),
            package_name: self.package_name.clone(),
            reference: self.provider_reference(),
            status_word: self.status_word.clone(),
            provider: String::new(),
            link: self.link(),
            checks: self.checks.clone(),
            was_completed: self.was_completed,
            at: self.status_at.round_to_second(),
        }
    }
}

const NEVER_SENT: &str = "The check was cancelled by your administrator before it was sent to {provider}.";

const fn sentence(status: OrderStatus, action_by: Option<ActionBy>) -> &'static str {
    match status {
        OrderStatus::Undeliverable => {
            "The invitation could not be delivered. Check the e-mail address, then ask {provider} to re-invite or send again."
        }
        OrderStatus::Expired => "The candidate did not complete the form in time. Send again if still needed.",
        OrderStatus::Declined => "The candidate declined the check.",
        OrderStatus::Cancelled => "The check was cancelled at {provider}.",
        OrderStatus::ActionRequired => match action_by {
            Some(ActionBy::Client) => "{provider} is waiting for you.",
            _ => "{provider} is waiting for the candidate.",
        },
        _ => "",
    }
}

trait RoundToSecond {
    fn round_to_second(self) -> Self;
}

impl RoundToSecond for Timestamp {
    fn round_to_second(self) -> Self {
        let fraction = SignedDuration::from_nanos(i64::from(self.subsec_nanosecond()));
        self.saturating_sub(fraction).unwrap_or(self)
    }
}
