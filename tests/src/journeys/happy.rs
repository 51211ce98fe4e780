//! Everything goes well.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Outcome, expect, no_violations, row};
use crate::narrator::Narrator;
use crate::stack::{Candidate, Customer, Error, Stack, TRIGGER};

/// The recruiter moves a candidate; the provider's truth comes back step by step.
async fn until_completed<'a>(
    stack: &Stack,
    customer: &Customer<'a>,
    tell: &Narrator,
) -> Result<(Candidate, String), Error> {
    let certn = &stack.simulators()?.certn;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Ada")?;
    tell.step("The recruiter moves the candidate to \"Background Check\".");
    let screen = customer.advance(&candidate, TRIGGER).await?;
    expect(screen.status == Some(200), format!("the hub takes the event in, but: {screen:?}"))?;
    tell.note("The hub answers 200 within the time that iCIMS waits.");
    let invited = row(customer, &candidate, tell)?;
    expect(invited.status_label == "Sent" && invited.result == "Invitation sent", "an invitation that was sent")?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    tell.note(&format!("Certn has one order, {}, and invited the candidate by e-mail.", case.short_id));
    for (said, label, result) in [
        ("APPLICANT_STARTED", "Sent", "Candidate started"),
        ("APPLICANT_SUBMITTED", "In-Progress", "In progress"),
        ("CLIENT_ACTION_REQUIRED", "In-Progress", "Waiting for you"),
        ("IN_PROGRESS", "In-Progress", "In progress"),
    ] {
        tell.step(&format!("Certn says {said}."));
        certn.set_status(&case.id, said);
        stack.settle().await?;
        let entry = row(customer, &candidate, tell)?;
        expect(entry.status_label == label && entry.result == result, format!("{label}, {result}"))?;
    }
    tell.step("Certn finishes the check with the score CLEAR.");
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await?;
    let entry = row(customer, &candidate, tell)?;
    expect(entry.status_label == "Complete" && entry.result == "Clear", "a completed check with its result")?;
    let orders = certn.cases().iter().filter(|other| other.email == case.email).count();
    expect(orders == 1, format!("one order at Certn, not {orders}"))?;
    Ok((candidate, entry.url))
}

/// The report as the provider's own page, behind its log-in.
pub(super) async fn portal_link(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let (_, url) = until_completed(stack, &customer, tell).await?;
    expect(url.starts_with("https://client.certn.co/"), format!("a link to the portal, not {url}"))?;
    no_violations(stack)
}

/// The report as a PDF, by a link of the hub that needs no log-in.
pub(super) async fn pdf_link_that_opens(stack: &Stack, tell: &Narrator) -> Outcome {
    opened_pdf_link(stack, tell).await?;
    no_violations(stack)
}

async fn opened_pdf_link(stack: &Stack, tell: &Narrator) -> Result<String, Error> {
    let with_pdf = |new: &mut Value| {
        new["report"] = json!({"type": "pdf", "days": 7});
        // In uk it must be asked for explicitly.
        new["pdf_acknowledged"] = true.into();
    };
    let customer = stack.connect(with_pdf).await?;
    let (_, url) = until_completed(stack, &customer, tell).await?;
    expect(url.starts_with(&format!("{}/reports/", stack.url)), format!("a link of the hub, not {url}"))?;

    tell.step("An HR admin opens the link.");
    let opened = stack.http.get(&url).send().await?;
    expect(opened.status() == 302, format!("a redirect, not {}", opened.status()))?;
    let header = |name: &str| opened.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    expect(header("cache-control") == "no-store", "a redirect that nobody stores")?;
    let file = stack.http.get(header("location")).send().await?;
    let pdf = file.bytes().await?;
    expect(pdf.starts_with(b"%PDF"), "the PDF behind the redirect")?;
    tell.sees("The reader gets the PDF straight from Certn; nothing of it passes through the hub.");

    tell.step("Somebody guesses a link.");
    let (root, _) = url.rsplit_once('/').ok_or("a link with a token")?;
    let guessed = stack.http.get(format!("{root}/{}", "a".repeat(32))).send().await?;
    expect(guessed.status() == 404, format!("404 for a guessed link, not {}", guessed.status()))?;
    tell.sees("404, the same as for an order that nobody has.");
    Ok(url)
}

/// The same until the link expires.
pub(super) async fn pdf_link(stack: &Stack, tell: &Narrator) -> Outcome {
    let url = opened_pdf_link(stack, tell).await?;
    tell.step("Eight days pass.");
    stack.clock.advance(SignedDuration::from_hours(24 * 8));
    let expired = stack.http.get(&url).send().await?;
    expect(expired.status() == 404, format!("404 for an expired link, not {}", expired.status()))?;
    tell.sees("404: the link has expired.");

    let order = url.rsplit('/').nth(1).unwrap_or_default();
    let (_, story) = stack.admin("GET", &format!("/admin/orders/{order}"), None).await?;
    let lines = story.get("story").and_then(Value::as_array).cloned().unwrap_or_default();
    let opened = lines.iter().filter(|line| line["what"].as_str().is_some_and(|what| what.contains("opened"))).count();
    expect(opened == 1, format!("one access in the order's story, not {opened}"))?;
    tell.note("The order's story has the one access:");
    for line in &lines {
        let text = |name: &str| line[name].as_str().unwrap_or_default();
        tell.note(&format!("  {}  {}  {}", text("at"), text("what"), text("cause")));
    }
    no_violations(stack)
}
