use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::check::Wanted;
use super::wiring::Wiring;
use super::{Definitions, Runner};
use crate::config::RunConfig;
use crate::define::RunContext;
use crate::failure::Failure;
use crate::plan::{Plan, Problem, ProblemKind, Program};
use crate::step::isolated::Pool;

/// Whether this program offers itself to its runs: their workers are the same program.
static OFFERED: AtomicBool = AtomicBool::new(false);

/// Lets this program be started by its own runs as a worker, a process in which isolated steps run: the first thing in
/// `main`, before it reads arguments, prints or starts anything. `#[orch::main]` does it
/// by itself.
///
/// In a process that was started as a worker it makes the definitions, works for the run, and never returns. In any other
/// it only takes note that workers can be started, and returns at once without making them. A run with isolated steps
/// does not begin in a program that never came here.
///
/// The definitions must be those with which runs are begun here: jobs are found by name, and what is given to a
/// [`Runner`] beside them, such as a resource, a worker does not have.
///
/// ```
/// use orch_core::run::{Definitions, worker};
///
/// fn definitions() -> Definitions {
///     Definitions::new()
/// }
///
/// fn main() {
///     worker(|| Ok(definitions()));
///     // The program.
/// }
/// ```
pub fn worker(definitions: impl FnOnce() -> Result<Definitions, Failure>) {
    OFFERED.store(true, Ordering::Relaxed);
    #[cfg(unix)]
    if crate::step::isolated::is_worker() {
        super::worker::work(definitions);
    }
    drop(definitions);
}

impl Runner {
    /// Whether steps that are to run in processes of their own can do so.
    pub(super) fn isolation(&self, plan: &mut Plan, wanted: Wanted, problems: &mut Vec<Problem>) {
        if self.in_process {
            for step in &mut plan.steps {
                (step.isolated, step.memory) = (false, None);
            }
        }
        let Some(step) = plan.steps.iter().find(|step| step.isolated && !step.given) else { return };
        let refused = if cfg!(not(unix)) {
            Some((
                "is to run in a process of its own, which there is not on this system",
                "run it in the process of the run, `.in_process()`",
            ))
        } else if wanted == Wanted::Run && !OFFERED.load(Ordering::Relaxed) {
            Some((
                "is to run in a process of its own, which this program does not offer",
                "let its `main` begin with `orch::run::worker(|| Ok(definitions()))`, as `#[orch::main]` does; a test runs all \
                 in its own process, `.in_process()`",
            ))
        } else {
            None
        };
        if let Some((what, hint)) = refused {
            let problem = Problem::new(ProblemKind::NotIsolated, format!("`{}` {what}", step.name));
            problems.push(problem.at("the step", step.place.clone()).hint(hint));
        }
    }

    /// The processes of steps that have some of their own; none are started yet.
    #[cfg(unix)]
    pub(super) fn workers(
        &self,
        program: &Program,
        wiring: &Wiring,
        given: &RunConfig,
        context: &RunContext,
    ) -> Option<Arc<Pool>> {
        use super::execute::processors;
        use super::worker::resources;
        use crate::step::isolated::{Begin, Informant, Variables};

        let steps = program.plan.steps.iter().filter(|step| step.isolated && !step.given);
        let steps: Vec<_> = steps.cloned().collect();
        if steps.is_empty() {
            return None;
        }
        let (process, variables) = self.env.parts();
        let begin = Begin {
            run: self.id,
            job: program.plan.job.clone(),
            environment: self.environment_name.clone(),
            tags: context.tags.clone(),
            config: (!given.is_empty()).then(|| given.clone().into_node().0.to_json().to_string()),
            variables: Variables { process, given: variables.clone() },
            resources: resources(program, wiring),
            steps,
            logs: crate::step::wanted(),
        };
        let slots = program.plan.max_concurrent.unwrap_or_else(processors);
        Some(Pool::new(begin, Informant::of(context), slots, self.grace))
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "as on other systems")]
    pub(super) fn workers(
        &self,
        _: &Program,
        _: &Wiring,
        _: &RunConfig,
        _: &RunContext,
    ) -> Option<Arc<Pool>> {
        None
    }
}
