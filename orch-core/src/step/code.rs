use std::cell::RefCell;
use std::sync::Arc;

#[cfg(unix)]
use super::isolated::ToHost;
use crate::define::Saying;
use crate::engine::Dispatcher;
use crate::failure::{Failure, caught, quietly};
use crate::ids::StepPath;

/// Who is told what code logs.
#[derive(Clone, Debug)]
pub(super) enum LogTo {
    /// The run, in this process.
    Run(Arc<Dispatcher>),
    /// The process of the run.
    #[cfg(unix)]
    Host(Arc<ToHost>),
}

/// The attempt whose code runs on this thread at present, for its logs; or that the code is no step's, but the run's.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) to: LogTo,
    /// None for what a run calls besides its steps.
    pub(super) path: Option<StepPath>,
    pub(super) number: u32,
    /// What it says of the asset that it makes, if it makes one.
    pub(super) said: Option<Saying>,
}

impl Attempt {
    /// Of code that a run calls besides its steps: hooks of the run, what opens and closes resources.
    pub(super) fn of_run(dispatcher: &Arc<Dispatcher>) -> Self {
        Self { to: LogTo::Run(Arc::clone(dispatcher)), path: None, number: 0, said: None }
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Attempt>> = const { RefCell::new(None) };
}

/// Runs `f` with the attempt that this thread works on, if it does.
///
/// What `f` logs itself is not the attempt's: a sink that logs each event would else be told of its own lines for ever,
/// and wait for the lock under which it is told.
pub(super) fn with_current(f: impl FnOnce(&Attempt)) {
    /// Puts it back also if `f` panics.
    struct PutBack(Option<Attempt>);
    impl Drop for PutBack {
        fn drop(&mut self) {
            swap_current(self.0.take());
        }
    }
    let current = PutBack(swap_current(None));
    if let Some(attempt) = &current.0 {
        f(attempt);
    }
}

/// Puts another attempt in the place of the present one, and gives that back.
///
/// A thread that ends drops its thread-local values one by one, and the next one's `Drop` may log, or panic: on such a
/// thread there is no attempt, and what is told of one is given back as it was.
fn swap_current(mut attempt: Option<Attempt>) -> Option<Attempt> {
    let _ = CURRENT.try_with(|current| std::mem::swap(&mut *current.borrow_mut(), &mut attempt));
    attempt
}

/// Whose code runs on this thread, for another thread that goes on with it.
pub(super) fn current() -> Option<Attempt> {
    CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
}

/// Runs a piece of a step's code: a call, or one poll. A panic in it becomes a failure that names the place.
pub(super) fn run<R>(attempt: &mut Option<Attempt>, code: impl FnOnce() -> R) -> Result<R, Failure> {
    let outer = swap_current(attempt.take());
    // Nothing of the engine is in the closure.
    let result = caught(code);
    *attempt = swap_current(outer);
    result
}

/// Whether `code` panics, without a word of it on stderr: of something that answers no question but in this way.
///
/// In a program whose panics end it there is no such answer, and what the panic says is the last word.
pub(crate) fn panics(code: impl FnOnce()) -> bool {
    quietly(code).is_err()
}
