//! Finds what would become of a request, as the worker that places orders would, but without a trace of it.

use domain::decide::Decision;
use domain::decide::explain::{Expected, Verdict};
use domain::decide::repeat::{self, Asked as AskedAgain, Repeat};
use domain::id::OrderId;
use domain::mapping::Mappings;
use domain::order::{Order, Placement};
use domain::provider::Package;
use domain::reason::{Kind, NotForUs, Reason, Refusal};
use domain::request::{Barrier, CheckRequest, Subject};
use domain::trace::Trace;
use domain::trouble::Trouble;
use jiff::SignedDuration;

use super::answer::{Fresh, Repetition, told};
use super::asked::{About, Asked};
use crate::checks;
use crate::deadline::Deadline;
use crate::hub::Hub;
use crate::store::{Connected, StoreError};

/// What would become of a request.
#[derive(Debug)]
pub(super) struct Finding {
    expected: Expected,
    trace: Trace,
    repetition: Option<Repetition>,
    stored: Option<Order>,
    /// What an admin should know beside it.
    note: &'static str,
}

impl Finding {
    fn of(expected: Expected, trace: Trace, stored: Option<Order>) -> Self {
        Self { expected, trace, repetition: None, stored, note: "" }
    }

    pub(super) fn shown(self, provider: &str) -> Fresh {
        let Self { expected, trace, repetition, stored, note } = self;
        let words = expected.in_words(provider, stored.as_ref());
        Fresh {
            verdict: expected.verdict,
            in_words: format!("{words}{note}"),
            reason: expected.reason.as_ref().map(|refusal| told(refusal, provider)),
            outcome: expected.outcome,
            trace,
            would_order: expected.order.map(Into::into),
            repetition,
        }
    }
}

/// With the mappings as they are, and with those that are proposed.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) now: Finding,
    pub(super) proposed: Option<Finding>,
}

/// The same whatever is mapped.
fn whatever(proposed: Option<&Mappings>, find: impl Fn() -> Finding) -> Found {
    Found { now: find(), proposed: proposed.map(|_| find()) }
}

pub(super) async fn found(
    hub: &Hub,
    connected: &Connected,
    asked: &Asked,
    setup: Option<&Refusal>,
    proposed: Option<Mappings>,
    deadline: Deadline,
) -> Result<Found, StoreError> {
    let subject = match &asked.about {
        About::Request(subject) => subject,
        About::NoRequest(why) => {
            let expected = match (why, setup) {
                (None, Some(setup)) => Expected::waits(setup.clone()),
                (why, _) => Expected::not_for_us(*why),
            };
            return Ok(whatever(proposed.as_ref(), || {
                let mut trace = Trace::default();
                trace.note("the question", why.map_or("nothing that is known", NotForUs::code), "not for us");
                Finding::of(expected.clone(), trace, None)
            }));
        }
    };
    // What only time changes is so already, whether somebody wrote it or not.
    let at_hand = asked.at_hand.clone().map(|mut order| {
        order.settled(hub.clock.now(), &hub.config.timing);
        order
    });
    if let Some(finding) = asked.at_hand.as_ref().zip(at_hand.as_ref()).and_then(|(was, is)| of_its_own(was, is)) {
        return Ok(whatever(proposed.as_ref(), || {
            let (expected, trace) = finding.clone();
            Finding::of(expected, trace, at_hand.clone())
        }));
    }
    let mut request = match Box::pin(checks::read_as_is(hub, connected, subject, deadline)).await {
        Ok(request) => request,
        Err(trouble) => {
            let (expected, stored, note) = Box::pin(unread(hub, connected, subject, &trouble, setup)).await?;
            let stored = at_hand.or(stored);
            return Ok(whatever(proposed.as_ref(), || {
                let mut trace = Trace::default();
                trace.note("reading the request", trouble.cause().to_string(), outcome(expected.verdict));
                Finding { note, ..Finding::of(expected.clone(), trace, stored.clone()) }
            }));
        }
    };
    if at_hand.as_ref().is_some_and(|order| !order.is_settled()) {
        // That the application was moved on does not take back an order that waits.
        request.barrier = request.barrier.filter(|barrier| matches!(barrier, Barrier::Refusal(_)));
    }
    if asked.where_it_is && request.barrier == Some(Barrier::NotForUs(NotForUs::StaleTrigger)) {
        request.barrier = Some(Barrier::NotForUs(NotForUs::NotTriggerStatus));
    }
    let packages = Box::pin(checks::packages(hub, connected, deadline, SignedDuration::ZERO)).await;
    let look =
        Look { hub, connected, asked, at_hand: at_hand.as_ref(), request: &request, packages: &packages, deadline };
    let now = Box::pin(look.decided(&connected.mappings)).await?;
    let proposed = match proposed {
        Some(proposed) => Some(Box::pin(look.decided(&connected.mappings.with(proposed.0))).await?),
        None => None,
    };
    Ok(Found { now, proposed })
}

const fn outcome(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Order => "ok",
        Verdict::Refuse => "refused",
        Verdict::Wait => "waits",
        Verdict::NotForUs => "not for us",
    }
}

/// What an order at hand waits for, whatever would be decided anew: a person, a look at the provider, or that somebody
/// writes that its time is over.
fn of_its_own(was: &Order, is: &Order) -> Option<(Expected, Trace)> {
    let mut trace = Trace::default();
    let expected = match is.placement {
        Placement::Parked | Placement::Uncertain { .. } | Placement::Placing { .. } => {
            let unknown = is.refusal.clone().unwrap_or_else(|| Refusal::new(Reason::OrderOutcomeUnknown));
            trace.note("the stored order", unknown.reason.code(), "waits");
            Expected::waits(unknown)
        }
        Placement::Refused if was.placement != Placement::Refused => {
            let expired = is.refusal.clone().unwrap_or_else(|| Refusal::new(Reason::HeldExpired));
            trace.note("the stored order", expired.reason.code(), "refused");
            Expected::refused(expired)
        }
        Placement::Refused | Placement::Retry { .. } | Placement::Placed => return None,
    };
    Some((expected, trace))
}

/// What it comes to that the request cannot be read.
async fn unread(
    hub: &Hub,
    connected: &Connected,
    subject: &Subject,
    trouble: &Trouble,
    setup: Option<&Refusal>,
) -> Result<(Expected, Option<Order>, &'static str), StoreError> {
    const ERASED: &str =
        " What the ATS asked for is not kept any more: it must be sent again from there to be decided anew.";
    let expected = Expected::of_trouble(trouble, Reason::AtsUnavailable);
    let never_granted = connected.authorization.as_ref().is_some_and(|access| access.granted_at.is_none());
    if trouble.is_about_credentials() && never_granted {
        // Nothing waits for an access that was never granted or was given back.
        let reason = expected.reason;
        return Ok((Expected { reason, ..Expected::not_for_us(Some(NotForUs::Disconnected)) }, None, ""));
    }
    let is_gone = matches!(trouble, Trouble::Because { refusal, .. } if refusal.reason.kind() == Kind::Dead);
    let Some(request) = subject.request.as_ref().filter(|_| is_gone) else { return Ok((expected, None, "")) };
    let connection = &connected.connection;
    let order = hub.store.order(&connection.order_of_request(subject)).await?;
    if let Some(mut order) = order {
        order.settled(hub.clock.now(), &hub.config.timing);
        let refused = order.refusal.clone().unwrap_or_else(|| Refusal::new(Reason::HeldExpired));
        let note = if order.is_refused() { ERASED } else { "" };
        let expected = Expected::refused(refused).beside(&order, NotForUs::DuplicateDelivery);
        return Ok((expected, Some(order), note));
    }
    if hub.store.kept_request(&connection.id, request).await?.is_some() {
        return Ok((Expected::refused(Refusal::new(Reason::HeldExpired)), None, ERASED));
    }
    let expected = setup.map_or(Expected::not_for_us(None), |setup| Expected::waits(setup.clone()));
    Ok((expected, None, ""))
}

/// Everything that a decision is made of, but for the mappings.
#[derive(Clone, Copy)]
struct Look<'a> {
    hub: &'a Hub,
    connected: &'a Connected,
    asked: &'a Asked,
    at_hand: Option<&'a Order>,
    request: &'a CheckRequest,
    packages: &'a Result<Vec<Package>, Trouble>,
    deadline: Deadline,
}

impl Look<'_> {
    async fn decided(self, mappings: &Mappings) -> Result<Finding, StoreError> {
        let Self { hub, connected, request, packages, deadline, .. } = self;
        let (decision, trace) =
            Box::pin(checks::decide_now(hub, connected, mappings, request, packages, deadline)).await;
        let mut finding = match self.at_hand {
            Some(order) if !order.is_settled() => {
                let expected = Expected::of(&decision, None).beside(order, NotForUs::DuplicateOpenOrder);
                Finding::of(expected, trace, Some(order.clone()))
            }
            _ if matches!(decision, Decision::NotForUs(_)) => {
                Finding::of(Expected::of(&decision, None), trace, self.at_hand.cloned())
            }
            Some(order) if order.placement == Placement::Placed => self.placed(order, &decision, trace).await?,
            _ => self.repeated(&decision, trace).await?,
        };
        let reason = finding.expected.reason.as_ref().map(|refusal| refusal.reason);
        let would_be_new = finding.stored.is_none() && !self.asked.orders.iter().any(Order::is_refused);
        let is_elsewhere = request.in_trigger_status == Some(false) && would_be_new;
        if self.asked.where_it_is && finding.expected.verdict == Verdict::Order && is_elsewhere {
            finding.trace.note("status", "not a trigger status", "not for us");
            finding.expected = Expected::not_for_us(Some(NotForUs::NotTriggerStatus));
        } else if self.asked.where_it_is
            && reason == Some(Reason::RequesterMissing)
            && request.subject.requester.is_none()
        {
            finding.note =
                " The question did not say who asked for the check; with `requester` it is decided for them.";
        }
        finding.stored = finding.stored.or_else(|| self.at_hand.cloned());
        Ok(finding)
    }

    fn facts<'a>(
        &self,
        left_trigger_at: Option<jiff::Timestamp>,
        held: Option<&'a Refusal>,
        decision: &'a Decision,
    ) -> AskedAgain<'a> {
        let refusal = match decision {
            Decision::Refuse { refusal, .. } => Some(refusal),
            _ => None,
        };
        AskedAgain {
            in_trigger_status: self.request.in_trigger_status,
            entry: self.request.entry,
            left_trigger_at,
            refusal: held.or(refusal),
        }
    }

    /// An order that is at the provider is not placed once more, whatever would be decided about its request.
    async fn placed(self, order: &Order, decision: &Decision, mut trace: Trace) -> Result<Finding, StoreError> {
        let left_at = self.hub.store.left_trigger_at(&order.connection, order.subject.application.as_str()).await?;
        let repeat = repeat::judge(order, self.facts(left_at, None, decision), &mut trace);
        let why = match repeat {
            Repeat::NotForUs(why) => why,
            _ => NotForUs::DuplicateDelivery,
        };
        let repetition = Some(repetition(order, repeat));
        Ok(Finding { repetition, ..Finding::of(Expected::not_for_us(Some(why)), trace, Some(order.clone())) })
    }

    /// Goes through the generations of the key as placing does.
    async fn repeated(self, decision: &Decision, mut trace: Trace) -> Result<Finding, StoreError> {
        let (connection, subject) = (&self.connected.connection, &self.request.subject);
        let package = decision.package().map_or("", |package| package.as_str());
        let (mut generation, mut held, mut left_at) = (0, None, None);
        let mut last: Option<Repetition> = None;
        loop {
            let id = OrderId::derive(&connection.id, connection.ats.name(), subject, package, generation);
            let Some(mut order) = self.hub.store.order(&id).await? else {
                let expected = Expected::of(decision, held.as_ref());
                return Ok(Finding { repetition: last, ..Finding::of(expected, trace, None) });
            };
            let left = match left_at {
                Some(left) => left,
                None => {
                    let application = subject.application.as_str();
                    *left_at.insert(self.hub.store.left_trigger_at(&connection.id, application).await?)
                }
            };
            let repeat = repeat::judge(&order, self.facts(left, held.as_ref(), decision), &mut trace);
            last = Some(repetition(&order, repeat));
            let expected = Expected::of(decision, held.as_ref());
            let expected = match repeat {
                Repeat::Afresh if order.is_refused() => expected.beside(&order, NotForUs::DuplicateDelivery),
                Repeat::Afresh => expected,
                Repeat::NotForUs(why) => {
                    order.settled(self.hub.clock.now(), &self.hub.config.timing);
                    expected.beside(&order, why)
                }
                next => {
                    (generation, held) = (generation + 1, next.held(&order));
                    continue;
                }
            };
            return Ok(Finding { repetition: last, ..Finding::of(expected, trace, Some(order)) });
        }
    }
}

fn repetition(order: &Order, repeat: Repeat) -> Repetition {
    Repetition { of: order.id.clone(), status: order.status, makes: repeat.code() }
}
