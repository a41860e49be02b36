mod graph;
mod instead;
mod op;

use std::collections::HashMap;
use std::sync::Arc;

use super::frame::FrameId;
use super::{State, Turn};
use crate::asset::{AssetKey, Ingredient, InputVersion, Materialization, Recipe};
use crate::event::Taken;
use crate::plan::PlannedAsset;
use crate::value::Value;

use self::instead::Instead;
pub(crate) use op::{OpMemory, RememberedStep, hash_of};
pub(super) use op::{Outputs, version_of, version_of_items};

/// The latest materialization of an asset, or of a partition of one, whose value can be had.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) fact: Materialization,
    pub(crate) value: Value,
}

impl Remembered {
    /// The value for who takes it, with its version.
    fn value_again(&self) -> Value {
        self.fact.data_version.iter().cloned().fold(self.value.again(), Value::versioned)
    }
}

/// By asset and partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(HashMap<AssetKey, HashMap<Option<Arc<str>>, Remembered>>);

impl Memory {
    pub(crate) fn insert(&mut self, remembered: Remembered) {
        let partition = remembered.fact.partition.as_deref().map(Into::into);
        let of_asset = self.0.entry(remembered.fact.asset.clone()).or_default();
        of_asset.insert(partition, remembered);
    }

    pub(crate) fn get(&self, asset: &AssetKey, partition: &Option<Arc<str>>) -> Option<&Remembered> {
        self.0.get(asset)?.get(partition)
    }

    /// Whether an asset is remembered, or a partition of it.
    pub(crate) fn has(&self, asset: &AssetKey) -> bool {
        self.0.get(asset).is_some_and(|of_asset| !of_asset.is_empty())
    }

    /// The partitions of an asset that are remembered; none in place of one, if it has none.
    pub(crate) fn partitions_of(&self, asset: &AssetKey) -> impl Iterator<Item = &Option<Arc<str>>> {
        self.0.get(asset).into_iter().flat_map(HashMap::keys)
    }

    /// Forgets an asset, or a partition of one.
    pub(crate) fn forget(&mut self, asset: &AssetKey, partition: Option<&str>) {
        if let Some(of_asset) = self.0.get_mut(asset) {
            of_asset.remove(&partition.map(Into::into));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The materializations that may be taken.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &Materialization> {
        self.0.values().flat_map(HashMap::values).map(|remembered| &remembered.fact)
    }
}

/// Steps whose assets would come out as they are. That is found when a step is ready: only then it is known which data it
/// takes. So what was made anew with the same data leaves all that depends on it as it is.
impl State {
    /// All that an asset depends on that is made now: what the run knew of it before, and the data that it takes.
    pub(super) fn recipe(&self, asset: &PlannedAsset, inputs: &[InputVersion]) -> Recipe {
        let mut recipe = self.settings.recipes.get(&asset.key).cloned().unwrap_or_default();
        if recipe.is_empty() {
            return recipe;
        }
        for key in &asset.upstream {
            let of_asset = inputs.iter().filter(|input| input.asset == *key);
            recipe.add(Ingredient::Input(key.clone()), InputVersion::together(of_asset));
        }
        recipe
    }

    /// Takes the latest materialization in the place of a step that would make the same; says whether it did. A step that
    /// has begun in a process before goes on.
    pub(super) fn memoize(&mut self, frame: FrameId, step: usize, turn: &mut Turn) -> bool {
        if self.is_given(frame, step) {
            return false;
        }
        if self.memoize_graph(frame, step, turn) {
            return true;
        }
        if self.layout.steps[step].memoized {
            return self.memoize_step(frame, step, turn);
        }
        if self.settings.memory.is_empty() {
            return false;
        }
        let program = Arc::clone(&self.program);
        let assets = program.plan.steps[step].assets.as_slice();
        let local = self.layout.steps[step].local;
        // Of several all are as they were, or the step makes all of them.
        let found: Option<Vec<_>> = assets.iter().map(|asset| self.remembered(frame, asset)).collect();
        let Some(found) = found.filter(|_| self.run(frame, local).attempt == 0) else { return false };
        let Some(of) = found.first().map(|(_, first)| first.fact.run) else { return false };
        let taken: Vec<_> =
            found.iter().map(|(_, Remembered { fact, .. })| InputVersion::from(fact)).collect();
        taken.iter().for_each(|version| self.know(frame, step, version.clone()));
        let output = |output: usize| match found.iter().find(|(asset, _)| asset.output == output) {
            Some((_, remembered)) => Instead::Value(remembered.value_again()),
            None => Instead::Absent,
        };
        let outputs = (0..self.layout.cells(step).len()).map(output).collect();
        self.take_instead(frame, step, (of, Taken::Assets(taken)), outputs, turn);
        true
    }

    /// The latest materialization of an asset, or of the partition that this frame is for, if that is what its step would make
    /// now.
    fn remembered<'a>(
        &self,
        frame: FrameId,
        asset: &'a PlannedAsset,
    ) -> Option<(&'a PlannedAsset, Remembered)> {
        let partition = self.partition_of(frame, asset);
        let remembered = self.settings.memory.get(&asset.key, &partition)?;
        let key = self.recipe(asset, &self.inputs_of(frame, asset, partition.as_ref())).key()?;
        (Some(key) == remembered.fact.recipe.key()).then(|| (asset, remembered.clone()))
    }
}
