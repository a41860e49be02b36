use std::collections::HashMap;
use std::sync::Arc;

use super::frame::{Content, FrameId, Phase};
use super::{Kept, State, Turn};
use crate::asset::{AssetKey, Ingredient, InputVersion, Materialization, Recipe};
use crate::event::EventKind;
use crate::plan::PlannedAsset;
use crate::value::Value;

/// The latest materialization of an asset, or of a partition of one, whose value can be had.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) fact: Materialization,
    pub(crate) value: Value,
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

    pub(crate) fn into_all(self) -> impl Iterator<Item = Remembered> {
        self.0.into_values().flat_map(HashMap::into_values)
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
        if self.settings.memory.is_empty() || self.is_given(frame, step) {
            return false;
        }
        let program = Arc::clone(&self.program);
        let [asset] = program.plan.steps[step].assets.as_slice() else { return false };
        let partition = self.partition_of(frame, asset);
        let Some(Remembered { fact, value }) = self.settings.memory.get(&asset.key, &partition).cloned()
        else {
            return false;
        };
        let local = self.layout.steps[step].local;
        let key = self.recipe(asset, &self.inputs_of(frame, asset, partition.as_ref())).key();
        if self.run(frame, local).attempt > 0 || key.is_none() || key != fact.recipe.key() {
            return false;
        }
        let (of, data_version) = (fact.run, fact.data_version);
        let version = InputVersion::new(asset.key.clone(), Some(of), data_version.clone());
        self.know(frame, step, version.partition(partition.clone()));
        let kind = EventKind::StepMemoized { asset: asset.key.clone(), partition, of, data_version };
        self.emit(frame, step, kind, turn);
        let value = value.again();
        if self.settings.keep {
            let (path, value) = (self.path(frame, step), value.clone());
            turn.kept.push(Kept::Value { path: path.clone(), step, output: asset.output, key: None, value });
            turn.kept.push(Kept::Succeeded { path, step });
        }
        self.run(frame, local).phase = Phase::Done;
        let cell = self.layout.cells(step).start + asset.output;
        self.resolve(frame, cell, Content::Value(value));
        self.done(frame, step, None);
        true
    }
}
