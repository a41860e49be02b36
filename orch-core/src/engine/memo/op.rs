use std::collections::HashMap;
use std::sync::Arc;

use super::Instead;
use crate::asset::{Digest, Ingredient, Recipe};
use crate::engine::frame::{Content, FrameId};
use crate::engine::layout::Fetch;
use crate::engine::settle::ancestor;
use crate::engine::{State, Stored, Turn};
use crate::event::{Encoded, EventKind, GivenBy, Taken};
use crate::ids::RunId;
use crate::io::version_told;
use crate::plan::Source;
use crate::value::{Item, Value};

/// What a run knows of memoized ops when it begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpMemory {
    /// Of each step of the plan that is memoized what it depends on, but for the data that it is given.
    pub(crate) recipes: HashMap<usize, Recipe>,
    /// What was given before, by the keys of recipes.
    pub(crate) given: HashMap<Arc<str>, RememberedStep>,
}

/// What a step of an earlier run has given.
#[derive(Clone, Debug)]
pub(crate) struct RememberedStep {
    pub(crate) of: RunId,
    pub(crate) by: GivenBy,
    /// Of each output its value, to be loaded when someone looks at it; none of one that was left out.
    pub(crate) outputs: Vec<Option<Value>>,
}

/// Steps of memoized ops: what they are given has versions, of which their recipes are made. The values carry them, as far as
/// a memoized step takes them; what has none is not known, and its step runs.
impl State {
    /// Finds what a memoized step would make now, and takes what is remembered of the same in its place; says whether it did. A
    /// step that has begun in a process before goes on.
    pub(in crate::engine) fn memoize_step(&mut self, frame: FrameId, step: usize, turn: &mut Turn) -> bool {
        let Some(recipe) = self.recipe_of_step(frame, step) else { return false };
        let given = recipe.key().and_then(|key| self.settings.ops.given.get(&key)).cloned();
        let run = self.run(frame, self.layout.steps[step].local);
        let Some(RememberedStep { of, by, outputs }) = given.filter(|_| run.attempt == 0) else {
            run.recipe = Some(Box::new(recipe));
            return false;
        };
        let outputs =
            outputs.into_iter().map(|value| value.map_or(Instead::Absent, Instead::Value)).collect();
        self.take_instead(frame, step, (of, Taken::Step(by)), outputs, turn);
        true
    }

    /// All that a memoized step depends on: what the run knew of it before, and the data that it is given.
    fn recipe_of_step(&self, frame: FrameId, step: usize) -> Option<Recipe> {
        let mut recipe = self.settings.ops.recipes.get(&step)?.clone();
        if let Some(context) = recipe.version(&Ingredient::Context) {
            let mut digest = Digest::new("orch: the context of a step, and its path");
            digest.add(context);
            digest.add(self.path(frame, step).to_string());
            recipe.add(Ingredient::Context, Some(digest.finish()));
        }
        let planned = self.program.plan.steps[step].inputs.iter().zip(self.layout.fetches(step));
        for (input, (planned, fetch)) in self.program.ops[step].inputs().iter().zip(planned) {
            let parameter = Ingredient::Parameter(Arc::clone(&input.name));
            let observed = self.version_observed(&planned.source);
            recipe.add(parameter, observed.or_else(|| self.version_of_input(frame, fetch)));
        }
        Some(recipe)
    }

    /// The version of what others make, if this run has observed it: that is not known yet when its value is given, and may be
    /// another one since another run has looked at it.
    fn version_observed(&self, source: &Source) -> Option<Arc<str>> {
        let Source::Output { step, .. } = source else { return None };
        let loads = self.program.plan.steps[*step].loads.as_ref().filter(|loads| loads.external)?;
        let version = self.settings.versions.get(&loads.key, &None)?;
        version.data_version.clone().filter(|_| version.run == Some(self.settings.run))
    }

    /// The version of the data that an input is; none if nobody knows it.
    fn version_of_input(&self, frame: FrameId, fetch: &Fetch) -> Option<Arc<str>> {
        match fetch {
            Fetch::Literal(literal) => self.program.literals[*literal as usize].version().cloned(),
            Fetch::Cell { up, cell } => {
                let owner = ancestor(&self.frames, frame, *up) as usize;
                match &self.frames[owner].cells[*cell as usize].content {
                    Content::Value(value) => value.version().cloned(),
                    _ => None,
                }
            }
            Fetch::List { elements, .. } => {
                let mut digest = Digest::new("orch: the values of a fan-in");
                for (position, element) in (0_u64..).zip(elements) {
                    // What was left out is no element.
                    if self.missing(frame, element).is_none() {
                        digest.add(position.to_le_bytes());
                        digest.add(&*self.version_of_input(frame, element)?);
                    }
                }
                Some(digest.finish())
            }
        }
    }

    /// The version of what a step gives, if that is not known of the value itself: of what is given, or is an asset, as the run
    /// knows it.
    pub(in crate::engine) fn version_given(
        &self,
        frame: FrameId,
        (step, output): (usize, usize),
        (inline, stored): (&Option<Encoded>, &Option<Stored>),
        fact: Option<&EventKind>,
    ) -> Option<Arc<str>> {
        match fact {
            Some(EventKind::AssetMaterialization { data_version, .. }) => data_version.clone(),
            _ if self.is_given(frame, step) => {
                let plan = &self.program.plan.steps[step];
                let asset = plan.assets.iter().find(|asset| asset.output == output).map(|asset| &asset.key);
                // Of what others make it is found when it is taken.
                let loaded = plan.loads.as_ref().filter(|loads| !loads.external).map(|loads| &loads.key);
                self.settings.versions.get(asset.or(loaded)?, &None)?.data_version.clone()
            }
            _ => version_of(inline.as_ref(), stored.as_ref()).filter(|_| self.has_content(step, output)),
        }
    }

    /// The same item with the version of its data, if a memoized step takes it.
    pub(in crate::engine) fn with_version(
        &self,
        (step, output): (usize, usize),
        item: Value,
        (inline, stored): (Option<&Encoded>, Option<&Stored>),
    ) -> Value {
        let is_taken = self.layout.steps[step].versioned && self.has_content(step, output);
        let version = is_taken.then(|| version_of(inline, stored)).flatten();
        version.into_iter().fold(item, Value::versioned)
    }

    /// Tells of what a memoized step has made its outputs, of which these have a value; of one of which something is kept
    /// nowhere nothing is told, since nobody could take it.
    pub(in crate::engine) fn tell_recipe(
        &mut self,
        frame: FrameId,
        step: usize,
        outputs: Option<Outputs>,
        turn: &mut Turn,
    ) {
        let run = self.run(frame, self.layout.steps[step].local);
        let (Some(recipe), Some(outputs)) = (run.recipe.take(), outputs) else { return };
        let Some(memoize) = self.program.ops[step].memoize() else { return };
        let (op, outputs) = (memoize.op().into(), outputs.into_iter().collect());
        self.emit(frame, step, EventKind::OpRecipe { op, recipe: *recipe, outputs }, turn);
    }
}

/// The outputs that have a value, each with its version.
pub(in crate::engine) type Outputs = Vec<(Arc<str>, Option<Arc<str>>)>;

/// The version of a value: the hash of its bytes, or what the IO manager says that has stored it.
pub(in crate::engine) fn version_of(inline: Option<&Encoded>, stored: Option<&Stored>) -> Option<Arc<str>> {
    match (inline, stored) {
        (Some(value), _) => Some(hash_of(value.bytes())),
        (None, stored) => stored.and_then(|stored| version_told(&stored.io, &stored.metadata)),
    }
}

/// The version that bytes have of which nothing else is said.
pub(crate) fn hash_of(bytes: &[u8]) -> Arc<str> {
    blake3::hash(bytes).to_hex().as_str().into()
}

/// The version of a list: of all its items in their order, with their keys. None if one of them has none.
pub(in crate::engine) fn version_of_items(items: &[Item]) -> Option<Arc<str>> {
    let mut digest = Digest::new("orch: collected values");
    for item in items {
        digest.add(item.key.to_string());
        digest.add(&**item.outcome.as_ref().ok()?.version()?);
    }
    Some(digest.finish())
}
