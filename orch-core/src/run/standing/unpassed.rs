use std::collections::{BTreeMap, HashMap};

use super::{LatestFacts, ToMake};
use crate::asset::{AssetKey, CheckEvaluation, EvaluationQuery, Materialization};
use crate::graph::{AssetGraph, CheckDef};
use crate::partition::PartitionSet;
use crate::select::Selectable as _;
use crate::storage::{ReadAssets, StorageError};

impl ToMake {
    /// The numbers of the assets that a run has in it which makes this of what was `selected`: those that are to be made, and what
    /// lies between them and something that is there, is selected too, and was not let through by each of its blocking checks. The
    /// run passes over it, or is given it, lets the checks look, and makes nothing of what they refuse.
    ///
    /// What has partitions that are `asked` for is in the run if any partition is to be made: for which partitions a run is follows
    /// from all of its assets.
    ///
    /// # Errors
    /// If it cannot be read what the checks have found.
    pub fn in_run(
        &self,
        graph: &AssetGraph,
        (selected, asked): (&[bool], &BTreeMap<AssetKey, PartitionSet>),
        latest: &LatestFacts,
        storage: &(impl ReadAssets + ?Sized),
    ) -> Result<Vec<usize>, StorageError> {
        let mut is_in = vec![false; graph.assets().len()];
        self.assets.iter().for_each(|&number| is_in[number] = true);
        let mut below = vec![false; is_in.len()];
        let above = above(graph, selected, &is_in);
        for &number in graph.order().iter().filter(|&&number| above[number] && !is_in[number]) {
            let asked = asked.get(graph.assets()[number].key());
            below[number] = graph.upstream(number).iter().any(|&other| below[other])
                || latest.is_unpassed(graph, number, asked, storage)?;
        }
        (0..is_in.len()).filter(|&number| below[number]).for_each(|number| is_in[number] = true);
        Ok(self.with_partitions(graph, is_in, asked))
    }

    /// As [`ToMake::in_run`], where no check looks.
    #[must_use]
    pub fn in_run_unchecked(
        &self,
        graph: &AssetGraph,
        asked: &BTreeMap<AssetKey, PartitionSet>,
    ) -> Vec<usize> {
        let is_in = (0..graph.assets().len()).map(|number| self.assets.contains(&number));
        self.with_partitions(graph, is_in.collect(), asked)
    }

    /// These, and all that has partitions which are asked for, if one of these has some.
    fn with_partitions(
        &self,
        graph: &AssetGraph,
        mut is_in: Vec<bool>,
        asked: &BTreeMap<AssetKey, PartitionSet>,
    ) -> Vec<usize> {
        let of_partitions: Vec<usize> = asked.keys().filter_map(|key| graph.number(key)).collect();
        if !self.partitions.is_empty() || of_partitions.iter().any(|&number| is_in[number]) {
            of_partitions.iter().for_each(|&number| is_in[number] = true);
        }
        graph.order().iter().copied().filter(|&number| is_in[number]).collect()
    }
}

/// Of which assets something is made in a run, be it by way of others that are selected too.
fn above(graph: &AssetGraph, selected: &[bool], is_made: &[bool]) -> Vec<bool> {
    let mut above = vec![false; is_made.len()];
    for &number in graph.order().iter().rev() {
        let is_taken = graph.downstream(number).iter().any(|&below| is_made[below] || above[below]);
        above[number] = selected[number] && is_taken;
    }
    above
}

impl LatestFacts {
    /// Whether something of an asset is there that one of its blocking checks has refused, or has never looked at; of an asset with
    /// partitions, of those that are `asked` for.
    fn is_unpassed(
        &self,
        graph: &AssetGraph,
        number: usize,
        asked: Option<&PartitionSet>,
        storage: &(impl ReadAssets + ?Sized),
    ) -> Result<bool, StorageError> {
        let asset = &graph.assets()[number];
        let key = asset.key();
        let facts: Vec<&Materialization> = match asset.partitions().map(|of| of.resolve(&self.keys)) {
            None => self.whole(key).into_iter().collect(),
            Some(Ok(keyspace)) => {
                let index = |fact: &Materialization| {
                    fact.partition.as_deref().and_then(|key| keyspace.index_of(key).ok())
                };
                let is_asked = |fact: &&Materialization| {
                    asked.is_some_and(|asked| index(fact).is_some_and(|index| asked.contains(index)))
                };
                self.partitions.get(key).into_iter().flatten().filter(is_asked).collect()
            }
            // That it cannot be was told with the graph.
            Some(Err(_)) => Vec::new(),
        };
        let blocking = graph.checks_of(number).filter(|check| check.is_blocking() && !asset.is_external());
        for check in blocking.filter(|_| !facts.is_empty()) {
            let found = found_last(check, storage)?;
            let is_passed = |fact: &&Materialization| {
                found.get(&fact.partition).is_some_and(|found| found.has_passed(fact))
            };
            if !facts.iter().all(is_passed) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What a check found last, by partition.
fn found_last(
    check: &CheckDef,
    storage: &(impl ReadAssets + ?Sized),
) -> Result<HashMap<Option<String>, CheckEvaluation>, StorageError> {
    let (key, name) = (check.asset().key(), check.name());
    let found = match check.asset().partitions() {
        Some(_) => storage.latest_evaluations(key, name)?,
        None => storage.evaluations(&EvaluationQuery::latest(key, name))?,
    };
    Ok(found.into_iter().map(|found| (found.partition.clone(), found)).collect())
}
