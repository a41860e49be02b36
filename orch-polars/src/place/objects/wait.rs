use std::future::Future;
use std::sync::{Mutex, PoisonError, mpsc};

use orch_core::failure::{Failure, Result};
use tokio::runtime::{Builder, Handle, Runtime};

/// Waits for what is done by threads that do nothing else.
///
/// So it does not matter who waits: a thread of a step that knows no runtime, or one that a runtime lends out for what
/// blocks, whose own timers and connections would end with the run.
pub(super) fn wait<T: Send + 'static>(work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let (tell, told) = mpsc::sync_channel(1);
    handle()?.spawn(async move {
        // Who waits is there until it is told.
        let _ = tell.send(work.await);
    });
    told.recv().unwrap_or_else(|_| Err(Failure::new("what speaks with the object store has panicked")))
}

/// Of a runtime that lives as long as the program.
fn handle() -> Result<Handle> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut runtime = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let started =
        Builder::new_multi_thread().worker_threads(2).thread_name("orch-objects").enable_all().build()?;
    Ok(runtime.insert(started).handle().clone())
}
