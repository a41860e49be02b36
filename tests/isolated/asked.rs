//! What code in a process of its own asks of the instance: it is told what it would be told in the process of the run.

use std::sync::Arc;

use orch::asset::{AssetKey, EvaluationQuery, MaterializationQuery};
use orch::partition::{BySet, Partitioning, PartitionsDefinition};
use orch::prelude::*;
use orch::run::{Run, Runner};
use orch::storage::{Memory, Storage};

use crate::ops;

pub(crate) struct Customers;

impl Partitioning for Customers {
    type Kind = BySet;

    fn definition() -> PartitionsDefinition {
        PartitionsDefinition::dynamic("customers")
    }
}

/// Works for a customer.
#[asset(isolate)]
pub(crate) fn served(customer: &Partition<Customers>) -> String {
    format!("{} is served", customer.key())
}

/// Adds customers, and removes one.
#[asset(isolate)]
pub(crate) fn signups(context: Context) -> Result<String> {
    let customers = context.partitions::<Customers>();
    let (added, removed) = (customers.add(["beta", "acme", "cogs"])?, customers.remove(["beta", "delta"])?);
    let is_there = customers.contains("acme")? && !customers.contains("beta")?;
    Ok(format!("{added:?}\n{removed:?}\n{:?} {is_there}", customers.keys()?))
}

/// Adds what can be no key.
#[asset(isolate)]
pub(crate) fn mistyped(context: Context) -> Result<i64> {
    Ok(context.partitions::<Customers>().add(["acme", "a|b"])?.changed.len() as i64)
}

/// Comes out the same each time.
#[asset(code_version = "1")]
pub(crate) fn steady() -> i64 {
    1
}

/// Tells all that is known of an asset and its checks, and whether the run makes another one.
#[asset(isolate, deps = [steady])]
pub(crate) fn history(context: Context) -> Result<String> {
    let apart: AssetKey = "apart".parse()?;
    let made = MaterializationQuery { asset: Some(apart.clone()), ..MaterializationQuery::default() };
    let found = EvaluationQuery { asset: Some(apart.clone()), ..EvaluationQuery::default() };
    let (made, found) = (context.materializations(&made)?, context.evaluations(&found)?);
    Ok(format!("{made:?}\n{found:?}\n{}", context.makes(&"steady".parse()?)))
}

fn kept() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

/// Makes assets of a selection, in processes of their own or in this one.
fn run(storage: &Arc<dyn Storage>, selection: &str, how: impl Fn(Runner) -> Runner) -> Result<Run, String> {
    let definitions = ops::definitions();
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).record(storage).keep_outputs().max_concurrent(1);
    how(runner).run_blocking().map_err(|error| error.to_string())
}

pub(crate) fn a_process_works_for_a_dynamic_partition_and_adds_some() {
    let storage = kept();
    storage.add_keys("customers", &["acme"]).expect("added");
    run(&storage, "served", |runner| runner.partition("acme")).expect("it succeeds");
    assert_eq!(storage.latest_partitions(&"served".parse().expect("a key")).expect("facts").len(), 1);
    let apart = run(&storage, "signups", |runner| runner).expect("it has a way to the instance");
    insta::assert_snapshot!(apart.output::<signups>(), @r#"
    ChangedKeys { changed: ["beta", "cogs"], unchanged: ["acme"] }
    ChangedKeys { changed: ["beta"], unchanged: ["delta"] }
    [PartitionKey("acme"), PartitionKey("cogs")] true
    "#);
    let keys = storage.key_set("customers").expect("the set");
    assert_eq!(keys.iter().map(|(_, key)| key).collect::<Vec<_>>(), ["acme", "cogs"]);
    // In the process of the run it is the same.
    let here = kept();
    here.add_keys("customers", &["acme"]).expect("added");
    let same = run(&here, "signups", Runner::in_process).expect("it succeeds");
    assert_eq!(same.output::<signups>(), apart.output::<signups>());
    assert_eq!(here.key_set("customers").expect("the set"), keys);
    let refused = |how: fn(Runner) -> Runner| run(&kept(), "mistyped", how).expect_err("it is no key");
    assert_eq!(refused(|runner| runner), refused(Runner::in_process));
    insta::assert_snapshot!(refused(|runner| runner), @"
    the run of `materialize` failed: 1 step
    `mistyped`: the partition key `a|b` has `|`
      hint: keys of several dimensions and their selections are written with `|`, `,`, `;`, `[` and `]`
    ");
}

pub(crate) fn a_process_is_told_what_is_known_of_assets() {
    let storage = kept();
    for earlier in ["+apart", "apart"] {
        run(&storage, earlier, |runner| runner).expect("its checks stop nothing");
    }
    let apart = run(&storage, "steady or history", |runner| runner).expect("it is told");
    let told = apart.output::<history>();
    assert_eq!(told.matches("Materialization {").count(), 2, "{told}");
    // Of what was made first there was nothing earlier.
    assert_eq!(told.matches("check: \"compared\"").count(), 2, "{told}");
    let same = run(&storage, "steady or history", Runner::in_process).expect("it succeeds");
    assert_eq!(same.output::<history>(), told);
    // What is passed over, the run does not make.
    let makes = |how: fn(Runner) -> Runner| {
        let storage = kept();
        run(&storage, "steady", |runner| runner).expect("it succeeds");
        let passing = run(&storage, "steady or history", how).expect("it succeeds");
        passing.output::<history>().ends_with("true")
    };
    assert!(makes(|runner| runner));
    assert!(!makes(Runner::memoize));
    assert!(!makes(|runner| runner.in_process().memoize()));
}
