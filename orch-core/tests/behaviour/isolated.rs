//! Steps in processes of their own, as far as a test sees of them whose program is no worker. The rest is in the tests of
//! the facade.

use std::sync::Arc;

use insta::assert_snapshot;
use orch_core::define::{Executor, JobOptions, OpDef};
use orch_core::graph::Job;
use orch_core::io::Coded;

use super::support::{Plain, call, give, job, run_of, story};

fn alone() -> Arc<OpDef> {
    let op = OpDef::builder("alone").isolate().memory(64 << 20).returns::<Plain>();
    op.coded([Coded::<i64>::CODEC]).blocking(|_| Ok(1)).into()
}

/// What is told, without places.
fn told(error: &impl ToString) -> String {
    let told = error.to_string();
    let lines: Vec<_> = told.lines().filter(|line| !line.trim_start().starts_with("-->")).collect();
    lines.join("\n")
}

#[test]
fn a_program_that_offers_no_workers_is_told_so_before_the_run() {
    let job = job(|| call(&alone(), &[]));
    assert_snapshot!(told(&job.run_blocking().unwrap_err()), @r"
    the job `job` cannot be planned
    error: `alone` is to run in a process of its own, which this program does not offer
      hint: let its `main` begin with `orch::run::worker(|| Ok(definitions()))`, as `#[orch::main]` does; a test runs all in its own process, `.in_process()`
    ");
    // Its plan is a plan all the same, and in this process it runs.
    assert_snapshot!(job.runner().plan().unwrap(), @r"
    job job
      depth_first, 1 at once
    alone() -> i64
      | isolated, memory 64MiB
    ");
    let result = job.runner().in_process().keep_events().run_blocking();
    assert_snapshot!(story(run_of(&result)), @r"
    RUN_START
    STEP_START alone
    STEP_OUTPUT alone
    STEP_SUCCESS alone
    RUN_SUCCESS
    ");
}

#[test]
fn what_cannot_be_sent_is_a_problem_of_the_plan() {
    let silent: Arc<OpDef> =
        OpDef::builder("silent").input::<i64>("x").returns::<Plain>().blocking(|_| Ok(1)).into();
    let whole = Job::compose(JobOptions::new("job").executor(Executor::Process), || {
        let one = call(&give("sendable", || Ok(1)), &[]);
        // Once for the op, and not for each of its steps.
        call(&silent, &[call(&silent, &[one])]);
    });
    assert_snapshot!(told(&whole.try_plan().unwrap_err()), @r"
    the job `job` cannot be planned: 2 problems
    error: `silent` runs in a process of its own and takes the input `x` of type `i64`, which cannot be sent there
      hint: let `i64` own its data and derive serde's `Serialize` and `Deserialize`, or do not isolate the op; an op made by hand names the codec, `.input_codec(..)` or `.coded(..)`
    error: `silent` runs in a process of its own and returns the output `result` of type `i64`, which cannot be sent there
      hint: let `i64` own its data and derive serde's `Serialize` and `Deserialize`, or do not isolate the op; an op made by hand names the codec, `.input_codec(..)` or `.coded(..)`
    ");
}
