use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ForPartitions;
use crate::asset::AssetKey;
use crate::partition::{KeySets, PartitionSet};
use crate::plan::PlanError;
use crate::run::Runner;

impl Runner {
    /// The partitions that the run is for, by the assets that it makes and that have some.
    ///
    /// # Errors
    /// As [`Runner::plan`], and if they cannot be found out: the run is not told for which it is, or for some that there are not.
    pub fn partitions(&self) -> Result<BTreeMap<AssetKey, PartitionSet>, PlanError> {
        let plan = self.plan()?;
        let partitions =
            self.for_partitions(&plan).map_err(|problems| PlanError::new(plan.job.clone(), problems))?;
        let made = plan.steps.iter().flat_map(|step| &step.assets);
        let of = made.filter_map(|asset| {
            let set = partitions.of.get(asset.partitions?)?.set.clone();
            Some((asset.key.clone(), set))
        });
        Ok(of.collect())
    }

    /// Whether the run is for no partition at all of what it makes, checks or observes, which all has partitions: with these keys there
    /// are none. One that observes an asset without partitions has that to do.
    ///
    /// # Errors
    /// As [`Runner::partitions`].
    pub fn is_for_none(&self, keys: &KeySets) -> Result<bool, PlanError> {
        let plan = self.plan()?;
        let told = ForPartitions::of(&plan, self.partition.as_deref(), Timestamp::now(), keys.clone());
        let told = told.map_err(|problems| PlanError::new(plan.job.clone(), problems))?;
        let made = plan.steps.iter().flat_map(|step| &step.assets).map(|asset| asset.partitions);
        let looked_at =
            plan.steps.iter().filter_map(|step| step.check.as_ref()).map(|check| check.partitions);
        let is_none = |within: Option<usize>| {
            within.and_then(|within| told.of.get(within)).is_some_and(|of| of.set.is_empty())
        };
        let observing = plan.steps.iter().filter(|step| step.observes.is_some());
        let observed = observing.map(|step| plan.observes_within(step));
        Ok(!told.of.is_empty() && made.chain(looked_at).chain(observed).all(is_none))
    }
}
