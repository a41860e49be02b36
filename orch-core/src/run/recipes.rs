use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Runner;
use super::check::{Checked, Wanted};
use super::config::Configured;
use super::wiring::Wiring;
use crate::asset::{AssetKey, Digest, Ingredient, Recipe};
use crate::config::{ConfigPath, EnvVars, of_step};
use crate::define::{OpDef, OutputDef, Provider, Tags};
use crate::io::IoManagers;
use crate::plan::{Maker, PlanError, Program};

/// Of each asset that a run makes, and of each memoized step, all that it depends on, but for the data that it takes: that is
/// known when the step is ready.
pub(super) struct Recipes<'a> {
    pub(super) program: &'a Program,
    pub(super) wiring: &'a Wiring,
    pub(super) configured: &'a Configured,
    pub(super) env: &'a EnvVars,
    pub(super) io: &'a IoManagers,
    /// The tags of the run.
    pub(super) tags: &'a Tags,
    /// Whether a step of this name is given inputs in the place of what feeds it.
    pub(super) is_fed: &'a dyn Fn(&str) -> bool,
}

impl Recipes<'_> {
    /// Those of the assets all of whose steps run, each with what feeds it in the job.
    pub(super) fn all(&self) -> HashMap<AssetKey, Recipe> {
        let steps = self.program.plan.steps.iter().enumerate();
        let running: HashMap<&str, usize> = steps
            .filter(|(_, step)| !(step.given || (self.is_fed)(&step.name)))
            .map(|(number, step)| (step.name.as_str(), number))
            .collect();
        let recipes = self.program.makers.iter().filter_map(|maker| {
            let steps: Option<Vec<usize>> =
                maker.steps.iter().map(|name| running.get(name.as_str()).copied()).collect();
            Some((maker.asset.key().clone(), self.of(maker, &steps?)))
        });
        recipes.collect()
    }

    fn of(&self, maker: &Maker, steps: &[usize]) -> Recipe {
        let asset = &maker.asset;
        let mut recipe = Recipe::new().with(Ingredient::Type, asset.type_name());
        if let Some(definition) = asset.partitions() {
            recipe.add(Ingredient::Partitions, Some(definition.meaning().into()));
        }
        match asset.code_version() {
            Some(version) => recipe.add(Ingredient::CodeVersion, Some(version.into())),
            None => recipe.add(Ingredient::Source, asset.fingerprint().map(Into::into)),
        }
        // What has stored it has another place than the next one, so what lies there is not what would lie here.
        let makes = |step: &&usize| {
            self.program.plan.steps[**step].assets.iter().any(|made| made.key == *asset.key())
        };
        if let Some(io) = steps.iter().find(makes).and_then(|&step| self.program.ops[step].io()) {
            recipe.add(Ingredient::Io, Some(io.into()));
        }
        self.add_surroundings(&mut recipe, steps, asset.env(), asset.trusts_resources());
        recipe
    }

    /// Of each step of a memoized op that runs all that it depends on, by its number in the plan.
    pub(super) fn of_ops(&self) -> HashMap<usize, Recipe> {
        let steps = self.program.plan.steps.iter().zip(&self.program.ops).enumerate();
        let memoized = steps.filter(|(_, (step, _))| step.memoize && !step.given);
        let recipes = memoized.filter_map(|(number, (_, op))| Some((number, self.of_op(number, op)?)));
        recipes.collect()
    }

    fn of_op(&self, step: usize, op: &OpDef) -> Option<Recipe> {
        let memoize = op.memoize()?;
        let inputs = op.inputs().iter().map(|input| input.ty.path());
        let outputs = op.outputs().iter().map(|output| output.ty.path());
        let types: Vec<_> = inputs.chain(["->"]).chain(outputs).collect();
        let mut recipe =
            Recipe::new().with(Ingredient::Op, memoize.op()).with(Ingredient::Type, types.join(" "));
        match &op.code_version {
            Some(version) => recipe.add(Ingredient::CodeVersion, Some(version.as_str().into())),
            None => recipe.add(Ingredient::Source, memoize.source().cloned()),
        }
        if let Some(io) = op.io() {
            let keeps_apart = |output: &OutputDef| {
                self.io.get(io, output.ty).is_some_and(|manager| manager.keeps_runs_apart())
            };
            recipe.add(Ingredient::Io, op.outputs().iter().all(keeps_apart).then(|| io.into()));
        }
        if memoize.takes_context() {
            // The path is added when the step is ready.
            recipe.add(Ingredient::Context, Some(self.context()));
        }
        self.add_surroundings(&mut recipe, &[step], memoize.variables(), memoize.trusts_resources());
        if memoize.is_configured() {
            // What it is made of is known, and not what is made of that.
            recipe.add(Ingredient::Config, None);
        }
        Some(recipe)
    }

    /// What the context of each step says of the run, but for what is of that run alone.
    fn context(&self) -> Arc<str> {
        let mut digest = Digest::new("orch: the context of a step");
        digest.add(&self.program.plan.job);
        for (key, value) in self.program.plan.tags.iter().chain(self.tags) {
            digest.add(key);
            digest.add(value);
        }
        digest.finish()
    }

    /// Adds what the code of steps finds around it: variables, configuration and resources.
    fn add_surroundings(&self, recipe: &mut Recipe, steps: &[usize], env: &[String], trusts_resources: bool) {
        for name in env {
            recipe.add(Ingredient::Env(name.as_str().into()), Some(variable(self.env.get(name))));
        }
        let ops = || steps.iter().map(|&step| &self.program.ops[step]);
        if ops().any(|op| op.needs().config().is_some()) {
            recipe.add(Ingredient::Config, self.config(steps));
        }
        let mut named = HashSet::new();
        for at in self.wiring.all_of(ops().map(|op| op.needs())) {
            let provided = self.wiring.resources().at(at);
            // Of two of one name nobody could say which of them is another now.
            let is_first = named.insert(provided.name());
            let mut add = |ingredient: fn(Arc<str>) -> Ingredient, version: Option<Arc<str>>| {
                recipe.add(ingredient(provided.name().into()), version.filter(|_| is_first));
            };
            match &provided.by {
                Provider::Opened(def) => {
                    if !trusts_resources {
                        add(Ingredient::Opener, def.code.clone());
                    }
                    if def.config().is_some() {
                        let config = ConfigPath::root().key("resources").key(def.key()).key("config");
                        add(Ingredient::Resource, self.hash(&[config]));
                    }
                    for name in &def.env {
                        recipe.add(Ingredient::Env(name.as_str().into()), Some(variable(self.env.get(name))));
                    }
                }
                Provider::Value(_) if trusts_resources => {}
                Provider::Value(_) => add(Ingredient::Resource, None),
            }
        }
    }

    /// The configuration of all steps that make an asset, with its defaults: of secrets the references to them.
    fn config(&self, steps: &[usize]) -> Option<Arc<str>> {
        let takes = steps.iter().filter(|&&step| self.program.ops[step].needs().config().is_some());
        let path = |&step: &usize| of_step(&self.program.plan.steps[step].name).key("config");
        self.hash(&takes.map(path).collect::<Vec<_>>())
    }

    fn hash(&self, paths: &[ConfigPath]) -> Option<Arc<str>> {
        let node = self.configured.node.as_ref()?;
        let mut digest = Digest::new("orch: the configuration of an asset");
        for path in paths {
            digest.add(
                node.at(path).map_or(serde_json::Value::Null, |node| sorted(node.to_json())).to_string(),
            );
        }
        Some(digest.finish())
    }
}

/// The same value, whatever the order in which it was written.
fn sorted(json: serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().collect();
            fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        serde_json::Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

/// The version of a variable: what it holds stays where it is.
fn variable(value: Option<String>) -> Arc<str> {
    let Some(value) = value else { return "not set".into() };
    let mut digest = Digest::new("orch: an environment variable of an asset");
    digest.add(value);
    digest.finish()
}

impl Runner {
    /// Takes the latest materialization of an asset in the place of its step if that would make the same: if its code, its
    /// configuration, its environment and the data that it takes are those of the latest materialization, all of them are known,
    /// and its value can be had. The run then tells [`StepMemoized`](crate::event::EventKind::StepMemoized). So what was made
    /// anew with the same data leaves alone what depends on it.
    ///
    /// That is known of runs that are recorded. Of a graph of several steps none begins before all is there that they take of
    /// others, if a materialization of its asset can be taken: then all of them are passed over, or all run.
    ///
    /// What it takes of other partitions than its own, of an asset that it makes, the blocking checks of that must have let through:
    /// else what takes them fails. They are read before it is known whether what takes them would come out as it is, so that fails too,
    /// though what there is of it stands.
    #[must_use]
    pub fn memoize(mut self) -> Self {
        self.memoizes = true;
        self
    }

    /// Runs all steps, also those of memoized ops of which it is known what they would give. What they give now is remembered in
    /// its place.
    #[must_use]
    pub fn without_memos(mut self) -> Self {
        self.takes_memos = false;
        self
    }

    /// Makes only those of its assets and their partitions of which there is no value; the others are taken as they were made
    /// last. That is known of runs that are recorded.
    ///
    /// A blocking check that has refused what is there, or has not looked at it, looks before anything is made of that; other
    /// checks look at nothing but what the run makes. At other partitions than its own none looks: what takes such a one of an asset
    /// that the run makes fails, unless it was let through before.
    #[must_use]
    pub fn only_missing(mut self) -> Self {
        self.only_missing = true;
        self
    }

    /// Of each asset that the run would make all that it depends on now, but for the data that it takes. Secrets count by the
    /// references to them.
    ///
    /// # Errors
    /// As [`Runner::plan`], and if something of the configuration is not there.
    pub fn recipes(&self) -> Result<BTreeMap<AssetKey, Recipe>, PlanError> {
        let checked = self.check_for(Wanted::Config)?;
        Ok(self.recipes_of(&checked).0.into_iter().collect())
    }

    /// The recipes of the assets that the run makes, and those of its memoized steps, by their numbers in the plan.
    pub(super) fn recipes_of(
        &self,
        checked: &Checked,
    ) -> (HashMap<AssetKey, Recipe>, HashMap<usize, Recipe>) {
        let Checked { program, wiring, configured, given, tags } = checked;
        let tags = tags.clone().into_iter().chain(self.tags.clone()).collect();
        let is_fed = |step: &str| {
            self.inputs.keys().any(|(fed, _)| fed == step) || given.at(&of_step(step).key("inputs")).is_some()
        };
        let (env, io) = (&self.env, &self.environment.io);
        let recipes = Recipes { program, wiring, configured, env, io, tags: &tags, is_fed: &is_fed };
        (recipes.all(), recipes.of_ops())
    }
}
