use super::{Finding, job};
use crate::graph::{AssetGraph, Job};
use crate::run::Definitions;
use crate::select::AssetSelection;

impl Definitions {
    /// What materializes all assets and observes those of others, and what lets all checks look, unless there are none, or it is known that they do not fit
    /// together.
    pub(super) fn jobs_of_all_assets(&self) -> Vec<Job> {
        let (graph, all) = (self.asset_graph(), AssetSelection::all());
        if !graph.problems().is_empty() {
            return Vec::new();
        }
        let is_idle =
            |number: usize| graph.assets()[number].is_external() && graph.observation(number).is_none();
        let makes = !(0..graph.assets().len()).all(is_idle);
        let made = makes.then(|| self.materialize(&all));
        // Those of what others make look nowhere else.
        let looks = (!graph.checks().is_empty()).then(|| self.check_assets(&all));
        made.into_iter().chain(looks).collect()
    }
}

/// What is wrong with the assets as a whole.
pub(super) fn together(graph: &AssetGraph) -> Vec<Finding> {
    graph.problems().iter().map(Finding::of_plan).collect()
}

/// What is wrong with a job of all assets: of the program, since nobody has defined that job.
pub(super) fn alone(definitions: &Definitions, job: &Job, resources: &[Finding]) -> Vec<Finding> {
    let mut findings = job::check(definitions, job, resources);
    findings.iter_mut().for_each(|one| one.jobs.clear());
    findings
}
