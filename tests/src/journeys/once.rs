//! Exactly one order, whatever is repeated or lost.

use jiff::SignedDuration;

use super::{Outcome, expect, no_violations, row, shown};
use crate::narrator::Narrator;
use crate::simulators::icims::EventOptions;
use crate::simulators::shared::Effect;
use crate::stack::{ELSEWHERE, Stack, TRIGGER};

/// iCIMS sends one action's event many times.
pub(super) async fn fifty_at_once(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let simulators = stack.simulators()?;
    let before = simulators.certn.cases().len();
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Dee")?;
    tell.step("iCIMS sends the event of one move fifty times at once.");
    let options = EventOptions { copies: 50, ..EventOptions::default() };
    let recruiter = customer.recruiter();
    let screens = simulators.icims.advance_with(&customer.id, &candidate.workflow, TRIGGER, recruiter, options).await;
    let accepted = screens.iter().filter(|screen| screen.status == Some(200)).count();
    expect(accepted == 50, format!("50 times 200, not {accepted}"))?;
    stack.settle().await?;
    row(&customer, &candidate, tell)?;
    let orders = simulators.certn.cases().len() - before;
    expect(orders == 1, format!("one order, not {orders}"))?;
    tell.sees("Certn has one order; the candidate got one invitation.");
    no_violations(stack)
}

/// The order is placed, but nobody hears so.
pub(super) async fn answer_lost(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let simulators = stack.simulators()?;
    let certn = &simulators.certn;
    let before = certn.cases().len();
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Eve")?;
    let lookups =
        || certn.harness.answered("GET /api/public/cases/").iter().filter(|a| a.path.ends_with("/cases/")).count();
    let lookups_before = lookups();
    certn.harness.arm("POST /api/public/cases/order-package/", 1, Effect::ResetAfterCommit);
    tell.step("Certn takes the order, and the connection breaks before its answer.");
    customer.advance(&candidate, TRIGGER).await?;
    expect(certn.cases().len() == before + 1, "the order that Certn took")?;
    expect(customer.entries(&candidate)?.is_empty(), "no row while nothing is known")?;
    tell.note("The hub does not know, and does not send it again: it waits until a lookup can be trusted.");
    stack.tick().await?;
    expect(lookups() == lookups_before, "no lookup before the quiet window is over")?;
    stack.pass(SignedDuration::from_secs(121)).await?;
    tell.step("After the quiet window it looks the order up at Certn, and finds it.");
    expect(lookups() > lookups_before, "a lookup after the quiet window")?;
    row(&customer, &candidate, tell)?;
    expect(certn.cases().len() == before + 1, "still one order")?;
    certn.harness.clear_faults();
    no_violations(stack)
}

/// A repetition that comes late is held; a real second move orders again.
pub(super) async fn late_repetition(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let simulators = stack.simulators()?;
    let certn = &simulators.certn;
    let before = certn.cases().len();
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Fay")?;
    customer.advance(&candidate, TRIGGER).await?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await?;
    row(&customer, &candidate, tell)?;

    tell.step("A day later iCIMS sends the old event once more.");
    stack.clock.advance(SignedDuration::from_hours(24));
    simulators.icims.resend_last(&customer.id, &candidate.workflow, EventOptions::default()).await;
    stack.settle().await?;
    expect(certn.cases().len() == before + 1, "no second order for a repetition")?;
    let held = customer.entries(&candidate)?.pop().ok_or("a row that says why nothing was ordered")?;
    tell.sees(&shown(&held));
    expect(held.result == "Duplicate?", format!("a question, not {}", held.result))?;

    tell.step("The recruiter moves the candidate out of the status and back: that is a new check.");
    customer.advance(&candidate, ELSEWHERE).await?;
    stack.clock.advance(SignedDuration::from_secs(1));
    customer.advance(&candidate, TRIGGER).await?;
    expect(certn.cases().len() == before + 2, "a second order after a real second move")?;
    for entry in customer.entries(&candidate)? {
        tell.sees(&shown(&entry));
    }
    no_violations(stack)
}
