use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::Runner;
use super::check::{Checked, Wanted};
use super::config::Configured;
use super::wiring::Wiring;
use crate::asset::{AssetKey, Digest, Ingredient, Recipe};
use crate::config::{ConfigPath, EnvVars, of_step};
use crate::define::Provider;
use crate::plan::{Maker, PlanError, Program};

/// Of each asset that a run makes all that it depends on, but for the data that it takes: that is known when its step is ready.
pub(super) struct Recipes<'a> {
    pub(super) program: &'a Program,
    pub(super) wiring: &'a Wiring,
    pub(super) configured: &'a Configured,
    pub(super) env: &'a EnvVars,
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
        for name in asset.env() {
            recipe.add(Ingredient::Env(name.as_str().into()), Some(variable(self.env.get(name))));
        }
        let ops = || steps.iter().map(|&step| &self.program.ops[step]);
        if ops().any(|op| op.needs().config().is_some()) {
            recipe.add(Ingredient::Config, self.config(steps));
        }
        let mut named = HashSet::new();
        for at in self.wiring.all_of(ops().map(|op| op.needs())) {
            let provided = self.wiring.resources().at(at);
            let version = match &provided.by {
                Provider::Opened(def) => def.config().map_or_else(
                    || Some("opened".into()),
                    |_| self.hash(&[ConfigPath::root().key("resources").key(def.key()).key("config")]),
                ),
                Provider::Value(_) if asset.trusts_resources() => continue,
                Provider::Value(_) => None,
            };
            // Of two of one name nobody could say which of them is another now.
            let version = version.filter(|_| named.insert(provided.name()));
            recipe.add(Ingredient::Resource(provided.name().into()), version);
        }
        recipe
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
            digest.add(path.to_string());
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
    /// That is known of runs that are recorded, and of assets that one op makes: a graph of several runs.
    #[must_use]
    pub fn memoize(mut self) -> Self {
        self.memoizes = true;
        self
    }

    /// Makes only those of its assets and their partitions of which there is no value; the others are taken as they were made
    /// last. Of runs that are recorded, and of assets that one op makes: a graph of several runs.
    ///
    /// A blocking check that has refused what is there, or has not looked at it, looks before anything is made of that; other
    /// checks look at nothing but what the run makes.
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
        Ok(self.recipes_of(&checked).into_iter().collect())
    }

    pub(super) fn recipes_of(&self, checked: &Checked) -> HashMap<AssetKey, Recipe> {
        let Checked { program, wiring, configured, given, .. } = checked;
        let is_fed = |step: &str| {
            self.inputs.keys().any(|(fed, _)| fed == step) || given.at(&of_step(step).key("inputs")).is_some()
        };
        Recipes { program, wiring, configured, env: &self.env, is_fed: &is_fed }.all()
    }
}
