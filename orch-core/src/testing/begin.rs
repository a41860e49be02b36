use std::sync::Arc;

use super::TestedRun;
use crate::config::{EnvVars, RunConfig};
use crate::define::{Cancel, Opens, Resource};
use crate::graph::Job;
use crate::io::IoManager;
use crate::partition::KeySets;
use crate::plan::Plan;
use crate::run::{Definitions, Run, RunError, RunErrorKind, Runner};
use crate::value::Data;

/// A run of a job in a test, in the making: [`Job::test`], or [`Definitions::test`] with what surrounds the program's runs.
///
/// It differs from a [`Runner`] in what a test wants:
///
/// - **Waiting takes no time.** The clock of tokio stands still while there is something to do, and else jumps to the next
///   time that someone waits for: the delay of a retry, a timeout, a sleep of an async op. While a sync op runs it does not
///   jump, so a sync op never times out; and one that calls `std::thread::sleep` does sleep. An op that waits for
///   something outside of the process, such as a server, wants [`TestRun::real_time`].
/// - **One step at a time**, unless [`TestRun::max_concurrent`] says more: the events, and so the story, come in the same
///   order each time. Hooks are no steps, and run beside them.
/// - **All in this process**, also the steps of ops that are isolated: the program of a test is no worker.
/// - **No environment variables** but those of [`TestRun::env`].
/// - **Outputs and events are kept.**
#[derive(Debug)]
#[must_use = "it begins with `.run()`"]
pub struct TestRun {
    runner: Runner,
    env: EnvVars,
    real_time: bool,
}

impl Job {
    /// A run of the job in a test.
    pub fn test(&self) -> TestRun {
        TestRun::of(self.runner())
    }
}

impl Definitions {
    /// A run of `job` in a test, with the program's pools, IO managers, resources, hooks and configuration.
    pub fn test(&self, job: &Job) -> TestRun {
        TestRun::of(self.runner(job))
    }

    /// As [`Definitions::test`], in this environment.
    ///
    /// # Panics
    /// If there is no environment of the name.
    #[track_caller]
    pub fn test_in(&self, environment: &str, job: &Job) -> TestRun {
        match self.runner_in(environment, job) {
            Some(runner) => TestRun::of(runner),
            None => {
                let known: Vec<_> = self.environments().collect();
                panic!("there is no environment `{environment}`; there are: {}", known.join(", "));
            }
        }
    }
}

impl TestRun {
    fn of(runner: Runner) -> Self {
        let env = EnvVars::none();
        let runner = runner.keep_outputs().keep_events().max_concurrent(1).env(env.clone()).in_process();
        Self { runner, env, real_time: false }
    }

    /// Gives the run a resource, in place of all of this type that the program or the job has: a fake.
    #[track_caller]
    pub fn with<T: Resource>(mut self, resource: T) -> Self {
        self.runner = self.runner.with(resource);
        self
    }

    /// As [`TestRun::with`], in place of the one of this type and key.
    #[track_caller]
    pub fn with_as<T: Resource>(mut self, key: impl Into<String>, resource: T) -> Self {
        self.runner = self.runner.with_as(key, resource);
        self
    }

    /// As [`TestRun::with`], of what the test goes on to look at, or of a trait: `.with_shared::<dyn Store>(fake.clone())`.
    #[track_caller]
    pub fn with_shared<T: Resource + ?Sized>(mut self, resource: Arc<T>) -> Self {
        self.runner = self.runner.with_shared(resource);
        self
    }

    /// As [`TestRun::with_shared`], in place of the one of this type and key.
    #[track_caller]
    pub fn with_shared_as<T: Resource + ?Sized>(mut self, key: impl Into<String>, resource: Arc<T>) -> Self {
        self.runner = self.runner.with_shared_as(key, resource);
        self
    }

    /// Gives the run what the function `R` with `#[resource]` opens, in place of the one of its type and key; if there is none
    /// of this key, of the only one of its type.
    #[track_caller]
    pub fn with_from<R: Opens>(mut self) -> Self {
        self.runner = self.runner.with_from::<R>();
        self
    }

    /// Configures the run; what is added later goes before what was there.
    pub fn config(mut self, config: RunConfig) -> Self {
        self.runner = self.runner.config(config);
        self
    }

    /// Takes a preset of the job.
    pub fn preset(mut self, name: impl Into<String>) -> Self {
        self.runner = self.runner.preset(name);
        self
    }

    /// Says for which partitions the run is: one, `2024-01-31`, from one to another, `2024-01-01..2024-01-31`, or all, `*`; see
    /// [`Runner::partition`]. Which one is `latest` depends on the day on which the test runs.
    ///
    /// ```
    /// # use orch_core::run::Definitions;
    /// # fn test(definitions: &Definitions) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = definitions.materialize(&"revenue+".parse()?);
    /// definitions.test(&job).partition("2024-01-31").run().assert_success();
    /// # Ok(())
    /// # }
    /// ```
    pub fn partition(mut self, selection: impl Into<String>) -> Self {
        self.runner = self.runner.partition(selection);
        self
    }

    /// Gives the run the keys of dynamic partitions: a test has no instance.
    pub fn key_sets(mut self, sets: KeySets) -> Self {
        self.runner = self.runner.key_sets(sets);
        self
    }

    /// Sets an environment variable for the references of configuration, `{env: NAME}`. The process has it not, and what
    /// the process has is not seen: a test is the same on each machine.
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env = self.env.with(name, value);
        self.runner = self.runner.env(self.env.clone());
        self
    }

    /// Runs only a part of the job, `"load+"`; what that takes of the rest comes from [`TestRun::input`] or
    /// [`TestRun::upstream`].
    ///
    /// # Panics
    /// If the text is no selection.
    #[track_caller]
    pub fn select(mut self, steps: &str) -> Self {
        match steps.parse() {
            Ok(selection) => self.runner = self.runner.select(selection),
            Err(error) => panic!("{error}"),
        }
        self
    }

    /// Feeds an input with this value instead of what feeds it in the job; see [`Runner::input`].
    pub fn input<T: Data>(mut self, step: impl Into<String>, input: impl Into<String>, value: T) -> Self {
        self.runner = self.runner.input(step, input, value);
        self
    }

    /// Takes what steps that are not selected have made from an earlier run; see [`Runner::upstream`].
    pub fn upstream(mut self, run: &Run) -> Self {
        self.runner = self.runner.upstream(run);
        self
    }

    /// Defines the pool `name`: at most `size` steps of the ops that name it run at once.
    pub fn pool(mut self, name: impl Into<String>, size: usize) -> Self {
        self.runner = self.runner.pool(name, size);
        self
    }

    /// Defines the IO manager `key` for values of type `T`.
    pub fn io<T: Data>(mut self, key: impl Into<String>, manager: impl IoManager<T>) -> Self {
        self.runner = self.runner.io(key, manager);
        self
    }

    /// Adds a tag to the run.
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.runner = self.runner.tag(key, value);
        self
    }

    /// Lets so many steps run at once. With more than one their events come in any order.
    pub fn max_concurrent(mut self, steps: usize) -> Self {
        self.runner = self.runner.max_concurrent(steps);
        self
    }

    /// Lets `cancel` stop the run.
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.runner = self.runner.cancel(cancel);
        self
    }

    /// All else that can be said of a run: `.change(|runner| runner.grace(Duration::ZERO))`.
    pub fn change(mut self, change: impl FnOnce(Runner) -> Runner) -> Self {
        self.runner = change(self.runner);
        self
    }

    /// Lets the clock run as usual: for ops that wait for something outside of the process. A clock that jumps would jump
    /// over their timeouts.
    pub fn real_time(mut self) -> Self {
        self.real_time = true;
        self
    }

    /// The plan of this run, with all that was said checked: for a snapshot.
    ///
    /// # Panics
    /// If the job cannot be planned, with all problems as the message.
    #[must_use]
    #[track_caller]
    pub fn plan(&self) -> Plan {
        match self.runner.plan() {
            Ok(plan) => plan,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs the job to its end, whatever that is: the test says what it expects of it, as with
    /// [`TestedRun::assert_success`].
    ///
    /// # Panics
    /// If the run cannot begin, such as for want of a resource, with all problems as the message. Also in a test that is
    /// async itself: there, await [`TestRun::run_async`].
    #[track_caller]
    pub fn run(self) -> TestedRun {
        match self.try_run() {
            Ok(run) => run,
            Err(error) => panic!("{error}"),
        }
    }

    /// As [`TestRun::run`], for a test of what is told of a run that cannot begin.
    ///
    /// # Errors
    /// If the run cannot begin.
    ///
    /// # Panics
    /// In a test that is async itself.
    #[track_caller]
    pub fn try_run(self) -> Result<TestedRun, RunError> {
        let ended = if self.real_time { self.runner.run_blocking() } else { self.runner.run_paused() };
        if let Err(error) = &ended
            && matches!(error.kind(), RunErrorKind::WithinRuntime)
        {
            panic!(
                "an async test cannot wait for a run, it would wait for itself\n  hint: `.run_async().await`"
            );
        }
        TestedRun::of(ended)
    }

    /// As [`TestRun::run`], in a test that is async itself, on its runtime and by its clock: under
    /// `#[tokio::test(start_paused = true)]` waiting takes no time, under `#[tokio::test]` it does.
    ///
    /// # Panics
    /// If the run cannot begin.
    pub async fn run_async(self) -> TestedRun {
        match TestedRun::of(self.runner.run().await) {
            Ok(run) => run,
            Err(error) => panic!("{error}"),
        }
    }
}
