//! The ATS shows the provider's latest truth, whatever happens to its events.

use jiff::SignedDuration;

use super::{Outcome, expect, no_violations, row};
use crate::narrator::Narrator;
use crate::simulators::certn::WebhookOptions;
use crate::stack::{Stack, TRIGGER};

/// No webhook of the provider arrives.
pub(super) async fn webhooks_lost(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Kim")?;
    customer.advance(&candidate, TRIGGER).await?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    certn.set_webhook_options(WebhookOptions { drop_all: true, ..WebhookOptions::default() });
    tell.step("Certn finishes the check, and none of its webhooks arrives.");
    certn.set_status(&case.id, "APPLICANT_SUBMITTED");
    certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await?;
    let stale = row(&customer, &candidate, tell)?;
    expect(stale.result == "Invitation sent", "nothing new without webhooks")?;
    tell.step("Within five minutes the reconciler reads Certn's list of events.");
    stack.pass(SignedDuration::from_mins(6)).await?;
    let entry = row(&customer, &candidate, tell)?;
    expect(entry.status_label == "Complete" && entry.result == "Review", format!("a result, not {entry:?}"))?;
    certn.set_webhook_options(WebhookOptions::default());
    no_violations(stack)
}

/// Events come in the reverse order, and some readings are old.
pub(super) async fn out_of_order(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Lou")?;
    customer.advance(&candidate, TRIGGER).await?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    tell.step("Certn's events arrive in the reverse order and twice, and some of its answers are out of date.");
    certn.set_webhook_options(WebhookOptions { hold: true, reverse: true, duplicate: 1, ..WebhookOptions::default() });
    for status in ["APPLICANT_STARTED", "APPLICANT_SUBMITTED", "IN_PROGRESS"] {
        certn.set_status(&case.id, status);
    }
    certn.complete(&case.id, Some("CLEAR"));
    certn.flush_webhooks().await;
    stack.settle().await?;
    certn.serve_stale(2);
    certn.send_event("CASE_STATUS_CHANGED", &case.id, "CASE");
    certn.send_event("CASE_STATUS_CHANGED", &case.id, "CASE");
    certn.flush_webhooks().await;
    stack.settle().await?;
    let history = customer.history(&candidate)?;
    let shown: Vec<&str> = history.iter().map(|entry| entry.status_label.as_str()).collect();
    tell.sees(&format!("iCIMS showed, in this order: {}", shown.join(", ")));
    let rank = |label: &str| ["Sent", "In-Progress", "Complete"].iter().position(|known| *known == label);
    expect(shown.windows(2).all(|pair| matches!(pair, [a, b] if rank(a) <= rank(b))), "never an older status")?;
    expect(shown.last() == Some(&"Complete"), "the latest status at the end")?;
    certn.set_webhook_options(WebhookOptions::default());
    no_violations(stack)
}

/// The candidate contests the report after its completion.
pub(super) async fn dispute(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Mia")?;
    customer.advance(&candidate, TRIGGER).await?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await?;
    row(&customer, &candidate, tell)?;
    tell.step("The candidate contests the report.");
    certn.dispute(&case.id);
    stack.settle().await?;
    let disputed = row(&customer, &candidate, tell)?;
    expect(disputed.result == "In dispute", format!("a dispute, not {disputed:?}"))?;
    expect(disputed.url.is_empty(), "no link to a report that is contested")?;
    tell.step("Certn settles the dispute.");
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await?;
    let settled = row(&customer, &candidate, tell)?;
    expect(settled.status_label == "Complete" && settled.result == "Clear", format!("a new result, not {settled:?}"))?;
    no_violations(stack)
}
