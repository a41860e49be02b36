use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::code;
use crate::define::Body;
use crate::failure::Failure;

/// Calls a user's function that is no step's, such as one that opens a resource: where it belongs, with a panic in it as
/// its failure. `body` is that of `owner`, which has to live as long as the thread that runs it.
pub(crate) async fn call<D, A, R>(
    owner: &Arc<D>,
    body: fn(&D) -> Option<&Body<A, R>>,
    args: A,
) -> Result<R, Failure>
where
    D: Send + Sync + 'static,
    A: Send + 'static,
    R: Send + 'static,
{
    code::catch_places();
    match body(owner) {
        None => Err(Failure::contract("there is no such function")),
        Some(Body::Async(begin)) => {
            let mut future = code::run(&mut None, || begin(args))?;
            poll_fn(|cx| match code::run(&mut None, || future.as_mut().poll(cx)) {
                Ok(polled) => polled,
                Err(panic) => Poll::Ready(Err(panic)),
            })
            .await
        }
        Some(Body::Blocking(_)) => {
            let owner = Arc::clone(owner);
            let called = tokio::task::spawn_blocking(move || {
                code::run(&mut None, || match body(&owner) {
                    Some(Body::Blocking(function)) => function(args),
                    _ => Err(Failure::contract("the function has changed")),
                })
            });
            // The thread is refused when the runtime shuts down.
            called.await.map_err(Failure::from)?.and_then(|result| result)
        }
    }
}
