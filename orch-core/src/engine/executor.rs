use std::collections::VecDeque;
use std::sync::Arc;

use super::{Dispatcher, HookCall, Token, Work};

/// Runs the code of steps for a dispatcher. The port stands here; `step` implements it.
pub(crate) trait Executor: Send + Sync + 'static {
    /// Hears of work that was decided on, before anyone can ask for it to stop.
    fn expect(&self, work: &Work);

    /// Starts all of `work`, in its order, without waiting for it; the outcomes are reported with [`Dispatcher::report`].
    fn start_all(&self, work: &mut VecDeque<Work>, dispatcher: &Arc<Dispatcher>);

    /// Asks the code of this work to stop, or not to begin; its outcome will be ignored.
    fn abort(&self, token: Token);

    /// Asks the code of all work to stop.
    fn cancel(&self);

    /// Calls a hook without waiting for it; that it has ended is reported with [`Dispatcher::report_only`].
    fn call(&self, hook: HookCall, dispatcher: &Arc<Dispatcher>);

    /// The run is over: asks the code of hooks to stop too.
    fn end(&self);
}

/// Opens what a run needs before its first step, and closes it after the last. The port stands here; `run` implements it.
///
/// What comes of it is reported with [`Dispatcher::report_only`], in the order in which it happens.
pub(crate) trait Surroundings: Send + Sync + 'static {
    /// Begins to open all resources, without waiting for them.
    fn open(&self, dispatcher: &Arc<Dispatcher>);

    /// The run is canceled: asks for what is being opened to stop, and for nothing more to be opened. What is open stays
    /// so, for hooks that are yet to be called.
    fn stop(&self);

    /// Stops opening, and begins to close what is open, without waiting for it.
    fn close(&self, dispatcher: &Arc<Dispatcher>);
}
