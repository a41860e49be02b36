use std::sync::Arc;

use tokio::time::Instant;
use tracing::instrument::WithSubscriber as _;

use super::code::{self, Attempt, LogTo};
use super::guarded::guarded_as;
use super::local::Shared;
use crate::define::{Body, Cancel, HookBody, HookContext, RunHookContext};
use crate::engine::{Dispatcher, HookCall, HookTold, Message, Promise};
use crate::failure::{Failure, Result};

/// How many hooks may block at once: threads are there for steps first, and a wide map may have a hook for each item.
pub(super) const BLOCKING_HOOKS: usize = 16;

impl Shared {
    /// Calls a hook in a task of its own, until it has ended or the run is over.
    pub(super) fn call(self: &Arc<Self>, call: HookCall, dispatcher: &Arc<Dispatcher>) {
        let me = Arc::clone(self);
        let mut promise = Promise::to(dispatcher);
        let task = async move {
            let (number, begun) = (call.number, Instant::now());
            let result = me.run_hook(call, promise.dispatcher()).await.map(|()| begun.elapsed());
            promise.dispatcher().report_only(Message::HookDone { number, result });
            promise.keep();
        };
        drop(self.runtime.spawn(task.with_subscriber(self.subscriber.clone())));
    }

    async fn run_hook(self: &Arc<Self>, call: HookCall, dispatcher: &Arc<Dispatcher>) -> Result<()> {
        let run = Arc::clone(&self.run);
        let given = run.of_hook(&call.hook);
        match (call.hook.body(), call.told) {
            (HookBody::Step(code), HookTold::Step(step)) => {
                let (dispatcher, path) = (Arc::clone(dispatcher), step.path.clone());
                let to = LogTo::Run(dispatcher);
                let attempt = Attempt { to, path: Some(path), number: step.attempt, said: None };
                let hook = Arc::clone(&call.hook);
                self.run_code(code, HookContext::new(run, step, given), Some(attempt), move |context| {
                    match hook.body() {
                        HookBody::Step(Body::Blocking(body)) => body(context),
                        _ => Err(misled()),
                    }
                })
                .await
            }
            (HookBody::Run(code), HookTold::Run(end)) => {
                let hook = Arc::clone(&call.hook);
                self.run_code(
                    code,
                    RunHookContext::new(run, end, given),
                    Some(Attempt::of_run(dispatcher)),
                    move |context| match hook.body() {
                        HookBody::Run(Body::Blocking(body)) => body(context),
                        _ => Err(misled()),
                    },
                )
                .await
            }
            _ => Err(misled()),
        }
    }

    /// Runs async code here, and has `blocking` run on a thread that may block. Panics are failures.
    async fn run_code<C: Send + 'static>(
        &self,
        code: &Body<C, ()>,
        context: C,
        mut attempt: Option<Attempt>,
        blocking: impl FnOnce(C) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let over = self.over.canceled();
        match code {
            Body::Async(body) => guarded_as(&mut attempt, over, || body(context)).await,
            Body::Blocking(_) => {
                let Ok(_permit) = self.hooks.acquire().await else { return Err(Failure::canceled()) };
                if self.over.is_canceled() {
                    return Err(Failure::canceled());
                }
                let subscriber = self.subscriber.clone();
                let thread = self.runtime.spawn_blocking(move || {
                    tracing::dispatcher::with_default(&subscriber, || {
                        code::run(&mut attempt, || blocking(context)).and_then(|result| result)
                    })
                });
                thread.await.unwrap_or_else(|error| Err(error.into()))
            }
        }
    }

    /// No further hook begins, and async ones are dropped.
    pub(super) fn end_hooks(&self) {
        Cancel::cancel(&self.over);
    }
}

/// The engine pairs what it tells with the kind of the hook.
fn misled() -> Failure {
    Failure::contract("the hook was told of something that it is not for")
}
