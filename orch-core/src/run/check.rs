mod io_managers;

use super::config::Configured;
use super::itself::{Execution, Itself};
use super::schema::Configurables;
use super::wiring::{Needer, Wiring};
use super::{Environment, Runner};
use crate::config::{ConfigError, ConfigProblem, ConfigProblemKind, RunConfig};
use crate::define::{Tags, unite};
use crate::ids::{check_tag_key, nearest};
use crate::plan::{self, Plan, PlanError, Problem, ProblemKind, Program};

/// A run that may begin.
pub(super) struct Checked {
    pub(super) program: Program,
    pub(super) wiring: Wiring,
    pub(super) configured: Configured,
    /// Those of the configuration.
    pub(super) tags: Tags,
    /// What was given of the configuration, as far as it concerns the job.
    pub(super) given: RunConfig,
}

/// What a job is checked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Its run.
    Run,
    /// Its plan: values can still be given.
    Plan,
    /// Its configuration: secrets stay the references that they are.
    Config,
}

impl Wanted {
    fn tolerates(self, problem: &ConfigProblem) -> bool {
        use ConfigProblemKind::{Missing, Reference};
        self == Self::Plan && matches!(problem.kind(), Missing | Reference)
    }
}

impl Runner {
    /// The job's program, with what only the run knows checked too: all that is wrong is told together.
    pub(super) fn check(&self) -> Result<Checked, PlanError> {
        self.check_for(Wanted::Run)
    }

    pub(super) fn check_for(&self, wanted: Wanted) -> Result<Checked, PlanError> {
        let program = Program::compile(&self.job)?;
        let mut problems = Vec::new();
        let whole = Configurables::of(&program);
        let config = self.whole_config(&whole);
        for (key, origin) in config.names_at("tags") {
            if let Err(error) = check_tag_key(key) {
                let problem = Problem::new(ProblemKind::InvalidTag, format!("{error} ({origin})"));
                problems.push(problem.hint(error.hint()));
            }
        }
        let (itself, mut wrong) = self.itself(&config);
        let mut program = self.part(program, &itself, &config, &mut wrong, &mut problems);
        let wiring = self.surroundings(&mut program, &mut problems);
        self.isolation(&mut program.plan, wanted, &mut problems);
        let env = match wanted {
            Wanted::Config => self.env.clone().leaving_secrets(),
            Wanted::Run | Wanted::Plan => self.env.clone(),
        };
        let configured =
            Configured::read(&config, &whole, &mut program, &wiring, &env).unwrap_or_else(|error| {
                // What an unknown preset would have said is not missing.
                let unknown = self.preset.is_some() && self.chosen_preset().is_none();
                let others = error.into_problems().into_iter();
                let others = others.filter(|one| !(unknown && one.kind() == ConfigProblemKind::Missing));
                let others: Vec<_> = others.filter(|one| !wrong.contains(one)).collect();
                wrong.extend(others);
                Configured::default()
            });
        // Where something else is wrong too, all is told.
        if wrong.iter().all(|one| wanted.tolerates(one)) {
            wrong.clear();
        }
        if !(problems.is_empty() && wrong.is_empty()) {
            let wrong = (!wrong.is_empty()).then(|| ConfigError::new(wrong));
            return Err(PlanError::new(program.plan.job, problems).with_config(wrong));
        }
        self.options(&itself, &mut program.plan);
        let given = config.only(|path| whole.has(path));
        Ok(Checked { program, wiring, configured, tags: itself.tags, given })
    }

    /// What the configuration says of the run itself, and what is wrong with it.
    pub(super) fn itself(&self, config: &RunConfig) -> (Itself, Vec<ConfigProblem>) {
        match Itself::read(config, &self.env) {
            Ok(itself) => (itself, Vec::new()),
            Err(problems) => (Itself::default(), problems),
        }
    }

    /// The job's program without its configuration, of which something may be missing.
    pub(super) fn wired(&self) -> Result<(Configurables, Program, Wiring), PlanError> {
        let program = Program::compile(&self.job)?;
        let mut problems = Vec::new();
        let whole = Configurables::of(&program);
        let config = self.whole_config(&whole);
        let (itself, mut wrong) = self.itself(&config);
        let mut program = self.part(program, &itself, &config, &mut wrong, &mut problems);
        let wiring = self.surroundings(&mut program, &mut problems);
        if problems.is_empty() && wrong.is_empty() {
            Ok((whole, program, wiring))
        } else {
            let wrong = (!wrong.is_empty()).then(|| ConfigError::new(wrong));
            Err(PlanError::new(program.plan.job, problems).with_config(wrong))
        }
    }

    /// Adds what the environment has to the program, and finds out what it lacks.
    fn surroundings(&self, program: &mut Program, problems: &mut Vec<Problem>) -> Wiring {
        unite(&mut program.hooks, &self.environment.hooks);
        program.plan.hooks = plan::hook_names(&program.hooks);
        pools(program, &self.environment, problems);
        io_managers::check(program, &self.environment.io, problems);
        self.limits(problems);
        self.presets(problems);
        plan::check_tag_keys(&self.tags, None, problems);
        plan::check_hooks(self.environment.hooks.iter(), problems);
        wiring(program, &self.environment, problems)
    }

    fn presets(&self, problems: &mut Vec<Problem>) {
        let Some(name) = self.preset.as_ref().filter(|_| self.chosen_preset().is_none()) else { return };
        let known: Vec<_> = self.job.presets().iter().map(|preset| format!("`{}`", preset.name())).collect();
        let define = format!("give the job one, `job().preset(Preset::new(\"{name}\", RunConfig::new()..))`");
        problems.push(
            Problem::new(
                ProblemKind::UnknownPreset,
                format!("the job `{}` has no preset `{name}`", self.job.name()),
            )
            .hint(known_or(name, &known, "presets of this job", &define)),
        );
    }

    /// What the run's configuration says of the run itself, unless it was said otherwise.
    fn options(&self, itself: &Itself, plan: &mut Plan) {
        let Execution { max_concurrent, max_in_flight, order } = itself.execution;
        plan.max_concurrent = self.max_concurrent.or(max_concurrent).or(plan.max_concurrent);
        plan.max_in_flight = self.max_in_flight.or(max_in_flight).or(plan.max_in_flight);
        plan.order = self.order.or(order).unwrap_or(plan.order);
    }

    fn limits(&self, problems: &mut Vec<Problem>) {
        for (name, value) in [("max_concurrent", self.max_concurrent), ("max_in_flight", self.max_in_flight)]
        {
            if value == Some(0) {
                problems.push(
                    Problem::new(
                        ProblemKind::InvalidLimit,
                        format!("`{name}` is 0, so that nothing could run"),
                    )
                    .hint("write 1 or more"),
                );
            }
        }
    }
}

fn pools(program: &Program, environment: &Environment, problems: &mut Vec<Problem>) {
    let pools = &environment.pools;
    for step in &program.plan.steps {
        let Some(pool) = step.pool.as_ref().filter(|pool| !pools.contains_key(*pool)) else { continue };
        let known: Vec<_> = pools.keys().map(|pool| format!("`{pool}`")).collect();
        let define = format!(
            "define it for the program, `Definitions::new().pool(\"{pool}\", 4)`, or for one run, `job.runner().pool(\"{pool}\", 4)`"
        );
        problems.push(
            Problem::new(
                ProblemKind::UnknownPool,
                format!("`{}` names the pool `{pool}`, which is not defined", step.name),
            )
            .at("the step", step.place.clone())
            .hint(known_or(pool, &known, "pools of this program", &define)),
        );
    }
    for (name, _) in pools.iter().filter(|(_, size)| **size == 0) {
        problems.push(
            Problem::new(
                ProblemKind::InvalidLimit,
                format!("the pool `{name}` has size 0, so that its steps could never run"),
            )
            .hint("write 1 or more"),
        );
    }
}

pub(super) fn wiring(program: &Program, environment: &Environment, problems: &mut Vec<Problem>) -> Wiring {
    // What is given does not run, and needs nothing.
    let runs = program.plan.steps.iter().zip(&program.ops).filter(|(step, _)| !step.given);
    let needers = runs.map(|(step, op)| Needer {
        who: format!("the op `{}`", op.name()),
        needs: op.needs(),
        what: "the step",
        place: &step.place,
    });
    let hooks = program.all_hooks();
    let hooks = hooks.iter().map(|hook| Needer {
        who: format!("the hook `{}`", hook.name()),
        needs: hook.needs(),
        what: "the hook",
        place: hook.place(),
    });
    Wiring::of(environment.resources.clone(), needers.chain(hooks), problems)
}

/// What to do about a name that is not defined; the known ones stand in backquotes.
fn known_or(wanted: &str, known: &[String], what: &str, define: &str) -> String {
    let names = known.iter().filter_map(|name| name.split('`').nth(1));
    match nearest(wanted, names).filter(|near| *near != wanted) {
        Some(near) => format!("did you mean `{near}`? {what}: {}", known.join(", ")),
        None if known.is_empty() => define.to_owned(),
        None => format!("{define}; {what}: {}", known.join(", ")),
    }
}
