//! An ATS that lets the hub in by a Super Admin's consent: tags on postings say what to order, and a tag and a note say
//! how it stands.

use jiff::SignedDuration;

use super::{Outcome, expect, no_violations};
use crate::narrator::Narrator;
use crate::simulators::asurint::Score;
use crate::simulators::lever::Delivery;
use crate::stack::{BASIC, BASIC_TAG, Error, LeverCandidate, LeverCustomer, Stack, THOROUGH, THOROUGH_TAG};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// What the recruiter sees of a check, told to the listener: its only tag and its only note.
fn look(customer: &LeverCustomer<'_>, candidate: &LeverCandidate, tell: &Narrator) -> Result<(String, String), Error> {
    let (mut tags, mut notes) = (customer.status_tags(candidate)?, customer.notes(candidate)?);
    let one_each = tags.len() == 1 && notes.len() == 1;
    let expected = || format!("one tag and one note, not {tags:?} and {notes:?}");
    expect(one_each, expected())?;
    let (tag, note) = (tags.pop().unwrap_or_default(), notes.pop().unwrap_or_default());
    tell.sees(&format!("Lever shows: [{tag}] {}", note.lines().collect::<Vec<_>>().join(" · ")));
    Ok((tag, note))
}

/// The tag and the note of an order that stands so.
fn expect_shown((tag, note): &(String, String), order: &str, status: &str) -> Outcome {
    let first = note.lines().next().unwrap_or_default();
    let right = *tag == format!("Asurint: {status}")
        && first.starts_with("[order:")
        && first.ends_with(&format!("] Asurint order {order}"))
        && note.lines().any(|line| line == format!("Status: {status}"));
    expect(right, format!("the order {order} as {status}, not [{tag}] {note:?}"))
}

fn expect_taken(told: &[Delivery]) -> Outcome {
    let taken = told.len() == 1 && told.iter().all(|delivery| delivery.status() == Some(200));
    expect(taken, format!("one event that is answered with 200, not {told:?}"))
}

/// Whether the stack is in a region in which Asurint is not offered, so that there is nothing to play.
fn is_elsewhere(stack: &Stack, tell: &Narrator) -> bool {
    let elsewhere = stack.region != "ca";
    if elsewhere {
        tell.note(&format!(
            "Asurint is offered in ca only, and this stack is in {}: nothing to play here.",
            stack.region
        ));
    }
    elsewhere
}

/// From the consent to a score with its link.
pub(super) async fn happy(stack: &Stack, tell: &Narrator) -> Outcome {
    if is_elsewhere(stack, tell) {
        return Ok(());
    }
    let asurint = &stack.simulators()?.asurint;
    let customer = stack.connect_lever(|_| {}).await?;
    tell.step("A Super Admin of the customer allows access to Lever, and switches \"Candidate Stage Change\" on.");
    let page = customer.authorize().await?;
    expect(page.status == 200, format!("a page that says so, not {page:?}"))?;

    let posting = customer.posting(&[THOROUGH_TAG])?;
    let candidate = customer.candidate(&posting, "Ana")?;
    tell.step(&format!("The posting has the tag \"{THOROUGH_TAG}\"."));
    tell.step("The recruiter moves the candidate to \"Asurint Background Check\".");
    expect_taken(&customer.advance(&candidate).await?)?;
    let order = customer.order(&candidate)?;
    expect(order.package == THOROUGH, format!("the package of the tag, not {}", order.package))?;
    tell.note(&format!("Asurint has one order, {}, and invited the candidate by e-mail.", order.id));
    expect_shown(&look(&customer, &candidate, tell)?, &order.id, "Pending Candidate")?;

    tell.step("The candidate completes the forms.");
    asurint.complete_forms(&order.id);
    stack.settle().await?;
    expect_shown(&look(&customer, &candidate, tell)?, &order.id, "In Progress")?;

    tell.step("Asurint completes the check: \"Eligible for Hire\".");
    asurint.complete(&order.id, Score::Eligible);
    stack.settle().await?;
    let done = look(&customer, &candidate, tell)?;
    expect_shown(&done, &order.id, "Completed")?;
    let has = |wanted: &dyn Fn(&str) -> bool| done.1.lines().any(wanted);
    expect(has(&|line| line == "Score: Eligible for Hire"), format!("the score, not {:?}", done.1))?;
    expect(has(&|line| line.starts_with("https://")), format!("the report's link on its own line, not {:?}", done.1))?;
    customer.order(&candidate)?;
    no_violations(stack)
}

/// The recruiter corrects what was wrong, and moves the candidate out of the stage and in again.
async fn cured(customer: &LeverCustomer<'_>, candidate: &LeverCandidate, package: &str, tell: &Narrator) -> Outcome {
    tell.step("It is corrected, and the candidate moved out of the stage and in again.");
    customer.advance_again(candidate).await?;
    let order = customer.order(candidate)?;
    expect(order.package == package, format!("the package {package}, not {}", order.package))?;
    expect_shown(&look(customer, candidate, tell)?, &order.id, "Pending Candidate")
}

/// Each cause for which nothing is ordered and which the recruiter can cure.
pub(super) async fn refused(stack: &Stack, tell: &Narrator) -> Outcome {
    if is_elsewhere(stack, tell) {
        return Ok(());
    }
    let customer = stack.connect_authorized_lever(|_| {}).await?;
    for (what, tags, shown) in [
        ("no tag of a package", &[][..], "No Package"),
        ("tags of two packages", &[BASIC_TAG, THOROUGH_TAG], "Multiple Packages"),
        ("the tag of a package that Asurint does not have", &["Asurint Package: Basic Serch"], "Unknown Package"),
        ("a candidate without an e-mail address", &[BASIC_TAG], "No Email"),
    ] {
        tell.step(&format!("The recruiter moves a candidate into the stage: {what}."));
        let posting = customer.posting(tags)?;
        let mut candidate = customer.candidate(&posting, "Bea")?;
        if shown == "No Email" {
            customer.set_emails(&candidate, &[])?;
        }
        expect_taken(&customer.advance(&candidate).await?)?;
        let (tag, note) = look(&customer, &candidate, tell)?;
        expect(tag == format!("Asurint: Error ({shown})"), format!("Error ({shown}), not {tag}"))?;
        expect(!note.trim().is_empty(), "a note that says what to correct")?;
        expect(customer.orders(&candidate)?.is_empty(), format!("no order for {what}"))?;
        if shown == "No Email" {
            candidate.email = format!("cured.{}", candidate.email);
            customer.set_emails(&candidate, &[&candidate.email])?;
        } else {
            customer.change_tags(&candidate, tags, &[BASIC_TAG])?;
        }
        cured(&customer, &candidate, BASIC, tell).await?;
    }
    no_violations(stack)
}

/// Access is taken back, candidates are moved meanwhile, and access is given again.
pub(super) async fn revoked(stack: &Stack, tell: &Narrator) -> Outcome {
    if is_elsewhere(stack, tell) {
        return Ok(());
    }
    let simulators = stack.simulators()?;
    let customer = stack.connect_authorized_lever(|_| {}).await?;
    let posting = customer.posting(&[BASIC_TAG])?;
    let before = customer.candidate(&posting, "Cal")?;
    tell.step("A candidate is ordered for; then an admin takes the access back in Lever, which tells nobody.");
    customer.advance(&before).await?;
    let order = customer.order(&before)?;
    customer.revoke()?;

    tell.step("Asurint goes on; three more candidates are moved into the stage, one of them unheard.");
    simulators.asurint.complete_forms(&order.id);
    stack.settle().await?;
    let mut meanwhile = Vec::new();
    for (first, is_told) in [("Dee", true), ("Eli", true), ("Fay", false)] {
        let candidate = customer.candidate(&posting, first)?;
        simulators.lever.toggle(&customer.account, "candidateStageChange", is_told);
        let told = customer.advance(&candidate).await?;
        expect(told.len() == usize::from(is_told), format!("{first} told: {is_told}, not {told:?}"))?;
        expect(told.iter().all(|told| told.status() == Some(200)), format!("events answered with 200, not {told:?}"))?;
        meanwhile.push(candidate);
    }
    stack.pass(MINUTE * 5).await?;
    for candidate in &meanwhile {
        expect(customer.orders(candidate)?.is_empty(), "no order while there is no access")?;
    }
    let stale = look(&customer, &before, tell)?;
    expect_shown(&stale, &order.id, "Pending Candidate")?;
    tell.note(
        "Nothing is ordered and nothing is shown; the one on call is told which connection needs its access anew.",
    );

    tell.step("A Super Admin allows access again.");
    let page = customer.authorize().await?;
    expect(page.status == 200, format!("a page that says so, not {page:?}"))?;
    stack.pass(MINUTE * 5).await?;
    expect_shown(&look(&customer, &before, tell)?, &order.id, "In Progress")?;
    for candidate in &meanwhile {
        let order = customer.order(candidate)?;
        expect_shown(&look(&customer, candidate, tell)?, &order.id, "Pending Candidate")?;
    }
    stack.pass(MINUTE * 30).await?;
    for candidate in &meanwhile {
        customer.order(candidate)?;
    }
    let webhooks = simulators.lever.webhooks(&customer.account).len();
    expect(webhooks == 1, format!("one webhook at Lever, not {webhooks}"))?;
    no_violations(stack)
}
