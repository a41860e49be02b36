use std::collections::HashMap;
use std::sync::Arc;

use super::frame::{Content, FrameId, Missing, Phase};
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
        let assets = program.plan.steps[step].assets.as_slice();
        let local = self.layout.steps[step].local;
        // Of several all are as they were, or the step makes all of them.
        let found: Option<Vec<_>> = assets.iter().map(|asset| self.remembered(frame, asset)).collect();
        let Some(found) = found.filter(|_| self.run(frame, local).attempt == 0) else { return false };
        let version = |(_, Remembered { fact, .. }): &(&PlannedAsset, Remembered)| {
            InputVersion::new(fact.asset.clone(), Some(fact.run), fact.data_version.clone())
        };
        let mut others: Vec<_> = found.iter().map(version).collect();
        others.iter().for_each(|version| self.settings.versions.insert(version.clone()));
        let Some(of) = found.first().map(|(_, first)| first.fact.run) else { return false };
        let InputVersion { asset, data_version, .. } = others.remove(0);
        self.emit(frame, step, EventKind::StepMemoized { asset, of, data_version, others }, turn);
        self.run(frame, local).phase = Phase::Done;
        let path = self.path(frame, step);
        for (output, cell) in self.layout.cells(step).enumerate() {
            let value = found.iter().find(|(asset, _)| asset.output == output);
            let content = match value.map(|(_, remembered)| remembered.value.again()) {
                Some(value) => {
                    if self.settings.keep {
                        let (path, value) = (path.clone(), value.clone());
                        turn.kept.push(Kept::Value { path, step, output, key: None, value });
                    }
                    Content::Value(value)
                }
                None => Content::Missing(Box::new(Missing::Absent(path.clone()))),
            };
            self.resolve(frame, cell, content);
        }
        if self.settings.keep {
            turn.kept.push(Kept::Succeeded { path, step });
        }
        self.done(frame, step, None);
        true
    }

    /// The latest materialization of an asset, if that is what its step would make now.
    fn remembered<'a>(
        &self,
        frame: FrameId,
        asset: &'a PlannedAsset,
    ) -> Option<(&'a PlannedAsset, Remembered)> {
        let remembered = self.settings.memory.get(&asset.key)?;
        let key = self.recipe(asset, &self.inputs_of(frame, asset, None)).key()?;
        (Some(key) == remembered.fact.recipe.key()).then(|| (asset, remembered.clone()))
    }
}
