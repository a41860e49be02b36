//! Assets: what is made of what, the jobs drawn of them, and what a run of one leaves.

mod checks;
mod drawn;
mod dynamic;
mod graphs;
mod in_place;
mod kept;
mod left_out;
mod made_good;
mod memo;
mod mistakes;
mod multi;
mod multi_by_day;
mod mutation;
mod observed;
mod optional;
mod own;
mod partitioned;
mod ready;
mod said;
mod stored;
mod stored_together;
mod together;

use std::sync::Arc;

use orch::asset::{Materialization, MaterializationQuery};
use orch::prelude::*;
use orch::run::{Run, RunError};
use orch::storage::{Memory, Storage};

/// A storage in memory.
fn storage() -> Arc<dyn Storage> {
    Arc::new(Memory::new())
}

/// Materializes what a selection says.
fn materialize(
    definitions: &Definitions,
    storage: &Arc<dyn Storage>,
    selection: &str,
) -> Result<Run, RunError> {
    let job = definitions.materialize(&selection.parse().expect("a selection"));
    definitions.runner(&job).record(storage).keep_outputs().keep_events().max_concurrent(1).run_blocking()
}

/// What is known of assets, the oldest first, without what differs from run to run.
fn facts(storage: &Arc<dyn Storage>) -> String {
    let facts = storage.materializations(&MaterializationQuery::default()).expect("what is known");
    facts.iter().rev().map(told).collect::<Vec<_>>().join("\n")
}

fn told(fact: &Materialization) -> String {
    let partition = fact.partition.as_ref().map_or_else(String::new, |partition| format!("[{partition}]"));
    let mut told = vec![format!("{}{partition}", fact.asset)];
    told.extend(fact.code_version.as_ref().map(|version| format!("code {version}")));
    told.extend(
        fact.data_version.as_ref().map(|version| format!("data {}", version.get(..8).unwrap_or(version))),
    );
    told.extend(fact.inputs.iter().map(|input| {
        let version = input.data_version.as_deref().map(|version| version.get(..8).unwrap_or(version));
        let partition =
            input.partition.as_ref().map_or_else(String::new, |partition| format!("[{partition}]"));
        format!("of {}{partition} {}", input.asset, version.unwrap_or("unknown"))
    }));
    told.extend(fact.metadata.iter().map(|(name, value)| format!("{name}: {value:?}")));
    told.push(format!("{:?}", fact.value).split(['(', ' ']).next().unwrap_or_default().to_lowercase());
    told.join(", ")
}

/// The steps that ran, in the order of their ends.
fn ran(run: &Run) -> Vec<String> {
    let ended = run.events().iter().filter(|event| event.kind.name() == "STEP_SUCCESS");
    ended.filter_map(|event| event.step.as_ref().map(ToString::to_string)).collect()
}
