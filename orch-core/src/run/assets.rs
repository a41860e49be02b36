use std::borrow::Cow;
use std::sync::Arc;

use super::Definitions;
use crate::define::JobOptions;
use crate::graph::{AssetDef, AssetGraph, Job, draw_assets};
use crate::ids::Place;
use crate::plan::{Problem, ProblemKind, Step};
use crate::select::{AssetSelection, SelectionError};

/// The name of the job that materializes what is selected, where no job of assets was defined.
pub(super) const MATERIALIZE: &str = "materialize";

/// A job of assets, drawn when all of them are listed.
#[derive(Clone, Debug)]
pub(super) struct AssetJob {
    options: JobOptions,
    selection: String,
    /// Where it stands in the source; none of what someone has just asked for.
    place: Option<Place>,
}

impl AssetJob {
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
        let drawn = selected.map_err(told).and_then(|selected| match made(graph, &selected) {
            Ok(()) => Ok(selected),
            Err(problem) => Err(vec![self.at(problem)]),
        });
        draw_assets(self.options.clone(), graph, drawn)
    }

    fn at(&self, problem: Problem) -> Problem {
        self.place.iter().fold(problem, |problem, place| problem.at("the job", place.clone()))
    }
}

/// That something is left to be made.
fn made(graph: &AssetGraph, selected: &[bool]) -> Result<(), Problem> {
    let chosen = graph.assets().iter().zip(selected).filter(|(_, selected)| **selected);
    let external: Vec<_> = chosen.clone().filter(|(asset, _)| asset.is_external()).collect();
    if chosen.count() > external.len() {
        return Ok(());
    }
    let problem = match external.as_slice() {
        [] => Problem::new(ProblemKind::UnknownAsset, "the selection leaves no asset")
            .hint("select others: `*` is all of them, and `assets list` shows them"),
        [(asset, _), ..] => Problem::new(
            ProblemKind::UnknownAsset,
            format!("`{}` is external: others make it, and this program takes it", asset.key()),
        )
        .at("the asset", asset.place().clone())
        .hint(format!("to make what depends on it, select that: `{}+`", asset.key())),
    };
    Err(problem)
}

impl Definitions {
    /// Adds assets: `.assets(assets![raw_orders, orders])`. What each of them is made of is to be listed too; an asset that is
    /// listed twice is one.
    #[must_use]
    pub fn assets(mut self, assets: impl IntoIterator<Item = Arc<AssetDef>>) -> Self {
        self.listed.extend(assets);
        self.assets = AssetGraph::of(self.listed.iter().cloned());
        self.undraw();
        self
    }

    /// Adds a job that materializes the assets of a selection: `.asset_job("nightly", "group:sales+")`. What they take of
    /// assets that are not selected is loaded, as it was materialized last.
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
        self.add_asset_job(AssetJob { options, selection: selection.into(), place });
        self
    }

    /// The assets, and what is made of what.
    #[must_use]
    pub fn asset_graph(&self) -> &AssetGraph {
        &self.assets
    }

    /// The job that materializes the assets of a selection, named `materialize`. What they take of others is loaded.
    ///
    /// What is wrong with the selection is told with its plan.
    #[must_use]
    pub fn materialize(&self, selection: &AssetSelection) -> Job {
        let options = JobOptions::new(MATERIALIZE);
        let job = AssetJob { options, selection: selection.to_string(), place: None }.draw(&self.assets);
        self.told_apart(job)
    }

    /// As [`Definitions::materialize`], of the assets of these numbers, such as those that are
    /// [to be made](super::Standings::to_make).
    #[must_use]
    pub fn materialize_numbered(&self, assets: &[usize]) -> Job {
        let mut selected = vec![false; self.assets.assets().len()];
        assets.iter().for_each(|&number| selected[number] = true);
        self.told_apart(draw_assets(JobOptions::new(MATERIALIZE), &self.assets, Ok(selected)))
    }

    /// A job that materializes assets, with what is wrong if another one has its name.
    fn told_apart(&self, job: Job) -> Job {
        match self.jobs().iter().find(|job| job.name() == MATERIALIZE) {
            // Of a run it could not be told which of the two it is one of.
            Some(other) => job.with_problem(
                Problem::new(
                    ProblemKind::DuplicateName,
                    format!(
                        "a job is named `{MATERIALIZE}`, as is what materializes the assets of a selection"
                    ),
                )
                .at("the job", other.options().place.clone())
                .hint("give the job another name"),
            ),
            None => job,
        }
    }

    /// The job of this name that these are steps of: one of [`Definitions::jobs`], or what materializes the assets of the
    /// steps.
    pub(super) fn job_of(&self, name: &str, steps: &[Step]) -> Option<Cow<'_, Job>> {
        if let Some(job) = self.jobs().iter().find(|job| job.name() == name) {
            return Some(Cow::Borrowed(job));
        }
        let mut keys = steps.iter().flat_map(|step| &step.assets).map(|asset| asset.key.clone()).peekable();
        if name != MATERIALIZE || keys.peek().is_none() {
            return None;
        }
        let mut selected = vec![false; self.assets.assets().len()];
        keys.filter_map(|key| self.assets.number(&key)).for_each(|number| selected[number] = true);
        Some(Cow::Owned(draw_assets(JobOptions::new(MATERIALIZE), &self.assets, Ok(selected))))
    }
}
