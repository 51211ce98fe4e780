//! What a region costs in a month: `cargo bench -p local-stack --bench region_cost`. Prints the tables of docs/cost.md.

#[path = "cost/mod.rs"]
mod cost;

use std::io::Write;

use local_stack::stack::Error;

fn main() -> Result<(), Error> {
    // `cargo test --all-targets` starts benches, too, and does not mean this one.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(std::io::stdout().lock().write_all(runtime.block_on(cost::tables())?.as_bytes())?)
}
