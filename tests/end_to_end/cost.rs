//! The price of a region, as its document has it.

#[path = "../benches/cost/mod.rs"]
mod counted_cost;

const DOCUMENT: &str = include_str!("../../docs/cost.md");

#[tokio::test]
async fn the_document_has_the_tables_that_the_bench_prints() {
    let tables = counted_cost::tables().await.unwrap();
    let said = "docs/cost.md is not as `cargo bench -p local-stack --bench region_cost` prints it:";
    assert!(DOCUMENT.contains(&tables), "{said}\n\n{tables}");
}
