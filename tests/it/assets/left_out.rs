//! Days that an asset leaves out: for what may do without them they are missing, and what comes out as it was is not made anew.

use std::sync::Arc;

use orch::partition::{ByTime, PartitionMapping, Partitioning, PartitionsDefinition, TimePartitions};
use orch::prelude::*;
use orch::storage::Storage;

use super::storage;

struct Daily;

impl Partitioning for Daily {
    type Kind = ByTime;

    fn definition() -> PartitionsDefinition {
        TimePartitions::daily("2024-01-01").until("2024-01-06").into()
    }
}

/// The days on which much was sold, from the one that a setting says.
#[derive(Config)]
struct Much {
    #[config(default = 3)]
    from: i8,
}

#[asset(code_version = "1")]
fn large(day: &Partition<Daily>, much: Config<Much>) -> Optional<i64> {
    let day = day.window().start.day();
    Optional::from((day >= much.from).then_some(i64::from(day)))
}

/// What was large until this day.
#[asset(code_version = "1", partitions = Daily)]
fn until(
    #[mapped(PartitionMapping::time_window(-1, 0).allow_missing())] large: &Partitions<i64>,
) -> Vec<i64> {
    large.values().copied().collect()
}

/// What has happened: which days were made of what, and which were passed over.
fn run(storage: &Arc<dyn Storage>, selection: &str) -> String {
    let definitions = Definitions::new().assets(assets![large, until]);
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    let runner = definitions.runner(&job).memoize().record(storage).keep_outputs().keep_events();
    let run =
        runner.partition("2024-01-02..2024-01-05").max_concurrent(1).run_blocking().expect("it succeeds");
    let told = run.events().iter().filter_map(|event| {
        let step = event.step.as_ref()?;
        let is_told = matches!(event.kind.name(), "ASSET_MATERIALIZATION" | "STEP_MEMOIZED");
        is_told.then(|| format!("{} {step}", event.kind.name()))
    });
    let told: Vec<_> = told.collect();
    let until = run.outputs::<until>().map(|(_, days)| format!("{days:?}")).collect::<Vec<_>>();
    format!("{}\n{}", told.join("\n"), until.join(" "))
}

#[test]
fn a_day_that_is_left_out_is_missing_in_the_run_that_leaves_it_out_and_in_another() {
    let (together, apart) = (storage(), storage());
    insta::assert_snapshot!(run(&together, "*"), @"
    ASSET_MATERIALIZATION large[2024-01-03]
    ASSET_MATERIALIZATION large[2024-01-04]
    ASSET_MATERIALIZATION large[2024-01-05]
    ASSET_MATERIALIZATION until[2024-01-02]
    ASSET_MATERIALIZATION until[2024-01-03]
    ASSET_MATERIALIZATION until[2024-01-04]
    ASSET_MATERIALIZATION until[2024-01-05]
    [] [3] [3, 4] [4, 5]
    ");
    run(&apart, "large");
    insta::assert_snapshot!(run(&apart, "until"), @"
    ASSET_MATERIALIZATION until[2024-01-02]
    ASSET_MATERIALIZATION until[2024-01-03]
    ASSET_MATERIALIZATION until[2024-01-04]
    ASSET_MATERIALIZATION until[2024-01-05]
    [] [3] [3, 4] [4, 5]
    ");
    // Whichever way it was made, it is made of the same.
    insta::assert_snapshot!(run(&together, "until"), @"
    STEP_MEMOIZED until[2024-01-02]
    STEP_MEMOIZED until[2024-01-03]
    STEP_MEMOIZED until[2024-01-04]
    STEP_MEMOIZED until[2024-01-05]
    [] [3] [3, 4] [4, 5]
    ");
    insta::assert_snapshot!(run(&apart, "*"), @"
    STEP_MEMOIZED large[2024-01-03]
    STEP_MEMOIZED large[2024-01-04]
    STEP_MEMOIZED large[2024-01-05]
    STEP_MEMOIZED until[2024-01-02]
    STEP_MEMOIZED until[2024-01-03]
    STEP_MEMOIZED until[2024-01-04]
    STEP_MEMOIZED until[2024-01-05]
    [] [3] [3, 4] [4, 5]
    ");
}
