//! Something is down: nothing is lost, and people are told.

use jiff::SignedDuration;

use super::{Outcome, expect, no_violations, row};
use crate::embedded_aws::Service;
use crate::narrator::Narrator;
use crate::simulators::shared::Effect;
use crate::stack::{Stack, TRIGGER};

/// The provider answers 503 for an hour.
pub(super) async fn provider_down(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let before = certn.cases().len();
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Gus")?;
    let warm = customer.candidate(&job, "Guy")?;
    customer.advance(&warm, TRIGGER).await?;
    for on in ["GET /api", "POST /api"] {
        certn.harness.arm(on, 0, Effect::Status { code: 503, retry_after: None, body: None });
    }
    tell.step("Certn is down, and the recruiter moves a candidate.");
    let screen = customer.advance(&candidate, TRIGGER).await?;
    expect(screen.status == Some(200), "an event that is kept although Certn is down")?;
    expect(customer.entries(&candidate)?.is_empty(), "nothing to tell in the first minutes")?;
    tell.step("After a quarter of an hour the recruiter is told.");
    stack.pass(SignedDuration::from_mins(20)).await?;
    let held = row(&customer, &candidate, tell)?;
    expect(held.status_label == "Incomplete", format!("an order that waits, not {held:?}"))?;
    stack.pass(SignedDuration::from_mins(40)).await?;
    certn.harness.clear_faults();
    tell.step("After an hour Certn is back.");
    stack.pass(SignedDuration::from_mins(20)).await?;
    let entry = row(&customer, &candidate, tell)?;
    expect(entry.result == "Invitation sent", "the invitation")?;
    let orders = certn.cases().len() - before;
    expect(orders == 2, format!("one order for each candidate, not {orders} in all"))?;
    no_violations(stack)
}

/// The durable write of an event has two places, and where both fail the sender is told.
pub(super) async fn queue_and_table_down(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let job = customer.job(&["Standard"])?;
    let warm = customer.candidate(&job, "Hal")?;
    customer.advance(&warm, TRIGGER).await?;
    let before = certn.cases().len();

    tell.step("The queue is down: the event waits in the table.");
    stack.aws.set_down(Service::Sqs, true);
    let candidate = customer.candidate(&job, "Ida")?;
    let screen = customer.advance(&candidate, TRIGGER).await?;
    expect(screen.status == Some(200), format!("200 with the queue down, not {screen:?}"))?;
    tell.step("The queue is back: a minute later the order is placed.");
    stack.aws.set_down(Service::Sqs, false);
    stack.clock.advance(SignedDuration::from_secs(1));
    stack.tick().await?;
    row(&customer, &candidate, tell)?;
    expect(certn.cases().len() == before + 1, "one order from the spilled event")?;

    tell.step("The queue and the table are down.");
    let lost = customer.candidate(&job, "Jon")?;
    for service in [Service::Sqs, Service::DynamoDb] {
        stack.aws.set_down(service, true);
    }
    let screen = customer.advance(&lost, TRIGGER).await?;
    for service in [Service::Sqs, Service::DynamoDb] {
        stack.aws.set_down(service, false);
    }
    tell.sees(&format!("iCIMS shows the recruiter: {}", screen.message.clone().unwrap_or_default()));
    expect(screen.status == Some(503), format!("503 where nothing could be stored, not {screen:?}"))?;
    no_violations(stack)
}
