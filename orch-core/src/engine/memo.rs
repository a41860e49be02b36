use std::collections::HashMap;
use std::sync::Arc;

use super::frame::{Content, FrameId, Phase};
use super::state::ROOT;
use super::{Kept, State, Turn};
use crate::asset::{AssetKey, Ingredient, InputVersion, Materialization, Recipe};
use crate::event::EventKind;
use crate::plan::PlannedAsset;
use crate::value::Value;

/// The latest materialization of an asset, whose value can be had.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) fact: Materialization,
    pub(crate) value: Value,
}

/// By asset.
pub(crate) type Memory = HashMap<AssetKey, Remembered>;

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
        if self.settings.memory.is_empty() || frame != ROOT || self.is_given(frame, step) {
            return false;
        }
        let program = Arc::clone(&self.program);
        let [asset] = program.plan.steps[step].assets.as_slice() else { return false };
        let local = self.layout.steps[step].local;
        let key = self.recipe(asset, &self.inputs_of(frame, asset, None)).key();
        let Some(Remembered { fact, value }) = self.settings.memory.get(&asset.key).cloned() else {
            return false;
        };
        if self.run(frame, local).attempt > 0 || key.is_none() || key != fact.recipe.key() {
            return false;
        }
        let (of, data_version) = (fact.run, fact.data_version);
        let version = InputVersion::new(asset.key.clone(), Some(of), data_version.clone());
        self.settings.versions.insert(version);
        let kind = EventKind::StepMemoized { asset: asset.key.clone(), of, data_version };
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
