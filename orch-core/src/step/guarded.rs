use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::code::{self, Attempt};
use crate::engine::Dispatcher;
use crate::failure::Failure;

/// A future that may borrow what it works on.
type Code<'a, T> = futures::future::BoxFuture<'a, Result<T, Failure>>;

/// Awaits async code of the program that belongs to no step. A panic in it is a failure that names its place, and when
/// `stop` is over it is dropped at its next await and has failed as canceled. What it logs is logged by the run.
pub(crate) async fn guarded<'a, T>(
    dispatcher: &Arc<Dispatcher>,
    stop: impl Future<Output = ()>,
    begin: impl FnOnce() -> Code<'a, T>,
) -> Result<T, Failure> {
    guarded_as(&mut Some(Attempt::of_run(dispatcher)), stop, begin).await
}

/// As [`guarded`], with what the code logs led to the step of `attempt`.
pub(super) async fn guarded_as<'a, T>(
    attempt: &mut Option<Attempt>,
    stop: impl Future<Output = ()>,
    begin: impl FnOnce() -> Code<'a, T>,
) -> Result<T, Failure> {
    let mut stop = pin!(stop);
    let mut code = code::run(attempt, begin)?;
    let result = poll_fn(|cx| match code::run(attempt, || code.as_mut().poll(cx)) {
        Ok(Poll::Ready(result)) => Poll::Ready(result),
        Ok(Poll::Pending) => stop.as_mut().poll(cx).map(|()| Err(Failure::canceled())),
        Err(panic) => Poll::Ready(Err(panic)),
    });
    let result = result.await;
    // Its `Drop` is the program's too.
    let dropped = code::run(attempt, || drop(code));
    result.and_then(|value| dropped.map(|()| value))
}
