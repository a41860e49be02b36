use super::{Finding, job};
use crate::graph::{AssetGraph, Job};
use crate::run::Definitions;
use crate::select::AssetSelection;

impl Definitions {
    /// What materializes all assets, unless there are none to make, or it is known that they do not fit together.
    pub(super) fn job_of_all_assets(&self) -> Option<Job> {
        let graph = self.asset_graph();
        let makes = graph.assets().iter().any(|asset| !asset.is_external());
        (makes && graph.problems().is_empty()).then(|| self.materialize(&AssetSelection::all()))
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
