use std::collections::{BTreeMap, BTreeSet};

use super::ForPartitions;
use crate::partition::{KeySets, Keyspace, PartitionSet, PartitionsDefinition};
use crate::plan::{Plan, Problem, ProblemKind};
use crate::storage::{PinnedPartitions, Storage};

/// The sets whose keys are partitions of what a plan makes or takes.
pub(in crate::run) fn key_sets(plan: &Plan) -> BTreeSet<&str> {
    let made = plan.partitions.iter().map(|of| &of.definition);
    let loads = plan.steps.iter().filter_map(|step| step.loads.as_ref()?.partitions.as_ref());
    let external = plan.partitions.iter().flat_map(|of| &of.external).map(|of| &of.definition);
    made.chain(loads.map(|of| &of.definition))
        .chain(external)
        .flat_map(PartitionsDefinition::key_sets)
        .collect()
}

/// The sets whose keys are partitions of what a plan makes or takes, as the instance has them now.
pub(in crate::run) fn keys_of(plan: &Plan, storage: Option<&dyn Storage>) -> Result<KeySets, Vec<Problem>> {
    let mut keys = KeySets::new();
    for set in key_sets(plan) {
        let problem = |message: String| Problem::new(ProblemKind::InvalidPartition, message);
        let Some(storage) = storage else {
            let message = format!(
                "the job `{}` is of partitions that are the keys of the set `{set}`, which lives in an instance, and the run knows of none",
                plan.job
            );
            return Err(vec![
                problem(message)
                    .hint("record the run, `.record(&storage)`, or give it the keys, `.key_sets(..)`; on the command line leave out `--no-record`"),
            ]);
        };
        let read = storage.key_set(set).map_err(|error| {
            let told = problem(format!("the set of partitions `{set}` cannot be read: {error}"));
            vec![error.advice().into_iter().fold(told, Problem::hint)]
        })?;
        keys = keys.with(set, read);
    }
    Ok(keys)
}

impl ForPartitions {
    /// What is pinned with the run, which besides those that it is for takes these of others: keys that it does not touch are of
    /// no use to it.
    pub(in crate::run) fn pinned_with(
        &self,
        taken: impl Iterator<Item = (Keyspace, PartitionSet)>,
    ) -> Option<PinnedPartitions> {
        let mut touched: BTreeMap<String, PartitionSet> = BTreeMap::new();
        let own = self.of.iter().map(|of| (of.keyspace.clone(), of.set.clone()));
        for (keyspace, set) in own.chain(taken) {
            for (name, numbers) in keyspace.numbers_in_sets(&set) {
                *touched.entry(name.to_owned()).or_default() |= &numbers;
            }
        }
        let keys = touched.iter().fold(KeySets::new(), |keys, (name, numbers)| {
            keys.with(name, self.keys.named(name).only(numbers))
        });
        Some(PinnedPartitions { keys, ..self.pinned.clone()? })
    }
}
