//! What is missing is said before the first step starts.

use std::sync::Arc;

use insta::assert_snapshot;
use orch_core::define::{JobOptions, OpDef};
use orch_core::failure::Failure;
use orch_core::graph::Job;
use orch_core::io::{IoManager, Metadata, OutputAt};
use orch_core::run::{Definitions, Runner};

use super::support::{Plain, call, job};

struct Memory;

impl IoManager<String> for Memory {
    fn store(&self, _: &OutputAt<'_>, _: &String) -> Result<Metadata, Failure> {
        Ok(Metadata::new())
    }

    fn load(&self, _: &OutputAt<'_>) -> Result<String, Failure> {
        Err(Failure::new("not needed"))
    }
}

fn needy() -> Job {
    let body = |_| -> Result<i64, Failure> { panic!("started") };
    let pooled: Arc<OpDef> = OpDef::builder("pooled").pool("gpu").returns::<Plain>().blocking(body).into();
    let stored: Arc<OpDef> = OpDef::builder("stored").io("files").returns::<Plain>().blocking(body).into();
    job(|| {
        call(&pooled, &[]);
        call(&stored, &[]);
    })
}

/// The message, without the numbers of lines.
fn refusal(runner: Runner) -> String {
    let planned = runner.plan().unwrap_err().to_string();
    let told = runner.run_blocking().unwrap_err().to_string();
    assert_eq!(told, planned, "the plan of a run is refused as the run is");
    super::problems::without_lines(&told)
}

#[test]
fn the_plan_of_a_run_has_its_options() {
    let runner = Definitions::new().io("files", Memory).pool("gpu", 1).runner(&job(|| ()));
    let plan = runner.max_concurrent(3).max_in_flight(5).tag("env", "test").plan().unwrap();
    assert_eq!((plan.max_concurrent, plan.max_in_flight), (Some(3), Some(5)));
    assert_eq!(plan.tags["env"], "test");
}

#[test]
fn unknown_pools_and_io_managers_are_named_with_what_there_is() {
    assert_snapshot!(refusal(needy().runner()), @r#"
    the job `job` cannot be planned: 2 problems
    error: `pooled` names the pool `gpu`, which is not defined
      --> orch-core/tests/behaviour/start.rs:_ (the step)
      hint: define it for the program, `Definitions::new().pool("gpu", 4)`, or for one run, `job.runner().pool("gpu", 4)`
    error: `stored` has its `i64` stored by the IO manager `files`, which is not defined
      --> orch-core/tests/behaviour/start.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("files", manager)`, or for one run, `job.runner().io("files", manager)`
    "#);
    let definitions = Definitions::new().pool("cpu", 2).io("files", Memory).job(needy());
    assert_snapshot!(refusal(definitions.runner(&definitions.jobs()[0])), @r#"
    the job `job` cannot be planned: 2 problems
    error: `pooled` names the pool `gpu`, which is not defined
      --> orch-core/tests/behaviour/start.rs:_ (the step)
      hint: did you mean `cpu`? pools of this program: `cpu`
    error: `stored` has its `i64` stored by the IO manager `files`, which is not defined for `i64`
      --> orch-core/tests/behaviour/start.rs:_ (the step)
      hint: define it for the program, `Definitions::new().io("files", manager)`, or for one run, `job.runner().io("files", manager)`; IO managers of this program: `files` for `String`
    "#);
}

#[test]
fn limits_of_nothing_are_refused() {
    let job = Job::compose(JobOptions::new("job"), || ());
    let runner = job.runner().max_concurrent(0).max_in_flight(0).pool("gpu", 0);
    assert_snapshot!(refusal(runner), @r#"
    the job `job` cannot be planned: 3 problems
    error: the pool `gpu` has size 0, so that its steps could never run
      hint: write 1 or more
    error: `max_concurrent` is 0, so that nothing could run
      hint: write 1 or more
    error: `max_in_flight` is 0, so that nothing could run
      hint: write 1 or more
    "#);
}

#[test]
fn a_plan_that_cannot_be_made_is_the_error_of_the_run() {
    let error = Job::compose(JobOptions::new("no good"), || ()).run_blocking().unwrap_err();
    assert!(error.plan_error().is_some());
    assert!(error.run().is_none());
}
