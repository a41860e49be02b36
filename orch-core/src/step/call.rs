use std::sync::Arc;

use super::code;
use crate::define::Body;
use crate::failure::Failure;

/// Calls a user's function that is no step's, such as one that opens a resource, where it belongs. A panic of one that
/// blocks is its failure; who awaits an async one guards it.
///
/// `body` is that of `owner`, which has to live as long as the thread that runs it.
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
    match body(owner) {
        None => Err(Failure::contract("there is no such function")),
        Some(Body::Async(begin)) => begin(args).await,
        Some(Body::Blocking(_)) => {
            let owner = Arc::clone(owner);
            // What it logs is logged as what its caller logs.
            let mut caller = code::current();
            let subscriber = tracing::dispatcher::get_default(Clone::clone);
            let called = tokio::task::spawn_blocking(move || {
                tracing::dispatcher::with_default(&subscriber, || {
                    code::run(&mut caller, || match body(&owner) {
                        Some(Body::Blocking(function)) => function(args),
                        _ => Err(Failure::contract("the function has changed")),
                    })
                })
            });
            // The thread is refused when the runtime shuts down.
            called.await.map_err(Failure::from)?.and_then(|result| result)
        }
    }
}
