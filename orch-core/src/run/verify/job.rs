use super::{Finding, merge};
use crate::config::{ConfigDef, ConfigPath, ConfigProblemKind, EnvVars, Origin, check_defaults, of_step};
use crate::graph::Job;
use crate::ids::Place;
use crate::plan::{PlanError, ProblemKind, Program};
use crate::run::{Definitions, Runner};

/// An environment by its name, `None` for a run without one, and what is wrong there.
type Found<'a> = (Option<&'a str>, Vec<Finding>);

/// All that is wrong with a job, in each environment and with each preset; wrong defaults of resources are known.
pub(super) fn check(definitions: &Definitions, job: &Job, resources: &[Finding]) -> Vec<Finding> {
    let mut findings = match Program::compile(job) {
        Ok(program) => everywhere(definitions, job, &program, resources),
        // What is wrong with the job itself is so in all environments.
        Err(error) => of_error(&error),
    };
    for finding in &mut findings {
        finding.jobs = vec![job.name().to_owned()];
    }
    findings
}

fn everywhere(
    definitions: &Definitions,
    job: &Job,
    program: &Program,
    resources: &[Finding],
) -> Vec<Finding> {
    let mut findings = defaults(job, program);
    let wrong_defaults = [&findings, resources].concat();
    let environments = environments(definitions, job);
    let found: Vec<Found<'_>> = environments
        .iter()
        .map(|&environment| {
            let mut told = told(runner(definitions, environment, job));
            told.retain(|one| !is_default(one, &wrong_defaults));
            (environment, told)
        })
        .collect();
    findings.extend(gather(&found));
    for preset in job.presets() {
        let with: Vec<Found<'_>> = found
            .iter()
            .map(|(environment, without)| {
                let mut told = told(runner(definitions, *environment, job).preset(preset.name()));
                // What is so without the preset was told.
                told.retain(|one| !is_default(one, &wrong_defaults) && !without.contains(one));
                (*environment, told)
            })
            .collect();
        let with = gather(&with).into_iter().map(|one| one.with_preset(preset));
        merge(&mut findings, with.collect(), |known, one| {
            !known.presets.is_empty() && known.environments == one.environments
        });
    }
    for finding in &mut findings {
        if finding.environments.len() == environments.len() {
            finding.environments.clear();
        }
    }
    findings
}

/// Those in which the job is checked. A program with environments may leave to them what its runs need: if without one
/// something is not there at all, nobody means to run the job so.
fn environments<'a>(definitions: &'a Definitions, job: &Job) -> Vec<Option<&'a str>> {
    let named: Vec<_> = definitions.environments().map(Some).collect();
    let lacks = |error: &PlanError| {
        error.problems().iter().any(|problem| {
            matches!(
                problem.kind(),
                ProblemKind::MissingResource | ProblemKind::UnknownPool | ProblemKind::UnknownIo
            )
        })
    };
    let without = definitions.runner(job).wired().err().filter(lacks).is_none();
    std::iter::once(None).filter(|_| without || named.is_empty()).chain(named.iter().copied()).collect()
}

fn runner(definitions: &Definitions, environment: Option<&str>, job: &Job) -> Runner {
    let named = environment.and_then(|name| definitions.runner_in(name, job));
    named.unwrap_or_else(|| definitions.runner(job))
}

/// What is wrong with a run, but for what it may still be given: by files, by the command line, by the machine.
fn told(runner: Runner) -> Vec<Finding> {
    // Variables are the machine's, and the check is to say the same on each.
    match runner.env(EnvVars::none()).check() {
        Ok(_) => Vec::new(),
        Err(error) => of_error(&error),
    }
}

fn of_error(error: &PlanError) -> Vec<Finding> {
    use ConfigProblemKind::{Missing, Reference};
    let plan = error.problems().iter();
    let plan = plan
        .filter(|problem| !matches!(problem.kind(), ProblemKind::MissingInput | ProblemKind::UnknownItem));
    let config = error.config().into_iter().flat_map(|error| error.problems());
    let config = config.filter(|problem| !matches!(problem.kind(), Missing | Reference));
    plan.map(Finding::of_plan).chain(config.map(Finding::of_config)).collect()
}

/// What was found, each once, with the environments that have it.
fn gather(found: &[Found<'_>]) -> Vec<Finding> {
    let mut gathered = Vec::new();
    for (environment, told) in found {
        let environments = vec![environment.map(str::to_owned)];
        let here = told.iter().map(|one| Finding { environments: environments.clone(), ..one.clone() });
        merge(&mut gathered, here.collect(), |_, _| true);
    }
    gathered
}

/// Defaults that do not fit, of the job's own configuration and of that of its steps. A run that has them tells the same.
fn defaults(job: &Job, program: &Program) -> Vec<Finding> {
    let own = program.job_config.iter().map(|def| {
        let path = ConfigPath::root().key("config");
        (def, path, "the job", &job.options().place)
    });
    let steps = program.plan.steps.iter().zip(&program.ops).filter_map(|(step, op)| {
        let path = of_step(&step.name).key("config");
        Some((op.needs().config()?, path, "the step", &step.place))
    });
    let found = own.chain(steps).flat_map(|(def, path, what, place)| of_defaults(def, path, what, place));
    found.collect()
}

/// Defaults of a type of configuration that do not fit what is said of them.
pub(super) fn of_defaults(
    def: &ConfigDef,
    path: ConfigPath,
    what: &'static str,
    place: &Place,
) -> Vec<Finding> {
    let problems = check_defaults(&def.schema(), path).into_iter();
    let problems = problems.filter(|problem| problem.kind() != ConfigProblemKind::Reference);
    let hint =
        format!("this is a default of the type `{}`: mend it, or what is said of its value", def.ty().name());
    problems
        .map(|problem| problem.at_as(what, Origin::Code(place.clone())).hint(&*hint))
        .map(|problem| Finding::of_config(&problem))
        .collect()
}

/// Whether a run tells what is wrong with a default, which was found already.
fn is_default(one: &Finding, defaults: &[Finding]) -> bool {
    one.places.is_empty()
        && defaults.iter().any(|default| default.path == one.path && default.message == one.message)
}
