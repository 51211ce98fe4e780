//! What a region costs in a month, from counted work and dated prices, as docs/cost.md has it.

mod bill;
mod counted;
mod pieces;
mod prices;

use std::fmt::Write;

use local_stack::stack::Error;

use self::bill::{Declared, Load, PARTS, month};
use self::counted::Used;
use self::pieces::{ALL, Scheduled, check, idle_hour};
use self::prices::Prices;

/// Customers of each ATS in a region that has any.
const CUSTOMERS: f64 = 10.0;

/// The tables of the document.
///
/// # Errors
/// A piece of work did not go as it should, or a price is missing.
pub(crate) async fn tables() -> Result<String, Error> {
    let (prices, declared) = (Prices::read()?, Declared::read()?);
    let hours = prices.of("hours_a_month")?;
    let empty = idle_hour(None).await?;
    let mut text = String::from(
        "| an idle hour | table, read units | table, written units | secrets read | messages | calls of AWS | calls outside |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    let row = |text: &mut String, name: &str, used: Used| -> Result<(), Error> {
        let Used { reads, writes, secrets, messages, aws_calls, outside_calls, .. } = used;
        Ok(writeln!(text, "| {name} | {reads} | {writes} | {secrets} | {messages} | {aws_calls} | {outside_calls} |")?)
    };
    row(&mut text, "without any customer", empty.reconcile + empty.poll)?;
    let mut idle = empty;
    let mut one_of_each = Used::default();
    let mut checks = Vec::new();
    for (ats, name) in ALL {
        let hour = idle_hour(Some(ats)).await?;
        let (reconcile, poll) = (hour.reconcile - empty.reconcile, hour.poll - empty.poll);
        row(&mut text, &format!("a customer of {name}, more"), reconcile + poll)?;
        idle = Scheduled { reconcile: idle.reconcile + reconcile * CUSTOMERS, poll: idle.poll + poll * CUSTOMERS };
        let used = check(ats).await?;
        one_of_each = one_of_each + used;
        checks.push((name, used));
    }
    text.push_str(
        "\n| a check | requests to the API | table, read units | table, written units | secrets read | messages | \
         calls of AWS | calls outside |\n|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (name, used) in checks {
        row(&mut text, &format!("{name} | {}", used.requests), used)?;
    }

    let scenario = |hour: Scheduled, customers: f64, checks: f64| {
        let scheduled = Scheduled { reconcile: hour.reconcile * hours, poll: hour.poll * hours };
        let work = one_of_each * (checks / ALL.len() as f64);
        month(&Load { scheduled, checks, work, connections: customers * ALL.len() as f64 }, &declared, &prices)
    };
    let months = [
        scenario(empty, 0.0, 0.0)?,
        scenario(idle, CUSTOMERS, 0.0)?,
        scenario(idle, CUSTOMERS, 1_000.0)?,
        scenario(idle, CUSTOMERS, 10_000.0)?,
    ];
    text.push_str(
        "\n| USD a month | no customer | 30 customers, no candidate | 30 customers, 1,000 checks | \
         30 customers, 10,000 checks |\n|---|---:|---:|---:|---:|\n",
    );
    for (at, part) in PARTS.iter().enumerate() {
        let costs = months.iter().filter_map(|month| month.get(at)).map(|cost| format!("{cost:.2}"));
        writeln!(text, "| {part} | {} |", costs.collect::<Vec<_>>().join(" | "))?;
    }
    let sums = months.iter().map(|month| format!("**{:.2}**", month.iter().sum::<f64>()));
    writeln!(text, "| **sum** | {} |", sums.collect::<Vec<_>>().join(" | "))?;
    Ok(text)
}
