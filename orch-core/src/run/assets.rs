use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use super::Definitions;
use super::instance::keys_of;
use crate::asset::AssetKey;
use crate::define::JobOptions;
use crate::graph::{AssetDef, AssetGraph, CheckDef, Job, ObservationDef, Selected, draw_assets};
use crate::ids::Place;
use crate::partition::{BySet, DynamicPartitions, Partitioning, PartitionsDefinition};
use crate::plan::{Problem, ProblemKind, Step};
use crate::select::{AssetSelection, SelectionError};
use crate::storage::Storage;

/// The name of the job that materializes what is selected, where no job of assets was defined.
pub(super) const MATERIALIZE: &str = "materialize";

/// The name of the job in which the checks of what is selected look, and nothing is made.
const CHECK: &str = "check_assets";

/// The name of the job in which what is selected of what others make is observed, and nothing is made.
const OBSERVE: &str = "observe_assets";

/// How many assets are named that have no observation.
const NAMED: usize = 5;

/// A job of assets, drawn when all of them are listed.
#[derive(Clone, Debug)]
pub(super) struct AssetJob {
    options: JobOptions,
    selection: String,
    of: Of,
    /// Where it stands in the source; none of what someone has just asked for.
    place: Option<Place>,
}

/// What a job of assets is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// The assets of the selection, and their checks.
    Both,
    /// The assets alone.
    Assets,
    /// The checks of the assets alone.
    Checks,
    /// The observations of the assets alone.
    Observations,
}

impl AssetJob {
    /// What someone has asked for, in a job of this name.
    fn asked(name: &str, selection: &AssetSelection, of: Of) -> Self {
        Self { options: JobOptions::new(name), selection: selection.to_string(), of, place: None }
    }

    pub(super) fn draw(&self, graph: &AssetGraph) -> Job {
        let told = |error: SelectionError| {
            let selection = &self.selection;
            let told = |message: String| match &self.place {
                Some(_) => format!("the selection `{selection}` of the job: {message}"),
                None => message,
            };
            let mistakes = error.mistakes().iter().map(|mistake| {
                let problem = Problem::new(ProblemKind::UnknownAsset, told(mistake.message()));
                let problem = self.at(problem);
                mistake.advice().into_iter().fold(problem, Problem::hint)
            });
            mistakes.collect::<Vec<_>>()
        };
        let selected = self.selection.parse::<AssetSelection>().and_then(|selection| selection.of(graph));
        let drawn = selected.map_err(told).and_then(|selected| {
            let of = match self.of {
                Of::Both => made(graph, &selected).map(|()| with_checks(graph, &selected)),
                Of::Assets => made(graph, &selected).map(|()| without_checks(graph, &selected)),
                Of::Checks => checked(graph, &selected),
                Of::Observations => observed(graph, &selected),
            };
            of.map_err(|problem| vec![self.at(problem)])
        });
        draw_assets(self.options.clone(), graph, drawn)
    }

    fn at(&self, problem: Problem) -> Problem {
        self.place.iter().fold(problem, |problem, place| problem.at("the job", place.clone()))
    }
}

/// That something is left to be made, or observed.
fn made(graph: &AssetGraph, selected: &[bool]) -> Result<(), Problem> {
    let chosen = || (0..selected.len()).filter(|&number| selected[number]);
    let is_idle =
        |&number: &usize| graph.assets()[number].is_external() && graph.observation(number).is_none();
    if !chosen().all(|number| is_idle(&number)) {
        return Ok(());
    }
    let problem = match chosen().next().map(|number| &graph.assets()[number]) {
        None => nothing(),
        Some(asset) => Problem::new(
            ProblemKind::UnknownAsset,
            format!("`{}` is external: others make it, and this program takes it", asset.key()),
        )
        .at("the asset", asset.place().clone())
        .hint(format!("to make what depends on it, select that: `{}+`", asset.key())),
    };
    Err(problem)
}

/// That the selection is empty.
fn nothing() -> Problem {
    Problem::new(ProblemKind::UnknownAsset, "the selection leaves no asset")
        .hint("select others: `*` is all of them, and `assets list` shows them")
}

/// These assets, those that are made whenever they are, and the checks of all. What others make is not made, so that nothing of
/// it is to be looked at anew.
fn with_checks(graph: &AssetGraph, assets: &[bool]) -> Selected {
    let assets = graph.with_made_along(assets);
    let made = |asset: usize| assets[asset] && !graph.assets()[asset].is_external();
    let checks = (0..graph.checks().len()).map(|check| made(graph.looked_at(check))).collect();
    Selected { assets, checks }
}

fn without_checks(graph: &AssetGraph, assets: &[bool]) -> Selected {
    Selected { assets: graph.with_made_along(assets), checks: vec![false; graph.checks().len()] }
}

/// The checks of these assets alone, if there are any.
fn checked(graph: &AssetGraph, selected: &[bool]) -> Result<Selected, Problem> {
    let checks: Vec<_> = (0..graph.checks().len()).map(|check| selected[graph.looked_at(check)]).collect();
    if checks.contains(&true) {
        return Ok(Selected { assets: vec![false; selected.len()], checks });
    }
    let problem = match selected.iter().filter(|selected| **selected).count() {
        0 => nothing(),
        1 => Problem::new(ProblemKind::UnknownAsset, "the asset that is selected has no checks").hint(CHECKS),
        _ => Problem::new(ProblemKind::UnknownAsset, "the assets that are selected have no checks")
            .hint(CHECKS),
    };
    Err(problem)
}

/// Those of these assets alone that have an observation, if there are any.
fn observed(graph: &AssetGraph, selected: &[bool]) -> Result<Selected, Problem> {
    let assets: Vec<_> =
        selected.iter().enumerate().map(|(asset, of)| *of && graph.observation(asset).is_some()).collect();
    if assets.contains(&true) {
        return Ok(Selected { assets, checks: vec![false; graph.checks().len()] });
    }
    let without: Vec<_> = graph.assets().iter().zip(selected).filter(|(_, selected)| **selected).collect();
    if without.is_empty() {
        return Err(nothing());
    }
    let mut names: Vec<_> =
        without.iter().take(NAMED).map(|(asset, _)| format!("`{}`", asset.key())).collect();
    if without.len() > NAMED {
        names.push(format!("{} more", without.len() - NAMED));
    }
    let message = format!("nothing that is selected has an observation: {}", names.join(", "));
    Err(Problem::new(ProblemKind::UnknownAsset, message).hint(
        "write one for what others make, `#[asset_observation(asset = ..)]`, and list it: \
         `Definitions::new().observations(observations![..])`",
    ))
}

const CHECKS: &str =
    "write one, `#[asset_check(asset = ..)]`, and list it: `Definitions::new().checks(checks![..])`";

impl Definitions {
    /// Adds assets: `.assets(assets![raw_orders, orders])`. What each of them is made of is to be listed too; an asset that is
    /// listed twice is one.
    #[must_use]
    pub fn assets(mut self, assets: impl IntoIterator<Item = Arc<AssetDef>>) -> Self {
        self.listed.extend(assets);
        self.unrelate()
    }

    /// Adds checks of assets: `.checks(checks![no_negative_amounts])`, or some that are ready-made. The assets that they look
    /// at are to be listed too.
    #[must_use]
    pub fn checks<C: Into<Arc<CheckDef>>>(mut self, checks: impl IntoIterator<Item = C>) -> Self {
        self.listed_checks.extend(checks.into_iter().map(Into::into));
        self.unrelate()
    }

    /// Adds observations of what others make: `.observations(observations![last_written])`. The assets that they look at are to be
    /// listed too.
    #[must_use]
    pub fn observations<O: Into<Arc<ObservationDef>>>(
        mut self,
        observations: impl IntoIterator<Item = O>,
    ) -> Self {
        self.listed_observations.extend(observations.into_iter().map(Into::into));
        self.unrelate()
    }

    /// More is listed: how all of it stands to each other is found out anew, once someone asks.
    fn unrelate(mut self) -> Self {
        self.related = OnceLock::new();
        self.undraw();
        self
    }

    /// Adds a job that materializes the assets of a selection, and lets their checks look:
    /// `.asset_job("nightly", "group:sales+")`. What they take of assets that are not selected is loaded, as it was
    /// materialized last. What others make is observed before, if it is selected and has an observation.
    ///
    /// What is wrong with the selection is told with the plan of the job.
    #[must_use]
    #[track_caller]
    pub fn asset_job(self, name: impl Into<String>, selection: impl Into<String>) -> Self {
        self.asset_job_with(JobOptions::new(name), selection)
    }

    /// As [`Definitions::asset_job`], with options.
    #[must_use]
    #[track_caller]
    pub fn asset_job_with(mut self, options: JobOptions, selection: impl Into<String>) -> Self {
        let place = Some(Place::caller());
        self.add_asset_job(AssetJob { options, selection: selection.into(), of: Of::Both, place });
        self
    }

    /// The assets, and what is made of what.
    #[must_use]
    pub fn asset_graph(&self) -> &AssetGraph {
        self.related.get_or_init(|| {
            AssetGraph::of(self.listed.iter().cloned())
                .with_checks(self.listed_checks.iter().cloned())
                .with_observations(self.listed_observations.iter().cloned())
        })
    }

    /// The sets of the instance whose keys are partitions of these assets, by their names, each with the assets.
    #[must_use]
    pub fn key_sets(&self) -> BTreeMap<&str, Vec<&AssetKey>> {
        let mut sets: BTreeMap<&str, Vec<&AssetKey>> = BTreeMap::new();
        for asset in self.asset_graph().assets() {
            for set in asset.partitions().map(PartitionsDefinition::key_sets).unwrap_or_default() {
                sets.entry(set).or_default().push(asset.key());
            }
        }
        sets
    }

    /// The partitions of a type that are the keys of a set in an instance, to be looked at and changed from outside of a run: by
    /// what takes orders from elsewhere, or begins runs for what is new. A step has [`Context::partitions`].
    ///
    /// [`Context::partitions`]: crate::define::Context::partitions
    #[must_use]
    pub fn partitions<P: Partitioning<Kind = BySet>>(
        &self,
        storage: &Arc<dyn Storage>,
    ) -> DynamicPartitions<P> {
        DynamicPartitions::held_by(keys_of(storage))
    }

    /// The job that materializes the assets of a selection and lets their checks look, named `materialize`. What they take of
    /// others is loaded. An output that is made whenever another one is that was selected, is made too; what others make is
    /// observed before, if it is selected and has an observation.
    ///
    /// What is wrong with the selection is told with its plan.
    #[must_use]
    pub fn materialize(&self, selection: &AssetSelection) -> Job {
        self.ask(&AssetJob::asked(MATERIALIZE, selection, Of::Both))
    }

    /// As [`Definitions::materialize`], without the checks.
    #[must_use]
    pub fn materialize_unchecked(&self, selection: &AssetSelection) -> Job {
        self.ask(&AssetJob::asked(MATERIALIZE, selection, Of::Assets))
    }

    /// As [`Definitions::materialize`], of the assets of these numbers, such as those that are
    /// [to be made](super::Standings::to_make).
    #[must_use]
    pub fn materialize_numbered(&self, assets: &[usize]) -> Job {
        self.numbered(assets, with_checks)
    }

    /// As [`Definitions::materialize_numbered`], without the checks.
    #[must_use]
    pub fn materialize_numbered_unchecked(&self, assets: &[usize]) -> Job {
        self.numbered(assets, without_checks)
    }

    fn numbered(&self, assets: &[usize], chosen: fn(&AssetGraph, &[bool]) -> Selected) -> Job {
        let mut selected = vec![false; self.asset_graph().assets().len()];
        assets.iter().for_each(|&number| selected[number] = true);
        let selected = chosen(self.asset_graph(), &selected);
        let job = draw_assets(JobOptions::new(MATERIALIZE), self.asset_graph(), Ok(selected));
        self.told_apart(job, Of::Both)
    }

    /// The job in which the checks of the assets of a selection look at what was materialized last, named `check_assets`. It
    /// makes nothing.
    ///
    /// What is wrong with the selection is told with its plan.
    #[must_use]
    pub fn check_assets(&self, selection: &AssetSelection) -> Job {
        self.ask(&AssetJob::asked(CHECK, selection, Of::Checks))
    }

    /// The job in which what others make is observed, of the assets of a selection those that have an observation, named
    /// `observe_assets`. It makes nothing.
    ///
    /// What is wrong with the selection is told with its plan, also if nothing is left of it.
    #[must_use]
    pub fn observe_assets(&self, selection: &AssetSelection) -> Job {
        self.ask(&AssetJob::asked(OBSERVE, selection, Of::Observations))
    }

    fn ask(&self, asked: &AssetJob) -> Job {
        self.told_apart(asked.draw(self.asset_graph()), asked.of)
    }

    /// A job of assets, with what is wrong if another one has its name.
    fn told_apart(&self, job: Job, of: Of) -> Job {
        let does = match of {
            Of::Both | Of::Assets => "materializes",
            Of::Checks => "checks",
            Of::Observations => "observes",
        };
        let name = job.name().to_owned();
        match self.jobs().iter().find(|job| job.name() == name) {
            // Of a run it could not be told which of the two it is one of.
            Some(other) => job.with_problem(
                Problem::new(
                    ProblemKind::DuplicateName,
                    format!("a job is named `{name}`, as is what {does} the assets of a selection"),
                )
                .at("the job", other.options().place.clone())
                .hint("give the job another name"),
            ),
            None => job,
        }
    }

    /// The job of this name that these are steps of: one of [`Definitions::jobs`], or what materializes the assets of the
    /// steps, lets their checks look, or observes them.
    pub(super) fn job_of(&self, name: &str, steps: &[Step]) -> Option<Cow<'_, Job>> {
        if let Some(job) = self.jobs().iter().find(|job| job.name() == name) {
            return Some(Cow::Borrowed(job));
        }
        if !steps.iter().any(Step::is_of_assets) || !matches!(name, MATERIALIZE | CHECK | OBSERVE) {
            return None;
        }
        Some(Cow::Owned(self.drawn_as(name, steps)))
    }

    /// The job that makes the assets of these steps and lets their checks look.
    pub(super) fn materialize_steps(&self, steps: &[Step]) -> Job {
        self.told_apart(self.drawn_as(MATERIALIZE, steps), Of::Both)
    }

    /// A job of this name of the assets, checks and observations of these steps, as far as the program has them.
    fn drawn_as(&self, name: &str, steps: &[Step]) -> Job {
        let made = steps.iter().flat_map(|step| &step.assets).map(|asset| &asset.key);
        let made: HashSet<_> = made.chain(steps.iter().filter_map(|step| step.observes.as_ref())).collect();
        let looks = steps.iter().filter_map(|step| step.check.as_ref());
        let looks: HashSet<_> = looks.map(|check| (&check.asset, &*check.name)).collect();
        let assets = self.asset_graph().assets().iter().map(|asset| made.contains(asset.key()));
        let checks = self
            .asset_graph()
            .checks()
            .iter()
            .map(|check| looks.contains(&(check.asset().key(), check.name())));
        let selected = Selected { assets: assets.collect(), checks: checks.collect() };
        draw_assets(JobOptions::new(name), self.asset_graph(), Ok(selected))
    }
}
