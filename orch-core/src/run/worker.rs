use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::check::wiring;
use super::config::Configured;
use super::lifecycle::Lifecycle as _;
use super::opened::Opened;
use super::schema::Configurables;
use super::wiring::Wiring;
use super::{Definitions, Runner};
use crate::asset::AssetHistory;
use crate::config::{EnvVars, FileFormat, RunConfig};
use crate::define::{Cancel, KnownAssets, KnowsMade, RunContext};
use crate::failure::Failure;
use crate::plan::{PlanError, Program, Step};
use crate::step::isolated::{self, AtHost, Begin, Prepared, Surroundings};

/// Works for a run of another process.
pub(super) fn work(definitions: impl FnOnce() -> Result<Definitions, Failure>) -> ! {
    isolated::serve(|begin, cancel, host| {
        let made = definitions().map_err(|failure| failure.context("the definitions cannot be made"))?;
        // Only now: the program may have set a subscriber of its own.
        crate::step::log_to_host(&begin.logs);
        let job = made.job_of(&begin.job, &begin.steps).ok_or_else(|| {
            other(format!("it has no job `{}`", begin.job))
                .hint("give all jobs that this program runs to `orch::run::worker`")
        })?;
        let runner = match &begin.environment {
            None => made.runner(&job),
            Some(name) => {
                made.runner_in(name, &job).ok_or_else(|| other(format!("it has no environment `{name}`")))?
            }
        };
        runner.prepare(begin, cancel, host)
    })
}

/// The program of a worker is not what the run takes it for.
fn other(what: String) -> Failure {
    Failure::contract(what).context("the program that is started for the step is not the one of the run")
}

impl Runner {
    /// What a worker needs: the steps that it is for, configured, and what they need.
    fn prepare(self, begin: Begin, cancel: Cancel, host: Arc<AtHost>) -> Result<Prepared, Failure> {
        let mut program = Program::compile(&self.job)?;
        let whole = Configurables::of(&program);
        let wanted: HashMap<&str, &Step> = begin.steps.iter().map(|step| (&*step.name, step)).collect();
        for step in &mut program.plan.steps {
            // The others do not run here, and need nothing.
            let wanted = wanted.get(&*step.name);
            step.given = wanted.is_none();
            if wanted.is_some_and(|wanted| face(wanted) != face(step)) {
                return Err(other(format!("its step `{}` is another one", step.name)));
            }
        }
        // They are called by the process of the run.
        program.hooks.clear();
        program.step_hooks.iter_mut().for_each(Vec::clear);
        let mut problems = Vec::new();
        let wiring = wiring(&program, &self.environment, &mut problems);
        let ours = resources(&program, &wiring);
        if ours != begin.resources {
            let theirs = begin.resources.iter().find(|resource| !ours.contains(resource));
            let name = theirs.or(ours.first()).map_or("", |(name, _)| name);
            return Err(other(format!("it is not the same resource `{name}` that it has")).hint(
                "what a run is given beside the definitions of the program, as with `Runner::with`, no other process has: \
                 give it to the definitions, or let the op run in the process of the run",
            ));
        }
        let config = begin
            .config
            .iter()
            .fold(RunConfig::new(), |config, given| config.text(FileFormat::Json, "run", given));
        let env = if begin.variables.process { EnvVars::process() } else { EnvVars::none() };
        let env = begin.variables.given.into_iter().fold(env, |env, (name, value)| env.with(name, value));
        let configured = Configured::read(&config, &whole, &mut program, &wiring, &env);
        let configured = match configured {
            Ok(configured) if problems.is_empty() => configured,
            configured => {
                let job = program.plan.job;
                return Err(PlanError::new(job, problems).with_config(configured.err()).into());
            }
        };
        let program = Arc::new(program);
        let run = Arc::new(RunContext {
            run: begin.run,
            job: program.plan.job.as_str().into(),
            tags: begin.tags,
            cancel,
            reader: None,
            partitions: HashMap::new(),
            assets: KnownAssets {
                history: Some(Arc::clone(&host) as Arc<dyn AssetHistory>),
                elsewhere: Some(Arc::clone(&host) as Arc<dyn KnowsMade>),
                ..program.known_assets()
            },
            keys: host,
            given: RwLock::default(),
            hooks: RwLock::default(),
        });
        let here = wiring.order.clone();
        let opened = Opened::of(wiring, configured, Arc::clone(&program), Arc::clone(&run), here);
        // Most of what steps ask for is there; what is to be opened comes when the first step needs it.
        opened.give();
        Ok(Prepared { program, run, surroundings: Box::new(OnDemand { opened, open: Mutex::default() }) })
    }
}

/// What a step is to the process of the run, and must be to its own.
fn face(step: &Step) -> impl PartialEq + '_ {
    let inputs: Vec<_> = step.inputs.iter().map(|input| (&input.name, &input.ty)).collect();
    let outputs: Vec<_> = step.outputs.iter().map(|output| (&output.name, &output.ty, output.kind)).collect();
    (&step.op, &step.code_version, inputs, outputs)
}

/// What the isolated steps that run need, and where it comes from.
pub(super) fn resources(program: &Program, wiring: &Wiring) -> Vec<(String, String)> {
    let ops = program.plan.steps.iter().zip(&program.ops);
    let ops = ops.filter(|(step, _)| step.isolated && !step.given);
    let needed = wiring.all_of(ops.map(|(_, op)| op.needs()));
    let mut found: Vec<_> = needed
        .into_iter()
        .map(|at| wiring.resources().at(at))
        .map(|provided| (provided.name(), provided.place.to_string()))
        .collect();
    found.sort();
    found
}

/// Resources that are opened when the first step needs them.
struct OnDemand {
    opened: Opened,
    /// The keys of what is open.
    open: Mutex<Vec<Arc<str>>>,
}

impl Surroundings for OnDemand {
    fn open(&self, step: usize) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            let mut open = self.open.lock().await;
            let before = open.len();
            for key in self.opened.keys_of(step) {
                if open.contains(key) {
                    continue;
                }
                let opened = self.opened.open(key).await;
                opened
                    .map_err(|failure| failure.context(format!("the resource `{key}` cannot be opened")))?;
                open.push(Arc::clone(key));
            }
            if open.len() > before {
                self.opened.give();
            }
            Ok(())
        }
        .boxed()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            let mut open = self.open.lock().await;
            let mut closed = Ok(());
            while let Some(key) = open.pop() {
                let result = self.opened.close(&key).await;
                closed = closed.and(result.map_err(|failure| failure.context(format!("`{key}`"))));
            }
            closed
        }
        .boxed()
    }
}
