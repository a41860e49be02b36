//! Assets: what is made of what, the jobs drawn of them, and what a run of one tells.

use std::sync::Arc;

use orch::asset::{MaterializationQuery, MetadataValue};
use orch::prelude::*;
use orch::storage::{Memory, ReadAssets, Storage};

/// Orders as they come.
#[asset(group = "raw", owners = ["data team"], kind = "list")]
fn raw_orders() -> Vec<i64> {
    vec![3, 1, 2]
}

#[asset(group = "sales", key_prefix = "mart", retry(max = 2), code_version = "2")]
async fn orders(raw_orders: &[i64], context: Context) -> Result<Vec<i64>> {
    context.add_metadata("rows", MetadataValue::RowCount(raw_orders.len() as u64));
    let mut orders = raw_orders.to_vec();
    orders.sort_unstable();
    Ok(orders)
}

#[op]
fn spread(orders: Vec<i64>) -> Dynamic<i64> {
    Dynamic::from_values(orders)
}

#[op]
fn double(order: i64) -> i64 {
    order * 2
}

#[op]
fn sum(orders: Vec<i64>) -> i64 {
    orders.into_iter().sum()
}

/// The sum of all orders, each doubled by a step of its own.
#[graph_asset(group = "sales")]
fn total(orders: Out<Vec<i64>>) -> Out<i64> {
    sum(spread(orders).map(double).collect())
}

#[external_asset(key = "fx/rate")]
fn rate() -> f64;

#[asset(deps = [total])]
fn report(#[from(total)] sum: i64, rate: f64) -> String {
    format!("{:.1}", sum as f64 * rate)
}

fn definitions() -> Definitions {
    Definitions::new()
        .assets(assets![report, total, rate, orders, raw_orders])
        .asset_job("nightly", "+total")
        .asset_job("late", "report")
}

#[test]
fn a_job_of_assets_makes_what_is_selected() {
    let definitions = definitions();
    let job = definitions.jobs().iter().find(|job| job.name() == "nightly").expect("a job").clone();
    insta::assert_snapshot!(job.plan(), @r"
    job nightly
      depth_first, as many at once as processors
    raw_orders() -> Vec<i64>
      | makes asset raw_orders
    mart__orders(raw_orders: &Vec<i64> <- raw_orders) -> Vec<i64>
      | makes asset mart/orders
      | retry 2x
      | code version 2
    total.spread(orders: Vec<i64> <- mart__orders) -> dynamic i64
    map total.spread
        total.double(order: i64 <- each total.spread) -> i64
    total.sum(orders: Vec<i64> <- collect total.double) -> i64
      | makes asset total
    ");
    let storage: Arc<dyn Storage> = Arc::new(Memory::new());
    let runner = definitions.runner(&job).record(&storage).keep_outputs().keep_events();
    let run = runner.run_blocking().expect("it succeeds");
    assert_eq!(*run.output::<sum>(), 12);
    let facts = storage.materializations(&MaterializationQuery::default()).expect("facts");
    let facts: Vec<_> = facts
        .iter()
        .map(|fact| {
            let inputs: Vec<_> = fact.inputs.iter().map(|input| input.asset.to_string()).collect();
            format!(
                "{} {:?} {:?} of {inputs:?} at {:?}",
                fact.asset, fact.metadata, fact.code_version, fact.value
            )
        })
        .collect();
    insta::assert_snapshot!(facts.join("\n"), @r#"
    total {} None of ["mart/orders"] at Fact
    mart/orders {"rows": RowCount(3)} Some("2") of ["raw_orders"] at Fact
    raw_orders {} None of [] at Fact
    "#);
    let error = definitions
        .runner(&definitions.materialize(&"report".parse().unwrap()))
        .record(&storage)
        .run_blocking()
        .unwrap_err();
    insta::assert_snapshot!(error, @r#"
    the job `materialize` cannot be planned
    error: `report` takes the asset `fx/rate`, which others make, and nobody has materialized here
      --> tests/it/assets.rs:48 (the step)
      hint: have the program that makes it run on this instance, or say what loads it: `#[external_asset(io = "..")]` on `rate`
    "#);
}
