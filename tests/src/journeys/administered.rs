//! Each of an administrator's calls once: on a deployed stack every one is a function with a role of its own.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::admin::{call, text};
use super::{Outcome, expect, no_violations, row};
use crate::narrator::Narrator;
use crate::stack::{Error, STANDARD, Stack, TRIGGER};

/// The number of the connection's last change.
async fn rev(stack: &Stack, connection: &str) -> Result<u64, Error> {
    let shown = call(stack, "GET", connection, None).await?;
    shown.get("rev").and_then(Value::as_u64).ok_or_else(|| format!("a rev, not {shown}").into())
}

/// From a connection with an order to its erasure and the connection's end.
pub(super) async fn one_of_each(stack: &Stack, tell: &Narrator) -> Outcome {
    let customer = stack.connect(|_| {}).await?;
    let candidate = customer.candidate(&customer.job(&["Standard"])?, "Eli")?;
    customer.advance(&candidate, TRIGGER).await?;
    let case = stack.simulators()?.certn.cases().pop().ok_or("Certn has no order")?;
    let connection = format!("/admin/connections/{}", customer.connection);
    let of_connection = |end: &str| format!("{connection}/{end}");
    let application = json!({"application": candidate.workflow});

    tell.step("The administrator looks at everything.");
    for path in ["/admin/connections", &connection] {
        call(stack, "GET", path, None).await?;
    }
    for path in ["check", "packages", "groups"] {
        call(stack, "GET", &of_connection(path), None).await?;
    }
    call(stack, "POST", &of_connection("explain"), Some(&application)).await?;
    let orders = call(stack, "GET", &of_connection("orders"), None).await?;
    let order = format!("/admin/orders/{}", text(&orders, "/orders/0/id"));
    call(stack, "GET", &order, None).await?;

    // So that Certn takes more calls of this connection.
    stack.pass(SignedDuration::from_mins(1)).await?;
    tell.step("Maps a word, and takes the mapping back.");
    let mapping = json!({"kind": "package", "ats_value": "Basic", "provider_value": STANDARD});
    call(stack, "PUT", &of_connection("mappings"), Some(&mapping)).await?;
    call(stack, "GET", &of_connection("mappings"), None).await?;
    call(stack, "DELETE", &of_connection("mappings?kind=package&ats_value=Basic"), None).await?;

    tell.step("Adopts the order that is placed, has it go on, and cancels it.");
    call(stack, "POST", &format!("{order}/adopt"), Some(&json!({"provider_order": case.id}))).await?;
    call(stack, "POST", &format!("{order}/replay"), Some(&json!({}))).await?;
    let rejected = json!({"filter": {"status": "rejected"}, "dry_run": true});
    call(stack, "POST", &of_connection("replays"), Some(&rejected)).await?;
    stack.settle().await?;
    let cancelled = call(stack, "POST", &format!("{order}/cancel"), None).await?;
    expect(text(&cancelled, "/status") == "cancelled", format!("a cancelled order: {cancelled}"))?;
    stack.settle().await?;
    row(&customer, &candidate, tell)?;

    tell.step("Replaces the webhook's password, pauses the connection, and erases the candidate.");
    let password = json!({"what": "webhook_password", "overlap_hours": 24});
    call(stack, "POST", &of_connection("credentials"), Some(&password)).await?;
    let rev = rev(stack, &connection).await?;
    call(stack, "PATCH", &connection, Some(&json!({"rev": rev, "state": "paused"}))).await?;
    call(stack, "POST", &of_connection("erasures"), Some(&application)).await?;

    tell.step("Takes the access to Lever back, and disconnects the customer.");
    if stack.region == "ca" {
        let on_lever = stack.connect_authorized_lever(|_| {}).await?;
        let access = format!("/admin/connections/{}/lever-authorization", on_lever.connection);
        call(stack, "DELETE", &access, None).await?;
    }
    call(stack, "DELETE", &format!("{connection}?rev={}", rev + 1), None).await?;
    let audit = call(stack, "GET", &of_connection("audit"), None).await?;
    let done: Vec<_> = super::admin::list(&audit, "entries").map(|entry| text(entry, "/action")).collect();
    tell.sees(&format!("The audit has: {}.", done.join(", ")));
    no_violations(stack)
}
