//! An administrator sees what is wrong, asks what would cure it, cures it, and what waited goes on.

use serde_json::{Value, json};

use super::{Outcome, expect, no_violations, row};
use crate::narrator::Narrator;
use crate::simulators::certn::{Key, KeyState};
use crate::stack::{API_KEY, Customer, Error, STANDARD, Stack, TRIGGER, WEBHOOK_SECRET};

pub(super) async fn call(stack: &Stack, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
    let (status, answer) = stack.admin(method, path, body).await?;
    expect((200..300).contains(&status), format!("{method} {path} to work, not {status}: {answer}"))?;
    Ok(answer)
}

pub(super) fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn list<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The red lines of the connection's check, told to the listener.
async fn red_lines(stack: &Stack, customer: &Customer<'_>, tell: &Narrator) -> Result<Vec<String>, Error> {
    let checked = call(stack, "GET", &format!("/admin/connections/{}/check", customer.connection), None).await?;
    let mut red = Vec::new();
    for owner in ["ats_admin", "provider_admin", "hub_operator"] {
        for line in list(&checked, owner).filter(|line| text(line, "/found") == "wrong") {
            let sentence = text(line, "/sentence");
            tell.sees(&format!("The check says, for the {}: {sentence}", owner.replace('_', " ")));
            red.push(format!("{owner} {}", text(line, "/item")));
        }
    }
    if red.is_empty() {
        tell.sees("The check finds nothing wrong.");
    }
    Ok(red)
}

async fn explained(stack: &Stack, customer: &Customer<'_>, about: Value, tell: &Narrator) -> Result<Value, Error> {
    let path = format!("/admin/connections/{}/explain", customer.connection);
    let told = call(stack, "POST", &path, Some(&about)).await?;
    tell.sees(text(&told, "/in_words"));
    Ok(told)
}

/// A key that ended, and a word that nobody mapped.
pub(super) async fn finds_out(stack: &Stack, tell: &Narrator) -> Outcome {
    const NEW_KEY: &str = "certn-key-made-today";
    let customer = stack.connect(|_| {}).await?;
    let certn = &stack.simulators()?.certn;
    let before = certn.cases().len();

    tell.step("Before the first order the administrator checks the connection.");
    expect(red_lines(stack, &customer, tell).await?.is_empty(), "no red line")?;

    tell.step("The job names a package that Certn does not have; the recruiter moves the candidate.");
    let job = customer.job(&["Basic"])?;
    let candidate = customer.candidate(&job, "Dot")?;
    let screen = customer.advance(&candidate, TRIGGER).await?;
    expect(screen.status == Some(400), format!("400, not {screen:?}"))?;
    tell.sees(&format!("iCIMS shows the recruiter: {}", screen.message.unwrap_or_default()));
    tell.step("Why did this candidate's check not start? And what if \"Basic\" meant the package Standard?");
    let proposed = json!([{"kind": "package", "ats_value": "Basic", "provider_value": STANDARD}]);
    let about =
        json!({"application": candidate.workflow, "requester": customer.recruiter(), "proposed_mappings": proposed});
    let told = explained(stack, &customer, about, tell).await?;
    expect(text(&told, "/reason/code") == "unknown_package", format!("unknown_package: {told}"))?;
    tell.sees(&format!("With that mapping: {}", text(&told, "/with_proposed/in_words")));
    expect(text(&told, "/with_proposed/verdict") == "order", format!("an order with the mapping: {told}"))?;
    expect(certn.cases().len() == before, "asking orders nothing")?;
    let path = format!("/admin/connections/{}/mappings", customer.connection);
    call(stack, "PUT", &path, proposed.get(0)).await?;

    tell.step("Certn's key ends. The recruiter moves the candidate again.");
    certn.set_key_state(API_KEY, KeyState::Expired);
    stack.clock.advance(jiff::SignedDuration::from_mins(2));
    let screen = customer.advance(&candidate, TRIGGER).await?;
    expect(screen.status == Some(200), format!("200, not {screen:?}"))?;
    stack.settle().await?;
    expect(certn.cases().len() == before, "nothing ordered without a key")?;
    let red = red_lines(stack, &customer, tell).await?;
    expect(red == ["provider_admin credentials"], format!("one red line, not {red:?}"))?;

    tell.step("The administrator enters a new key: it is tried, then used, and what waited goes on.");
    certn.add_key(Key { value: NEW_KEY.to_owned(), state: KeyState::Valid });
    let credentials = json!({"kind": "certn", "api_keys": [NEW_KEY], "webhook_secrets": [WEBHOOK_SECRET]});
    let path = format!("/admin/connections/{}/credentials", customer.connection);
    call(stack, "POST", &path, Some(&json!({"what": "provider", "credentials": credentials}))).await?;
    stack.settle().await?;
    let entry = row(&customer, &candidate, tell)?;
    expect(entry.result == "Invitation sent", format!("the invitation, not {}", entry.result))?;
    expect(certn.cases().len() == before + 1, "one order after the cure")?;
    let path = format!("/admin/connections/{}/audit", customer.connection);
    let audit = call(stack, "GET", &path, None).await?;
    let done: Vec<_> = list(&audit, "entries").map(|one| text(one, "/action")).collect();
    tell.sees(&format!("The audit has: {}.", done.join(", ")));
    expect(done.len() == 3, format!("three entries, not {done:?}"))?;
    certn.set_key_state(API_KEY, KeyState::Valid);
    no_violations(stack)
}
