use std::collections::BTreeMap;

use crate::asset::AssetKey;
use crate::partition::PartitionSet;
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
}
