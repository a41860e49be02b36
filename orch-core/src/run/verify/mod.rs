//! What the compiler cannot verify of a program, before anything runs.

mod assets;
mod finding;
mod job;
mod outcome;

use std::collections::{BTreeMap, BTreeSet};

pub use finding::{Finding, FindingKind, FoundAt};
pub use outcome::{CheckError, CheckSummary};

use super::Definitions;
use crate::config::{ConfigPath, ConfigProblem, ConfigProblemKind};
use crate::define::Provider;
use crate::ids::nearest;
use crate::plan::{Problem, ProblemKind};

impl Definitions {
    /// Checks what the compiler cannot, for all jobs, each in each environment and with each of its presets: that names are
    /// their own, that each job can be planned with the pools, IO managers, resources and hooks it is given, that assets fit
    /// together and could all be materialized, whether a job makes them or not, that what
    /// presets, environments and the program say of configuration and selections fits, and that defaults fit what is said
    /// of their values. Nothing is opened and no step runs.
    ///
    /// What a run may still be given is not missed: values of configuration that neither a preset nor a default gives, and
    /// inputs of steps that a preset does not select. References are the machine's: `{env: NAME}` is not looked up, and a
    /// file that is not there is not missed. A job that without an environment lacks a resource, a pool or an IO manager is checked in the environments alone, if
    /// there are any.
    ///
    /// ```
    /// use orch_core::run::Definitions;
    ///
    /// // In a test of the program, `definitions().check()?` says the same as the command `check`.
    /// let summary = Definitions::new().check()?;
    /// assert_eq!(summary.to_string(), "0 jobs, 0 presets, 0 environments");
    /// # Ok::<(), orch_core::run::CheckError>(())
    /// ```
    ///
    /// # Errors
    /// All that was found. What is so of several jobs is told once, with their names.
    pub fn check(&self) -> Result<CheckSummary, CheckError> {
        let summary = CheckSummary {
            jobs: self.jobs().len(),
            presets: self.jobs().iter().map(|job| job.presets().len()).sum(),
            environments: self.environments().count(),
            assets: self.asset_graph().assets().len(),
            checks: self.asset_graph().checks().len(),
        };
        let mut findings = self.duplicates();
        let resources = self.defaults_of_resources();
        let of_assets = assets::together(self.asset_graph());
        for job in self.jobs() {
            let mut more = job::check(self, job, &resources);
            // What is wrong with assets is so in all jobs of them.
            more.retain(|one| !of_assets.iter().any(|known| known.is_same(one)));
            merge(&mut findings, more, |known, one| {
                !known.jobs.is_empty()
                    && known.presets == one.presets
                    && known.environments == one.environments
            });
        }
        let mut alone = Vec::new();
        for job in self.jobs_of_all_assets() {
            merge(&mut alone, assets::alone(self, &job, &resources), |_, _| true);
        }
        alone.retain(|one| !findings.iter().any(|known| known.is_same(one)));
        findings.splice(0..0, of_assets.into_iter().chain(alone));
        findings.splice(0..0, self.nobodys());
        findings.splice(0..0, resources);
        if findings.is_empty() { Ok(summary) } else { Err(CheckError::new(summary, findings)) }
    }

    fn duplicates(&self) -> Vec<Finding> {
        let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for job in self.jobs() {
            by_name.entry(job.name()).or_default().push(&job.options().place);
        }
        let several = by_name.into_iter().filter(|(_, places)| places.len() > 1);
        let told = several.map(|(name, places)| {
            let message = format!("{} jobs have the name `{name}`", places.len());
            let problem = Problem::new(ProblemKind::DuplicateName, message);
            let problem =
                places.into_iter().fold(problem, |problem, place| problem.at("a job", place.clone()));
            Finding::of_plan(&problem.hint("give all but one of them another: #[job(name = \"..\")]"))
        });
        told.collect()
    }

    /// What the program and its environments say of steps that no job has. A run passes over it, since it may be another's.
    fn nobodys(&self) -> Vec<Finding> {
        let of_assets = self.jobs_of_all_assets();
        let jobs = self.jobs().iter().chain(&of_assets);
        let plans: Option<Vec<_>> = jobs.map(|job| job.try_plan().ok()).collect();
        // Of a job that cannot be planned nobody knows the steps.
        let Some(plans) = plans else { return Vec::new() };
        let steps = plans.iter().flat_map(|plan| &plan.steps);
        let known: BTreeSet<&str> = steps.filter_map(|step| step.name.split('.').next()).collect();
        let mut findings = Vec::new();
        for (environment, surroundings) in self.named_surroundings() {
            for (name, at) in surroundings.config.names_at("ops").filter(|(name, _)| !known.contains(name)) {
                let path = ConfigPath::root().key("ops").key(name);
                let message = format!("`{path}` is of no step of any job");
                let problem = ConfigProblem::new(ConfigProblemKind::UnknownKey, path, message).at(at.clone());
                let problem = match nearest(name, known.iter().copied()) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem,
                };
                let environments = environment.iter().map(|name| Some((*name).to_owned())).collect();
                findings.push(Finding { environments, ..Finding::of_config(&problem) });
            }
        }
        findings
    }

    /// Whether a job needs a resource or not, its defaults are to fit.
    fn defaults_of_resources(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for provided in self.named_surroundings().flat_map(|(_, environment)| environment.resources.iter()) {
            let Provider::Opened(def) = &provided.by else { continue };
            let Some(config) = def.config() else { continue };
            let path = ConfigPath::root().key("resources").key(def.key()).key("config");
            let more = job::of_defaults(config, path, "the resource", &def.place);
            merge(&mut findings, more, |_, _| true);
        }
        findings
    }
}

/// Adds findings. What one that is there says already, and alike in where it holds, is not said again.
fn merge(findings: &mut Vec<Finding>, more: Vec<Finding>, alike: impl Fn(&Finding, &Finding) -> bool) {
    for one in more {
        match findings.iter_mut().find(|known| known.is_same(&one) && alike(known, &one)) {
            Some(known) => known.absorb(one),
            None => findings.push(one),
        }
    }
}
