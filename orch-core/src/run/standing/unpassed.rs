use std::collections::{BTreeMap, HashMap};

use super::before::Sets;
use super::{LatestFacts, Standings, ToMake};
use crate::asset::{AssetKey, CheckEvaluation, Materialization};
use crate::graph::{AssetGraph, CheckDef};
use crate::partition::PartitionSet;
use crate::storage::{ReadAssets, StorageError};

impl ToMake {
    /// The numbers of the assets that a run has in it which makes this. What has partitions that are `asked` for is in the run if any
    /// partition is to be made: for which partitions a run is follows from all of its assets.
    #[must_use]
    pub fn in_run(&self, graph: &AssetGraph, asked: &BTreeMap<AssetKey, PartitionSet>) -> Vec<usize> {
        let mut is_in = self.is_in(graph);
        let of_partitions: Vec<usize> = asked.keys().filter_map(|key| graph.number(key)).collect();
        let has_partitions = !(self.partitions.is_empty() && self.heeded.is_empty());
        if has_partitions || of_partitions.iter().any(|&number| is_in[number]) {
            of_partitions.iter().for_each(|&number| is_in[number] = true);
        }
        graph.order().iter().copied().filter(|&number| is_in[number]).collect()
    }

    /// What is to be made of each; 0 of an asset without partitions.
    fn sets(&self) -> Sets {
        let set = |number: &usize| self.partitions.get(number).cloned();
        self.assets
            .iter()
            .map(|number| (*number, set(number).unwrap_or_else(|| [0].into_iter().collect())))
            .collect()
    }

    /// Of each asset whether it is to be made.
    fn is_in(&self, graph: &AssetGraph) -> Vec<bool> {
        let mut is_in = vec![false; graph.assets().len()];
        self.assets.iter().for_each(|&number| is_in[number] = true);
        is_in
    }
}

impl Standings {
    /// What a run or a backfill has in it which is to make this of what was `selected` and `asked` for: also what of that is there and
    /// was not let through by each of its blocking checks, where something is to be made of it, and what lies between the two. A run
    /// passes over it, or is given it, and lets the checks look; of what they refuse nothing is made. At partitions that are not asked
    /// for they do not look: what takes one that was not let through fails, for which the run has its asset in it.
    ///
    /// # Errors
    /// If it cannot be read what the checks have found.
    pub fn with_unpassed(
        &self,
        mut made: ToMake,
        graph: &AssetGraph,
        (selected, asked): (&[bool], &BTreeMap<AssetKey, PartitionSet>),
        latest: &LatestFacts,
        storage: &(impl ReadAssets + ?Sized),
    ) -> Result<ToMake, StorageError> {
        let sets = made.sets();
        let relevant = self.made_of_all(&sets, selected);
        let mut kept = Sets::new();
        for &number in graph.order().iter().filter(|&&number| selected[number]) {
            let Some(mut there) = relevant.get(&number).map(|set| set & &self.there(number)) else {
                continue;
            };
            let asset = &graph.assets()[number];
            if asset.partitions().is_some() {
                let Some(asked) = asked.get(asset.key()) else { continue };
                if !latest.unpassed(graph, number, &(&there - asked), storage)?.is_empty() {
                    made.heeded.push(number);
                }
                there = &there & asked;
            }
            if let Some(set) = sets.get(&number) {
                there = &there - set;
            }
            let mut set = latest.unpassed(graph, number, &there, storage)?;
            for need in &self.needs[number] {
                let mut last = kept.get(&need.other).cloned().unwrap_or_default();
                if need.other == number {
                    last |= &set;
                }
                while !last.is_empty() {
                    let needing = match self.partitions.contains_key(&need.other) {
                        true => &need.downstream_of(&last, self.now) & &there,
                        false => there.clone(),
                    };
                    last = if need.other == number { &needing - &set } else { PartitionSet::new() };
                    set |= &needing;
                }
            }
            if !set.is_empty() {
                kept.insert(number, set);
            }
        }
        for (number, set) in kept {
            if self.partitions.contains_key(&number) {
                *made.partitions.entry(number).or_default() |= &set;
            }
            if !made.assets.contains(&number) {
                made.assets.push(number);
            }
        }
        let is_made = made.is_in(graph);
        made.assets = graph.order().iter().copied().filter(|&number| is_made[number]).collect();
        Ok(made)
    }

    /// These, and all that they are made of of the `selected` assets, however far before them.
    fn made_of_all(&self, sets: &Sets, selected: &[bool]) -> Sets {
        let mut all = sets.clone();
        for &number in self.order.iter().rev() {
            let Some(mut set) = all.get(&number).cloned() else { continue };
            for need in self.needs[number].iter().filter(|need| need.other == number) {
                let mut last = set.clone();
                while !last.is_empty() {
                    last = &need.upstream_of_all(&last, &self.there(number), self.now) - &set;
                    set |= &last;
                }
            }
            for need in self.needs[number].iter().filter(|need| need.other != number && selected[need.other])
            {
                *all.entry(need.other).or_default() |= &match self.partitions.contains_key(&need.other) {
                    true => need.upstream_of_all(&set, &self.there(need.other), self.now),
                    false => PartitionSet::from_iter([0]),
                };
            }
            all.insert(number, set);
        }
        all
    }

    /// What is there of an asset; 0 of one without partitions.
    fn there(&self, number: usize) -> PartitionSet {
        match self.partitions.get(&number) {
            Some(partitions) => partitions.materialized.clone(),
            None => PartitionSet::from_iter([0]),
        }
    }
}

impl LatestFacts {
    /// What of these partitions is there of an asset and was refused by one of its blocking checks, or never looked at; 0 of an asset
    /// without any.
    fn unpassed(
        &self,
        graph: &AssetGraph,
        number: usize,
        asked: &PartitionSet,
        storage: &(impl ReadAssets + ?Sized),
    ) -> Result<PartitionSet, StorageError> {
        let mut unpassed = PartitionSet::new();
        let facts = self.facts_of(graph, number, asked);
        if !facts.is_empty() && !asked.is_empty() {
            for check in blocking(graph, number) {
                let found = found_last(check, storage)?;
                let refused = facts.iter().filter(|(_, fact)| !is_passed(&found, fact));
                refused.for_each(|(index, _)| _ = unpassed.insert(*index));
            }
        }
        Ok(unpassed)
    }

    /// The latest facts of an asset, of one with partitions those of the partitions that are `asked` for, with their indexes.
    fn facts_of(
        &self,
        graph: &AssetGraph,
        number: usize,
        asked: &PartitionSet,
    ) -> Vec<(u64, &Materialization)> {
        let asset = &graph.assets()[number];
        let key = asset.key();
        match asset.partitions().map(|of| of.resolve(&self.keys)) {
            None => self.whole(key).into_iter().map(|fact| (0, fact)).collect(),
            Some(Ok(keyspace)) => {
                let index = |fact: &Materialization| keyspace.find(fact.partition.as_deref()?);
                let facts = self.partitions.get(key).into_iter().flatten();
                let facts = facts.filter_map(|fact| Some((index(fact)?, fact)));
                facts.filter(|(index, _)| asked.contains(*index)).collect()
            }
            // That it cannot be was told with the graph.
            Some(Err(_)) => Vec::new(),
        }
    }
}

/// The blocking checks of what the program makes.
fn blocking(graph: &AssetGraph, number: usize) -> impl Iterator<Item = &CheckDef> {
    let is_made = !graph.assets()[number].is_external();
    graph.checks_of(number).map(|check| &**check).filter(move |check| check.is_blocking() && is_made)
}

fn is_passed(found: &HashMap<Option<String>, CheckEvaluation>, fact: &Materialization) -> bool {
    found.get(&fact.partition).is_some_and(|found| found.has_passed(fact))
}

/// What a check found last, by partition.
fn found_last(
    check: &CheckDef,
    storage: &(impl ReadAssets + ?Sized),
) -> Result<HashMap<Option<String>, CheckEvaluation>, StorageError> {
    let asset = check.asset();
    let found = storage.found_last(asset.key(), check.name(), asset.partitions().is_some())?;
    Ok(found.into_iter().map(|found| (found.partition.clone(), found)).collect())
}
