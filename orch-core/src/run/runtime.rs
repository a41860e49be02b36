use std::future::ready;
use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use super::error::{RunError, RunErrorKind};
use crate::failure::quietly;
use crate::step::panics;

/// Blocking threads besides one for each slot, as many as tokio has by default. Code that outlives its timeout keeps
/// its thread, while its slot goes to the next step.
const SPARE_THREADS: usize = 512;

/// More threads than any machine starts; tokio adds to the number and must not run over.
const MOST_THREADS: usize = 1 << 20;

/// A runtime on which so many steps can block at once.
pub(super) fn with_room_for(steps: usize) -> Result<Runtime, RunError> {
    build(Builder::new_multi_thread(), steps)
}

/// The same with one thread for async code, and a clock that stands still while there is something to do, and else jumps
/// to the next time that someone waits for.
#[cfg(feature = "testing")]
pub(super) fn paused_with_room_for(steps: usize) -> Result<Runtime, RunError> {
    let mut builder = Builder::new_current_thread();
    builder.start_paused(true);
    build(builder, steps)
}

fn build(mut builder: Builder, steps: usize) -> Result<Runtime, RunError> {
    let threads = steps.saturating_add(SPARE_THREADS).min(MOST_THREADS);
    builder.enable_all().max_blocking_threads(threads);
    // Where the machine refuses a thread, tokio panics.
    let built =
        quietly(|| builder.build()).unwrap_or_else(|panic| Err(io::Error::other(panic.info().message)));
    built.map_err(RunError::runtime)
}

/// Does something on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, RunError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(RunError::runtime(io::Error::other(error))))
}

/// Whether the runtime that polls this run will do: its steps are started there, and so are its timers.
///
/// Without a timer the first deadline or retry would end in a task's panic that nobody sees, and the run would wait for
/// ever. Tokio offers no question for it, only the panic of whoever makes a timer.
pub(super) fn check() -> Result<(), RunError> {
    if Handle::try_current().is_err() {
        return Err(RunError::of_kind(RunErrorKind::NoRuntime));
    }
    if panics(|| drop(tokio::time::sleep(Duration::ZERO))) {
        return Err(RunError::of_kind(RunErrorKind::NoTime));
    }
    Ok(())
}

/// Whether this thread may wait for a run. Those that poll async code may not: what they wait for, they would have to
/// do themselves. The threads of `spawn_blocking` may, though they are the runtime's too, so the runtime itself is
/// asked.
pub(super) fn check_blocking() -> Result<(), RunError> {
    match Handle::try_current() {
        Ok(handle) if panics(|| handle.block_on(ready(()))) => {
            Err(RunError::of_kind(RunErrorKind::WithinRuntime))
        }
        _ => Ok(()),
    }
}
