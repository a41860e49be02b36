use std::collections::BTreeMap;

use super::{Standing, Standings, ToMake};
use crate::asset::AssetKey;
use crate::graph::AssetGraph;
use crate::partition::PartitionSet;
use crate::storage::{ReadAssets, StorageError};

impl Standings {
    /// What of that which was `selected` and `asked` for is not among what is `made`, since it is as it would be made, and failed all
    /// the same when a run last was to make it. A run that memoizes passes over it, and so makes it good.
    ///
    /// # Errors
    /// If it cannot be read what has failed.
    pub fn fresh_but_failed(
        &self,
        made: &ToMake,
        graph: &AssetGraph,
        (selected, asked): (&[bool], &BTreeMap<AssetKey, PartitionSet>),
        storage: &(impl ReadAssets + ?Sized),
    ) -> Result<ToMake, StorageError> {
        let (mut found, mut is_found) = (ToMake::default(), vec![false; self.standings.len()]);
        for number in (0..selected.len()).filter(|&number| selected[number]) {
            let key = graph.assets()[number].key();
            let along = self.along[number].iter().copied().chain([number]);
            if let Some(partitions) = self.partitions.get(&number) {
                let asked = asked.get(key).unwrap_or(&partitions.existing);
                let fresh = &partitions.fresh() & asked;
                let fresh = made.partitions.get(&number).map_or_else(|| fresh.clone(), |made| &fresh - made);
                if fresh.is_empty() {
                    continue;
                }
                let failed = &storage.partition_status(key, &partitions.keyspace)?.failed & &fresh;
                if failed.is_empty() {
                    continue;
                }
                for one in along {
                    is_found[one] = true;
                    *found.partitions.entry(one).or_default() |= &failed;
                }
            } else if self.standings[number] == Standing::Fresh
                && !made.assets.contains(&number)
                && storage.failed_last(key, None)?.is_some()
            {
                along.for_each(|one| is_found[one] = true);
            }
        }
        found.assets = self.order.iter().copied().filter(|&number| is_found[number]).collect();
        Ok(found)
    }
}

impl ToMake {
    /// These and others.
    #[must_use]
    pub fn with(mut self, other: &Self, graph: &AssetGraph) -> Self {
        for (number, set) in &other.partitions {
            *self.partitions.entry(*number).or_default() |= set;
        }
        let is_in = |number: &usize| self.assets.contains(number) || other.assets.contains(number);
        self.assets = graph.order().iter().copied().filter(is_in).collect();
        self
    }
}
