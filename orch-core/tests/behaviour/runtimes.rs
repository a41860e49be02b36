//! What a run needs of the runtime it is on, and what is said where that is missing.

use std::sync::Barrier;

use futures::FutureExt as _;
use insta::assert_snapshot;
use tokio::runtime::Builder;

use super::support::{call, give, job};

fn one() -> orch_core::graph::Job {
    let one = give("one", || Ok(1));
    job(|| call(&one, &[]))
}

#[test]
fn outside_of_a_runtime_a_run_does_not_begin() {
    let result = one().run().now_or_never().expect("nothing to wait for");
    assert_snapshot!(result.unwrap_err(), @r"
    the run cannot begin outside of a tokio runtime, on which its steps would be started
      hint: call `.run_blocking()`, which brings its own, or await `.run()` under `#[tokio::main]`
    ");
}

#[test]
fn without_a_timer_a_run_does_not_begin() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(one().run()).unwrap_err();
    assert!(error.run().is_none());
    assert_snapshot!(error, @r"
    the run cannot begin on a tokio runtime without a timer, which timeouts and retries need
      hint: build the runtime with `.enable_all()`, or at least `.enable_time()`
    ");
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(one().run()).unwrap();
}

#[tokio::test]
async fn async_code_is_told_to_await_instead_of_waiting_for_itself() {
    assert_snapshot!(one().run_blocking().unwrap_err(), @r"
    `run_blocking` cannot wait for a run on a thread that polls async code: it would wait for itself
      hint: use `.run().await` instead
    ");
    one().run().await.unwrap();
}

#[tokio::test]
async fn a_thread_of_the_runtime_that_may_block_may_wait_for_a_run() {
    tokio::task::spawn_blocking(|| one().run_blocking()).await.unwrap().unwrap();
}

#[test]
fn an_op_may_run_a_job_of_its_own_and_wait_for_it() {
    let inner = one();
    let outer = give("outer", move || {
        inner.run_blocking()?;
        Ok(2)
    });
    job(|| call(&outer, &[])).run_blocking().unwrap();
}

/// More than tokio has blocking threads by default.
const MANY: usize = 520;

#[test]
fn as_many_sync_steps_run_at_once_as_the_run_was_given_slots() {
    let all_there = Barrier::new(MANY);
    // Returns only when all the others have begun too.
    let meet = give("meet", move || Ok(i64::from(all_there.wait().is_leader())));
    let job = job(|| (0..MANY).for_each(|_| _ = call(&meet, &[])));
    job.runner().max_concurrent(MANY).run_blocking().unwrap();
}

#[test]
fn no_number_of_slots_is_too_large_for_a_runtime() {
    one().runner().max_concurrent(usize::MAX).run_blocking().unwrap();
}
