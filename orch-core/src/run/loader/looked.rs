use super::Loader;
use super::lack::Lack;
use crate::asset::Materialization;
use crate::plan::{LoadedAsset, Program, Step};
use crate::value::Value;

impl Loader {
    /// As [`Loader::find`], of the asset that the step of this number stands for: if nothing was there when it was observed last,
    /// there is no value, unless the run itself looks before anybody takes one, or who takes it does without.
    pub(super) fn find_there(
        &self,
        asset: &LoadedAsset,
        taker: &str,
        program: &Program,
        number: usize,
    ) -> Result<(Value, Option<Materialization>), Lack> {
        let without = program.ops[number].without;
        let looks = |step: &Step| !step.given && step.observes.as_ref() == Some(&asset.key);
        if asset.external && without.is_none() && !program.plan.steps.iter().any(looks) {
            let fact = self.fact(&asset.key, true).map_err(|error| Lack::storage(&error))?;
            if fact.is_some_and(|fact| fact.found_nothing()) {
                return Err(Lack::nothing_there(asset));
            }
        }
        self.find(asset, taker, &program.ops[number], 0)
    }
}
