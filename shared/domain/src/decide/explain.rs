//! What would become of a request, told to people: the decision beside what is stored of the same request.

use schemars::JsonSchema;
use serde::Serialize;

use super::Decision;
use crate::order::{Order, Placement};
use crate::provider::NewOrder;
use crate::reason::{Kind, NotForUs, Owner, Reason, Refusal};
use crate::trouble::Trouble;

/// What would become of a request, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Order,
    Refuse,
    Wait,
    NotForUs,
}

/// What would become of a request, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub verdict: Verdict,
    pub reason: Option<Refusal>,
    pub outcome: Option<NotForUs>,
    /// What would be ordered, where something would.
    pub order: Option<NewOrder>,
}

impl Expected {
    const fn because(verdict: Verdict, reason: Refusal) -> Self {
        Self { verdict, reason: Some(reason), outcome: None, order: None }
    }

    #[must_use]
    pub const fn refused(reason: Refusal) -> Self {
        Self::because(Verdict::Refuse, reason)
    }

    #[must_use]
    pub const fn waits(reason: Refusal) -> Self {
        Self::because(Verdict::Wait, reason)
    }

    /// Without an outcome where nothing is known of the request at all.
    #[must_use]
    pub const fn not_for_us(outcome: Option<NotForUs>) -> Self {
        Self { verdict: Verdict::NotForUs, reason: None, outcome, order: None }
    }

    /// What a decision comes to. `held` is why another order of the same request is not simply placed.
    #[must_use]
    pub fn of(decision: &Decision, held: Option<&Refusal>) -> Self {
        match (decision, held) {
            (Decision::NotForUs(why), _) => Self::not_for_us(Some(*why)),
            (_, Some(held)) if held.reason.kind() == Kind::Hold => Self::waits(held.clone()),
            (_, Some(held)) => Self::refused(held.clone()),
            (Decision::Refuse { refusal, .. }, None) => Self::refused(refusal.clone()),
            (Decision::Wait { trouble, .. }, None) => Self::of_trouble(trouble, Reason::ProviderUnavailable),
            (Decision::Order(order), None) => {
                Self { verdict: Verdict::Order, reason: None, outcome: None, order: Some(order.clone()) }
            }
        }
    }

    /// What it comes to that somebody could not be asked; `passing` is the reason of what passes by itself.
    #[must_use]
    pub fn of_trouble(trouble: &Trouble, passing: Reason) -> Self {
        match trouble {
            Trouble::Later { .. } => Self::waits(Refusal::new(passing)),
            Trouble::Because { refusal, .. } => match refusal.reason.kind() {
                Kind::Reject => Self::refused(refusal.clone()),
                Kind::Dead => Self { reason: Some(refusal.clone()), ..Self::not_for_us(Some(NotForUs::Unreadable)) },
                Kind::Hold | Kind::Block | Kind::ReportOnly => Self::waits(refusal.clone()),
            },
        }
    }

    /// What it comes to for a request whose order is stored: what that order waits for, unless it is decided anew.
    #[must_use]
    pub fn beside(self, stored: &Order, why: NotForUs) -> Self {
        let of_order = |otherwise| stored.refusal.clone().unwrap_or_else(|| Refusal::new(otherwise));
        match (&stored.placement, &stored.refusal) {
            (Placement::Refused, Some(told))
                if self.verdict == Verdict::Order && is_told_by_placing_alone(stored, told) =>
            {
                Self::refused(told.clone())
            }
            (Placement::Retry { .. }, Some(told))
                if self.verdict == Verdict::Order && is_told_by_placing_alone(stored, told) =>
            {
                Self::waits(told.clone())
            }
            (Placement::Refused | Placement::Retry { .. }, _) => self,
            (Placement::Parked | Placement::Uncertain { .. }, _) => Self::waits(of_order(Reason::OrderOutcomeUnknown)),
            (Placement::Placing { .. } | Placement::Placed, _) => Self::not_for_us(Some(why)),
        }
    }

    /// What happens next and who must do what, in a sentence or a few.
    #[must_use]
    pub fn in_words(&self, provider: &str, stored: Option<&Order>) -> String {
        match (self.verdict, &self.order, &self.reason) {
            (Verdict::Order, order, _) => {
                let what = order.as_ref().map_or_else(String::new, |order| {
                    let group = order.group.as_ref().map_or_else(String::new, |group| format!(" in the group {group}"));
                    format!(" the package \"{}\"{group}", order.package_name)
                });
                match stored.map(|stored| &stored.placement) {
                    Some(Placement::Retry { .. }) => {
                        format!(
                            "Nothing stands in the way any more: with its next try, or at once by a replay, the hub orders{what}."
                        )
                    }
                    Some(Placement::Refused) => format!(
                        "Nothing stands in the way any more: once the order is replayed, or the ATS asks for it again, the hub orders{what}."
                    ),
                    _ => format!("Nothing stands in the way: as soon as the ATS asks for it, the hub orders{what}."),
                }
            }
            (Verdict::Refuse, _, Some(refusal)) => {
                let until = if stored.is_some_and(|stored| is_told_by_placing_alone(stored, refusal)) {
                    "Only another attempt shows whether it is so still: after the cure, replay the order, or have it sent again."
                } else {
                    "Nothing is ordered until then."
                };
                format!("{} {until} {}", refusal.sentence(provider), cure(refusal))
            }
            (Verdict::Wait, _, Some(refusal)) => format!("{} {}", refusal.sentence(provider), cure(refusal)),
            (Verdict::NotForUs, ..) | (_, _, None) => {
                let known = stored.filter(|stored| !stored.is_refused());
                let order = known.map(|stored| {
                    let at = stored.provider_reference();
                    let at = at.map_or_else(String::new, |reference| format!(" ({provider}: {reference})"));
                    format!("The order {}{at} of it stands at \"{}\". ", stored.id.short(), stored.status.shown_as())
                });
                format!("{}{}", order.unwrap_or_default(), explained(self.outcome))
            }
        }
    }
}

/// Whether no reading shows if it is so still: the provider said it to an attempt to place the order.
fn is_told_by_placing_alone(stored: &Order, told: &Refusal) -> bool {
    match told.reason {
        // That it waited too long is no less so because nothing stands in its way now.
        Reason::ProviderPermission | Reason::HeldExpired => true,
        Reason::ProviderRefused | Reason::InvalidEmail | Reason::MissingCandidateData | Reason::ProviderUnavailable => {
            stored.first_intent_at.is_some()
        }
        _ => false,
    }
}

fn cure(refusal: &Refusal) -> String {
    match refusal.reason.owner() {
        Owner::Nobody => format!("What to do: {}", refusal.reason.cure()),
        owner => format!("For the {}: {}", owner.name(), refusal.reason.cure()),
    }
}

const fn explained(outcome: Option<NotForUs>) -> &'static str {
    match outcome {
        None => "Nothing is known of such a request: the ATS has not said anything about it yet.",
        Some(NotForUs::DuplicateDelivery) => "This very request was answered before, so nothing is ordered again.",
        Some(NotForUs::DuplicateOpenOrder) => "While it is open, nothing else is ordered for the same request.",
        Some(NotForUs::NotTriggerStatus) => {
            "The application is not in a status or stage that starts a check: the recruiter moves it there."
        }
        Some(NotForUs::StaleTrigger) => {
            "The application has left the status or stage that starts a check: the recruiter moves it there again."
        }
        Some(NotForUs::UnknownEventType) => "Such an event asks for no check: nothing has to be done.",
        Some(NotForUs::TestPing) => "The ATS only tried whether its webhook arrives: nothing has to be done.",
        Some(NotForUs::UnknownOrder) => "The provider tells of an order that the hub did not place.",
        Some(NotForUs::Disconnected) => {
            "The hub has no access to the ATS: its administrator grants it, then the recruiter asks again."
        }
        Some(NotForUs::Erased) => {
            "What was kept of this application was erased, so nothing is ordered for it any more."
        }
        Some(NotForUs::Unreadable) => "The ATS does not have it, or not any more: nothing can be ordered.",
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::order::{Planned, Timing};

    fn order(change: impl FnOnce(Planned) -> Order) -> Order {
        let id = |text: &str| crate::id::AtsId::parse(text).unwrap();
        change(Planned {
            id: crate::id::OrderId::parse("orderorder").unwrap(),
            connection: crate::connection::tests::connection().0.id,
            ats: "icims".to_owned(),
            subject: crate::request::Subject { application: id("1"), request: None, requester: None, status: id("2") },
            generation: 0,
            package: None,
            package_name: None,
            group: None,
            ordered_by: None,
            candidate_mark: None,
            status_ids_agree: false,
            entered_at: None,
            request_kept_until: None,
        })
    }

    fn ordering() -> Expected {
        Expected { verdict: Verdict::Order, reason: None, outcome: None, order: None }
    }

    fn waiting(reason: Reason) -> Order {
        let trouble = Trouble::because(Refusal::new(reason), "test");
        order(|planned| Order::wait(planned, &trouble, Timestamp::UNIX_EPOCH, &Timing::default()).0)
    }

    fn check(stored: &Order, verdict: Verdict, reason: Option<Reason>) {
        let expected = ordering().beside(stored, NotForUs::DuplicateOpenOrder);
        assert_eq!((expected.verdict, expected.reason.map(|refusal| refusal.reason)), (verdict, reason));
    }

    #[test]
    fn a_parked_order_waits_for_its_own_reason_and_a_refused_one_is_decided_anew() {
        let (now, timing) = (Timestamp::UNIX_EPOCH, Timing::default());
        for reason in [Reason::OrderOutcomeUnknown, Reason::PossibleDuplicate] {
            let parked = order(|planned| Order::park(planned, Refusal::new(reason), now, &timing));
            check(&parked, Verdict::Wait, Some(reason));
        }
        let refused = order(|planned| Order::refuse(planned, Refusal::new(Reason::NoEmail), now, &timing));
        check(&refused, Verdict::Order, None);
        check(&waiting(Reason::ConnectionPaused), Verdict::Order, None);
        check(&waiting(Reason::ProviderPermission), Verdict::Wait, Some(Reason::ProviderPermission));
        check(&order(|planned| Order::intend(planned, now)), Verdict::NotForUs, None);
    }

    #[test]
    fn every_reason_names_its_owner_and_the_cure_and_every_outcome_says_something() {
        for reason in Reason::ALL.iter().filter(|reason| reason.kind() != Kind::Dead) {
            let refusal = Refusal::about(*reason, "x");
            let words = Expected::of_trouble(&Trouble::because(refusal, "test"), Reason::AtsUnavailable);
            let words = words.in_words("Certn", None);
            let owner = if reason.owner() == Owner::Nobody { "What to do" } else { reason.owner().name() };
            assert!(words.contains(owner) && words.contains(reason.cure()), "{words}");
        }
        let passing = Expected::of_trouble(&Trouble::later("test"), Reason::AtsUnavailable);
        assert_eq!((passing.verdict, passing.reason.unwrap().reason), (Verdict::Wait, Reason::AtsUnavailable));
        let gone = Trouble::because(Refusal::new(Reason::AtsRecordGone), "test");
        assert_eq!(Expected::of_trouble(&gone, Reason::AtsUnavailable).outcome, Some(NotForUs::Unreadable));
    }
}
