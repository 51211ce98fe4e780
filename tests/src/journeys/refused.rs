//! What cannot be ordered says so, in words that say what to do.

use super::{Outcome, expect, no_violations, row};
use crate::narrator::Narrator;
use crate::simulators::icims::Screen;
use crate::stack::{ELSEWHERE, Stack, TRIGGER};

fn refused_with(screen: &Screen, code: &str, tell: &Narrator) -> Outcome {
    let message = screen.message.clone().unwrap_or_default();
    tell.sees(&format!("iCIMS shows the recruiter: {message}"));
    expect(screen.status == Some(400), format!("400 for {code}, not {:?}", screen.status))?;
    expect(message.contains(code), format!("{code} in: {message}"))
}

/// Each mistake of a recruiter, and its cure.
pub(super) async fn by_the_recruiter(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let before = certn.cases().len();
    let job = customer.job(&[])?;
    let candidate = customer.candidate(&job, "Bea")?;

    for (what, packages, code) in [
        ("no package", vec![], "no_package"),
        ("a package that Certn does not have", vec!["Standart"], "unknown_package"),
        ("two packages", vec!["Standard", "Driver"], "multiple_packages"),
    ] {
        tell.step(&format!("The job has {what}."));
        customer.set_packages(&job, &packages)?;
        refused_with(&customer.advance(&candidate, TRIGGER).await?, code, tell)?;
    }
    tell.step("The job has one package, but the candidate has no e-mail address.");
    customer.set_packages(&job, &["Standard"])?;
    customer.set_email(&candidate, None)?;
    refused_with(&customer.advance(&candidate, TRIGGER).await?, "no_email", tell)?;

    tell.step("The recruiter moves the candidate to a status that starts no check.");
    let ignored = customer.advance(&candidate, ELSEWHERE).await?;
    expect(ignored.status == Some(200) && ignored.message.is_none(), format!("200 and nothing else: {ignored:?}"))?;
    tell.sees("iCIMS shows nothing; the hub has recorded why.");
    expect(certn.cases().len() == before, "nothing ordered so far")?;
    expect(customer.entries(&candidate)?.is_empty(), "no row so far")?;

    tell.step("The recruiter adds the address and moves the candidate again.");
    customer.set_email(&candidate, Some("bea@example.com"))?;
    let cured = customer.advance(&candidate, TRIGGER).await?;
    expect(cured.status == Some(200), format!("200 after the cure, not {cured:?}"))?;
    let entry = row(&customer, &candidate, tell)?;
    expect(entry.result == "Invitation sent", "the invitation")?;
    expect(certn.cases().len() == before + 1, "one order after the cure")?;
    no_violations(stack)
}

/// The requester is not set up at the provider.
pub(super) async fn by_an_administrator(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let simulators = stack.simulators()?;
    let job = customer.job(&["Standard"])?;
    let candidate = customer.candidate(&job, "Cal")?;
    for (what, email, code) in [
        ("has an address that no user at Certn has", Some("new@client.example"), "requester_unknown"),
        ("has no address in iCIMS", None, "requester_missing"),
    ] {
        tell.step(&format!("The recruiter {what}."));
        simulators.icims.set_email(&customer.id, customer.recruiter(), email);
        refused_with(&customer.advance(&candidate, TRIGGER).await?, code, tell)?;
    }
    no_violations(stack)
}
