//! An ATS that does not call: invitations are fetched, and every state is put back where the recruiter looks.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Outcome, expect, no_violations};
use crate::narrator::Narrator;
use crate::simulators::certn::{Package, User};
use crate::simulators::pageup::{Invite, Queue, Screen};
use crate::stack::{DRIVER, Error, GROUP, NURSING, PageUpCustomer, STANDARD, Stack};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A screen as a person reads it.
fn shown(screen: &Screen) -> String {
    let mut line = format!("PageUp shows: [{}]", screen.status.as_deref().unwrap_or("no status yet"));
    for text in [&screen.message, &screen.summary, &screen.link].into_iter().flatten() {
        line.push_str(&format!(" {text} ·"));
    }
    let items: Vec<String> = screen
        .items
        .iter()
        .map(|item| format!("{}: {}", item.name, item.status.as_deref().unwrap_or_default()))
        .collect();
    if items.is_empty() { line.trim_end_matches(" ·").to_owned() } else { format!("{line} {}", items.join(", ")) }
}

fn look(customer: &PageUpCustomer<'_>, invitation: &str, tell: &Narrator) -> Result<Screen, Error> {
    let screen = customer.screen(invitation)?;
    tell.sees(&shown(&screen));
    Ok(screen)
}

fn expect_screen(screen: &Screen, status: &str, message: Option<&str>) -> Outcome {
    let right = screen.status.as_deref() == Some(status) && screen.message.as_deref() == message;
    expect(right, format!("[{status}] {message:?}, not {screen:?}"))
}

fn with_items(new: &mut Value) {
    if let Some(ats) = new.get_mut("ats").and_then(Value::as_object_mut) {
        ats.insert("result_items".to_owned(), true.into());
    }
}

/// Everything goes well.
pub(super) async fn happy(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect_pageup(with_items).await?;
    let certn = &stack.simulators()?.certn;
    tell.step("The recruiter invites a candidate for a job in the department of nursing.");
    let invitation = customer.invite(customer.invitation("Ana"))?;
    tell.note("PageUp tells nobody; within a minute it is asked for what waits.");
    stack.pass(MINUTE).await?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    expect(case.group.as_deref() == Some(NURSING), format!("the department's group, not {:?}", case.group))?;
    tell.note(&format!("Certn has one order, {}, in the department's group.", case.short_id));
    expect_screen(&look(&customer, &invitation, tell)?, "In progress", Some("Invitation sent"))?;

    for (said, message) in [("APPLICANT_STARTED", "Candidate started"), ("APPLICANT_SUBMITTED", "In progress")] {
        tell.step(&format!("Certn says {said}."));
        certn.set_status(&case.id, said);
        stack.settle().await?;
        expect_screen(&look(&customer, &invitation, tell)?, "In progress", Some(message))?;
    }
    tell.step("One of the two checks is finished.");
    certn.finish_check(&case.id, "IDENTITY_VERIFICATION_1");
    stack.settle().await?;
    let partial = look(&customer, &invitation, tell)?;
    expect_screen(&partial, "In progress", Some("1 of 2 checks finished"))?;
    expect(partial.items.len() == 1, "the one finished check by name")?;

    tell.step("Certn finishes the check with the score CLEAR.");
    certn.complete(&case.id, Some("CLEAR"));
    stack.settle().await?;
    let done = look(&customer, &invitation, tell)?;
    expect_screen(&done, "Completed", None)?;
    expect(done.summary.as_deref() == Some("Clear"), "the result")?;
    let link = done.link.unwrap_or_default();
    expect(link.starts_with("https://client.certn.co/"), format!("a link that asks for a log-in, not {link}"))?;
    let orders = certn.cases().iter().filter(|other| other.email == case.email).count();
    expect(orders == 1, format!("one order at Certn, not {orders}"))?;
    no_violations(stack)
}

/// Each cause for which nothing is ordered, with what PageUp then shows.
pub(super) async fn refused(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect_pageup(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let before = certn.cases().len();
    certn.add_user(User {
        id: "0a1b2c3d-6d9e-4b90-8c83-2e3f4a5b6c7e".to_owned(),
        email: "otto@client.example".to_owned(),
        active: true,
        groups: vec![GROUP.to_owned()],
    });
    let good = || customer.invitation("Bea");
    for (what, invitation, code) in [
        (
            "a package code that Certn does not have",
            Invite { package_code: Some("Standart".to_owned()), ..good() },
            "unknown_package",
        ),
        ("no package code", Invite { package_code: None, ..good() }, "no_package"),
        ("no e-mail address", Invite { email: None, ..good() }, "no_email"),
        (
            "a department whose code is no group at Certn",
            Invite { department: Some("NUR-01".to_owned()), ..good() },
            "unknown_group",
        ),
        (
            "a recruiter who is no user at Certn",
            Invite { requester: Some("new@client.example".to_owned()), ..good() },
            "requester_unknown",
        ),
        (
            "a recruiter who is not in the department's group",
            Invite { requester: Some("otto@client.example".to_owned()), ..good() },
            "requester_not_in_group",
        ),
        ("no word of who ordered it", Invite { requester: None, ..good() }, "requester_missing"),
    ] {
        tell.step(&format!("An invitation with {what}."));
        refused_with(stack, &customer, invitation, code, tell).await?;
    }
    let shown = customer.shown_to_admin().await?;
    let unmapped: Vec<_> = shown.get("unmapped").and_then(Value::as_array).into_iter().flatten().collect();
    for word in &unmapped {
        tell.note(&format!(
            "An admin sees: unmapped {} {}, wanted {} time(s)",
            word["kind"], word["ats_value"], word["seen"]
        ));
    }
    expect(unmapped.len() == 2, format!("the unknown package and department, not {unmapped:?}"))?;
    expect(certn.cases().len() == before, "nothing ordered")?;
    no_violations(stack)
}

async fn refused_with(
    stack: &Stack,
    customer: &PageUpCustomer<'_>,
    invitation: Invite,
    code: &str,
    tell: &Narrator,
) -> Outcome {
    let id = customer.invite(invitation)?;
    stack.pass(MINUTE).await?;
    let screen = look(customer, &id, tell)?;
    let message = screen.message.clone().unwrap_or_default();
    let right = screen.status.as_deref() == Some("Failed") && message.ends_with(&format!("({code})"));
    expect(right, format!("Failed and {code}, not {screen:?}"))
}

/// Nothing can be ordered until both sides are set up; what is missing is named, and it works once it is there.
pub(super) async fn prerequisites(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect_pageup(|new| new["default_group"] = json!(null)).await?;
    let certn = &stack.simulators()?.certn;
    let with_ats_use = |ats_use: bool| {
        for (id, name) in [(STANDARD, "Standard"), (DRIVER, "Driver")] {
            let package = Package { id: id.to_owned(), name: name.to_owned(), active: true, ats_use: Some(ats_use) };
            certn.add_package(package);
        }
    };
    with_ats_use(false);
    let invitation = || Invite { department: None, ..customer.invitation("Cal") };
    tell.step(
        "No package at Certn is marked for ATS use, the job has no department, and the connection no default group.",
    );
    refused_with(stack, &customer, invitation(), "setup_incomplete", tell).await?;
    tell.step("A Certn admin marks the packages.");
    with_ats_use(true);
    stack.pass(MINUTE * 2).await?;
    refused_with(stack, &customer, invitation(), "no_group", tell).await?;
    tell.step("The job is given to a department, and the recruiter invites again.");
    let id = customer.invite(customer.invitation("Cal"))?;
    stack.pass(MINUTE).await?;
    expect_screen(&look(&customer, &id, tell)?, "In progress", Some("Invitation sent"))?;

    tell.step("An admin tries to connect PageUp with links to a PDF that opens without a log-in.");
    let refused = stack.connect_pageup(|new| new["report"] = json!({"type": "pdf", "days": 7})).await;
    let why = refused.err().map(|error| error.to_string()).unwrap_or_default();
    expect(why.contains("report.type"), format!("the field at fault, not: {why}"))?;
    tell.sees("Refused: report.type: this ATS takes only links that ask for a log-in: use portal_link");
    no_violations(stack)
}

/// Bad invitations never block the good ones behind them, whichever way PageUp's list works.
pub(super) async fn bad_ones_first(stack: &Stack, tell: &Narrator) -> Outcome {
    for (queue, how) in [(Queue::KeepUntilPut, "until its first status"), (Queue::Dequeue, "only until it was read")] {
        let customer = stack.connect_pageup(|_| {}).await?;
        customer.set_options(|options| options.queue = queue)?;
        let certn = &stack.simulators()?.certn;
        let before = certn.cases().len();
        tell.step(&format!(
            "PageUp lists an invitation {how}. Twelve wait, the first five of them without an address."
        ));
        let mut invitations = Vec::new();
        for n in 0..12 {
            let mut invitation = customer.invitation("Dee");
            if n < 5 {
                invitation.email = None;
            }
            invitations.push(customer.invite(invitation)?);
        }
        let mut minutes = 0;
        let settled = || invitations.iter().all(|id| customer.screen(id).is_ok_and(|screen| screen.status.is_some()));
        while minutes < 6 && !settled() {
            minutes += 1;
            stack.pass(MINUTE).await?;
        }
        let mut statuses = Vec::new();
        for invitation in &invitations {
            statuses.push(customer.screen(invitation)?.status.unwrap_or_default());
        }
        let (failed, ordered) = (
            statuses.iter().filter(|s| *s == "Failed").count(),
            statuses.iter().filter(|s| *s == "In progress").count(),
        );
        tell.sees(&format!("After {minutes} minute(s): {failed} Failed with a sentence, {ordered} In progress."));
        expect((failed, ordered) == (5, 7), format!("5 failed and 7 ordered, not {statuses:?}"))?;
        expect(certn.cases().len() - before == 7, "seven orders at Certn")?;
        no_violations(stack)?;
    }
    Ok(())
}

/// The same invitation again, while its order is open and after it is completed.
pub(super) async fn again(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect_pageup(|_| {}).await?;
    let simulators = stack.simulators()?;
    let (certn, pageup) = (&simulators.certn, &simulators.pageup);
    let before = certn.cases().len();
    let invitation = customer.invite(customer.invitation("Eli"))?;
    stack.pass(MINUTE).await?;
    tell.step("PageUp lists the same invitation again while its check runs.");
    pageup.resend_same_id(&customer.tenant, &invitation);
    stack.pass(MINUTE).await?;
    expect_screen(&look(&customer, &invitation, tell)?, "In progress", Some("Invitation sent"))?;
    let case = certn.cases().pop().ok_or("Certn has no order")?;
    certn.complete(&case.id, Some("REVIEW"));
    stack.settle().await?;
    tell.step("And once more after it is completed.");
    pageup.resend_same_id(&customer.tenant, &invitation);
    stack.pass(MINUTE).await?;
    let screen = look(&customer, &invitation, tell)?;
    expect_screen(&screen, "Completed", None)?;
    expect(certn.cases().len() == before + 1, "one order")?;

    tell.step("A failed invitation comes again under its own id, corrected.");
    let mut without_address = customer.invitation("Fay");
    without_address.email = None;
    let failed = customer.invite(without_address)?;
    stack.pass(MINUTE).await?;
    expect(look(&customer, &failed, tell)?.status.as_deref() == Some("Failed"), "a failed invitation")?;
    pageup.correct(&customer.tenant, &failed, |invite| invite.email = Some("fay@example.com".to_owned()));
    pageup.resend_same_id(&customer.tenant, &failed);
    stack.pass(MINUTE).await?;
    expect_screen(&look(&customer, &failed, tell)?, "In progress", Some("Invitation sent"))?;
    expect(certn.cases().len() == before + 2, "one more order")?;
    no_violations(stack)
}
