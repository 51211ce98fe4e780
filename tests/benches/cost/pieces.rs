//! The pieces of work that a month consists of, each played on a stack of its own.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use local_stack::simulators::asurint::Score;
use local_stack::stack::{BASIC_TAG, Error, Options, Stack, TRIGGER};
use runtime::deadline::Deadline;
use runtime::handlers::{pageup_poll, reconcile};

use super::counted::{Meter, Used};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ats {
    Icims,
    PageUp,
    Lever,
}

pub(super) const ALL: [(Ats, &str); 3] =
    [(Ats::Icims, "iCIMS, Certn"), (Ats::PageUp, "PageUp, Certn"), (Ats::Lever, "Lever, Asurint")];

/// Longer than anything counts as recent.
const LONG_AGO: SignedDuration = SignedDuration::from_hours(9);

/// A minute, and a little, so that what is due after some minutes is due at the same tick in every run.
const TICK: SignedDuration = SignedDuration::from_millis(60_050);

/// Long enough that nothing is kept any more of what was read before.
const PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// What the two scheduled functions use.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scheduled {
    pub(super) reconcile: Used,
    pub(super) poll: Used,
}

async fn tick(stack: &Stack, meter: &mut Meter<'_>) -> Result<Scheduled, Error> {
    let hub = |name: &str| stack.hub(name).map(Arc::clone).ok_or("no such function");
    let deadline = || Deadline::after(Duration::from_secs(60));
    reconcile::handle(hub("reconcile")?, deadline()).await.map_err(|_| "reconcile failed")?;
    let reconcile = with_what_follows(stack, meter).await?;
    pageup_poll::handle(hub("pageup-poll")?, deadline()).await.map_err(|_| "pageup-poll failed")?;
    Ok(Scheduled { reconcile, poll: with_what_follows(stack, meter).await? })
}

/// What was used so far, and by the workers of what was sent to them.
async fn with_what_follows(stack: &Stack, meter: &mut Meter<'_>) -> Result<Used, Error> {
    let used = meter.take()?;
    if used.messages == 0.0 {
        return Ok(used);
    }
    stack.settle().await?;
    Ok(used + meter.take()?)
}

/// An hour in which nobody orders anything, with one customer of that ATS or without any.
pub(super) async fn idle_hour(ats: Option<Ats>) -> Result<Scheduled, Error> {
    let stack = Stack::start(Options::default()).await?;
    match ats {
        Some(Ats::Icims) => drop(stack.connect(|_| {}).await?),
        Some(Ats::PageUp) => drop(stack.connect_pageup(|_| {}).await?),
        Some(Ats::Lever) => drop(stack.connect_authorized_lever(|_| {}).await?),
        None => {}
    }
    stack.clock.advance(LONG_AGO);
    let mut meter = Meter::start(&stack)?;
    tick(&stack, &mut meter).await?;
    let mut hour = Scheduled::default();
    for _ in 0..60 {
        stack.clock.advance(TICK);
        let used = tick(&stack, &mut meter).await?;
        hour.reconcile = hour.reconcile + used.reconcile;
        hour.poll = hour.poll + used.poll;
    }
    nothing_wrong(&stack)?;
    Ok(hour)
}

/// A check from the recruiter's move to the result, beyond what idle ticks use: nothing is kept from one step to the
/// next, and each change of the provider comes by its callback and, later, by its list of events.
pub(super) async fn check(ats: Ats) -> Result<Used, Error> {
    let stack = Stack::start(Options::default()).await?;
    let simulators = stack.simulators()?;
    let mut sum = Used::default();
    match ats {
        Ats::Icims => {
            let customer = stack.connect(|_| {}).await?;
            let candidate = customer.candidate(&customer.job(&["Standard"])?, "Ada")?;
            let mut steps = Steps::start(&stack).await?;
            customer.advance(&candidate, TRIGGER).await?;
            sum = sum + Used { requests: 1.0, ..steps.step().await? };
            sum = sum + until_completed(&stack, &mut steps).await?;
        }
        Ats::PageUp => {
            let customer = stack.connect_pageup(|_| {}).await?;
            let mut steps = Steps::start(&stack).await?;
            customer.invite(customer.invitation("Ada"))?;
            // The poller finds it.
            sum = sum + steps.step().await?;
            sum = sum + until_completed(&stack, &mut steps).await?;
        }
        Ats::Lever => {
            let customer = stack.connect_authorized_lever(|_| {}).await?;
            let candidate = customer.candidate(&customer.posting(&[BASIC_TAG])?, "Ada")?;
            let mut steps = Steps::start(&stack).await?;
            customer.advance(&candidate).await?;
            sum = sum + Used { requests: 1.0, ..steps.step().await? };
            let order = customer.order(&candidate)?;
            simulators.asurint.complete_forms(&order.id);
            sum = sum + steps.step().await?;
            simulators.asurint.complete(&order.id, Score::Eligible);
            sum = sum + steps.step().await?;
        }
    }
    nothing_wrong(&stack)?;
    Ok(sum)
}

async fn until_completed(stack: &Stack, steps: &mut Steps<'_>) -> Result<Used, Error> {
    let certn = &stack.simulators()?.certn;
    let case = certn.cases().pop().ok_or("nothing was ordered")?;
    let mut sum = Used::default();
    for status in ["APPLICANT_OPENED", "APPLICANT_STARTED", "APPLICANT_SUBMITTED", "IN_PROGRESS"] {
        certn.set_status(&case.id, status);
        sum = sum + steps.step().await?;
    }
    certn.complete(&case.id, Some("CLEAR"));
    Ok(sum + steps.step().await?)
}

/// Steps of a check, between which time passes.
struct Steps<'a> {
    stack: &'a Stack,
    meter: Meter<'a>,
    idle: Used,
}

impl<'a> Steps<'a> {
    async fn start(stack: &'a Stack) -> Result<Self, Error> {
        let mut meter = Meter::start(stack)?;
        stack.clock.advance(LONG_AGO);
        tick(stack, &mut meter).await?;
        stack.clock.advance(PAUSE);
        let idle = tick(stack, &mut meter).await?;
        stack.clock.advance(PAUSE);
        Ok(Self { stack, meter, idle: idle.reconcile + idle.poll })
    }

    /// What the step used that was just begun, and what a tick later finds of it, beyond an idle one.
    async fn step(&mut self) -> Result<Used, Error> {
        self.stack.settle().await?;
        let now = self.meter.take()?;
        self.stack.clock.advance(PAUSE);
        let later = tick(self.stack, &mut self.meter).await?;
        self.stack.clock.advance(PAUSE);
        Ok(now + later.reconcile + later.poll - self.idle)
    }
}

fn nothing_wrong(stack: &Stack) -> Result<(), Error> {
    let violations = stack.violations();
    if violations.is_empty() { Ok(()) } else { Err(violations.join("; ").into()) }
}
